// Experts that choose their tokens.
// RUN: moe-opt %s --test-moe-match-routing=expert-choice --canonicalize --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @transposed
// CHECK-SAME: %[[L:.*]]: tensor<?x4xf32>
// CHECK: moe.gate %[[L]] score<softmax> select<expert_choice, k = 3> scale(2) : tensor<?x4xf32> -> tensor<4x3xf32>, tensor<4x3xi32>
func.func @transposed(%l: tensor<?x4xf32>) -> (tensor<4x3xi64>, tensor<4x3xf32>) {
  %k = arith.constant dense<3> : tensor<1xi64>
  %two = arith.constant dense<2.0> : tensor<f32>
  %p = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %t = onnxir.node "Transpose"(%p) {perm = array<i64: 1, 0>} : (tensor<?x4xf32>) -> tensor<4x?xf32>
  %w, %i = onnxir.node "TopK"(%t, %k) : (tensor<4x?xf32>, tensor<1xi64>) -> (tensor<4x3xf32>, tensor<4x3xi64>)
  %s = onnxir.node "Mul"(%w, %two) : (tensor<4x3xf32>, tensor<f32>) -> tensor<4x3xf32>
  return %i, %s : tensor<4x3xi64>, tensor<4x3xf32>
}

// -----

func.func @not_transposed(%l: tensor<4x?xf32>) -> (tensor<4x3xi64>, tensor<4x3xf32>) {
  %k = arith.constant dense<3> : tensor<1xi64>
  // expected-remark @below {{TopK: router: the scores of experts that choose are no transposed matrix of known size}}
  %w, %i = onnxir.node "TopK"(%l, %k) : (tensor<4x?xf32>, tensor<1xi64>) -> (tensor<4x3xf32>, tensor<4x3xi64>)
  return %i, %w : tensor<4x3xi64>, tensor<4x3xf32>
}

// -----

func.func @least(%l: tensor<?x4xf32>) -> (tensor<4x3xi64>, tensor<4x3xf32>) {
  %k = arith.constant dense<3> : tensor<1xi64>
  %t = onnxir.node "Transpose"(%l) {perm = array<i64: 1, 0>} : (tensor<?x4xf32>) -> tensor<4x?xf32>
  // expected-remark @below {{TopK: router: experts do not choose the tokens of greatest scores}}
  %w, %i = onnxir.node "TopK"(%t, %k) {largest = 0 : i64} : (tensor<4x?xf32>, tensor<1xi64>) -> (tensor<4x3xf32>, tensor<4x3xi64>)
  return %i, %w : tensor<4x3xi64>, tensor<4x3xf32>
}

// -----

func.func @normalised(%l: tensor<?x4xf32>) -> (tensor<4x3xi64>, tensor<4x3xf32>) {
  %k = arith.constant dense<3> : tensor<1xi64>
  %t = onnxir.node "Transpose"(%l) {perm = array<i64: 1, 0>} : (tensor<?x4xf32>) -> tensor<4x?xf32>
  %w, %i = onnxir.node "TopK"(%t, %k) : (tensor<4x?xf32>, tensor<1xi64>) -> (tensor<4x3xf32>, tensor<4x3xi64>)
  // expected-remark @below {{Softmax: router: weights of experts that choose are normalised}}
  %n = onnxir.node "Softmax"(%w) {axis = -1 : i64} : (tensor<4x3xf32>) -> tensor<4x3xf32>
  return %i, %n : tensor<4x3xi64>, tensor<4x3xf32>
}

// -----

func.func @foreign(%l: tensor<?x4xf32>, %w: tensor<4x3xf32>) -> (tensor<4x3xi64>, tensor<4x3xf32>) {
  %k = arith.constant dense<3> : tensor<1xi64>
  %t = onnxir.node "Transpose"(%l) {perm = array<i64: 1, 0>} : (tensor<?x4xf32>) -> tensor<4x?xf32>
  %v, %i = onnxir.node "TopK"(%t, %k) : (tensor<4x?xf32>, tensor<1xi64>) -> (tensor<4x3xf32>, tensor<4x3xi64>)
  // expected-remark @below {{Neg: router: weights are not scores of the chosen tokens}}
  %n = onnxir.node "Neg"(%w) : (tensor<4x3xf32>) -> tensor<4x3xf32>
  return %i, %n : tensor<4x3xi64>, tensor<4x3xf32>
}
