// Messages of the affine term of combine and experts.
// RUN: moe-opt %s --split-input-file --verify-diagnostics

// (C5)
func.func @f(%r: tensor<?x64xf32>, %p: !moe.plan<8>, %w: tensor<?x2xf32>, %s: tensor<?xf32>, %x: tensor<?x64xf16>) {
  // expected-error @+1 {{the copied input must have the type of the result, got 'tensor<?x64xf16>' and 'tensor<?x64xf32>'}}
  %y = moe.combine %r, %p, %w copy(%s, %x : tensor<?xf32>, tensor<?x64xf16>)
      : tensor<?x64xf32>, !moe.plan<8>, tensor<?x2xf32> -> tensor<?x64xf32>
  return
}

// -----

// (C5)
func.func @f(%r: tensor<?x64xf32>, %p: !moe.plan<8>, %w: tensor<4x2xf32>, %s: tensor<5xf32>, %x: tensor<?x64xf32>) {
  // expected-error @+1 {{scale and result differ in tokens}}
  %y = moe.combine %r, %p, %w copy(%s, %x : tensor<5xf32>, tensor<?x64xf32>)
      : tensor<?x64xf32>, !moe.plan<8>, tensor<4x2xf32> -> tensor<4x64xf32>
  return
}

// -----

// (C5)
func.func @f(%r: tensor<?x64xf32>, %p: !moe.plan<8>, %w: tensor<?x2xf32>, %s: tensor<?xf32>) {
  // expected-error @+1 {{a copied input goes with its scale}}
  %y = "moe.combine"(%r, %p, %w, %s) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0>}>
      : (tensor<?x64xf32>, !moe.plan<8>, tensor<?x2xf32>, tensor<?xf32>) -> tensor<?x64xf32>
  return
}

// -----

// (C6)
func.func @f(%r: tensor<?x64xf32>, %p: !moe.plan<8>, %w: tensor<?x2xf32>, %c: tensor<?x3xf32>) {
  // expected-error @+1 {{constant vectors go with their coefficients}}
  %y = "moe.combine"(%r, %p, %w, %c) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 1, 0>}>
      : (tensor<?x64xf32>, !moe.plan<8>, tensor<?x2xf32>, tensor<?x3xf32>) -> tensor<?x64xf32>
  return
}

// -----

// (C6)
func.func @f(%r: tensor<?x64xf32>, %p: !moe.plan<8>, %w: tensor<?x2xf32>, %c: tensor<?x3xf32>, %v: !moe.weights<3x32, f32>) {
  // expected-error @+1 {{constant vectors must have the width of the result, got '!moe.weights<3x32, f32>' and 'tensor<?x64xf32>'}}
  %y = moe.combine %r, %p, %w constant(%c, %v : tensor<?x3xf32>, !moe.weights<3x32, f32>)
      : tensor<?x64xf32>, !moe.plan<8>, tensor<?x2xf32> -> tensor<?x64xf32>
  return
}

// -----

// (C6)
func.func @f(%r: tensor<?x64xf32>, %p: !moe.plan<8>, %w: tensor<?x2xf32>, %c: tensor<?x3xf32>, %v: !moe.weights<2x64, f32>) {
  // expected-error @+1 {{coefficients must be T x 2}}
  %y = moe.combine %r, %p, %w constant(%c, %v : tensor<?x3xf32>, !moe.weights<2x64, f32>)
      : tensor<?x64xf32>, !moe.plan<8>, tensor<?x2xf32> -> tensor<?x64xf32>
  return
}

// -----

// (C7)
func.func @f(%r: tensor<?x64xf32>, %p: !moe.plan<8>, %w: tensor<?x2xf32>, %s: tensor<?xf64>, %x: tensor<?x64xf32>) {
  // expected-error @+1 {{f64 scales and coefficients need f64 rows}}
  %y = moe.combine %r, %p, %w copy(%s, %x : tensor<?xf64>, tensor<?x64xf32>)
      : tensor<?x64xf32>, !moe.plan<8>, tensor<?x2xf32> -> tensor<?x64xf32>
  return
}

// -----

// (E9)
func.func @f(%r: tensor<?x64xf32>, %p: !moe.plan<8>, %s: tensor<?xf32>, %e: !moe.experts<8, 64 -> 64>) {
  // expected-error @+1 {{copy and constant terms go with combine}}
  %y = moe.experts %r, %p, (%e) copy(%s, %r : tensor<?xf32>, tensor<?x64xf32>)
      : tensor<?x64xf32>, !moe.plan<8>, !moe.experts<8, 64 -> 64> -> tensor<?x64xf32>
  return
}
