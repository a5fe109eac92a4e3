// Dispatch tensors that are a sum over slots, or are limited by other means.
// RUN: moe-opt %s --convert-onnx-to-moe --split-input-file | FileCheck %s

// Two slots, the tokens of the second one behind those of the first. Weights are
// normalised before tokens are dropped: another gate drops them.
// CHECK-LABEL: func.func @gshard
// CHECK: %[[W:.*]], %[[CHOSEN:.*]] = moe.gate %{{.*}} score<softmax> select<top_k, k = 2> normalize<sum> :
// CHECK: %{{.*}}, %[[IDS:.*]] = moe.gate %{{.*}} ids(%[[CHOSEN]] : tensor<?x2xi32>) score<identity> select<given, k = 2> capacity<count = 2>
// CHECK: %[[P:.*]] = moe.plan %[[IDS]]
// CHECK: moe.combine %{{.*}}, %[[P]], %[[W]]
// CHECK-NOT: onnxir.node
// CHECK: return
func.func @gshard(%x: tensor<?x4xf32>, %wr: tensor<4x3xf32>, %up: tensor<3x4x6xf32>, %down: tensor<3x6x4xf32>) -> tensor<?x4xf32> {
  %last = arith.constant dense<-1> : tensor<1xi64>
  %zero = arith.constant dense<0> : tensor<1xi64>
  %one = arith.constant dense<1> : tensor<1xi64>
  %two = arith.constant dense<2> : tensor<1xi64>
  %e0 = arith.constant dense<0> : tensor<i64>
  %e1 = arith.constant dense<1> : tensor<i64>
  %numbers = arith.constant dense<[0, 1, 2]> : tensor<3xi64>
  %places = arith.constant dense<[0, 1]> : tensor<2xi64>
  %tk = arith.constant dense<0> : tensor<i64>
  %unit = arith.constant dense<1> : tensor<i64>
  %l = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %s = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v, %i = onnxir.node "TopK"(%s, %two) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %t = onnxir.node "ReduceSum"(%v, %last) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %w = onnxir.node "Div"(%v, %t) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %ic0 = onnxir.node "Gather"(%i, %e0) {axis = 1 : i64} : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %wc0 = onnxir.node "Gather"(%w, %e0) {axis = 1 : i64} : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %wd0 = onnxir.node "Unsqueeze"(%wc0, %one) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %we0 = onnxir.node "Unsqueeze"(%wd0, %two) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %ic1 = onnxir.node "Gather"(%i, %e1) {axis = 1 : i64} : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %wc1 = onnxir.node "Gather"(%w, %e1) {axis = 1 : i64} : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %wd1 = onnxir.node "Unsqueeze"(%wc1, %one) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %we1 = onnxir.node "Unsqueeze"(%wd1, %two) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %iu0 = onnxir.node "Unsqueeze"(%ic0, %one) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %mb0 = onnxir.node "Equal"(%iu0, %numbers) : (!onnxir.any, tensor<3xi64>) -> tensor<?x3xi1>
  %m0 = onnxir.node "Cast"(%mb0) {to = 7 : i64} : (tensor<?x3xi1>) -> !onnxir.any
  %mf0 = onnxir.node "Cast"(%mb0) {to = 1 : i64} : (tensor<?x3xi1>) -> !onnxir.any
  %me0 = onnxir.node "Unsqueeze"(%mf0, %two) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %iu1 = onnxir.node "Unsqueeze"(%ic1, %one) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %mb1 = onnxir.node "Equal"(%iu1, %numbers) : (!onnxir.any, tensor<3xi64>) -> tensor<?x3xi1>
  %m1 = onnxir.node "Cast"(%mb1) {to = 7 : i64} : (tensor<?x3xi1>) -> !onnxir.any
  %mf1 = onnxir.node "Cast"(%mb1) {to = 1 : i64} : (tensor<?x3xi1>) -> !onnxir.any
  %me1 = onnxir.node "Unsqueeze"(%mf1, %two) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %n0 = onnxir.node "CumSum"(%m0, %tk) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %k0 = onnxir.node "Sub"(%n0, %unit) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %q0 = onnxir.node "Mul"(%k0, %m0) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %pl0 = onnxir.node "ReduceSum"(%q0, %last) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %h0 = onnxir.node "Equal"(%pl0, %places) : (!onnxir.any, tensor<2xi64>) -> !onnxir.any
  %hf0 = onnxir.node "Cast"(%h0) {to = 1 : i64} : (!onnxir.any) -> !onnxir.any
  %he0 = onnxir.node "Unsqueeze"(%hf0, %one) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %d0 = onnxir.node "Mul"(%me0, %he0) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %n1 = onnxir.node "CumSum"(%m1, %tk) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %k1 = onnxir.node "Sub"(%n1, %unit) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %before = onnxir.node "ReduceSum"(%m0, %zero) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %kk = onnxir.node "Add"(%k1, %before) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %q1 = onnxir.node "Mul"(%kk, %m1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %pl1 = onnxir.node "ReduceSum"(%q1, %last) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %h1 = onnxir.node "Equal"(%pl1, %places) : (!onnxir.any, tensor<2xi64>) -> !onnxir.any
  %hf1 = onnxir.node "Cast"(%h1) {to = 1 : i64} : (!onnxir.any) -> !onnxir.any
  %he1 = onnxir.node "Unsqueeze"(%hf1, %one) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %d1 = onnxir.node "Mul"(%me1, %he1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %d = onnxir.node "Add"(%d0, %d1) : (!onnxir.any, !onnxir.any) -> tensor<?x3x2xf32>
  %c0 = onnxir.node "Mul"(%d0, %we0) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %c1 = onnxir.node "Mul"(%d1, %we1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %c = onnxir.node "Add"(%c1, %c0) : (!onnxir.any, !onnxir.any) -> tensor<?x3x2xf32>
  %in = onnxir.node "Einsum"(%d, %x) {equation = "tec,th->ech"} : (tensor<?x3x2xf32>, tensor<?x4xf32>) -> tensor<3x2x4xf32>
  %a = onnxir.node "MatMul"(%in, %up) : (tensor<3x2x4xf32>, tensor<3x4x6xf32>) -> !onnxir.any
  %b = onnxir.node "Relu"(%a) : (!onnxir.any) -> !onnxir.any
  %o = onnxir.node "MatMul"(%b, %down) : (!onnxir.any, tensor<3x6x4xf32>) -> tensor<3x2x4xf32>
  %y = onnxir.node "Einsum"(%c, %o) {equation = "tec,ech->th"} : (tensor<?x3x2xf32>, tensor<3x2x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// Marks of experts that have a place left; tokens go wherever there is a weight.
// CHECK-LABEL: func.func @kept_marks
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 1> capacity<count = 2>
// CHECK: moe.combine
// CHECK-NOT: onnxir.node
// CHECK: return
func.func @kept_marks(%x: tensor<?x4xf32>, %wr: tensor<4x3xf32>, %up: tensor<3x4x6xf32>, %down: tensor<3x6x4xf32>) -> tensor<?x4xf32> {
  %last = arith.constant dense<-1> : tensor<1xi64>
  %one = arith.constant dense<1> : tensor<1xi64>
  %two = arith.constant dense<2> : tensor<1xi64>
  %e0 = arith.constant dense<0> : tensor<i64>
  %numbers = arith.constant dense<[0, 1, 2]> : tensor<3xi64>
  %places = arith.constant dense<[0, 1]> : tensor<2xi64>
  %tk = arith.constant dense<0> : tensor<i64>
  %cap = arith.constant dense<2> : tensor<i64>
  %unit = arith.constant dense<1> : tensor<i64>
  %flat = arith.constant dense<[-1, 6]> : tensor<2xi64>
  %zf = arith.constant dense<0.000000e+00> : tensor<f32>
  %l = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %s = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %w, %i = onnxir.node "TopK"(%s, %one) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %ic = onnxir.node "Gather"(%i, %e0) {axis = 1 : i64} : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %we = onnxir.node "Unsqueeze"(%w, %two) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %iu0 = onnxir.node "Unsqueeze"(%ic, %one) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %mb0 = onnxir.node "Equal"(%iu0, %numbers) : (!onnxir.any, tensor<3xi64>) -> tensor<?x3xi1>
  %m0 = onnxir.node "Cast"(%mb0) {to = 7 : i64} : (tensor<?x3xi1>) -> !onnxir.any
  %mf0 = onnxir.node "Cast"(%mb0) {to = 1 : i64} : (tensor<?x3xi1>) -> !onnxir.any
  %me0 = onnxir.node "Unsqueeze"(%mf0, %two) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %n = onnxir.node "CumSum"(%m0, %tk) {exclusive = 1 : i64} : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %kb = onnxir.node "Less"(%n, %cap) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %ki = onnxir.node "Cast"(%kb) {to = 7 : i64} : (!onnxir.any) -> !onnxir.any
  %mk = onnxir.node "Mul"(%m0, %ki) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %q = onnxir.node "Mul"(%n, %mk) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %pl = onnxir.node "ReduceSum"(%q, %last) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %h = onnxir.node "Equal"(%pl, %places) : (!onnxir.any, tensor<2xi64>) -> !onnxir.any
  %hf = onnxir.node "Cast"(%h) {to = 1 : i64} : (!onnxir.any) -> !onnxir.any
  %he = onnxir.node "Unsqueeze"(%hf, %one) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %mkf = onnxir.node "Cast"(%mk) {to = 1 : i64} : (!onnxir.any) -> !onnxir.any
  %mke = onnxir.node "Unsqueeze"(%mkf, %two) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %dd = onnxir.node "Mul"(%mke, %he) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %c = onnxir.node "Mul"(%dd, %we) : (!onnxir.any, !onnxir.any) -> tensor<?x3x2xf32>
  %sent = onnxir.node "Greater"(%c, %zf) : (tensor<?x3x2xf32>, tensor<f32>) -> !onnxir.any
  %d = onnxir.node "Cast"(%sent) {to = 1 : i64} : (!onnxir.any) -> tensor<?x3x2xf32>
  %in = onnxir.node "Einsum"(%d, %x) {equation = "tec,th->ech"} : (tensor<?x3x2xf32>, tensor<?x4xf32>) -> tensor<3x2x4xf32>
  %a = onnxir.node "MatMul"(%in, %up) : (tensor<3x2x4xf32>, tensor<3x4x6xf32>) -> !onnxir.any
  %b = onnxir.node "Relu"(%a) : (!onnxir.any) -> !onnxir.any
  %o = onnxir.node "MatMul"(%b, %down) : (!onnxir.any, tensor<3x6x4xf32>) -> tensor<3x2x4xf32>
  %y = onnxir.node "Einsum"(%c, %o) {equation = "tec,ech->th"} : (tensor<?x3x2xf32>, tensor<3x2x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// The best expert, and the best of the others, whose scores are made 0.
// CHECK-LABEL: func.func @two_choices
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 2> capacity<count = 2>
// CHECK: moe.combine
// CHECK-NOT: onnxir.node
// CHECK: return
func.func @two_choices(%x: tensor<?x4xf32>, %wr: tensor<4x3xf32>, %up: tensor<3x4x6xf32>, %down: tensor<3x6x4xf32>) -> tensor<?x4xf32> {
  %last = arith.constant dense<-1> : tensor<1xi64>
  %zero = arith.constant dense<0> : tensor<1xi64>
  %one = arith.constant dense<1> : tensor<1xi64>
  %two = arith.constant dense<2> : tensor<1xi64>
  %numbers = arith.constant dense<[0, 1, 2]> : tensor<3xi64>
  %places = arith.constant dense<[0, 1]> : tensor<2xi64>
  %tk = arith.constant dense<0> : tensor<i64>
  %unit = arith.constant dense<1> : tensor<i64>
  %onef = arith.constant dense<1.000000e+00> : tensor<f32>
  %l = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %s = onnxir.node "Softmax"(%l) {axis = -1 : i64} : (!onnxir.any) -> tensor<?x3xf32>
  %ic0 = onnxir.node "ArgMax"(%s) {axis = -1 : i64, keepdims = 0 : i64} : (tensor<?x3xf32>) -> !onnxir.any
  %iu0 = onnxir.node "Unsqueeze"(%ic0, %one) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %mb0 = onnxir.node "Equal"(%iu0, %numbers) : (!onnxir.any, tensor<3xi64>) -> tensor<?x3xi1>
  %m0 = onnxir.node "Cast"(%mb0) {to = 7 : i64} : (tensor<?x3xi1>) -> !onnxir.any
  %mf0 = onnxir.node "Cast"(%mb0) {to = 1 : i64} : (tensor<?x3xi1>) -> !onnxir.any
  %me0 = onnxir.node "Unsqueeze"(%mf0, %two) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %g0 = onnxir.node "Mul"(%s, %mf0) : (tensor<?x3xf32>, !onnxir.any) -> !onnxir.any
  %w0 = onnxir.node "ReduceSum"(%g0, %last) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %we0 = onnxir.node "Unsqueeze"(%w0, %two) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %no = onnxir.node "Sub"(%onef, %mf0) : (tensor<f32>, !onnxir.any) -> !onnxir.any
  %rest = onnxir.node "Mul"(%s, %no) : (tensor<?x3xf32>, !onnxir.any) -> !onnxir.any
  %ic1 = onnxir.node "ArgMax"(%rest) {axis = -1 : i64, keepdims = 0 : i64} : (!onnxir.any) -> !onnxir.any
  %iu1 = onnxir.node "Unsqueeze"(%ic1, %one) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %mb1 = onnxir.node "Equal"(%iu1, %numbers) : (!onnxir.any, tensor<3xi64>) -> tensor<?x3xi1>
  %m1 = onnxir.node "Cast"(%mb1) {to = 7 : i64} : (tensor<?x3xi1>) -> !onnxir.any
  %mf1 = onnxir.node "Cast"(%mb1) {to = 1 : i64} : (tensor<?x3xi1>) -> !onnxir.any
  %me1 = onnxir.node "Unsqueeze"(%mf1, %two) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %g1 = onnxir.node "Mul"(%s, %mf1) : (tensor<?x3xf32>, !onnxir.any) -> !onnxir.any
  %w1 = onnxir.node "ReduceSum"(%g1, %last) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %we1 = onnxir.node "Unsqueeze"(%w1, %two) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %n0 = onnxir.node "CumSum"(%m0, %tk) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %k0 = onnxir.node "Sub"(%n0, %unit) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %q0 = onnxir.node "Mul"(%k0, %m0) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %pl0 = onnxir.node "ReduceSum"(%q0, %last) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %h0 = onnxir.node "Equal"(%pl0, %places) : (!onnxir.any, tensor<2xi64>) -> !onnxir.any
  %hf0 = onnxir.node "Cast"(%h0) {to = 1 : i64} : (!onnxir.any) -> !onnxir.any
  %he0 = onnxir.node "Unsqueeze"(%hf0, %one) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %d0 = onnxir.node "Mul"(%me0, %he0) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %n1 = onnxir.node "CumSum"(%m1, %tk) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %k1 = onnxir.node "Sub"(%n1, %unit) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %before = onnxir.node "ReduceSum"(%m0, %zero) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %kk = onnxir.node "Add"(%k1, %before) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %q1 = onnxir.node "Mul"(%kk, %m1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %pl1 = onnxir.node "ReduceSum"(%q1, %last) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %h1 = onnxir.node "Equal"(%pl1, %places) : (!onnxir.any, tensor<2xi64>) -> !onnxir.any
  %hf1 = onnxir.node "Cast"(%h1) {to = 1 : i64} : (!onnxir.any) -> !onnxir.any
  %he1 = onnxir.node "Unsqueeze"(%hf1, %one) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %d1 = onnxir.node "Mul"(%me1, %he1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %d = onnxir.node "Add"(%d0, %d1) : (!onnxir.any, !onnxir.any) -> tensor<?x3x2xf32>
  %c0 = onnxir.node "Mul"(%d0, %we0) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %c1 = onnxir.node "Mul"(%d1, %we1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %c = onnxir.node "Add"(%c1, %c0) : (!onnxir.any, !onnxir.any) -> tensor<?x3x2xf32>
  %in = onnxir.node "Einsum"(%d, %x) {equation = "tec,th->ech"} : (tensor<?x3x2xf32>, tensor<?x4xf32>) -> tensor<3x2x4xf32>
  %a = onnxir.node "MatMul"(%in, %up) : (tensor<3x2x4xf32>, tensor<3x4x6xf32>) -> !onnxir.any
  %b = onnxir.node "Relu"(%a) : (!onnxir.any) -> !onnxir.any
  %o = onnxir.node "MatMul"(%b, %down) : (!onnxir.any, tensor<3x6x4xf32>) -> tensor<3x2x4xf32>
  %y = onnxir.node "Einsum"(%c, %o) {equation = "tec,ech->th"} : (tensor<?x3x2xf32>, tensor<3x2x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
