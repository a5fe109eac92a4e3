// Layers whose tokens are brought to places of experts by a one-hot tensor.
// RUN: moe-opt %s --convert-onnx-to-moe --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @switch
// CHECK-SAME: %[[X:.*]]: tensor<?x16xf32>, %[[G:.*]]: tensor<16x4xf32>
// CHECK: %[[L:.*]] = onnxir.node "MatMul"(%[[X]], %[[G]])
// CHECK-NOT: onnxir.node
// CHECK: %[[W:.*]], %[[IDS:.*]] = moe.gate %[[L]] score<softmax> select<top_k, k = 1> capacity<count = 3> : tensor<?x4xf32>
// CHECK: %[[P:.*]] = moe.plan %[[IDS]]
// CHECK: moe.dispatch %[[X]], %[[P]]
// CHECK: moe.ffn_experts {{.*}} activation<relu>
// CHECK: moe.combine %{{.*}}, %[[P]], %[[W]]
// CHECK-NOT: onnxir.node
// CHECK: return
func.func @switch(%x: tensor<?x16xf32>, %g: tensor<16x4xf32>) -> tensor<?x16xf32> {
  %w1 = onnxir.get_weight @w1 : tensor<4x16x24xf32>
  %w2 = onnxir.get_weight @w2 : tensor<4x24x16xf32>
  %last = arith.constant dense<-1> : tensor<1xi64>
  %mid = arith.constant dense<1> : tensor<1xi64>
  %tokens = arith.constant dense<0> : tensor<i64>
  %one = arith.constant dense<1> : tensor<i64>
  %ids = arith.constant dense<[0, 1, 2, 3]> : tensor<4xi64>
  %places = arith.constant dense<[0, 1, 2]> : tensor<3xi64>
  %l = onnxir.node "MatMul"(%x, %g) : (tensor<?x16xf32>, tensor<16x4xf32>) -> tensor<?x4xf32>
  %p = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %w = onnxir.node "ReduceMax"(%p, %last) : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %i = onnxir.node "ArgMax"(%p) {axis = -1 : i64} : (tensor<?x4xf32>) -> tensor<?x1xi64>
  %mb = onnxir.node "Equal"(%i, %ids) : (tensor<?x1xi64>, tensor<4xi64>) -> tensor<?x4xi1>
  %m = onnxir.node "Cast"(%mb) {to = 7 : i64} : (tensor<?x4xi1>) -> tensor<?x4xi64>
  %c = onnxir.node "CumSum"(%m, %tokens) : (tensor<?x4xi64>, tensor<i64>) -> tensor<?x4xi64>
  %cm = onnxir.node "Mul"(%c, %m) : (tensor<?x4xi64>, tensor<?x4xi64>) -> tensor<?x4xi64>
  %n = onnxir.node "ReduceSum"(%cm, %last) : (tensor<?x4xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %pos = onnxir.node "Sub"(%n, %one) : (tensor<?x1xi64>, tensor<i64>) -> tensor<?x1xi64>
  %hb = onnxir.node "Equal"(%pos, %places) : (tensor<?x1xi64>, tensor<3xi64>) -> tensor<?x3xi1>
  %h = onnxir.node "Cast"(%hb) {to = 1 : i64} : (tensor<?x3xi1>) -> tensor<?x3xf32>
  %hu = onnxir.node "Unsqueeze"(%h, %mid) : (tensor<?x3xf32>, tensor<1xi64>) -> tensor<?x1x3xf32>
  %mf = onnxir.node "Cast"(%m) {to = 1 : i64} : (tensor<?x4xi64>) -> tensor<?x4xf32>
  %mu = onnxir.node "Unsqueeze"(%mf, %last) : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x4x1xf32>
  %d = onnxir.node "Mul"(%mu, %hu) : (tensor<?x4x1xf32>, tensor<?x1x3xf32>) -> tensor<?x4x3xf32>
  %in = onnxir.node "Einsum"(%d, %x) {equation = "nec,nh->ech"} : (tensor<?x4x3xf32>, tensor<?x16xf32>) -> tensor<4x3x16xf32>
  %up = onnxir.node "MatMul"(%in, %w1) : (tensor<4x3x16xf32>, tensor<4x16x24xf32>) -> tensor<4x3x24xf32>
  %a = onnxir.node "Relu"(%up) : (tensor<4x3x24xf32>) -> tensor<4x3x24xf32>
  %out = onnxir.node "MatMul"(%a, %w2) : (tensor<4x3x24xf32>, tensor<4x24x16xf32>) -> tensor<4x3x16xf32>
  %y = onnxir.node "Einsum"(%d, %out) {equation = "nec,ech->nh"} : (tensor<?x4x3xf32>, tensor<4x3x16xf32>) -> tensor<?x16xf32>
  %s = onnxir.node "Mul"(%y, %w) : (tensor<?x16xf32>, tensor<?x1xf32>) -> tensor<?x16xf32>
  return %s : tensor<?x16xf32>
}
onnxir.weight @w1 from "model.onnx"[100, 6144] : tensor<4x16x24xf32>
onnxir.weight @w2 from "model.onnx"[6244, 6144] : tensor<4x24x16xf32>

// -----

// Places that depend on each other stay as they are.
// CHECK-LABEL: func.func @mixed_places
// CHECK-NOT: moe.gate
// CHECK: onnxir.node "Einsum"
// CHECK-NEXT: onnxir.node "MatMul"
// CHECK-NEXT: onnxir.node "Softmax"
// CHECK-NEXT: onnxir.node "MatMul"
// CHECK-NEXT: onnxir.node "Einsum"
// CHECK-NEXT: onnxir.node "Mul"
// CHECK-NEXT: return
func.func @mixed_places(%x: tensor<?x16xf32>, %g: tensor<16x4xf32>) -> tensor<?x16xf32> {
  %w1 = onnxir.get_weight @w1 : tensor<4x16x24xf32>
  %w2 = onnxir.get_weight @w2 : tensor<4x24x16xf32>
  %last = arith.constant dense<-1> : tensor<1xi64>
  %mid = arith.constant dense<1> : tensor<1xi64>
  %tokens = arith.constant dense<0> : tensor<i64>
  %one = arith.constant dense<1> : tensor<i64>
  %ids = arith.constant dense<[0, 1, 2, 3]> : tensor<4xi64>
  %places = arith.constant dense<[0, 1, 2]> : tensor<3xi64>
  %l = onnxir.node "MatMul"(%x, %g) : (tensor<?x16xf32>, tensor<16x4xf32>) -> tensor<?x4xf32>
  %p = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %w = onnxir.node "ReduceMax"(%p, %last) : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %i = onnxir.node "ArgMax"(%p) {axis = -1 : i64} : (tensor<?x4xf32>) -> tensor<?x1xi64>
  %mb = onnxir.node "Equal"(%i, %ids) : (tensor<?x1xi64>, tensor<4xi64>) -> tensor<?x4xi1>
  %m = onnxir.node "Cast"(%mb) {to = 7 : i64} : (tensor<?x4xi1>) -> tensor<?x4xi64>
  %c = onnxir.node "CumSum"(%m, %tokens) : (tensor<?x4xi64>, tensor<i64>) -> tensor<?x4xi64>
  %cm = onnxir.node "Mul"(%c, %m) : (tensor<?x4xi64>, tensor<?x4xi64>) -> tensor<?x4xi64>
  %n = onnxir.node "ReduceSum"(%cm, %last) : (tensor<?x4xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %pos = onnxir.node "Sub"(%n, %one) : (tensor<?x1xi64>, tensor<i64>) -> tensor<?x1xi64>
  %hb = onnxir.node "Equal"(%pos, %places) : (tensor<?x1xi64>, tensor<3xi64>) -> tensor<?x3xi1>
  %h = onnxir.node "Cast"(%hb) {to = 1 : i64} : (tensor<?x3xi1>) -> tensor<?x3xf32>
  %hu = onnxir.node "Unsqueeze"(%h, %mid) : (tensor<?x3xf32>, tensor<1xi64>) -> tensor<?x1x3xf32>
  %mf = onnxir.node "Cast"(%m) {to = 1 : i64} : (tensor<?x4xi64>) -> tensor<?x4xf32>
  %mu = onnxir.node "Unsqueeze"(%mf, %last) : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x4x1xf32>
  %d = onnxir.node "Mul"(%mu, %hu) : (tensor<?x4x1xf32>, tensor<?x1x3xf32>) -> tensor<?x4x3xf32>
  %in = onnxir.node "Einsum"(%d, %x) {equation = "nec,nh->ech"} : (tensor<?x4x3xf32>, tensor<?x16xf32>) -> tensor<4x3x16xf32>
  %up = onnxir.node "MatMul"(%in, %w1) : (tensor<4x3x16xf32>, tensor<4x16x24xf32>) -> tensor<4x3x24xf32>
  %a = onnxir.node "Softmax"(%up) {axis = 1 : i64} : (tensor<4x3x24xf32>) -> tensor<4x3x24xf32>
  %out = onnxir.node "MatMul"(%a, %w2) : (tensor<4x3x24xf32>, tensor<4x24x16xf32>) -> tensor<4x3x16xf32>
  %y = onnxir.node "Einsum"(%d, %out) {equation = "nec,ech->nh"} : (tensor<?x4x3xf32>, tensor<4x3x16xf32>) -> tensor<?x16xf32>
  %s = onnxir.node "Mul"(%y, %w) : (tensor<?x16xf32>, tensor<?x1xf32>) -> tensor<?x16xf32>
  return %s : tensor<?x16xf32>
}
onnxir.weight @w1 from "model.onnx"[100, 6144] : tensor<4x16x24xf32>
onnxir.weight @w2 from "model.onnx"[6244, 6144] : tensor<4x24x16xf32>

// -----

// Experts that are not understood stay as they are.
// CHECK-LABEL: func.func @unknown_experts
// CHECK-NOT: moe.gate
// CHECK: onnxir.node "Einsum"
// CHECK-NEXT: onnxir.node "MatMul"
// CHECK-NEXT: onnxir.node "Exp"
// CHECK-NEXT: onnxir.node "MatMul"
// CHECK-NEXT: onnxir.node "Einsum"
// CHECK-NEXT: onnxir.node "Mul"
// CHECK-NEXT: return
func.func @unknown_experts(%x: tensor<?x16xf32>, %g: tensor<16x4xf32>) -> tensor<?x16xf32> {
  %w1 = onnxir.get_weight @w1 : tensor<4x16x24xf32>
  %w2 = onnxir.get_weight @w2 : tensor<4x24x16xf32>
  %last = arith.constant dense<-1> : tensor<1xi64>
  %mid = arith.constant dense<1> : tensor<1xi64>
  %tokens = arith.constant dense<0> : tensor<i64>
  %one = arith.constant dense<1> : tensor<i64>
  %ids = arith.constant dense<[0, 1, 2, 3]> : tensor<4xi64>
  %places = arith.constant dense<[0, 1, 2]> : tensor<3xi64>
  %l = onnxir.node "MatMul"(%x, %g) : (tensor<?x16xf32>, tensor<16x4xf32>) -> tensor<?x4xf32>
  %p = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %w = onnxir.node "ReduceMax"(%p, %last) : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %i = onnxir.node "ArgMax"(%p) {axis = -1 : i64} : (tensor<?x4xf32>) -> tensor<?x1xi64>
  %mb = onnxir.node "Equal"(%i, %ids) : (tensor<?x1xi64>, tensor<4xi64>) -> tensor<?x4xi1>
  %m = onnxir.node "Cast"(%mb) {to = 7 : i64} : (tensor<?x4xi1>) -> tensor<?x4xi64>
  %c = onnxir.node "CumSum"(%m, %tokens) : (tensor<?x4xi64>, tensor<i64>) -> tensor<?x4xi64>
  %cm = onnxir.node "Mul"(%c, %m) : (tensor<?x4xi64>, tensor<?x4xi64>) -> tensor<?x4xi64>
  %n = onnxir.node "ReduceSum"(%cm, %last) : (tensor<?x4xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %pos = onnxir.node "Sub"(%n, %one) : (tensor<?x1xi64>, tensor<i64>) -> tensor<?x1xi64>
  %hb = onnxir.node "Equal"(%pos, %places) : (tensor<?x1xi64>, tensor<3xi64>) -> tensor<?x3xi1>
  %h = onnxir.node "Cast"(%hb) {to = 1 : i64} : (tensor<?x3xi1>) -> tensor<?x3xf32>
  %hu = onnxir.node "Unsqueeze"(%h, %mid) : (tensor<?x3xf32>, tensor<1xi64>) -> tensor<?x1x3xf32>
  %mf = onnxir.node "Cast"(%m) {to = 1 : i64} : (tensor<?x4xi64>) -> tensor<?x4xf32>
  %mu = onnxir.node "Unsqueeze"(%mf, %last) : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x4x1xf32>
  %d = onnxir.node "Mul"(%mu, %hu) : (tensor<?x4x1xf32>, tensor<?x1x3xf32>) -> tensor<?x4x3xf32>
  %in = onnxir.node "Einsum"(%d, %x) {equation = "nec,nh->ech"} : (tensor<?x4x3xf32>, tensor<?x16xf32>) -> tensor<4x3x16xf32>
  %up = onnxir.node "MatMul"(%in, %w1) : (tensor<4x3x16xf32>, tensor<4x16x24xf32>) -> tensor<4x3x24xf32>
  %a = onnxir.node "Exp"(%up) : (tensor<4x3x24xf32>) -> tensor<4x3x24xf32>
  %out = onnxir.node "MatMul"(%a, %w2) : (tensor<4x3x24xf32>, tensor<4x24x16xf32>) -> tensor<4x3x16xf32>
  %y = onnxir.node "Einsum"(%d, %out) {equation = "nec,ech->nh"} : (tensor<?x4x3xf32>, tensor<4x3x16xf32>) -> tensor<?x16xf32>
  %s = onnxir.node "Mul"(%y, %w) : (tensor<?x16xf32>, tensor<?x1xf32>) -> tensor<?x16xf32>
  return %s : tensor<?x16xf32>
}
onnxir.weight @w1 from "model.onnx"[100, 6144] : tensor<4x16x24xf32>
onnxir.weight @w2 from "model.onnx"[6244, 6144] : tensor<4x24x16xf32>

// -----

// Tokens come back by the product of the dispatch tensor and their weights.
// CHECK-LABEL: func.func @combined
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 1> capacity<{{.*}}3{{.*}}> : tensor<?x3xf32>
// CHECK: moe.combine
func.func @combined(%x: tensor<?x4xf32>, %w0: tensor<4x3xf32>, %w1: tensor<3x4x2xf32>, %w2: tensor<3x2x4xf32>) -> (tensor<?x4xf32>) {
  %c0 = onnxir.get_weight @c0 : tensor<1xi64>
  %c1 = onnxir.get_weight @c1 : tensor<i64>
  %c2 = onnxir.get_weight @c2 : tensor<2xf32>
  %c3 = onnxir.get_weight @c3 : tensor<i64>
  %c4 = onnxir.get_weight @c4 : tensor<1xi64>
  %c5 = onnxir.get_weight @c5 : tensor<f32>
  %c6 = onnxir.get_weight @c6 : tensor<f32>
  %c7 = onnxir.get_weight @c7 : tensor<i64>
  %c8 = onnxir.get_weight @c8 : tensor<2xf32>
  %c9 = onnxir.get_weight @c9 : tensor<1xi64>
  %c10 = onnxir.get_weight @c10 : tensor<1xi64>
  %c11 = onnxir.get_weight @c11 : tensor<1xi64>
  %c12 = onnxir.get_weight @c12 : tensor<2xi64>
  %v0 = onnxir.node "MatMul"(%x, %w0) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v1 = onnxir.node "Softmax"(%v0) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v2 = onnxir.node "ReduceMax"(%v1, %c0) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v3 = onnxir.node "ArgMax"(%v1) {axis = -1 : i64, keepdims = 0 : i64} : (!onnxir.any) -> !onnxir.any
  %v4 = onnxir.node "OneHot"(%v3, %c1, %c2) {axis = -1 : i64} : (!onnxir.any, tensor<i64>, tensor<2xf32>) -> !onnxir.any
  %v5 = onnxir.node "CumSum"(%v4, %c3) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v6 = onnxir.node "Mul"(%v5, %v4) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v7 = onnxir.node "ReduceSum"(%v6, %c4) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v8 = onnxir.node "Sub"(%v7, %c5) : (!onnxir.any, tensor<f32>) -> !onnxir.any
  %v9 = onnxir.node "Less"(%v8, %c6) : (!onnxir.any, tensor<f32>) -> !onnxir.any
  %v10 = onnxir.node "Cast"(%v9) {to = 1 : i64} : (!onnxir.any) -> !onnxir.any
  %v11 = onnxir.node "Cast"(%v8) {to = 7 : i64} : (!onnxir.any) -> !onnxir.any
  %v12 = onnxir.node "OneHot"(%v11, %c7, %c8) {axis = -1 : i64} : (!onnxir.any, tensor<i64>, tensor<2xf32>) -> !onnxir.any
  %v13 = onnxir.node "Unsqueeze"(%v10, %c9) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v14 = onnxir.node "Mul"(%v4, %v13) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v15 = onnxir.node "Unsqueeze"(%v14, %c10) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v16 = onnxir.node "Unsqueeze"(%v12, %c11) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v17 = onnxir.node "Mul"(%v15, %v16) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v18 = onnxir.node "Unsqueeze"(%v2, %c12) : (!onnxir.any, tensor<2xi64>) -> !onnxir.any
  %v19 = onnxir.node "Mul"(%v17, %v18) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v20 = onnxir.node "Einsum"(%v17, %x) {equation = "tec,th->ech"} : (!onnxir.any, tensor<?x4xf32>) -> !onnxir.any
  %v21 = onnxir.node "MatMul"(%v20, %w1) : (!onnxir.any, tensor<3x4x2xf32>) -> !onnxir.any
  %v22 = onnxir.node "Relu"(%v21) : (!onnxir.any) -> !onnxir.any
  %v23 = onnxir.node "MatMul"(%v22, %w2) : (!onnxir.any, tensor<3x2x4xf32>) -> !onnxir.any
  %v24 = onnxir.node "Einsum"(%v19, %v23) {equation = "tec,ech->th"} : (!onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %v24 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<-1> : tensor<1xi64>
onnxir.weight @c1 = dense<3> : tensor<i64>
onnxir.weight @c2 = dense<[0.0, 1.0]> : tensor<2xf32>
onnxir.weight @c3 = dense<0> : tensor<i64>
onnxir.weight @c4 = dense<-1> : tensor<1xi64>
onnxir.weight @c5 = dense<1.0> : tensor<f32>
onnxir.weight @c6 = dense<3.0> : tensor<f32>
onnxir.weight @c7 = dense<3> : tensor<i64>
onnxir.weight @c8 = dense<[0.0, 1.0]> : tensor<2xf32>
onnxir.weight @c9 = dense<-1> : tensor<1xi64>
onnxir.weight @c10 = dense<2> : tensor<1xi64>
onnxir.weight @c11 = dense<1> : tensor<1xi64>
onnxir.weight @c12 = dense<[1, 2]> : tensor<2xi64>
