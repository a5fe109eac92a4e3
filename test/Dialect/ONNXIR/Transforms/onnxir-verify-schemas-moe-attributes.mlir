// RUN: moe-opt %s --onnxir-verify-schemas --split-input-file --verify-diagnostics

func.func @activation(%a0: tensor<?x8xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x16x8xf32>,
                      %a4: tensor<4x8x16xf32>) {
  // expected-error@+1 {{MoE: activation_type is 'tanh', not one of relu, gelu, silu, swiglu, identity}}
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4)
      {activation_type = "tanh"}
      : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @fusion(%a0: tensor<?x8xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x16x8xf32>,
                  %a4: tensor<4x8x16xf32>) {
  // expected-error@+1 {{MoE: swiglu_fusion is 3, not one of 0, 1, 2}}
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4)
      {swiglu_fusion = 3 : i64}
      : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @normalize(%a0: tensor<?x8xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x16x8xf32>,
                     %a4: tensor<4x8x16xf32>) {
  // expected-error@+1 {{MoE: normalize_routing_weights is 2, not one of 0, 1}}
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4)
      {normalize_routing_weights = 2 : i64}
      : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @mixer(%a0: tensor<?x8xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x16x8xf32>,
                 %a4: tensor<4x8x16xf32>) {
  // expected-error@+1 {{MoE: use_sparse_mixer is -1, not one of 0, 1}}
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4)
      {use_sparse_mixer = -1 : i64}
      : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @after(%a0: tensor<?x8xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x16x8xf32>,
                 %a4: tensor<4x8x16xf32>) {
  // expected-error@+1 {{MoE: swiglu_limit_after_activation is 2, not one of 0, 1}}
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4)
      {swiglu_limit_after_activation = 2 : i64}
      : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @no_choice(%a0: tensor<?x8xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x16x8xf32>,
                     %a4: tensor<4x8x16xf32>) {
  // expected-error@+1 {{MoE: k must be at least 1, got 0}}
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4)
      {k = 0 : i64}
      : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @mixer_k(%a0: tensor<?x8xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x16x8xf32>,
                   %a4: tensor<4x8x16xf32>) {
  // expected-error@+1 {{MoE: use_sparse_mixer needs k = 2, got 1}}
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4)
      {use_sparse_mixer = 1 : i64}
      : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @limit(%a0: tensor<?x8xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x16x8xf32>,
                 %a4: tensor<4x8x16xf32>) {
  // expected-error@+1 {{MoE: swiglu_limit must be at least 0, got -1.0}}
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4)
      {swiglu_limit = -1.0 : f32}
      : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @alpha(%a0: tensor<?x8xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x16x8xf32>,
                 %a4: tensor<4x8x16xf32>) {
  // expected-error@+1 {{MoE: activation_alpha must be finite}}
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4)
      {activation_alpha = 0x7F800000 : f32}
      : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @fused_fc3(%a0: tensor<?x8xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x32x8xf32>,
                     %a4: tensor<4x8x16xf32>, %a6: tensor<4x16x8xf32>) {
  // expected-error@+1 {{MoE: swiglu_fusion = 2 takes the linear part from fc1, but there is an fc3}}
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4, none, %a6)
      {activation_type = "swiglu", swiglu_fusion = 2 : i64}
      : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x32x8xf32>, tensor<4x8x16xf32>,
         tensor<4x16x8xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @no_fc3(%a0: tensor<?x8xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x16x8xf32>,
                  %a4: tensor<4x8x16xf32>) {
  // expected-error@+1 {{MoE: swiglu with swiglu_fusion = 0 needs fc3}}
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4)
      {activation_type = "swiglu"}
      : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @lone_bias(%a0: tensor<?x8xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x16x8xf32>,
                     %a4: tensor<4x8x16xf32>, %a7: tensor<4x16xf32>) {
  // expected-error@+1 {{MoE: a bias, scales or zero points of fc3 without its weights}}
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4, none, none, %a7)
      : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, tensor<4x8x16xf32>,
         tensor<4x16xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @limit_after_relu(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x48x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: swiglu_limit_after_activation goes with swiglu}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2) {swiglu_limit_after_activation = 1 : i64}
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x48x16xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}
