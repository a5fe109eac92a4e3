// RUN: moe-opt %s --convert-onnx-to-linalg --split-input-file --verify-diagnostics

func.func @attribute(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{LeakyRelu: attribute 'slope' is not supported}}
  %0 = onnxir.node "LeakyRelu"(%x) {slope = 2.0 : f32}
      : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @input(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{Relu: input 1 is not supported}}
  %0 = onnxir.node "Relu"(%x, %x)
      : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @gap(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{Concat: input 1 is missing}}
  %0 = onnxir.node "Concat"(%x, none, %x) {axis = 0 : i64}
      : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<8x8xf32>
  return
}

// -----

func.func @integers(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{BitwiseNot: is not defined for these elements}}
  %0 = onnxir.node "BitwiseNot"(%x)
      : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @celu(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{Celu: alpha is 0}}
  %0 = onnxir.node "Celu"(%x) {alpha = 0.0 : f32}
      : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @gelu(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{Gelu: approximate 'erf' does not exist}}
  %0 = onnxir.node "Gelu"(%x) {approximate = "erf"}
      : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @swiglu(%x: tensor<4x8xf32>, %y: tensor<8xf32>) {
  // expected-error @+1 {{SwiGLU: operands differ in rank}}
  %0 = onnxir.node "SwiGLU"(%x, %y)
      : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @shift(%x: tensor<4xui8>) {
  // expected-error @+1 {{BitShift: direction 'UP' does not exist}}
  %0 = onnxir.node "BitShift"(%x, %x) {direction = "UP"}
      : (tensor<4xui8>, tensor<4xui8>) -> tensor<4xui8>
  return
}

// -----

func.func @bitcast(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{BitCast: the element types differ in width}}
  %0 = onnxir.node "BitCast"(%x) {to = 7 : i64}
      : (tensor<4x8xf32>) -> tensor<4x8xi64>
  return
}

// -----

func.func @dropout(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{Dropout: training is not supported}}
  %0 = onnxir.node "Dropout"(%x) opset 6
      : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @dropout_ratio(%x: tensor<4x8xf32>, %r: tensor<1xf32>, %t: tensor<i1>) {
  // expected-error @+1 {{Dropout: the ratio must be one number}}
  %0 = onnxir.node "Dropout"(%x, %r, %t)
      : (tensor<4x8xf32>, tensor<1xf32>, tensor<i1>) -> tensor<4x8xf32>
  return
}

// -----

func.func @dropout_training(%x: tensor<4x8xf32>, %t: tensor<2x2xi1>) {
  // expected-error @+1 {{Dropout: a condition must be one boolean}}
  %0 = onnxir.node "Dropout"(%x, none, %t)
      : (tensor<4x8xf32>, tensor<2x2xi1>) -> tensor<4x8xf32>
  return
}

// -----

func.func @scatter_mode(%x: tensor<2x4x8xf32>) {
  // expected-error @+1 {{TensorScatter: mode 'ring' does not exist}}
  %0 = onnxir.node "TensorScatter"(%x, %x) {mode = "ring"}
      : (tensor<2x4x8xf32>, tensor<2x4x8xf32>) -> tensor<2x4x8xf32>
  return
}

// -----

func.func @scatter_fit(%x: tensor<2x4x8xf32>, %u: tensor<2x4x8xf16>) {
  // expected-error @+1 {{TensorScatter: update or write_indices do not fit the cache}}
  %0 = onnxir.node "TensorScatter"(%x, %u)
      : (tensor<2x4x8xf32>, tensor<2x4x8xf16>) -> tensor<2x4x8xf32>
  return
}

// -----

func.func @compress(%x: tensor<4x8xf32>, %c: tensor<4xi32>) {
  // expected-error @+1 {{Compress: the condition must be booleans of rank 1}}
  %0 = onnxir.node "Compress"(%x, %c) {axis = 0 : i64}
      : (tensor<4x8xf32>, tensor<4xi32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @number_of_axes(%x: tensor<4x8xf32>, %a: tensor<?xi64>) {
  // expected-error @+1 {{ReduceSum: the number of elements of input 1 is not known, got 'tensor<?xi64>'}}
  %0 = onnxir.node "ReduceSum"(%x, %a)
      : (tensor<4x8xf32>, tensor<?xi64>) -> tensor<4x8xf32>
  return
}
