// RUN: moe-opt %s --convert-moe-to-onnx | FileCheck %s --implicit-check-not=tensor. --implicit-check-not=arith.

module attributes {onnxir.opsets = {ai.onnx = 13 : i64}} {
// CHECK-LABEL: func.func @ids(
// CHECK-SAME: %[[I:[a-z0-9]*]]: tensor<?x2xi64>
// CHECK: %[[S:.*]] = onnxir.node "Shape"(%[[I]])
// CHECK: "Gather"(%[[S]], %{{.*}}) {axis = 0 : i64}
// CHECK: "Concat"
// CHECK: %[[Z:.*]] = onnxir.node "Expand"({{.*}}) : {{.*}} -> tensor<?x2xi64>
// CHECK: %[[N:.*]] = onnxir.node "Less"(%[[I]], %[[Z]]) : {{.*}} -> tensor<?x2xi1>
// CHECK: %[[A:.*]] = onnxir.node "Add"(%[[I]], %[[Z]])
// CHECK: %[[W:.*]] = onnxir.node "Where"(%[[N]], %[[A]], %[[I]])
// CHECK: %[[M:.*]] = onnxir.node "Max"(%[[W]], %[[Z]])
// CHECK: %[[C:.*]] = onnxir.node "Cast"(%[[M]]) {to = 6 : i64} : (tensor<?x2xi64>) -> tensor<?x2xi32>
// CHECK: return %[[C]]
func.func @ids(%ids: tensor<?x2xi64>) -> tensor<?x2xi32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %ids, %c0 : tensor<?x2xi64>
  %eight = arith.constant 8 : i64
  %bound = tensor.splat %eight[%n] : tensor<?x2xi64>
  %negative = arith.cmpi slt, %ids, %bound : tensor<?x2xi64>
  %wrapped = arith.addi %ids, %bound : tensor<?x2xi64>
  %some = arith.select %negative, %wrapped, %ids : tensor<?x2xi1>, tensor<?x2xi64>
  %most = arith.maxsi %some, %bound : tensor<?x2xi64>
  %small = arith.trunci %most : tensor<?x2xi64> to tensor<?x2xi32>
  return %small : tensor<?x2xi32>
}

// CHECK-LABEL: func.func @slice(
// CHECK: %[[L:.*]] = onnxir.node "Slice"(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}})
// CHECK: %[[Q:.*]] = onnxir.node "Squeeze"(%[[L]], %{{.*}}) : {{.*}} -> tensor<6x8xf32>
// CHECK: %[[U:.*]] = onnxir.node "Identity"(%[[Q]]) : (tensor<6x8xf32>) -> tensor<?x8xf32>
// CHECK: %[[C:.*]] = onnxir.node "Constant"() {value = dense<1.000000e+00> : tensor<1x8xf32>}
// CHECK: "Concat"(%[[U]], %[[C]]) {axis = 0 : i64} : {{.*}} -> tensor<?x8xf32>
func.func @slice(%x: tensor<4x6x8xf32>) -> tensor<?x8xf32> {
  %s = tensor.extract_slice %x[2, 0, 0] [1, 6, 8] [1, 1, 1] : tensor<4x6x8xf32> to tensor<6x8xf32>
  %c = tensor.cast %s : tensor<6x8xf32> to tensor<?x8xf32>
  %one = arith.constant dense<1.0> : tensor<1x8xf32>
  %y = tensor.concat dim(0) %c, %one : (tensor<?x8xf32>, tensor<1x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// Without allowzero, which came later; sizes by arithmetic.
// CHECK-LABEL: func.func @reshape(
// CHECK: "Mul"
// CHECK: "Reshape"(%{{[a-z0-9]*}}, %{{[a-z0-9]*}}) : (tensor<?x?x8x?xf32>, !onnxir.any) -> tensor<?x?xf32>
func.func @reshape(%x: tensor<?x?x8x?xf32>) -> tensor<?x?xf32> {
  %y = tensor.collapse_shape %x [[0, 1], [2, 3]] : tensor<?x?x8x?xf32> into tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
}
