// RUN: moe-opt %s --convert-onnx-to-moe --split-input-file | FileCheck %s

// Scores at the ids of a choice by other scores, in every way to read them.

// Pairs of a token and an id.
// CHECK-LABEL: func.func @pairs
// CHECK: moe.gate %{{.*}} bias(%{{.*}} : tensor<3xf32>) score<sigmoid> select<top_k, k = 2> normalize<sum> : tensor<?x3xf32>
func.func @pairs(%x: tensor<?x4xf32>, %w0: tensor<4x3xf32>, %w1: tensor<3xf32>, %w2: tensor<3x4x4xf32>, %w3: tensor<3x2x4xf32>) -> (tensor<?x4xf32>) {
  %c0 = onnxir.get_weight @c0 : tensor<1xi64>
  %c1 = onnxir.get_weight @c1 : tensor<i64>
  %c2 = onnxir.get_weight @c2 : tensor<i64>
  %c3 = onnxir.get_weight @c3 : tensor<i64>
  %c4 = onnxir.get_weight @c4 : tensor<1xi64>
  %c5 = onnxir.get_weight @c5 : tensor<1xi64>
  %c6 = onnxir.get_weight @c6 : tensor<1xi64>
  %c7 = onnxir.get_weight @c7 : tensor<1xi64>
  %c8 = onnxir.get_weight @c8 : tensor<1xi64>
  %c9 = onnxir.get_weight @c9 : tensor<1xi64>
  %c10 = onnxir.get_weight @c10 : tensor<1xi64>
  %c11 = onnxir.get_weight @c11 : tensor<1xi64>
  %c12 = onnxir.get_weight @c12 : tensor<1xi64>
  %v0 = onnxir.node "MatMul"(%x, %w0) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v1 = onnxir.node "Sigmoid"(%v0) : (!onnxir.any) -> !onnxir.any
  %v2 = onnxir.node "Add"(%v1, %w1) : (!onnxir.any, tensor<3xf32>) -> !onnxir.any
  %v3, %v4 = onnxir.node "TopK"(%v2, %c0) : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %v5 = onnxir.node "Shape"(%v1) : (!onnxir.any) -> !onnxir.any
  %v6 = onnxir.node "Gather"(%v5, %c1) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v7 = onnxir.node "Range"(%c2, %v6, %c3) : (tensor<i64>, !onnxir.any, tensor<i64>) -> !onnxir.any
  %v8 = onnxir.node "Unsqueeze"(%v7, %c4) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v9 = onnxir.node "Shape"(%v4) : (!onnxir.any) -> !onnxir.any
  %v10 = onnxir.node "Expand"(%v8, %v9) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v11 = onnxir.node "Unsqueeze"(%v10, %c5) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v12 = onnxir.node "Unsqueeze"(%v4, %c6) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v13 = onnxir.node "Concat"(%v11, %v12) {axis = -1 : i64} : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v14 = onnxir.node "GatherND"(%v1, %v13) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v15 = onnxir.node "ReduceSum"(%v14, %c7) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v16 = onnxir.node "Div"(%v14, %v15) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v17 = onnxir.node "Unsqueeze"(%x, %c8) : (tensor<?x4xf32>, tensor<1xi64>) -> !onnxir.any
  %v18 = onnxir.node "Unsqueeze"(%v17, %c9) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v19 = onnxir.node "Gather"(%w2, %v4) : (tensor<3x4x4xf32>, !onnxir.any) -> !onnxir.any
  %v20 = onnxir.node "MatMul"(%v18, %v19) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v21, %v22 = onnxir.node "Split"(%v20) {axis = -1 : i64, num_outputs = 2 : i64} : (!onnxir.any) -> (!onnxir.any, !onnxir.any)
  %v23 = onnxir.node "Sigmoid"(%v21) : (!onnxir.any) -> !onnxir.any
  %v24 = onnxir.node "Mul"(%v21, %v23) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v25 = onnxir.node "Mul"(%v24, %v22) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v26 = onnxir.node "Gather"(%w3, %v4) : (tensor<3x2x4xf32>, !onnxir.any) -> !onnxir.any
  %v27 = onnxir.node "MatMul"(%v25, %v26) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v28 = onnxir.node "Squeeze"(%v27, %c10) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v29 = onnxir.node "Unsqueeze"(%v16, %c11) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v30 = onnxir.node "Mul"(%v28, %v29) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v31 = onnxir.node "ReduceSum"(%v30, %c12) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> tensor<?x4xf32>
  return %v31 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<2> : tensor<1xi64>
onnxir.weight @c1 = dense<0> : tensor<i64>
onnxir.weight @c2 = dense<0> : tensor<i64>
onnxir.weight @c3 = dense<1> : tensor<i64>
onnxir.weight @c4 = dense<1> : tensor<1xi64>
onnxir.weight @c5 = dense<-1> : tensor<1xi64>
onnxir.weight @c6 = dense<-1> : tensor<1xi64>
onnxir.weight @c7 = dense<-1> : tensor<1xi64>
onnxir.weight @c8 = dense<1> : tensor<1xi64>
onnxir.weight @c9 = dense<1> : tensor<1xi64>
onnxir.weight @c10 = dense<2> : tensor<1xi64>
onnxir.weight @c11 = dense<-1> : tensor<1xi64>
onnxir.weight @c12 = dense<1> : tensor<1xi64>

// -----

// Ids within a row of the batch.
// CHECK-LABEL: func.func @batch
// CHECK: moe.gate %{{.*}} bias(%{{.*}} : tensor<3xf32>) score<sigmoid> select<top_k, k = 2> normalize<sum> : tensor<?x3xf32>
func.func @batch(%x: tensor<?x4xf32>, %w0: tensor<4x3xf32>, %w1: tensor<3xf32>, %w2: tensor<3x4x4xf32>, %w3: tensor<3x2x4xf32>) -> (tensor<?x4xf32>) {
  %c0 = onnxir.get_weight @c0 : tensor<1xi64>
  %c1 = onnxir.get_weight @c1 : tensor<1xi64>
  %c2 = onnxir.get_weight @c2 : tensor<1xi64>
  %c3 = onnxir.get_weight @c3 : tensor<1xi64>
  %c4 = onnxir.get_weight @c4 : tensor<1xi64>
  %c5 = onnxir.get_weight @c5 : tensor<1xi64>
  %c6 = onnxir.get_weight @c6 : tensor<1xi64>
  %c7 = onnxir.get_weight @c7 : tensor<1xi64>
  %v0 = onnxir.node "MatMul"(%x, %w0) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v1 = onnxir.node "Sigmoid"(%v0) : (!onnxir.any) -> !onnxir.any
  %v2 = onnxir.node "Add"(%v1, %w1) : (!onnxir.any, tensor<3xf32>) -> !onnxir.any
  %v3, %v4 = onnxir.node "TopK"(%v2, %c0) : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %v5 = onnxir.node "Unsqueeze"(%v4, %c1) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v6 = onnxir.node "GatherND"(%v1, %v5) {batch_dims = 1 : i64} : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v7 = onnxir.node "ReduceSum"(%v6, %c2) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v8 = onnxir.node "Div"(%v6, %v7) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v9 = onnxir.node "Unsqueeze"(%x, %c3) : (tensor<?x4xf32>, tensor<1xi64>) -> !onnxir.any
  %v10 = onnxir.node "Unsqueeze"(%v9, %c4) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v11 = onnxir.node "Gather"(%w2, %v4) : (tensor<3x4x4xf32>, !onnxir.any) -> !onnxir.any
  %v12 = onnxir.node "MatMul"(%v10, %v11) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v13, %v14 = onnxir.node "Split"(%v12) {axis = -1 : i64, num_outputs = 2 : i64} : (!onnxir.any) -> (!onnxir.any, !onnxir.any)
  %v15 = onnxir.node "Sigmoid"(%v13) : (!onnxir.any) -> !onnxir.any
  %v16 = onnxir.node "Mul"(%v13, %v15) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v17 = onnxir.node "Mul"(%v16, %v14) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v18 = onnxir.node "Gather"(%w3, %v4) : (tensor<3x2x4xf32>, !onnxir.any) -> !onnxir.any
  %v19 = onnxir.node "MatMul"(%v17, %v18) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v20 = onnxir.node "Squeeze"(%v19, %c5) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v21 = onnxir.node "Unsqueeze"(%v8, %c6) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v22 = onnxir.node "Mul"(%v20, %v21) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v23 = onnxir.node "ReduceSum"(%v22, %c7) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> tensor<?x4xf32>
  return %v23 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<2> : tensor<1xi64>
onnxir.weight @c1 = dense<-1> : tensor<1xi64>
onnxir.weight @c2 = dense<-1> : tensor<1xi64>
onnxir.weight @c3 = dense<1> : tensor<1xi64>
onnxir.weight @c4 = dense<1> : tensor<1xi64>
onnxir.weight @c5 = dense<2> : tensor<1xi64>
onnxir.weight @c6 = dense<-1> : tensor<1xi64>
onnxir.weight @c7 = dense<1> : tensor<1xi64>

// -----

// Positions token · E + id of the flattened scores.
// CHECK-LABEL: func.func @flat
// CHECK: moe.gate %{{.*}} bias(%{{.*}} : tensor<3xf32>) score<sigmoid> select<top_k, k = 2> normalize<sum> : tensor<?x3xf32>
func.func @flat(%x: tensor<?x4xf32>, %w0: tensor<4x3xf32>, %w1: tensor<3xf32>, %w2: tensor<3x4x4xf32>, %w3: tensor<3x2x4xf32>) -> (tensor<?x4xf32>) {
  %c0 = onnxir.get_weight @c0 : tensor<1xi64>
  %c1 = onnxir.get_weight @c1 : tensor<i64>
  %c2 = onnxir.get_weight @c2 : tensor<i64>
  %c3 = onnxir.get_weight @c3 : tensor<i64>
  %c4 = onnxir.get_weight @c4 : tensor<1xi64>
  %c5 = onnxir.get_weight @c5 : tensor<i64>
  %c6 = onnxir.get_weight @c6 : tensor<1xi64>
  %c7 = onnxir.get_weight @c7 : tensor<1xi64>
  %c8 = onnxir.get_weight @c8 : tensor<1xi64>
  %c9 = onnxir.get_weight @c9 : tensor<1xi64>
  %c10 = onnxir.get_weight @c10 : tensor<1xi64>
  %c11 = onnxir.get_weight @c11 : tensor<1xi64>
  %c12 = onnxir.get_weight @c12 : tensor<1xi64>
  %v0 = onnxir.node "MatMul"(%x, %w0) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v1 = onnxir.node "Sigmoid"(%v0) : (!onnxir.any) -> !onnxir.any
  %v2 = onnxir.node "Add"(%v1, %w1) : (!onnxir.any, tensor<3xf32>) -> !onnxir.any
  %v3, %v4 = onnxir.node "TopK"(%v2, %c0) : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %v5 = onnxir.node "Shape"(%v1) : (!onnxir.any) -> !onnxir.any
  %v6 = onnxir.node "Gather"(%v5, %c1) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v7 = onnxir.node "Range"(%c2, %v6, %c3) : (tensor<i64>, !onnxir.any, tensor<i64>) -> !onnxir.any
  %v8 = onnxir.node "Unsqueeze"(%v7, %c4) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v9 = onnxir.node "Mul"(%v8, %c5) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v10 = onnxir.node "Reshape"(%v1, %c6) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v11 = onnxir.node "Add"(%v9, %v4) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v12 = onnxir.node "Gather"(%v10, %v11) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v13 = onnxir.node "ReduceSum"(%v12, %c7) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v14 = onnxir.node "Div"(%v12, %v13) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v15 = onnxir.node "Unsqueeze"(%x, %c8) : (tensor<?x4xf32>, tensor<1xi64>) -> !onnxir.any
  %v16 = onnxir.node "Unsqueeze"(%v15, %c9) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v17 = onnxir.node "Gather"(%w2, %v4) : (tensor<3x4x4xf32>, !onnxir.any) -> !onnxir.any
  %v18 = onnxir.node "MatMul"(%v16, %v17) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v19, %v20 = onnxir.node "Split"(%v18) {axis = -1 : i64, num_outputs = 2 : i64} : (!onnxir.any) -> (!onnxir.any, !onnxir.any)
  %v21 = onnxir.node "Sigmoid"(%v19) : (!onnxir.any) -> !onnxir.any
  %v22 = onnxir.node "Mul"(%v19, %v21) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v23 = onnxir.node "Mul"(%v22, %v20) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v24 = onnxir.node "Gather"(%w3, %v4) : (tensor<3x2x4xf32>, !onnxir.any) -> !onnxir.any
  %v25 = onnxir.node "MatMul"(%v23, %v24) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v26 = onnxir.node "Squeeze"(%v25, %c10) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v27 = onnxir.node "Unsqueeze"(%v14, %c11) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v28 = onnxir.node "Mul"(%v26, %v27) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v29 = onnxir.node "ReduceSum"(%v28, %c12) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> tensor<?x4xf32>
  return %v29 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<2> : tensor<1xi64>
onnxir.weight @c1 = dense<0> : tensor<i64>
onnxir.weight @c2 = dense<0> : tensor<i64>
onnxir.weight @c3 = dense<1> : tensor<i64>
onnxir.weight @c4 = dense<1> : tensor<1xi64>
onnxir.weight @c5 = dense<3> : tensor<i64>
onnxir.weight @c6 = dense<-1> : tensor<1xi64>
onnxir.weight @c7 = dense<-1> : tensor<1xi64>
onnxir.weight @c8 = dense<1> : tensor<1xi64>
onnxir.weight @c9 = dense<1> : tensor<1xi64>
onnxir.weight @c10 = dense<2> : tensor<1xi64>
onnxir.weight @c11 = dense<-1> : tensor<1xi64>
onnxir.weight @c12 = dense<1> : tensor<1xi64>

// -----

// A product with one-hot rows.
// CHECK-LABEL: func.func @product
// CHECK: moe.gate %{{.*}} bias(%{{.*}} : tensor<3xf32>) score<sigmoid> select<top_k, k = 2> normalize<sum> : tensor<?x3xf32>
func.func @product(%x: tensor<?x4xf32>, %w0: tensor<4x3xf32>, %w1: tensor<3xf32>, %w2: tensor<3x4x4xf32>, %w3: tensor<3x2x4xf32>) -> (tensor<?x4xf32>) {
  %c0 = onnxir.get_weight @c0 : tensor<1xi64>
  %c1 = onnxir.get_weight @c1 : tensor<i64>
  %c2 = onnxir.get_weight @c2 : tensor<2xf32>
  %c3 = onnxir.get_weight @c3 : tensor<1xi64>
  %c4 = onnxir.get_weight @c4 : tensor<1xi64>
  %c5 = onnxir.get_weight @c5 : tensor<1xi64>
  %c6 = onnxir.get_weight @c6 : tensor<1xi64>
  %c7 = onnxir.get_weight @c7 : tensor<1xi64>
  %c8 = onnxir.get_weight @c8 : tensor<1xi64>
  %c9 = onnxir.get_weight @c9 : tensor<1xi64>
  %c10 = onnxir.get_weight @c10 : tensor<1xi64>
  %v0 = onnxir.node "MatMul"(%x, %w0) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v1 = onnxir.node "Sigmoid"(%v0) : (!onnxir.any) -> !onnxir.any
  %v2 = onnxir.node "Add"(%v1, %w1) : (!onnxir.any, tensor<3xf32>) -> !onnxir.any
  %v3, %v4 = onnxir.node "TopK"(%v2, %c0) : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %v5 = onnxir.node "OneHot"(%v4, %c1, %c2) {axis = -1 : i64} : (!onnxir.any, tensor<i64>, tensor<2xf32>) -> !onnxir.any
  %v6 = onnxir.node "Unsqueeze"(%v1, %c3) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v7 = onnxir.node "MatMul"(%v5, %v6) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v8 = onnxir.node "Squeeze"(%v7, %c4) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v9 = onnxir.node "ReduceSum"(%v8, %c5) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v10 = onnxir.node "Div"(%v8, %v9) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v11 = onnxir.node "Unsqueeze"(%x, %c6) : (tensor<?x4xf32>, tensor<1xi64>) -> !onnxir.any
  %v12 = onnxir.node "Unsqueeze"(%v11, %c7) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v13 = onnxir.node "Gather"(%w2, %v4) : (tensor<3x4x4xf32>, !onnxir.any) -> !onnxir.any
  %v14 = onnxir.node "MatMul"(%v12, %v13) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v15, %v16 = onnxir.node "Split"(%v14) {axis = -1 : i64, num_outputs = 2 : i64} : (!onnxir.any) -> (!onnxir.any, !onnxir.any)
  %v17 = onnxir.node "Sigmoid"(%v15) : (!onnxir.any) -> !onnxir.any
  %v18 = onnxir.node "Mul"(%v15, %v17) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v19 = onnxir.node "Mul"(%v18, %v16) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v20 = onnxir.node "Gather"(%w3, %v4) : (tensor<3x2x4xf32>, !onnxir.any) -> !onnxir.any
  %v21 = onnxir.node "MatMul"(%v19, %v20) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v22 = onnxir.node "Squeeze"(%v21, %c8) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v23 = onnxir.node "Unsqueeze"(%v10, %c9) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v24 = onnxir.node "Mul"(%v22, %v23) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v25 = onnxir.node "ReduceSum"(%v24, %c10) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> tensor<?x4xf32>
  return %v25 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<2> : tensor<1xi64>
onnxir.weight @c1 = dense<3> : tensor<i64>
onnxir.weight @c2 = dense<[0.0, 1.0]> : tensor<2xf32>
onnxir.weight @c3 = dense<-1> : tensor<1xi64>
onnxir.weight @c4 = dense<-1> : tensor<1xi64>
onnxir.weight @c5 = dense<-1> : tensor<1xi64>
onnxir.weight @c6 = dense<1> : tensor<1xi64>
onnxir.weight @c7 = dense<1> : tensor<1xi64>
onnxir.weight @c8 = dense<2> : tensor<1xi64>
onnxir.weight @c9 = dense<-1> : tensor<1xi64>
onnxir.weight @c10 = dense<1> : tensor<1xi64>

// -----

// The best expert and the best one of the rest are a choice of two, whose
// weights are divided by their sum.
// CHECK-LABEL: func.func @pair
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 2> normalize<sum, floor = {{1.*e-09}}> : tensor<?x3xf32>
func.func @pair(%x: tensor<?x4xf32>, %w0: tensor<4x3xf32>, %w1: tensor<4x2xf32>, %w2: tensor<2x4xf32>, %w3: tensor<4x2xf32>, %w4: tensor<2x4xf32>, %w5: tensor<4x2xf32>, %w6: tensor<2x4xf32>) -> (tensor<?x4xf32>) {
  %c0 = onnxir.get_weight @c0 : tensor<i64>
  %c1 = onnxir.get_weight @c1 : tensor<2xf32>
  %c2 = onnxir.get_weight @c2 : tensor<f32>
  %c3 = onnxir.get_weight @c3 : tensor<i64>
  %c4 = onnxir.get_weight @c4 : tensor<2xf32>
  %c5 = onnxir.get_weight @c5 : tensor<f32>
  %c6 = onnxir.get_weight @c6 : tensor<1xi64>
  %c7 = onnxir.get_weight @c7 : tensor<1xi64>
  %c8 = onnxir.get_weight @c8 : tensor<f32>
  %c9 = onnxir.get_weight @c9 : tensor<1xi64>
  %c10 = onnxir.get_weight @c10 : tensor<1xi64>
  %c11 = onnxir.get_weight @c11 : tensor<1xi64>
  %v0 = onnxir.node "MatMul"(%x, %w0) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v1 = onnxir.node "Softmax"(%v0) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v2 = onnxir.node "ArgMax"(%v1) {axis = -1 : i64, keepdims = 0 : i64} : (!onnxir.any) -> !onnxir.any
  %v3 = onnxir.node "OneHot"(%v2, %c0, %c1) {axis = -1 : i64} : (!onnxir.any, tensor<i64>, tensor<2xf32>) -> !onnxir.any
  %v4 = onnxir.node "Cast"(%v3) {to = 9 : i64} : (!onnxir.any) -> !onnxir.any
  %v5 = onnxir.node "Where"(%v4, %c2, %v1) : (!onnxir.any, tensor<f32>, !onnxir.any) -> !onnxir.any
  %v6 = onnxir.node "ArgMax"(%v5) {axis = -1 : i64, keepdims = 0 : i64} : (!onnxir.any) -> !onnxir.any
  %v7 = onnxir.node "OneHot"(%v6, %c3, %c4) {axis = -1 : i64} : (!onnxir.any, tensor<i64>, tensor<2xf32>) -> !onnxir.any
  %v8 = onnxir.node "Cast"(%v7) {to = 9 : i64} : (!onnxir.any) -> !onnxir.any
  %v9 = onnxir.node "Where"(%v8, %c5, %v5) : (!onnxir.any, tensor<f32>, !onnxir.any) -> !onnxir.any
  %v10 = onnxir.node "Mul"(%v1, %v3) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v11 = onnxir.node "ReduceSum"(%v10, %c6) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v12 = onnxir.node "Mul"(%v1, %v7) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v13 = onnxir.node "ReduceSum"(%v12, %c7) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v14 = onnxir.node "Add"(%v11, %v13) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v15 = onnxir.node "Clip"(%v14, %c8) : (!onnxir.any, tensor<f32>) -> !onnxir.any
  %v16 = onnxir.node "Div"(%v11, %v15) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v17 = onnxir.node "Mul"(%v3, %v16) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v18 = onnxir.node "Div"(%v13, %v15) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v19 = onnxir.node "Mul"(%v7, %v18) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v20 = onnxir.node "Add"(%v17, %v19) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v21 = onnxir.node "MatMul"(%x, %w1) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v22 = onnxir.node "Relu"(%v21) : (!onnxir.any) -> !onnxir.any
  %v23 = onnxir.node "MatMul"(%v22, %w2) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v24 = onnxir.node "Gather"(%v20, %c9) {axis = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v25 = onnxir.node "Mul"(%v23, %v24) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v26 = onnxir.node "MatMul"(%x, %w3) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v27 = onnxir.node "Relu"(%v26) : (!onnxir.any) -> !onnxir.any
  %v28 = onnxir.node "MatMul"(%v27, %w4) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v29 = onnxir.node "Gather"(%v20, %c10) {axis = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v30 = onnxir.node "Mul"(%v28, %v29) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v31 = onnxir.node "MatMul"(%x, %w5) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v32 = onnxir.node "Relu"(%v31) : (!onnxir.any) -> !onnxir.any
  %v33 = onnxir.node "MatMul"(%v32, %w6) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v34 = onnxir.node "Gather"(%v20, %c11) {axis = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v35 = onnxir.node "Mul"(%v33, %v34) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v36 = onnxir.node "Add"(%v25, %v30) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v37 = onnxir.node "Add"(%v36, %v35) : (!onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %v37 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<3> : tensor<i64>
onnxir.weight @c1 = dense<[0.0, 1.0]> : tensor<2xf32>
onnxir.weight @c2 = dense<0xFF800000> : tensor<f32>
onnxir.weight @c3 = dense<3> : tensor<i64>
onnxir.weight @c4 = dense<[0.0, 1.0]> : tensor<2xf32>
onnxir.weight @c5 = dense<0xFF800000> : tensor<f32>
onnxir.weight @c6 = dense<-1> : tensor<1xi64>
onnxir.weight @c7 = dense<-1> : tensor<1xi64>
onnxir.weight @c8 = dense<9.999999717180685e-10> : tensor<f32>
onnxir.weight @c9 = dense<0> : tensor<1xi64>
onnxir.weight @c10 = dense<1> : tensor<1xi64>
onnxir.weight @c11 = dense<2> : tensor<1xi64>
