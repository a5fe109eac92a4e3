// Only gates above 0 count, and no score function says which these are: the
// gates as they are, those above 0 being chosen.
// RUN: moe-opt %s --convert-onnx-to-moe --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK-SAME: %[[GATES:[^: ]*]]: tensor<?x2xf32>
// CHECK: moe.gate %[[GATES]] score<identity> select<threshold, k = 2>
// CHECK: moe.combine
// CHECK-NOT: onnxir.node
// expected-remark@+1 {{router: experts ask for weights greater than 0, and weights may be negative or no numbers}}
func.func @main(%x: tensor<?x4xf32> {onnxir.dims = ["tokens", 4]}, %gates: tensor<?x2xf32> {onnxir.dims = ["tokens", 2]}, %u0: tensor<4x3xf32>, %d0: tensor<3x4xf32>, %u1: tensor<4x3xf32>, %d1: tensor<3x4xf32>) -> tensor<?x4xf32> {
  %first = arith.constant dense<0> : tensor<1xi64>
  %second = arith.constant dense<1> : tensor<1xi64>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %g0 = onnxir.node "Gather"(%gates, %first) {axis = 1 : i64} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %m0 = onnxir.node "Greater"(%g0, %zero) : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xi1>
  %a0 = onnxir.node "MatMul"(%x, %u0) : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  %h0 = onnxir.node "Relu"(%a0) : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %y0 = onnxir.node "MatMul"(%h0, %d0) : (tensor<?x3xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>
  %w0 = onnxir.node "Mul"(%y0, %g0) : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %t0 = onnxir.node "Where"(%m0, %w0, %zero) : (tensor<?x1xi1>, tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %g1 = onnxir.node "Gather"(%gates, %second) {axis = 1 : i64} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %m1 = onnxir.node "Greater"(%g1, %zero) : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xi1>
  %a1 = onnxir.node "MatMul"(%x, %u1) : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  %h1 = onnxir.node "Relu"(%a1) : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %y1 = onnxir.node "MatMul"(%h1, %d1) : (tensor<?x3xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>
  %w1 = onnxir.node "Mul"(%y1, %g1) : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %t1 = onnxir.node "Where"(%m1, %w1, %zero) : (tensor<?x1xi1>, tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %y = onnxir.node "Add"(%t0, %t1) : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
