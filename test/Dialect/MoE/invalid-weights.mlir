// RUN: moe-opt %s --split-input-file --verify-diagnostics

// (W1)
func.func @f() {
  // expected-error @below {{needs at least one source}}
  %0 = "moe.weights"() <{operandSegmentSizes = array<i32: 0, 0, 0>}> : () -> !moe.weights<2x4, f32>
  return
}

// -----

// (W1)
func.func @f(%a: tensor<2x4x8xui8>, %s: tensor<2x4xf32>) {
  // expected-error @below {{block must be at least 0}}
  %0 = moe.weights %a scales(%s : tensor<2x4xf32>) block(-1) : tensor<2x4x8xui8> -> !moe.weights<2x4x8, ui8>
  return
}

// -----

// (W2)
func.func @f(%a: tensor<4x8xf32>, %b: tensor<4x9xf32>) {
  // expected-error @below {{sources of different types: 'tensor<4x8xf32>' and 'tensor<4x9xf32>'}}
  %0 = moe.weights %a, %b : tensor<4x8xf32>, tensor<4x9xf32> -> !moe.weights<2x4x8, f32>
  return
}

// -----

// (W2)
func.func @f(%a: tensor<2x?x8xf32>) {
  // expected-error @below {{sources must have static shapes, got 'tensor<2x?x8xf32>'}}
  %0 = moe.weights %a : tensor<2x?x8xf32> -> !moe.weights<2x4x8, f32>
  return
}

// -----

// (W2)
func.func @f(%a: tensor<4x8xf32>) {
  // expected-error @below {{sources: got 2 tensors for 3 experts}}
  %0 = moe.weights %a, %a : tensor<4x8xf32>, tensor<4x8xf32> -> !moe.weights<3x4x8, f32>
  return
}

// -----

// (W2): one tensor of one expert
func.func @f(%a: tensor<4x8xf32>) {
  // expected-error @below {{sources: got 1 tensors for 3 experts}}
  %0 = moe.weights %a : tensor<4x8xf32> -> !moe.weights<3x4x8, f32>
  return
}

// -----

// (W2)
func.func @f(%a: tensor<3x4x8xf32>) {
  // expected-error @below {{sources must have 2 experts in dimension 0, got 'tensor<3x4x8xf32>'}}
  %0 = moe.weights %a : tensor<3x4x8xf32> -> !moe.weights<2x4x8, f32>
  return
}

// -----

// (W2)
func.func @f(%a: tensor<f32>) {
  // expected-error @below {{sources must have 2 experts in dimension 0, got 'tensor<f32>'}}
  %0 = moe.weights %a : tensor<f32> -> !moe.weights<2x4x8, f32>
  return
}

// -----

// (W2)
func.func @f(%a: tensor<2x4x8xui8>, %s: tensor<3x4xf32>) {
  // expected-error @below {{scales must have 2 experts in dimension 0, got 'tensor<3x4xf32>'}}
  %0 = moe.weights %a scales(%s : tensor<3x4xf32>) : tensor<2x4x8xui8> -> !moe.weights<2x4x8, ui8>
  return
}

// -----

// (W2)
func.func @f(%a: tensor<4x8xui8>, %s: tensor<4xf32>) {
  // expected-error @below {{scales: got 1 tensors for 2 experts}}
  %0 = moe.weights %a, %a scales(%s : tensor<4xf32>) : tensor<4x8xui8>, tensor<4x8xui8> -> !moe.weights<2x4x8, ui8>
  return
}

// -----

// (W2)
func.func @f(%a: tensor<2x4x8xui8>, %s: tensor<2x4xf32>, %z: tensor<2x?xui8>) {
  // expected-error @below {{zero points must have static shapes, got 'tensor<2x?xui8>'}}
  %0 = moe.weights %a scales(%s : tensor<2x4xf32>) zeros(%z : tensor<2x?xui8>) : tensor<2x4x8xui8> -> !moe.weights<2x4x8, ui8>
  return
}

// -----

// (W3)
func.func @f(%a: tensor<2xf32>) {
  // expected-error @below {{sources must have rank 2 per expert, got 0}}
  %0 = moe.weights %a : tensor<2xf32> -> !moe.weights<2x4x8, f32>
  return
}

// -----

// (W3)
func.func @f(%a: tensor<1x4x9223372036854775807xi8>, %s: tensor<1x4xf32>) {
  // expected-error @below {{sources are too large}}
  %0 = moe.weights %a scales(%s : tensor<1x4xf32>) : tensor<1x4x9223372036854775807xi8> -> !moe.weights<1x4x8, i4>
  return
}

// -----

// (W3): a vector is packed too
func.func @f(%a: tensor<1x9223372036854775807xi8>, %s: tensor<1x4xf32>) {
  // expected-error @below {{sources are too large}}
  %0 = moe.weights %a scales(%s : tensor<1x4xf32>) : tensor<1x9223372036854775807xi8> -> !moe.weights<1x4, i4>
  return
}

// -----

// (W4)
func.func @f(%a: tensor<2x4x9xf32>) {
  // expected-error @below {{sources hold 9 inputs, the weights 8}}
  %0 = moe.weights %a : tensor<2x4x9xf32> -> !moe.weights<2x4x8, f32>
  return
}

// -----

// (W4): one byte too many
func.func @f(%a: tensor<2x4x5xui8>, %s: tensor<2x4xf32>) {
  // expected-error @below {{sources hold 10 inputs, the weights 8}}
  %0 = moe.weights %a scales(%s : tensor<2x4xf32>) : tensor<2x4x5xui8> -> !moe.weights<2x4x8, ui4>
  return
}

// -----

// (W4)
func.func @f(%a: tensor<2x4x8xf32>) {
  // expected-error @below {{sources hold 4 inputs, the weights 8}}
  %0 = moe.weights %a layout<transposed = true> : tensor<2x4x8xf32> -> !moe.weights<2x4x8, f32>
  return
}

// -----

// (W4)
func.func @f(%a: tensor<2x4xf32>) {
  // expected-error @below {{a vector cannot be transposed}}
  %0 = moe.weights %a layout<transposed = true> : tensor<2x4xf32> -> !moe.weights<2x4, f32>
  return
}

// -----

// (W5)
func.func @f(%a: tensor<2x8x8xf32>) {
  // expected-error @below {{layout leads past the 8 outputs of the sources}}
  %0 = moe.weights %a layout<offset = 2, step = 2> : tensor<2x8x8xf32> -> !moe.weights<2x4x8, f32>
  return
}

// -----

// (W5): no overflow
func.func @f(%a: tensor<2x8x8xf32>) {
  // expected-error @below {{layout leads past the 8 outputs of the sources}}
  %0 = moe.weights %a layout<offset = 9223372036854775807, step = 9223372036854775807> : tensor<2x8x8xf32> -> !moe.weights<2x4x8, f32>
  return
}

// -----

// (W5): no elements
func.func @f(%a: tensor<2x0x8xf32>) {
  // expected-error @below {{layout leads past the 0 outputs of the sources}}
  %0 = moe.weights %a : tensor<2x0x8xf32> -> !moe.weights<2x4x8, f32>
  return
}

// -----

// (W6)
func.func @f(%a: tensor<2x4x8xf16>) {
  // expected-error @below {{sources of 'f16' cannot store 'f32'}}
  %0 = moe.weights %a : tensor<2x4x8xf16> -> !moe.weights<2x4x8, f32>
  return
}

// -----

// (W6)
func.func @f(%a: tensor<2x4x8xi4>, %s: tensor<2x4xf32>) {
  // expected-error @below {{sources hold 16 inputs, the weights 8}}
  %0 = moe.weights %a scales(%s : tensor<2x4xf32>) : tensor<2x4x8xi4> -> !moe.weights<2x4x8, i4>
  return
}

// -----

// (W6)
func.func @f(%a: tensor<2x4x4xi4>, %s: tensor<2x4xf32>) {
  // expected-error @below {{sources of 'i4' cannot store 'i4'}}
  %0 = moe.weights %a scales(%s : tensor<2x4xf32>) : tensor<2x4x4xi4> -> !moe.weights<2x4x8, i4>
  return
}

// -----

// (W6)
func.func @f(%a: tensor<2x4x8xi16>, %s: tensor<2x4xf32>) {
  // expected-error @below {{sources of 'i16' cannot store 'i8'}}
  %0 = moe.weights %a scales(%s : tensor<2x4xf32>) : tensor<2x4x8xi16> -> !moe.weights<2x4x8, i8>
  return
}

// -----

// (W6)
func.func @f(%a: tensor<2x4x8x!moe.plan<1>>) {
  // expected-error @below {{sources of '!moe.plan<1>' cannot store 'f32'}}
  %0 = moe.weights %a : tensor<2x4x8x!moe.plan<1>> -> !moe.weights<2x4x8, f32>
  return
}

// -----

// (W13)
func.func @f(%a: tensor<3x4x8xf32>) {
  // expected-error @below {{experts must name 2 experts, got 3}}
  %0 = moe.weights %a experts[0, 1, 2] : tensor<3x4x8xf32> -> !moe.weights<2x4x8, f32>
  return
}

// -----

// (W13)
func.func @f(%a: tensor<3x4x8xf32>) {
  // expected-error @below {{experts names expert 3, the sources hold 3}}
  %0 = moe.weights %a experts[0, 3] : tensor<3x4x8xf32> -> !moe.weights<2x4x8, f32>
  return
}

// -----

// (W13)
func.func @f(%a: tensor<4x8xf32>, %b: tensor<4x8xf32>) {
  // expected-error @below {{experts names expert -1, the sources hold 2}}
  %0 = moe.weights %a, %b experts[-1] : tensor<4x8xf32>, tensor<4x8xf32> -> !moe.weights<1x4x8, f32>
  return
}
