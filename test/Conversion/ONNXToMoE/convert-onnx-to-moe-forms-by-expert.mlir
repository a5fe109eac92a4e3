// RUN: moe-opt %s --convert-onnx-to-moe=semantics=schema --split-input-file | FileCheck %s

// One layer in the forms that exporters write with weights of each expert:
// softmax, the best two of three experts, renormalised weights, experts with a
// SiLU gate. What comes out differs in nothing but what moe.weights bundles.

// F1: experts of their own, on the tokens that NonZero finds.
// CHECK-LABEL: func.func @unrolled
// CHECK-NOT: onnxir.node "{{TopK|Softmax|Sigmoid|ScatterND|ReduceSum}}"
// CHECK: %[[LOGITS:.*]] = onnxir.node "MatMul"
// CHECK: %[[W:.*]], %[[IDS:.*]] = moe.gate %[[LOGITS]] score<softmax> select<top_k, k = 2> normalize<sum> : tensor<?x3xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
// CHECK-NEXT: %[[P:.*]] = moe.plan %[[IDS]] : tensor<?x2xi32> -> !moe.plan<3>
// CHECK-NEXT: %[[R:.*]] = moe.dispatch %[[X:.*]], %[[P]] : tensor<?x4xf32>, !moe.plan<3> -> tensor<?x4xf32>
// CHECK-NEXT: %[[U:.*]] = moe.weights %{{[a-z0-9]+}}, %{{[a-z0-9]+}}, %{{[a-z0-9]+}} layout<transposed = true> : tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf32> -> !moe.weights<3x2x4, f32>
// CHECK-NEXT: %[[G:.*]] = moe.weights %{{[a-z0-9]+}}, %{{[a-z0-9]+}}, %{{[a-z0-9]+}} layout<transposed = true> : tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf32> -> !moe.weights<3x2x4, f32>
// CHECK-NEXT: %[[D:.*]] = moe.weights %{{[a-z0-9]+}}, %{{[a-z0-9]+}}, %{{[a-z0-9]+}} layout<transposed = true> : tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32> -> !moe.weights<3x4x2, f32>
// CHECK-NEXT: %[[E:.*]] = moe.ffn_experts up(%[[U]] : !moe.weights<3x2x4, f32>) gate(%[[G]] : !moe.weights<3x2x4, f32>) down(%[[D]] : !moe.weights<3x4x2, f32>) activation<silu> : !moe.experts<3, 4 -> 4>
// CHECK-NEXT: %[[O:.*]] = moe.experts %[[R]], %[[P]], (%[[E]]) : tensor<?x4xf32>, !moe.plan<3>, !moe.experts<3, 4 -> 4> -> tensor<?x4xf32>
// CHECK-NEXT: %[[Y:.*]] = moe.combine %[[O]], %[[P]], %[[W]] : tensor<?x4xf32>, !moe.plan<3>, tensor<?x2xf32> -> tensor<?x4xf32>
// CHECK-NEXT: return %[[Y]]
func.func @unrolled(%x: tensor<?x4xf32>, %wr: tensor<4x3xf32>, %g0: tensor<4x2xf32>, %u0: tensor<4x2xf32>, %d0: tensor<2x4xf32>, %g1: tensor<4x2xf32>, %u1: tensor<4x2xf32>, %d1: tensor<2x4xf32>, %g2: tensor<4x2xf32>, %u2: tensor<4x2xf32>, %d2: tensor<2x4xf32>) -> (tensor<?x4xf32>) {
  %c0 = onnxir.get_weight @c0 : tensor<1xi64>
  %c1 = onnxir.get_weight @c1 : tensor<1xi64>
  %c2 = onnxir.get_weight @c2 : tensor<i64>
  %c3 = onnxir.get_weight @c3 : tensor<2xi64>
  %c4 = onnxir.get_weight @c4 : tensor<f32>
  %c5 = onnxir.get_weight @c5 : tensor<i64>
  %c6 = onnxir.get_weight @c6 : tensor<2xi64>
  %c7 = onnxir.get_weight @c7 : tensor<1xi64>
  %c8 = onnxir.get_weight @c8 : tensor<1xi64>
  %c9 = onnxir.get_weight @c9 : tensor<i64>
  %c10 = onnxir.get_weight @c10 : tensor<i64>
  %v0 = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v1 = onnxir.node "Softmax"(%v0) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v2, %v3 = onnxir.node "TopK"(%v1, %c0) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %v4 = onnxir.node "ReduceSum"(%v2, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v5 = onnxir.node "Div"(%v2, %v4) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v6 = onnxir.node "OneHot"(%v3, %c2, %c3) {axis = -1 : i64} : (!onnxir.any, tensor<i64>, tensor<2xi64>) -> !onnxir.any
  %v7 = onnxir.node "Transpose"(%v6) {perm = array<i64: 2, 1, 0>} : (!onnxir.any) -> !onnxir.any
  %v8 = onnxir.node "Mul"(%x, %c4) : (tensor<?x4xf32>, tensor<f32>) -> !onnxir.any
  %v9 = onnxir.node "Gather"(%v7, %c5) {axis = 0 : i64} : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v10 = onnxir.node "NonZero"(%v9) : (!onnxir.any) -> !onnxir.any
  %v11, %v12 = onnxir.node "Split"(%v10, %c6) {axis = 0 : i64} : (!onnxir.any, tensor<2xi64>) -> (!onnxir.any, !onnxir.any)
  %v13 = onnxir.node "Squeeze"(%v11, %c7) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v14 = onnxir.node "Squeeze"(%v12, %c7) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v15 = onnxir.node "Gather"(%x, %v14) {axis = 0 : i64} : (tensor<?x4xf32>, !onnxir.any) -> !onnxir.any
  %v16 = onnxir.node "MatMul"(%v15, %g0) : (!onnxir.any, tensor<4x2xf32>) -> !onnxir.any
  %v17 = onnxir.node "MatMul"(%v15, %u0) : (!onnxir.any, tensor<4x2xf32>) -> !onnxir.any
  %v18 = onnxir.node "Sigmoid"(%v16) : (!onnxir.any) -> !onnxir.any
  %v19 = onnxir.node "Mul"(%v16, %v18) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v20 = onnxir.node "Mul"(%v19, %v17) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v21 = onnxir.node "MatMul"(%v20, %d0) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v22 = onnxir.node "Unsqueeze"(%v14, %c8) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v23 = onnxir.node "Unsqueeze"(%v13, %c8) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v24 = onnxir.node "Concat"(%v22, %v23) {axis = 1 : i64} : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v25 = onnxir.node "GatherND"(%v5, %v24) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v26 = onnxir.node "Unsqueeze"(%v25, %c8) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v27 = onnxir.node "Mul"(%v21, %v26) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v28 = onnxir.node "ScatterND"(%v8, %v22, %v27) {reduction = "add"} : (!onnxir.any, !onnxir.any, !onnxir.any) -> !onnxir.any
  %v29 = onnxir.node "Gather"(%v7, %c9) {axis = 0 : i64} : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v30 = onnxir.node "NonZero"(%v29) : (!onnxir.any) -> !onnxir.any
  %v31, %v32 = onnxir.node "Split"(%v30, %c6) {axis = 0 : i64} : (!onnxir.any, tensor<2xi64>) -> (!onnxir.any, !onnxir.any)
  %v33 = onnxir.node "Squeeze"(%v31, %c7) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v34 = onnxir.node "Squeeze"(%v32, %c7) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v35 = onnxir.node "Gather"(%x, %v34) {axis = 0 : i64} : (tensor<?x4xf32>, !onnxir.any) -> !onnxir.any
  %v36 = onnxir.node "MatMul"(%v35, %g1) : (!onnxir.any, tensor<4x2xf32>) -> !onnxir.any
  %v37 = onnxir.node "MatMul"(%v35, %u1) : (!onnxir.any, tensor<4x2xf32>) -> !onnxir.any
  %v38 = onnxir.node "Sigmoid"(%v36) : (!onnxir.any) -> !onnxir.any
  %v39 = onnxir.node "Mul"(%v36, %v38) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v40 = onnxir.node "Mul"(%v39, %v37) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v41 = onnxir.node "MatMul"(%v40, %d1) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v42 = onnxir.node "Unsqueeze"(%v34, %c8) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v43 = onnxir.node "Unsqueeze"(%v33, %c8) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v44 = onnxir.node "Concat"(%v42, %v43) {axis = 1 : i64} : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v45 = onnxir.node "GatherND"(%v5, %v44) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v46 = onnxir.node "Unsqueeze"(%v45, %c8) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v47 = onnxir.node "Mul"(%v41, %v46) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v48 = onnxir.node "ScatterND"(%v28, %v42, %v47) {reduction = "add"} : (!onnxir.any, !onnxir.any, !onnxir.any) -> !onnxir.any
  %v49 = onnxir.node "Gather"(%v7, %c10) {axis = 0 : i64} : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v50 = onnxir.node "NonZero"(%v49) : (!onnxir.any) -> !onnxir.any
  %v51, %v52 = onnxir.node "Split"(%v50, %c6) {axis = 0 : i64} : (!onnxir.any, tensor<2xi64>) -> (!onnxir.any, !onnxir.any)
  %v53 = onnxir.node "Squeeze"(%v51, %c7) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v54 = onnxir.node "Squeeze"(%v52, %c7) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v55 = onnxir.node "Gather"(%x, %v54) {axis = 0 : i64} : (tensor<?x4xf32>, !onnxir.any) -> !onnxir.any
  %v56 = onnxir.node "MatMul"(%v55, %g2) : (!onnxir.any, tensor<4x2xf32>) -> !onnxir.any
  %v57 = onnxir.node "MatMul"(%v55, %u2) : (!onnxir.any, tensor<4x2xf32>) -> !onnxir.any
  %v58 = onnxir.node "Sigmoid"(%v56) : (!onnxir.any) -> !onnxir.any
  %v59 = onnxir.node "Mul"(%v56, %v58) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v60 = onnxir.node "Mul"(%v59, %v57) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v61 = onnxir.node "MatMul"(%v60, %d2) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v62 = onnxir.node "Unsqueeze"(%v54, %c8) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v63 = onnxir.node "Unsqueeze"(%v53, %c8) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v64 = onnxir.node "Concat"(%v62, %v63) {axis = 1 : i64} : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v65 = onnxir.node "GatherND"(%v5, %v64) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v66 = onnxir.node "Unsqueeze"(%v65, %c8) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v67 = onnxir.node "Mul"(%v61, %v66) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v68 = onnxir.node "ScatterND"(%v48, %v62, %v67) {reduction = "add"} : (!onnxir.any, !onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %v68 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<2> : tensor<1xi64>
onnxir.weight @c1 = dense<-1> : tensor<1xi64>
onnxir.weight @c2 = dense<3> : tensor<i64>
onnxir.weight @c3 = dense<[0, 1]> : tensor<2xi64>
onnxir.weight @c4 = dense<0.000000e+00> : tensor<f32>
onnxir.weight @c5 = dense<0> : tensor<i64>
onnxir.weight @c6 = dense<1> : tensor<2xi64>
onnxir.weight @c7 = dense<0> : tensor<1xi64>
onnxir.weight @c8 = dense<1> : tensor<1xi64>
onnxir.weight @c9 = dense<1> : tensor<i64>
onnxir.weight @c10 = dense<2> : tensor<i64>

// -----

// F5: all tokens through each expert, times what a mask leaves of the weights.
// CHECK-LABEL: func.func @masked
// CHECK-NOT: onnxir.node "{{TopK|Softmax|Sigmoid|ScatterND|ReduceSum}}"
// CHECK: %[[LOGITS:.*]] = onnxir.node "MatMul"
// CHECK: %[[W:.*]], %[[IDS:.*]] = moe.gate %[[LOGITS]] score<softmax> select<top_k, k = 2> normalize<sum> : tensor<?x3xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
// CHECK-NEXT: %[[P:.*]] = moe.plan %[[IDS]] : tensor<?x2xi32> -> !moe.plan<3>
// CHECK-NEXT: %[[R:.*]] = moe.dispatch %[[X:.*]], %[[P]] : tensor<?x4xf32>, !moe.plan<3> -> tensor<?x4xf32>
// CHECK-NEXT: %[[U:.*]] = moe.weights %{{[a-z0-9]+}}, %{{[a-z0-9]+}}, %{{[a-z0-9]+}} layout<transposed = true> : tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf32> -> !moe.weights<3x2x4, f32>
// CHECK-NEXT: %[[G:.*]] = moe.weights %{{[a-z0-9]+}}, %{{[a-z0-9]+}}, %{{[a-z0-9]+}} layout<transposed = true> : tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf32> -> !moe.weights<3x2x4, f32>
// CHECK-NEXT: %[[D:.*]] = moe.weights %{{[a-z0-9]+}}, %{{[a-z0-9]+}}, %{{[a-z0-9]+}} layout<transposed = true> : tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32> -> !moe.weights<3x4x2, f32>
// CHECK-NEXT: %[[E:.*]] = moe.ffn_experts up(%[[U]] : !moe.weights<3x2x4, f32>) gate(%[[G]] : !moe.weights<3x2x4, f32>) down(%[[D]] : !moe.weights<3x4x2, f32>) activation<silu> : !moe.experts<3, 4 -> 4>
// CHECK-NEXT: %[[O:.*]] = moe.experts %[[R]], %[[P]], (%[[E]]) : tensor<?x4xf32>, !moe.plan<3>, !moe.experts<3, 4 -> 4> -> tensor<?x4xf32>
// CHECK-NEXT: %[[Y:.*]] = moe.combine %[[O]], %[[P]], %[[W]] : tensor<?x4xf32>, !moe.plan<3>, tensor<?x2xf32> -> tensor<?x4xf32>
// CHECK-NEXT: return %[[Y]]
func.func @masked(%x: tensor<?x4xf32>, %wr: tensor<4x3xf32>, %g0: tensor<4x2xf32>, %u0: tensor<4x2xf32>, %d0: tensor<2x4xf32>, %g1: tensor<4x2xf32>, %u1: tensor<4x2xf32>, %d1: tensor<2x4xf32>, %g2: tensor<4x2xf32>, %u2: tensor<4x2xf32>, %d2: tensor<2x4xf32>) -> (tensor<?x4xf32>) {
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
  %v40 = onnxir.node "Add"(%v28, %v39) : (!onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %v40 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<2> : tensor<1xi64>
onnxir.weight @c1 = dense<-1> : tensor<1xi64>
onnxir.weight @c2 = dense<0> : tensor<i64>
onnxir.weight @c3 = dense<1> : tensor<i64>
onnxir.weight @c4 = dense<2> : tensor<i64>
