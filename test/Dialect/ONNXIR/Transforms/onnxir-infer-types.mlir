// RUN: moe-opt %s --onnxir-infer-types --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @elementwise
// CHECK-SAME: -> tensor<?x4xf32>
func.func @elementwise(%a: tensor<?x1xf32>, %b: tensor<4xf32>, %c: tensor<?x?xf32>) -> tensor<?x?xf32> {
  // CHECK: "Add"{{.*}} -> tensor<?x4xf32>
  %0 = onnxir.node "Add"(%a, %b) : (tensor<?x1xf32>, tensor<4xf32>) -> !onnxir.any
  // CHECK: "Less"{{.*}} -> tensor<?x4xi1>
  %1 = onnxir.node "Less"(%0, %c) : (!onnxir.any, tensor<?x?xf32>) -> !onnxir.any
  // CHECK: "Where"{{.*}} -> tensor<?x4xf32>
  %2 = onnxir.node "Where"(%1, %0, %c) : (!onnxir.any, !onnxir.any, tensor<?x?xf32>) -> tensor<?x?xf32>
  // CHECK: "Cast"{{.*}} -> tensor<?x4xbf16>
  %3 = onnxir.node "Cast"(%2) {to = 16 : i64} : (tensor<?x?xf32>) -> !onnxir.any
  // CHECK: "IsNaN"{{.*}} -> tensor<?x4xi1>
  %4 = onnxir.node "IsNaN"(%3) : (!onnxir.any) -> tensor<*xi1>
  return %2 : tensor<?x?xf32>
}

// -----

// CHECK-LABEL: func.func @products
func.func @products(%a: tensor<2x?x8xf32>, %w: tensor<8x4xf32>, %v: tensor<4xf32>, %m: tensor<8x?xf32>) {
  // CHECK: "MatMul"{{.*}} -> tensor<2x?x4xf32>
  %0 = onnxir.node "MatMul"(%a, %w) : (tensor<2x?x8xf32>, tensor<8x4xf32>) -> !onnxir.any
  // CHECK: "MatMul"{{.*}} -> tensor<2x?xf32>
  %1 = onnxir.node "MatMul"(%0, %v) : (!onnxir.any, tensor<4xf32>) -> !onnxir.any
  // CHECK: "Gemm"{{.*}} -> tensor<?x4xf32>
  %2 = onnxir.node "Gemm"(%m, %w, %v) {transA = 1 : i64} : (tensor<8x?xf32>, tensor<8x4xf32>, tensor<4xf32>) -> !onnxir.any
  return
}

// -----

// Arithmetic on shapes is followed.
// CHECK-LABEL: func.func @reshapes
func.func @reshapes(%x: tensor<?x6x8xf32>) {
  %n2 = onnxir.get_weight @n2 : tensor<1xi64>
  %one = onnxir.get_weight @one : tensor<i64>
  %minus = onnxir.get_weight @minus : tensor<1xi64>
  // CHECK: "Shape"{{.*}} -> tensor<3xi64>
  %s = onnxir.node "Shape"(%x) : (tensor<?x6x8xf32>) -> !onnxir.any
  // CHECK: "Gather"{{.*}} -> tensor<i64>
  %d = onnxir.node "Gather"(%s, %one) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  // CHECK: "Unsqueeze"{{.*}} -> tensor<1xi64>
  %u = onnxir.node "Unsqueeze"(%d) {axes = array<i64: 0>} : (!onnxir.any) -> !onnxir.any
  // CHECK: "Mul"{{.*}} -> tensor<1xi64>
  %m = onnxir.node "Mul"(%u, %n2) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  // CHECK: "Concat"{{.*}} -> tensor<2xi64>
  %t = onnxir.node "Concat"(%minus, %m) {axis = 0 : i64} : (tensor<1xi64>, !onnxir.any) -> !onnxir.any
  // CHECK: "Reshape"{{.*}} -> tensor<?x12xf32>
  %r = onnxir.node "Reshape"(%x, %t) : (tensor<?x6x8xf32>, !onnxir.any) -> !onnxir.any
  // CHECK: "Flatten"{{.*}} -> tensor<?x48xf32>
  %f = onnxir.node "Flatten"(%x) : (tensor<?x6x8xf32>) -> !onnxir.any
  // CHECK: "Transpose"{{.*}} -> tensor<8x6x?xf32>
  %p = onnxir.node "Transpose"(%x) : (tensor<?x6x8xf32>) -> !onnxir.any
  // CHECK: "Split"{{.*}} -> (tensor<?x3x8xf32>, tensor<?x3x8xf32>)
  %a, %b = onnxir.node "Split"(%x) {axis = 1 : i64} : (tensor<?x6x8xf32>) -> (!onnxir.any, !onnxir.any)
  return
}
onnxir.weight @n2 = dense<2> : tensor<1xi64>
onnxir.weight @one = dense<1> : tensor<i64>
onnxir.weight @minus = dense<-1> : tensor<1xi64>

// -----

// CHECK-LABEL: func.func @reductions
func.func @reductions(%x: tensor<?x8xf32>) {
  %k = onnxir.get_weight @k : tensor<1xi64>
  // CHECK: "TopK"{{.*}} -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %v, %i = onnxir.node "TopK"(%x, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  // CHECK: "ReduceSum"{{.*}} -> tensor<?x1xf32>
  %s = onnxir.node "ReduceSum"(%v) {axes = array<i64: -1>} : (!onnxir.any) -> !onnxir.any
  // CHECK: "ReduceMax"{{.*}} -> tensor<f32>
  %m = onnxir.node "ReduceMax"(%v) {keepdims = 0 : i64} : (!onnxir.any) -> !onnxir.any
  // CHECK: "ArgMax"{{.*}} -> tensor<?xi64>
  %a = onnxir.node "ArgMax"(%v) {axis = 1 : i64, keepdims = 0 : i64} : (!onnxir.any) -> !onnxir.any
  // CHECK: "Gather"{{.*}} -> tensor<?x2x8xf32>
  %g = onnxir.node "Gather"(%x, %i) : (tensor<?x8xf32>, !onnxir.any) -> !onnxir.any
  return
}
onnxir.weight @k = dense<2> : tensor<1xi64>

// -----

// A wrong declaration of a shape gives way; an operator without a rule keeps
// what it declares.
// CHECK-LABEL: func.func @declared
func.func @declared(%x: tensor<4xf32>) {
  // CHECK: "Neg"{{.*}} -> tensor<4xf32>
  %0 = onnxir.node "Neg"(%x) : (tensor<4xf32>) -> tensor<f32>
  // CHECK: "Fancy"{{.*}} -> !onnxir.any
  %1 = onnxir.node "Fancy" domain "local"(%x) : (tensor<4xf32>) -> !onnxir.any
  // CHECK: "Exp"{{.*}} -> !onnxir.any
  %2 = onnxir.node "Exp"(%1) : (!onnxir.any) -> !onnxir.any
  return
}
