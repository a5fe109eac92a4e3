// RUN: moe-opt %s --onnxir-infer-types --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @split
// CHECK-SAME:  %[[X:[a-z0-9]*]]: tensor<?x96xf32>
// CHECK:       %[[S:.*]] = onnxir.node "Constant"() {value = dense<48> : tensor<2xi64>}
// CHECK:       %[[P:.*]]:2 = onnxir.node "Split"(%[[X]], %[[S]]) {axis = 1 : i64} opset 13 : (tensor<?x96xf32>, tensor<2xi64>) -> (tensor<?x48xf32>, tensor<?x48xf32>)
// CHECK-NOT:   Sequence
// CHECK:       return %[[P]]#0, %[[P]]#1
func.func @split(%x: tensor<?x96xf32>) -> (!onnxir.any, !onnxir.any) {
  %size = onnxir.node "Constant"() {value = dense<48> : tensor<i64>} : () -> tensor<i64>
  %zero = onnxir.node "Constant"() {value = dense<0> : tensor<i64>} : () -> tensor<i64>
  %last = onnxir.node "Constant"() {value = dense<-1> : tensor<i64>} : () -> tensor<i64>
  %s = onnxir.node "SplitToSequence"(%x, %size) {axis = -1 : i64} : (tensor<?x96xf32>, tensor<i64>) -> !onnxir.any
  %a = onnxir.node "SequenceAt"(%s, %zero) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %b = onnxir.node "SequenceAt"(%s, %last) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  return %a, %b : !onnxir.any, !onnxir.any
}

// -----

// Parts of one element lose their dimension.
// CHECK-LABEL: func.func @unbind
// CHECK:       %[[P:.*]]:3 = onnxir.node "Split"
// CHECK:       %[[R:.*]] = onnxir.node "Squeeze"(%[[P]]#2,
// CHECK:       return %[[R]] : tensor<?xf32>
func.func @unbind(%x: tensor<?x3xf32>) -> !onnxir.any {
  %two = onnxir.node "Constant"() {value = dense<2> : tensor<i64>} : () -> tensor<i64>
  %s = onnxir.node "SplitToSequence"(%x) {axis = 1 : i64, keepdims = 0 : i64} : (tensor<?x3xf32>) -> !onnxir.any
  %a = onnxir.node "SequenceAt"(%s, %two) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  return %a : !onnxir.any
}

// -----

// How many parts there are is not known.
// CHECK-LABEL: func.func @open
// CHECK:       onnxir.node "SequenceAt"
func.func @open(%x: tensor<?xf32>) -> !onnxir.any {
  %zero = onnxir.node "Constant"() {value = dense<0> : tensor<i64>} : () -> tensor<i64>
  %s = onnxir.node "SplitToSequence"(%x) : (tensor<?xf32>) -> !onnxir.any
  %a = onnxir.node "SequenceAt"(%s, %zero) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  return %a : !onnxir.any
}
