// RUN: moe-opt %s --convert-onnx-to-moe --split-input-file | FileCheck %s

// Weights of experts that are no plain tensors.

// Codes with a scale and a zero point for each row stay codes.
// CHECK-LABEL: func.func @codes
// CHECK: moe.weights %{{.*}}, %{{.*}}, %{{.*}} scales(%{{.*}}, %{{.*}}, %{{.*}} : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) zeros(%{{.*}}, %{{.*}}, %{{.*}} : tensor<2xui8>, tensor<2xui8>, tensor<2xui8>) : tensor<2x4xui8>, tensor<2x4xui8>, tensor<2x4xui8> -> !moe.weights<3x2x4, ui8>
// CHECK: moe.weights %{{.*}} scales({{.*}}) zeros({{.*}}) : tensor<4x2xui8>, tensor<4x2xui8>, tensor<4x2xui8> -> !moe.weights<3x4x2, ui8>
func.func @codes(%x: tensor<?x4xf32>, %w0: tensor<4x3xf32>, %w1: tensor<2xf32>, %w2: tensor<2x4xui8>, %w3: tensor<2xui8>, %w4: tensor<2xf32>, %w5: tensor<2x4xui8>, %w6: tensor<2xui8>, %w7: tensor<4xf32>, %w8: tensor<4x2xui8>, %w9: tensor<4xui8>, %w10: tensor<2xf32>, %w11: tensor<2x4xui8>, %w12: tensor<2xui8>, %w13: tensor<2xf32>, %w14: tensor<2x4xui8>, %w15: tensor<2xui8>, %w16: tensor<4xf32>, %w17: tensor<4x2xui8>, %w18: tensor<4xui8>, %w19: tensor<2xf32>, %w20: tensor<2x4xui8>, %w21: tensor<2xui8>, %w22: tensor<2xf32>, %w23: tensor<2x4xui8>, %w24: tensor<2xui8>, %w25: tensor<4xf32>, %w26: tensor<4x2xui8>, %w27: tensor<4xui8>) -> (tensor<?x4xf32>) {
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
  %v6 = onnxir.node "DequantizeLinear"(%w2, %w1, %w3) {axis = 0 : i64} : (tensor<2x4xui8>, tensor<2xf32>, tensor<2xui8>) -> tensor<2x4xf32>
  %v7 = onnxir.node "Transpose"(%v6) {perm = array<i64: 1, 0>} : (tensor<2x4xf32>) -> !onnxir.any
  %v8 = onnxir.node "DequantizeLinear"(%w5, %w4, %w6) {axis = 0 : i64} : (tensor<2x4xui8>, tensor<2xf32>, tensor<2xui8>) -> tensor<2x4xf32>
  %v9 = onnxir.node "Transpose"(%v8) {perm = array<i64: 1, 0>} : (tensor<2x4xf32>) -> !onnxir.any
  %v10 = onnxir.node "DequantizeLinear"(%w8, %w7, %w9) {axis = 0 : i64} : (tensor<4x2xui8>, tensor<4xf32>, tensor<4xui8>) -> tensor<4x2xf32>
  %v11 = onnxir.node "Transpose"(%v10) {perm = array<i64: 1, 0>} : (tensor<4x2xf32>) -> !onnxir.any
  %v12 = onnxir.node "MatMul"(%x, %v7) : (tensor<?x4xf32>, !onnxir.any) -> !onnxir.any
  %v13 = onnxir.node "Sigmoid"(%v12) : (!onnxir.any) -> !onnxir.any
  %v14 = onnxir.node "Mul"(%v12, %v13) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v15 = onnxir.node "MatMul"(%x, %v9) : (tensor<?x4xf32>, !onnxir.any) -> !onnxir.any
  %v16 = onnxir.node "Mul"(%v14, %v15) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v17 = onnxir.node "MatMul"(%v16, %v11) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v18 = onnxir.node "Equal"(%v3, %c2) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v19 = onnxir.node "Cast"(%v18) {to = 1 : i64} : (!onnxir.any) -> !onnxir.any
  %v20 = onnxir.node "Mul"(%v5, %v19) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v21 = onnxir.node "ReduceSum"(%v20, %c3) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v22 = onnxir.node "Mul"(%v17, %v21) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v23 = onnxir.node "DequantizeLinear"(%w11, %w10, %w12) {axis = 0 : i64} : (tensor<2x4xui8>, tensor<2xf32>, tensor<2xui8>) -> tensor<2x4xf32>
  %v24 = onnxir.node "Transpose"(%v23) {perm = array<i64: 1, 0>} : (tensor<2x4xf32>) -> !onnxir.any
  %v25 = onnxir.node "DequantizeLinear"(%w14, %w13, %w15) {axis = 0 : i64} : (tensor<2x4xui8>, tensor<2xf32>, tensor<2xui8>) -> tensor<2x4xf32>
  %v26 = onnxir.node "Transpose"(%v25) {perm = array<i64: 1, 0>} : (tensor<2x4xf32>) -> !onnxir.any
  %v27 = onnxir.node "DequantizeLinear"(%w17, %w16, %w18) {axis = 0 : i64} : (tensor<4x2xui8>, tensor<4xf32>, tensor<4xui8>) -> tensor<4x2xf32>
  %v28 = onnxir.node "Transpose"(%v27) {perm = array<i64: 1, 0>} : (tensor<4x2xf32>) -> !onnxir.any
  %v29 = onnxir.node "MatMul"(%x, %v24) : (tensor<?x4xf32>, !onnxir.any) -> !onnxir.any
  %v30 = onnxir.node "Sigmoid"(%v29) : (!onnxir.any) -> !onnxir.any
  %v31 = onnxir.node "Mul"(%v29, %v30) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v32 = onnxir.node "MatMul"(%x, %v26) : (tensor<?x4xf32>, !onnxir.any) -> !onnxir.any
  %v33 = onnxir.node "Mul"(%v31, %v32) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v34 = onnxir.node "MatMul"(%v33, %v28) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v35 = onnxir.node "Equal"(%v3, %c4) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v36 = onnxir.node "Cast"(%v35) {to = 1 : i64} : (!onnxir.any) -> !onnxir.any
  %v37 = onnxir.node "Mul"(%v5, %v36) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v38 = onnxir.node "ReduceSum"(%v37, %c5) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v39 = onnxir.node "Mul"(%v34, %v38) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v40 = onnxir.node "DequantizeLinear"(%w20, %w19, %w21) {axis = 0 : i64} : (tensor<2x4xui8>, tensor<2xf32>, tensor<2xui8>) -> tensor<2x4xf32>
  %v41 = onnxir.node "Transpose"(%v40) {perm = array<i64: 1, 0>} : (tensor<2x4xf32>) -> !onnxir.any
  %v42 = onnxir.node "DequantizeLinear"(%w23, %w22, %w24) {axis = 0 : i64} : (tensor<2x4xui8>, tensor<2xf32>, tensor<2xui8>) -> tensor<2x4xf32>
  %v43 = onnxir.node "Transpose"(%v42) {perm = array<i64: 1, 0>} : (tensor<2x4xf32>) -> !onnxir.any
  %v44 = onnxir.node "DequantizeLinear"(%w26, %w25, %w27) {axis = 0 : i64} : (tensor<4x2xui8>, tensor<4xf32>, tensor<4xui8>) -> tensor<4x2xf32>
  %v45 = onnxir.node "Transpose"(%v44) {perm = array<i64: 1, 0>} : (tensor<4x2xf32>) -> !onnxir.any
  %v46 = onnxir.node "MatMul"(%x, %v41) : (tensor<?x4xf32>, !onnxir.any) -> !onnxir.any
  %v47 = onnxir.node "Sigmoid"(%v46) : (!onnxir.any) -> !onnxir.any
  %v48 = onnxir.node "Mul"(%v46, %v47) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v49 = onnxir.node "MatMul"(%x, %v43) : (tensor<?x4xf32>, !onnxir.any) -> !onnxir.any
  %v50 = onnxir.node "Mul"(%v48, %v49) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v51 = onnxir.node "MatMul"(%v50, %v45) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v52 = onnxir.node "Equal"(%v3, %c6) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v53 = onnxir.node "Cast"(%v52) {to = 1 : i64} : (!onnxir.any) -> !onnxir.any
  %v54 = onnxir.node "Mul"(%v5, %v53) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v55 = onnxir.node "ReduceSum"(%v54, %c7) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v56 = onnxir.node "Mul"(%v51, %v55) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v57 = onnxir.node "Add"(%v22, %v39) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v58 = onnxir.node "Add"(%v57, %v56) : (!onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %v58 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<2> : tensor<1xi64>
onnxir.weight @c1 = dense<-1> : tensor<1xi64>
onnxir.weight @c2 = dense<0> : tensor<i64>
onnxir.weight @c3 = dense<-1> : tensor<1xi64>
onnxir.weight @c4 = dense<1> : tensor<i64>
onnxir.weight @c5 = dense<-1> : tensor<1xi64>
onnxir.weight @c6 = dense<2> : tensor<i64>
onnxir.weight @c7 = dense<-1> : tensor<1xi64>

// -----

// Scales for blocks of gathered weights; the codes' tensors are looked at as
// they stand before the choice.
// CHECK-LABEL: func.func @blocks
// CHECK: moe.weights %{{.*}} scales(%{{.*}} : tensor<3x4x2xf32>) zeros(%{{.*}} : tensor<3x4x2xi8>) layout<offset = 2> block(2) : tensor<3x4x4xi8> -> !moe.weights<3x2x4, i8>
func.func @blocks(%x: tensor<?x4xf32>, %w0: tensor<4x3xf32>, %w1: tensor<3x4x2xf32>, %w2: tensor<3x4x4xi8>, %w3: tensor<3x4x2xi8>, %w4: tensor<3x4x1xf32>, %w5: tensor<3x4x2xi8>, %w6: tensor<3x4x1xi8>) -> (tensor<?x4xf32>) {
  %c0 = onnxir.get_weight @c0 : tensor<1xi64>
  %c1 = onnxir.get_weight @c1 : tensor<1xi64>
  %c2 = onnxir.get_weight @c2 : tensor<1xi64>
  %c3 = onnxir.get_weight @c3 : tensor<1xi64>
  %c4 = onnxir.get_weight @c4 : tensor<1xi64>
  %c5 = onnxir.get_weight @c5 : tensor<1xi64>
  %c6 = onnxir.get_weight @c6 : tensor<1xi64>
  %v0 = onnxir.node "MatMul"(%x, %w0) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v1 = onnxir.node "Softmax"(%v0) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v2, %v3 = onnxir.node "TopK"(%v1, %c0) : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %v4 = onnxir.node "ReduceSum"(%v2, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v5 = onnxir.node "Div"(%v2, %v4) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v6 = onnxir.node "DequantizeLinear"(%w2, %w1, %w3) {axis = 2 : i64, block_size = 2 : i64} : (tensor<3x4x4xi8>, tensor<3x4x2xf32>, tensor<3x4x2xi8>) -> tensor<3x4x4xf32>
  %v7 = onnxir.node "Transpose"(%v6) {perm = array<i64: 0, 2, 1>} : (tensor<3x4x4xf32>) -> !onnxir.any
  %v8 = onnxir.node "DequantizeLinear"(%w5, %w4, %w6) {axis = 2 : i64, block_size = 2 : i64} : (tensor<3x4x2xi8>, tensor<3x4x1xf32>, tensor<3x4x1xi8>) -> tensor<3x4x2xf32>
  %v9 = onnxir.node "Transpose"(%v8) {perm = array<i64: 0, 2, 1>} : (tensor<3x4x2xf32>) -> !onnxir.any
  %v10 = onnxir.node "Unsqueeze"(%x, %c2) : (tensor<?x4xf32>, tensor<1xi64>) -> !onnxir.any
  %v11 = onnxir.node "Unsqueeze"(%v10, %c3) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v12 = onnxir.node "Gather"(%v7, %v3) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v13 = onnxir.node "MatMul"(%v11, %v12) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v14, %v15 = onnxir.node "Split"(%v13) {axis = -1 : i64, num_outputs = 2 : i64} : (!onnxir.any) -> (!onnxir.any, !onnxir.any)
  %v16 = onnxir.node "Sigmoid"(%v14) : (!onnxir.any) -> !onnxir.any
  %v17 = onnxir.node "Mul"(%v14, %v16) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v18 = onnxir.node "Mul"(%v17, %v15) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v19 = onnxir.node "Gather"(%v9, %v3) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v20 = onnxir.node "MatMul"(%v18, %v19) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v21 = onnxir.node "Squeeze"(%v20, %c4) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v22 = onnxir.node "Unsqueeze"(%v5, %c5) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v23 = onnxir.node "Mul"(%v21, %v22) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v24 = onnxir.node "ReduceSum"(%v23, %c6) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> tensor<?x4xf32>
  return %v24 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<2> : tensor<1xi64>
onnxir.weight @c1 = dense<-1> : tensor<1xi64>
onnxir.weight @c2 = dense<1> : tensor<1xi64>
onnxir.weight @c3 = dense<1> : tensor<1xi64>
onnxir.weight @c4 = dense<2> : tensor<1xi64>
onnxir.weight @c5 = dense<-1> : tensor<1xi64>
onnxir.weight @c6 = dense<1> : tensor<1xi64>
