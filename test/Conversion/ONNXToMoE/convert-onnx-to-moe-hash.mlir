// Hash layers: a table says which expert a token goes to, with weight 1. The
// table is an argument with a default, which is bound.
// RUN: moe-opt %s --convert-onnx-to-moe | FileCheck %s

module attributes {onnxir.opsets = {ai.onnx = 18 : i64}} {
// CHECK-LABEL: func.func @main
// CHECK-NOT: onnxir.default
// CHECK: %[[TABLE:.*]] = onnxir.get_weight @table : tensor<96xi64>
// CHECK-NOT: NonZero
// CHECK: moe.gate %{{.*}} ids(%{{.*}} : tensor<?xi32>) table(%{{.*}} : tensor<96x1xi32>) score<identity> select<table, k = 1> : tensor<?x2xf32>
// CHECK: moe.ffn_experts {{.*}} : !moe.experts<2, 16 -> 16>
// CHECK: moe.combine
// CHECK-NOT: NonZero
func.func @main(%x: tensor<?x16xf32> {onnxir.name = "x", onnxir.dims = ["T", 16]},
                %tokens: tensor<?xi64> {onnxir.name = "tokens", onnxir.dims = ["T"]},
                %table: tensor<96xi64> {onnxir.name = "table", onnxir.default = @table})
    -> (tensor<?x16xf32> {onnxir.name = "y"}) {
  %up0 = onnxir.get_weight @up0 : tensor<16x24xf32>
  %up1 = onnxir.get_weight @up1 : tensor<16x24xf32>
  %down0 = onnxir.get_weight @down0 : tensor<24x16xf32>
  %down1 = onnxir.get_weight @down1 : tensor<24x16xf32>
  %last = arith.constant dense<-1> : tensor<1xi64>
  %none = arith.constant dense<0.0> : tensor<f32>
  %ids = arith.constant dense<[0, 1]> : tensor<2xi64>
  %i = onnxir.node "Gather"(%table, %tokens) : (tensor<96xi64>, tensor<?xi64>) -> tensor<?xi64>
  %iu = onnxir.node "Unsqueeze"(%i, %last) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %mb = onnxir.node "Equal"(%iu, %ids) : (tensor<?x1xi64>, tensor<2xi64>) -> tensor<?x2xi1>
  %m = onnxir.node "Cast"(%mb) {to = 1 : i64} : (tensor<?x2xi1>) -> tensor<?x2xf32>
  %shape = onnxir.node "Shape"(%x) : (tensor<?x16xf32>) -> tensor<2xi64>
  %zero = onnxir.node "Expand"(%none, %shape) : (tensor<f32>, tensor<2xi64>) -> tensor<?x16xf32>
  %e0 = arith.constant dense<0> : tensor<i64>
  %g0 = onnxir.node "Gather"(%m, %e0) {axis = 1 : i64} : (tensor<?x2xf32>, tensor<i64>) -> tensor<?xf32>
  %b0 = onnxir.node "Greater"(%g0, %none) : (tensor<?xf32>, tensor<f32>) -> tensor<?xi1>
  %n0 = onnxir.node "NonZero"(%b0) : (tensor<?xi1>) -> tensor<1x?xi64>
  %t0 = onnxir.node "Transpose"(%n0) {perm = array<i64: 1, 0>} : (tensor<1x?xi64>) -> tensor<?x1xi64>
  %r0 = onnxir.node "GatherND"(%x, %t0) : (tensor<?x16xf32>, tensor<?x1xi64>) -> tensor<?x16xf32>
  %u0 = onnxir.node "MatMul"(%r0, %up0) : (tensor<?x16xf32>, tensor<16x24xf32>) -> tensor<?x24xf32>
  %a0 = onnxir.node "Relu"(%u0) : (tensor<?x24xf32>) -> tensor<?x24xf32>
  %d0 = onnxir.node "MatMul"(%a0, %down0) : (tensor<?x24xf32>, tensor<24x16xf32>) -> tensor<?x16xf32>
  %f0 = onnxir.node "GatherND"(%g0, %t0) : (tensor<?xf32>, tensor<?x1xi64>) -> tensor<?xf32>
  %v0 = onnxir.node "Unsqueeze"(%f0, %last) : (tensor<?xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %w0 = onnxir.node "Mul"(%d0, %v0) : (tensor<?x16xf32>, tensor<?x1xf32>) -> tensor<?x16xf32>
  %s0 = onnxir.node "ScatterND"(%zero, %t0, %w0) {reduction = "add"} : (tensor<?x16xf32>, tensor<?x1xi64>, tensor<?x16xf32>) -> tensor<?x16xf32>
  %e1 = arith.constant dense<1> : tensor<i64>
  %g1 = onnxir.node "Gather"(%m, %e1) {axis = 1 : i64} : (tensor<?x2xf32>, tensor<i64>) -> tensor<?xf32>
  %b1 = onnxir.node "Greater"(%g1, %none) : (tensor<?xf32>, tensor<f32>) -> tensor<?xi1>
  %n1 = onnxir.node "NonZero"(%b1) : (tensor<?xi1>) -> tensor<1x?xi64>
  %t1 = onnxir.node "Transpose"(%n1) {perm = array<i64: 1, 0>} : (tensor<1x?xi64>) -> tensor<?x1xi64>
  %r1 = onnxir.node "GatherND"(%x, %t1) : (tensor<?x16xf32>, tensor<?x1xi64>) -> tensor<?x16xf32>
  %u1 = onnxir.node "MatMul"(%r1, %up1) : (tensor<?x16xf32>, tensor<16x24xf32>) -> tensor<?x24xf32>
  %a1 = onnxir.node "Relu"(%u1) : (tensor<?x24xf32>) -> tensor<?x24xf32>
  %d1 = onnxir.node "MatMul"(%a1, %down1) : (tensor<?x24xf32>, tensor<24x16xf32>) -> tensor<?x16xf32>
  %f1 = onnxir.node "GatherND"(%g1, %t1) : (tensor<?xf32>, tensor<?x1xi64>) -> tensor<?xf32>
  %v1 = onnxir.node "Unsqueeze"(%f1, %last) : (tensor<?xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %w1 = onnxir.node "Mul"(%d1, %v1) : (tensor<?x16xf32>, tensor<?x1xf32>) -> tensor<?x16xf32>
  %s1 = onnxir.node "ScatterND"(%s0, %t1, %w1) {reduction = "add"} : (tensor<?x16xf32>, tensor<?x1xi64>, tensor<?x16xf32>) -> tensor<?x16xf32>
  return %s1 : tensor<?x16xf32>
}
onnxir.weight @table from "model.onnx"[0, 768] : tensor<96xi64>
onnxir.weight @up0 from "model.onnx"[768, 1536] : tensor<16x24xf32>
onnxir.weight @up1 from "model.onnx"[2304, 1536] : tensor<16x24xf32>
onnxir.weight @down0 from "model.onnx"[3840, 1536] : tensor<24x16xf32>
onnxir.weight @down1 from "model.onnx"[5376, 1536] : tensor<24x16xf32>
}
