// RUN: moe-opt %s --convert-onnx-to-linalg --split-input-file --verify-diagnostics

func.func @unsupported(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{spin: Fancy: the operator is not supported}}
  %0 = onnxir.node "Fancy"(%x) name "spin" : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @domain(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{Add: the operator of domain local is not supported}}
  %0 = onnxir.node "Add" domain "local"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @missing(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{Add: input 1 is missing}}
  %0 = onnxir.node "Add"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @operand_type(%x: tensor<4xf8E4M3FN>) -> tensor<4xf32> {
  // expected-error @+1 {{Cast: operands of type 'tensor<4xf8E4M3FN>' are not supported}}
  %0 = onnxir.node "Cast"(%x) {to = 1 : i64} : (tensor<4xf8E4M3FN>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @result_type(%x: tensor<4xf32>) -> tensor<4x!onnxir.string> {
  // expected-error @+1 {{Cast: results of type 'tensor<4x!onnxir.string>' are not supported}}
  %0 = onnxir.node "Cast"(%x) {to = 8 : i64} : (tensor<4xf32>) -> tensor<4x!onnxir.string>
  return %0 : tensor<4x!onnxir.string>
}

// -----

func.func @unknown_type(%x: tensor<4xf32>) {
  // expected-error @+1 {{Neg: the type of a result is not known: '!onnxir.any'}}
  %0 = onnxir.node "Neg"(%x) : (tensor<4xf32>) -> !onnxir.any
  return
}

// -----

func.func @floats_only(%x: tensor<4xi32>) -> tensor<4xi32> {
  // expected-error @+1 {{Exp: needs floating-point elements}}
  %0 = onnxir.node "Exp"(%x) : (tensor<4xi32>) -> tensor<4xi32>
  return %0 : tensor<4xi32>
}

// -----

func.func @numbers_only(%x: tensor<4xi1>) -> tensor<4xi1> {
  // expected-error @+1 {{Neg: is not defined for these elements}}
  %0 = onnxir.node "Neg"(%x) : (tensor<4xi1>) -> tensor<4xi1>
  return %0 : tensor<4xi1>
}

// -----

func.func @not_defined(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{And: is not defined for these elements}}
  %0 = onnxir.node "And"(%x, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @reshape_rank(%x: tensor<4xf32>, %s: tensor<?xi64>) -> tensor<2x2xf32> {
  // expected-error @+1 {{Reshape: the number of elements of input 1 is not known, got 'tensor<?xi64>'}}
  %0 = onnxir.node "Reshape"(%x, %s) : (tensor<4xf32>, tensor<?xi64>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// -----

func.func @reshape_integers(%x: tensor<4xf32>, %s: tensor<2xf32>) -> tensor<2x2xf32> {
  // expected-error @+1 {{Reshape: input 1 must hold integers, got 'tensor<2xf32>'}}
  %0 = onnxir.node "Reshape"(%x, %s) : (tensor<4xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// -----

func.func @gather_range(%x: tensor<4xf32>) -> tensor<f32> {
  %i = arith.constant dense<4> : tensor<i64>
  // expected-error @+1 {{Gather: index 4 is out of range for 4 elements}}
  %0 = onnxir.node "Gather"(%x, %i) : (tensor<4xf32>, tensor<i64>) -> tensor<f32>
  return %0 : tensor<f32>
}

// -----

func.func @matmul_scalar(%x: tensor<f32>) -> tensor<f32> {
  // expected-error @+1 {{MatMul: operands must not be scalars}}
  %0 = onnxir.node "MatMul"(%x, %x) : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return %0 : tensor<f32>
}

// -----

func.func @gemm_integers(%x: tensor<2x2xi32>) -> tensor<2x2xi32> {
  // expected-error @+1 {{Gemm: alpha and beta of integers must be 1}}
  %0 = onnxir.node "Gemm"(%x, %x) {alpha = 2.0 : f32} : (tensor<2x2xi32>, tensor<2x2xi32>) -> tensor<2x2xi32>
  return %0 : tensor<2x2xi32>
}

// -----

func.func @declared(%x: tensor<4xf32>) -> tensor<5xf32> {
  // expected-error @+1 {{Neg: gives 'tensor<4xf32>', declared is 'tensor<5xf32>'}}
  %0 = onnxir.node "Neg"(%x) : (tensor<4xf32>) -> tensor<5xf32>
  return %0 : tensor<5xf32>
}

// -----

func.func @output(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{Neg: output 1 is not supported}}
  %0:2 = onnxir.node "Neg"(%x) : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  return %0#1 : tensor<4xf32>
}

// -----

func.func @constant() -> tensor<1xf32> {
  // expected-error @+1 {{Constant: the value is not a tensor of numbers}}
  %0 = onnxir.node "Constant"() : () -> tensor<1xf32>
  return %0 : tensor<1xf32>
}
