// RUN: moe-opt %s --convert-onnx-to-linalg --split-input-file --verify-diagnostics

// Operands and attributes that no code can be made for.
func.func @where(%x: tensor<4x6xf32>, %y: tensor<4x6xf32>, %z: tensor<4x6xf32>) {
  // expected-error @+1 {{Where: is not defined for these elements}}
  %0 = onnxir.node "Where"(%x, %y, %z) : (tensor<4x6xf32>, tensor<4x6xf32>, tensor<4x6xf32>) -> tensor<4x6xf32>
  return
}

// -----

func.func @range(%x: tensor<2xi64>, %y: tensor<i64>, %z: tensor<i64>) {
  // expected-error @+1 {{Range: operands must be scalars}}
  %0 = onnxir.node "Range"(%x, %y, %z) : (tensor<2xi64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  return
}

// -----

func.func @range_step(%x: tensor<i64>, %y: tensor<i64>) {
  %z = arith.constant dense<0> : tensor<i64>
  // expected-error @+1 {{Range: the step is 0}}
  %0 = onnxir.node "Range"(%x, %y, %z) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  return
}

// -----

func.func @constant_of_shape() {
  %x = arith.constant dense<3> : tensor<1xi64>
  // expected-error @+1 {{ConstantOfShape: value must be one element}}
  %0 = onnxir.node "ConstantOfShape"(%x) {value = dense<0.0> : tensor<2xf32>} : (tensor<1xi64>) -> tensor<3xf32>
  return
}

// -----

func.func @matmul(%x: tensor<4x6xf32>, %y: tensor<6x4xf16>) {
  // expected-error @+1 {{MatMul: operands must be numbers of one type}}
  %0 = onnxir.node "MatMul"(%x, %y) : (tensor<4x6xf32>, tensor<6x4xf16>) -> tensor<4x4xf32>
  return
}

// -----

func.func @gemm(%x: tensor<4x6xf32>, %y: tensor<6x4xf64>) {
  // expected-error @+1 {{Gemm: operands must be numbers of one type}}
  %0 = onnxir.node "Gemm"(%x, %y) : (tensor<4x6xf32>, tensor<6x4xf64>) -> tensor<4x4xf32>
  return
}

// -----

func.func @gather(%x: tensor<4x6xf32>, %y: tensor<2xf32>) {
  // expected-error @+1 {{Gather: indices must be integers}}
  %0 = onnxir.node "Gather"(%x, %y) : (tensor<4x6xf32>, tensor<2xf32>) -> tensor<2x6xf32>
  return
}

// -----

func.func @gather_elements(%x: tensor<4x6xf32>, %y: tensor<4xi64>) {
  // expected-error @+1 {{GatherElements: indices must be integers of the rank of the data}}
  %0 = onnxir.node "GatherElements"(%x, %y) : (tensor<4x6xf32>, tensor<4xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @softmax(%x: tensor<f32>) {
  // expected-error @+1 {{Softmax: needs rank 1 or more}}
  %0 = onnxir.node "Softmax"(%x) : (tensor<f32>) -> tensor<f32>
  return
}

// -----

func.func @flatten(%x: tensor<4x6xf32>) {
  // expected-error @+1 {{Flatten: axis is out of range}}
  %0 = onnxir.node "Flatten"(%x) {axis = 3 : i64} : (tensor<4x6xf32>) -> tensor<4x6xf32>
  return
}

// -----

func.func @unsqueeze(%x: tensor<4x6xf32>) {
  // expected-error @+1 {{Unsqueeze: axes are missing}}
  %0 = onnxir.node "Unsqueeze"(%x) : (tensor<4x6xf32>) -> tensor<4x6x1xf32>
  return
}

// -----

func.func @unsqueeze_rank(%x: tensor<4x6xf32>) {
  %y = arith.constant dense<0> : tensor<1xi64>
  // expected-error @+1 {{Unsqueeze: axes do not make the rank of the result}}
  %0 = onnxir.node "Unsqueeze"(%x, %y) : (tensor<4x6xf32>, tensor<1xi64>) -> tensor<1x1x4x6xf32>
  return
}

// -----

func.func @transpose(%x: tensor<4x6xf32>) {
  // expected-error @+1 {{Transpose: perm is no permutation of the axes}}
  %0 = onnxir.node "Transpose"(%x) {perm = array<i64: 0, 0>} : (tensor<4x6xf32>) -> tensor<4x6xf32>
  return
}

// -----

func.func @tile(%x: tensor<4x6xf32>) {
  %y = arith.constant dense<2> : tensor<1xi64>
  // expected-error @+1 {{Tile: needs as many repeats as the input has axes}}
  %0 = onnxir.node "Tile"(%x, %y) : (tensor<4x6xf32>, tensor<1xi64>) -> tensor<4x6xf32>
  return
}

// -----

func.func @reshape_rank(%x: tensor<4x6xf32>) {
  %y = arith.constant dense<[6, 4]> : tensor<2xi64>
  // expected-error @+1 {{Reshape: the shape does not have the rank of the result}}
  %0 = onnxir.node "Reshape"(%x, %y) : (tensor<4x6xf32>, tensor<2xi64>) -> tensor<6x2x2xf32>
  return
}

// -----

func.func @reshape_copy(%x: tensor<4x6xf32>) {
  %y = arith.constant dense<[4, 6, 0]> : tensor<3xi64>
  // expected-error @+1 {{Reshape: a size is copied from beyond the input's rank}}
  %0 = onnxir.node "Reshape"(%x, %y) : (tensor<4x6xf32>, tensor<3xi64>) -> tensor<4x6x1xf32>
  return
}

// -----

func.func @topk(%x: tensor<4x6xf32>) {
  %y = arith.constant dense<[1, 2]> : tensor<2xi64>
  // expected-error @+1 {{TopK: k must be one number}}
  %0:2 = onnxir.node "TopK"(%x, %y) : (tensor<4x6xf32>, tensor<2xi64>) -> (tensor<4x1xf32>, tensor<4x1xi64>)
  return
}

// -----

func.func @split(%x: tensor<4x6xf32>) {
  %y = arith.constant dense<4> : tensor<1xi64>
  // expected-error @+1 {{Split: has 2 results for 1 sizes}}
  %0:2 = onnxir.node "Split"(%x, %y) : (tensor<4x6xf32>, tensor<1xi64>) -> (tensor<2x6xf32>, tensor<2x6xf32>)
  return
}

// -----

func.func @slice(%x: tensor<4x6xf32>) {
  %y = arith.constant dense<0> : tensor<1xi64>
  // expected-error @+1 {{Slice: starts or ends are missing}}
  %0 = onnxir.node "Slice"(%x, %y) : (tensor<4x6xf32>, tensor<1xi64>) -> tensor<4x6xf32>
  return
}

// -----

func.func @slice_numbers(%x: tensor<4x6xf32>) {
  %y = arith.constant dense<0> : tensor<1xi64>
  %z = arith.constant dense<[1, 2]> : tensor<2xi64>
  // expected-error @+1 {{Slice: starts, ends, axes and steps differ in number}}
  %0 = onnxir.node "Slice"(%x, %y, %z) : (tensor<4x6xf32>, tensor<1xi64>, tensor<2xi64>) -> tensor<4x6xf32>
  return
}

// -----

func.func @slice_axis(%x: tensor<4x6xf32>) {
  %y = arith.constant dense<0> : tensor<1xi64>
  %z = arith.constant dense<3> : tensor<1xi64>
  %u = arith.constant dense<2> : tensor<1xi64>
  // expected-error @+1 {{Slice: an axis is out of range}}
  %0 = onnxir.node "Slice"(%x, %y, %z, %u) : (tensor<4x6xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4x6xf32>
  return
}

// -----

func.func @slice_step(%x: tensor<4x6xf32>) {
  %y = arith.constant dense<0> : tensor<1xi64>
  %z = arith.constant dense<3> : tensor<1xi64>
  %u = arith.constant dense<0> : tensor<1xi64>
  %v = arith.constant dense<0> : tensor<1xi64>
  // expected-error @+1 {{Slice: a step is 0}}
  %0 = onnxir.node "Slice"(%x, %y, %z, %u, %v) : (tensor<4x6xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4x6xf32>
  return
}
