// RUN: moe-opt %s --onnxir-infer-types --split-input-file --verify-diagnostics

func.func @broadcast(%a: tensor<3xf32>, %b: tensor<4xf32>) {
  // expected-error @+1 {{sum: Add: shapes cannot be broadcast: input 1 is 'tensor<4xf32>'}}
  %0 = onnxir.node "Add"(%a, %b) name "sum" : (tensor<3xf32>, tensor<4xf32>) -> !onnxir.any
  return
}

// -----

func.func @types(%a: tensor<3xf32>, %b: tensor<3xf16>) {
  // expected-error @+1 {{Add: inputs differ in element type: 'tensor<3xf32>' and 'tensor<3xf16>'}}
  %0 = onnxir.node "Add"(%a, %b) : (tensor<3xf32>, tensor<3xf16>) -> !onnxir.any
  return
}

// -----

func.func @missing(%a: tensor<3xf32>) {
  // expected-error @+1 {{Add: input 1 is missing}}
  %0 = onnxir.node "Add"(%a) : (tensor<3xf32>) -> !onnxir.any
  return
}

// -----

func.func @declared(%a: tensor<3xf32>) {
  // expected-error @+1 {{Neg: gives 'tensor<3xf32>', declared is 'tensor<3xf64>'}}
  %0 = onnxir.node "Neg"(%a) : (tensor<3xf32>) -> tensor<3xf64>
  return
}

// -----

func.func @declared_sequence(%a: tensor<3xf32>) {
  // expected-error @+1 {{Neg: gives 'tensor<3xf32>', declared is '!onnxir.sequence<f32>'}}
  %0 = onnxir.node "Neg"(%a) : (tensor<3xf32>) -> !onnxir.sequence<f32>
  return
}

// -----

func.func @condition(%a: tensor<3xf32>) {
  // expected-error @+1 {{Where: the condition must be of i1, got 'tensor<3xf32>'}}
  %0 = onnxir.node "Where"(%a, %a, %a) : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> !onnxir.any
  return
}

// -----

func.func @clip(%a: tensor<3xf32>, %b: tensor<f64>) {
  // expected-error @+1 {{Clip: bounds must have the element type of the input, got 'tensor<f64>'}}
  %0 = onnxir.node "Clip"(%a, none, %b) : (tensor<3xf32>, tensor<f64>) -> !onnxir.any
  return
}

// -----

func.func @cast(%a: tensor<3xf32>) {
  // expected-error @+1 {{Cast: cannot cast to element type 99}}
  %0 = onnxir.node "Cast"(%a) {to = 99 : i64} : (tensor<3xf32>) -> !onnxir.any
  return
}

// -----

func.func @inner(%a: tensor<3x4xf32>) {
  // expected-error @+1 {{MatMul: inner sizes differ: 'tensor<3x4xf32>' and 'tensor<3x4xf32>'}}
  %0 = onnxir.node "MatMul"(%a, %a) : (tensor<3x4xf32>, tensor<3x4xf32>) -> !onnxir.any
  return
}

// -----

func.func @scalar(%a: tensor<f32>, %b: tensor<3xf32>) {
  // expected-error @+1 {{MatMul: operands must not be scalars}}
  %0 = onnxir.node "MatMul"(%a, %b) : (tensor<f32>, tensor<3xf32>) -> !onnxir.any
  return
}

// -----

func.func @batches(%a: tensor<2x3x4xf32>, %b: tensor<5x4x3xf32>) {
  // expected-error @+1 {{MatMul: batches cannot be broadcast}}
  %0 = onnxir.node "MatMul"(%a, %b) : (tensor<2x3x4xf32>, tensor<5x4x3xf32>) -> !onnxir.any
  return
}

// -----

func.func @gemm(%a: tensor<2x3x4xf32>, %b: tensor<4x3xf32>) {
  // expected-error @+1 {{Gemm: operands must be matrices}}
  %0 = onnxir.node "Gemm"(%a, %b) : (tensor<2x3x4xf32>, tensor<4x3xf32>) -> !onnxir.any
  return
}

// -----

func.func @gemm_c(%a: tensor<2x4xf32>, %b: tensor<4x3xf32>, %c: tensor<2xf32>) {
  // expected-error @+1 {{Gemm: C does not fit the product: 'tensor<2xf32>'}}
  %0 = onnxir.node "Gemm"(%a, %b, %c) : (tensor<2x4xf32>, tensor<4x3xf32>, tensor<2xf32>) -> !onnxir.any
  return
}

// -----

func.func @reshape(%a: tensor<2x4xf32>) {
  // expected-error @+1 {{Reshape: 'tensor<2x4xf32>' cannot be reshaped to 9 elements}}
  %0 = onnxir.node "Reshape"(%a) {shape = array<i64: 3, 3>} : (tensor<2x4xf32>) -> !onnxir.any
  return
}

// -----

func.func @reshape_open(%a: tensor<2x4xf32>) {
  // expected-error @+1 {{Reshape: more than one size is -1}}
  %0 = onnxir.node "Reshape"(%a) {shape = array<i64: -1, -1>} : (tensor<2x4xf32>) -> !onnxir.any
  return
}

// -----

func.func @reshape_copy(%a: tensor<2xf32>) {
  // expected-error @+1 {{Reshape: size 1 is copied from an input of rank 1}}
  %0 = onnxir.node "Reshape"(%a) {shape = array<i64: 2, 0>} : (tensor<2xf32>) -> !onnxir.any
  return
}

// -----

func.func @reshape_negative(%a: tensor<2xf32>) {
  // expected-error @+1 {{Reshape: size -2 is negative}}
  %0 = onnxir.node "Reshape"(%a) {shape = array<i64: -2>} : (tensor<2xf32>) -> !onnxir.any
  return
}

// -----

func.func @axis(%a: tensor<2xf32>) {
  // expected-error @+1 {{Concat: axis 3 is out of range for rank 1}}
  %0 = onnxir.node "Concat"(%a, %a) {axis = 3 : i64} : (tensor<2xf32>, tensor<2xf32>) -> !onnxir.any
  return
}

// -----

func.func @concat(%a: tensor<2xf32>, %b: tensor<2x2xf32>) {
  // expected-error @+1 {{Concat: input 1 does not fit: 'tensor<2x2xf32>' and 'tensor<2xf32>'}}
  %0 = onnxir.node "Concat"(%a, %b) {axis = 0 : i64} : (tensor<2xf32>, tensor<2x2xf32>) -> !onnxir.any
  return
}

// -----

func.func @squeeze(%a: tensor<2x3xf32>) {
  // expected-error @+1 {{Squeeze: size 3 of axis 1 cannot be dropped}}
  %0 = onnxir.node "Squeeze"(%a) {axes = array<i64: 1>} : (tensor<2x3xf32>) -> !onnxir.any
  return
}

// -----

func.func @squeeze_dynamic(%a: tensor<?x3xf32>) {
  // expected-error @+1 {{Squeeze: which sizes are 1 is not known without axes}}
  %0 = onnxir.node "Squeeze"(%a) : (tensor<?x3xf32>) -> !onnxir.any
  return
}

// -----

func.func @repeated(%a: tensor<2x3xf32>) {
  // expected-error @+1 {{ReduceSum: axis 1 is repeated}}
  %0 = onnxir.node "ReduceSum"(%a) {axes = array<i64: 1, -1>} : (tensor<2x3xf32>) -> !onnxir.any
  return
}

// -----

func.func @unknown_axes(%a: tensor<2x3xf32>, %axes: tensor<1xi64>) {
  // expected-error @+1 {{ReduceSum: gives 'tensor<?x?xf32>', declared is 'tensor<2x1xf16>'}}
  %0 = onnxir.node "ReduceSum"(%a, %axes) : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf16>
  return
}

// -----

func.func @transpose(%a: tensor<2x3xf32>) {
  // expected-error @+1 {{Transpose: perm is no permutation of 2 axes}}
  %0 = onnxir.node "Transpose"(%a) {perm = array<i64: 1, 1>} : (tensor<2x3xf32>) -> !onnxir.any
  return
}

// -----

func.func @split(%a: tensor<5xf32>) {
  // expected-error @+1 {{Split: sizes add up to 4, not to 5}}
  %0, %1 = onnxir.node "Split"(%a) {split = array<i64: 2, 2>} : (tensor<5xf32>) -> (!onnxir.any, !onnxir.any)
  return
}

// -----

func.func @topk(%a: tensor<5xf32>) {
  // expected-error @+1 {{TopK: k = 6 is out of range for 5 elements}}
  %0, %1 = onnxir.node "TopK"(%a) {k = 6 : i64} : (tensor<5xf32>) -> (!onnxir.any, !onnxir.any)
  return
}

// -----

func.func @gather(%a: tensor<5xf32>) {
  // expected-error @+1 {{Gather: indices must be of i32 or i64, got 'tensor<5xf32>'}}
  %0 = onnxir.node "Gather"(%a, %a) : (tensor<5xf32>, tensor<5xf32>) -> !onnxir.any
  return
}

// -----

func.func @norm(%a: tensor<2x5xf32>, %s: tensor<4xf32>) {
  // expected-error @+1 {{LayerNormalization: input 1 does not fit the input: 'tensor<4xf32>' and 'tensor<2x5xf32>'}}
  %0 = onnxir.node "LayerNormalization"(%a, %s) : (tensor<2x5xf32>, tensor<4xf32>) -> !onnxir.any
  return
}
