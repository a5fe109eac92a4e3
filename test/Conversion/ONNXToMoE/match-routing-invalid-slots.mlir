// Slots that hold no expert for reasons that are not understood.
// RUN: moe-opt %s --test-moe-match-routing --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @foreign_test
// CHECK-NOT: moe.gate
func.func @foreign_test(%l: tensor<?x8xf32>, %q: tensor<?x2xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %none = arith.constant dense<-1> : tensor<i64>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %p = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %v, %i = onnxir.node "TopK"(%p, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %bound = arith.constant dense<0.2> : tensor<f32>
  // expected-remark @below {{Greater: router: slots hold no expert by a condition that is not understood}}
  %c = onnxir.node "Greater"(%q, %bound) : (tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xi1>
  %ids = onnxir.node "Where"(%c, %i, %none) : (tensor<?x2xi1>, tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi64>
  %weights = onnxir.node "Where"(%c, %v, %zero) : (tensor<?x2xi1>, tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xf32>
  return %ids, %weights : tensor<?x2xi64>, tensor<?x2xf32>
}

// -----

// The sum is that of all slots.
// CHECK-LABEL: func.func @whole_sum
// CHECK-NOT: moe.gate
func.func @whole_sum(%l: tensor<?x8xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %none = arith.constant dense<-1> : tensor<i64>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %p = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  // expected-remark @below {{TopK: router: weights of slots that hold no expert are normalised}}
  %v, %i = onnxir.node "TopK"(%p, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %bound = arith.constant dense<0.2> : tensor<f32>
  %axes = arith.constant dense<1> : tensor<1xi64>
  %c = onnxir.node "Greater"(%v, %bound) : (tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xi1>
  %total = onnxir.node "ReduceSum"(%v, %axes) : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %w = onnxir.node "Div"(%v, %total) : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
  %ids = onnxir.node "Where"(%c, %i, %none) : (tensor<?x2xi1>, tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi64>
  %weights = onnxir.node "Where"(%c, %w, %zero) : (tensor<?x2xi1>, tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xf32>
  return %ids, %weights : tensor<?x2xi64>, tensor<?x2xf32>
}

// -----

// The expert of all tokens is one that they choose as well.
// CHECK-LABEL: func.func @chosen_and_shared
// CHECK-NOT: moe.gate
func.func @chosen_and_shared(%l: tensor<?x8xf32>, %s: tensor<?x1xf32>, %shape: tensor<2xi64>) -> (tensor<?x3xi64>, tensor<?x3xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %number = arith.constant dense<7> : tensor<1x1xi64>
  // expected-remark @below {{TopK: router: slots of all tokens hold experts that are chosen as well, or none}}
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %more = onnxir.node "Expand"(%number, %shape) : (tensor<1x1xi64>, tensor<2xi64>) -> tensor<?x1xi64>
  %ids = onnxir.node "Concat"(%i, %more) {axis = 1 : i64} : (tensor<?x2xi64>, tensor<?x1xi64>) -> tensor<?x3xi64>
  %weights = onnxir.node "Concat"(%v, %s) {axis = 1 : i64} : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x3xf32>
  return %ids, %weights : tensor<?x3xi64>, tensor<?x3xf32>
}
