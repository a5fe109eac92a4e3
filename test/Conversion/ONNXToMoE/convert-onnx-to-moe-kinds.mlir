// RUN: moe-opt %s --convert-onnx-to-moe --split-input-file | FileCheck %s

// What else than routed feed-forward experts a layer may have.

// A shared expert with a gate of its own is a slot; the residual stays.
// CHECK-LABEL: func.func @shared
// CHECK-SAME: (%[[X:.*]]: tensor<?x4xf32>, 
// CHECK: %[[C:.*]] = onnxir.node "Sigmoid"
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 2> normalize<sum> shared(1, %[[C]] : tensor<?x1xf32>) : tensor<?x3xf32> -> tensor<?x3xf32>, tensor<?x3xi32>
// CHECK: moe.experts %{{.*}}, %{{.*}}, (%{{.*}}, %{{.*}}) : tensor<?x4xf32>, !moe.plan<4>, !moe.experts<3, 4 -> 4>, !moe.experts<1, 4 -> 4>
// CHECK: %[[Y:.*]] = moe.combine
// CHECK: %[[S:.*]] = onnxir.node "Add"(%[[X]], %[[Y]])
// CHECK-NEXT: return %[[S]]
func.func @shared(%x: tensor<?x4xf32>, %wr: tensor<4x3xf32>, %g0: tensor<4x2xf32>, %u0: tensor<4x2xf32>, %d0: tensor<2x4xf32>, %g1: tensor<4x2xf32>, %u1: tensor<4x2xf32>, %d1: tensor<2x4xf32>, %g2: tensor<4x2xf32>, %u2: tensor<4x2xf32>, %d2: tensor<2x4xf32>, %sg: tensor<4x3xf32>, %su: tensor<4x3xf32>, %sd: tensor<3x4xf32>, %sw: tensor<4x1xf32>) -> (tensor<?x4xf32>) {
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
  %v47 = onnxir.node "MatMul"(%x, %sw) : (tensor<?x4xf32>, tensor<4x1xf32>) -> !onnxir.any
  %v48 = onnxir.node "Sigmoid"(%v47) : (!onnxir.any) -> !onnxir.any
  %v49 = onnxir.node "Add"(%x, %v40) : (tensor<?x4xf32>, !onnxir.any) -> !onnxir.any
  %v50 = onnxir.node "Mul"(%v46, %v48) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v51 = onnxir.node "Add"(%v49, %v50) : (!onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %v51 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<2> : tensor<1xi64>
onnxir.weight @c1 = dense<-1> : tensor<1xi64>
onnxir.weight @c2 = dense<0> : tensor<i64>
onnxir.weight @c3 = dense<1> : tensor<i64>
onnxir.weight @c4 = dense<2> : tensor<i64>

// -----

// An expert that is the input, and one that mixes it with a vector.
// CHECK-LABEL: func.func @kinds
// CHECK-NOT: "Softmax"
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 2> normalize<sum>
// CHECK: %[[F:.*]] = moe.ffn_experts
// CHECK: %[[C:.*]] = moe.copy_experts : !moe.experts<1, 4 -> 4>
// CHECK: %[[K:.*]] = moe.constant_experts %{{.*}} mix(%{{.*}} : !moe.weights<1x2x4, f32>) : !moe.weights<1x4, f32> -> !moe.experts<1, 4 -> 4>
// CHECK: moe.experts %{{.*}}, %{{.*}}, (%[[F]], %[[C]], %[[K]])
func.func @kinds(%x: tensor<?x4xf32>, %wr: tensor<4x3xf32>, %mix: tensor<4x2xf32>, %v: tensor<4xf32>, %g0: tensor<4x2xf32>, %u0: tensor<4x2xf32>, %d0: tensor<2x4xf32>) -> (tensor<?x4xf32>) {
  %c0 = onnxir.get_weight @c0 : tensor<1xi64>
  %c1 = onnxir.get_weight @c1 : tensor<1xi64>
  %c2 = onnxir.get_weight @c2 : tensor<1xi64>
  %c3 = onnxir.get_weight @c3 : tensor<1xi64>
  %c4 = onnxir.get_weight @c4 : tensor<1xi64>
  %v0 = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v1 = onnxir.node "Softmax"(%v0) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v2, %v3 = onnxir.node "TopK"(%v1, %c0) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %v4 = onnxir.node "ReduceSum"(%v2, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v5 = onnxir.node "Div"(%v2, %v4) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v6 = onnxir.node "Shape"(%x) {end = 1 : i64, start = 0 : i64} : (tensor<?x4xf32>) -> !onnxir.any
  %v7 = onnxir.node "Concat"(%v6, %c2) {axis = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v8 = onnxir.node "ConstantOfShape"(%v7) : (!onnxir.any) -> !onnxir.any
  %v9 = onnxir.node "ScatterElements"(%v8, %v3, %v5) {axis = 1 : i64} : (!onnxir.any, !onnxir.any, !onnxir.any) -> !onnxir.any
  %v10 = onnxir.node "MatMul"(%x, %mix) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v11 = onnxir.node "Softmax"(%v10) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v12 = onnxir.node "Slice"(%v11, %c3, %c4, %c4) : (!onnxir.any, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> !onnxir.any
  %v13 = onnxir.node "Mul"(%v12, %x) : (!onnxir.any, tensor<?x4xf32>) -> !onnxir.any
  %v14 = onnxir.node "Slice"(%v11, %c4, %c0, %c4) : (!onnxir.any, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> !onnxir.any
  %v15 = onnxir.node "Mul"(%v14, %v) : (!onnxir.any, tensor<4xf32>) -> !onnxir.any
  %v16 = onnxir.node "Add"(%v13, %v15) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v17 = onnxir.node "MatMul"(%x, %g0) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v18 = onnxir.node "MatMul"(%x, %u0) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v19 = onnxir.node "Sigmoid"(%v17) : (!onnxir.any) -> !onnxir.any
  %v20 = onnxir.node "Mul"(%v17, %v19) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v21 = onnxir.node "Mul"(%v20, %v18) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v22 = onnxir.node "MatMul"(%v21, %d0) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v23 = onnxir.node "Slice"(%v9, %c3, %c4, %c4) : (!onnxir.any, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> !onnxir.any
  %v24 = onnxir.node "Mul"(%v22, %v23) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v25 = onnxir.node "Slice"(%v9, %c4, %c0, %c4) : (!onnxir.any, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> !onnxir.any
  %v26 = onnxir.node "Mul"(%x, %v25) : (tensor<?x4xf32>, !onnxir.any) -> !onnxir.any
  %v27 = onnxir.node "Add"(%v24, %v26) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v28 = onnxir.node "Slice"(%v9, %c0, %c2, %c4) : (!onnxir.any, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> !onnxir.any
  %v29 = onnxir.node "Mul"(%v16, %v28) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v30 = onnxir.node "Add"(%v27, %v29) : (!onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %v30 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<2> : tensor<1xi64>
onnxir.weight @c1 = dense<-1> : tensor<1xi64>
onnxir.weight @c2 = dense<3> : tensor<1xi64>
onnxir.weight @c3 = dense<0> : tensor<1xi64>
onnxir.weight @c4 = dense<1> : tensor<1xi64>

// -----

// F8: one-hot dispatch to places, which run out.
// CHECK-LABEL: func.func @capacity
// CHECK-NOT: "Einsum"
// CHECK: moe.gate %{{.*}} score<softmax> select<top_k, k = 1> capacity<count = 2> : tensor<?x3xf32> -> tensor<?x1xf32>, tensor<?x1xi32>
// CHECK: moe.ffn_experts up(%{{.*}}) down(%{{.*}}) activation<relu> : !moe.experts<3, 4 -> 4>
// CHECK: moe.combine
// CHECK-NEXT: return
func.func @capacity(%x: tensor<?x4xf32>, %wr: tensor<4x3xf32>, %u: tensor<3x4x2xf32>, %d: tensor<3x2x4xf32>) -> (tensor<?x4xf32>) {
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
  %v22 = onnxir.node "Mul"(%v18, %v21) : (tensor<?x3x1xf32>, tensor<?x1x2xf32>) -> tensor<?x3x2xf32>
  %v23 = onnxir.node "Einsum"(%v22, %x) {equation = "nec,nh->ech"} : (tensor<?x3x2xf32>, tensor<?x4xf32>) -> tensor<3x2x4xf32>
  %v24 = onnxir.node "MatMul"(%v23, %u) : (tensor<3x2x4xf32>, tensor<3x4x2xf32>) -> tensor<3x2x2xf32>
  %v25 = onnxir.node "Relu"(%v24) : (tensor<3x2x2xf32>) -> tensor<3x2x2xf32>
  %v26 = onnxir.node "MatMul"(%v25, %d) : (tensor<3x2x2xf32>, tensor<3x2x4xf32>) -> tensor<3x2x4xf32>
  %v27 = onnxir.node "Einsum"(%v22, %v26) {equation = "nec,ech->nh"} : (tensor<?x3x2xf32>, tensor<3x2x4xf32>) -> tensor<?x4xf32>
  %v28 = onnxir.node "Unsqueeze"(%v2, %c0) : (tensor<?xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %v29 = onnxir.node "Mul"(%v27, %v28) : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  return %v29 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<-1> : tensor<1xi64>
onnxir.weight @c1 = dense<[0, 1, 2]> : tensor<3xi64>
onnxir.weight @c2 = dense<0> : tensor<i64>
onnxir.weight @c3 = dense<1> : tensor<i64>
onnxir.weight @c4 = dense<2> : tensor<i64>
onnxir.weight @c5 = dense<[0, 1]> : tensor<2xi64>
onnxir.weight @c6 = dense<1> : tensor<1xi64>

// -----

// Experts that count once for each token: there is no router to speak of.
// CHECK-LABEL: func.func @unweighted
// CHECK-NOT: moe.gate
// CHECK: %[[IDS:.*]] = onnxir.node "ArgMax"
// CHECK: %[[W:.*]] = tensor.splat
// CHECK: %[[I:.*]] = arith.trunci
// CHECK: moe.plan %[[I]] : tensor<?x1xi32> -> !moe.plan<3>
// CHECK: moe.combine %{{.*}}, %{{.*}}, %[[W]]
func.func @unweighted(%x: tensor<?x4xf32>, %wr: tensor<4x3xf32>, %g0: tensor<4x2xf32>, %u0: tensor<4x2xf32>, %d0: tensor<2x4xf32>, %g1: tensor<4x2xf32>, %u1: tensor<4x2xf32>, %d1: tensor<2x4xf32>, %g2: tensor<4x2xf32>, %u2: tensor<4x2xf32>, %d2: tensor<2x4xf32>) -> (tensor<?x4xf32>) {
  %c0 = onnxir.get_weight @c0 : tensor<1xi64>
  %c1 = onnxir.get_weight @c1 : tensor<1xi64>
  %c2 = onnxir.get_weight @c2 : tensor<i64>
  %c3 = onnxir.get_weight @c3 : tensor<f32>
  %c4 = onnxir.get_weight @c4 : tensor<i64>
  %c5 = onnxir.get_weight @c5 : tensor<i64>
  %v0 = onnxir.node "MatMul"(%x, %wr) : (tensor<?x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  %v1 = onnxir.node "Softmax"(%v0) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v2, %v3 = onnxir.node "TopK"(%v1, %c0) {axis = -1 : i64} : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %v4 = onnxir.node "ReduceSum"(%v2, %c1) {keepdims = 1 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v5 = onnxir.node "Div"(%v2, %v4) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v6 = onnxir.node "ArgMax"(%v5) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v7 = onnxir.node "Equal"(%v6, %c2) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v8 = onnxir.node "MatMul"(%x, %g0) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v9 = onnxir.node "MatMul"(%x, %u0) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v10 = onnxir.node "Sigmoid"(%v8) : (!onnxir.any) -> !onnxir.any
  %v11 = onnxir.node "Mul"(%v8, %v10) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v12 = onnxir.node "Mul"(%v11, %v9) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v13 = onnxir.node "MatMul"(%v12, %d0) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v14 = onnxir.node "Where"(%v7, %v13, %c3) : (!onnxir.any, !onnxir.any, tensor<f32>) -> !onnxir.any
  %v15 = onnxir.node "Equal"(%v6, %c4) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v16 = onnxir.node "MatMul"(%x, %g1) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v17 = onnxir.node "MatMul"(%x, %u1) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v18 = onnxir.node "Sigmoid"(%v16) : (!onnxir.any) -> !onnxir.any
  %v19 = onnxir.node "Mul"(%v16, %v18) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v20 = onnxir.node "Mul"(%v19, %v17) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v21 = onnxir.node "MatMul"(%v20, %d1) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v22 = onnxir.node "Where"(%v15, %v21, %c3) : (!onnxir.any, !onnxir.any, tensor<f32>) -> !onnxir.any
  %v23 = onnxir.node "Add"(%v14, %v22) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v24 = onnxir.node "Equal"(%v6, %c5) : (!onnxir.any, tensor<i64>) -> !onnxir.any
  %v25 = onnxir.node "MatMul"(%x, %g2) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v26 = onnxir.node "MatMul"(%x, %u2) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v27 = onnxir.node "Sigmoid"(%v25) : (!onnxir.any) -> !onnxir.any
  %v28 = onnxir.node "Mul"(%v25, %v27) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v29 = onnxir.node "Mul"(%v28, %v26) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v30 = onnxir.node "MatMul"(%v29, %d2) : (!onnxir.any, tensor<2x4xf32>) -> !onnxir.any
  %v31 = onnxir.node "Where"(%v24, %v30, %c3) : (!onnxir.any, !onnxir.any, tensor<f32>) -> !onnxir.any
  %v32 = onnxir.node "Add"(%v23, %v31) : (!onnxir.any, !onnxir.any) -> tensor<?x4xf32>
  return %v32 : tensor<?x4xf32>
}
onnxir.weight @c0 = dense<2> : tensor<1xi64>
onnxir.weight @c1 = dense<-1> : tensor<1xi64>
onnxir.weight @c2 = dense<0> : tensor<i64>
onnxir.weight @c3 = dense<0.000000e+00> : tensor<f32>
onnxir.weight @c4 = dense<1> : tensor<i64>
onnxir.weight @c5 = dense<2> : tensor<i64>
