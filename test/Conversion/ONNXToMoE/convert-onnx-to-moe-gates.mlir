// Gates of experts, columns of a table or masks, by what their elements are.
// RUN: moe-opt %s --convert-onnx-to-moe --split-input-file | FileCheck %s

// Weights scattered into logits times 0, of which each expert takes a column.
// CHECK-LABEL: func.func @scattered
// CHECK: moe.gate %{{.*}} score<sigmoid> select<top_k, k = 2>
// CHECK-NOT: onnxir.node "ScatterElements"
// CHECK: moe.combine
// CHECK: return
func.func @scattered(%x: tensor<?x4xf32>, %wr: tensor<4x3xf32>, %u0: tensor<4x6xf32>, %d0: tensor<6x4xf32>, %u1: tensor<4x6xf32>, %d1: tensor<6x4xf32>, %u2: tensor<4x6xf32>, %d2: tensor<6x4xf32>) -> tensor<?x4xf32> {
  %last = arith.constant dense<-1> : tensor<1xi64>
  %two = arith.constant dense<2> : tensor<1xi64>
  %e0 = arith.constant dense<0> : tensor<i64>
  %e1 = arith.constant dense<1> : tensor<i64>
  %e2 = arith.constant dense<2> : tensor<i64>
  %zf = arith.constant dense<0.000000e+00> : tensor<f32>
  %l = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %s = onnxir.node "Sigmoid"(%l) : (!onnxir.any) -> !onnxir.any
  %v, %i = onnxir.node "TopK"(%s, %two) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %z = onnxir.node "Mul"(%l, %zf) : (!onnxir.any, tensor<f32>) -> tensor<?x3xf32>
  %t = onnxir.node "ScatterElements"(%z, %i, %v) {axis = 1 : i64} : (tensor<?x3xf32>, !onnxir.any, !onnxir.any) -> !onnxir.any
  %h0 = onnxir.node "Gather"(%t, %e0) {axis = 1 : i64} : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %g0 = onnxir.node "Unsqueeze"(%h0, %last) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %a0 = onnxir.node "MatMul"(%x, %u0) : (tensor<?x4xf32>, tensor<4x6xf32>) -> !onnxir.any
  %b0 = onnxir.node "Relu"(%a0) : (!onnxir.any) -> !onnxir.any
  %c0 = onnxir.node "MatMul"(%b0, %d0) : (!onnxir.any, tensor<6x4xf32>) -> !onnxir.any
  %y0 = onnxir.node "Mul"(%c0, %g0) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %h1 = onnxir.node "Gather"(%t, %e1) {axis = 1 : i64} : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %g1 = onnxir.node "Unsqueeze"(%h1, %last) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %a1 = onnxir.node "MatMul"(%x, %u1) : (tensor<?x4xf32>, tensor<4x6xf32>) -> !onnxir.any
  %b1 = onnxir.node "Relu"(%a1) : (!onnxir.any) -> !onnxir.any
  %c1 = onnxir.node "MatMul"(%b1, %d1) : (!onnxir.any, tensor<6x4xf32>) -> !onnxir.any
  %y1 = onnxir.node "Mul"(%c1, %g1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %h2 = onnxir.node "Gather"(%t, %e2) {axis = 1 : i64} : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %g2 = onnxir.node "Unsqueeze"(%h2, %last) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %a2 = onnxir.node "MatMul"(%x, %u2) : (tensor<?x4xf32>, tensor<4x6xf32>) -> !onnxir.any
  %b2 = onnxir.node "Relu"(%a2) : (!onnxir.any) -> !onnxir.any
  %c2 = onnxir.node "MatMul"(%b2, %d2) : (!onnxir.any, tensor<6x4xf32>) -> !onnxir.any
  %y2 = onnxir.node "Mul"(%c2, %g2) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %s0 = onnxir.node "Add"(%y0, %y1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %y = onnxir.node "Add"(%s0, %y2) : (!onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// Tokens of an expert are those whose weight, a sum over marks, is above 0.
// CHECK-LABEL: func.func @tested
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 2> normalize<sum>
// CHECK-NOT: onnxir.node "NonZero"
// CHECK: moe.combine
// CHECK: return
func.func @tested(%x: tensor<?x4xf32>, %wr: tensor<4x3xf32>, %u0: tensor<4x6xf32>, %d0: tensor<6x4xf32>, %u1: tensor<4x6xf32>, %d1: tensor<6x4xf32>, %u2: tensor<4x6xf32>, %d2: tensor<6x4xf32>) -> tensor<?x4xf32> {
  %last = arith.constant dense<-1> : tensor<1xi64>
  %zero = arith.constant dense<0> : tensor<1xi64>
  %one = arith.constant dense<1> : tensor<1xi64>
  %two = arith.constant dense<2> : tensor<1xi64>
  %e0 = arith.constant dense<0> : tensor<i64>
  %e1 = arith.constant dense<1> : tensor<i64>
  %e2 = arith.constant dense<2> : tensor<i64>
  %numbers = arith.constant dense<[0, 1, 2]> : tensor<3xi64>
  %zf = arith.constant dense<0.000000e+00> : tensor<f32>
  %col = arith.constant dense<[-1, 1]> : tensor<2xi64>
  %l = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %s = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v, %i = onnxir.node "TopK"(%s, %two) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %tt = onnxir.node "ReduceSum"(%v, %last) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %w = onnxir.node "Div"(%v, %tt) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %iu = onnxir.node "Unsqueeze"(%i, %two) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %mk = onnxir.node "Equal"(%iu, %numbers) : (!onnxir.any, tensor<3xi64>) -> !onnxir.any
  %wu = onnxir.node "Unsqueeze"(%w, %two) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %mw = onnxir.node "Where"(%mk, %wu, %zf) : (!onnxir.any, !onnxir.any, tensor<f32>) -> !onnxir.any
  %t = onnxir.node "ReduceSum"(%mw, %one) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %acc0 = onnxir.node "Mul"(%x, %zf) : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %h0 = onnxir.node "Gather"(%t, %e0) {axis = 1 : i64} : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %q0 = onnxir.node "Greater"(%h0, %zf) : (!onnxir.any, tensor<f32>) -> !onnxir.any
  %n0 = onnxir.node "NonZero"(%q0) : (!onnxir.any) -> !onnxir.any
  %r0 = onnxir.node "Squeeze"(%n0, %zero) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %x0 = onnxir.node "Gather"(%x, %r0) : (tensor<?x4xf32>, !onnxir.any) -> !onnxir.any
  %a0 = onnxir.node "MatMul"(%x0, %u0) : (!onnxir.any, tensor<4x6xf32>) -> !onnxir.any
  %b0 = onnxir.node "Relu"(%a0) : (!onnxir.any) -> !onnxir.any
  %c0 = onnxir.node "MatMul"(%b0, %d0) : (!onnxir.any, tensor<6x4xf32>) -> !onnxir.any
  %hr0 = onnxir.node "Gather"(%h0, %r0) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %g0 = onnxir.node "Reshape"(%hr0, %col) : (!onnxir.any, tensor<2xi64>) -> !onnxir.any
  %y0 = onnxir.node "Mul"(%c0, %g0) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %at0 = onnxir.node "Reshape"(%r0, %col) : (!onnxir.any, tensor<2xi64>) -> !onnxir.any
  %acc1 = onnxir.node "ScatterND"(%acc0, %at0, %y0) {reduction = "add"} : (tensor<?x4xf32>, !onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  %h1 = onnxir.node "Gather"(%t, %e1) {axis = 1 : i64} : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %q1 = onnxir.node "Greater"(%h1, %zf) : (!onnxir.any, tensor<f32>) -> !onnxir.any
  %n1 = onnxir.node "NonZero"(%q1) : (!onnxir.any) -> !onnxir.any
  %r1 = onnxir.node "Squeeze"(%n1, %zero) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %x1 = onnxir.node "Gather"(%x, %r1) : (tensor<?x4xf32>, !onnxir.any) -> !onnxir.any
  %a1 = onnxir.node "MatMul"(%x1, %u1) : (!onnxir.any, tensor<4x6xf32>) -> !onnxir.any
  %b1 = onnxir.node "Relu"(%a1) : (!onnxir.any) -> !onnxir.any
  %c1 = onnxir.node "MatMul"(%b1, %d1) : (!onnxir.any, tensor<6x4xf32>) -> !onnxir.any
  %hr1 = onnxir.node "Gather"(%h1, %r1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %g1 = onnxir.node "Reshape"(%hr1, %col) : (!onnxir.any, tensor<2xi64>) -> !onnxir.any
  %y1 = onnxir.node "Mul"(%c1, %g1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %at1 = onnxir.node "Reshape"(%r1, %col) : (!onnxir.any, tensor<2xi64>) -> !onnxir.any
  %acc2 = onnxir.node "ScatterND"(%acc1, %at1, %y1) {reduction = "add"} : (tensor<?x4xf32>, !onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  %h2 = onnxir.node "Gather"(%t, %e2) {axis = 1 : i64} : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %q2 = onnxir.node "Greater"(%h2, %zf) : (!onnxir.any, tensor<f32>) -> !onnxir.any
  %n2 = onnxir.node "NonZero"(%q2) : (!onnxir.any) -> !onnxir.any
  %r2 = onnxir.node "Squeeze"(%n2, %zero) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %x2 = onnxir.node "Gather"(%x, %r2) : (tensor<?x4xf32>, !onnxir.any) -> !onnxir.any
  %a2 = onnxir.node "MatMul"(%x2, %u2) : (!onnxir.any, tensor<4x6xf32>) -> !onnxir.any
  %b2 = onnxir.node "Relu"(%a2) : (!onnxir.any) -> !onnxir.any
  %c2 = onnxir.node "MatMul"(%b2, %d2) : (!onnxir.any, tensor<6x4xf32>) -> !onnxir.any
  %hr2 = onnxir.node "Gather"(%h2, %r2) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %g2 = onnxir.node "Reshape"(%hr2, %col) : (!onnxir.any, tensor<2xi64>) -> !onnxir.any
  %y2 = onnxir.node "Mul"(%c2, %g2) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %at2 = onnxir.node "Reshape"(%r2, %col) : (!onnxir.any, tensor<2xi64>) -> !onnxir.any
  %yy = onnxir.node "ScatterND"(%acc2, %at2, %y2) {reduction = "add"} : (tensor<?x4xf32>, !onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %yy : tensor<?x4xf32>
}

// -----

// One network, and experts that are a constant and the token, by the masked weight
// of one choice.
// CHECK-LABEL: func.func @other_kinds
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 1>
// CHECK: %[[F:.*]] = moe.ffn_experts
// CHECK: %[[K:.*]] = moe.constant_experts %{{.*}} : !moe.weights<1x4, f32> -> !moe.experts<1, 4 -> 4>
// CHECK: %[[Y:.*]] = moe.copy_experts
// CHECK: moe.experts %{{.*}}, (%[[F]], %[[K]], %[[Y]])
// CHECK-NOT: onnxir.node
// CHECK: return
func.func @other_kinds(%x: tensor<?x4xf32>, %wr: tensor<4x3xf32>, %u0: tensor<4x6xf32>, %d0: tensor<6x4xf32>) -> tensor<?x4xf32> {
  %one = arith.constant dense<1> : tensor<1xi64>
  %e0 = arith.constant dense<0> : tensor<i64>
  %e1 = arith.constant dense<1> : tensor<i64>
  %e2 = arith.constant dense<2> : tensor<i64>
  %zf = arith.constant dense<0.000000e+00> : tensor<f32>
  %vector = onnxir.get_weight @vector : tensor<4xf32>
  %l = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %s = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %w, %i = onnxir.node "TopK"(%s, %one) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %m0 = onnxir.node "Equal"(%i, %e0) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %g0 = onnxir.node "Where"(%m0, %w, %zf) : (!onnxir.any, !onnxir.any, tensor<f32>) -> !onnxir.any
  %m1 = onnxir.node "Equal"(%i, %e1) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %g1 = onnxir.node "Where"(%m1, %w, %zf) : (!onnxir.any, !onnxir.any, tensor<f32>) -> !onnxir.any
  %m2 = onnxir.node "Equal"(%i, %e2) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %g2 = onnxir.node "Where"(%m2, %w, %zf) : (!onnxir.any, !onnxir.any, tensor<f32>) -> !onnxir.any
  %a0 = onnxir.node "MatMul"(%x, %u0) : (tensor<?x4xf32>, tensor<4x6xf32>) -> !onnxir.any
  %b0 = onnxir.node "Relu"(%a0) : (!onnxir.any) -> !onnxir.any
  %c0 = onnxir.node "MatMul"(%b0, %d0) : (!onnxir.any, tensor<6x4xf32>) -> !onnxir.any
  %y0 = onnxir.node "Mul"(%c0, %g0) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %y1 = onnxir.node "Mul"(%g1, %vector) : (!onnxir.any, tensor<4xf32>) -> !onnxir.any
  %y2 = onnxir.node "Mul"(%x, %g2) : (tensor<?x4xf32>, !onnxir.any) -> !onnxir.any
  %s0 = onnxir.node "Add"(%y0, %y1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %y = onnxir.node "Add"(%s0, %y2) : (!onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
onnxir.weight @vector = dense<[1.0, -2.0, 3.0, 0.5]> : tensor<4xf32>

// -----

// A choice of the only expert.
// CHECK-LABEL: func.func @one_of_one
// CHECK: moe.gate %{{.*}} score<sigmoid> select<top_k, k = 1> : tensor<?x1xf32>
// CHECK: moe.ffn_experts
// CHECK-NOT: onnxir.node
// CHECK: return
func.func @one_of_one(%x: tensor<?x4xf32>, %wr: tensor<4x1xf32>, %u0: tensor<4x6xf32>, %d0: tensor<6x4xf32>) -> tensor<?x4xf32> {
  %one = arith.constant dense<1> : tensor<1xi64>
  %e0 = arith.constant dense<0> : tensor<i64>
  %zf = arith.constant dense<0.000000e+00> : tensor<f32>
  %l = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x1xf32>) -> !onnxir.any
  %s = onnxir.node "Sigmoid"(%l) : (!onnxir.any) -> !onnxir.any
  %w, %i = onnxir.node "TopK"(%s, %one) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %m0 = onnxir.node "Equal"(%i, %e0) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %g0 = onnxir.node "Where"(%m0, %w, %zf) : (!onnxir.any, !onnxir.any, tensor<f32>) -> !onnxir.any
  %a0 = onnxir.node "MatMul"(%x, %u0) : (tensor<?x4xf32>, tensor<4x6xf32>) -> !onnxir.any
  %b0 = onnxir.node "Relu"(%a0) : (!onnxir.any) -> !onnxir.any
  %c0 = onnxir.node "MatMul"(%b0, %d0) : (!onnxir.any, tensor<6x4xf32>) -> !onnxir.any
  %y = onnxir.node "Mul"(%c0, %g0) : (!onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
