// Scales and zero points of moe.weights, and what is made of weights.
// RUN: moe-opt %s --split-input-file --verify-diagnostics

// (W7)
func.func @f(%a: tensor<2x4x8xf32>, %s: tensor<2x4xf32>) {
  // expected-error @below {{scales and zero points need quantised storage}}
  %0 = moe.weights %a scales(%s : tensor<2x4xf32>) : tensor<2x4x8xf32> -> !moe.weights<2x4x8, f32>
  return
}

// -----

// (W7)
func.func @f(%a: tensor<2x4x8xi8>) {
  // expected-error @below {{integer storage needs scales}}
  %0 = moe.weights %a : tensor<2x4x8xi8> -> !moe.weights<2x4x8, i8>
  return
}

// -----

// (W7)
func.func @f(%a: tensor<2x4x8xui8>, %s: tensor<2x4xf32>) {
  // expected-error @below {{zero points need integer storage}}
  %0 = moe.weights %a scales(%s : tensor<2x4xf32>) zero_point(1) : tensor<2x4x8xui8> -> !moe.weights<2x4x8, f8E5M2>
  return
}

// -----

// (W7)
func.func @f(%a: tensor<2x4x8xf32>) {
  // expected-error @below {{zero points need integer storage}}
  %0 = moe.weights %a zero_point(1) : tensor<2x4x8xf32> -> !moe.weights<2x4x8, f32>
  return
}

// -----

// (W7)
func.func @f(%a: tensor<2x4x8xf32>) {
  // expected-error @below {{block needs scales}}
  %0 = moe.weights %a block(4) : tensor<2x4x8xf32> -> !moe.weights<2x4x8, f32>
  return
}

// -----

// (W8)
func.func @f(%a: tensor<2x4x8xui8>, %s: tensor<2x4xf32>, %z: tensor<2x4xui8>) {
  // expected-error @below {{zero_point goes without zero points}}
  %0 = moe.weights %a scales(%s : tensor<2x4xf32>) zeros(%z : tensor<2x4xui8>) zero_point(1) : tensor<2x4x8xui8> -> !moe.weights<2x4x8, ui8>
  return
}

// -----

// (W8)
func.func @f(%a: tensor<2x4x4xui8>, %s: tensor<2x4xf32>) {
  // expected-error @below {{zero_point 16 is no code of 'ui4'}}
  %0 = moe.weights %a scales(%s : tensor<2x4xf32>) zero_point(16) : tensor<2x4x4xui8> -> !moe.weights<2x4x8, ui4>
  return
}

// -----

// (W8)
func.func @f(%a: tensor<2x4x4xui8>, %s: tensor<2x4xf32>) {
  // expected-error @below {{zero_point -1 is no code of 'ui4'}}
  %0 = moe.weights %a scales(%s : tensor<2x4xf32>) zero_point(-1) : tensor<2x4x4xui8> -> !moe.weights<2x4x8, ui4>
  return
}

// -----

// (W8)
func.func @f(%a: tensor<2x4x8xi8>, %s: tensor<2x4xf32>) {
  // expected-error @below {{zero_point 128 is no code of 'i8'}}
  %0 = moe.weights %a scales(%s : tensor<2x4xf32>) zero_point(128) : tensor<2x4x8xi8> -> !moe.weights<2x4x8, i8>
  return
}

// -----

// (W9)
func.func @f(%a: tensor<2x4x8xui8>, %s: tensor<2x5xf32>) {
  // expected-error @below {{scales must hold 4 rows of 1 blocks per expert}}
  %0 = moe.weights %a scales(%s : tensor<2x5xf32>) : tensor<2x4x8xui8> -> !moe.weights<2x4x8, ui8>
  return
}

// -----

// (W9)
func.func @f(%a: tensor<2x4x33xui8>, %s: tensor<2x4x2xf32>) {
  // expected-error @below {{scales must hold 4 rows of 3 blocks per expert}}
  %0 = moe.weights %a scales(%s : tensor<2x4x2xf32>) block(16) : tensor<2x4x33xui8> -> !moe.weights<2x4x33, ui8>
  return
}

// -----

// (W9)
func.func @f(%a: tensor<2x4x32xui8>, %s: tensor<2x4xf32>) {
  // expected-error @below {{scales must hold 4 rows of 2 blocks per expert}}
  %0 = moe.weights %a scales(%s : tensor<2x4xf32>) block(16) : tensor<2x4x32xui8> -> !moe.weights<2x4x32, ui8>
  return
}

// -----

// (W9): zero points of a row are packed
func.func @f(%a: tensor<2x5x4xui8>, %s: tensor<2x5xf32>, %z: tensor<2x5xui8>) {
  // expected-error @below {{zero points must hold 5 rows of 1 blocks per expert}}
  %0 = moe.weights %a scales(%s : tensor<2x5xf32>) zeros(%z : tensor<2x5xui8>) : tensor<2x5x4xui8> -> !moe.weights<2x5x8, ui4>
  return
}

// -----

// (W9): codes of a packed vector are counted, not its bytes
func.func @f(%a: tensor<2x16xui8>, %s: tensor<2x16xf32>) {
  // expected-error @below {{scales must hold 32 rows of 1 blocks per expert}}
  %0 = moe.weights %a scales(%s : tensor<2x16xf32>) : tensor<2x16xui8> -> !moe.weights<2x32, ui4>
  return
}

// -----

// (W10)
func.func @f(%a: tensor<2x4x8xui8>, %s: tensor<2x4xi32>) {
  // expected-error @below {{scales must be floating-point}}
  %0 = moe.weights %a scales(%s : tensor<2x4xi32>) : tensor<2x4x8xui8> -> !moe.weights<2x4x8, ui8>
  return
}

// -----

// (W11)
func.func @f(%a: tensor<2x4x8xui8>, %s: tensor<2x4xf32>, %z: tensor<2x4xi16>) {
  // expected-error @below {{zero points must be stored in bytes}}
  %0 = moe.weights %a scales(%s : tensor<2x4xf32>) zeros(%z : tensor<2x4xi16>) : tensor<2x4x8xui8> -> !moe.weights<2x4x8, ui8>
  return
}

// -----

// (W11)
func.func @f(%a: tensor<2x4x8xui8>, %s: tensor<2x4xf32>, %z: tensor<2x4xsi8>) {
  // expected-error @below {{zero points must be stored in bytes}}
  %0 = moe.weights %a scales(%s : tensor<2x4xf32>) zeros(%z : tensor<2x4xsi8>) : tensor<2x4x8xui8> -> !moe.weights<2x4x8, ui8>
  return
}

// -----

// (L1)
func.func @f(%c: !moe.weights<2x8, f32>, %u: !moe.weights<2x8x3, f32>, %v: !moe.weights<2x3x6, f32>) {
  // expected-error @below {{operands and result must be matrices}}
  %0 = moe.low_rank_weights %c, %u, %v : !moe.weights<2x8, f32>, !moe.weights<2x8x3, f32>, !moe.weights<2x3x6, f32> -> !moe.weights<2x8x6, f32>
  return
}

// -----

// (L2)
func.func @f(%c: !moe.weights<2x8x6, f32>, %u: !moe.weights<3x8x3, f32>, %v: !moe.weights<3x3x6, f32>) {
  // expected-error @below {{u, v and result must have the same experts, base as many or one}}
  %0 = moe.low_rank_weights %c, %u, %v : !moe.weights<2x8x6, f32>, !moe.weights<3x8x3, f32>, !moe.weights<3x3x6, f32> -> !moe.weights<3x8x6, f32>
  return
}

// -----

// (L2)
func.func @f(%c: !moe.weights<1x8x6, f32>, %u: !moe.weights<1x8x3, f32>, %v: !moe.weights<2x3x6, f32>) {
  // expected-error @below {{u, v and result must have the same experts, base as many or one}}
  %0 = moe.low_rank_weights %c, %u, %v : !moe.weights<1x8x6, f32>, !moe.weights<1x8x3, f32>, !moe.weights<2x3x6, f32> -> !moe.weights<2x8x6, f32>
  return
}

// -----

// (L3)
func.func @f(%c: !moe.weights<1x8x6, f32>, %u: !moe.weights<2x8x4, f32>, %v: !moe.weights<2x3x6, f32>) {
  // expected-error @below {{base must be out x in, u out x rank, v rank x in}}
  %0 = moe.low_rank_weights %c, %u, %v : !moe.weights<1x8x6, f32>, !moe.weights<2x8x4, f32>, !moe.weights<2x3x6, f32> -> !moe.weights<2x8x6, f32>
  return
}

// -----

// (L3)
func.func @f(%c: !moe.weights<1x6x8, f32>, %u: !moe.weights<2x8x3, f32>, %v: !moe.weights<2x3x6, f32>) {
  // expected-error @below {{base must be out x in, u out x rank, v rank x in}}
  %0 = moe.low_rank_weights %c, %u, %v : !moe.weights<1x6x8, f32>, !moe.weights<2x8x3, f32>, !moe.weights<2x3x6, f32> -> !moe.weights<2x8x6, f32>
  return
}

// -----

// (L4)
func.func @f(%c: !moe.weights<1x8x6, f32>, %u: !moe.weights<2x8x3, f32>, %v: !moe.weights<2x3x6, f32>) {
  // expected-error @below {{the result must have floating-point storage}}
  %0 = moe.low_rank_weights %c, %u, %v : !moe.weights<1x8x6, f32>, !moe.weights<2x8x3, f32>, !moe.weights<2x3x6, f32> -> !moe.weights<2x8x6, ui4>
  return
}

// -----

// (Q1)
func.func @f() {
  // expected-error @below {{needs at least one operand}}
  "moe.pack_weights"() <{panel = 4 : i64}> : () -> ()
  return
}

// -----

// (Q1)
func.func @f(%a: !moe.weights<2x8x6, f32>, %b: !moe.weights<2x8x6, f16>) {
  // expected-error @below {{operands must have one type and block size}}
  %0 = moe.pack_weights %a, %b panel(4) : !moe.weights<2x8x6, f32>, !moe.weights<2x8x6, f16> -> tensor<2x4x6x4xf32>
  return
}

// -----

// (Q2)
func.func @f(%a: !moe.weights<2x8x6, f32>) {
  // expected-error @below {{panel must be a positive multiple of 2}}
  %0 = moe.pack_weights %a, %a panel(5) : !moe.weights<2x8x6, f32>, !moe.weights<2x8x6, f32> -> tensor<2x4x6x4xf32>
  return
}

// -----

// (Q2)
func.func @f(%a: !moe.weights<2x8x6, f32>) {
  // expected-error @below {{panel must be a positive multiple of 1}}
  %0 = moe.pack_weights %a panel(0) : !moe.weights<2x8x6, f32> -> tensor<2x4x6x4xf32>
  return
}

// -----

// (Q3)
func.func @f(%a: !moe.weights<2x8x6, f32>) {
  // expected-error @below {{results must be 'tensor<2x2x6x4xf32>'}}
  %0 = moe.pack_weights %a panel(4) : !moe.weights<2x8x6, f32> -> tensor<2x2x6x5xf32>
  return
}

// -----

// (Q2)
func.func @f(%a: !moe.weights<2x8x6, f32>) {
  // expected-error @below {{panel must be a positive multiple of 1}}
  %0 = moe.pack_weights %a panel(-4) : !moe.weights<2x8x6, f32> -> tensor<2x4x6x4xf32>
  return
}
