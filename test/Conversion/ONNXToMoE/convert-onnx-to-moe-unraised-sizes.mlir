// RUN: moe-opt %s --convert-onnx-to-moe --split-input-file --verify-diagnostics | FileCheck %s

// What is no layer for the sizes and signs of what it is made of.

// The second expert also runs for gates below 0.
// CHECK-LABEL: func.func @positive
// CHECK-NOT: moe.
// CHECK: return
// expected-remark@+1 {{router: only some experts ask for gates greater than 0}}
func.func @positive(%x: tensor<?x4xf32> {onnxir.dims = ["tokens", 4]}, %gates: tensor<?x2xf32> {onnxir.dims = ["tokens", 2]}, %g0: tensor<4x2xf32>, %u0: tensor<4x2xf32>, %d0: tensor<2x4xf32>, %g1: tensor<4x2xf32>, %u1: tensor<4x2xf32>, %d1: tensor<2x4xf32>) -> (tensor<?x4xf32>) {
  %c0 = onnxir.get_weight @c0 : tensor<i64>
  %c1 = onnxir.get_weight @c1 : tensor<f32>
  %c2 = onnxir.get_weight @c2 : tensor<1xi64>
  %c3 = onnxir.get_weight @c3 : tensor<1xi64>
  %c4 = onnxir.get_weight @c4 : tensor<i64>
  %v0 = onnxir.node "Gather"(%gates, %c0) {axis = 1 : i64} : (tensor<?x2xf32>, tensor<i64>) -> !onnxir.any
  %v1 = onnxir.node "Greater"(%v0, %c1) : (!onnxir.any, tensor<f32>) -> !onnxir.any
  %v2 = onnxir.node "NonZero"(%v1) : (!onnxir.any) -> !onnxir.any
  %v3 = onnxir.node "Squeeze"(%v2, %c2) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v4 = onnxir.node "Gather"(%x, %v3) {axis = 0 : i64} : (tensor<?x4xf32>, !onnxir.any) -> !onnxir.any
  %v5 = onnxir.node "MatMul"(%v4, %g0) : (!onnxir.any, tensor<4x2xf32>) -> !onnxir.any
  %v6 = onnxir.node "MatMul"(%v4, %u0) : (!onnxir.any, tensor<4x2xf32>) -> !onnxir.any
  %v7 = onnxir.node "Sigmoid"(%v5) : (!onnxir.any) -> !onnxir.any
  %v8 = onnxir.node "Mul"(%v5, %v7) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v9 = onnxir.node "Mul"(%v8, %v6) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v10 = onnxir.node "MatMul"(%v9, %d0) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v11 = onnxir.node "Gather"(%v0, %v3) {axis = 0 : i64} : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v12 = onnxir.node "Unsqueeze"(%v11, %c3) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v13 = onnxir.node "Mul"(%v10, %v12) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v14 = onnxir.node "Unsqueeze"(%v3, %c3) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v15 = onnxir.node "Mul"(%x, %c1) : (tensor<?x4xf32>, tensor<f32>) -> !onnxir.any
  %v16 = onnxir.node "ScatterND"(%v15, %v14, %v13) {reduction = "add"} : (!onnxir.any, !onnxir.any, !onnxir.any) -> !onnxir.any
  %v17 = onnxir.node "Gather"(%gates, %c4) {axis = 1 : i64} : (tensor<?x2xf32>, tensor<i64>) -> !onnxir.any
  %v18 = onnxir.node "Unsqueeze"(%v17, %c3) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v19 = onnxir.node "MatMul"(%x, %g1) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v20 = onnxir.node "MatMul"(%x, %u1) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v21 = onnxir.node "Sigmoid"(%v19) : (!onnxir.any) -> !onnxir.any
  %v22 = onnxir.node "Mul"(%v19, %v21) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v23 = onnxir.node "Mul"(%v22, %v20) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v24 = onnxir.node "MatMul"(%v23, %d1) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v25 = onnxir.node "Mul"(%v24, %v18) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v26 = onnxir.node "Add"(%v16, %v25) : (!onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %v26 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<0> : tensor<i64>
onnxir.weight @c1 = dense<0.000000e+00> : tensor<f32>
onnxir.weight @c2 = dense<0> : tensor<1xi64>
onnxir.weight @c3 = dense<1> : tensor<1xi64>
onnxir.weight @c4 = dense<1> : tensor<i64>

// -----

// Places without weights.
// CHECK-LABEL: func.func @unweighted_dispatch
// CHECK-NOT: moe.
// CHECK: return
func.func @unweighted_dispatch(%x: tensor<?x4xf32>, %wr: tensor<4x3xf32>, %u: tensor<3x4x2xf32>, %d: tensor<3x2x4xf32>) -> (tensor<?x4xf32>) {
  %c0 = onnxir.get_weight @c0 : tensor<1xi64>
  %c1 = onnxir.get_weight @c1 : tensor<3xi64>
  %c2 = onnxir.get_weight @c2 : tensor<i64>
  %c3 = onnxir.get_weight @c3 : tensor<i64>
  %c4 = onnxir.get_weight @c4 : tensor<i64>
  %c5 = onnxir.get_weight @c5 : tensor<2xi64>
  %c6 = onnxir.get_weight @c6 : tensor<1xi64>
  %v0 = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  %v1 = onnxir.node "Softmax"(%v0) {axis = -1 : i64} : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %v2 = onnxir.node "ReduceMax"(%v1, %c0) {keepdims = 0 : i64} : (tensor<?x3xf32>, tensor<1xi64>) -> tensor<?xf32>
  %v3 = onnxir.node "ArgMax"(%v1) {axis = -1 : i64, keepdims = 0 : i64} : (tensor<?x3xf32>) -> tensor<?xi64>
  %v4 = onnxir.node "Unsqueeze"(%v3, %c0) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %v5 = onnxir.node "Equal"(%v4, %c1) : (tensor<?x1xi64>, tensor<3xi64>) -> tensor<?x3xi1>
  %v6 = onnxir.node "Cast"(%v5) {to = 7 : i64} : (tensor<?x3xi1>) -> tensor<?x3xi64>
  %v7 = onnxir.node "CumSum"(%v6, %c2) : (tensor<?x3xi64>, tensor<i64>) -> tensor<?x3xi64>
  %v8 = onnxir.node "Mul"(%v7, %v6) : (tensor<?x3xi64>, tensor<?x3xi64>) -> tensor<?x3xi64>
  %v9 = onnxir.node "ReduceSum"(%v8, %c0) {keepdims = 0 : i64} : (tensor<?x3xi64>, tensor<1xi64>) -> tensor<?xi64>
  %v10 = onnxir.node "Sub"(%v9, %c3) : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
  %v11 = onnxir.node "Less"(%v10, %c4) : (tensor<?xi64>, tensor<i64>) -> tensor<?xi1>
  %v12 = onnxir.node "Cast"(%v11) {to = 1 : i64} : (tensor<?xi1>) -> tensor<?xf32>
  %v13 = onnxir.node "Min"(%v10, %c3) : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
  %v14 = onnxir.node "Unsqueeze"(%v13, %c0) : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %v15 = onnxir.node "Equal"(%v14, %c5) : (tensor<?x1xi64>, tensor<2xi64>) -> tensor<?x2xi1>
  %v16 = onnxir.node "Cast"(%v15) {to = 1 : i64} : (tensor<?x2xi1>) -> tensor<?x2xf32>
  %v17 = onnxir.node "Cast"(%v6) {to = 1 : i64} : (tensor<?x3xi64>) -> tensor<?x3xf32>
  %v18 = onnxir.node "Unsqueeze"(%v17, %c0) : (tensor<?x3xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %v19 = onnxir.node "Unsqueeze"(%v12, %c0) : (tensor<?xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %v20 = onnxir.node "Mul"(%v16, %v19) : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
  %v21 = onnxir.node "Unsqueeze"(%v20, %c6) : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1x2xf32>
  // expected-remark@+1 {{router: dispatched tokens have no weights}}
  %v22 = onnxir.node "Mul"(%v18, %v21) : (tensor<?x3x1xf32>, tensor<?x1x2xf32>) -> tensor<?x3x2xf32>
  %v23 = onnxir.node "Einsum"(%v22, %x) {equation = "nec,nh->ech"} : (tensor<?x3x2xf32>, tensor<?x4xf32>) -> tensor<3x2x4xf32>
  %v24 = onnxir.node "MatMul"(%v23, %u) : (tensor<3x2x4xf32>, tensor<3x4x2xf32>) -> tensor<3x2x2xf32>
  %v25 = onnxir.node "Relu"(%v24) : (tensor<3x2x2xf32>) -> tensor<3x2x2xf32>
  %v26 = onnxir.node "MatMul"(%v25, %d) : (tensor<3x2x2xf32>, tensor<3x2x4xf32>) -> tensor<3x2x4xf32>
  %v27 = onnxir.node "Einsum"(%v22, %v26) {equation = "nec,ech->nh"} : (tensor<?x3x2xf32>, tensor<3x2x4xf32>) -> tensor<?x4xf32>
  return %v27 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<-1> : tensor<1xi64>
onnxir.weight @c1 = dense<[0, 1, 2]> : tensor<3xi64>
onnxir.weight @c2 = dense<0> : tensor<i64>
onnxir.weight @c3 = dense<1> : tensor<i64>
onnxir.weight @c4 = dense<2> : tensor<i64>
onnxir.weight @c5 = dense<[0, 1]> : tensor<2xi64>
onnxir.weight @c6 = dense<1> : tensor<1xi64>

// -----

// A transposed tensor between experts and shared expert.
// CHECK-LABEL: func.func @transposed
// CHECK-NOT: moe.
// CHECK: return
func.func @transposed(%x: tensor<?x4xf32> {onnxir.dims = ["tokens", 4]}, %z: tensor<4x?xf32> {onnxir.dims = [4, "tokens"]}, %wr: tensor<4x3xf32>, %g0: tensor<4x2xf32>, %u0: tensor<4x2xf32>, %d0: tensor<2x4xf32>, %g1: tensor<4x2xf32>, %u1: tensor<4x2xf32>, %d1: tensor<2x4xf32>, %g2: tensor<4x2xf32>, %u2: tensor<4x2xf32>, %d2: tensor<2x4xf32>, %sg: tensor<4x3xf32>, %su: tensor<4x3xf32>, %sd: tensor<3x4xf32>) -> (tensor<?x4xf32>) {
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
  %v41 = onnxir.node "MatMul"(%x, %sg) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v42 = onnxir.node "MatMul"(%x, %su) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v43 = onnxir.node "Sigmoid"(%v41) : (!onnxir.any) -> !onnxir.any
  %v44 = onnxir.node "Mul"(%v41, %v43) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v45 = onnxir.node "Mul"(%v44, %v42) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v46 = onnxir.node "MatMul"(%v45, %sd) : (!onnxir.any, tensor<3x4xf32>) -> !onnxir.any
  %v47 = onnxir.node "Transpose"(%z) {perm = array<i64: 1, 0>} : (tensor<4x?xf32>) -> !onnxir.any
  %v48 = onnxir.node "Add"(%v47, %v40) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  // expected-remark@+1 {{accumulation: what is added to the experts is no tensor of its own}}
  %v49 = onnxir.node "Add"(%v48, %v46) : (!onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %v49 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<2> : tensor<1xi64>
onnxir.weight @c1 = dense<-1> : tensor<1xi64>
onnxir.weight @c2 = dense<0> : tensor<i64>
onnxir.weight @c3 = dense<1> : tensor<i64>
onnxir.weight @c4 = dense<2> : tensor<i64>

// -----

// Tokens in one dimension, their sums in two.
// CHECK-LABEL: func.func @dimensions
// CHECK-NOT: moe.
// CHECK: return
func.func @dimensions(%x0: tensor<?x?x4xf32> {onnxir.dims = ["batch", "seq", 4]}, %ln: tensor<4xf32>, %wr: tensor<4x3xf32>, %g0: tensor<4x2xf32>, %u0: tensor<4x2xf32>, %d0: tensor<2x4xf32>, %g1: tensor<4x2xf32>, %u1: tensor<4x2xf32>, %d1: tensor<2x4xf32>, %g2: tensor<4x2xf32>, %u2: tensor<4x2xf32>, %d2: tensor<2x4xf32>) -> (tensor<?x?x4xf32> {onnxir.dims = ["batch", "seq", 4]}) {
  %c0 = onnxir.get_weight @c0 : tensor<2xi64>
  %c1 = onnxir.get_weight @c1 : tensor<1xi64>
  %c2 = onnxir.get_weight @c2 : tensor<i64>
  %c3 = onnxir.get_weight @c3 : tensor<1xi64>
  %c4 = onnxir.get_weight @c4 : tensor<i64>
  %c5 = onnxir.get_weight @c5 : tensor<i64>
  %v0 = onnxir.node "Reshape"(%x0, %c0) : (tensor<?x?x4xf32>, tensor<2xi64>) -> !onnxir.any
  %v1 = onnxir.node "LayerNormalization"(%v0, %ln) : (!onnxir.any, tensor<4xf32>) -> !onnxir.any
  %v2 = onnxir.node "Shape"(%x0) : (tensor<?x?x4xf32>) -> !onnxir.any
  %v3 = onnxir.node "Reshape"(%v1, %v2) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v4 = onnxir.node "MatMul"(%v3, %wr) : (!onnxir.any, tensor<4x3xf32>) -> !onnxir.any
  %v5 = onnxir.node "Softmax"(%v4) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v6, %v7 = onnxir.node "TopK"(%v5, %c1) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %v8 = onnxir.node "Equal"(%v7, %c2) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v9 = onnxir.node "CastLike"(%v8, %v6) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v10 = onnxir.node "Mul"(%v6, %v9) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v11 = onnxir.node "ReduceSum"(%v10, %c3) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v12 = onnxir.node "MatMul"(%v3, %g0) : (!onnxir.any, tensor<4x2xf32>) -> !onnxir.any
  %v13 = onnxir.node "MatMul"(%v3, %u0) : (!onnxir.any, tensor<4x2xf32>) -> !onnxir.any
  %v14 = onnxir.node "Sigmoid"(%v12) : (!onnxir.any) -> !onnxir.any
  %v15 = onnxir.node "Mul"(%v12, %v14) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v16 = onnxir.node "Mul"(%v15, %v13) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v17 = onnxir.node "MatMul"(%v16, %d0) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v18 = onnxir.node "Mul"(%v17, %v11) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v19 = onnxir.node "Equal"(%v7, %c4) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v20 = onnxir.node "CastLike"(%v19, %v6) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v21 = onnxir.node "Mul"(%v6, %v20) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v22 = onnxir.node "ReduceSum"(%v21, %c3) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v23 = onnxir.node "MatMul"(%v3, %g1) : (!onnxir.any, tensor<4x2xf32>) -> !onnxir.any
  %v24 = onnxir.node "MatMul"(%v3, %u1) : (!onnxir.any, tensor<4x2xf32>) -> !onnxir.any
  %v25 = onnxir.node "Sigmoid"(%v23) : (!onnxir.any) -> !onnxir.any
  %v26 = onnxir.node "Mul"(%v23, %v25) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v27 = onnxir.node "Mul"(%v26, %v24) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v28 = onnxir.node "MatMul"(%v27, %d1) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v29 = onnxir.node "Mul"(%v28, %v22) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v30 = onnxir.node "Add"(%v18, %v29) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v31 = onnxir.node "Equal"(%v7, %c5) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v32 = onnxir.node "CastLike"(%v31, %v6) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v33 = onnxir.node "Mul"(%v6, %v32) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v34 = onnxir.node "ReduceSum"(%v33, %c3) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v35 = onnxir.node "MatMul"(%v3, %g2) : (!onnxir.any, tensor<4x2xf32>) -> !onnxir.any
  %v36 = onnxir.node "MatMul"(%v3, %u2) : (!onnxir.any, tensor<4x2xf32>) -> !onnxir.any
  %v37 = onnxir.node "Sigmoid"(%v35) : (!onnxir.any) -> !onnxir.any
  %v38 = onnxir.node "Mul"(%v35, %v37) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v39 = onnxir.node "Mul"(%v38, %v36) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v40 = onnxir.node "MatMul"(%v39, %d2) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v41 = onnxir.node "Mul"(%v40, %v34) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  // expected-remark@+1 {{accumulation: the result has other dimensions than the tokens}}
  %v42 = onnxir.node "Add"(%v30, %v41) : (!onnxir.any, !onnxir.any) -> tensor<?x?x4xf32>
  return %v42 : tensor<?x?x4xf32>
}
onnxir.weight @c0 = dense<[-1, 4]> : tensor<2xi64>
onnxir.weight @c1 = dense<2> : tensor<1xi64>
onnxir.weight @c2 = dense<0> : tensor<i64>
onnxir.weight @c3 = dense<-1> : tensor<1xi64>
onnxir.weight @c4 = dense<1> : tensor<i64>
onnxir.weight @c5 = dense<2> : tensor<i64>
