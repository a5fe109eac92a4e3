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
