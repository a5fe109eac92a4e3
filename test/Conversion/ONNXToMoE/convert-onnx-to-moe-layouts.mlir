// RUN: moe-opt %s --convert-onnx-to-moe --split-input-file | FileCheck %s

// Layers whose parts see the tokens in different layouts.

// The shared expert reads batch×sequence, the router tokens in one dimension,
// behind a product whose inner dimension is that of two heads.
// CHECK-LABEL: func.func @heads
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 2> normalize<sum> shared(1) : tensor<?x3xf32>
// CHECK: moe.experts %{{.*}}, %{{.*}}, (%{{.*}}, %{{.*}}) : tensor<?x4xf32>, !moe.plan<4>, !moe.experts<3, 4 -> 4>, !moe.experts<1, 4 -> 4>
// CHECK: %[[Y:.*]] = moe.combine
// CHECK: %[[R:.*]] = tensor.expand_shape %[[Y]]
// CHECK-NEXT: return %[[R]]
func.func @heads(%x: tensor<?x?x4xf32>, %w0: tensor<4x4xf32>, %w1: tensor<4x3xf32>, %w2: tensor<3x4x4xf32>, %w3: tensor<3x2x4xf32>, %w4: tensor<4x2xf32>, %w5: tensor<4x2xf32>, %w6: tensor<2x4xf32>) -> (tensor<?x?x4xf32>) {
  %c0 = onnxir.get_weight @c0 : tensor<4xi64>
  %c1 = onnxir.get_weight @c1 : tensor<3xi64>
  %c2 = onnxir.get_weight @c2 : tensor<2xi64>
  %c3 = onnxir.get_weight @c3 : tensor<1xi64>
  %c4 = onnxir.get_weight @c4 : tensor<1xi64>
  %c5 = onnxir.get_weight @c5 : tensor<1xi64>
  %c6 = onnxir.get_weight @c6 : tensor<1xi64>
  %c7 = onnxir.get_weight @c7 : tensor<1xi64>
  %c8 = onnxir.get_weight @c8 : tensor<1xi64>
  %c9 = onnxir.get_weight @c9 : tensor<1xi64>
  %v0 = onnxir.node "Reshape"(%x, %c0) : (tensor<?x?x4xf32>, tensor<4xi64>) -> !onnxir.any
  %v1 = onnxir.node "Transpose"(%v0) {perm = array<i64: 0, 2, 1, 3>} : (!onnxir.any) -> !onnxir.any
  %v2 = onnxir.node "Transpose"(%v1) {perm = array<i64: 0, 2, 1, 3>} : (!onnxir.any) -> !onnxir.any
  %v3 = onnxir.node "Reshape"(%v2, %c1) : (!onnxir.any, tensor<3xi64>) -> !onnxir.any
  %v4 = onnxir.node "MatMul"(%v3, %w0) : (!onnxir.any, tensor<4x4xf32>) -> !onnxir.any
  %v5 = onnxir.node "Add"(%x, %v4) : (tensor<?x?x4xf32>, !onnxir.any) -> !onnxir.any
  %v6 = onnxir.node "Reshape"(%v5, %c2) : (!onnxir.any, tensor<2xi64>) -> !onnxir.any
  %v7 = onnxir.node "MatMul"(%v6, %w1) : (!onnxir.any, tensor<4x3xf32>) -> !onnxir.any
  %v8 = onnxir.node "Softmax"(%v7) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v9, %v10 = onnxir.node "TopK"(%v8, %c3) : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %v11 = onnxir.node "ReduceSum"(%v9, %c4) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v12 = onnxir.node "Div"(%v9, %v11) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v13 = onnxir.node "Unsqueeze"(%v6, %c5) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v14 = onnxir.node "Unsqueeze"(%v13, %c6) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v15 = onnxir.node "Gather"(%w2, %v10) : (tensor<3x4x4xf32>, !onnxir.any) -> !onnxir.any
  %v16 = onnxir.node "MatMul"(%v14, %v15) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v17, %v18 = onnxir.node "Split"(%v16) {axis = -1 : i64, num_outputs = 2 : i64} : (!onnxir.any) -> (!onnxir.any, !onnxir.any)
  %v19 = onnxir.node "Sigmoid"(%v17) : (!onnxir.any) -> !onnxir.any
  %v20 = onnxir.node "Mul"(%v17, %v19) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v21 = onnxir.node "Mul"(%v20, %v18) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v22 = onnxir.node "Gather"(%w3, %v10) : (tensor<3x2x4xf32>, !onnxir.any) -> !onnxir.any
  %v23 = onnxir.node "MatMul"(%v21, %v22) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v24 = onnxir.node "Squeeze"(%v23, %c7) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v25 = onnxir.node "Unsqueeze"(%v12, %c8) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v26 = onnxir.node "Mul"(%v24, %v25) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v27 = onnxir.node "ReduceSum"(%v26, %c9) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v28 = onnxir.node "MatMul"(%v5, %w4) : (!onnxir.any, tensor<4x2xf32>) -> !onnxir.any
  %v29 = onnxir.node "Sigmoid"(%v28) : (!onnxir.any) -> !onnxir.any
  %v30 = onnxir.node "Mul"(%v28, %v29) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v31 = onnxir.node "MatMul"(%v5, %w5) : (!onnxir.any, tensor<4x2xf32>) -> !onnxir.any
  %v32 = onnxir.node "Mul"(%v30, %v31) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v33 = onnxir.node "MatMul"(%v32, %w6) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v34 = onnxir.node "Shape"(%v5) : (!onnxir.any) -> !onnxir.any
  %v35 = onnxir.node "Reshape"(%v27, %v34) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v36 = onnxir.node "Add"(%v35, %v33) : (!onnxir.any, !onnxir.any) -> tensor<?x?x4xf32>
  return %v36 : tensor<?x?x4xf32>
}
onnxir.weight @c0 = dense<[0, 0, 2, 2]> : tensor<4xi64>
onnxir.weight @c1 = dense<[0, 0, -1]> : tensor<3xi64>
onnxir.weight @c2 = dense<[-1, 4]> : tensor<2xi64>
onnxir.weight @c3 = dense<2> : tensor<1xi64>
onnxir.weight @c4 = dense<-1> : tensor<1xi64>
onnxir.weight @c5 = dense<1> : tensor<1xi64>
onnxir.weight @c6 = dense<1> : tensor<1xi64>
onnxir.weight @c7 = dense<2> : tensor<1xi64>
onnxir.weight @c8 = dense<-1> : tensor<1xi64>
onnxir.weight @c9 = dense<1> : tensor<1xi64>

// -----

// Even columns of one product are the gate, odd ones are what it gates: the
// product is split by a reshape.
// CHECK-LABEL: func.func @interleaved
// CHECK: %[[UP:.*]] = moe.weights %{{.*}}, %{{.*}}, %{{.*}} layout<offset = 1, step = 2, transposed = true> : tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32> -> !moe.weights<3x2x4, f32>
// CHECK: %[[GATE:.*]] = moe.weights %{{.*}}, %{{.*}}, %{{.*}} layout<step = 2, transposed = true> : tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32> -> !moe.weights<3x2x4, f32>
// CHECK: moe.ffn_experts up(%[[UP]] : !moe.weights<3x2x4, f32>) gate(%[[GATE]] :
func.func @interleaved(%x: tensor<?x4xf32>, %w0: tensor<4x3xf32>, %w1: tensor<4x4xf32>, %w2: tensor<2x4xf32>, %w3: tensor<4x4xf32>, %w4: tensor<2x4xf32>, %w5: tensor<4x4xf32>, %w6: tensor<2x4xf32>) -> (tensor<?x4xf32>) {
  %c0 = onnxir.get_weight @c0 : tensor<1xi64>
  %c1 = onnxir.get_weight @c1 : tensor<1xi64>
  %c2 = onnxir.get_weight @c2 : tensor<3xi64>
  %c3 = onnxir.get_weight @c3 : tensor<i64>
  %c4 = onnxir.get_weight @c4 : tensor<i64>
  %c5 = onnxir.get_weight @c5 : tensor<i64>
  %c6 = onnxir.get_weight @c6 : tensor<1xi64>
  %c7 = onnxir.get_weight @c7 : tensor<3xi64>
  %c8 = onnxir.get_weight @c8 : tensor<i64>
  %c9 = onnxir.get_weight @c9 : tensor<i64>
  %c10 = onnxir.get_weight @c10 : tensor<i64>
  %c11 = onnxir.get_weight @c11 : tensor<1xi64>
  %c12 = onnxir.get_weight @c12 : tensor<3xi64>
  %c13 = onnxir.get_weight @c13 : tensor<i64>
  %c14 = onnxir.get_weight @c14 : tensor<i64>
  %c15 = onnxir.get_weight @c15 : tensor<i64>
  %c16 = onnxir.get_weight @c16 : tensor<1xi64>
  %v0 = onnxir.node "MatMul"(%x, %w0) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v1 = onnxir.node "Softmax"(%v0) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v2, %v3 = onnxir.node "TopK"(%v1, %c0) : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %v4 = onnxir.node "ReduceSum"(%v2, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v5 = onnxir.node "Div"(%v2, %v4) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v6 = onnxir.node "MatMul"(%x, %w1) : (tensor<?x4xf32>, tensor<4x4xf32>) -> !onnxir.any
  %v7 = onnxir.node "Reshape"(%v6, %c2) : (!onnxir.any, tensor<3xi64>) -> !onnxir.any
  %v8 = onnxir.node "Gather"(%v7, %c3) {axis = -1 : i64} : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v9 = onnxir.node "Gather"(%v7, %c4) {axis = -1 : i64} : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v10 = onnxir.node "Sigmoid"(%v8) : (!onnxir.any) -> !onnxir.any
  %v11 = onnxir.node "Mul"(%v8, %v10) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v12 = onnxir.node "Mul"(%v11, %v9) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v13 = onnxir.node "MatMul"(%v12, %w2) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v14 = onnxir.node "Equal"(%v3, %c5) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v15 = onnxir.node "Cast"(%v14) {to = 1 : i64} : (!onnxir.any) -> !onnxir.any
  %v16 = onnxir.node "Mul"(%v5, %v15) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v17 = onnxir.node "ReduceSum"(%v16, %c6) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v18 = onnxir.node "Mul"(%v13, %v17) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v19 = onnxir.node "MatMul"(%x, %w3) : (tensor<?x4xf32>, tensor<4x4xf32>) -> !onnxir.any
  %v20 = onnxir.node "Reshape"(%v19, %c7) : (!onnxir.any, tensor<3xi64>) -> !onnxir.any
  %v21 = onnxir.node "Gather"(%v20, %c8) {axis = -1 : i64} : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v22 = onnxir.node "Gather"(%v20, %c9) {axis = -1 : i64} : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v23 = onnxir.node "Sigmoid"(%v21) : (!onnxir.any) -> !onnxir.any
  %v24 = onnxir.node "Mul"(%v21, %v23) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v25 = onnxir.node "Mul"(%v24, %v22) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v26 = onnxir.node "MatMul"(%v25, %w4) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v27 = onnxir.node "Equal"(%v3, %c10) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v28 = onnxir.node "Cast"(%v27) {to = 1 : i64} : (!onnxir.any) -> !onnxir.any
  %v29 = onnxir.node "Mul"(%v5, %v28) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v30 = onnxir.node "ReduceSum"(%v29, %c11) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v31 = onnxir.node "Mul"(%v26, %v30) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v32 = onnxir.node "MatMul"(%x, %w5) : (tensor<?x4xf32>, tensor<4x4xf32>) -> !onnxir.any
  %v33 = onnxir.node "Reshape"(%v32, %c12) : (!onnxir.any, tensor<3xi64>) -> !onnxir.any
  %v34 = onnxir.node "Gather"(%v33, %c13) {axis = -1 : i64} : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v35 = onnxir.node "Gather"(%v33, %c14) {axis = -1 : i64} : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v36 = onnxir.node "Sigmoid"(%v34) : (!onnxir.any) -> !onnxir.any
  %v37 = onnxir.node "Mul"(%v34, %v36) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v38 = onnxir.node "Mul"(%v37, %v35) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v39 = onnxir.node "MatMul"(%v38, %w6) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v40 = onnxir.node "Equal"(%v3, %c15) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v41 = onnxir.node "Cast"(%v40) {to = 1 : i64} : (!onnxir.any) -> !onnxir.any
  %v42 = onnxir.node "Mul"(%v5, %v41) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v43 = onnxir.node "ReduceSum"(%v42, %c16) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v44 = onnxir.node "Mul"(%v39, %v43) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v45 = onnxir.node "Add"(%v18, %v31) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v46 = onnxir.node "Add"(%v45, %v44) : (!onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %v46 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<2> : tensor<1xi64>
onnxir.weight @c1 = dense<-1> : tensor<1xi64>
onnxir.weight @c2 = dense<[0, 2, 2]> : tensor<3xi64>
onnxir.weight @c3 = dense<0> : tensor<i64>
onnxir.weight @c4 = dense<1> : tensor<i64>
onnxir.weight @c5 = dense<0> : tensor<i64>
onnxir.weight @c6 = dense<-1> : tensor<1xi64>
onnxir.weight @c7 = dense<[0, 2, 2]> : tensor<3xi64>
onnxir.weight @c8 = dense<0> : tensor<i64>
onnxir.weight @c9 = dense<1> : tensor<i64>
onnxir.weight @c10 = dense<1> : tensor<i64>
onnxir.weight @c11 = dense<-1> : tensor<1xi64>
onnxir.weight @c12 = dense<[0, 2, 2]> : tensor<3xi64>
onnxir.weight @c13 = dense<0> : tensor<i64>
onnxir.weight @c14 = dense<1> : tensor<i64>
onnxir.weight @c15 = dense<2> : tensor<i64>
onnxir.weight @c16 = dense<-1> : tensor<1xi64>

// -----

// Results of experts beside each other, summed with a gate for each.
// CHECK-LABEL: func.func @stacked
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 2> : tensor<?x3xf32>
// CHECK: moe.experts %{{.*}}, %{{.*}}, (%{{.*}}) : tensor<?x4xf32>, !moe.plan<3>, !moe.experts<3, 4 -> 4>
func.func @stacked(%x: tensor<?x4xf32>, %w0: tensor<4x3xf32>, %w1: tensor<4x2xf32>, %w2: tensor<4x2xf32>, %w3: tensor<2x4xf32>, %w4: tensor<4x2xf32>, %w5: tensor<4x2xf32>, %w6: tensor<2x4xf32>, %w7: tensor<4x2xf32>, %w8: tensor<4x2xf32>, %w9: tensor<2x4xf32>) -> (tensor<?x4xf32>) {
  %c0 = onnxir.get_weight @c0 : tensor<1xi64>
  %c1 = onnxir.get_weight @c1 : tensor<f32>
  %c2 = onnxir.get_weight @c2 : tensor<1xi64>
  %c3 = onnxir.get_weight @c3 : tensor<1xi64>
  %c4 = onnxir.get_weight @c4 : tensor<1xi64>
  %c5 = onnxir.get_weight @c5 : tensor<1xi64>
  %c6 = onnxir.get_weight @c6 : tensor<1xi64>
  %v0 = onnxir.node "MatMul"(%x, %w0) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v1 = onnxir.node "Softmax"(%v0) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v2, %v3 = onnxir.node "TopK"(%v1, %c0) : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %v4 = onnxir.node "Shape"(%v1) : (!onnxir.any) -> !onnxir.any
  %v5 = onnxir.node "Expand"(%c1, %v4) : (tensor<f32>, !onnxir.any) -> !onnxir.any
  %v6 = onnxir.node "ScatterElements"(%v5, %v3, %v2) {axis = -1 : i64} : (!onnxir.any, !onnxir.any, !onnxir.any) -> !onnxir.any
  %v7 = onnxir.node "Unsqueeze"(%v6, %c2) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v8 = onnxir.node "MatMul"(%x, %w1) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v9 = onnxir.node "Sigmoid"(%v8) : (!onnxir.any) -> !onnxir.any
  %v10 = onnxir.node "Mul"(%v8, %v9) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v11 = onnxir.node "MatMul"(%x, %w2) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v12 = onnxir.node "Mul"(%v10, %v11) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v13 = onnxir.node "MatMul"(%v12, %w3) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v14 = onnxir.node "MatMul"(%x, %w4) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v15 = onnxir.node "Sigmoid"(%v14) : (!onnxir.any) -> !onnxir.any
  %v16 = onnxir.node "Mul"(%v14, %v15) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v17 = onnxir.node "MatMul"(%x, %w5) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v18 = onnxir.node "Mul"(%v16, %v17) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v19 = onnxir.node "MatMul"(%v18, %w6) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v20 = onnxir.node "MatMul"(%x, %w7) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v21 = onnxir.node "Sigmoid"(%v20) : (!onnxir.any) -> !onnxir.any
  %v22 = onnxir.node "Mul"(%v20, %v21) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v23 = onnxir.node "MatMul"(%x, %w8) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v24 = onnxir.node "Mul"(%v22, %v23) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v25 = onnxir.node "MatMul"(%v24, %w9) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v26 = onnxir.node "Unsqueeze"(%v13, %c3) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v27 = onnxir.node "Unsqueeze"(%v19, %c4) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v28 = onnxir.node "Unsqueeze"(%v25, %c5) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v29 = onnxir.node "Concat"(%v26, %v27, %v28) {axis = 1 : i64} : (!onnxir.any, !onnxir.any, !onnxir.any) -> !onnxir.any
  %v30 = onnxir.node "Mul"(%v29, %v7) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v31 = onnxir.node "ReduceSum"(%v30, %c6) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> tensor<?x4xf32>
  return %v31 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<2> : tensor<1xi64>
onnxir.weight @c1 = dense<0.0> : tensor<f32>
onnxir.weight @c2 = dense<-1> : tensor<1xi64>
onnxir.weight @c3 = dense<1> : tensor<1xi64>
onnxir.weight @c4 = dense<1> : tensor<1xi64>
onnxir.weight @c5 = dense<1> : tensor<1xi64>
onnxir.weight @c6 = dense<1> : tensor<1xi64>

// -----

// Weights on hidden values are weights on results.
// CHECK-LABEL: func.func @hidden
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 2> normalize<sum> : tensor<?x3xf32>
// CHECK: moe.combine
func.func @hidden(%x: tensor<?x4xf32>, %w0: tensor<4x3xf32>, %w1: tensor<4x2xf32>, %w2: tensor<4x2xf32>, %w3: tensor<2x4xf32>, %w4: tensor<4x2xf32>, %w5: tensor<4x2xf32>, %w6: tensor<2x4xf32>, %w7: tensor<4x2xf32>, %w8: tensor<4x2xf32>, %w9: tensor<2x4xf32>) -> (tensor<?x4xf32>) {
  %c0 = onnxir.get_weight @c0 : tensor<1xi64>
  %c1 = onnxir.get_weight @c1 : tensor<1xi64>
  %c2 = onnxir.get_weight @c2 : tensor<i64>
  %c3 = onnxir.get_weight @c3 : tensor<1xi64>
  %c4 = onnxir.get_weight @c4 : tensor<i64>
  %c5 = onnxir.get_weight @c5 : tensor<1xi64>
  %c6 = onnxir.get_weight @c6 : tensor<i64>
  %c7 = onnxir.get_weight @c7 : tensor<1xi64>
  %v0 = onnxir.node "MatMul"(%x, %w0) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v1 = onnxir.node "Softmax"(%v0) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v2, %v3 = onnxir.node "TopK"(%v1, %c0) : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %v4 = onnxir.node "ReduceSum"(%v2, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v5 = onnxir.node "Div"(%v2, %v4) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v6 = onnxir.node "MatMul"(%x, %w1) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v7 = onnxir.node "Sigmoid"(%v6) : (!onnxir.any) -> !onnxir.any
  %v8 = onnxir.node "Mul"(%v6, %v7) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v9 = onnxir.node "MatMul"(%x, %w2) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v10 = onnxir.node "Mul"(%v8, %v9) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v11 = onnxir.node "Equal"(%v3, %c2) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v12 = onnxir.node "Cast"(%v11) {to = 1 : i64} : (!onnxir.any) -> !onnxir.any
  %v13 = onnxir.node "Mul"(%v5, %v12) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v14 = onnxir.node "ReduceSum"(%v13, %c3) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v15 = onnxir.node "Mul"(%v10, %v14) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v16 = onnxir.node "MatMul"(%v15, %w3) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v17 = onnxir.node "MatMul"(%x, %w4) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v18 = onnxir.node "Sigmoid"(%v17) : (!onnxir.any) -> !onnxir.any
  %v19 = onnxir.node "Mul"(%v17, %v18) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v20 = onnxir.node "MatMul"(%x, %w5) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v21 = onnxir.node "Mul"(%v19, %v20) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v22 = onnxir.node "Equal"(%v3, %c4) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v23 = onnxir.node "Cast"(%v22) {to = 1 : i64} : (!onnxir.any) -> !onnxir.any
  %v24 = onnxir.node "Mul"(%v5, %v23) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v25 = onnxir.node "ReduceSum"(%v24, %c5) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v26 = onnxir.node "Mul"(%v21, %v25) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v27 = onnxir.node "MatMul"(%v26, %w6) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v28 = onnxir.node "MatMul"(%x, %w7) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v29 = onnxir.node "Sigmoid"(%v28) : (!onnxir.any) -> !onnxir.any
  %v30 = onnxir.node "Mul"(%v28, %v29) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v31 = onnxir.node "MatMul"(%x, %w8) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v32 = onnxir.node "Mul"(%v30, %v31) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v33 = onnxir.node "Equal"(%v3, %c6) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v34 = onnxir.node "Cast"(%v33) {to = 1 : i64} : (!onnxir.any) -> !onnxir.any
  %v35 = onnxir.node "Mul"(%v5, %v34) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v36 = onnxir.node "ReduceSum"(%v35, %c7) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v37 = onnxir.node "Mul"(%v32, %v36) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v38 = onnxir.node "MatMul"(%v37, %w9) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v39 = onnxir.node "Add"(%v16, %v27) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v40 = onnxir.node "Add"(%v39, %v38) : (!onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %v40 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<2> : tensor<1xi64>
onnxir.weight @c1 = dense<-1> : tensor<1xi64>
onnxir.weight @c2 = dense<0> : tensor<i64>
onnxir.weight @c3 = dense<-1> : tensor<1xi64>
onnxir.weight @c4 = dense<1> : tensor<i64>
onnxir.weight @c5 = dense<-1> : tensor<1xi64>
onnxir.weight @c6 = dense<2> : tensor<i64>
onnxir.weight @c7 = dense<-1> : tensor<1xi64>
