// RUN: moe-opt %s --convert-onnx-to-moe --split-input-file --verify-diagnostics | FileCheck %s

// Results of experts that are weighed or added in a way that is not followed.

// Nothing says that there are as many gates as tokens.
// CHECK-LABEL: func.func @gates_of_other_tokens
// CHECK-NOT: moe.
// CHECK: return
func.func @gates_of_other_tokens(%x: tensor<?x4xf32>, %gates: tensor<?x2xf32>, %u0: tensor<4x3xf32>, %d0: tensor<3x4xf32>, %u1: tensor<4x3xf32>, %d1: tensor<3x4xf32>) -> tensor<?x4xf32> {
  %first = arith.constant dense<0> : tensor<1xi64>
  %second = arith.constant dense<1> : tensor<1xi64>
  %g0 = onnxir.node "Gather"(%gates, %first) {axis = 1 : i64} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %a0 = onnxir.node "MatMul"(%x, %u0) : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  %h0 = onnxir.node "Relu"(%a0) : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %y0 = onnxir.node "MatMul"(%h0, %d0) : (tensor<?x3xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>
  // expected-remark@+1 {{Mul: router: the sizes of the tokens and of what they are weighed by are not known to be equal; dimensions of one name are}}
  %w0 = onnxir.node "Mul"(%y0, %g0) : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %g1 = onnxir.node "Gather"(%gates, %second) {axis = 1 : i64} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %a1 = onnxir.node "MatMul"(%x, %u1) : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  %h1 = onnxir.node "Relu"(%a1) : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %y1 = onnxir.node "MatMul"(%h1, %d1) : (tensor<?x3xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>
  %w1 = onnxir.node "Mul"(%y1, %g1) : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %y = onnxir.node "Add"(%w0, %w1) : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// The same of tokens that are chosen one expert after the other; one remark is
// enough.
// CHECK-LABEL: func.func @choices_of_other_tokens
// CHECK-NOT: moe.
// CHECK: return
func.func @choices_of_other_tokens(%x: tensor<?x4xf32>, %gates: tensor<?x2xf32>, %u0: tensor<4x3xf32>, %d0: tensor<3x4xf32>, %u1: tensor<4x3xf32>, %d1: tensor<3x4xf32>) -> tensor<?x4xf32> {
  %first = arith.constant dense<0> : tensor<i64>
  %second = arith.constant dense<1> : tensor<i64>
  %rows = arith.constant dense<0> : tensor<1xi64>
  %column = arith.constant dense<1> : tensor<1xi64>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %t0 = onnxir.node "Mul"(%x, %zero) : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %g0 = onnxir.node "Gather"(%gates, %first) {axis = 1 : i64} : (tensor<?x2xf32>, tensor<i64>) -> tensor<?xf32>
  %m0 = onnxir.node "Greater"(%g0, %zero) : (tensor<?xf32>, tensor<f32>) -> tensor<?xi1>
  %n0 = onnxir.node "NonZero"(%m0) : (tensor<?xi1>) -> tensor<1x?xi64>
  %i0 = onnxir.node "Squeeze"(%n0, %rows) : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<?xi64>
  %x0 = onnxir.node "Gather"(%x, %i0) : (tensor<?x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
  %a0 = onnxir.node "MatMul"(%x0, %u0) : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  %h0 = onnxir.node "Relu"(%a0) : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %y0 = onnxir.node "MatMul"(%h0, %d0) : (tensor<?x3xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>
  %k0 = onnxir.node "Gather"(%g0, %i0) : (tensor<?xf32>, tensor<?xi64>) -> tensor<?xf32>
  %c0 = onnxir.node "Unsqueeze"(%k0, %column) : (tensor<?xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %w0 = onnxir.node "Mul"(%y0, %c0) : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %p0 = onnxir.node "Unsqueeze"(%i0, %column) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %t1 = onnxir.node "ScatterND"(%t0, %p0, %w0) {reduction = "add"} : (tensor<?x4xf32>, tensor<?x1xi64>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %g1 = onnxir.node "Gather"(%gates, %second) {axis = 1 : i64} : (tensor<?x2xf32>, tensor<i64>) -> tensor<?xf32>
  %m1 = onnxir.node "Greater"(%g1, %zero) : (tensor<?xf32>, tensor<f32>) -> tensor<?xi1>
  %n1 = onnxir.node "NonZero"(%m1) : (tensor<?xi1>) -> tensor<1x?xi64>
  %i1 = onnxir.node "Squeeze"(%n1, %rows) : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<?xi64>
  %x1 = onnxir.node "Gather"(%x, %i1) : (tensor<?x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
  %a1 = onnxir.node "MatMul"(%x1, %u1) : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  %h1 = onnxir.node "Relu"(%a1) : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %y1 = onnxir.node "MatMul"(%h1, %d1) : (tensor<?x3xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>
  %k1 = onnxir.node "Gather"(%g1, %i1) : (tensor<?xf32>, tensor<?xi64>) -> tensor<?xf32>
  %c1 = onnxir.node "Unsqueeze"(%k1, %column) : (tensor<?xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %w1 = onnxir.node "Mul"(%y1, %c1) : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %p1 = onnxir.node "Unsqueeze"(%i1, %column) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  // expected-remark@+1 {{ScatterND: accumulation: the sizes of the tokens and of what they are weighed by are not known to be equal; dimensions of one name are}}
  %t2 = onnxir.node "ScatterND"(%t1, %p1, %w1) {reduction = "add"} : (tensor<?x4xf32>, tensor<?x1xi64>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %t2 : tensor<?x4xf32>
}

// -----

// Experts that choose their tokens.
// CHECK-LABEL: func.func @experts_choose
// CHECK-NOT: moe.
// CHECK: return
func.func @experts_choose(%x: tensor<?x4xf32>, %tokens: tensor<2x3xi64>, %weights: tensor<2x3x1xf32>, %u0: tensor<4x3xf32>, %d0: tensor<3x4xf32>, %u1: tensor<4x3xf32>, %d1: tensor<3x4xf32>) -> tensor<?x4xf32> {
  %first = arith.constant dense<0> : tensor<i64>
  %second = arith.constant dense<1> : tensor<i64>
  %column = arith.constant dense<1> : tensor<1xi64>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %t0 = onnxir.node "Mul"(%x, %zero) : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %i0 = onnxir.node "Gather"(%tokens, %first) : (tensor<2x3xi64>, tensor<i64>) -> tensor<3xi64>
  %x0 = onnxir.node "Gather"(%x, %i0) : (tensor<?x4xf32>, tensor<3xi64>) -> tensor<3x4xf32>
  %a0 = onnxir.node "MatMul"(%x0, %u0) : (tensor<3x4xf32>, tensor<4x3xf32>) -> tensor<3x3xf32>
  %h0 = onnxir.node "Relu"(%a0) : (tensor<3x3xf32>) -> tensor<3x3xf32>
  %y0 = onnxir.node "MatMul"(%h0, %d0) : (tensor<3x3xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  %c0 = onnxir.node "Gather"(%weights, %first) : (tensor<2x3x1xf32>, tensor<i64>) -> tensor<3x1xf32>
  %w0 = onnxir.node "Mul"(%y0, %c0) : (tensor<3x4xf32>, tensor<3x1xf32>) -> tensor<3x4xf32>
  %p0 = onnxir.node "Unsqueeze"(%i0, %column) : (tensor<3xi64>, tensor<1xi64>) -> tensor<3x1xi64>
  // expected-remark@+1 {{ScatterND: accumulation: results of experts are added at positions that are not understood}}
  %t1 = onnxir.node "ScatterND"(%t0, %p0, %w0) {reduction = "add"} : (tensor<?x4xf32>, tensor<3x1xi64>, tensor<3x4xf32>) -> tensor<?x4xf32>
  %i1 = onnxir.node "Gather"(%tokens, %second) : (tensor<2x3xi64>, tensor<i64>) -> tensor<3xi64>
  %x1 = onnxir.node "Gather"(%x, %i1) : (tensor<?x4xf32>, tensor<3xi64>) -> tensor<3x4xf32>
  %a1 = onnxir.node "MatMul"(%x1, %u1) : (tensor<3x4xf32>, tensor<4x3xf32>) -> tensor<3x3xf32>
  %h1 = onnxir.node "Relu"(%a1) : (tensor<3x3xf32>) -> tensor<3x3xf32>
  %y1 = onnxir.node "MatMul"(%h1, %d1) : (tensor<3x3xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  %c1 = onnxir.node "Gather"(%weights, %second) : (tensor<2x3x1xf32>, tensor<i64>) -> tensor<3x1xf32>
  %w1 = onnxir.node "Mul"(%y1, %c1) : (tensor<3x4xf32>, tensor<3x1xf32>) -> tensor<3x4xf32>
  %p1 = onnxir.node "Unsqueeze"(%i1, %column) : (tensor<3xi64>, tensor<1xi64>) -> tensor<3x1xi64>
  %t2 = onnxir.node "ScatterND"(%t1, %p1, %w1) {reduction = "add"} : (tensor<?x4xf32>, tensor<3x1xi64>, tensor<3x4xf32>) -> tensor<?x4xf32>
  return %t2 : tensor<?x4xf32>
}
