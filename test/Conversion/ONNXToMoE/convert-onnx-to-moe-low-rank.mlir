// RUN: moe-opt %s --convert-onnx-to-moe --split-input-file | FileCheck %s

// Experts whose projections are products of thin matrices, beside a matrix that
// all experts share.

// CHECK-LABEL: func.func @low_rank
// CHECK: %[[U:.*]] = moe.weights %{{.*}}, %{{.*}}, %{{.*}} layout<transposed = true> : tensor<3x2xf32>, tensor<3x2xf32>, tensor<3x2xf32> -> !moe.weights<3x2x3, f32>
// CHECK: %[[V:.*]] = moe.weights %{{.*}}, %{{.*}}, %{{.*}} layout<transposed = true> : tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32> -> !moe.weights<3x3x4, f32>
// CHECK: %[[C:.*]] = moe.weights %{{.*}} layout<transposed = true> : tensor<4x2xf32> -> !moe.weights<1x2x4, f32>
// CHECK: %[[UP:.*]] = moe.low_rank_weights %[[C]], %[[U]], %[[V]]
// CHECK: moe.ffn_experts up(%[[UP]] : !moe.weights<3x2x4, f32>) gate(%{{.*}} : !moe.weights<3x2x4, f32>) down(%{{.*}} : !moe.weights<3x4x2, f32>) activation<silu>
func.func @low_rank(%x: tensor<?x4xf32>, %w0: tensor<4x2xf32>, %w1: tensor<4x2xf32>, %w2: tensor<2x4xf32>, %w3: tensor<4x3xf32>, %w4: tensor<4x3xf32>, %w5: tensor<3x2xf32>, %w6: tensor<4x3xf32>, %w7: tensor<3x2xf32>, %w8: tensor<2x3xf32>, %w9: tensor<3x4xf32>, %w10: tensor<4x3xf32>, %w11: tensor<3x2xf32>, %w12: tensor<4x3xf32>, %w13: tensor<3x2xf32>, %w14: tensor<2x3xf32>, %w15: tensor<3x4xf32>, %w16: tensor<4x3xf32>, %w17: tensor<3x2xf32>, %w18: tensor<4x3xf32>, %w19: tensor<3x2xf32>, %w20: tensor<2x3xf32>, %w21: tensor<3x4xf32>) -> (tensor<?x4xf32>) {
  %c0 = onnxir.get_weight @c0 : tensor<1xi64>
  %c1 = onnxir.get_weight @c1 : tensor<1xi64>
  %c2 = onnxir.get_weight @c2 : tensor<i64>
  %c3 = onnxir.get_weight @c3 : tensor<1xi64>
  %c4 = onnxir.get_weight @c4 : tensor<i64>
  %c5 = onnxir.get_weight @c5 : tensor<1xi64>
  %c6 = onnxir.get_weight @c6 : tensor<i64>
  %c7 = onnxir.get_weight @c7 : tensor<1xi64>
  %v0 = onnxir.node "MatMul"(%x, %w3) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v1 = onnxir.node "Softmax"(%v0) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v2, %v3 = onnxir.node "TopK"(%v1, %c0) : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %v4 = onnxir.node "ReduceSum"(%v2, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v5 = onnxir.node "Div"(%v2, %v4) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v6 = onnxir.node "MatMul"(%x, %w4) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v7 = onnxir.node "MatMul"(%v6, %w5) : (!onnxir.any, tensor<3x2xf32>) -> !onnxir.any
  %v8 = onnxir.node "MatMul"(%x, %w0) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v9 = onnxir.node "Add"(%v8, %v7) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v10 = onnxir.node "Sigmoid"(%v9) : (!onnxir.any) -> !onnxir.any
  %v11 = onnxir.node "Mul"(%v9, %v10) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v12 = onnxir.node "MatMul"(%x, %w6) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v13 = onnxir.node "MatMul"(%v12, %w7) : (!onnxir.any, tensor<3x2xf32>) -> !onnxir.any
  %v14 = onnxir.node "MatMul"(%x, %w1) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v15 = onnxir.node "Add"(%v14, %v13) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v16 = onnxir.node "Mul"(%v11, %v15) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v17 = onnxir.node "MatMul"(%v16, %w8) : (!onnxir.any, tensor<2x3xf32>) -> !onnxir.any
  %v18 = onnxir.node "MatMul"(%v17, %w9) : (!onnxir.any, tensor<3x4xf32>) -> !onnxir.any
  %v19 = onnxir.node "MatMul"(%v16, %w2) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v20 = onnxir.node "Add"(%v19, %v18) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v21 = onnxir.node "Equal"(%v3, %c2) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v22 = onnxir.node "Cast"(%v21) {to = 1 : i64} : (!onnxir.any) -> !onnxir.any
  %v23 = onnxir.node "Mul"(%v5, %v22) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v24 = onnxir.node "ReduceSum"(%v23, %c3) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v25 = onnxir.node "Mul"(%v20, %v24) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v26 = onnxir.node "MatMul"(%x, %w10) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v27 = onnxir.node "MatMul"(%v26, %w11) : (!onnxir.any, tensor<3x2xf32>) -> !onnxir.any
  %v28 = onnxir.node "MatMul"(%x, %w0) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v29 = onnxir.node "Add"(%v28, %v27) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v30 = onnxir.node "Sigmoid"(%v29) : (!onnxir.any) -> !onnxir.any
  %v31 = onnxir.node "Mul"(%v29, %v30) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v32 = onnxir.node "MatMul"(%x, %w12) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v33 = onnxir.node "MatMul"(%v32, %w13) : (!onnxir.any, tensor<3x2xf32>) -> !onnxir.any
  %v34 = onnxir.node "MatMul"(%x, %w1) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v35 = onnxir.node "Add"(%v34, %v33) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v36 = onnxir.node "Mul"(%v31, %v35) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v37 = onnxir.node "MatMul"(%v36, %w14) : (!onnxir.any, tensor<2x3xf32>) -> !onnxir.any
  %v38 = onnxir.node "MatMul"(%v37, %w15) : (!onnxir.any, tensor<3x4xf32>) -> !onnxir.any
  %v39 = onnxir.node "MatMul"(%v36, %w2) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v40 = onnxir.node "Add"(%v39, %v38) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v41 = onnxir.node "Equal"(%v3, %c4) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v42 = onnxir.node "Cast"(%v41) {to = 1 : i64} : (!onnxir.any) -> !onnxir.any
  %v43 = onnxir.node "Mul"(%v5, %v42) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v44 = onnxir.node "ReduceSum"(%v43, %c5) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v45 = onnxir.node "Mul"(%v40, %v44) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v46 = onnxir.node "MatMul"(%x, %w16) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v47 = onnxir.node "MatMul"(%v46, %w17) : (!onnxir.any, tensor<3x2xf32>) -> !onnxir.any
  %v48 = onnxir.node "MatMul"(%x, %w0) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v49 = onnxir.node "Add"(%v48, %v47) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v50 = onnxir.node "Sigmoid"(%v49) : (!onnxir.any) -> !onnxir.any
  %v51 = onnxir.node "Mul"(%v49, %v50) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v52 = onnxir.node "MatMul"(%x, %w18) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v53 = onnxir.node "MatMul"(%v52, %w19) : (!onnxir.any, tensor<3x2xf32>) -> !onnxir.any
  %v54 = onnxir.node "MatMul"(%x, %w1) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v55 = onnxir.node "Add"(%v54, %v53) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v56 = onnxir.node "Mul"(%v51, %v55) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v57 = onnxir.node "MatMul"(%v56, %w20) : (!onnxir.any, tensor<2x3xf32>) -> !onnxir.any
  %v58 = onnxir.node "MatMul"(%v57, %w21) : (!onnxir.any, tensor<3x4xf32>) -> !onnxir.any
  %v59 = onnxir.node "MatMul"(%v56, %w2) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v60 = onnxir.node "Add"(%v59, %v58) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v61 = onnxir.node "Equal"(%v3, %c6) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v62 = onnxir.node "Cast"(%v61) {to = 1 : i64} : (!onnxir.any) -> !onnxir.any
  %v63 = onnxir.node "Mul"(%v5, %v62) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v64 = onnxir.node "ReduceSum"(%v63, %c7) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v65 = onnxir.node "Mul"(%v60, %v64) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v66 = onnxir.node "Add"(%v25, %v45) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v67 = onnxir.node "Add"(%v66, %v65) : (!onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %v67 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<2> : tensor<1xi64>
onnxir.weight @c1 = dense<-1> : tensor<1xi64>
onnxir.weight @c2 = dense<0> : tensor<i64>
onnxir.weight @c3 = dense<-1> : tensor<1xi64>
onnxir.weight @c4 = dense<1> : tensor<i64>
onnxir.weight @c5 = dense<-1> : tensor<1xi64>
onnxir.weight @c6 = dense<2> : tensor<i64>
onnxir.weight @c7 = dense<-1> : tensor<1xi64>
