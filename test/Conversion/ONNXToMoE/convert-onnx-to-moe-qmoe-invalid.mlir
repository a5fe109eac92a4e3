// RUN: moe-opt %s --convert-onnx-to-moe --split-input-file --verify-diagnostics

func.func @bits(%x: tensor<5x32xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xui8>, %s1: tensor<4x24xf32>, %w2: tensor<4x32x12xui8>, %s2: tensor<4x32xf32>) {
  // expected-error @+1 {{QMoE: expert_weight_bits must be 2, 4 or 8, got 3}}
  %y = onnxir.node "QMoE" domain "com.microsoft"(%x, %l, %w1, %s1, none, %w2, %s2) {expert_weight_bits = 3 : i64}
      : (tensor<5x32xf32>, tensor<5x4xf32>, tensor<4x24x16xui8>, tensor<4x24xf32>, tensor<4x32x12xui8>, tensor<4x32xf32>) -> !onnxir.any
  return
}

// -----

func.func @bits_of_fc2(%x: tensor<5x32xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xui8>, %s1: tensor<4x24xf32>, %w2: tensor<4x32x12xui8>, %s2: tensor<4x32xf32>) {
  // expected-error @+1 {{QMoE: fc2_expert_weight_bits must be 2, 4 or 8, got 16}}
  %y = onnxir.node "QMoE" domain "com.microsoft"(%x, %l, %w1, %s1, none, %w2, %s2) {fc2_expert_weight_bits = 16 : i64}
      : (tensor<5x32xf32>, tensor<5x4xf32>, tensor<4x24x16xui8>, tensor<4x24xf32>, tensor<4x32x12xui8>, tensor<4x32xf32>) -> !onnxir.any
  return
}

// -----

func.func @bits_of_fused_fc3(%x: tensor<5x32xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xui8>, %s1: tensor<4x24xf32>, %w2: tensor<4x32x6xui8>, %s2: tensor<4x32xf32>) {
  // expected-error @+1 {{QMoE: fc3_expert_weight_bits is 2, but fc1 holds both projections with 4}}
  %y = onnxir.node "QMoE" domain "com.microsoft"(%x, %l, %w1, %s1, none, %w2, %s2) {activation_type = "swiglu", swiglu_fusion = 1 : i64, fc3_expert_weight_bits = 2 : i64}
      : (tensor<5x32xf32>, tensor<5x4xf32>, tensor<4x24x16xui8>, tensor<4x24xf32>, tensor<4x32x6xui8>, tensor<4x32xf32>) -> !onnxir.any
  return
}

// -----

// Each matrix is packed as its own bits say.
func.func @packed_by_own_bits(%x: tensor<5x32xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xui8>, %s1: tensor<4x24xf32>, %w2: tensor<4x32x12xui8>, %s2: tensor<4x32xf32>) {
  // expected-error @+1 {{QMoE: fc2_experts_weights must be 4x32x24, got 'tensor<4x32x12xui8>'}}
  %y = onnxir.node "QMoE" domain "com.microsoft"(%x, %l, %w1, %s1, none, %w2, %s2) {fc2_expert_weight_bits = 8 : i64}
      : (tensor<5x32xf32>, tensor<5x4xf32>, tensor<4x24x16xui8>, tensor<4x24xf32>, tensor<4x32x12xui8>, tensor<4x32xf32>) -> !onnxir.any
  return
}

// -----

func.func @quant_type(%x: tensor<5x32xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xui8>, %s1: tensor<4x24xf32>, %w2: tensor<4x32x12xui8>, %s2: tensor<4x32xf32>) {
  // expected-error @+1 {{QMoE: quant_type "fp4" is not supported}}
  %y = onnxir.node "QMoE" domain "com.microsoft"(%x, %l, %w1, %s1, none, %w2, %s2) {quant_type = "fp4"}
      : (tensor<5x32xf32>, tensor<5x4xf32>, tensor<4x24x16xui8>, tensor<4x24xf32>, tensor<4x32x12xui8>, tensor<4x32xf32>) -> !onnxir.any
  return
}

// -----

func.func @block_size(%x: tensor<5x32xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xui8>, %s1: tensor<4x24xf32>, %w2: tensor<4x32x12xui8>, %s2: tensor<4x32xf32>) {
  // expected-error @+1 {{QMoE: block_size must be a power of two, 16 or more, got 24}}
  %y = onnxir.node "QMoE" domain "com.microsoft"(%x, %l, %w1, %s1, none, %w2, %s2) {block_size = 24 : i64}
      : (tensor<5x32xf32>, tensor<5x4xf32>, tensor<4x24x16xui8>, tensor<4x24xf32>, tensor<4x32x12xui8>, tensor<4x32xf32>) -> !onnxir.any
  return
}

// -----

func.func @prepacked_value(%x: tensor<5x32xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xui8>, %s1: tensor<4x24xf32>, %w2: tensor<4x32x12xui8>, %s2: tensor<4x32xf32>) {
  // expected-error @+1 {{QMoE: weights_prepacked must be -1, 0 or 1, got 2}}
  %y = onnxir.node "QMoE" domain "com.microsoft"(%x, %l, %w1, %s1, none, %w2, %s2) {weights_prepacked = 2 : i64}
      : (tensor<5x32xf32>, tensor<5x4xf32>, tensor<4x24x16xui8>, tensor<4x24xf32>, tensor<4x32x12xui8>, tensor<4x32xf32>) -> !onnxir.any
  return
}

// -----

func.func @prepacked(%x: tensor<5x32xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xui8>, %s1: tensor<4x24xf32>, %w2: tensor<4x32x12xui8>, %s2: tensor<4x32xf32>) {
  // expected-error @+1 {{QMoE: weights_prepacked = 1: the weights are in the layout of one kernel, which the model does not describe}}
  %y = onnxir.node "QMoE" domain "com.microsoft"(%x, %l, %w1, %s1, none, %w2, %s2) {weights_prepacked = 1 : i64}
      : (tensor<5x32xf32>, tensor<5x4xf32>, tensor<4x24x16xui8>, tensor<4x24xf32>, tensor<4x32x12xui8>, tensor<4x32xf32>) -> !onnxir.any
  return
}

// -----

func.func @global_scale(%x: tensor<5x32xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xui8>, %s1: tensor<4x24xf32>, %w2: tensor<4x32x12xui8>, %s2: tensor<4x32xf32>, %g1: tensor<4xf32>) {
  // expected-error @+1 {{QMoE: input 15 goes with a quant_type other than int, which is not supported}}
  %y = onnxir.node "QMoE" domain "com.microsoft"(%x, %l, %w1, %s1, none, %w2, %s2, none, none, none, none, none, none, none, none, %g1)
      : (tensor<5x32xf32>, tensor<5x4xf32>, tensor<4x24x16xui8>, tensor<4x24xf32>, tensor<4x32x12xui8>, tensor<4x32xf32>, tensor<4xf32>) -> !onnxir.any
  return
}

// -----

func.func @scales_missing(%x: tensor<5x32xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xui8>, %w2: tensor<4x32x12xui8>, %s2: tensor<4x32xf32>) {
  // expected-error @+1 {{QMoE: input 3 (fc1_scales) is missing}}
  %y = onnxir.node "QMoE" domain "com.microsoft"(%x, %l, %w1, none, none, %w2, %s2)
      : (tensor<5x32xf32>, tensor<5x4xf32>, tensor<4x24x16xui8>, tensor<4x32x12xui8>, tensor<4x32xf32>) -> !onnxir.any
  return
}

// -----

func.func @scales_shape(%x: tensor<5x32xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xui8>, %s1: tensor<4x24x2xf32>, %w2: tensor<4x32x12xui8>, %s2: tensor<4x32xf32>) {
  // expected-error @+1 {{QMoE: fc1_scales must be 4x24 of a floating-point type, got 'tensor<4x24x2xf32>'}}
  %y = onnxir.node "QMoE" domain "com.microsoft"(%x, %l, %w1, %s1, none, %w2, %s2)
      : (tensor<5x32xf32>, tensor<5x4xf32>, tensor<4x24x16xui8>, tensor<4x24x2xf32>, tensor<4x32x12xui8>, tensor<4x32xf32>) -> !onnxir.any
  return
}

// -----

func.func @scales_blocks(%x: tensor<5x32xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xui8>, %s1: tensor<4x24x2xf32>, %w2: tensor<4x32x12xui8>, %s2: tensor<4x32xf32>) {
  // expected-error @+1 {{QMoE: fc2_scales must be 4x32x2 of a floating-point type, got 'tensor<4x32xf32>'}}
  %y = onnxir.node "QMoE" domain "com.microsoft"(%x, %l, %w1, %s1, none, %w2, %s2) {block_size = 16 : i64}
      : (tensor<5x32xf32>, tensor<5x4xf32>, tensor<4x24x16xui8>, tensor<4x24x2xf32>, tensor<4x32x12xui8>, tensor<4x32xf32>) -> !onnxir.any
  return
}

// -----

func.func @zeros(%x: tensor<5x32xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xui8>, %s1: tensor<4x24xf32>, %w2: tensor<4x32x12xui8>, %s2: tensor<4x32xf32>, %z1: tensor<4x24xui8>) {
  // expected-error @+1 {{QMoE: fc1_zero_points must be 4x12 of ui8, got 'tensor<4x24xui8>'}}
  %y = onnxir.node "QMoE" domain "com.microsoft"(%x, %l, %w1, %s1, none, %w2, %s2, none, none, none, none, %z1)
      : (tensor<5x32xf32>, tensor<5x4xf32>, tensor<4x24x16xui8>, tensor<4x24xf32>, tensor<4x32x12xui8>, tensor<4x32xf32>, tensor<4x24xui8>) -> !onnxir.any
  return
}

// -----

func.func @quantized_type(%x: tensor<5x32xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xi8>, %s1: tensor<4x24xf32>, %w2: tensor<4x32x12xui8>, %s2: tensor<4x32xf32>) {
  // expected-error @+1 {{QMoE: fc1_experts_weights must be of 'ui8', got 'tensor<4x24x16xi8>'}}
  %y = onnxir.node "QMoE" domain "com.microsoft"(%x, %l, %w1, %s1, none, %w2, %s2)
      : (tensor<5x32xf32>, tensor<5x4xf32>, tensor<4x24x16xi8>, tensor<4x24xf32>, tensor<4x32x12xui8>, tensor<4x32xf32>) -> !onnxir.any
  return
}

// -----

func.func @router_weights(%x: tensor<5x32xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xui8>, %s1: tensor<4x24xf32>, %w2: tensor<4x32x12xui8>, %s2: tensor<4x32xf32>, %rw: tensor<5x3xf32>) {
  // expected-error @+1 {{QMoE: router_weights must have the shape of router_probs, 'tensor<5x4xf32>', got 'tensor<5x3xf32>'}}
  %y = onnxir.node "QMoE" domain "com.microsoft"(%x, %l, %w1, %s1, none, %w2, %s2, none, none, none, none, none, none, none, %rw)
      : (tensor<5x32xf32>, tensor<5x4xf32>, tensor<4x24x16xui8>, tensor<4x24xf32>, tensor<4x32x12xui8>, tensor<4x32xf32>, tensor<5x3xf32>) -> !onnxir.any
  return
}
