// RUN: moe-opt %s --convert-onnx-to-moe --split-input-file --verify-diagnostics | FileCheck %s

// What is no layer, or not all of one, and what is said about it.

// Expert 1 is missing: the file adds nothing for it.
// CHECK-LABEL: func.func @lost
// CHECK: %[[A:.*]] = moe.ffn_experts
// CHECK: %[[Z:.*]] = moe.zero_experts : !moe.experts<1, 4 -> 4>
// CHECK: %[[B:.*]] = moe.ffn_experts
// CHECK: moe.experts %{{.*}}, %{{.*}}, (%[[A]], %[[Z]], %[[B]])
func.func @lost(%x: tensor<?x4xf32>, %wr: tensor<4x3xf32>, %g0: tensor<4x2xf32>, %u0: tensor<4x2xf32>, %d0: tensor<2x4xf32>, %g1: tensor<4x2xf32>, %u1: tensor<4x2xf32>, %d1: tensor<2x4xf32>) -> (tensor<?x4xf32>) {
  %c0 = onnxir.get_weight @c0 : tensor<1xi64>
  %c1 = onnxir.get_weight @c1 : tensor<1xi64>
  %c2 = onnxir.get_weight @c2 : tensor<i64>
  %c3 = onnxir.get_weight @c3 : tensor<i64>
  %v0 = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v1 = onnxir.node "Softmax"(%v0) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v2, %v3 = onnxir.node "TopK"(%v1, %c0) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %v4 = onnxir.node "ReduceSum"(%v2, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v5 = onnxir.node "Div"(%v2, %v4) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v6 = onnxir.node "Equal"(%v3, %c2) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v7 = onnxir.node "CastLike"(%v6, %v5) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v8 = onnxir.node "Mul"(%v5, %v7) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v9 = onnxir.node "ReduceSum"(%v8, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v10 = onnxir.node "MatMul"(%x, %g0) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v11 = onnxir.node "MatMul"(%x, %u0) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v12 = onnxir.node "Sigmoid"(%v10) : (!onnxir.any) -> !onnxir.any
  %v13 = onnxir.node "Mul"(%v10, %v12) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v14 = onnxir.node "Mul"(%v13, %v11) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v15 = onnxir.node "MatMul"(%v14, %d0) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v16 = onnxir.node "Mul"(%v15, %v9) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v17 = onnxir.node "Equal"(%v3, %c3) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v18 = onnxir.node "CastLike"(%v17, %v5) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v19 = onnxir.node "Mul"(%v5, %v18) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v20 = onnxir.node "ReduceSum"(%v19, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v21 = onnxir.node "MatMul"(%x, %g1) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v22 = onnxir.node "MatMul"(%x, %u1) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v23 = onnxir.node "Sigmoid"(%v21) : (!onnxir.any) -> !onnxir.any
  %v24 = onnxir.node "Mul"(%v21, %v23) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v25 = onnxir.node "Mul"(%v24, %v22) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v26 = onnxir.node "MatMul"(%v25, %d1) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v27 = onnxir.node "Mul"(%v26, %v20) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  // expected-remark@+1 {{of 3 experts nothing is added for: 1}}
  %v28 = onnxir.node "Add"(%v16, %v27) : (!onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %v28 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<2> : tensor<1xi64>
onnxir.weight @c1 = dense<-1> : tensor<1xi64>
onnxir.weight @c2 = dense<0> : tensor<i64>
onnxir.weight @c3 = dense<2> : tensor<i64>

// -----

// Expert 1 is there twice.
// CHECK-LABEL: func.func @twice
// CHECK-NOT: moe.
// CHECK: return
func.func @twice(%x: tensor<?x4xf32>, %wr: tensor<4x3xf32>, %g0: tensor<4x2xf32>, %u0: tensor<4x2xf32>, %d0: tensor<2x4xf32>, %g1: tensor<4x2xf32>, %u1: tensor<4x2xf32>, %d1: tensor<2x4xf32>, %g2: tensor<4x2xf32>, %u2: tensor<4x2xf32>, %d2: tensor<2x4xf32>) -> (tensor<?x4xf32>) {
  %c0 = onnxir.get_weight @c0 : tensor<1xi64>
  %c1 = onnxir.get_weight @c1 : tensor<1xi64>
  %c2 = onnxir.get_weight @c2 : tensor<i64>
  %c3 = onnxir.get_weight @c3 : tensor<i64>
  %v0 = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v1 = onnxir.node "Softmax"(%v0) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v2, %v3 = onnxir.node "TopK"(%v1, %c0) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %v4 = onnxir.node "ReduceSum"(%v2, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v5 = onnxir.node "Div"(%v2, %v4) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v6 = onnxir.node "Equal"(%v3, %c2) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v7 = onnxir.node "CastLike"(%v6, %v5) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v8 = onnxir.node "Mul"(%v5, %v7) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v9 = onnxir.node "ReduceSum"(%v8, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v10 = onnxir.node "MatMul"(%x, %g0) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v11 = onnxir.node "MatMul"(%x, %u0) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v12 = onnxir.node "Sigmoid"(%v10) : (!onnxir.any) -> !onnxir.any
  %v13 = onnxir.node "Mul"(%v10, %v12) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v14 = onnxir.node "Mul"(%v13, %v11) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v15 = onnxir.node "MatMul"(%v14, %d0) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v16 = onnxir.node "Mul"(%v15, %v9) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v17 = onnxir.node "Equal"(%v3, %c3) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v18 = onnxir.node "CastLike"(%v17, %v5) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v19 = onnxir.node "Mul"(%v5, %v18) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v20 = onnxir.node "ReduceSum"(%v19, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v21 = onnxir.node "MatMul"(%x, %g1) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v22 = onnxir.node "MatMul"(%x, %u1) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v23 = onnxir.node "Sigmoid"(%v21) : (!onnxir.any) -> !onnxir.any
  %v24 = onnxir.node "Mul"(%v21, %v23) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v25 = onnxir.node "Mul"(%v24, %v22) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v26 = onnxir.node "MatMul"(%v25, %d1) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v27 = onnxir.node "Mul"(%v26, %v20) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v28 = onnxir.node "Add"(%v16, %v27) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v29 = onnxir.node "Equal"(%v3, %c3) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v30 = onnxir.node "CastLike"(%v29, %v5) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v31 = onnxir.node "Mul"(%v5, %v30) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v32 = onnxir.node "ReduceSum"(%v31, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v33 = onnxir.node "MatMul"(%x, %g2) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v34 = onnxir.node "MatMul"(%x, %u2) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v35 = onnxir.node "Sigmoid"(%v33) : (!onnxir.any) -> !onnxir.any
  %v36 = onnxir.node "Mul"(%v33, %v35) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v37 = onnxir.node "Mul"(%v36, %v34) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v38 = onnxir.node "MatMul"(%v37, %d2) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v39 = onnxir.node "Mul"(%v38, %v32) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  // expected-remark@+1 {{accumulation: expert 1 is added twice}}
  %v40 = onnxir.node "Add"(%v28, %v39) : (!onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %v40 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<2> : tensor<1xi64>
onnxir.weight @c1 = dense<-1> : tensor<1xi64>
onnxir.weight @c2 = dense<0> : tensor<i64>
onnxir.weight @c3 = dense<1> : tensor<i64>

// -----

// The router has three experts, the layer an eighth one.
// CHECK-LABEL: func.func @beyond
// CHECK-NOT: moe.
// CHECK: return
func.func @beyond(%x: tensor<?x4xf32>, %wr: tensor<4x3xf32>, %g0: tensor<4x2xf32>, %u0: tensor<4x2xf32>, %d0: tensor<2x4xf32>, %g1: tensor<4x2xf32>, %u1: tensor<4x2xf32>, %d1: tensor<2x4xf32>, %g2: tensor<4x2xf32>, %u2: tensor<4x2xf32>, %d2: tensor<2x4xf32>) -> (tensor<?x4xf32>) {
  %c0 = onnxir.get_weight @c0 : tensor<1xi64>
  %c1 = onnxir.get_weight @c1 : tensor<1xi64>
  %c2 = onnxir.get_weight @c2 : tensor<i64>
  %c3 = onnxir.get_weight @c3 : tensor<i64>
  %c4 = onnxir.get_weight @c4 : tensor<i64>
  %v0 = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v1 = onnxir.node "Softmax"(%v0) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v2, %v3 = onnxir.node "TopK"(%v1, %c0) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %v4 = onnxir.node "ReduceSum"(%v2, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v5 = onnxir.node "Div"(%v2, %v4) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v6 = onnxir.node "Equal"(%v3, %c2) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v7 = onnxir.node "CastLike"(%v6, %v5) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v8 = onnxir.node "Mul"(%v5, %v7) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v9 = onnxir.node "ReduceSum"(%v8, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v10 = onnxir.node "MatMul"(%x, %g0) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v11 = onnxir.node "MatMul"(%x, %u0) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v12 = onnxir.node "Sigmoid"(%v10) : (!onnxir.any) -> !onnxir.any
  %v13 = onnxir.node "Mul"(%v10, %v12) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v14 = onnxir.node "Mul"(%v13, %v11) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v15 = onnxir.node "MatMul"(%v14, %d0) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v16 = onnxir.node "Mul"(%v15, %v9) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v17 = onnxir.node "Equal"(%v3, %c3) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v18 = onnxir.node "CastLike"(%v17, %v5) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v19 = onnxir.node "Mul"(%v5, %v18) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v20 = onnxir.node "ReduceSum"(%v19, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v21 = onnxir.node "MatMul"(%x, %g1) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v22 = onnxir.node "MatMul"(%x, %u1) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v23 = onnxir.node "Sigmoid"(%v21) : (!onnxir.any) -> !onnxir.any
  %v24 = onnxir.node "Mul"(%v21, %v23) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v25 = onnxir.node "Mul"(%v24, %v22) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v26 = onnxir.node "MatMul"(%v25, %d1) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v27 = onnxir.node "Mul"(%v26, %v20) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v28 = onnxir.node "Add"(%v16, %v27) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v29 = onnxir.node "Equal"(%v3, %c4) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v30 = onnxir.node "CastLike"(%v29, %v5) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v31 = onnxir.node "Mul"(%v5, %v30) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v32 = onnxir.node "ReduceSum"(%v31, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v33 = onnxir.node "MatMul"(%x, %g2) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v34 = onnxir.node "MatMul"(%x, %u2) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v35 = onnxir.node "Sigmoid"(%v33) : (!onnxir.any) -> !onnxir.any
  %v36 = onnxir.node "Mul"(%v33, %v35) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v37 = onnxir.node "Mul"(%v36, %v34) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v38 = onnxir.node "MatMul"(%v37, %d2) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v39 = onnxir.node "Mul"(%v38, %v32) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  // expected-remark@+1 {{expert: there are more experts than the router has}}
  %v40 = onnxir.node "Add"(%v28, %v39) : (!onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %v40 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<2> : tensor<1xi64>
onnxir.weight @c1 = dense<-1> : tensor<1xi64>
onnxir.weight @c2 = dense<0> : tensor<i64>
onnxir.weight @c3 = dense<1> : tensor<i64>
onnxir.weight @c4 = dense<7> : tensor<i64>

// -----

// Twice expert 1.
// CHECK-LABEL: func.func @factors
// CHECK-NOT: moe.
// CHECK: return
func.func @factors(%x: tensor<?x4xf32>, %wr: tensor<4x3xf32>, %g0: tensor<4x2xf32>, %u0: tensor<4x2xf32>, %d0: tensor<2x4xf32>, %g1: tensor<4x2xf32>, %u1: tensor<4x2xf32>, %d1: tensor<2x4xf32>, %g2: tensor<4x2xf32>, %u2: tensor<4x2xf32>, %d2: tensor<2x4xf32>) -> (tensor<?x4xf32>) {
  %c0 = onnxir.get_weight @c0 : tensor<1xi64>
  %c1 = onnxir.get_weight @c1 : tensor<1xi64>
  %c2 = onnxir.get_weight @c2 : tensor<i64>
  %c3 = onnxir.get_weight @c3 : tensor<i64>
  %c4 = onnxir.get_weight @c4 : tensor<f32>
  %c5 = onnxir.get_weight @c5 : tensor<i64>
  %v0 = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v1 = onnxir.node "Softmax"(%v0) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v2, %v3 = onnxir.node "TopK"(%v1, %c0) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %v4 = onnxir.node "ReduceSum"(%v2, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v5 = onnxir.node "Div"(%v2, %v4) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v6 = onnxir.node "Equal"(%v3, %c2) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v7 = onnxir.node "CastLike"(%v6, %v5) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v8 = onnxir.node "Mul"(%v5, %v7) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v9 = onnxir.node "ReduceSum"(%v8, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v10 = onnxir.node "MatMul"(%x, %g0) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v11 = onnxir.node "MatMul"(%x, %u0) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v12 = onnxir.node "Sigmoid"(%v10) : (!onnxir.any) -> !onnxir.any
  %v13 = onnxir.node "Mul"(%v10, %v12) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v14 = onnxir.node "Mul"(%v13, %v11) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v15 = onnxir.node "MatMul"(%v14, %d0) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v16 = onnxir.node "Mul"(%v15, %v9) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v17 = onnxir.node "Equal"(%v3, %c3) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v18 = onnxir.node "CastLike"(%v17, %v5) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v19 = onnxir.node "Mul"(%v5, %v18) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v20 = onnxir.node "ReduceSum"(%v19, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v21 = onnxir.node "MatMul"(%x, %g1) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v22 = onnxir.node "MatMul"(%x, %u1) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v23 = onnxir.node "Sigmoid"(%v21) : (!onnxir.any) -> !onnxir.any
  %v24 = onnxir.node "Mul"(%v21, %v23) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v25 = onnxir.node "Mul"(%v24, %v22) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v26 = onnxir.node "MatMul"(%v25, %d1) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v27 = onnxir.node "Mul"(%v26, %v20) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v28 = onnxir.node "Mul"(%v27, %c4) : (!onnxir.any, tensor<f32>) -> !onnxir.any
  %v29 = onnxir.node "Add"(%v16, %v28) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v30 = onnxir.node "Equal"(%v3, %c5) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v31 = onnxir.node "CastLike"(%v30, %v5) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v32 = onnxir.node "Mul"(%v5, %v31) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v33 = onnxir.node "ReduceSum"(%v32, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v34 = onnxir.node "MatMul"(%x, %g2) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v35 = onnxir.node "MatMul"(%x, %u2) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v36 = onnxir.node "Sigmoid"(%v34) : (!onnxir.any) -> !onnxir.any
  %v37 = onnxir.node "Mul"(%v34, %v36) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v38 = onnxir.node "Mul"(%v37, %v35) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v39 = onnxir.node "MatMul"(%v38, %d2) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v40 = onnxir.node "Mul"(%v39, %v33) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  // expected-remark@+1 {{accumulation: experts have factors besides their weights that differ}}
  %v41 = onnxir.node "Add"(%v29, %v40) : (!onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %v41 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<2> : tensor<1xi64>
onnxir.weight @c1 = dense<-1> : tensor<1xi64>
onnxir.weight @c2 = dense<0> : tensor<i64>
onnxir.weight @c3 = dense<1> : tensor<i64>
onnxir.weight @c4 = dense<2.000000e+00> : tensor<f32>
onnxir.weight @c5 = dense<2> : tensor<i64>

// -----

// A factor of experts and residual together stays.
// CHECK-LABEL: func.func @around
// CHECK: %[[Y:.*]] = moe.combine
// CHECK: %[[SUM:.*]] = onnxir.node "Add"(%arg0, %[[Y]])
// CHECK: onnxir.node "Mul"(%[[SUM]],
// CHECK: return
func.func @around(%x: tensor<?x4xf32>, %wr: tensor<4x3xf32>, %g0: tensor<4x2xf32>, %u0: tensor<4x2xf32>, %d0: tensor<2x4xf32>, %g1: tensor<4x2xf32>, %u1: tensor<4x2xf32>, %d1: tensor<2x4xf32>, %g2: tensor<4x2xf32>, %u2: tensor<4x2xf32>, %d2: tensor<2x4xf32>, %sw: tensor<4x1xf32>) -> (tensor<?x4xf32>) {
  %c0 = onnxir.get_weight @c0 : tensor<1xi64>
  %c1 = onnxir.get_weight @c1 : tensor<1xi64>
  %c2 = onnxir.get_weight @c2 : tensor<i64>
  %c3 = onnxir.get_weight @c3 : tensor<i64>
  %c4 = onnxir.get_weight @c4 : tensor<i64>
  %v0 = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v1 = onnxir.node "Softmax"(%v0) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v2, %v3 = onnxir.node "TopK"(%v1, %c0) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %v4 = onnxir.node "ReduceSum"(%v2, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v5 = onnxir.node "Div"(%v2, %v4) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v6 = onnxir.node "Equal"(%v3, %c2) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v7 = onnxir.node "CastLike"(%v6, %v5) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v8 = onnxir.node "Mul"(%v5, %v7) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v9 = onnxir.node "ReduceSum"(%v8, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v10 = onnxir.node "MatMul"(%x, %g0) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v11 = onnxir.node "MatMul"(%x, %u0) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v12 = onnxir.node "Sigmoid"(%v10) : (!onnxir.any) -> !onnxir.any
  %v13 = onnxir.node "Mul"(%v10, %v12) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v14 = onnxir.node "Mul"(%v13, %v11) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v15 = onnxir.node "MatMul"(%v14, %d0) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v16 = onnxir.node "Mul"(%v15, %v9) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v17 = onnxir.node "Equal"(%v3, %c3) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v18 = onnxir.node "CastLike"(%v17, %v5) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v19 = onnxir.node "Mul"(%v5, %v18) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v20 = onnxir.node "ReduceSum"(%v19, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v21 = onnxir.node "MatMul"(%x, %g1) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v22 = onnxir.node "MatMul"(%x, %u1) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v23 = onnxir.node "Sigmoid"(%v21) : (!onnxir.any) -> !onnxir.any
  %v24 = onnxir.node "Mul"(%v21, %v23) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v25 = onnxir.node "Mul"(%v24, %v22) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v26 = onnxir.node "MatMul"(%v25, %d1) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v27 = onnxir.node "Mul"(%v26, %v20) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v28 = onnxir.node "Add"(%v16, %v27) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v29 = onnxir.node "Equal"(%v3, %c4) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v30 = onnxir.node "CastLike"(%v29, %v5) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v31 = onnxir.node "Mul"(%v5, %v30) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v32 = onnxir.node "ReduceSum"(%v31, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v33 = onnxir.node "MatMul"(%x, %g2) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v34 = onnxir.node "MatMul"(%x, %u2) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v35 = onnxir.node "Sigmoid"(%v33) : (!onnxir.any) -> !onnxir.any
  %v36 = onnxir.node "Mul"(%v33, %v35) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v37 = onnxir.node "Mul"(%v36, %v34) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v38 = onnxir.node "MatMul"(%v37, %d2) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v39 = onnxir.node "Mul"(%v38, %v32) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v40 = onnxir.node "Add"(%v28, %v39) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v41 = onnxir.node "Add"(%x, %v40) : (tensor<?x4xf32>, !onnxir.any) -> !onnxir.any
  %v42 = onnxir.node "MatMul"(%x, %sw) : (tensor<?x4xf32>, tensor<4x1xf32>) -> !onnxir.any
  %v43 = onnxir.node "Sigmoid"(%v42) : (!onnxir.any) -> !onnxir.any
  %v44 = onnxir.node "Mul"(%v41, %v43) : (!onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %v44 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<2> : tensor<1xi64>
onnxir.weight @c1 = dense<-1> : tensor<1xi64>
onnxir.weight @c2 = dense<0> : tensor<i64>
onnxir.weight @c3 = dense<1> : tensor<i64>
onnxir.weight @c4 = dense<2> : tensor<i64>
