// Tokens counted over their sizes, casts and factors around layers.
// RUN: moe-opt %s --convert-onnx-to-moe --split-input-file | FileCheck %s

// Tokens of two dimensions are counted by a Range over their number.
// CHECK-LABEL: func.func @static_tokens
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 2>
// CHECK: moe.combine %{{.*}} -> tensor<6x4xf32>
// CHECK-NOT: onnxir.node "ScatterND"
// CHECK: return
func.func @static_tokens(%x: tensor<2x3x4xf32>, %wr: tensor<4x3xf32>, %up: tensor<3x6x4xf32>, %down: tensor<3x4x6xf32>) -> tensor<6x4xf32> {
  %two = arith.constant dense<2> : tensor<1xi64>
  %rows = arith.constant dense<[-1, 4]> : tensor<2xi64>
  %e0 = arith.constant dense<0> : tensor<i64>
  %six = arith.constant dense<6> : tensor<i64>
  %unit = arith.constant dense<1> : tensor<i64>
  %col = arith.constant dense<[-1, 1]> : tensor<2xi64>
  %pairs = arith.constant dense<[6, 2]> : tensor<2xi64>
  %all = arith.constant dense<-1> : tensor<1xi64>
  %zf = arith.constant dense<0.000000e+00> : tensor<f32>
  %f = onnxir.node "Reshape"(%x, %rows) : (tensor<2x3x4xf32>, tensor<2xi64>) -> tensor<6x4xf32>
  %l = onnxir.node "MatMul"(%f, %wr) : (tensor<6x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %s = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %w, %i = onnxir.node "TopK"(%s, %two) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %r = onnxir.node "Range"(%e0, %six, %unit) : (tensor<i64>, tensor<i64>, tensor<i64>) -> !onnxir.any
  %rc = onnxir.node "Reshape"(%r, %col) : (!onnxir.any, tensor<2xi64>) -> !onnxir.any
  %re = onnxir.node "Expand"(%rc, %pairs) : (!onnxir.any, tensor<2xi64>) -> !onnxir.any
  %t = onnxir.node "Reshape"(%re, %all) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %xr = onnxir.node "Gather"(%f, %t) : (tensor<6x4xf32>, !onnxir.any) -> !onnxir.any
  %ids = onnxir.node "Reshape"(%i, %all) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %wu = onnxir.node "Gather"(%up, %ids) : (tensor<3x6x4xf32>, !onnxir.any) -> !onnxir.any
  %wd = onnxir.node "Gather"(%down, %ids) : (tensor<3x4x6xf32>, !onnxir.any) -> !onnxir.any
  %xc = onnxir.node "Unsqueeze"(%xr, %two) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %h = onnxir.node "MatMul"(%wu, %xc) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %a = onnxir.node "Relu"(%h) : (!onnxir.any) -> !onnxir.any
  %o = onnxir.node "MatMul"(%wd, %a) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %os = onnxir.node "Squeeze"(%o, %two) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %wc = onnxir.node "Reshape"(%w, %col) : (!onnxir.any, tensor<2xi64>) -> !onnxir.any
  %weighted = onnxir.node "Mul"(%os, %wc) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %at = onnxir.node "Reshape"(%t, %col) : (!onnxir.any, tensor<2xi64>) -> !onnxir.any
  %z = onnxir.node "Mul"(%f, %zf) : (tensor<6x4xf32>, tensor<f32>) -> !onnxir.any
  %y = onnxir.node "ScatterND"(%z, %at, %weighted) {reduction = "add"} : (!onnxir.any, !onnxir.any, !onnxir.any) -> tensor<6x4xf32>
  return %y : tensor<6x4xf32>
}

// -----

// A cast around the layer and what it is added to stays.
// CHECK-LABEL: func.func @widened
// CHECK: %[[Y:.*]] = moe.combine
// CHECK: %[[S:.*]] = onnxir.node "Add"(%[[Y]], %{{.*}})
// CHECK: onnxir.node "Cast"(%[[S]])
// CHECK: return
func.func @widened(%x: tensor<?x4xf16>, %wr: tensor<4x2xf16>, %u0: tensor<4x6xf16>, %d0: tensor<6x4xf16>, %u1: tensor<4x6xf16>, %d1: tensor<6x4xf16>) -> tensor<?x4xf32> {
  %last = arith.constant dense<-1> : tensor<1xi64>
  %one = arith.constant dense<1> : tensor<1xi64>
  %e0 = arith.constant dense<0> : tensor<i64>
  %e1 = arith.constant dense<1> : tensor<i64>
  %zf = arith.constant dense<0.000000e+00> : tensor<f16>
  %l = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf16>, tensor<4x2xf16>) -> !onnxir.any
  %w, %i = onnxir.node "TopK"(%l, %one) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %m0 = onnxir.node "Equal"(%i, %e0) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %g0 = onnxir.node "Where"(%m0, %w, %zf) : (!onnxir.any, !onnxir.any, tensor<f16>) -> !onnxir.any
  %a0 = onnxir.node "MatMul"(%x, %u0) : (tensor<?x4xf16>, tensor<4x6xf16>) -> !onnxir.any
  %b0 = onnxir.node "Relu"(%a0) : (!onnxir.any) -> !onnxir.any
  %c0 = onnxir.node "MatMul"(%b0, %d0) : (!onnxir.any, tensor<6x4xf16>) -> !onnxir.any
  %y0 = onnxir.node "Mul"(%c0, %g0) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %m1 = onnxir.node "Equal"(%i, %e1) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %g1 = onnxir.node "Where"(%m1, %w, %zf) : (!onnxir.any, !onnxir.any, tensor<f16>) -> !onnxir.any
  %a1 = onnxir.node "MatMul"(%x, %u1) : (tensor<?x4xf16>, tensor<4x6xf16>) -> !onnxir.any
  %b1 = onnxir.node "Relu"(%a1) : (!onnxir.any) -> !onnxir.any
  %c1 = onnxir.node "MatMul"(%b1, %d1) : (!onnxir.any, tensor<6x4xf16>) -> !onnxir.any
  %y1 = onnxir.node "Mul"(%c1, %g1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %s = onnxir.node "Add"(%y0, %y1) : (!onnxir.any, !onnxir.any) -> tensor<?x4xf16>
  %r = onnxir.node "Add"(%s, %x) : (tensor<?x4xf16>, tensor<?x4xf16>) -> tensor<?x4xf16>
  %y = onnxir.node "Cast"(%r) {to = 1 : i64} : (tensor<?x4xf16>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// With one slot the number next to the expert is its weight, the other one a factor
// of the layer.
// CHECK-LABEL: func.func @factor_of_the_layer
// CHECK: %[[W:.*]], %[[IDS:.*]] = moe.gate %{{.*}} score<softmax> select<top_k, k = 1>
// CHECK: %[[F:.*]] = onnxir.node "Mul"(%[[W]], %{{.*}})
// CHECK: moe.combine %{{.*}}, %[[F]]
// CHECK-NOT: onnxir.node
// CHECK: return
func.func @factor_of_the_layer(%x: tensor<?x4xf32>, %wr: tensor<4x2xf32>, %wc: tensor<4x1xf32>, %u0: tensor<4x6xf32>, %d0: tensor<6x4xf32>, %u1: tensor<4x6xf32>, %d1: tensor<6x4xf32>) -> tensor<?x4xf32> {
  %one = arith.constant dense<1> : tensor<1xi64>
  %e0 = arith.constant dense<0> : tensor<i64>
  %e1 = arith.constant dense<1> : tensor<i64>
  %zf = arith.constant dense<0.000000e+00> : tensor<f32>
  %l = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %sc = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %w, %i = onnxir.node "TopK"(%sc, %one) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %f = onnxir.node "MatMul"(%x, %wc) : (tensor<?x4xf32>, tensor<4x1xf32>) -> !onnxir.any
  %c = onnxir.node "Sigmoid"(%f) : (!onnxir.any) -> !onnxir.any
  %m0 = onnxir.node "Equal"(%i, %e0) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %g0 = onnxir.node "Where"(%m0, %w, %zf) : (!onnxir.any, !onnxir.any, tensor<f32>) -> !onnxir.any
  %a0 = onnxir.node "MatMul"(%x, %u0) : (tensor<?x4xf32>, tensor<4x6xf32>) -> !onnxir.any
  %b0 = onnxir.node "Relu"(%a0) : (!onnxir.any) -> !onnxir.any
  %c0 = onnxir.node "MatMul"(%b0, %d0) : (!onnxir.any, tensor<6x4xf32>) -> !onnxir.any
  %y0 = onnxir.node "Mul"(%c0, %g0) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %m1 = onnxir.node "Equal"(%i, %e1) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %g1 = onnxir.node "Where"(%m1, %w, %zf) : (!onnxir.any, !onnxir.any, tensor<f32>) -> !onnxir.any
  %a1 = onnxir.node "MatMul"(%x, %u1) : (tensor<?x4xf32>, tensor<4x6xf32>) -> !onnxir.any
  %b1 = onnxir.node "Relu"(%a1) : (!onnxir.any) -> !onnxir.any
  %c1 = onnxir.node "MatMul"(%b1, %d1) : (!onnxir.any, tensor<6x4xf32>) -> !onnxir.any
  %y1 = onnxir.node "Mul"(%c1, %g1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %s = onnxir.node "Add"(%y0, %y1) : (!onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  %y = onnxir.node "Mul"(%s, %c) : (tensor<?x4xf32>, !onnxir.any) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// What a contributed operator gives has the sizes of its input.
// CHECK-LABEL: func.func @behind_a_contributed_layer
// CHECK: moe.gate %{{.*}} tie = higher
// CHECK: moe.combine
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 1>
// CHECK: moe.combine
// CHECK-NOT: onnxir.node "ScatterElements"
// CHECK: return
func.func @behind_a_contributed_layer(%x: tensor<2x3x4xf32>, %wr: tensor<4x2xf32>, %f1: tensor<2x6x4xf32>, %f2: tensor<2x4x6xf32>, %up: tensor<2x4x6xf32>, %down: tensor<2x6x4xf32>) -> tensor<6x4xf32> {
  %one = arith.constant dense<1> : tensor<1xi64>
  %first = arith.constant dense<0> : tensor<1xi64>
  %rows = arith.constant dense<[-1, 4]> : tensor<2xi64>
  %zf = arith.constant dense<0.000000e+00> : tensor<f32>
  %f = onnxir.node "Reshape"(%x, %rows) : (tensor<2x3x4xf32>, tensor<2xi64>) -> tensor<6x4xf32>
  %l0 = onnxir.node "MatMul"(%f, %wr) : (tensor<6x4xf32>, tensor<4x2xf32>) -> tensor<6x2xf32>
  %m = onnxir.node "MoE" domain "com.microsoft"(%f, %l0, %f1, none, %f2) {k = 1 : i64} : (tensor<6x4xf32>, tensor<6x2xf32>, tensor<2x6x4xf32>, tensor<2x4x6xf32>) -> !onnxir.any
  %r = onnxir.node "Add"(%f, %m) : (tensor<6x4xf32>, !onnxir.any) -> !onnxir.any
  %l = onnxir.node "MatMul"(%r, %wr) : (!onnxir.any, tensor<4x2xf32>) -> tensor<6x2xf32>
  %s = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (tensor<6x2xf32>) -> !onnxir.any
  %w, %i = onnxir.node "TopK"(%s, %one) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %z = onnxir.node "Mul"(%l, %zf) : (tensor<6x2xf32>, tensor<f32>) -> !onnxir.any
  %g = onnxir.node "ScatterElements"(%z, %i, %w) {axis = 1 : i64} : (!onnxir.any, !onnxir.any, !onnxir.any) -> !onnxir.any
  %ru = onnxir.node "Unsqueeze"(%r, %first) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %a = onnxir.node "MatMul"(%ru, %up) : (!onnxir.any, tensor<2x4x6xf32>) -> !onnxir.any
  %b = onnxir.node "Relu"(%a) : (!onnxir.any) -> !onnxir.any
  %c = onnxir.node "MatMul"(%b, %down) : (!onnxir.any, tensor<2x6x4xf32>) -> !onnxir.any
  %y = onnxir.node "Einsum"(%g, %c) {equation = "te,eth->th"} : (!onnxir.any, !onnxir.any) -> tensor<6x4xf32>
  return %y : tensor<6x4xf32>
}
