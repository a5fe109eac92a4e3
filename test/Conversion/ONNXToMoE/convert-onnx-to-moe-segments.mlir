// RUN: moe-opt %s --convert-onnx-to-moe --split-input-file --verify-diagnostics | FileCheck %s

// Quantised matrices of experts whose rows stand one behind the other.

// Matrices of their own with one scale each, of rows that are sorted by expert:
// a scale for each row is what moe.weights takes.
// CHECK-LABEL: func.func @numbers
// CHECK-DAG: %[[A:.*]] = arith.constant dense<5.000000e-01> : tensor<2xf32>
// CHECK-DAG: %[[B:.*]] = arith.constant dense<2.500000e-01> : tensor<2xf32>
// CHECK: moe.weights %u0, %u1
// CHECK: moe.ffn_experts
// CHECK: moe.combine
onnxir.weight @one = dense<1> : tensor<1xi64>
onnxir.weight @zero = dense<0> : tensor<1xi64>
onnxir.weight @flat = dense<-1> : tensor<1xi64>
onnxir.weight @router = dense<[[1.000000e-01, -1.000000e-01], [6.000000e-01, 1.000000e-01], [-5.000000e-01, 4.000000e-01], [1.300000e+00, 0.899999976]]> : tensor<4x2xf32>
onnxir.weight @experts = dense<2> : tensor<i64>
onnxir.weight @marks = dense<[0, 1]> : tensor<2xi64>
onnxir.weight @u0 = dense<[[2, 0], [1, 7], [-5, 5], [3, -9]]> : tensor<4x2xi8>
onnxir.weight @us0 = dense<5.000000e-01> : tensor<f32>
onnxir.weight @d0 = dense<[[-2, 6, 0, -9], [4, 4, 6, -6]]> : tensor<2x4xi8>
onnxir.weight @ds0 = dense<5.000000e-01> : tensor<f32>
onnxir.weight @u1 = dense<[[-8, 6], [-9, 0], [-8, -4], [-1, -2]]> : tensor<4x2xi8>
onnxir.weight @us1 = dense<2.500000e-01> : tensor<f32>
onnxir.weight @d1 = dense<[[-2, -9, -9, -7], [-9, 3, 0, 2]]> : tensor<2x4xi8>
onnxir.weight @ds1 = dense<2.500000e-01> : tensor<f32>
func.func @numbers(%arg0: tensor<?x4xf32> {onnxir.dims = ["tokens", 4], onnxir.name = "x"}) -> (tensor<?x4xf32> {onnxir.dims = ["tokens", 4], onnxir.name = "y"}) {
  %one = onnxir.get_weight @one : tensor<1xi64>
  %zero = onnxir.get_weight @zero : tensor<1xi64>
  %flat = onnxir.get_weight @flat : tensor<1xi64>
  %router = onnxir.get_weight @router : tensor<4x2xf32>
  %experts = onnxir.get_weight @experts : tensor<i64>
  %marks = onnxir.get_weight @marks : tensor<2xi64>
  %u0 = onnxir.get_weight @u0 : tensor<4x2xi8>
  %us0 = onnxir.get_weight @us0 : tensor<f32>
  %d0 = onnxir.get_weight @d0 : tensor<2x4xi8>
  %ds0 = onnxir.get_weight @ds0 : tensor<f32>
  %u1 = onnxir.get_weight @u1 : tensor<4x2xi8>
  %us1 = onnxir.get_weight @us1 : tensor<f32>
  %d1 = onnxir.get_weight @d1 : tensor<2x4xi8>
  %ds1 = onnxir.get_weight @ds1 : tensor<f32>
  %v0 = onnxir.node "MatMul"(%arg0, %router) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v1 = onnxir.node "Softmax"(%v0) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v2_0, %v2_1 = onnxir.node "TopK"(%v1, %one) : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %v3 = onnxir.node "Reshape"(%v2_1, %flat) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v4 = onnxir.node "Shape"(%v3) : (!onnxir.any) -> !onnxir.any
  %v5_0, %v5_1 = onnxir.node "TopK"(%v3, %v4) {axis = 0 : i64, largest = 0 : i64} : (!onnxir.any, !onnxir.any) -> (!onnxir.any, !onnxir.any)
  %v6 = onnxir.node "OneHot"(%v3, %experts, %marks) {axis = -1 : i64} : (!onnxir.any, tensor<i64>, tensor<2xi64>) -> !onnxir.any
  %v7 = onnxir.node "ReduceSum"(%v6, %zero) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v8 = onnxir.node "Gather"(%arg0, %v5_1) : (tensor<?x4xf32>, !onnxir.any) -> !onnxir.any
  %v9_0, %v9_1 = onnxir.node "Split"(%v8, %v7) {axis = 0 : i64} : (!onnxir.any, !onnxir.any) -> (!onnxir.any, !onnxir.any)
  %v10 = onnxir.node "Cast"(%u0) {to = 1 : i64} : (tensor<4x2xi8>) -> !onnxir.any
  %v11 = onnxir.node "Mul"(%v10, %us0) : (!onnxir.any, tensor<f32>) -> !onnxir.any
  %v12 = onnxir.node "MatMul"(%v9_0, %v11) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v13 = onnxir.node "Relu"(%v12) : (!onnxir.any) -> !onnxir.any
  %v14 = onnxir.node "Cast"(%d0) {to = 1 : i64} : (tensor<2x4xi8>) -> !onnxir.any
  %v15 = onnxir.node "Mul"(%v14, %ds0) : (!onnxir.any, tensor<f32>) -> !onnxir.any
  %v16 = onnxir.node "MatMul"(%v13, %v15) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v17 = onnxir.node "Cast"(%u1) {to = 1 : i64} : (tensor<4x2xi8>) -> !onnxir.any
  %v18 = onnxir.node "Mul"(%v17, %us1) : (!onnxir.any, tensor<f32>) -> !onnxir.any
  %v19 = onnxir.node "MatMul"(%v9_1, %v18) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v20 = onnxir.node "Relu"(%v19) : (!onnxir.any) -> !onnxir.any
  %v21 = onnxir.node "Cast"(%d1) {to = 1 : i64} : (tensor<2x4xi8>) -> !onnxir.any
  %v22 = onnxir.node "Mul"(%v21, %ds1) : (!onnxir.any, tensor<f32>) -> !onnxir.any
  %v23 = onnxir.node "MatMul"(%v20, %v22) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v24 = onnxir.node "Concat"(%v16, %v23) {axis = 0 : i64} : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v25 = onnxir.node "Gather"(%v2_0, %v5_1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v26 = onnxir.node "Mul"(%v24, %v25) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v27 = onnxir.node "Shape"(%v5_1) : (!onnxir.any) -> !onnxir.any
  %v28_0, %v28_1 = onnxir.node "TopK"(%v5_1, %v27) {axis = 0 : i64, largest = 0 : i64} : (!onnxir.any, !onnxir.any) -> (!onnxir.any, !onnxir.any)
  %v29 = onnxir.node "Gather"(%v26, %v28_1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %y = onnxir.node "Identity"(%v29) attributes {onnxir.dims = [["tokens", 4]]} : (!onnxir.any) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// A scale for each input has no form in moe.weights.
// CHECK-LABEL: func.func @columns
// CHECK-NOT: moe.combine
onnxir.weight @one = dense<1> : tensor<1xi64>
onnxir.weight @zero = dense<0> : tensor<1xi64>
onnxir.weight @flat = dense<-1> : tensor<1xi64>
onnxir.weight @router = dense<[[1.000000e-01, -1.000000e-01], [6.000000e-01, 1.000000e-01], [-5.000000e-01, 4.000000e-01], [1.300000e+00, 0.899999976]]> : tensor<4x2xf32>
onnxir.weight @experts = dense<2> : tensor<i64>
onnxir.weight @marks = dense<[0, 1]> : tensor<2xi64>
onnxir.weight @u0 = dense<[[2, 0], [1, 7], [-5, 5], [3, -9]]> : tensor<4x2xi8>
onnxir.weight @us0 = dense<[[5.000000e-01], [6.250000e-01], [7.500000e-01], [8.750000e-01]]> : tensor<4x1xf32>
onnxir.weight @d0 = dense<[[-2, 6, 0, -9], [4, 4, 6, -6]]> : tensor<2x4xi8>
onnxir.weight @ds0 = dense<[[5.000000e-01], [6.250000e-01]]> : tensor<2x1xf32>
onnxir.weight @u1 = dense<[[-8, 6], [-9, 0], [-8, -4], [-1, -2]]> : tensor<4x2xi8>
onnxir.weight @us1 = dense<[[2.500000e-01], [3.125000e-01], [3.750000e-01], [4.375000e-01]]> : tensor<4x1xf32>
onnxir.weight @d1 = dense<[[-2, -9, -9, -7], [-9, 3, 0, 2]]> : tensor<2x4xi8>
onnxir.weight @ds1 = dense<[[2.500000e-01], [3.125000e-01]]> : tensor<2x1xf32>
onnxir.weight @slots = dense<[-1, 1, 4]> : tensor<3xi64>
func.func @columns(%arg0: tensor<?x4xf32> {onnxir.dims = ["tokens", 4], onnxir.name = "x"}) -> (tensor<?x4xf32> {onnxir.dims = ["tokens", 4], onnxir.name = "y"}) {
  %one = onnxir.get_weight @one : tensor<1xi64>
  %zero = onnxir.get_weight @zero : tensor<1xi64>
  %flat = onnxir.get_weight @flat : tensor<1xi64>
  %router = onnxir.get_weight @router : tensor<4x2xf32>
  %experts = onnxir.get_weight @experts : tensor<i64>
  %marks = onnxir.get_weight @marks : tensor<2xi64>
  %u0 = onnxir.get_weight @u0 : tensor<4x2xi8>
  %us0 = onnxir.get_weight @us0 : tensor<4x1xf32>
  %d0 = onnxir.get_weight @d0 : tensor<2x4xi8>
  %ds0 = onnxir.get_weight @ds0 : tensor<2x1xf32>
  %u1 = onnxir.get_weight @u1 : tensor<4x2xi8>
  %us1 = onnxir.get_weight @us1 : tensor<4x1xf32>
  %d1 = onnxir.get_weight @d1 : tensor<2x4xi8>
  %ds1 = onnxir.get_weight @ds1 : tensor<2x1xf32>
  %slots = onnxir.get_weight @slots : tensor<3xi64>
  %v0 = onnxir.node "MatMul"(%arg0, %router) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v1 = onnxir.node "Softmax"(%v0) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v2_0, %v2_1 = onnxir.node "TopK"(%v1, %one) : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %v3 = onnxir.node "Reshape"(%v2_1, %flat) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v4 = onnxir.node "Shape"(%v3) : (!onnxir.any) -> !onnxir.any
  %v5_0, %v5_1 = onnxir.node "TopK"(%v3, %v4) {axis = 0 : i64, largest = 0 : i64} : (!onnxir.any, !onnxir.any) -> (!onnxir.any, !onnxir.any)
  %v6 = onnxir.node "OneHot"(%v3, %experts, %marks) {axis = -1 : i64} : (!onnxir.any, tensor<i64>, tensor<2xi64>) -> !onnxir.any
  %v7 = onnxir.node "ReduceSum"(%v6, %zero) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v8 = onnxir.node "Gather"(%arg0, %v5_1) : (tensor<?x4xf32>, !onnxir.any) -> !onnxir.any
  %v9_0, %v9_1 = onnxir.node "Split"(%v8, %v7) {axis = 0 : i64} : (!onnxir.any, !onnxir.any) -> (!onnxir.any, !onnxir.any)
  %v10 = onnxir.node "Cast"(%u0) {to = 1 : i64} : (tensor<4x2xi8>) -> !onnxir.any
  %v11 = onnxir.node "Mul"(%v10, %us0) : (!onnxir.any, tensor<4x1xf32>) -> !onnxir.any
  %v12 = onnxir.node "MatMul"(%v9_0, %v11) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v13 = onnxir.node "Relu"(%v12) : (!onnxir.any) -> !onnxir.any
  %v14 = onnxir.node "Cast"(%d0) {to = 1 : i64} : (tensor<2x4xi8>) -> !onnxir.any
  %v15 = onnxir.node "Mul"(%v14, %ds0) : (!onnxir.any, tensor<2x1xf32>) -> !onnxir.any
  %v16 = onnxir.node "MatMul"(%v13, %v15) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v17 = onnxir.node "Cast"(%u1) {to = 1 : i64} : (tensor<4x2xi8>) -> !onnxir.any
  %v18 = onnxir.node "Mul"(%v17, %us1) : (!onnxir.any, tensor<4x1xf32>) -> !onnxir.any
  %v19 = onnxir.node "MatMul"(%v9_1, %v18) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v20 = onnxir.node "Relu"(%v19) : (!onnxir.any) -> !onnxir.any
  %v21 = onnxir.node "Cast"(%d1) {to = 1 : i64} : (tensor<2x4xi8>) -> !onnxir.any
  %v22 = onnxir.node "Mul"(%v21, %ds1) : (!onnxir.any, tensor<2x1xf32>) -> !onnxir.any
  %v23 = onnxir.node "MatMul"(%v20, %v22) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v24 = onnxir.node "Concat"(%v16, %v23) {axis = 0 : i64} : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v25 = onnxir.node "Gather"(%v2_0, %v5_1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v26 = onnxir.node "Mul"(%v24, %v25) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v27 = onnxir.node "Shape"(%v5_1) : (!onnxir.any) -> !onnxir.any
  %v28_0, %v28_1 = onnxir.node "TopK"(%v5_1, %v27) {axis = 0 : i64, largest = 0 : i64} : (!onnxir.any, !onnxir.any) -> (!onnxir.any, !onnxir.any)
  // expected-remark@+1 {{Gather: expert: its matrices are made of weights in a way that is not understood}}
  %v29 = onnxir.node "Gather"(%v26, %v28_1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v30 = onnxir.node "Reshape"(%v29, %slots) : (!onnxir.any, tensor<3xi64>) -> !onnxir.any
  %v31 = onnxir.node "ReduceSum"(%v30, %one) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %y = onnxir.node "Identity"(%v31) attributes {onnxir.dims = [["tokens", 4]]} : (!onnxir.any) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// Different activations.
// CHECK-LABEL: func.func @unlike
// CHECK-NOT: moe.combine
onnxir.weight @one = dense<1> : tensor<1xi64>
onnxir.weight @zero = dense<0> : tensor<1xi64>
onnxir.weight @flat = dense<-1> : tensor<1xi64>
onnxir.weight @router = dense<[[1.000000e-01, -1.000000e-01], [6.000000e-01, 1.000000e-01], [-5.000000e-01, 4.000000e-01], [1.300000e+00, 0.899999976]]> : tensor<4x2xf32>
onnxir.weight @experts = dense<2> : tensor<i64>
onnxir.weight @marks = dense<[0, 1]> : tensor<2xi64>
onnxir.weight @u0 = dense<[[2, 0], [1, 7], [-5, 5], [3, -9]]> : tensor<4x2xi8>
onnxir.weight @us0 = dense<5.000000e-01> : tensor<f32>
onnxir.weight @d0 = dense<[[-2, 6, 0, -9], [4, 4, 6, -6]]> : tensor<2x4xi8>
onnxir.weight @ds0 = dense<5.000000e-01> : tensor<f32>
onnxir.weight @u1 = dense<[[-8, 6], [-9, 0], [-8, -4], [-1, -2]]> : tensor<4x2xi8>
onnxir.weight @us1 = dense<2.500000e-01> : tensor<f32>
onnxir.weight @d1 = dense<[[-2, -9, -9, -7], [-9, 3, 0, 2]]> : tensor<2x4xi8>
onnxir.weight @ds1 = dense<2.500000e-01> : tensor<f32>
func.func @unlike(%arg0: tensor<?x4xf32> {onnxir.dims = ["tokens", 4], onnxir.name = "x"}) -> (tensor<?x4xf32> {onnxir.dims = ["tokens", 4], onnxir.name = "y"}) {
  %one = onnxir.get_weight @one : tensor<1xi64>
  %zero = onnxir.get_weight @zero : tensor<1xi64>
  %flat = onnxir.get_weight @flat : tensor<1xi64>
  %router = onnxir.get_weight @router : tensor<4x2xf32>
  %experts = onnxir.get_weight @experts : tensor<i64>
  %marks = onnxir.get_weight @marks : tensor<2xi64>
  %u0 = onnxir.get_weight @u0 : tensor<4x2xi8>
  %us0 = onnxir.get_weight @us0 : tensor<f32>
  %d0 = onnxir.get_weight @d0 : tensor<2x4xi8>
  %ds0 = onnxir.get_weight @ds0 : tensor<f32>
  %u1 = onnxir.get_weight @u1 : tensor<4x2xi8>
  %us1 = onnxir.get_weight @us1 : tensor<f32>
  %d1 = onnxir.get_weight @d1 : tensor<2x4xi8>
  %ds1 = onnxir.get_weight @ds1 : tensor<f32>
  %v0 = onnxir.node "MatMul"(%arg0, %router) : (tensor<?x4xf32>, tensor<4x2xf32>) -> !onnxir.any
  %v1 = onnxir.node "Softmax"(%v0) {axis = -1 : i64} : (!onnxir.any) -> !onnxir.any
  %v2_0, %v2_1 = onnxir.node "TopK"(%v1, %one) : (!onnxir.any, tensor<1xi64>) -> (!onnxir.any, !onnxir.any)
  %v3 = onnxir.node "Reshape"(%v2_1, %flat) : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v4 = onnxir.node "Shape"(%v3) : (!onnxir.any) -> !onnxir.any
  %v5_0, %v5_1 = onnxir.node "TopK"(%v3, %v4) {axis = 0 : i64, largest = 0 : i64} : (!onnxir.any, !onnxir.any) -> (!onnxir.any, !onnxir.any)
  %v6 = onnxir.node "OneHot"(%v3, %experts, %marks) {axis = -1 : i64} : (!onnxir.any, tensor<i64>, tensor<2xi64>) -> !onnxir.any
  %v7 = onnxir.node "ReduceSum"(%v6, %zero) {keepdims = 0 : i64} : (!onnxir.any, tensor<1xi64>) -> !onnxir.any
  %v8 = onnxir.node "Gather"(%arg0, %v5_1) : (tensor<?x4xf32>, !onnxir.any) -> !onnxir.any
  %v9_0, %v9_1 = onnxir.node "Split"(%v8, %v7) {axis = 0 : i64} : (!onnxir.any, !onnxir.any) -> (!onnxir.any, !onnxir.any)
  %v10 = onnxir.node "Cast"(%u0) {to = 1 : i64} : (tensor<4x2xi8>) -> !onnxir.any
  %v11 = onnxir.node "Mul"(%v10, %us0) : (!onnxir.any, tensor<f32>) -> !onnxir.any
  %v12 = onnxir.node "MatMul"(%v9_0, %v11) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v13 = onnxir.node "Relu"(%v12) : (!onnxir.any) -> !onnxir.any
  %v14 = onnxir.node "Cast"(%d0) {to = 1 : i64} : (tensor<2x4xi8>) -> !onnxir.any
  %v15 = onnxir.node "Mul"(%v14, %ds0) : (!onnxir.any, tensor<f32>) -> !onnxir.any
  %v16 = onnxir.node "MatMul"(%v13, %v15) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v17 = onnxir.node "Cast"(%u1) {to = 1 : i64} : (tensor<4x2xi8>) -> !onnxir.any
  %v18 = onnxir.node "Mul"(%v17, %us1) : (!onnxir.any, tensor<f32>) -> !onnxir.any
  %v19 = onnxir.node "MatMul"(%v9_1, %v18) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v20 = onnxir.node "Tanh"(%v19) : (!onnxir.any) -> !onnxir.any
  %v21 = onnxir.node "Cast"(%d1) {to = 1 : i64} : (tensor<2x4xi8>) -> !onnxir.any
  %v22 = onnxir.node "Mul"(%v21, %ds1) : (!onnxir.any, tensor<f32>) -> !onnxir.any
  %v23 = onnxir.node "MatMul"(%v20, %v22) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  // expected-remark@+1 {{Concat: expert: experts whose rows stand one behind the other are not alike but for their weights}}
  %v24 = onnxir.node "Concat"(%v16, %v23) {axis = 0 : i64} : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v25 = onnxir.node "Gather"(%v2_0, %v5_1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v26 = onnxir.node "Mul"(%v24, %v25) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %v27 = onnxir.node "Shape"(%v5_1) : (!onnxir.any) -> !onnxir.any
  %v28_0, %v28_1 = onnxir.node "TopK"(%v5_1, %v27) {axis = 0 : i64, largest = 0 : i64} : (!onnxir.any, !onnxir.any) -> (!onnxir.any, !onnxir.any)
  %v29 = onnxir.node "Gather"(%v26, %v28_1) : (!onnxir.any, !onnxir.any) -> !onnxir.any
  %y = onnxir.node "Identity"(%v29) attributes {onnxir.dims = [["tokens", 4]]} : (!onnxir.any) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
