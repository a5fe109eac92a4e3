// RUN: moe-opt %s --convert-onnx-to-linalg --split-input-file --verify-diagnostics

func.func @reduction(%x: tensor<4x8xf32>, %i: tensor<2x1xi64>, %u: tensor<2x8xf32>) {
  // expected-error @+1 {{ScatterND: reduction 'avg' does not exist}}
  %0 = onnxir.node "ScatterND"(%x, %i, %u) {reduction = "avg"}
      : (tensor<4x8xf32>, tensor<2x1xi64>, tensor<2x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @scatter_nd_updates(%x: tensor<4x8xf32>, %i: tensor<2x1xi64>, %u: tensor<2xf32>) {
  // expected-error @+1 {{ScatterND: indices or updates do not fit the data}}
  %0 = onnxir.node "ScatterND"(%x, %i, %u)
      : (tensor<4x8xf32>, tensor<2x1xi64>, tensor<2xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @scatter_nd_depth(%x: tensor<4x8xf32>, %i: tensor<2x?xi64>, %u: tensor<2x8xf32>) {
  // expected-error @+1 {{ScatterND: the number of indices of an element is not known}}
  %0 = onnxir.node "ScatterND"(%x, %i, %u)
      : (tensor<4x8xf32>, tensor<2x?xi64>, tensor<2x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @scatter_elements(%x: tensor<4x8xf32>, %i: tensor<4xi64>, %u: tensor<4x8xf32>) {
  // expected-error @+1 {{ScatterElements: indices or updates do not fit the data}}
  %0 = onnxir.node "ScatterElements"(%x, %i, %u)
      : (tensor<4x8xf32>, tensor<4xi64>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @gather_nd_depth(%x: tensor<4x8xf32>, %i: tensor<2x?xi64>) {
  // expected-error @+1 {{GatherND: the number of indices of an element is not known}}
  %0 = onnxir.node "GatherND"(%x, %i)
      : (tensor<4x8xf32>, tensor<2x?xi64>) -> tensor<2x8xf32>
  return
}

// -----

func.func @gather_nd_fit(%x: tensor<4x8xf32>, %i: tensor<2x3xi64>) {
  // expected-error @+1 {{GatherND: the indices do not fit the data}}
  %0 = onnxir.node "GatherND"(%x, %i)
      : (tensor<4x8xf32>, tensor<2x3xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @gather_nd_range(%x: tensor<4x8xf32>) {
  %i = arith.constant dense<[[0, 9]]> : tensor<1x2xi64>
  // expected-error @+1 {{GatherND: index 9 is out of range for 8 elements}}
  %0 = onnxir.node "GatherND"(%x, %i)
      : (tensor<4x8xf32>, tensor<1x2xi64>) -> tensor<1xf32>
  return
}

// -----

func.func @cumsum_bool(%x: tensor<4xi1>) {
  %a = arith.constant dense<0> : tensor<i64>
  // expected-error @+1 {{CumSum: is not defined for these elements}}
  %0 = onnxir.node "CumSum"(%x, %a)
      : (tensor<4xi1>, tensor<i64>) -> tensor<4xi1>
  return
}

// -----

func.func @cumsum_axis(%x: tensor<4xf32>) {
  %a = arith.constant dense<[0, 0]> : tensor<2xi64>
  // expected-error @+1 {{CumSum: the axis must be one number}}
  %0 = onnxir.node "CumSum"(%x, %a)
      : (tensor<4xf32>, tensor<2xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @cumsum_range(%x: tensor<4xf32>) {
  %a = arith.constant dense<1> : tensor<i64>
  // expected-error @+1 {{CumSum: the axis is out of range}}
  %0 = onnxir.node "CumSum"(%x, %a)
      : (tensor<4xf32>, tensor<i64>) -> tensor<4xf32>
  return
}

// -----

func.func @depth(%x: tensor<4xi64>, %d: tensor<2xi64>, %v: tensor<2xf32>) {
  // expected-error @+1 {{OneHot: the depth must be one number}}
  %0 = onnxir.node "OneHot"(%x, %d, %v)
      : (tensor<4xi64>, tensor<2xi64>, tensor<2xf32>) -> tensor<4x?xf32>
  return
}

// -----

func.func @onehot_values(%x: tensor<4xi64>, %d: tensor<i64>, %v: tensor<3xf32>) {
  // expected-error @+1 {{OneHot: needs the two values off and on}}
  %0 = onnxir.node "OneHot"(%x, %d, %v)
      : (tensor<4xi64>, tensor<i64>, tensor<3xf32>) -> tensor<4x?xf32>
  return
}

// -----

func.func @onehot_bool(%x: tensor<4xi1>, %d: tensor<i64>, %v: tensor<2xf32>) {
  // expected-error @+1 {{OneHot: is not defined for these elements}}
  %0 = onnxir.node "OneHot"(%x, %d, %v)
      : (tensor<4xi1>, tensor<i64>, tensor<2xf32>) -> tensor<4x?xf32>
  return
}

// -----

func.func @trilu_rank(%x: tensor<4xf32>) {
  // expected-error @+1 {{Trilu: needs rank 2 or more}}
  %0 = onnxir.node "Trilu"(%x)
      : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @trilu_k(%x: tensor<4x8xf32>, %k: tensor<2xi64>) {
  // expected-error @+1 {{Trilu: k must be one number}}
  %0 = onnxir.node "Trilu"(%x, %k)
      : (tensor<4x8xf32>, tensor<2xi64>) -> tensor<4x8xf32>
  return
}

// -----

func.func @eyelike(%x: tensor<4xf32>) {
  // expected-error @+1 {{EyeLike: needs rank 2}}
  %0 = onnxir.node "EyeLike"(%x)
      : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @einsum_bool(%x: tensor<4xi1>) {
  // expected-error @+1 {{Einsum: is not defined for these elements}}
  %0 = onnxir.node "Einsum"(%x) {equation = "i->i"}
      : (tensor<4xi1>) -> tensor<4xi1>
  return
}

// -----

func.func @einsum_read(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{Einsum: equation 'i1->i' cannot be read}}
  %0 = onnxir.node "Einsum"(%x) {equation = "i1->i"}
      : (tensor<4x8xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @einsum_terms(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{Einsum: equation 'ij,jk->i' does not have a term for each operand}}
  %0 = onnxir.node "Einsum"(%x) {equation = "ij,jk->i"}
      : (tensor<4x8xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @einsum_rank(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{Einsum: equation 'ijk->i' does not fit the rank of operand 0}}
  %0 = onnxir.node "Einsum"(%x) {equation = "ijk->i"}
      : (tensor<4x8xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @einsum_result(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{Einsum: equation 'ij->k' has a letter in the result alone}}
  %0 = onnxir.node "Einsum"(%x) {equation = "ij->k"}
      : (tensor<4x8xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @einsum_repeat(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{Einsum: equation 'ij->ii' repeats a letter in the result}}
  %0 = onnxir.node "Einsum"(%x) {equation = "ij->ii"}
      : (tensor<4x8xf32>) -> tensor<4x4xf32>
  return
}
