// Ids and weights that do not belong together as a gate's do.
// RUN: moe-opt %s --test-moe-match-routing --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @along_tokens
// CHECK-NOT: moe.gate
func.func @along_tokens(%l: tensor<4x8xf32>) -> (tensor<1x8xi64>, tensor<1x8xf32>) {
  %axis = arith.constant dense<0> : tensor<1xi64>
  %w = onnxir.node "ReduceMax"(%l, %axis) : (tensor<4x8xf32>, tensor<1xi64>) -> tensor<1x8xf32>
  // expected-remark @below {{ArgMax: router: the choice is not made along a last dimension of known size}}
  %i = onnxir.node "ArgMax"(%l) {axis = 0 : i64} : (tensor<4x8xf32>) -> tensor<1x8xi64>
  return %i, %w : tensor<1x8xi64>, tensor<1x8xf32>
}

// -----

// CHECK-LABEL: func.func @foreign_top_1
// CHECK-NOT: moe.gate
func.func @foreign_top_1(%l: tensor<4x8xf32>, %o: tensor<4x8xf32>) -> (tensor<4x1xi64>, tensor<4x1xf32>) {
  %axis = arith.constant dense<1> : tensor<1xi64>
  // expected-remark @below {{ReduceMax: router: weights are not scores of the chosen experts}}
  %w = onnxir.node "ReduceMax"(%o, %axis) : (tensor<4x8xf32>, tensor<1xi64>) -> tensor<4x1xf32>
  %i = onnxir.node "ArgMax"(%l) {axis = 1 : i64} : (tensor<4x8xf32>) -> tensor<4x1xi64>
  return %i, %w : tensor<4x1xi64>, tensor<4x1xf32>
}

// -----

// Weights of 1 do not tell how many experts there are.
// CHECK-LABEL: func.func @table_of_how_many
// CHECK-NOT: moe.gate
func.func @table_of_how_many(%table: tensor<96xi64>, %tokens: tensor<4xi64>) -> (tensor<4xi64>, tensor<4xf32>) {
  %w = arith.constant dense<1.0> : tensor<4xf32>
  // expected-remark @below {{Gather: router: the number of experts is not known}}
  %i = onnxir.node "Gather"(%table, %tokens) : (tensor<96xi64>, tensor<4xi64>) -> tensor<4xi64>
  return %i, %w : tensor<4xi64>, tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @wide_table
// CHECK-NOT: moe.gate
func.func @wide_table(%table: tensor<96x?xi64>, %tokens: tensor<4xi64>, %w: tensor<4x?xf32>) -> (tensor<4x?xi64>, tensor<4x?xf32>) {
  // expected-remark @below {{Gather: router: the number of picks is not known}}
  %i = onnxir.node "Gather"(%table, %tokens) : (tensor<96x?xi64>, tensor<4xi64>) -> tensor<4x?xi64>
  return %i, %w : tensor<4x?xi64>, tensor<4x?xf32>
}

// -----

// CHECK-LABEL: func.func @foreign_table_weights
// CHECK-NOT: moe.gate
// expected-remark @below {{router: weights are not scores of the chosen experts}}
func.func @foreign_table_weights(%table: tensor<96xi64>, %tokens: tensor<4xi64>, %w: tensor<4xf32>) -> (tensor<4xi64>, tensor<4xf32>) {
  %i = onnxir.node "Gather"(%table, %tokens) : (tensor<96xi64>, tensor<4xi64>) -> tensor<4xi64>
  return %i, %w : tensor<4xi64>, tensor<4xf32>
}

// -----

// Modulo with the sign of the dividend.
// CHECK-LABEL: func.func @signed_mod
// CHECK-NOT: moe.gate
func.func @signed_mod(%tokens: tensor<4x1xi64>, %w: tensor<4x1xf32>) -> (tensor<4x1xi64>, tensor<4x1xf32>) {
  %experts = arith.constant dense<8> : tensor<i64>
  // expected-remark @below {{Mod: router: ids may be negative}}
  %i = onnxir.node "Mod"(%tokens, %experts) {fmod = 1 : i64} : (tensor<4x1xi64>, tensor<i64>) -> tensor<4x1xi64>
  return %i, %w : tensor<4x1xi64>, tensor<4x1xf32>
}

// -----

// CHECK-LABEL: func.func @foreign_mask
// CHECK-NOT: moe.gate
// expected-remark @below {{router: weights are masked by a condition that is not understood}}
func.func @foreign_mask(%l: tensor<4x8xf32>, %m: tensor<4x2xi1>) -> (tensor<4x2xi64>, tensor<4x2xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<4x8xf32>, tensor<1xi64>) -> (tensor<4x2xf32>, tensor<4x2xi64>)
  %w = onnxir.node "Where"(%m, %v, %zero) : (tensor<4x2xi1>, tensor<4x2xf32>, tensor<f32>) -> tensor<4x2xf32>
  return %i, %w : tensor<4x2xi64>, tensor<4x2xf32>
}

// -----

// CHECK-LABEL: func.func @filled
// CHECK-NOT: moe.gate
func.func @filled(%l: tensor<4x8xf32>) -> (tensor<4x2xi64>, tensor<4x2xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %one = arith.constant dense<1.0> : tensor<f32>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<4x8xf32>, tensor<1xi64>) -> (tensor<4x2xf32>, tensor<4x2xi64>)
  // expected-remark @below {{Less: router: what takes the place of excluded weights is not 0}}
  %m = onnxir.node "Less"(%v, %one) : (tensor<4x2xf32>, tensor<f32>) -> tensor<4x2xi1>
  %w = onnxir.node "Where"(%m, %v, %one) : (tensor<4x2xi1>, tensor<4x2xf32>, tensor<f32>) -> tensor<4x2xf32>
  return %i, %w : tensor<4x2xi64>, tensor<4x2xf32>
}

// -----

// All weights of the batch as one row.
// CHECK-LABEL: func.func @one_row
// CHECK-NOT: moe.gate
func.func @one_row(%l: tensor<4x8xf32>, %s: tensor<1x1xf32>) -> (tensor<4x2xi64>, tensor<1x8xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %shape = arith.constant dense<[1, 8]> : tensor<2xi64>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<4x8xf32>, tensor<1xi64>) -> (tensor<4x2xf32>, tensor<4x2xi64>)
  %r = onnxir.node "Reshape"(%v, %shape) : (tensor<4x2xf32>, tensor<2xi64>) -> tensor<1x8xf32>
  // expected-remark @below {{Div: router: weights are divided in another layout}}
  %w = onnxir.node "Div"(%r, %s) : (tensor<1x8xf32>, tensor<1x1xf32>) -> tensor<1x8xf32>
  return %i, %w : tensor<4x2xi64>, tensor<1x8xf32>
}

// -----

// Two choices that have nothing to do with each other.
// CHECK-LABEL: func.func @two_choices
// CHECK-NOT: moe.gate
func.func @two_choices(%a: tensor<4x8xf32>, %b: tensor<4x8xf32>) -> (tensor<4x2xi64>, tensor<4x2xf32>) {
  %axis = arith.constant dense<1> : tensor<1xi64>
  %v = onnxir.node "ReduceMax"(%a, %axis) : (tensor<4x8xf32>, tensor<1xi64>) -> tensor<4x1xf32>
  %i = onnxir.node "ArgMax"(%a) {axis = 1 : i64} : (tensor<4x8xf32>) -> tensor<4x1xi64>
  %w = onnxir.node "ReduceMax"(%b, %axis) : (tensor<4x8xf32>, tensor<1xi64>) -> tensor<4x1xf32>
  %j = onnxir.node "ArgMax"(%b) {axis = 1 : i64} : (tensor<4x8xf32>) -> tensor<4x1xi64>
  // expected-remark @below {{Concat: router: ids are put together from several choices that are no sparse mixer}}
  %ids = onnxir.node "Concat"(%i, %j) {axis = 1 : i64} : (tensor<4x1xi64>, tensor<4x1xi64>) -> tensor<4x2xi64>
  %weights = onnxir.node "Concat"(%v, %w) {axis = 1 : i64} : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x2xf32>
  return %ids, %weights : tensor<4x2xi64>, tensor<4x2xf32>
}

// -----

// A mask that is given keeps its nodes; the gate compares what they leave.
// CHECK-LABEL: func.func @given_mask
// CHECK: %[[C:.*]] = onnxir.node "Where"
// CHECK: moe.gate %[[C]] score<identity> select<top_k, k = 2>
func.func @given_mask(%l: tensor<4x8xf32>, %m: tensor<4x8xi1>) -> (tensor<4x2xi64>, tensor<4x2xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %lowest = arith.constant dense<0xFF800000> : tensor<f32>
  // expected-remark @below {{Where: router: the choice is masked by something else than a limit to groups, and stays outside}}
  %c = onnxir.node "Where"(%m, %l, %lowest) : (tensor<4x8xi1>, tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %v, %i = onnxir.node "TopK"(%c, %k) : (tensor<4x8xf32>, tensor<1xi64>) -> (tensor<4x2xf32>, tensor<4x2xi64>)
  return %i, %v : tensor<4x2xi64>, tensor<4x2xf32>
}

// -----

// Sorted weights are no gates of experts in their order.
// CHECK-LABEL: func.func @softmax_of_all
// CHECK-NOT: moe.gate
func.func @softmax_of_all(%l: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %k = arith.constant dense<8> : tensor<1xi64>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<4x8xf32>, tensor<1xi64>) -> (tensor<4x8xf32>, tensor<4x8xi64>)
  // expected-remark @above {{TopK: router: a softmax of gates of all experts}}
  %w = onnxir.node "Softmax"(%v) {axis = 1 : i64} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %w : tensor<4x8xf32>
}
