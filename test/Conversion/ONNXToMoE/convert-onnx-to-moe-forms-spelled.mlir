// Spellings of a layer that random graphs found to be missed.
// RUN: moe-opt %s --convert-onnx-to-moe --split-input-file | FileCheck %s

// One pick: its slot is a dimension of size 1, in the result as well. Tokens
// are two dimensions, that the gathered weights do not have.
// CHECK-LABEL: func.func @one_pick
// CHECK-NOT: onnxir.node "{{TopK|Gather|Relu}}"
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 1> : tensor<6x3xf32>
// CHECK: %[[Y:.*]] = moe.combine
// CHECK: tensor.expand_shape %[[Y]] {{.*}} : tensor<6x4xf32> into tensor<6x1x4x1xf32>
func.func @one_pick(%x: tensor<2x3x4xf32>, %wr: tensor<4x3xf32>, %u: tensor<3x2x4xf32>, %d: tensor<3x4x2xf32>) -> tensor<6x4xf32> {
  %rows = arith.constant dense<[-1, 4]> : tensor<2xi64>
  %columns = arith.constant dense<[-1, 1, 4, 1]> : tensor<4xi64>
  %weights = arith.constant dense<[-1, 1, 1, 1]> : tensor<4xi64>
  %k = arith.constant dense<1> : tensor<1xi64>
  %last = arith.constant dense<3> : tensor<1xi64>
  %0 = onnxir.node "Reshape"(%x, %rows) : (tensor<2x3x4xf32>, tensor<2xi64>) -> !onnxir.any
  %1 = onnxir.node "MatMul"(%0, %wr) : (!onnxir.any, tensor<4x3xf32>) -> !onnxir.any
  %2 = onnxir.node "Softmax"(%1) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %3, %4 = onnxir.node "TopK"(%2, %k) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %5 = onnxir.node "Reshape"(%0, %columns) : (!onnxir.any, tensor<4xi64>) -> !onnxir.any
  %6 = onnxir.node "Gather"(%u, %4) {axis = 0 : i64} : (tensor<3x2x4xf32>, !onnxir.any) -> !onnxir.any
  %7 = onnxir.node "MatMul"(%6, %5) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %8 = onnxir.node "Relu"(%7) : (!onnxir.any) -> !onnxir.any
  %9 = onnxir.node "Gather"(%d, %4) {axis = 0 : i64} : (tensor<3x4x2xf32>, !onnxir.any) -> !onnxir.any
  %10 = onnxir.node "MatMul"(%9, %8) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %11 = onnxir.node "Reshape"(%3, %weights) : (!onnxir.any, tensor<4xi64>) -> !onnxir.any
  %12 = onnxir.node "Mul"(%10, %11) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %13 = onnxir.node "ReduceSum"(%12, %k) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %14 = onnxir.node "Reshape"(%13, %rows) : (!onnxir.any, tensor<2xi64>) -> tensor<6x4xf32>
  return %14 : tensor<6x4xf32>
}

// -----

// Tokens are those whose gate is not 0.
// CHECK-LABEL: func.func @nonzero_gates
// CHECK-NOT: onnxir.node "{{NonZero|ScatterND|Relu}}"
// CHECK: moe.gate %{{.*}} score<softmax> select<all, k = 2>
// CHECK: moe.combine
func.func @nonzero_gates(%x: tensor<?x4xf32>, %wr: tensor<4x2xf32>, %u0: tensor<4x2xf32>, %d0: tensor<2x4xf32>, %u1: tensor<4x2xf32>, %d1: tensor<2x4xf32>) -> tensor<?x4xf32> {
  %e0 = arith.constant dense<0> : tensor<i64>
  %e1 = arith.constant dense<1> : tensor<i64>
  %flat = arith.constant dense<-1> : tensor<1xi64>
  %column = arith.constant dense<[-1, 1]> : tensor<2xi64>
  %none = arith.constant dense<0.0> : tensor<f32>
  %l = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %g = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %z = onnxir.node "Mul"(%x, %none) : (tensor<?x4xf32>, tensor<f32>) -> !onnxir.any
  %w0 = onnxir.node "Gather"(%g, %e0) {axis = 1 : i64} : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %n0 = onnxir.node "NonZero"(%w0) : (!onnxir.any) -> !onnxir.any
  %t0 = onnxir.node "Reshape"(%n0, %flat) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %x0 = onnxir.node "Gather"(%x, %t0) {axis = 0 : i64} : (tensor<?x4xf32>, !onnxir.any) -> !onnxir.any
  %h0 = onnxir.node "MatMul"(%x0, %u0) : (!onnxir.any, tensor<4x2xf32>) -> !onnxir.any
  %a0 = onnxir.node "Relu"(%h0) : (!onnxir.any) -> !onnxir.any
  %y0 = onnxir.node "MatMul"(%a0, %d0) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %p0 = onnxir.node "Gather"(%w0, %t0) {axis = 0 : i64} : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %q0 = onnxir.node "Reshape"(%p0, %column) : (!onnxir.any, tensor<2xi64>) -> !onnxir.any
  %m0 = onnxir.node "Mul"(%y0, %q0) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %i0 = onnxir.node "Reshape"(%t0, %column) : (!onnxir.any, tensor<2xi64>) -> !onnxir.any
  %s0 = onnxir.node "ScatterND"(%z, %i0, %m0) {reduction = "add"} : (!onnxir.any, !onnxir.any, !onnxir.any) -> !onnxir.any
  %w1 = onnxir.node "Gather"(%g, %e1) {axis = 1 : i64} : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %n1 = onnxir.node "NonZero"(%w1) : (!onnxir.any) -> !onnxir.any
  %t1 = onnxir.node "Reshape"(%n1, %flat) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %x1 = onnxir.node "Gather"(%x, %t1) {axis = 0 : i64} : (tensor<?x4xf32>, !onnxir.any) -> !onnxir.any
  %h1 = onnxir.node "MatMul"(%x1, %u1) : (!onnxir.any, tensor<4x2xf32>) -> !onnxir.any
  %a1 = onnxir.node "Relu"(%h1) : (!onnxir.any) -> !onnxir.any
  %y1 = onnxir.node "MatMul"(%a1, %d1) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %p1 = onnxir.node "Gather"(%w1, %t1) {axis = 0 : i64} : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %q1 = onnxir.node "Reshape"(%p1, %column) : (!onnxir.any, tensor<2xi64>) -> !onnxir.any
  %m1 = onnxir.node "Mul"(%y1, %q1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %i1 = onnxir.node "Reshape"(%t1, %column) : (!onnxir.any, tensor<2xi64>) -> !onnxir.any
  %s1 = onnxir.node "ScatterND"(%s0, %i1, %m1) {reduction = "add"} : (!onnxir.any, !onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %s1 : tensor<?x4xf32>
}

// -----

// Tokens are repeated, sorted by expert, and split by the experts' counts.
// CHECK-LABEL: func.func @split_by_counts
// CHECK-NOT: onnxir.node "{{TopK|Split|Gather|Relu|ReduceSum}}"
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 2>
// CHECK: moe.combine
func.func @split_by_counts(%x: tensor<?x4xf32> {onnxir.dims = ["tokens", 4]}, %wr: tensor<4x3xf32>, %u0: tensor<4x2xf32>, %d0: tensor<2x4xf32>, %u1: tensor<4x2xf32>, %d1: tensor<2x4xf32>, %u2: tensor<4x2xf32>, %d2: tensor<2x4xf32>) -> tensor<?x4xf32> {
  %k = arith.constant dense<2> : tensor<1xi64>
  %flat = arith.constant dense<-1> : tensor<1xi64>
  %zero = arith.constant dense<0> : tensor<1xi64>
  %one = arith.constant dense<1> : tensor<1xi64>
  %times = arith.constant dense<[1, 2, 1]> : tensor<3xi64>
  %rows = arith.constant dense<[-1, 4]> : tensor<2xi64>
  %slots = arith.constant dense<[-1, 2, 4]> : tensor<3xi64>
  %column = arith.constant dense<[-1, 1]> : tensor<2xi64>
  %numbers = arith.constant dense<[0, 1, 2]> : tensor<3xi64>
  %l = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %p = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %w, %i = onnxir.node "TopK"(%p, %k) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %ids = onnxir.node "Reshape"(%i, %flat) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %size = onnxir.node "Shape"(%ids) : (!onnxir.any) -> !onnxir.any
  %sorted, %order = onnxir.node "TopK"(%ids, %size) {axis = 0 : i64, largest = 0 : i64} : (!onnxir.any, !onnxir.any) -> (!onnxir.any, !onnxir.any)
  %c = onnxir.node "Reshape"(%ids, %column) : (!onnxir.any, tensor<2xi64>) -> !onnxir.any
  %marks = onnxir.node "Equal"(%c, %numbers) : (!onnxir.any, tensor<3xi64>) -> !onnxir.any
  %ones = onnxir.node "Cast"(%marks) {to = 7 : i64} : (!onnxir.any) -> !onnxir.any
  %counts = onnxir.node "ReduceSum"(%ones, %zero) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %wide = onnxir.node "Unsqueeze"(%x, %one) : (tensor<?x4xf32>, tensor<1xi64>) -> !onnxir.any
  %tiled = onnxir.node "Expand"(%wide, %times) : (!onnxir.any, tensor<3xi64>) -> !onnxir.any
  %pairs = onnxir.node "Reshape"(%tiled, %rows) : (!onnxir.any, tensor<2xi64>) -> !onnxir.any
  %in = onnxir.node "Gather"(%pairs, %order) {axis = 0 : i64} : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %x0, %x1, %x2 = onnxir.node "Split"(%in, %counts) {axis = 0 : i64} : (!onnxir.any, !onnxir.any) -> (!onnxir.any, !onnxir.any, !onnxir.any)
  %h0 = onnxir.node "MatMul"(%x0, %u0) : (!onnxir.any, tensor<4x2xf32>) -> !onnxir.any
  %a0 = onnxir.node "Relu"(%h0) : (!onnxir.any) -> !onnxir.any
  %y0 = onnxir.node "MatMul"(%a0, %d0) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %h1 = onnxir.node "MatMul"(%x1, %u1) : (!onnxir.any, tensor<4x2xf32>) -> !onnxir.any
  %a1 = onnxir.node "Relu"(%h1) : (!onnxir.any) -> !onnxir.any
  %y1 = onnxir.node "MatMul"(%a1, %d1) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %h2 = onnxir.node "MatMul"(%x2, %u2) : (!onnxir.any, tensor<4x2xf32>) -> !onnxir.any
  %a2 = onnxir.node "Relu"(%h2) : (!onnxir.any) -> !onnxir.any
  %y2 = onnxir.node "MatMul"(%a2, %d2) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %all = onnxir.node "Concat"(%y0, %y1, %y2) {axis = 0 : i64} : (!onnxir.any, !onnxir.any, !onnxir.any) -> !onnxir.any
  %back, %inverse = onnxir.node "TopK"(%order, %size) {axis = 0 : i64, largest = 0 : i64} : (!onnxir.any, !onnxir.any) -> (!onnxir.any, !onnxir.any)
  %out = onnxir.node "Gather"(%all, %inverse) {axis = 0 : i64} : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %split = onnxir.node "Reshape"(%out, %slots) : (!onnxir.any, tensor<3xi64>) -> !onnxir.any
  %wc = onnxir.node "Unsqueeze"(%w, %k) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %m = onnxir.node "Mul"(%split, %wc) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %y = onnxir.node "ReduceSum"(%m, %one) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// Tokens that are columns: a dimension of size 1 follows their features.
// CHECK-LABEL: func.func @columns
// CHECK-SAME: %[[X:.*]]: tensor<?x1x4x1xf32>,
// CHECK: tensor.collapse_shape %[[X]] {{\[\[}}0], [1], [2, 3]] : tensor<?x1x4x1xf32> into tensor<?x1x4xf32>
// CHECK: moe.ffn_experts {{.*}} !moe.experts<3, 4 -> 4>
// CHECK: moe.combine
func.func @columns(%x: tensor<?x1x4x1xf32>, %wr: tensor<4x3xf32>, %u: tensor<3x2x4xf32>, %d: tensor<3x4x2xf32>) -> tensor<?x4xf32> {
  %rows = arith.constant dense<[-1, 4]> : tensor<2xi64>
  %weights = arith.constant dense<[-1, 2, 1, 1]> : tensor<4xi64>
  %k = arith.constant dense<2> : tensor<1xi64>
  %one = arith.constant dense<1> : tensor<1xi64>
  %0 = onnxir.node "Reshape"(%x, %rows) : (tensor<?x1x4x1xf32>, tensor<2xi64>) -> !onnxir.any
  %1 = onnxir.node "MatMul"(%0, %wr) : (!onnxir.any, tensor<4x3xf32>) -> !onnxir.any
  %2 = onnxir.node "Softmax"(%1) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %3, %4 = onnxir.node "TopK"(%2, %k) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %6 = onnxir.node "Gather"(%u, %4) {axis = 0 : i64} : (tensor<3x2x4xf32>, !onnxir.any) -> !onnxir.any
  %7 = onnxir.node "MatMul"(%6, %x) : (!onnxir.any, tensor<?x1x4x1xf32>) -> !onnxir.any
  %8 = onnxir.node "Relu"(%7) : (!onnxir.any) -> !onnxir.any
  %9 = onnxir.node "Gather"(%d, %4) {axis = 0 : i64} : (tensor<3x4x2xf32>, !onnxir.any) -> !onnxir.any
  %10 = onnxir.node "MatMul"(%9, %8) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %11 = onnxir.node "Reshape"(%3, %weights) : (!onnxir.any, tensor<4xi64>) -> !onnxir.any
  %12 = onnxir.node "Mul"(%10, %11) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %13 = onnxir.node "ReduceSum"(%12, %one) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %14 = onnxir.node "Reshape"(%13, %rows) : (!onnxir.any, tensor<2xi64>) -> tensor<?x4xf32>
  return %14 : tensor<?x4xf32>
}
