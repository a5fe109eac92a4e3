// Routers that give ids and weights, as gates. A node stays only where it is
// part of the logits.
// RUN: moe-opt %s --test-moe-match-routing --canonicalize --split-input-file | FileCheck %s --implicit-check-not=onnxir.node

// CHECK-LABEL: func.func @softmax_topk
// CHECK-SAME: %[[L:.*]]: tensor<?x?x8xf32>
// CHECK: %[[T:.*]] = tensor.collapse_shape %[[L]] {{\[\[}}0, 1], [2]]
// CHECK: %[[W:.*]], %[[IDS:.*]] = moe.gate %[[T]] score<softmax> select<top_k, k = 2> : tensor<?x8xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
// CHECK: return %[[IDS]], %[[W]]
func.func @softmax_topk(%l: tensor<?x?x8xf32>) -> (tensor<?x?x2xi64>, tensor<?x?x2xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %p = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %w, %i = onnxir.node "TopK"(%p, %k) {axis = 2 : i64} : (tensor<?x?x8xf32>, tensor<1xi64>) -> (tensor<?x?x2xf32>, tensor<?x?x2xi64>)
  return %i, %w : tensor<?x?x2xi64>, tensor<?x?x2xf32>
}

// -----

// Renormalised, with an epsilon on either side of the sum; cast to the model's
// type; flattened for the experts.
// CHECK-LABEL: func.func @renormalised
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 2> normalize<sum, epsilon = 1.0e-20> scale(2.5) : tensor<?x8xf16> -> tensor<?x2xf16>, tensor<?x2xi32>
func.func @renormalised(%l: tensor<?x8xf16>) -> (tensor<?xi64>, tensor<?xf16>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %axis = arith.constant dense<-1> : tensor<1xi64>
  %eps = arith.constant dense<1.0e-20> : tensor<f32>
  %scale = arith.constant dense<2.5> : tensor<1x1xf32>
  %shape = arith.constant dense<-1> : tensor<1xi64>
  %l32 = onnxir.node "Cast"(%l) {to = 1 : i64} : (tensor<?x8xf16>) -> tensor<?x8xf32>
  %p = onnxir.node "Softmax"(%l32) {axis = 1 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %w, %i = onnxir.node "TopK"(%p, %k) {axis = -1 : i64, sorted = 0 : i64} : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %s = onnxir.node "ReduceSum"(%w, %axis) {keepdims = 1 : i64} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %e = onnxir.node "Add"(%eps, %s) : (tensor<f32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %n = onnxir.node "Div"(%w, %e) : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
  %m = onnxir.node "Mul"(%scale, %n) : (tensor<1x1xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  %c = onnxir.node "Cast"(%m) {to = 10 : i64} : (tensor<?x2xf32>) -> tensor<?x2xf16>
  %fw = onnxir.node "Reshape"(%c, %shape) : (tensor<?x2xf16>, tensor<1xi64>) -> tensor<?xf16>
  %fi = onnxir.node "Reshape"(%i, %shape) : (tensor<?x2xi64>, tensor<1xi64>) -> tensor<?xi64>
  return %fi, %fw : tensor<?xi64>, tensor<?xf16>
}

// -----

// CHECK-LABEL: func.func @topk_softmax
// CHECK: moe.gate %{{.*}} score<identity> select<top_k, k = 3> normalize<softmax> : tensor<?x5xf32>
func.func @topk_softmax(%l: tensor<?x5xf32>) -> (tensor<?x3xi64>, tensor<?x3xf32>) {
  %k = arith.constant dense<3> : tensor<1xi64>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<?x5xf32>, tensor<1xi64>) -> (tensor<?x3xf32>, tensor<?x3xi64>)
  %w = onnxir.node "Softmax"(%v) {axis = 1 : i64} : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %i, %w : tensor<?x3xi64>, tensor<?x3xf32>
}

// -----

// The sum has a floor; magnitudes are summed, of weights that are not negative.
// CHECK-LABEL: func.func @floor
// CHECK-SAME: %[[L:[^:]*]]: tensor<?x8xf32>, %[[B:[^:]*]]: tensor<1x8xf32>
// CHECK: %[[BIAS:.*]] = tensor.collapse_shape %[[B]]
// CHECK: moe.gate %[[L]] bias(%[[BIAS]] : tensor<8xf32>) score<sigmoid, temperature = 0.7> select<top_k, k = 2> normalize<sum, floor = 1.0e-12>
func.func @floor(%l: tensor<?x8xf32>, %b: tensor<1x8xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %axis = arith.constant dense<1> : tensor<1xi64>
  %min = arith.constant dense<1.0e-12> : tensor<f32>
  %t = arith.constant dense<0.7> : tensor<f32>
  %z = onnxir.node "Div"(%l, %t) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %p = onnxir.node "Sigmoid"(%z) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c = onnxir.node "Add"(%b, %p) : (tensor<1x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %v, %i = onnxir.node "TopK"(%c, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %g = onnxir.node "GatherElements"(%p, %i) {axis = -1 : i64} : (tensor<?x8xf32>, tensor<?x2xi64>) -> tensor<?x2xf32>
  %s = onnxir.node "ReduceL1"(%g, %axis) : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %f = onnxir.node "Clip"(%s, %min) : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %w = onnxir.node "Div"(%g, %f) : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
  return %i, %w : tensor<?x2xi64>, tensor<?x2xf32>
}

// -----

// DeepSeek-V3: groups by the sum of their two greatest; excluded experts have
// choice value 0, as transformers 4 has it.
// CHECK-LABEL: func.func @groups
// CHECK: moe.gate %{{.*}} bias(%{{.*}} : tensor<8xf32>) score<sigmoid> groups<count = 4, keep = 2, by = top2_sum, fill = 0> select<top_k, k = 3> : tensor<?x8xf32>
func.func @groups(%l: tensor<?x8xf32>, %b: tensor<8xf32>) -> (tensor<?x3xi64>, tensor<?x3xf32>) {
  %two = arith.constant dense<2> : tensor<1xi64>
  %k = arith.constant dense<3> : tensor<1xi64>
  %axis = arith.constant dense<-1> : tensor<1xi64>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %one = arith.constant dense<1.0> : tensor<f32>
  %grouped = arith.constant dense<[-1, 4, 2]> : tensor<3xi64>
  %flat = arith.constant dense<[-1, 8]> : tensor<2xi64>
  %p = onnxir.node "Sigmoid"(%l) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c = onnxir.node "Add"(%p, %b) : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %r = onnxir.node "Reshape"(%c, %grouped) : (tensor<?x8xf32>, tensor<3xi64>) -> tensor<?x4x2xf32>
  %gv, %gi = onnxir.node "TopK"(%r, %two) : (tensor<?x4x2xf32>, tensor<1xi64>) -> (tensor<?x4x2xf32>, tensor<?x4x2xi64>)
  %gs = onnxir.node "ReduceSum"(%gv, %axis) {keepdims = 0 : i64} : (tensor<?x4x2xf32>, tensor<1xi64>) -> tensor<?x4xf32>
  %kv, %ki = onnxir.node "TopK"(%gs, %two) {sorted = 0 : i64} : (tensor<?x4xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %s4 = onnxir.node "Shape"(%gs) : (tensor<?x4xf32>) -> tensor<2xi64>
  %zeros = onnxir.node "Expand"(%zero, %s4) : (tensor<f32>, tensor<2xi64>) -> tensor<?x4xf32>
  %s2 = onnxir.node "Shape"(%ki) : (tensor<?x2xi64>) -> tensor<2xi64>
  %ones = onnxir.node "Expand"(%one, %s2) : (tensor<f32>, tensor<2xi64>) -> tensor<?x2xf32>
  %marks = onnxir.node "ScatterElements"(%zeros, %ki, %ones) {axis = 1 : i64} : (tensor<?x4xf32>, tensor<?x2xi64>, tensor<?x2xf32>) -> tensor<?x4xf32>
  %u = onnxir.node "Unsqueeze"(%marks, %axis) : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x4x1xf32>
  %e = onnxir.node "Expand"(%u, %grouped) : (tensor<?x4x1xf32>, tensor<3xi64>) -> tensor<?x4x2xf32>
  %m = onnxir.node "Reshape"(%e, %flat) : (tensor<?x4x2xf32>, tensor<2xi64>) -> tensor<?x8xf32>
  %mb = onnxir.node "Cast"(%m) {to = 9 : i64} : (tensor<?x8xf32>) -> tensor<?x8xi1>
  %not = onnxir.node "Not"(%mb) : (tensor<?x8xi1>) -> tensor<?x8xi1>
  %f = onnxir.node "Where"(%not, %zero, %c) : (tensor<?x8xi1>, tensor<f32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %v, %i = onnxir.node "TopK"(%f, %k) {sorted = 0 : i64} : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x3xf32>, tensor<?x3xi64>)
  %w = onnxir.node "GatherElements"(%p, %i) {axis = 1 : i64} : (tensor<?x8xf32>, tensor<?x3xi64>) -> tensor<?x3xf32>
  return %i, %w : tensor<?x3xi64>, tensor<?x3xf32>
}

// -----

// DeepSeek-V2: the masked scores are the weights, so that 0 excludes. The
// groups' marks are a sum of one-hot rows.
// CHECK-LABEL: func.func @groups_by_max
// CHECK: moe.gate %{{.*}} score<softmax> groups<count = 2, keep = 1> select<top_k, k = 2> scale(1.5) : tensor<?x8xf32>
func.func @groups_by_max(%l: tensor<?x8xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {
  %one = arith.constant dense<1> : tensor<1xi64>
  %k = arith.constant dense<2> : tensor<1xi64>
  %axis = arith.constant dense<-1> : tensor<1xi64>
  %depth = arith.constant dense<2> : tensor<i64>
  %values = arith.constant dense<[0.0, 1.0]> : tensor<2xf32>
  %scale = arith.constant dense<1.5> : tensor<f32>
  %grouped = arith.constant dense<[-1, 2, 4]> : tensor<3xi64>
  %flat = arith.constant dense<[-1, 8]> : tensor<2xi64>
  %p = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %r = onnxir.node "Reshape"(%p, %grouped) : (tensor<?x8xf32>, tensor<3xi64>) -> tensor<?x2x4xf32>
  %gs = onnxir.node "ReduceMax"(%r, %axis) {keepdims = 0 : i64} : (tensor<?x2x4xf32>, tensor<1xi64>) -> tensor<?x2xf32>
  %kv, %ki = onnxir.node "TopK"(%gs, %one) : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x1xf32>, tensor<?x1xi64>)
  %hot = onnxir.node "OneHot"(%ki, %depth, %values) : (tensor<?x1xi64>, tensor<i64>, tensor<2xf32>) -> tensor<?x1x2xf32>
  %marks = onnxir.node "ReduceMax"(%hot, %one) {keepdims = 0 : i64} : (tensor<?x1x2xf32>, tensor<1xi64>) -> tensor<?x2xf32>
  %u = onnxir.node "Unsqueeze"(%marks, %axis) : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x2x1xf32>
  %e = onnxir.node "Expand"(%u, %grouped) : (tensor<?x2x1xf32>, tensor<3xi64>) -> tensor<?x2x4xf32>
  %m = onnxir.node "Reshape"(%e, %flat) : (tensor<?x2x4xf32>, tensor<2xi64>) -> tensor<?x8xf32>
  %f = onnxir.node "Mul"(%p, %m) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %v, %i = onnxir.node "TopK"(%f, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %w = onnxir.node "Mul"(%v, %scale) : (tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xf32>
  return %i, %w : tensor<?x2xi64>, tensor<?x2xf32>
}

// -----

// Switch: the greatest and its index.
// CHECK-LABEL: func.func @argmax
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 1, tie = higher> : tensor<?x4xf32>
func.func @argmax(%l: tensor<?x4xf32>) -> (tensor<?xi64>, tensor<?xf32>) {
  %axis = arith.constant dense<-1> : tensor<1xi64>
  %p = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %w = onnxir.node "ReduceMax"(%p, %axis) {keepdims = 0 : i64} : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?xf32>
  %i = onnxir.node "ArgMax"(%p) {axis = -1 : i64, keepdims = 0 : i64, select_last_index = 1 : i64} : (tensor<?x4xf32>) -> tensor<?xi64>
  return %i, %w : tensor<?xi64>, tensor<?xf32>
}

// -----

// The gating residual of MoE++: the projection of earlier logits is the state.
// CHECK-LABEL: func.func @state
// CHECK: %[[A:.*]] = onnxir.node "MatMul"(%{{.*}}, %{{.*}}) : (tensor<?x8xf32>, tensor<8x8xf32>)
// CHECK: %[[B:.*]] = onnxir.node "MatMul"(%{{.*}}, %{{.*}}) : (tensor<?x16xf32>, tensor<16x8xf32>)
// CHECK: moe.gate %[[B]] state(%[[A]] : tensor<?x8xf32>) score<softmax> select<top_k, k = 2>
func.func @state(%before: tensor<?x8xf32>, %r: tensor<8x8xf32>, %x: tensor<?x16xf32>, %g: tensor<16x8xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %a = onnxir.node "MatMul"(%before, %r) : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %b = onnxir.node "MatMul"(%x, %g) : (tensor<?x16xf32>, tensor<16x8xf32>) -> tensor<?x8xf32>
  %l = onnxir.node "Add"(%a, %b) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %p = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %w, %i = onnxir.node "TopK"(%p, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  return %i, %w : tensor<?x2xi64>, tensor<?x2xf32>
}

// -----

// The choice is by logits, the weights are a softmax: equal probabilities of
// different logits would tie, so that the softmax stays outside.
// CHECK-LABEL: func.func @values
// CHECK: %[[P:.*]] = onnxir.node "Softmax"
// CHECK: moe.gate %{{.*}} values(%[[P]] : tensor<?x8xf32>) score<identity> select<top_k, k = 2>
func.func @values(%l: tensor<?x8xf32>) -> (tensor<?x2xi64>, tensor<?x2xf32>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %p = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %v, %i = onnxir.node "TopK"(%l, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  %w = onnxir.node "GatherElements"(%p, %i) {axis = 1 : i64} : (tensor<?x8xf32>, tensor<?x2xi64>) -> tensor<?x2xf32>
  return %i, %w : tensor<?x2xi64>, tensor<?x2xf32>
}

// -----

// A softmax in f16 rounds the choice values, which the gate would not.
// CHECK-LABEL: func.func @rounded_scores
// CHECK: %[[P:.*]] = onnxir.node "Softmax"
// CHECK: moe.gate %[[P]] score<identity> select<top_k, k = 2> : tensor<?x8xf16> -> tensor<?x2xf16>
func.func @rounded_scores(%l: tensor<?x8xf16>) -> (tensor<?x2xi64>, tensor<?x2xf16>) {
  %k = arith.constant dense<2> : tensor<1xi64>
  %p = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (tensor<?x8xf16>) -> tensor<?x8xf16>
  %w, %i = onnxir.node "TopK"(%p, %k) : (tensor<?x8xf16>, tensor<1xi64>) -> (tensor<?x2xf16>, tensor<?x2xi64>)
  return %i, %w : tensor<?x2xi64>, tensor<?x2xf16>
}
