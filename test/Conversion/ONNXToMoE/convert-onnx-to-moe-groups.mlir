// Masks of groups of experts.
// RUN: moe-opt %s --convert-onnx-to-moe --split-input-file | FileCheck %s

// A mask of groups that is compared with a number between 0 and 1.
// CHECK-LABEL: func.func @marked_groups
// CHECK: moe.gate %{{.*}} score<identity> groups<count = 2, keep = 1{{.*}}> select<top_k, k = 2>
// CHECK-NOT: onnxir.node
// CHECK: return
func.func @marked_groups(%x: tensor<?x4xf32>, %wr: tensor<4x4xf32>, %u0: tensor<4x6xf32>, %d0: tensor<6x4xf32>, %u1: tensor<4x6xf32>, %d1: tensor<6x4xf32>) -> tensor<?x4xf32> {
  %last = arith.constant dense<-1> : tensor<1xi64>
  %one = arith.constant dense<1> : tensor<1xi64>
  %two = arith.constant dense<2> : tensor<1xi64>
  %e0 = arith.constant dense<0> : tensor<i64>
  %e1 = arith.constant dense<1> : tensor<i64>
  %half = arith.constant dense<5.000000e-01> : tensor<f32>
  %low = arith.constant dense<-1.000000e+04> : tensor<f32>
  %zf = arith.constant dense<0.000000e+00> : tensor<f32>
  %gshape = arith.constant dense<[-1, 2, 2]> : tensor<3xi64>
  %eshape = arith.constant dense<[-1, 4]> : tensor<2xi64>
  %depth = arith.constant dense<2> : tensor<i64>
  %values = arith.constant dense<[0.000000e+00, 1.000000e+00]> : tensor<2xf32>
  %l = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x4xf32>) -> !onnxir.any
  %g = onnxir.node "Reshape"(%l, %gshape) : (!onnxir.any, tensor<3xi64>) -> !onnxir.any
  %best = onnxir.node "ReduceMax"(%g, %last) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %bv, %bi = onnxir.node "TopK"(%best, %one) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %oh = onnxir.node "OneHot"(%bi, %depth, %values) {axis = -1 : i64} : (!onnxir.any, tensor<i64>, tensor<2xf32>) -> !onnxir.any
  %mk = onnxir.node "ReduceSum"(%oh, %one) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %mc = onnxir.node "Cast"(%mk) {to = 1 : i64} : (!onnxir.any) -> !onnxir.any
  %mu = onnxir.node "Unsqueeze"(%mc, %last) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %test = onnxir.node "Greater"(%mu, %half) : (!onnxir.any, tensor<f32>) -> !onnxir.any
  %k = onnxir.node "Where"(%test, %g, %low) : (!onnxir.any, !onnxir.any, tensor<f32>) -> !onnxir.any
  %kr = onnxir.node "Reshape"(%k, %eshape) : (!onnxir.any, tensor<2xi64>) -> !onnxir.any
  %v, %i = onnxir.node "TopK"(%kr, %two) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %sc = onnxir.node "GatherElements"(%l, %i) {axis = -1 : i64} : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %w = onnxir.node "Cast"(%sc) {to = 1 : i64} : (!onnxir.any) -> !onnxir.any
  %m0 = onnxir.node "Equal"(%i, %e0) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %p0 = onnxir.node "Where"(%m0, %w, %zf) : (!onnxir.any, !onnxir.any, tensor<f32>) -> !onnxir.any
  %q0 = onnxir.node "ReduceSum"(%p0, %last) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %a0 = onnxir.node "MatMul"(%x, %u0) : (tensor<?x4xf32>, tensor<4x6xf32>) -> !onnxir.any
  %b0 = onnxir.node "Relu"(%a0) : (!onnxir.any) -> !onnxir.any
  %c0 = onnxir.node "MatMul"(%b0, %d0) : (!onnxir.any, tensor<6x4xf32>) -> !onnxir.any
  %y0 = onnxir.node "Mul"(%c0, %q0) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %m1 = onnxir.node "Equal"(%i, %e1) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %p1 = onnxir.node "Where"(%m1, %w, %zf) : (!onnxir.any, !onnxir.any, tensor<f32>) -> !onnxir.any
  %q1 = onnxir.node "ReduceSum"(%p1, %last) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %a1 = onnxir.node "MatMul"(%x, %u1) : (tensor<?x4xf32>, tensor<4x6xf32>) -> !onnxir.any
  %b1 = onnxir.node "Relu"(%a1) : (!onnxir.any) -> !onnxir.any
  %c1 = onnxir.node "MatMul"(%b1, %d1) : (!onnxir.any, tensor<6x4xf32>) -> !onnxir.any
  %y1 = onnxir.node "Mul"(%c1, %q1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %y = onnxir.node "Add"(%y0, %y1) : (!onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// The greatest of a group is not rounded.
// CHECK-LABEL: func.func @small_floats
// CHECK: moe.gate %{{.*}} score<identity> groups<count = 2, keep = 1{{.*}}> select<top_k, k = 2>
// CHECK-NOT: onnxir.node
// CHECK: return
func.func @small_floats(%x: tensor<?x4xf32>, %wr: tensor<4x4xf32>, %u0: tensor<4x6xf32>, %d0: tensor<6x4xf32>, %u1: tensor<4x6xf32>, %d1: tensor<6x4xf32>) -> tensor<?x4xf32> {
  %last = arith.constant dense<-1> : tensor<1xi64>
  %one = arith.constant dense<1> : tensor<1xi64>
  %two = arith.constant dense<2> : tensor<1xi64>
  %e0 = arith.constant dense<0> : tensor<i64>
  %e1 = arith.constant dense<1> : tensor<i64>
  %half = arith.constant dense<5.000000e-01> : tensor<f16>
  %low = arith.constant dense<-1.000000e+04> : tensor<f16>
  %zf = arith.constant dense<0.000000e+00> : tensor<f32>
  %gshape = arith.constant dense<[-1, 2, 2]> : tensor<3xi64>
  %eshape = arith.constant dense<[-1, 4]> : tensor<2xi64>
  %depth = arith.constant dense<2> : tensor<i64>
  %values = arith.constant dense<[0.000000e+00, 1.000000e+00]> : tensor<2xf32>
  %lf = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x4xf32>) -> !onnxir.any
  %l = onnxir.node "Cast"(%lf) {to = 10 : i64} : (!onnxir.any) -> !onnxir.any
  %g = onnxir.node "Reshape"(%l, %gshape) : (!onnxir.any, tensor<3xi64>) -> !onnxir.any
  %best = onnxir.node "ReduceMax"(%g, %last) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %bv, %bi = onnxir.node "TopK"(%best, %one) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %oh = onnxir.node "OneHot"(%bi, %depth, %values) {axis = -1 : i64} : (!onnxir.any, tensor<i64>, tensor<2xf32>) -> !onnxir.any
  %mk = onnxir.node "ReduceSum"(%oh, %one) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %mc = onnxir.node "Cast"(%mk) {to = 10 : i64} : (!onnxir.any) -> !onnxir.any
  %mu = onnxir.node "Unsqueeze"(%mc, %last) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %test = onnxir.node "Greater"(%mu, %half) : (!onnxir.any, tensor<f16>) -> !onnxir.any
  %k = onnxir.node "Where"(%test, %g, %low) : (!onnxir.any, !onnxir.any, tensor<f16>) -> !onnxir.any
  %kr = onnxir.node "Reshape"(%k, %eshape) : (!onnxir.any, tensor<2xi64>) -> !onnxir.any
  %v, %i = onnxir.node "TopK"(%kr, %two) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %sc = onnxir.node "GatherElements"(%l, %i) {axis = -1 : i64} : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %w = onnxir.node "Cast"(%sc) {to = 1 : i64} : (!onnxir.any) -> !onnxir.any
  %m0 = onnxir.node "Equal"(%i, %e0) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %p0 = onnxir.node "Where"(%m0, %w, %zf) : (!onnxir.any, !onnxir.any, tensor<f32>) -> !onnxir.any
  %q0 = onnxir.node "ReduceSum"(%p0, %last) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %a0 = onnxir.node "MatMul"(%x, %u0) : (tensor<?x4xf32>, tensor<4x6xf32>) -> !onnxir.any
  %b0 = onnxir.node "Relu"(%a0) : (!onnxir.any) -> !onnxir.any
  %c0 = onnxir.node "MatMul"(%b0, %d0) : (!onnxir.any, tensor<6x4xf32>) -> !onnxir.any
  %y0 = onnxir.node "Mul"(%c0, %q0) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %m1 = onnxir.node "Equal"(%i, %e1) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %p1 = onnxir.node "Where"(%m1, %w, %zf) : (!onnxir.any, !onnxir.any, tensor<f32>) -> !onnxir.any
  %q1 = onnxir.node "ReduceSum"(%p1, %last) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %a1 = onnxir.node "MatMul"(%x, %u1) : (tensor<?x4xf32>, tensor<4x6xf32>) -> !onnxir.any
  %b1 = onnxir.node "Relu"(%a1) : (!onnxir.any) -> !onnxir.any
  %c1 = onnxir.node "MatMul"(%b1, %d1) : (!onnxir.any, tensor<6x4xf32>) -> !onnxir.any
  %y1 = onnxir.node "Mul"(%c1, %q1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %y = onnxir.node "Add"(%y0, %y1) : (!onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// Sums that are rounded may tie where those of a gate do not: the mask stays.
// CHECK-LABEL: func.func @rounded_sums
// CHECK: onnxir.node "OneHot"
// CHECK: moe.gate %{{.*}} values(%{{.*}} : tensor<?x4xf16>) score<identity> select<top_k, k = 2>
// CHECK: return
func.func @rounded_sums(%x: tensor<?x4xf32>, %wr: tensor<4x4xf32>, %u0: tensor<4x6xf32>, %d0: tensor<6x4xf32>, %u1: tensor<4x6xf32>, %d1: tensor<6x4xf32>) -> tensor<?x4xf32> {
  %last = arith.constant dense<-1> : tensor<1xi64>
  %one = arith.constant dense<1> : tensor<1xi64>
  %two = arith.constant dense<2> : tensor<1xi64>
  %e0 = arith.constant dense<0> : tensor<i64>
  %e1 = arith.constant dense<1> : tensor<i64>
  %half = arith.constant dense<5.000000e-01> : tensor<f16>
  %low = arith.constant dense<-1.000000e+04> : tensor<f16>
  %zf = arith.constant dense<0.000000e+00> : tensor<f32>
  %gshape = arith.constant dense<[-1, 2, 2]> : tensor<3xi64>
  %eshape = arith.constant dense<[-1, 4]> : tensor<2xi64>
  %depth = arith.constant dense<2> : tensor<i64>
  %values = arith.constant dense<[0.000000e+00, 1.000000e+00]> : tensor<2xf32>
  %lf = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x4xf32>) -> !onnxir.any
  %l = onnxir.node "Cast"(%lf) {to = 10 : i64} : (!onnxir.any) -> !onnxir.any
  %g = onnxir.node "Reshape"(%l, %gshape) : (!onnxir.any, tensor<3xi64>) -> !onnxir.any
  %gv, %gi = onnxir.node "TopK"(%g, %two) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %best = onnxir.node "ReduceSum"(%gv, %last) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %bv, %bi = onnxir.node "TopK"(%best, %one) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %oh = onnxir.node "OneHot"(%bi, %depth, %values) {axis = -1 : i64} : (!onnxir.any, tensor<i64>, tensor<2xf32>) -> !onnxir.any
  %mk = onnxir.node "ReduceSum"(%oh, %one) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %mc = onnxir.node "Cast"(%mk) {to = 10 : i64} : (!onnxir.any) -> !onnxir.any
  %mu = onnxir.node "Unsqueeze"(%mc, %last) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %test = onnxir.node "Greater"(%mu, %half) : (!onnxir.any, tensor<f16>) -> !onnxir.any
  %k = onnxir.node "Where"(%test, %g, %low) : (!onnxir.any, !onnxir.any, tensor<f16>) -> !onnxir.any
  %kr = onnxir.node "Reshape"(%k, %eshape) : (!onnxir.any, tensor<2xi64>) -> !onnxir.any
  %v, %i = onnxir.node "TopK"(%kr, %two) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %sc = onnxir.node "GatherElements"(%l, %i) {axis = -1 : i64} : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %w = onnxir.node "Cast"(%sc) {to = 1 : i64} : (!onnxir.any) -> !onnxir.any
  %m0 = onnxir.node "Equal"(%i, %e0) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %p0 = onnxir.node "Where"(%m0, %w, %zf) : (!onnxir.any, !onnxir.any, tensor<f32>) -> !onnxir.any
  %q0 = onnxir.node "ReduceSum"(%p0, %last) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %a0 = onnxir.node "MatMul"(%x, %u0) : (tensor<?x4xf32>, tensor<4x6xf32>) -> !onnxir.any
  %b0 = onnxir.node "Relu"(%a0) : (!onnxir.any) -> !onnxir.any
  %c0 = onnxir.node "MatMul"(%b0, %d0) : (!onnxir.any, tensor<6x4xf32>) -> !onnxir.any
  %y0 = onnxir.node "Mul"(%c0, %q0) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %m1 = onnxir.node "Equal"(%i, %e1) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %p1 = onnxir.node "Where"(%m1, %w, %zf) : (!onnxir.any, !onnxir.any, tensor<f32>) -> !onnxir.any
  %q1 = onnxir.node "ReduceSum"(%p1, %last) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %a1 = onnxir.node "MatMul"(%x, %u1) : (tensor<?x4xf32>, tensor<4x6xf32>) -> !onnxir.any
  %b1 = onnxir.node "Relu"(%a1) : (!onnxir.any) -> !onnxir.any
  %c1 = onnxir.node "MatMul"(%b1, %d1) : (!onnxir.any, tensor<6x4xf32>) -> !onnxir.any
  %y1 = onnxir.node "Mul"(%c1, %q1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %y = onnxir.node "Add"(%y0, %y1) : (!onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
