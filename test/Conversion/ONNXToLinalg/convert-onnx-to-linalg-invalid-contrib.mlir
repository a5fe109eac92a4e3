// RUN: moe-opt %s --convert-onnx-to-linalg --split-input-file --verify-diagnostics

func.func @bits(%x: tensor<?x32xf32>, %w: tensor<8x2x8xui8>, %s: tensor<8x2xf32>) {
  // expected-error @+1 {{MatMulNBits: bits must be 2, 4 or 8}}
  %0 = onnxir.node "MatMulNBits" domain "com.microsoft"(%x, %w, %s) {K = 32 : i64, N = 8 : i64, bits = 3 : i64, block_size = 16 : i64}
      : (tensor<?x32xf32>, tensor<8x2x8xui8>, tensor<8x2xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @block(%x: tensor<?x32xf32>, %w: tensor<8x2x8xui8>, %s: tensor<8x2xf32>) {
  // expected-error @+1 {{MatMulNBits: N, K or block_size is out of range}}
  %0 = onnxir.node "MatMulNBits" domain "com.microsoft"(%x, %w, %s) {K = 32 : i64, N = 8 : i64, bits = 4 : i64, block_size = 24 : i64}
      : (tensor<?x32xf32>, tensor<8x2x8xui8>, tensor<8x2xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @prepacked(%x: tensor<?x32xf32>, %w: tensor<8x2x8xui8>, %s: tensor<8x2xf32>) {
  // expected-error @+1 {{MatMulNBits: weights packed for a kernel cannot be read}}
  %0 = onnxir.node "MatMulNBits" domain "com.microsoft"(%x, %w, %s) {K = 32 : i64, N = 8 : i64, bits = 4 : i64, block_size = 16 : i64, weight_prepacked = 1 : i64}
      : (tensor<?x32xf32>, tensor<8x2x8xui8>, tensor<8x2xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @groups(%x: tensor<?x32xf32>, %w: tensor<8x2x8xui8>, %s: tensor<8x2xf32>, %g: tensor<32xi32>) {
  // expected-error @+1 {{MatMulNBits: g_idx is not supported}}
  %0 = onnxir.node "MatMulNBits" domain "com.microsoft"(%x, %w, %s, none, %g) {K = 32 : i64, N = 8 : i64, bits = 4 : i64, block_size = 16 : i64}
      : (tensor<?x32xf32>, tensor<8x2x8xui8>, tensor<8x2xf32>, tensor<32xi32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @weights(%x: tensor<?x32xf32>, %w: tensor<8x2x4xui8>, %s: tensor<8x2xf32>) {
  // expected-error @+1 {{MatMulNBits: the weights do not fit N, K, bits and block_size}}
  %0 = onnxir.node "MatMulNBits" domain "com.microsoft"(%x, %w, %s) {K = 32 : i64, N = 8 : i64, bits = 4 : i64, block_size = 16 : i64}
      : (tensor<?x32xf32>, tensor<8x2x4xui8>, tensor<8x2xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @scales(%x: tensor<?x32xf32>, %w: tensor<8x2x8xui8>, %s: tensor<8x1xf32>) {
  // expected-error @+1 {{MatMulNBits: the scales do not fit the weights}}
  %0 = onnxir.node "MatMulNBits" domain "com.microsoft"(%x, %w, %s) {K = 32 : i64, N = 8 : i64, bits = 4 : i64, block_size = 16 : i64}
      : (tensor<?x32xf32>, tensor<8x2x8xui8>, tensor<8x1xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @zeros(%x: tensor<?x32xf32>, %w: tensor<8x2x8xui8>, %s: tensor<8x2xf32>, %z: tensor<4xui8>) {
  // expected-error @+1 {{MatMulNBits: the zero points do not fit the weights}}
  %0 = onnxir.node "MatMulNBits" domain "com.microsoft"(%x, %w, %s, %z) {K = 32 : i64, N = 8 : i64, bits = 4 : i64, block_size = 16 : i64}
      : (tensor<?x32xf32>, tensor<8x2x8xui8>, tensor<8x2xf32>, tensor<4xui8>) -> tensor<?x8xf32>
  return
}

// -----

func.func @zeros_type(%x: tensor<?x32xf32>, %w: tensor<8x2x8xui8>, %s: tensor<8x2xf32>, %z: tensor<8x2xi32>) {
  // expected-error @+1 {{MatMulNBits: zero points must be bytes or floats}}
  %0 = onnxir.node "MatMulNBits" domain "com.microsoft"(%x, %w, %s, %z) {K = 32 : i64, N = 8 : i64, bits = 4 : i64, block_size = 16 : i64}
      : (tensor<?x32xf32>, tensor<8x2x8xui8>, tensor<8x2xf32>, tensor<8x2xi32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @input(%x: tensor<f32>, %w: tensor<8x2x8xui8>, %s: tensor<8x2xf32>) {
  // expected-error @+1 {{MatMulNBits: the input must not be a scalar}}
  %0 = onnxir.node "MatMulNBits" domain "com.microsoft"(%x, %w, %s) {K = 32 : i64, N = 8 : i64, bits = 4 : i64, block_size = 16 : i64}
      : (tensor<f32>, tensor<8x2x8xui8>, tensor<8x2xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @bias(%x: tensor<?x32xf32>, %w: tensor<8x2x8xui8>, %s: tensor<8x2xf32>, %b: tensor<4xf32>) {
  // expected-error @+1 {{MatMulNBits: the bias does not fit the weights}}
  %0 = onnxir.node "MatMulNBits" domain "com.microsoft"(%x, %w, %s, none, none, %b) {K = 32 : i64, N = 8 : i64, bits = 4 : i64, block_size = 16 : i64}
      : (tensor<?x32xf32>, tensor<8x2x8xui8>, tensor<8x2xf32>, tensor<4xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @gather_type(%d: tensor<100x16xi8>, %i: tensor<?xi64>, %s: tensor<100x2xf32>) {
  // expected-error @+1 {{GatherBlockQuantized: only data of ui8 is supported}}
  %0 = onnxir.node "GatherBlockQuantized" domain "com.microsoft"(%d, %i, %s) {block_size = 16 : i64}
      : (tensor<100x16xi8>, tensor<?xi64>, tensor<100x2xf32>) -> tensor<?x32xf32>
  return
}

// -----

func.func @gather_bits(%d: tensor<100x16xui8>, %i: tensor<?xi64>, %s: tensor<100x2xf32>) {
  // expected-error @+1 {{GatherBlockQuantized: bits must be 2, 4 or 8}}
  %0 = onnxir.node "GatherBlockQuantized" domain "com.microsoft"(%d, %i, %s) {block_size = 16 : i64, bits = 5 : i64}
      : (tensor<100x16xui8>, tensor<?xi64>, tensor<100x2xf32>) -> tensor<?x32xf32>
  return
}

// -----

func.func @gather_block(%d: tensor<100x16xui8>, %i: tensor<?xi64>, %s: tensor<100x2xf32>) {
  // expected-error @+1 {{GatherBlockQuantized: block_size is out of range}}
  %0 = onnxir.node "GatherBlockQuantized" domain "com.microsoft"(%d, %i, %s) {block_size = 8 : i64}
      : (tensor<100x16xui8>, tensor<?xi64>, tensor<100x2xf32>) -> tensor<?x32xf32>
  return
}

// -----

func.func @gather_axis(%d: tensor<100x16xui8>, %i: tensor<?xi64>, %s: tensor<100x2xf32>) {
  // expected-error @+1 {{GatherBlockQuantized: only blocks along the last dimension of rows that are gathered are supported}}
  %0 = onnxir.node "GatherBlockQuantized" domain "com.microsoft"(%d, %i, %s) {block_size = 16 : i64, gather_axis = 1 : i64, quantize_axis = 0 : i64}
      : (tensor<100x16xui8>, tensor<?xi64>, tensor<100x2xf32>) -> tensor<?x32xf32>
  return
}

// -----

func.func @gather_scales(%d: tensor<100x16xui8>, %i: tensor<?xi64>, %s: tensor<100xf32>) {
  // expected-error @+1 {{GatherBlockQuantized: indices, scales or zero points do not fit the data}}
  %0 = onnxir.node "GatherBlockQuantized" domain "com.microsoft"(%d, %i, %s) {block_size = 16 : i64}
      : (tensor<100x16xui8>, tensor<?xi64>, tensor<100xf32>) -> tensor<?x32xf32>
  return
}

// -----

func.func @channels_last(%x: tensor<?x8x?xf32>, %w: tensor<8x1x3xf32>) {
  // expected-error @+1 {{CausalConvWithState: channels_last is not supported}}
  %0:2 = onnxir.node "CausalConvWithState" domain "com.microsoft"(%x, %w) {channels_last = 1 : i64}
      : (tensor<?x8x?xf32>, tensor<8x1x3xf32>) -> (tensor<?x8x?xf32>, tensor<?x8x2xf32>)
  return
}

// -----

func.func @ndim(%x: tensor<?x8x?xf32>, %w: tensor<8x1x3xf32>) {
  // expected-error @+1 {{CausalConvWithState: only one dimension is supported}}
  %0:2 = onnxir.node "CausalConvWithState" domain "com.microsoft"(%x, %w) {ndim = 2 : i64}
      : (tensor<?x8x?xf32>, tensor<8x1x3xf32>) -> (tensor<?x8x?xf32>, tensor<?x8x2xf32>)
  return
}

// -----

func.func @conv_types(%x: tensor<?x8x?xf32>, %w: tensor<8x1x3xf16>) {
  // expected-error @+1 {{CausalConvWithState: needs floating-point elements of one type}}
  %0:2 = onnxir.node "CausalConvWithState" domain "com.microsoft"(%x, %w)
      : (tensor<?x8x?xf32>, tensor<8x1x3xf16>) -> (tensor<?x8x?xf32>, tensor<?x8x2xf32>)
  return
}

// -----

func.func @activation(%x: tensor<?x8x?xf32>, %w: tensor<8x1x3xf32>) {
  // expected-error @+1 {{CausalConvWithState: activation 'relu' is not supported}}
  %0:2 = onnxir.node "CausalConvWithState" domain "com.microsoft"(%x, %w) {activation = "relu"}
      : (tensor<?x8x?xf32>, tensor<8x1x3xf32>) -> (tensor<?x8x?xf32>, tensor<?x8x2xf32>)
  return
}

// -----

func.func @dilation(%x: tensor<?x8x?xf32>, %w: tensor<8x1x3xf32>) {
  // expected-error @+1 {{CausalConvWithState: the dilation is out of range}}
  %0:2 = onnxir.node "CausalConvWithState" domain "com.microsoft"(%x, %w) {dilation = 0 : i64}
      : (tensor<?x8x?xf32>, tensor<8x1x3xf32>) -> (tensor<?x8x?xf32>, tensor<?x8x2xf32>)
  return
}

// -----

func.func @conv_bias(%x: tensor<?x8x?xf32>, %w: tensor<8x1x3xf32>, %b: tensor<8x1xf32>) {
  // expected-error @+1 {{CausalConvWithState: the bias must be floats of rank 1}}
  %0:2 = onnxir.node "CausalConvWithState" domain "com.microsoft"(%x, %w, %b)
      : (tensor<?x8x?xf32>, tensor<8x1x3xf32>, tensor<8x1xf32>) -> (tensor<?x8x?xf32>, tensor<?x8x2xf32>)
  return
}

// -----

func.func @state(%x: tensor<?x8x?xf32>, %w: tensor<8x1x3xf32>, %p: tensor<?x8x2xf16>) {
  // expected-error @+1 {{CausalConvWithState: the state must have rank 3 and the input's element type}}
  %0:2 = onnxir.node "CausalConvWithState" domain "com.microsoft"(%x, %w, none, %p)
      : (tensor<?x8x?xf32>, tensor<8x1x3xf32>, tensor<?x8x2xf16>) -> (tensor<?x8x?xf32>, tensor<?x8x2xf32>)
  return
}

// -----

func.func @gate(%x: tensor<?x8xi32>, %y: tensor<?x8xi32>, %g: tensor<?x1xi32>) {
  // expected-error @+1 {{GatedAdd: needs floating-point elements}}
  %0 = onnxir.node "GatedAdd" domain "com.microsoft"(%x, %y, %g)
      : (tensor<?x8xi32>, tensor<?x8xi32>, tensor<?x1xi32>) -> tensor<?x8xi32>
  return
}

// -----

func.func @gate_weight(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>, %g: tensor<?x4xf32>, %w: tensor<4x1xf32>) {
  // expected-error @+1 {{GatedAdd: input 3 is not supported}}
  %0 = onnxir.node "GatedAdd" domain "com.microsoft"(%x, %y, %g, %w)
      : (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x1xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @stash(%x: tensor<4x8xf32>, %s: tensor<8xf32>) {
  // expected-error @+1 {{LayerNormalization: stash_type 16 is not supported}}
  %0 = onnxir.node "LayerNormalization"(%x, %s) {stash_type = 16 : i64}
      : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @skip(%x: tensor<?x8xf32>, %y: tensor<1x?x8xf32>, %g: tensor<8xf32>) {
  // expected-error @+1 {{SkipLayerNormalization: input and skip must be floats of one rank}}
  %0 = onnxir.node "SkipLayerNormalization" domain "com.microsoft"(%x, %y, %g)
      : (tensor<?x8xf32>, tensor<1x?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return
}
