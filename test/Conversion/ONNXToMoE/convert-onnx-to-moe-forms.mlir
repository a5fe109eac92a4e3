// RUN: moe-opt %s --convert-onnx-to-moe=semantics=schema --split-input-file | FileCheck %s

// One layer in the forms that exporters write with stacked weights: softmax,
// the best two of three experts, renormalised weights, experts with a SiLU gate.
// What comes out is that of convert-onnx-to-moe-forms-by-expert.mlir but for
// what moe.weights bundles.

// F2: weights gathered for each pair of token and slot.
// CHECK-LABEL: func.func @gathered
// CHECK-NOT: onnxir.node "{{TopK|Softmax|Sigmoid|ScatterND|ReduceSum}}"
// CHECK: %[[LOGITS:.*]] = onnxir.node "MatMul"
// CHECK: %[[W:.*]], %[[IDS:.*]] = moe.gate %[[LOGITS]] score<softmax> select<top_k, k = 2> normalize<sum> : tensor<?x3xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
// CHECK-NEXT: %[[P:.*]] = moe.plan %[[IDS]] : tensor<?x2xi32> -> !moe.plan<3>
// CHECK-NEXT: %[[R:.*]] = moe.dispatch %[[X:.*]], %[[P]] : tensor<?x4xf32>, !moe.plan<3> -> tensor<?x4xf32>
// CHECK-NEXT: %[[U:.*]] = moe.weights %{{[a-z0-9]+}} layout<transposed = true> : tensor<3x4x2xf32> -> !moe.weights<3x2x4, f32>
// CHECK-NEXT: %[[G:.*]] = moe.weights %{{[a-z0-9]+}} layout<transposed = true> : tensor<3x4x2xf32> -> !moe.weights<3x2x4, f32>
// CHECK-NEXT: %[[D:.*]] = moe.weights %{{[a-z0-9]+}} layout<transposed = true> : tensor<3x2x4xf32> -> !moe.weights<3x4x2, f32>
// CHECK-NEXT: %[[E:.*]] = moe.ffn_experts up(%[[U]] : !moe.weights<3x2x4, f32>) gate(%[[G]] : !moe.weights<3x2x4, f32>) down(%[[D]] : !moe.weights<3x4x2, f32>) activation<silu> : !moe.experts<3, 4 -> 4>
// CHECK-NEXT: %[[O:.*]] = moe.experts %[[R]], %[[P]], (%[[E]]) : tensor<?x4xf32>, !moe.plan<3>, !moe.experts<3, 4 -> 4> -> tensor<?x4xf32>
// CHECK-NEXT: %[[Y:.*]] = moe.combine %[[O]], %[[P]], %[[W]] : tensor<?x4xf32>, !moe.plan<3>, tensor<?x2xf32> -> tensor<?x4xf32>
// CHECK-NEXT: return %[[Y]]
func.func @gathered(%x: tensor<?x4xf32>, %wr: tensor<4x3xf32>, %g: tensor<3x4x2xf32>, %u: tensor<3x4x2xf32>, %d: tensor<3x2x4xf32>) -> (tensor<?x4xf32>) {
  %c0 = onnxir.get_weight @c0 : tensor<1xi64>
  %c1 = onnxir.get_weight @c1 : tensor<1xi64>
  %c2 = onnxir.get_weight @c2 : tensor<1xi64>
  %c3 = onnxir.get_weight @c3 : tensor<3xi64>
  %c4 = onnxir.get_weight @c4 : tensor<3xi64>
  %c5 = onnxir.get_weight @c5 : tensor<3xi64>
  %v0 = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v1 = onnxir.node "Softmax"(%v0) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v2, %v3 = onnxir.node "TopK"(%v1, %c0) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %v4 = onnxir.node "ReduceSum"(%v2, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v5 = onnxir.node "Div"(%v2, %v4) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v6 = onnxir.node "Unsqueeze"(%x, %c2) : (tensor<?x4xf32>, tensor<1xi64>) -> !onnxir.any
  %v7 = onnxir.node "Expand"(%v6, %c3) : (!onnxir.any, tensor<3xi64>) -> !onnxir.any
  %v8 = onnxir.node "Reshape"(%v7, %c4) : (!onnxir.any, tensor<3xi64>) -> !onnxir.any
  %v9 = onnxir.node "Reshape"(%v3, %c1) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v10 = onnxir.node "Gather"(%g, %v9) {axis = 0 : i64} : (tensor<3x4x2xf32>, !onnxir.any) -> !onnxir.any
  %v11 = onnxir.node "Gather"(%u, %v9) {axis = 0 : i64} : (tensor<3x4x2xf32>, !onnxir.any) -> !onnxir.any
  %v12 = onnxir.node "Gather"(%d, %v9) {axis = 0 : i64} : (tensor<3x2x4xf32>, !onnxir.any) -> !onnxir.any
  %v13 = onnxir.node "MatMul"(%v8, %v10) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v14 = onnxir.node "MatMul"(%v8, %v11) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v15 = onnxir.node "Sigmoid"(%v13) : (!onnxir.any) -> !onnxir.any
  %v16 = onnxir.node "Mul"(%v13, %v15) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v17 = onnxir.node "Mul"(%v16, %v14) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v18 = onnxir.node "MatMul"(%v17, %v12) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v19 = onnxir.node "Reshape"(%v18, %c5) : (!onnxir.any, tensor<3xi64>) -> !onnxir.any
  %v20 = onnxir.node "Unsqueeze"(%v5, %c1) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v21 = onnxir.node "Mul"(%v19, %v20) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v22 = onnxir.node "ReduceSum"(%v21, %c2) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> tensor<?x4xf32>
  return %v22 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<2> : tensor<1xi64>
onnxir.weight @c1 = dense<-1> : tensor<1xi64>
onnxir.weight @c2 = dense<1> : tensor<1xi64>
onnxir.weight @c3 = dense<[1, 2, 1]> : tensor<3xi64>
onnxir.weight @c4 = dense<[-1, 1, 4]> : tensor<3xi64>
onnxir.weight @c5 = dense<[-1, 2, 4]> : tensor<3xi64>

// -----

// F3: pairs sorted by expert, and a slice of them for each.
// CHECK-LABEL: func.func @grouped
// CHECK-NOT: onnxir.node "{{TopK|Softmax|Sigmoid|ScatterND|ReduceSum}}"
// CHECK: %[[LOGITS:.*]] = onnxir.node "MatMul"
// CHECK: %[[W:.*]], %[[IDS:.*]] = moe.gate %[[LOGITS]] score<softmax> select<top_k, k = 2> normalize<sum> : tensor<?x3xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
// CHECK-NEXT: %[[P:.*]] = moe.plan %[[IDS]] : tensor<?x2xi32> -> !moe.plan<3>
// CHECK-NEXT: %[[R:.*]] = moe.dispatch %[[X:.*]], %[[P]] : tensor<?x4xf32>, !moe.plan<3> -> tensor<?x4xf32>
// CHECK-NEXT: %[[U:.*]] = moe.weights %{{[a-z0-9]+}} layout<transposed = true> : tensor<3x4x2xf32> -> !moe.weights<3x2x4, f32>
// CHECK-NEXT: %[[G:.*]] = moe.weights %{{[a-z0-9]+}} layout<transposed = true> : tensor<3x4x2xf32> -> !moe.weights<3x2x4, f32>
// CHECK-NEXT: %[[D:.*]] = moe.weights %{{[a-z0-9]+}} layout<transposed = true> : tensor<3x2x4xf32> -> !moe.weights<3x4x2, f32>
// CHECK-NEXT: %[[E:.*]] = moe.ffn_experts up(%[[U]] : !moe.weights<3x2x4, f32>) gate(%[[G]] : !moe.weights<3x2x4, f32>) down(%[[D]] : !moe.weights<3x4x2, f32>) activation<silu> : !moe.experts<3, 4 -> 4>
// CHECK-NEXT: %[[O:.*]] = moe.experts %[[R]], %[[P]], (%[[E]]) : tensor<?x4xf32>, !moe.plan<3>, !moe.experts<3, 4 -> 4> -> tensor<?x4xf32>
// CHECK-NEXT: %[[Y:.*]] = moe.combine %[[O]], %[[P]], %[[W]] : tensor<?x4xf32>, !moe.plan<3>, tensor<?x2xf32> -> tensor<?x4xf32>
// CHECK-NEXT: return %[[Y]]
func.func @grouped(%x: tensor<?x4xf32>, %wr: tensor<4x3xf32>, %g: tensor<3x4x2xf32>, %u: tensor<3x4x2xf32>, %d: tensor<3x2x4xf32>) -> (tensor<?x4xf32>) {
  %c0 = onnxir.get_weight @c0 : tensor<1xi64>
  %c1 = onnxir.get_weight @c1 : tensor<1xi64>
  %c2 = onnxir.get_weight @c2 : tensor<i64>
  %c3 = onnxir.get_weight @c3 : tensor<1xi64>
  %c4 = onnxir.get_weight @c4 : tensor<3xi64>
  %c5 = onnxir.get_weight @c5 : tensor<1xi64>
  %c6 = onnxir.get_weight @c6 : tensor<i64>
  %c7 = onnxir.get_weight @c7 : tensor<i64>
  %c8 = onnxir.get_weight @c8 : tensor<3xi64>
  %v0 = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v1 = onnxir.node "Softmax"(%v0) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v2, %v3 = onnxir.node "TopK"(%v1, %c0) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %v4 = onnxir.node "ReduceSum"(%v2, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v5 = onnxir.node "Div"(%v2, %v4) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v6 = onnxir.node "Reshape"(%v3, %c1) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v7 = onnxir.node "Shape"(%v6) : (!onnxir.any) -> !onnxir.any
  %v8, %v9 = onnxir.node "TopK"(%v6, %v7) {axis = 0 : i64, largest = 0 : i64} : (!onnxir.any, !onnxir.any) -> (!onnxir.any, !onnxir.any)
  %v10 = onnxir.node "Div"(%v9, %c2) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v11 = onnxir.node "Gather"(%x, %v10) {axis = 0 : i64} : (tensor<?x4xf32>, !onnxir.any) -> !onnxir.any
  %v12 = onnxir.node "Reshape"(%v5, %c1) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v13 = onnxir.node "Gather"(%v12, %v9) {axis = 0 : i64} : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v14 = onnxir.node "Unsqueeze"(%v8, %c3) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v15 = onnxir.node "Equal"(%v14, %c4) : (!onnxir.any, tensor<3xi64>) -> !onnxir.any
  %v16 = onnxir.node "Cast"(%v15) {to = 7 : i64} : (!onnxir.any) -> !onnxir.any
  %v17 = onnxir.node "ReduceSum"(%v16, %c5) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v18 = onnxir.node "CumSum"(%v17, %c6) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v19 = onnxir.node "Gather"(%v18, %c5) {axis = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v20 = onnxir.node "Gather"(%v18, %c3) {axis = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v21 = onnxir.node "Gather"(%v18, %c0) {axis = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v22 = onnxir.node "Slice"(%v11, %c5, %v19, %c5) : (!onnxir.any, tensor<1xi64>, !onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v23 = onnxir.node "Gather"(%g, %c6) {axis = 0 : i64} : (tensor<3x4x2xf32>, tensor<i64>) -> !onnxir.any
  %v24 = onnxir.node "MatMul"(%v22, %v23) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v25 = onnxir.node "Slice"(%v11, %v19, %v20, %c5) : (!onnxir.any, !onnxir.any, !onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v26 = onnxir.node "Gather"(%g, %c7) {axis = 0 : i64} : (tensor<3x4x2xf32>, tensor<i64>) -> !onnxir.any
  %v27 = onnxir.node "MatMul"(%v25, %v26) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v28 = onnxir.node "Slice"(%v11, %v20, %v21, %c5) : (!onnxir.any, !onnxir.any, !onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v29 = onnxir.node "Gather"(%g, %c2) {axis = 0 : i64} : (tensor<3x4x2xf32>, tensor<i64>) -> !onnxir.any
  %v30 = onnxir.node "MatMul"(%v28, %v29) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v31 = onnxir.node "Concat"(%v24, %v27, %v30) {axis = 0 : i64} : (!onnxir.any, !onnxir.any, !onnxir.any) -> !onnxir.any
  %v32 = onnxir.node "Slice"(%v11, %c5, %v19, %c5) : (!onnxir.any, tensor<1xi64>, !onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v33 = onnxir.node "Gather"(%u, %c6) {axis = 0 : i64} : (tensor<3x4x2xf32>, tensor<i64>) -> !onnxir.any
  %v34 = onnxir.node "MatMul"(%v32, %v33) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v35 = onnxir.node "Slice"(%v11, %v19, %v20, %c5) : (!onnxir.any, !onnxir.any, !onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v36 = onnxir.node "Gather"(%u, %c7) {axis = 0 : i64} : (tensor<3x4x2xf32>, tensor<i64>) -> !onnxir.any
  %v37 = onnxir.node "MatMul"(%v35, %v36) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v38 = onnxir.node "Slice"(%v11, %v20, %v21, %c5) : (!onnxir.any, !onnxir.any, !onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v39 = onnxir.node "Gather"(%u, %c2) {axis = 0 : i64} : (tensor<3x4x2xf32>, tensor<i64>) -> !onnxir.any
  %v40 = onnxir.node "MatMul"(%v38, %v39) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v41 = onnxir.node "Concat"(%v34, %v37, %v40) {axis = 0 : i64} : (!onnxir.any, !onnxir.any, !onnxir.any) -> !onnxir.any
  %v42 = onnxir.node "Sigmoid"(%v31) : (!onnxir.any) -> !onnxir.any
  %v43 = onnxir.node "Mul"(%v31, %v42) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v44 = onnxir.node "Mul"(%v43, %v41) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v45 = onnxir.node "Slice"(%v44, %c5, %v19, %c5) : (!onnxir.any, tensor<1xi64>, !onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v46 = onnxir.node "Gather"(%d, %c6) {axis = 0 : i64} : (tensor<3x2x4xf32>, tensor<i64>) -> !onnxir.any
  %v47 = onnxir.node "MatMul"(%v45, %v46) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v48 = onnxir.node "Slice"(%v44, %v19, %v20, %c5) : (!onnxir.any, !onnxir.any, !onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v49 = onnxir.node "Gather"(%d, %c7) {axis = 0 : i64} : (tensor<3x2x4xf32>, tensor<i64>) -> !onnxir.any
  %v50 = onnxir.node "MatMul"(%v48, %v49) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v51 = onnxir.node "Slice"(%v44, %v20, %v21, %c5) : (!onnxir.any, !onnxir.any, !onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v52 = onnxir.node "Gather"(%d, %c2) {axis = 0 : i64} : (tensor<3x2x4xf32>, tensor<i64>) -> !onnxir.any
  %v53 = onnxir.node "MatMul"(%v51, %v52) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v54 = onnxir.node "Concat"(%v47, %v50, %v53) {axis = 0 : i64} : (!onnxir.any, !onnxir.any, !onnxir.any) -> !onnxir.any
  %v55 = onnxir.node "Unsqueeze"(%v13, %c3) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v56 = onnxir.node "Mul"(%v54, %v55) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v57, %v58 = onnxir.node "TopK"(%v9, %v7) {axis = 0 : i64, largest = 0 : i64} : (!onnxir.any, !onnxir.any) -> (!onnxir.any, !onnxir.any)
  %v59 = onnxir.node "Gather"(%v56, %v58) {axis = 0 : i64} : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v60 = onnxir.node "Reshape"(%v59, %c8) : (!onnxir.any, tensor<3xi64>) -> !onnxir.any
  %v61 = onnxir.node "ReduceSum"(%v60, %c3) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> tensor<?x4xf32>
  return %v61 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<2> : tensor<1xi64>
onnxir.weight @c1 = dense<-1> : tensor<1xi64>
onnxir.weight @c2 = dense<2> : tensor<i64>
onnxir.weight @c3 = dense<1> : tensor<1xi64>
onnxir.weight @c4 = dense<[0, 1, 2]> : tensor<3xi64>
onnxir.weight @c5 = dense<0> : tensor<1xi64>
onnxir.weight @c6 = dense<0> : tensor<i64>
onnxir.weight @c7 = dense<1> : tensor<i64>
onnxir.weight @c8 = dense<[-1, 2, 4]> : tensor<3xi64>

// -----

// F4: all experts on all tokens, and a table of weights.
// CHECK-LABEL: func.func @dense
// CHECK-NOT: onnxir.node "{{TopK|Softmax|Sigmoid|ScatterND|ReduceSum}}"
// CHECK: %[[LOGITS:.*]] = onnxir.node "MatMul"
// CHECK: %[[W:.*]], %[[IDS:.*]] = moe.gate %[[LOGITS]] score<softmax> select<top_k, k = 2> normalize<sum> : tensor<?x3xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
// CHECK-NEXT: %[[P:.*]] = moe.plan %[[IDS]] : tensor<?x2xi32> -> !moe.plan<3>
// CHECK-NEXT: %[[R:.*]] = moe.dispatch %[[X:.*]], %[[P]] : tensor<?x4xf32>, !moe.plan<3> -> tensor<?x4xf32>
// CHECK-NEXT: %[[U:.*]] = moe.weights %{{[a-z0-9]+}} layout<transposed = true> : tensor<3x4x2xf32> -> !moe.weights<3x2x4, f32>
// CHECK-NEXT: %[[G:.*]] = moe.weights %{{[a-z0-9]+}} layout<transposed = true> : tensor<3x4x2xf32> -> !moe.weights<3x2x4, f32>
// CHECK-NEXT: %[[D:.*]] = moe.weights %{{[a-z0-9]+}} layout<transposed = true> : tensor<3x2x4xf32> -> !moe.weights<3x4x2, f32>
// CHECK-NEXT: %[[E:.*]] = moe.ffn_experts up(%[[U]] : !moe.weights<3x2x4, f32>) gate(%[[G]] : !moe.weights<3x2x4, f32>) down(%[[D]] : !moe.weights<3x4x2, f32>) activation<silu> : !moe.experts<3, 4 -> 4>
// CHECK-NEXT: %[[O:.*]] = moe.experts %[[R]], %[[P]], (%[[E]]) : tensor<?x4xf32>, !moe.plan<3>, !moe.experts<3, 4 -> 4> -> tensor<?x4xf32>
// CHECK-NEXT: %[[Y:.*]] = moe.combine %[[O]], %[[P]], %[[W]] : tensor<?x4xf32>, !moe.plan<3>, tensor<?x2xf32> -> tensor<?x4xf32>
// CHECK-NEXT: return %[[Y]]
func.func @dense(%x: tensor<?x4xf32>, %wr: tensor<4x3xf32>, %g: tensor<3x4x2xf32>, %u: tensor<3x4x2xf32>, %d: tensor<3x2x4xf32>) -> (tensor<?x4xf32>) {
  %c0 = onnxir.get_weight @c0 : tensor<1xi64>
  %c1 = onnxir.get_weight @c1 : tensor<1xi64>
  %c2 = onnxir.get_weight @c2 : tensor<1xi64>
  %c3 = onnxir.get_weight @c3 : tensor<1xi64>
  %v0 = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v1 = onnxir.node "Softmax"(%v0) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v2, %v3 = onnxir.node "TopK"(%v1, %c0) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %v4 = onnxir.node "ReduceSum"(%v2, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v5 = onnxir.node "Div"(%v2, %v4) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v6 = onnxir.node "MatMul"(%x, %g) : (tensor<?x4xf32>, tensor<3x4x2xf32>) -> !onnxir.any
  %v7 = onnxir.node "MatMul"(%x, %u) : (tensor<?x4xf32>, tensor<3x4x2xf32>) -> !onnxir.any
  %v8 = onnxir.node "Sigmoid"(%v6) : (!onnxir.any) -> !onnxir.any
  %v9 = onnxir.node "Mul"(%v6, %v8) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v10 = onnxir.node "Mul"(%v9, %v7) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v11 = onnxir.node "MatMul"(%v10, %d) : (!onnxir.any, tensor<3x2x4xf32>) -> !onnxir.any
  %v12 = onnxir.node "Shape"(%x) {end = 1 : i64, start = 0 : i64} : (tensor<?x4xf32>) -> !onnxir.any
  %v13 = onnxir.node "Concat"(%v12, %c2) {axis = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v14 = onnxir.node "ConstantOfShape"(%v13) : (!onnxir.any) -> !onnxir.any
  %v15 = onnxir.node "ScatterElements"(%v14, %v3, %v5) {axis = 1 : i64} : (!onnxir.any, !onnxir.any, !onnxir.any) -> !onnxir.any
  %v16 = onnxir.node "Transpose"(%v15) {perm = array<i64: 1, 0>} : (!onnxir.any) -> !onnxir.any
  %v17 = onnxir.node "Unsqueeze"(%v16, %c0) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v18 = onnxir.node "Mul"(%v11, %v17) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v19 = onnxir.node "ReduceSum"(%v18, %c3) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> tensor<?x4xf32>
  return %v19 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<2> : tensor<1xi64>
onnxir.weight @c1 = dense<-1> : tensor<1xi64>
onnxir.weight @c2 = dense<3> : tensor<1xi64>
onnxir.weight @c3 = dense<0> : tensor<1xi64>

// -----

// F6: weights gathered for each token, matrices on the left.
// CHECK-LABEL: func.func @token_gather
// CHECK-NOT: onnxir.node "{{TopK|Softmax|Sigmoid|ScatterND|ReduceSum}}"
// CHECK: %[[LOGITS:.*]] = onnxir.node "MatMul"
// CHECK: %[[W:.*]], %[[IDS:.*]] = moe.gate %[[LOGITS]] score<softmax> select<top_k, k = 2> normalize<sum> : tensor<?x3xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
// CHECK-NEXT: %[[P:.*]] = moe.plan %[[IDS]] : tensor<?x2xi32> -> !moe.plan<3>
// CHECK-NEXT: %[[R:.*]] = moe.dispatch %[[X:.*]], %[[P]] : tensor<?x4xf32>, !moe.plan<3> -> tensor<?x4xf32>
// CHECK-NEXT: %[[U:.*]] = moe.weights %{{[a-z0-9]+}} : tensor<3x2x4xf32> -> !moe.weights<3x2x4, f32>
// CHECK-NEXT: %[[G:.*]] = moe.weights %{{[a-z0-9]+}} : tensor<3x2x4xf32> -> !moe.weights<3x2x4, f32>
// CHECK-NEXT: %[[D:.*]] = moe.weights %{{[a-z0-9]+}} : tensor<3x4x2xf32> -> !moe.weights<3x4x2, f32>
// CHECK-NEXT: %[[E:.*]] = moe.ffn_experts up(%[[U]] : !moe.weights<3x2x4, f32>) gate(%[[G]] : !moe.weights<3x2x4, f32>) down(%[[D]] : !moe.weights<3x4x2, f32>) activation<silu> : !moe.experts<3, 4 -> 4>
// CHECK-NEXT: %[[O:.*]] = moe.experts %[[R]], %[[P]], (%[[E]]) : tensor<?x4xf32>, !moe.plan<3>, !moe.experts<3, 4 -> 4> -> tensor<?x4xf32>
// CHECK-NEXT: %[[Y:.*]] = moe.combine %[[O]], %[[P]], %[[W]] : tensor<?x4xf32>, !moe.plan<3>, tensor<?x2xf32> -> tensor<?x4xf32>
// CHECK: tensor.expand_shape %[[Y]]
func.func @token_gather(%x: tensor<?x4xf32>, %wr: tensor<4x3xf32>, %g: tensor<3x2x4xf32>, %u: tensor<3x2x4xf32>, %d: tensor<3x4x2xf32>) -> (tensor<?x4xf32>) {
  %c0 = onnxir.get_weight @c0 : tensor<1xi64>
  %c1 = onnxir.get_weight @c1 : tensor<1xi64>
  %c2 = onnxir.get_weight @c2 : tensor<1xi64>
  %c3 = onnxir.get_weight @c3 : tensor<2xi64>
  %v0 = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v1 = onnxir.node "Softmax"(%v0) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v2, %v3 = onnxir.node "TopK"(%v1, %c0) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %v4 = onnxir.node "ReduceSum"(%v2, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v5 = onnxir.node "Div"(%v2, %v4) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v6 = onnxir.node "Unsqueeze"(%x, %c2) : (tensor<?x4xf32>, tensor<1xi64>) -> !onnxir.any
  %v7 = onnxir.node "Unsqueeze"(%v6, %c1) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v8 = onnxir.node "Gather"(%g, %v3) {axis = 0 : i64} : (tensor<3x2x4xf32>, !onnxir.any) -> !onnxir.any
  %v9 = onnxir.node "Gather"(%u, %v3) {axis = 0 : i64} : (tensor<3x2x4xf32>, !onnxir.any) -> !onnxir.any
  %v10 = onnxir.node "Gather"(%d, %v3) {axis = 0 : i64} : (tensor<3x4x2xf32>, !onnxir.any) -> !onnxir.any
  %v11 = onnxir.node "MatMul"(%v8, %v7) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v12 = onnxir.node "MatMul"(%v9, %v7) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v13 = onnxir.node "Sigmoid"(%v11) : (!onnxir.any) -> !onnxir.any
  %v14 = onnxir.node "Mul"(%v11, %v13) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v15 = onnxir.node "Mul"(%v14, %v12) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v16 = onnxir.node "MatMul"(%v10, %v15) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v17 = onnxir.node "Unsqueeze"(%v5, %c3) : (!onnxir.any, tensor<2xi64>) -> !onnxir.any
  %v18 = onnxir.node "Mul"(%v16, %v17) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v19 = onnxir.node "ReduceSum"(%v18, %c2) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v20 = onnxir.node "Squeeze"(%v19, %c1) : (!onnxir.any, tensor<1xi64>) -> tensor<?x4xf32>
  return %v20 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<2> : tensor<1xi64>
onnxir.weight @c1 = dense<-1> : tensor<1xi64>
onnxir.weight @c2 = dense<1> : tensor<1xi64>
onnxir.weight @c3 = dense<[2, 3]> : tensor<2xi64>

// -----

// F7: the operator of ONNX Runtime.
// CHECK-LABEL: func.func @contrib
// CHECK-NOT: onnxir.node "{{TopK|Softmax|Sigmoid|ScatterND|ReduceSum}}"
// CHECK: %[[LOGITS:.*]] = onnxir.node "MatMul"
// CHECK: %[[W:.*]], %[[IDS:.*]] = moe.gate %[[LOGITS]] score<softmax> select<top_k, k = 2> normalize<sum> : tensor<?x3xf32> -> tensor<?x2xf32>, tensor<?x2xi32>
// CHECK-NEXT: %[[P:.*]] = moe.plan %[[IDS]] : tensor<?x2xi32> -> !moe.plan<3>
// CHECK-NEXT: %[[R:.*]] = moe.dispatch %[[X:.*]], %[[P]] : tensor<?x4xf32>, !moe.plan<3> -> tensor<?x4xf32>
// CHECK-NEXT: %[[U:.*]] = moe.weights %{{[a-z0-9]+}} : tensor<3x2x4xf32> -> !moe.weights<3x2x4, f32>
// CHECK-NEXT: %[[G:.*]] = moe.weights %{{[a-z0-9]+}} : tensor<3x2x4xf32> -> !moe.weights<3x2x4, f32>
// CHECK-NEXT: %[[D:.*]] = moe.weights %{{[a-z0-9]+}} : tensor<3x4x2xf32> -> !moe.weights<3x4x2, f32>
// CHECK-NEXT: %[[E:.*]] = moe.ffn_experts up(%[[U]] : !moe.weights<3x2x4, f32>) gate(%[[G]] : !moe.weights<3x2x4, f32>) down(%[[D]] : !moe.weights<3x4x2, f32>) activation<silu> : !moe.experts<3, 4 -> 4>
// CHECK-NEXT: %[[O:.*]] = moe.experts %[[R]], %[[P]], (%[[E]]) : tensor<?x4xf32>, !moe.plan<3>, !moe.experts<3, 4 -> 4> -> tensor<?x4xf32>
// CHECK-NEXT: %[[Y:.*]] = moe.combine %[[O]], %[[P]], %[[W]] : tensor<?x4xf32>, !moe.plan<3>, tensor<?x2xf32> -> tensor<?x4xf32>
// CHECK-NEXT: return %[[Y]]
func.func @contrib(%x: tensor<?x4xf32>, %wr: tensor<4x3xf32>, %g: tensor<3x2x4xf32>, %u: tensor<3x2x4xf32>, %d: tensor<3x4x2xf32>) -> tensor<?x4xf32> {
  %v0 = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %v0, %g, none, %d, none, %u) {activation_type = "silu", k = 2 : i64, normalize_routing_weights = 1 : i64}
      : (tensor<?x4xf32>, !onnxir.any, tensor<3x2x4xf32>, tensor<3x4x2xf32>, tensor<3x2x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
