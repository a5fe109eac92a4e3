// RUN: moe-opt %s --convert-onnx-to-moe --split-input-file --verify-diagnostics

func.func @input_missing(%l: tensor<5x4xf32>, %w1: tensor<4x24x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: input 0 is missing}}
  %y = onnxir.node "MoE" domain "com.microsoft"(none, %l, %w1, none, %w2)
      : (tensor<5x4xf32>, tensor<4x24x16xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @router_missing(%x: tensor<5x16xf32>, %w1: tensor<4x24x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: input 1 is missing}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, none, %w1, none, %w2)
      : (tensor<5x16xf32>, tensor<4x24x16xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @fc1_missing(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: input 2 is missing}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, none, none, %w2)
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @fc2_missing(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xf32>, %b2: tensor<4x16xf32>) {
  // expected-error @+1 {{MoE: input 4 (fc2_experts_weights) is missing}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, none, %b2)
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x24x16xf32>, tensor<4x16xf32>) -> !onnxir.any
  return
}

// -----

func.func @input_rank(%x: tensor<5xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: input must have rank 2 or 3, got 'tensor<5xf32>'}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2)
      : (tensor<5xf32>, tensor<5x4xf32>, tensor<4x24x16xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @input_type(%x: tensor<5x16xf64>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: input must be of f32, f16 or bf16, got 'tensor<5x16xf64>'}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2)
      : (tensor<5x16xf64>, tensor<5x4xf32>, tensor<4x24x16xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @router_rank(%x: tensor<5x16xf32>, %l: tensor<4xf32>, %w1: tensor<4x24x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: router_probs must have rank 2, got 'tensor<4xf32>'}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2)
      : (tensor<5x16xf32>, tensor<4xf32>, tensor<4x24x16xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @router_type(%x: tensor<5x16xf32>, %l: tensor<5x4xi32>, %w1: tensor<4x24x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: router_probs must be floating-point, got 'tensor<5x4xi32>'}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2)
      : (tensor<5x16xf32>, tensor<5x4xi32>, tensor<4x24x16xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @router_rows(%x: tensor<5x16xf32>, %l: tensor<6x4xf32>, %w1: tensor<4x24x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: router_probs has 6 rows for 5 tokens}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2)
      : (tensor<5x16xf32>, tensor<6x4xf32>, tensor<4x24x16xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @hidden(%x: tensor<5x?xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: the last size of the input must be known, got 'tensor<5x?xf32>'}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2)
      : (tensor<5x?xf32>, tensor<5x4xf32>, tensor<4x24x16xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @no_hidden(%x: tensor<5x0xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: the input has rows of 0 elements}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2)
      : (tensor<5x0xf32>, tensor<5x4xf32>, tensor<4x24x16xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @experts(%x: tensor<5x16xf32>, %l: tensor<5x3xf32>, %w1: tensor<4x24x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: fc1_experts_weights holds 4 experts, router_probs has 3 columns}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2)
      : (tensor<5x16xf32>, tensor<5x3xf32>, tensor<4x24x16xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @weights_rank(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: fc1_experts_weights must have rank 3 and known sizes, got 'tensor<4x24xf32>'}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2)
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x24xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @weights_type(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xf16>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: fc1_experts_weights must be of 'f32', got 'tensor<4x24x16xf16>'}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2)
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x24x16xf16>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @weights_shape(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xf32>, %w2: tensor<4x16x20xf32>) {
  // expected-error @+1 {{MoE: fc2_experts_weights must be 4x16x24, got 'tensor<4x16x20xf32>'}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2)
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x24x16xf32>, tensor<4x16x20xf32>) -> !onnxir.any
  return
}

// -----

func.func @weights_rows(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x12xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: fc1_experts_weights must take rows of 16 elements, got 'tensor<4x24x12xf32>'}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2)
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x24x12xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @odd_rows(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x25x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: fc1_experts_weights has 25 rows, which are not those of gate and up}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2) {activation_type = "swiglu", swiglu_fusion = 1 : i64}
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x25x16xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @bias(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xf32>, %b1: tensor<4x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: fc1_experts_bias must be 4x24 of a floating-point type, got 'tensor<4x16xf32>'}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, %b1, %w2)
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x24x16xf32>, tensor<4x16xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @k_zero(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: k must be between 1 and the number of experts, 4, got 0}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2) {k = 0 : i64}
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x24x16xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @k_many(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: k must be between 1 and the number of experts, 4, got 5}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2) {k = 5 : i64}
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x24x16xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @mixer(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: use_sparse_mixer needs k = 2, got 1}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2) {use_sparse_mixer = 1 : i64}
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x24x16xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @activation(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: activation_type "tanh" is not supported}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2) {activation_type = "tanh"}
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x24x16xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @fusion(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: swiglu_fusion must be 0, 1 or 2, got 3}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2) {swiglu_fusion = 3 : i64}
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x24x16xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @limit(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: swiglu_limit must not be negative}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2) {swiglu_limit = -1.0 : f32}
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x24x16xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @alpha(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: activation_alpha and activation_beta must be finite}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2) {activation_alpha = 0x7FC00000 : f32}
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x24x16xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @needs_fc3(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: swiglu with swiglu_fusion 0 needs fc3_experts_weights}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2) {activation_type = "swiglu"}
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x24x16xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @fc3_fused(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x48x16xf32>, %w2: tensor<4x16x24xf32>, %w3: tensor<4x24x16xf32>) {
  // expected-error @+1 {{MoE: fc3_experts_weights goes with swiglu_fusion 0, got 1}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2, none, %w3) {activation_type = "swiglu", swiglu_fusion = 1 : i64}
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x48x16xf32>, tensor<4x16x24xf32>, tensor<4x24x16xf32>) -> !onnxir.any
  return
}

// -----

func.func @fc3_bias(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xf32>, %w2: tensor<4x16x24xf32>, %b3: tensor<4x24xf32>) {
  // expected-error @+1 {{MoE: input 7 goes with fc3_experts_weights, which is missing}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2, none, none, %b3)
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x24x16xf32>, tensor<4x16x24xf32>, tensor<4x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @too_many(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xf32>, %w2: tensor<4x16x24xf32>, %w3: tensor<4x24x16xf32>, %b3: tensor<4x24xf32>, %more: tensor<4xf32>) {
  // expected-error @+1 {{MoE: takes at most 8 inputs, got 9}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2, none, %w3, %b3, %more)
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x24x16xf32>, tensor<4x16x24xf32>, tensor<4x24x16xf32>, tensor<4x24xf32>, tensor<4xf32>) -> !onnxir.any
  return
}

// -----

func.func @outputs(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: has one output, got 2}}
  %y:2 = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2)
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x24x16xf32>, tensor<4x16x24xf32>) -> (!onnxir.any, !onnxir.any)
  return
}

// -----

func.func @limit_after(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x48x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: swiglu_limit_after_activation = 1 is not supported}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2) {activation_type = "swiglu", swiglu_fusion = 1 : i64, swiglu_limit = 7.0 : f32, swiglu_limit_after_activation = 1 : i64}
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x48x16xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @limit_after_relu(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x48x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: swiglu_limit_after_activation goes with activation_type "swiglu"}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2) {swiglu_limit_after_activation = 1 : i64}
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x48x16xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @limit_after_value(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x48x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: swiglu_limit_after_activation must be 0 or 1, got 2}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2) {swiglu_limit_after_activation = 2 : i64}
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x48x16xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}
