// RUN: moe-opt %s --convert-onnx-to-moe --split-input-file | FileCheck %s

// Experts whose input, not output, is multiplied by the routing weight.

// Each slot becomes a token of its own; a shared expert is one of the slots.
// CHECK-LABEL: func.func @one
// CHECK-SAME: (%[[X:.*]]: tensor<?x4xf32>, %
// CHECK: %[[W:.*]], %[[IDS:.*]] = moe.gate %{{.*}} select<top_k, k = 1> shared(1) : tensor<?x3xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
// CHECK: %[[R:.*]] = tensor.expand_shape %[[X]] {{\[\[}}0, 1], [2]]
// CHECK: %[[V:.*]] = tensor.expand_shape %[[W]] {{\[\[}}0], [1, 2]]
// CHECK: %[[M:.*]] = onnxir.node "Mul"(%[[R]], %[[V]])
// CHECK: %[[T:.*]] = tensor.collapse_shape %[[M]] {{\[\[}}0, 1], [2]]
// CHECK: %[[FLAT:.*]] = tensor.collapse_shape %[[IDS]]
// CHECK: %[[COLUMN:.*]] = tensor.expand_shape %[[FLAT]]
// CHECK: %[[ONE:.*]] = tensor.splat
// CHECK: %[[P:.*]] = moe.plan %[[COLUMN]] : tensor<?x1xi32> -> !moe.plan<4>
// CHECK: moe.dispatch %[[T]], %[[P]]
// CHECK: %[[Y:.*]] = moe.combine %{{.*}}, %[[P]], %[[ONE]]
// CHECK: %[[S:.*]] = tensor.expand_shape %[[Y]]
// CHECK: onnxir.node "ReduceSum"(%[[S]]
func.func @one(%x: tensor<?x4xf32>, %w0: tensor<4x3xf32>, %w1: tensor<3x4x4xf32>, %w2: tensor<3x2x4xf32>, %w3: tensor<4x2xf32>, %w4: tensor<4x2xf32>, %w5: tensor<2x4xf32>) -> (tensor<?x4xf32>) {
  %c0 = onnxir.get_weight @c0 : tensor<1xi64>
  %c1 = onnxir.get_weight @c1 : tensor<f32>
  %c2 = onnxir.get_weight @c2 : tensor<2xi64>
  %c3 = onnxir.get_weight @c3 : tensor<2xi64>
  %c4 = onnxir.get_weight @c4 : tensor<3xi64>
  %c5 = onnxir.get_weight @c5 : tensor<1xi64>
  %v0 = onnxir.node "MatMul"(%x, %w0) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v1, %v2 = onnxir.node "TopK"(%v0, %c0) : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %v3 = onnxir.node "Shape"(%v0) : (!onnxir.any) -> !onnxir.any
  %v4 = onnxir.node "Expand"(%c1, %v3) : (tensor<f32>, !onnxir.any) -> !onnxir.any
  %v5 = onnxir.node "ScatterElements"(%v4, %v2, %v1) {axis = 1 : i64} : (!onnxir.any, !onnxir.any, !onnxir.any) -> !onnxir.any
  %v6 = onnxir.node "Sigmoid"(%v5) : (!onnxir.any) -> !onnxir.any
  %v7 = onnxir.node "Transpose"(%v6) {perm = array<i64: 1, 0>} : (!onnxir.any) -> !onnxir.any
  %v8 = onnxir.node "Reshape"(%v7, %c2) : (!onnxir.any, tensor<2xi64>) -> !onnxir.any
  %v9 = onnxir.node "Tile"(%x, %c3) : (tensor<?x4xf32>, tensor<2xi64>) -> !onnxir.any
  %v10 = onnxir.node "Mul"(%v9, %v8) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v11 = onnxir.node "Reshape"(%v10, %c4) : (!onnxir.any, tensor<3xi64>) -> !onnxir.any
  %v12 = onnxir.node "MatMul"(%v11, %w1) : (!onnxir.any, tensor<3x4x4xf32>) -> !onnxir.any
  %v13, %v14 = onnxir.node "Split"(%v12) {axis = -1 : i64, num_outputs = 2 : i64} : (!onnxir.any) -> (!onnxir.any, !onnxir.any)
  %v15 = onnxir.node "Sigmoid"(%v13) : (!onnxir.any) -> !onnxir.any
  %v16 = onnxir.node "Mul"(%v13, %v15) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v17 = onnxir.node "Mul"(%v14, %v16) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v18 = onnxir.node "MatMul"(%v17, %w2) : (!onnxir.any, tensor<3x2x4xf32>) -> !onnxir.any
  %v19 = onnxir.node "ReduceSum"(%v18, %c5) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v20 = onnxir.node "MatMul"(%x, %w3) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v21 = onnxir.node "Sigmoid"(%v20) : (!onnxir.any) -> !onnxir.any
  %v22 = onnxir.node "Mul"(%v20, %v21) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v23 = onnxir.node "MatMul"(%x, %w4) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v24 = onnxir.node "Mul"(%v22, %v23) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v25 = onnxir.node "MatMul"(%v24, %w5) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v26 = onnxir.node "Add"(%v25, %v19) : (!onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %v26 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<1> : tensor<1xi64>
onnxir.weight @c1 = dense<0xFF800000> : tensor<f32>
onnxir.weight @c2 = dense<[-1, 1]> : tensor<2xi64>
onnxir.weight @c3 = dense<[3, 1]> : tensor<2xi64>
onnxir.weight @c4 = dense<[3, -1, 4]> : tensor<3xi64>
onnxir.weight @c5 = dense<0> : tensor<1xi64>
