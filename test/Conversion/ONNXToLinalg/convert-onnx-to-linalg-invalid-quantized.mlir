// RUN: moe-opt %s --convert-onnx-to-linalg --split-input-file --verify-diagnostics

func.func @scale(%x: tensor<4x8xf32>, %s: tensor<i32>) {
  // expected-error @+1 {{QuantizeLinear: the scale must be floats}}
  %0 = onnxir.node "QuantizeLinear"(%x, %s)
      : (tensor<4x8xf32>, tensor<i32>) -> tensor<4x8xui8>
  return
}

// -----

func.func @zero_rank(%x: tensor<4x8xf32>, %s: tensor<8xf32>, %z: tensor<ui8>) {
  // expected-error @+1 {{QuantizeLinear: scale and zero point differ in rank}}
  %0 = onnxir.node "QuantizeLinear"(%x, %s, %z)
      : (tensor<4x8xf32>, tensor<8xf32>, tensor<ui8>) -> tensor<4x8xui8>
  return
}

// -----

func.func @blocks(%x: tensor<4x8xf32>, %s: tensor<8xf32>) {
  // expected-error @+1 {{QuantizeLinear: the scale does not fit blocks of the data}}
  %0 = onnxir.node "QuantizeLinear"(%x, %s) {block_size = 4 : i64}
      : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xui8>
  return
}

// -----

func.func @matrix(%x: tensor<4x8xf32>, %s: tensor<4x2xf32>) {
  // expected-error @+1 {{QuantizeLinear: the scale must be a number or a vector}}
  %0 = onnxir.node "QuantizeLinear"(%x, %s)
      : (tensor<4x8xf32>, tensor<4x2xf32>) -> tensor<4x8xui8>
  return
}

// -----

func.func @axis(%x: tensor<4x8xf32>, %s: tensor<8xf32>) {
  // expected-error @+1 {{QuantizeLinear: axis 2 is out of range for rank 2}}
  %0 = onnxir.node "QuantizeLinear"(%x, %s) {axis = 2 : i64}
      : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xui8>
  return
}

// -----

func.func @result(%x: tensor<4x8xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{QuantizeLinear: the result must be integers of 8 or 16 bits}}
  %0 = onnxir.node "QuantizeLinear"(%x, %s)
      : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xi32>
  return
}

// -----

func.func @zero_type(%x: tensor<4x8xf32>, %s: tensor<f32>, %z: tensor<i8>) {
  // expected-error @+1 {{QuantizeLinear: the zero point must have the result's element type}}
  %0 = onnxir.node "QuantizeLinear"(%x, %s, %z)
      : (tensor<4x8xf32>, tensor<f32>, tensor<i8>) -> tensor<4x8xui8>
  return
}

// -----

func.func @precision(%x: tensor<4x8xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{QuantizeLinear: precision 11 is not supported}}
  %0 = onnxir.node "QuantizeLinear"(%x, %s) {precision = 11 : i64}
      : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xui8>
  return
}

// -----

func.func @dequantize_zero(%x: tensor<4x8xui8>, %s: tensor<f32>, %z: tensor<i8>) {
  // expected-error @+1 {{DequantizeLinear: the zero point must have the data's element type}}
  %0 = onnxir.node "DequantizeLinear"(%x, %s, %z)
      : (tensor<4x8xui8>, tensor<f32>, tensor<i8>) -> tensor<4x8xf32>
  return
}

// -----

func.func @dequantize_result(%x: tensor<4x8xui8>, %s: tensor<f32>) {
  // expected-error @+1 {{DequantizeLinear: the result must be floats}}
  %0 = onnxir.node "DequantizeLinear"(%x, %s)
      : (tensor<4x8xui8>, tensor<f32>) -> tensor<4x8xi32>
  return
}

// -----

func.func @dynamic(%x: tensor<4xf16>) {
  // expected-error @+1 {{DynamicQuantizeLinear: only f32 is supported}}
  %0:3 = onnxir.node "DynamicQuantizeLinear"(%x)
      : (tensor<4xf16>) -> (tensor<4xui8>, tensor<f32>, tensor<ui8>)
  return
}

// -----

func.func @integer_type(%x: tensor<4x8xi32>, %w: tensor<8x4xi8>) {
  // expected-error @+1 {{MatMulInteger: operands must be integers of 8 bits}}
  %0 = onnxir.node "MatMulInteger"(%x, %w)
      : (tensor<4x8xi32>, tensor<8x4xi8>) -> tensor<4x4xi32>
  return
}

// -----

func.func @integer_zero(%x: tensor<4x8xi8>, %w: tensor<8x4xi8>, %z: tensor<i32>) {
  // expected-error @+1 {{MatMulInteger: zero points must be integers of 8 bits}}
  %0 = onnxir.node "MatMulInteger"(%x, %w, %z)
      : (tensor<4x8xi8>, tensor<8x4xi8>, tensor<i32>) -> tensor<4x4xi32>
  return
}

// -----

func.func @integer_zero_rank(%x: tensor<4x8xi8>, %w: tensor<8x4xi8>, %z: tensor<1x1x1xi8>) {
  // expected-error @+1 {{MatMulInteger: zero points have more dimensions than their matrix}}
  %0 = onnxir.node "MatMulInteger"(%x, %w, %z)
      : (tensor<4x8xi8>, tensor<8x4xi8>, tensor<1x1x1xi8>) -> tensor<4x4xi32>
  return
}

// -----

func.func @to_float(%x: tensor<4x8xi8>, %w: tensor<8x4xi8>, %s: tensor<1x1xf32>) {
  // expected-error @+1 {{MatMulIntegerToFloat: scales and bias must be floats of rank 0 or 1}}
  %0 = onnxir.node "MatMulIntegerToFloat" domain "com.microsoft"(%x, %w, %s, %s)
      : (tensor<4x8xi8>, tensor<8x4xi8>, tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<4x4xf32>
  return
}

// -----

func.func @to_float_rank(%x: tensor<8xi8>, %w: tensor<8xi8>, %s: tensor<f32>, %b: tensor<4xf32>) {
  // expected-error @+1 {{MatMulIntegerToFloat: scales or bias have more dimensions than the result}}
  %0 = onnxir.node "MatMulIntegerToFloat" domain "com.microsoft"(%x, %w, %s, %s, none, none, %b)
      : (tensor<8xi8>, tensor<8xi8>, tensor<f32>, tensor<f32>, tensor<4xf32>) -> tensor<f32>
  return
}

// -----

func.func @dynamic_product(%x: tensor<4x8xf16>, %w: tensor<8x4xi8>, %s: tensor<f32>) {
  // expected-error @+1 {{DynamicQuantizeMatMul: operands must be f32 and integers of 8 bits}}
  %0 = onnxir.node "DynamicQuantizeMatMul" domain "com.microsoft"(%x, %w, %s)
      : (tensor<4x8xf16>, tensor<8x4xi8>, tensor<f32>) -> tensor<4x4xf16>
  return
}

// -----

func.func @linear_scale(%x: tensor<4x8xi8>, %w: tensor<8x4xi8>, %s: tensor<f32>, %z: tensor<i8>, %t: tensor<1x1xf32>) {
  // expected-error @+1 {{QLinearMatMul: scales must be floats of rank 0 or 1}}
  %0 = onnxir.node "QLinearMatMul"(%x, %t, %z, %w, %s, %z, %s, %z)
      : (tensor<4x8xi8>, tensor<1x1xf32>, tensor<i8>, tensor<8x4xi8>, tensor<f32>, tensor<i8>, tensor<f32>, tensor<i8>) -> tensor<4x4xi8>
  return
}

// -----

func.func @linear_zero(%x: tensor<4x8xi8>, %w: tensor<8x4xi8>, %s: tensor<f32>, %z: tensor<i8>, %t: tensor<ui8>) {
  // expected-error @+1 {{QLinearMatMul: the zero point must have the result's element type}}
  %0 = onnxir.node "QLinearMatMul"(%x, %s, %z, %w, %s, %z, %s, %t)
      : (tensor<4x8xi8>, tensor<f32>, tensor<i8>, tensor<8x4xi8>, tensor<f32>, tensor<i8>, tensor<f32>, tensor<ui8>) -> tensor<4x4xi8>
  return
}

// -----

func.func @linear_scale_rank(%x: tensor<8xi8>, %w: tensor<8xi8>, %s: tensor<f32>, %z: tensor<i8>, %t: tensor<2xf32>) {
  // expected-error @+1 {{QLinearMatMul: the result's scale has more dimensions than the result}}
  %0 = onnxir.node "QLinearMatMul"(%x, %s, %z, %w, %s, %z, %t, %z)
      : (tensor<8xi8>, tensor<f32>, tensor<i8>, tensor<8xi8>, tensor<f32>, tensor<i8>, tensor<2xf32>, tensor<i8>) -> tensor<i8>
  return
}
