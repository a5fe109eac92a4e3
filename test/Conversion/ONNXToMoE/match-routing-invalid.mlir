// Routers that are no gates: which node stops the match, and why.
// RUN: moe-opt %s --test-moe-match-routing --split-input-file --verify-diagnostics | FileCheck %s --implicit-check-not=moe.gate

// CHECK-LABEL: func.func @given
// CHECK-SAME: %[[I:.*]]: tensor<?x2xi64>, %[[W:.*]]: tensor<?x2xf32>
// CHECK: return %[[I]], %[[W]]
// expected-remark @below {{router: ids come from no choice that is understood}}
func.func @given(%i: tensor<?x2xi64>, %w: tensor<?x2xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {
  return %i, %w : tensor<?x2xi64>, tensor<?x2xf32>
}

// -----

func.func @foreign_weights(%l: tensor<?x8xf32>, %w: tensor<?x2xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  // expected-remark @below {{Neg: router: weights are not scores of the chosen experts}}
  %n = onnxir.node "Neg"(%w) : (tensor<?x2xf32>) -> tensor<?x2xf32>
  return %i, %n : tensor<?x2xi64>, tensor<?x2xf32>
}

// -----

func.func @least(%l: tensor<?x8xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  // expected-remark @below {{TopK: router: the least scores are chosen}}
  %v, %i = onnxir.node "TopK"(%l, %k) {largest = 0 : i64} : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  return %i, %v : tensor<?x2xi64>, tensor<?x2xf32>
}

// -----

func.func @along_tokens(%l: tensor<?x8xf32>) -> (tensor<2x8xi64>, tensor<2x8xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  // expected-remark @below {{TopK: router: the choice is not made along the last dimension}}
  %v, %i = onnxir.node "TopK"(%l, %k) {axis = 0 : i64} : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<2x8xf32>, tensor<2x8xi64>)
  return %i, %v : tensor<2x8xi64>, tensor<2x8xf32>
}

// -----

func.func @dynamic(%l: tensor<?x?xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  // expected-remark @below {{TopK: router: the number of experts or of picks is not known}}
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<?x?xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  return %i, %v : tensor<?x2xi64>, tensor<?x2xf32>
}

// -----

// The sum is that of other weights.
func.func @foreign_sum(%l: tensor<?x8xf32>, %o: tensor<?x2xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %axis = arith.constant dense<1> : tensor<1xi64>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %s = onnxir.node "ReduceSum"(%o, %axis) : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  // expected-remark @below {{Div: router: weights are divided by something else than their sum}}
  %w = onnxir.node "Div"(%v, %s) : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
  return %i, %w : tensor<?x2xi64>, tensor<?x2xf32>
}

// -----

// A vector of sums is as long as the row is wide only by chance.
func.func @transposed_sum(%l: tensor<2x8xf32>) -> (tensor<2x2xi64>, tensor<2x2xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %axis = arith.constant dense<1> : tensor<1xi64>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<2x8xf32>, tensor<1xi64>) -> (tensor<2x2xf32>, tensor<2x2xi64>)
  %s = onnxir.node "ReduceSum"(%v, %axis) {keepdims = 0 : i64} : (tensor<2x2xf32>, tensor<1xi64>) -> tensor<2xf32>
  // expected-remark @below {{Div: router: weights are divided by something else than their sum}}
  %w = onnxir.node "Div"(%v, %s) : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  return %i, %w : tensor<2x2xi64>, tensor<2x2xf32>
}

// -----

func.func @unknown_epsilon(%l: tensor<?x8xf32>, %e: tensor<f32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %axis = arith.constant dense<1> : tensor<1xi64>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %s = onnxir.node "ReduceSum"(%v, %axis) : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %a = onnxir.node "Add"(%s, %e) : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  // expected-remark @below {{Div: router: what is added to the sum of the weights is not a small constant}}
  %w = onnxir.node "Div"(%v, %a) : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
  return %i, %w : tensor<?x2xi64>, tensor<?x2xf32>
}

// -----

func.func @unknown_floor(%l: tensor<?x8xf32>, %e: tensor<f32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %axis = arith.constant dense<1> : tensor<1xi64>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %s = onnxir.node "ReduceSum"(%v, %axis) : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %a = onnxir.node "Max"(%s, %e) : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  // expected-remark @below {{Div: router: the sum of the weights is limited by no known number}}
  %w = onnxir.node "Div"(%v, %a) : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
  return %i, %w : tensor<?x2xi64>, tensor<?x2xf32>
}

// -----

// Logits may be negative.
func.func @magnitudes(%l: tensor<?x8xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %axis = arith.constant dense<1> : tensor<1xi64>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %s = onnxir.node "ReduceL1"(%v, %axis) : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  // expected-remark @below {{Div: router: weights that may be negative are divided by the sum of their magnitudes}}
  %w = onnxir.node "Div"(%v, %s) : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
  return %i, %w : tensor<?x2xi64>, tensor<?x2xf32>
}

// -----

func.func @scaled_first(%l: tensor<?x8xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %axis = arith.constant dense<1> : tensor<1xi64>
  %c = arith.constant dense<3.0> : tensor<f32>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  // expected-remark @below {{Mul: router: weights are scaled before they are normalised}}
  %m = onnxir.node "Mul"(%v, %c) : (tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xf32>
  %s = onnxir.node "ReduceSum"(%m, %axis) : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %w = onnxir.node "Div"(%m, %s) : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
  return %i, %w : tensor<?x2xi64>, tensor<?x2xf32>
}

// -----

func.func @scaled_twice(%l: tensor<?x8xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %c = arith.constant dense<3.0> : tensor<f32>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  // expected-remark @below {{Mul: router: weights are scaled twice}}
  %m = onnxir.node "Mul"(%v, %c) : (tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xf32>
  %w = onnxir.node "Mul"(%m, %c) : (tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xf32>
  return %i, %w : tensor<?x2xi64>, tensor<?x2xf32>
}

// -----

func.func @infinite_scale(%l: tensor<?x8xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %c = arith.constant dense<0x7F800000> : tensor<f32>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  // expected-remark @below {{Mul: router: the scale is not finite}}
  %m = onnxir.node "Mul"(%v, %c) : (tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xf32>
  return %i, %m : tensor<?x2xi64>, tensor<?x2xf32>
}

// -----

func.func @normalised_twice(%l: tensor<?x8xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %axis = arith.constant dense<1> : tensor<1xi64>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %s = onnxir.node "ReduceSum"(%v, %axis) : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  // expected-remark @below {{Div: router: weights are normalised twice}}
  %w = onnxir.node "Div"(%v, %s) : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
  %t = onnxir.node "ReduceSum"(%w, %axis) : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %u = onnxir.node "Div"(%w, %t) : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
  return %i, %u : tensor<?x2xi64>, tensor<?x2xf32>
}

// -----

func.func @rounded_early(%l: tensor<?x8xf32>) -> (tensor<?x2xi64>, tensor<?x2xf16>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %c = arith.constant dense<3.0> : tensor<f16>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  // expected-remark @below {{Cast: router: weights are rounded before they are scaled or normalised}}
  %r = onnxir.node "Cast"(%v) {to = 10 : i64} : (tensor<?x2xf32>) -> tensor<?x2xf16>
  %m = onnxir.node "Mul"(%r, %c) : (tensor<?x2xf16>, tensor<f16>) -> tensor<?x2xf16>
  return %i, %m : tensor<?x2xi64>, tensor<?x2xf16>
}

// -----

// Greater or equal to the k-th score: all that are equal to it are chosen.
func.func @ties(%l: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %k = arith.constant dense<2> : tensor<1xi64>
  %one = arith.constant dense<1> : tensor<1xi64>
  %two = arith.constant dense<2> : tensor<1xi64>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %t = onnxir.node "Slice"(%v, %one, %two, %one) : (tensor<?x2xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x1xf32>
  %m = onnxir.node "GreaterOrEqual"(%l, %t) : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xi1>
  // expected-remark @below {{Where: router: scores are compared with something else than a number, where equal scores would all be chosen}}
  %g = onnxir.node "Where"(%m, %l, %zero) : (tensor<?x8xi1>, tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  return %g : tensor<?x8xf32>
}

// -----

func.func @unsorted_sum(%l: tensor<?x8xf32>) -> (tensor<?x8xi64>, tensor<?x8xf32>) {
  %k = arith.constant dense<8> : tensor<1xi64>
  %axis = arith.constant dense<-1> : tensor<i64>
  %p = arith.constant dense<0.5> : tensor<f32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  // expected-remark @below {{TopK: router: a running sum needs sorted scores}}
  %v, %i = onnxir.node "TopK"(%l, %k) {sorted = 0 : i64} : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x8xf32>, tensor<?x8xi64>)
  %c = onnxir.node "CumSum"(%v, %axis) {exclusive = 1 : i64} : (tensor<?x8xf32>, tensor<i64>) -> tensor<?x8xf32>
  %m = onnxir.node "Less"(%c, %p) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xi1>
  %w = onnxir.node "Where"(%m, %v, %zero) : (tensor<?x8xi1>, tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  return %i, %w : tensor<?x8xi64>, tensor<?x8xf32>
}

// -----

// Inclusive sums: what reaches the bound is cut as well.
func.func @inclusive_sum(%l: tensor<?x8xf32>) -> (tensor<?x8xi64>, tensor<?x8xf32>) {
  %k = arith.constant dense<8> : tensor<1xi64>
  %axis = arith.constant dense<-1> : tensor<i64>
  %p = arith.constant dense<0.5> : tensor<f32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x8xf32>, tensor<?x8xi64>)
  %c = onnxir.node "CumSum"(%v, %axis) : (tensor<?x8xf32>, tensor<i64>) -> tensor<?x8xf32>
  // expected-remark @below {{Less: router: weights are not cut by the running sum of scores}}
  %m = onnxir.node "Less"(%c, %p) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xi1>
  %w = onnxir.node "Where"(%m, %v, %zero) : (tensor<?x8xi1>, tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  return %i, %w : tensor<?x8xi64>, tensor<?x8xf32>
}

// -----

// OneHot counts negative ids from the back, a gate does not.
func.func @one_hot_table(%table: tensor<96xi64>, %tokens: tensor<?xi64>) -> tensor<?x4xf32> {
  %depth = arith.constant dense<4> : tensor<i64>
  %values = arith.constant dense<[0.0, 1.0]> : tensor<2xf32>
  %i = onnxir.node "Gather"(%table, %tokens) : (tensor<96xi64>, tensor<?xi64>) -> tensor<?xi64>
  // expected-remark @below {{OneHot: router: ids may be negative}}
  %m = onnxir.node "OneHot"(%i, %depth, %values) : (tensor<?xi64>, tensor<i64>, tensor<2xf32>) -> tensor<?x4xf32>
  return %m : tensor<?x4xf32>
}

// -----

func.func @scatter_into_ones(%l: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %k = arith.constant dense<2> : tensor<1xi64>
  %ones = arith.constant dense<1.0> : tensor<4x8xf32>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<4x8xf32>, tensor<1xi64>) -> (tensor<4x2xf32>, tensor<4x2xi64>)
  // expected-remark @below {{ScatterElements: router: weights are scattered into something else than zeros}}
  %g = onnxir.node "ScatterElements"(%ones, %i, %v) {axis = 1 : i64} : (tensor<4x8xf32>, tensor<4x2xi64>, tensor<4x2xf32>) -> tensor<4x8xf32>
  return %g : tensor<4x8xf32>
}
