// RUN: moe-opt %s --convert-onnx-to-linalg --split-input-file --verify-diagnostics

func.func @mode(%x: tensor<4xf32>, %p: tensor<2xi64>) {
  // expected-error @+1 {{Pad: mode 'mirror' does not exist}}
  %0 = onnxir.node "Pad"(%x, %p) {mode = "mirror"}
      : (tensor<4xf32>, tensor<2xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @missing(%x: tensor<4xf32>) {
  // expected-error @+1 {{Pad: pads are missing}}
  %0 = onnxir.node "Pad"(%x)
      : (tensor<4xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @count(%x: tensor<4xf32>, %p: tensor<3xi64>) {
  // expected-error @+1 {{Pad: pads do not fit the axes}}
  %0 = onnxir.node "Pad"(%x, %p)
      : (tensor<4xf32>, tensor<3xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @value(%x: tensor<4xf32>, %p: tensor<2xi64>, %v: tensor<f16>) {
  // expected-error @+1 {{Pad: the constant does not fit the data}}
  %0 = onnxir.node "Pad"(%x, %p, %v)
      : (tensor<4xf32>, tensor<2xi64>, tensor<f16>) -> tensor<?xf32>
  return
}

// -----

func.func @conv_fit(%x: tensor<1x2xf32>, %w: tensor<4x2x3xf32>) {
  // expected-error @+1 {{Conv: input and weight do not fit}}
  %0 = onnxir.node "Conv"(%x, %w)
      : (tensor<1x2xf32>, tensor<4x2x3xf32>) -> tensor<1x4x4xf32>
  return
}

// -----

func.func @conv_group(%x: tensor<1x2x6xf32>, %w: tensor<4x2x3xf32>) {
  // expected-error @+1 {{Conv: group must be positive}}
  %0 = onnxir.node "Conv"(%x, %w) {group = 0 : i64}
      : (tensor<1x2x6xf32>, tensor<4x2x3xf32>) -> tensor<1x4x4xf32>
  return
}

// -----

func.func @conv_bias(%x: tensor<1x2x6xf32>, %w: tensor<4x2x3xf32>, %b: tensor<4x1xf32>) {
  // expected-error @+1 {{Conv: the bias does not fit the weight}}
  %0 = onnxir.node "Conv"(%x, %w, %b)
      : (tensor<1x2x6xf32>, tensor<4x2x3xf32>, tensor<4x1xf32>) -> tensor<1x4x4xf32>
  return
}

// -----

func.func @conv_strides(%x: tensor<1x2x6xf32>, %w: tensor<4x2x3xf32>) {
  // expected-error @+1 {{Conv: strides do not fit the dimensions}}
  %0 = onnxir.node "Conv"(%x, %w) {strides = array<i64: 1, 1>}
      : (tensor<1x2x6xf32>, tensor<4x2x3xf32>) -> tensor<1x4x4xf32>
  return
}

// -----

func.func @conv_dilations(%x: tensor<1x2x6xf32>, %w: tensor<4x2x3xf32>) {
  // expected-error @+1 {{Conv: dilations do not fit the dimensions}}
  %0 = onnxir.node "Conv"(%x, %w) {dilations = array<i64: 0>}
      : (tensor<1x2x6xf32>, tensor<4x2x3xf32>) -> tensor<1x4x4xf32>
  return
}

// -----

func.func @conv_kernel(%x: tensor<1x2x6xf32>, %w: tensor<4x2x3xf32>) {
  // expected-error @+1 {{Conv: kernel_shape does not fit the weight}}
  %0 = onnxir.node "Conv"(%x, %w) {kernel_shape = array<i64: 3, 3>}
      : (tensor<1x2x6xf32>, tensor<4x2x3xf32>) -> tensor<1x4x4xf32>
  return
}

// -----

func.func @conv_auto(%x: tensor<1x2x6xf32>, %w: tensor<4x2x3xf32>) {
  // expected-error @+1 {{Conv: auto_pad 'FULL' does not exist}}
  %0 = onnxir.node "Conv"(%x, %w) {auto_pad = "FULL"}
      : (tensor<1x2x6xf32>, tensor<4x2x3xf32>) -> tensor<1x4x4xf32>
  return
}

// -----

func.func @conv_pads(%x: tensor<1x2x6xf32>, %w: tensor<4x2x3xf32>) {
  // expected-error @+1 {{Conv: pads do not fit the dimensions}}
  %0 = onnxir.node "Conv"(%x, %w) {pads = array<i64: 1>}
      : (tensor<1x2x6xf32>, tensor<4x2x3xf32>) -> tensor<1x4x4xf32>
  return
}

// -----

func.func @packed(%x: tensor<4xi4>, %s: tensor<f32>) {
  // expected-error @+1 {{DequantizeLinear: operands of type 'tensor<4xi4>' are not supported}}
  %0 = onnxir.node "DequantizeLinear"(%x, %s)
      : (tensor<4xi4>, tensor<f32>) -> tensor<4xf32>
  return
}
