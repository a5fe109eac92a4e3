// Messages of project, route, remap_ids, coefficients and mix.
// RUN: moe-opt %s --split-input-file --verify-diagnostics

// (H1)
func.func @f(%x: tensor<?x64xf32>, %m: !moe.weights<2x2x32, f32>) {
  // expected-error @+1 {{weights '!moe.weights<2x2x32, f32>' cannot project 'tensor<?x64xf32>'}}
  %c = moe.project %x, %m : tensor<?x64xf32>, !moe.weights<2x2x32, f32> -> tensor<?x4xf32>
  return
}

// -----

// (H2)
func.func @f(%x: tensor<?x64xf32>, %m: !moe.weights<2x2x64, f32>) {
  // expected-error @+1 {{'tensor<?x2xf32>' is not what weights '!moe.weights<2x2x64, f32>' makes of 'tensor<?x64xf32>'}}
  %c = moe.project %x, %m : tensor<?x64xf32>, !moe.weights<2x2x64, f32> -> tensor<?x2xf32>
  return
}

// -----

// (H3)
func.func @f(%x: tensor<?x64xf32>, %m: !moe.weights<2x2x64, f32>) {
  // expected-error @+1 {{projections are f64 if and only if the input is}}
  %c = moe.project %x, %m : tensor<?x64xf32>, !moe.weights<2x2x64, f32> -> tensor<?x4xf64>
  return
}

// -----

// (H4)
func.func @f(%x: tensor<?x64xf32>, %r: !moe.weights<2x4x64, f32>) {
  // expected-error @+1 {{router must be one matrix, got '!moe.weights<2x4x64, f32>'}}
  %0:3 = moe.route %x router(%r : !moe.weights<2x4x64, f32>) score<softmax> select<top_k, k = 2>
      : tensor<?x64xf32> -> tensor<?x2xf32>, tensor<?x2xi32>, tensor<?x8xf32>
  return
}

// -----

// (H4)
func.func @f(%x: tensor<?x64xf32>, %r: !moe.weights<1x8x64, f32>, %b: !moe.weights<1x4, f32>) {
  // expected-error @+1 {{router bias must be 1x8, got '!moe.weights<1x4, f32>'}}
  %0:3 = moe.route %x router(%r bias %b : !moe.weights<1x8x64, f32>, !moe.weights<1x4, f32>) score<softmax> select<top_k, k = 2>
      : tensor<?x64xf32> -> tensor<?x2xf32>, tensor<?x2xi32>, tensor<?x8xf32>
  return
}

// -----

// (H5)
func.func @f(%x: tensor<?x64xf32>, %r: !moe.weights<1x8x64, f32>) {
  // expected-error @+1 {{has 1 extra weights for 0 results}}
  %0:3 = moe.route %x router(%r : !moe.weights<1x8x64, f32>) extra(%r : !moe.weights<1x8x64, f32>) score<softmax> select<top_k, k = 2>
      : tensor<?x64xf32> -> tensor<?x2xf32>, tensor<?x2xi32>, tensor<?x8xf32>
  return
}

// -----

// (H2)
func.func @f(%x: tensor<?x64xf32>, %r: !moe.weights<1x8x64, f32>) {
  // expected-error @+1 {{'tensor<?x4xf32>' is not what router '!moe.weights<1x8x64, f32>' makes of 'tensor<?x64xf32>'}}
  %0:3 = moe.route %x router(%r : !moe.weights<1x8x64, f32>) score<softmax> select<top_k, k = 2>
      : tensor<?x64xf32> -> tensor<?x2xf32>, tensor<?x2xi32>, tensor<?x4xf32>
  return
}

// -----

// (G9): options are checked as those of a gate are.
func.func @f(%x: tensor<?x64xf32>, %r: !moe.weights<1x8x64, f32>) {
  // expected-error @+1 {{cannot choose k = 9 of 8 experts}}
  %0:3 = moe.route %x router(%r : !moe.weights<1x8x64, f32>) score<softmax> select<top_k, k = 9>
      : tensor<?x64xf32> -> tensor<?x9xf32>, tensor<?x9xi32>, tensor<?x8xf32>
  return
}

// -----

// (M1)
func.func @f(%ids: tensor<?x2xi32>) {
  // expected-error @+1 {{the table must have an entry for each expert}}
  %r = moe.remap_ids %ids [] : tensor<?x2xi32>
  return
}

// -----

// (M1)
func.func @f(%ids: tensor<?x2xi32>) {
  // expected-error @+1 {{entries must be ids or -1, got -2}}
  %r = moe.remap_ids %ids [0, -2] : tensor<?x2xi32>
  return
}

// -----

// (U1)
func.func @f(%w: tensor<?x2xf32>, %ids: tensor<?x3xi32>) {
  // expected-error @+1 {{weights and ids differ in shape}}
  %c = moe.coefficients %w, %ids [0] : tensor<?x2xf32>, tensor<?x3xi32> -> tensor<?xf32>
  return
}

// -----

// (U1)
func.func @f(%w: tensor<4x2xf32>, %ids: tensor<?x2xi32>) {
  // expected-error @+1 {{weights and result differ in tokens}}
  %c = moe.coefficients %w, %ids [0] : tensor<4x2xf32>, tensor<?x2xi32> -> tensor<5xf32>
  return
}

// -----

// (U2)
func.func @f(%w: tensor<?x2xf32>, %ids: tensor<?x2xi32>) {
  // expected-error @+1 {{entries must be columns of the result or -1, got 2}}
  %c = moe.coefficients %w, %ids [0, 2] : tensor<?x2xf32>, tensor<?x2xi32> -> tensor<?x2xf32>
  return
}

// -----

// (U2)
func.func @f(%w: tensor<?x2xf32>, %ids: tensor<?x2xi32>) {
  // expected-error @+1 {{the number of columns must be static}}
  %c = moe.coefficients %w, %ids [0] : tensor<?x2xf32>, tensor<?x2xi32> -> tensor<?x?xf32>
  return
}

// -----

// (U3)
func.func @f(%w: tensor<?x2xf32>, %ids: tensor<?x2xi32>) {
  // expected-error @+1 {{the result is f64 if and only if the weights are}}
  %c = moe.coefficients %w, %ids [0] : tensor<?x2xf32>, tensor<?x2xi32> -> tensor<?xf64>
  return
}

// -----

// (X1)
func.func @f(%c: tensor<?x2xf32>, %z: tensor<?x4xf32>) {
  // expected-error @+1 {{has 1 starts for 'tensor<?x2xf32>'}}
  %0:2 = moe.mix %c, %z [0] : tensor<?x2xf32>, tensor<?x4xf32> -> tensor<?xf32>, tensor<?x2xf32>
  return
}

// -----

// (X1)
func.func @f(%c: tensor<?x2xf32>, %z: tensor<?x4xf32>) {
  // expected-error @+1 {{starts must be -1 or leave two of the logits, got 3}}
  %0:2 = moe.mix %c, %z [0, 3] : tensor<?x2xf32>, tensor<?x4xf32> -> tensor<?xf32>, tensor<?x2xf32>
  return
}

// -----

// (X2)
func.func @f(%c: tensor<4x2xf32>, %z: tensor<5x4xf32>) {
  // expected-error @+1 {{operands and results differ in tokens}}
  %0:2 = moe.mix %c, %z [0, 2] : tensor<4x2xf32>, tensor<5x4xf32> -> tensor<?xf32>, tensor<?x2xf32>
  return
}

// -----

// (X2)
func.func @f(%c: tensor<?x2xf32>, %z: tensor<?x4xf32>) {
  // expected-error @+1 {{coefficients must be T x 2}}
  %0:2 = moe.mix %c, %z [0, 2] : tensor<?x2xf32>, tensor<?x4xf32> -> tensor<?xf32>, tensor<?x3xf32>
  return
}

// -----

// (X3)
func.func @f(%c: tensor<?x2xf32>, %z: tensor<?x4xf32>) {
  // expected-error @+1 {{sums, copies and results must have one element type}}
  %0:2 = moe.mix %c, %z [0, 2] : tensor<?x2xf32>, tensor<?x4xf32> -> tensor<?xf32>, tensor<?x2xf16>
  return
}

// -----

// (H8)
func.func @f(%x: tensor<?x64xf32>, %r: !moe.weights<1x8x64, f32>) {
  // expected-error @+1 {{shared_gate needs shared experts without weights, and a last extra projection to 1 columns}}
  %0:3 = moe.route %x router(%r : !moe.weights<1x8x64, f32>) shared_gate score<softmax> select<top_k, k = 2> shared(1)
      : tensor<?x64xf32> -> tensor<?x3xf32>, tensor<?x3xi32>, tensor<?x8xf32>
  return
}
