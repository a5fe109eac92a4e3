// Choices that are the head of a sort, in spellings that mean the same.
// RUN: moe-opt %s --convert-onnx-to-moe --split-input-file | FileCheck %s

// All of a sorted choice, its sum with an epsilon as a Sum, a factor as a number
// that is computed.
// CHECK-LABEL: func.func @whole_head
// CHECK: moe.gate %{{.*}} score<sigmoid> select<top_k, k = 3> normalize<sum, epsilon = {{.*}}> scale(0.5)
// CHECK-NOT: onnxir.node "TopK"
// CHECK: moe.combine
// CHECK: return
func.func @whole_head(%x: tensor<?x4xf32>, %wr: tensor<4x3xf32>, %u0: tensor<4x6xf32>, %d0: tensor<6x4xf32>, %u1: tensor<4x6xf32>, %d1: tensor<6x4xf32>, %u2: tensor<4x6xf32>, %d2: tensor<6x4xf32>) -> tensor<?x4xf32> {
  %last = arith.constant dense<-1> : tensor<1xi64>
  %zero = arith.constant dense<0> : tensor<1xi64>
  %one = arith.constant dense<1> : tensor<1xi64>
  %three = arith.constant dense<3> : tensor<1xi64>
  %e0 = arith.constant dense<0> : tensor<i64>
  %e1 = arith.constant dense<1> : tensor<i64>
  %e2 = arith.constant dense<2> : tensor<i64>
  %zf = arith.constant dense<0.000000e+00> : tensor<f32>
  %eps = arith.constant dense<1.000000e-04> : tensor<f32>
  %half = arith.constant dense<5.000000e-01> : tensor<f32>
  %l = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %s = onnxir.node "Sigmoid"(%l) : (!onnxir.any) -> !onnxir.any
  %v, %j = onnxir.node "TopK"(%s, %three) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %h = onnxir.node "Slice"(%v, %zero, %three, %one) : (!onnxir.any, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> !onnxir.any
  %i = onnxir.node "Slice"(%j, %zero, %three, %one) : (!onnxir.any, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> !onnxir.any
  %t = onnxir.node "ReduceSum"(%h, %last) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %te = onnxir.node "Sum"(%t, %eps) : (!onnxir.any, tensor<f32>) -> !onnxir.any
  %q = onnxir.node "Div"(%h, %te) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %w = onnxir.node "Mul"(%q, %half) : (!onnxir.any, tensor<f32>) -> !onnxir.any
  %m0 = onnxir.node "Equal"(%i, %e0) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %p0 = onnxir.node "Where"(%m0, %w, %zf) : (!onnxir.any, !onnxir.any, tensor<f32>) -> !onnxir.any
  %g0 = onnxir.node "ReduceSum"(%p0, %last) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %a0 = onnxir.node "MatMul"(%x, %u0) : (tensor<?x4xf32>, tensor<4x6xf32>) -> !onnxir.any
  %b0 = onnxir.node "Relu"(%a0) : (!onnxir.any) -> !onnxir.any
  %c0 = onnxir.node "MatMul"(%b0, %d0) : (!onnxir.any, tensor<6x4xf32>) -> !onnxir.any
  %y0 = onnxir.node "Mul"(%c0, %g0) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %m1 = onnxir.node "Equal"(%i, %e1) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %p1 = onnxir.node "Where"(%m1, %w, %zf) : (!onnxir.any, !onnxir.any, tensor<f32>) -> !onnxir.any
  %g1 = onnxir.node "ReduceSum"(%p1, %last) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %a1 = onnxir.node "MatMul"(%x, %u1) : (tensor<?x4xf32>, tensor<4x6xf32>) -> !onnxir.any
  %b1 = onnxir.node "Relu"(%a1) : (!onnxir.any) -> !onnxir.any
  %c1 = onnxir.node "MatMul"(%b1, %d1) : (!onnxir.any, tensor<6x4xf32>) -> !onnxir.any
  %y1 = onnxir.node "Mul"(%c1, %g1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %m2 = onnxir.node "Equal"(%i, %e2) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %p2 = onnxir.node "Where"(%m2, %w, %zf) : (!onnxir.any, !onnxir.any, tensor<f32>) -> !onnxir.any
  %g2 = onnxir.node "ReduceSum"(%p2, %last) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %a2 = onnxir.node "MatMul"(%x, %u2) : (tensor<?x4xf32>, tensor<4x6xf32>) -> !onnxir.any
  %b2 = onnxir.node "Relu"(%a2) : (!onnxir.any) -> !onnxir.any
  %c2 = onnxir.node "MatMul"(%b2, %d2) : (!onnxir.any, tensor<6x4xf32>) -> !onnxir.any
  %y2 = onnxir.node "Mul"(%c2, %g2) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %s0 = onnxir.node "Add"(%y0, %y1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %y = onnxir.node "Add"(%s0, %y2) : (!onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// The first of all sorted scores.
// CHECK-LABEL: func.func @head_of_one
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 1>
// CHECK-NOT: onnxir.node "TopK"
// CHECK: moe.combine
// CHECK: return
func.func @head_of_one(%x: tensor<?x4xf32>, %wr: tensor<4x3xf32>, %u0: tensor<4x6xf32>, %d0: tensor<6x4xf32>, %u1: tensor<4x6xf32>, %d1: tensor<6x4xf32>, %u2: tensor<4x6xf32>, %d2: tensor<6x4xf32>) -> tensor<?x4xf32> {
  %last = arith.constant dense<-1> : tensor<1xi64>
  %zero = arith.constant dense<0> : tensor<1xi64>
  %one = arith.constant dense<1> : tensor<1xi64>
  %three = arith.constant dense<3> : tensor<1xi64>
  %e0 = arith.constant dense<0> : tensor<i64>
  %e1 = arith.constant dense<1> : tensor<i64>
  %e2 = arith.constant dense<2> : tensor<i64>
  %zf = arith.constant dense<0.000000e+00> : tensor<f32>
  %l = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %s = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v, %j = onnxir.node "TopK"(%s, %three) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %w = onnxir.node "Slice"(%v, %zero, %one, %one) : (!onnxir.any, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> !onnxir.any
  %i = onnxir.node "Slice"(%j, %zero, %one, %one) : (!onnxir.any, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> !onnxir.any
  %m0 = onnxir.node "Equal"(%i, %e0) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %p0 = onnxir.node "Where"(%m0, %w, %zf) : (!onnxir.any, !onnxir.any, tensor<f32>) -> !onnxir.any
  %g0 = onnxir.node "ReduceSum"(%p0, %last) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %a0 = onnxir.node "MatMul"(%x, %u0) : (tensor<?x4xf32>, tensor<4x6xf32>) -> !onnxir.any
  %b0 = onnxir.node "Relu"(%a0) : (!onnxir.any) -> !onnxir.any
  %c0 = onnxir.node "MatMul"(%b0, %d0) : (!onnxir.any, tensor<6x4xf32>) -> !onnxir.any
  %y0 = onnxir.node "Mul"(%c0, %g0) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %m1 = onnxir.node "Equal"(%i, %e1) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %p1 = onnxir.node "Where"(%m1, %w, %zf) : (!onnxir.any, !onnxir.any, tensor<f32>) -> !onnxir.any
  %g1 = onnxir.node "ReduceSum"(%p1, %last) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %a1 = onnxir.node "MatMul"(%x, %u1) : (tensor<?x4xf32>, tensor<4x6xf32>) -> !onnxir.any
  %b1 = onnxir.node "Relu"(%a1) : (!onnxir.any) -> !onnxir.any
  %c1 = onnxir.node "MatMul"(%b1, %d1) : (!onnxir.any, tensor<6x4xf32>) -> !onnxir.any
  %y1 = onnxir.node "Mul"(%c1, %g1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %m2 = onnxir.node "Equal"(%i, %e2) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %p2 = onnxir.node "Where"(%m2, %w, %zf) : (!onnxir.any, !onnxir.any, tensor<f32>) -> !onnxir.any
  %g2 = onnxir.node "ReduceSum"(%p2, %last) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %a2 = onnxir.node "MatMul"(%x, %u2) : (tensor<?x4xf32>, tensor<4x6xf32>) -> !onnxir.any
  %b2 = onnxir.node "Relu"(%a2) : (!onnxir.any) -> !onnxir.any
  %c2 = onnxir.node "MatMul"(%b2, %d2) : (!onnxir.any, tensor<6x4xf32>) -> !onnxir.any
  %y2 = onnxir.node "Mul"(%c2, %g2) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %s0 = onnxir.node "Add"(%y0, %y1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %y = onnxir.node "Add"(%s0, %y2) : (!onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// The first of all sorted scores.
// CHECK-LABEL: func.func @head_of_two
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 2>
// CHECK-NOT: onnxir.node "TopK"
// CHECK: moe.combine
// CHECK: return
func.func @head_of_two(%x: tensor<?x4xf32>, %wr: tensor<4x3xf32>, %u0: tensor<4x6xf32>, %d0: tensor<6x4xf32>, %u1: tensor<4x6xf32>, %d1: tensor<6x4xf32>, %u2: tensor<4x6xf32>, %d2: tensor<6x4xf32>) -> tensor<?x4xf32> {
  %last = arith.constant dense<-1> : tensor<1xi64>
  %zero = arith.constant dense<0> : tensor<1xi64>
  %one = arith.constant dense<1> : tensor<1xi64>
  %two = arith.constant dense<2> : tensor<1xi64>
  %three = arith.constant dense<3> : tensor<1xi64>
  %e0 = arith.constant dense<0> : tensor<i64>
  %e1 = arith.constant dense<1> : tensor<i64>
  %e2 = arith.constant dense<2> : tensor<i64>
  %zf = arith.constant dense<0.000000e+00> : tensor<f32>
  %l = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %s = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v, %j = onnxir.node "TopK"(%s, %three) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %w = onnxir.node "Slice"(%v, %zero, %two, %one) : (!onnxir.any, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> !onnxir.any
  %i = onnxir.node "Slice"(%j, %zero, %two, %one) : (!onnxir.any, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> !onnxir.any
  %m0 = onnxir.node "Equal"(%i, %e0) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %p0 = onnxir.node "Where"(%m0, %w, %zf) : (!onnxir.any, !onnxir.any, tensor<f32>) -> !onnxir.any
  %g0 = onnxir.node "ReduceSum"(%p0, %last) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %a0 = onnxir.node "MatMul"(%x, %u0) : (tensor<?x4xf32>, tensor<4x6xf32>) -> !onnxir.any
  %b0 = onnxir.node "Relu"(%a0) : (!onnxir.any) -> !onnxir.any
  %c0 = onnxir.node "MatMul"(%b0, %d0) : (!onnxir.any, tensor<6x4xf32>) -> !onnxir.any
  %y0 = onnxir.node "Mul"(%c0, %g0) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %m1 = onnxir.node "Equal"(%i, %e1) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %p1 = onnxir.node "Where"(%m1, %w, %zf) : (!onnxir.any, !onnxir.any, tensor<f32>) -> !onnxir.any
  %g1 = onnxir.node "ReduceSum"(%p1, %last) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %a1 = onnxir.node "MatMul"(%x, %u1) : (tensor<?x4xf32>, tensor<4x6xf32>) -> !onnxir.any
  %b1 = onnxir.node "Relu"(%a1) : (!onnxir.any) -> !onnxir.any
  %c1 = onnxir.node "MatMul"(%b1, %d1) : (!onnxir.any, tensor<6x4xf32>) -> !onnxir.any
  %y1 = onnxir.node "Mul"(%c1, %g1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %m2 = onnxir.node "Equal"(%i, %e2) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %p2 = onnxir.node "Where"(%m2, %w, %zf) : (!onnxir.any, !onnxir.any, tensor<f32>) -> !onnxir.any
  %g2 = onnxir.node "ReduceSum"(%p2, %last) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %a2 = onnxir.node "MatMul"(%x, %u2) : (tensor<?x4xf32>, tensor<4x6xf32>) -> !onnxir.any
  %b2 = onnxir.node "Relu"(%a2) : (!onnxir.any) -> !onnxir.any
  %c2 = onnxir.node "MatMul"(%b2, %d2) : (!onnxir.any, tensor<6x4xf32>) -> !onnxir.any
  %y2 = onnxir.node "Mul"(%c2, %g2) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %s0 = onnxir.node "Add"(%y0, %y1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %y = onnxir.node "Add"(%s0, %y2) : (!onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
