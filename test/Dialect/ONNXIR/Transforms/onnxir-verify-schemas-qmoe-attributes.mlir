// RUN: moe-opt %s --onnxir-verify-schemas --split-input-file --verify-diagnostics

func.func @valid(%a0: tensor<?x64xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x96x32xui8>,
                 %a3: tensor<4x96xf32>, %a5: tensor<4x64x48xui8>, %a6: tensor<4x64xf32>,
                 %a11: tensor<4x48xui8>, %a12: tensor<4x32xui8>, %a14: tensor<?x4xf32>) {
  %0 = onnxir.node "QMoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, none, %a5, %a6, none, none, none, none, %a11, %a12, none, %a14)
      : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x96x32xui8>, tensor<4x96xf32>,
         tensor<4x64x48xui8>, tensor<4x64xf32>, tensor<4x48xui8>, tensor<4x32xui8>,
         tensor<?x4xf32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @valid_blocks(%a0: tensor<?x64xf32>, %a1: tensor<?x4xf32>,
                        %a2: tensor<4x96x32xui8>, %a3: tensor<4x96x2xf32>,
                        %a5: tensor<4x64x48xui8>, %a6: tensor<4x64x3xf32>,
                        %a11: tensor<4x96x1xui8>, %a12: tensor<4x64x2xui8>) {
  %0 = onnxir.node "QMoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, none, %a5, %a6, none, none, none, none, %a11, %a12)
      {block_size = 32 : i64}
      : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x96x32xui8>, tensor<4x96x2xf32>,
         tensor<4x64x48xui8>, tensor<4x64x3xf32>, tensor<4x96x1xui8>, tensor<4x64x2xui8>) -> tensor<?x64xf32>
  return
}

// -----

func.func @valid_column(%a0: tensor<?x64xf32>, %a1: tensor<?x4xf32>,
                        %a2: tensor<4x96x32xui8>, %a3: tensor<4x96x1xf16>,
                        %a5: tensor<4x64x48xui8>, %a6: tensor<4x64x1xf32>) {
  %0 = onnxir.node "QMoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, none, %a5, %a6)
      : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x96x32xui8>, tensor<4x96x1xf16>,
         tensor<4x64x48xui8>, tensor<4x64x1xf32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @valid_bits(%a0: tensor<?x64xf32>, %a1: tensor<?x4xf32>,
                      %a2: tensor<4x96x64xui8>, %a3: tensor<4x96xf32>,
                      %a5: tensor<4x64x24xui8>, %a6: tensor<4x64xf32>) {
  %0 = onnxir.node "QMoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, none, %a5, %a6)
      {fc1_expert_weight_bits = 8 : i64, fc2_expert_weight_bits = 2 : i64}
      : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x96x64xui8>, tensor<4x96xf32>,
         tensor<4x64x24xui8>, tensor<4x64xf32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @valid_fp8(%a0: tensor<?x64xf32>, %a1: tensor<?x4xf32>,
                     %a2: tensor<4x96x64xf8E4M3FN>, %a3: tensor<4x96xf32>,
                     %a5: tensor<4x64x96xf8E4M3FN>, %a6: tensor<4x64xf32>,
                     %a15: tensor<4xf32>) {
  %0 = onnxir.node "QMoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, none, %a5, %a6, none, none, none, none, none, none, none, none, %a15)
      {quant_type = "fp8"}
      : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x96x64xf8E4M3FN>, tensor<4x96xf32>,
         tensor<4x64x96xf8E4M3FN>, tensor<4x64xf32>, tensor<4xf32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @bits(%a0: tensor<?x64xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x96x32xui8>,
                %a3: tensor<4x96xf32>, %a5: tensor<4x64x48xui8>, %a6: tensor<4x64xf32>) {
  // expected-error@+1 {{QMoE: expert_weight_bits is 3, not one of 2, 4, 8}}
  %0 = onnxir.node "QMoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, none, %a5, %a6)
      {expert_weight_bits = 3 : i64}
      : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x96x32xui8>, tensor<4x96xf32>,
         tensor<4x64x48xui8>, tensor<4x64xf32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @own_bits(%a0: tensor<?x64xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x96x32xui8>,
                    %a3: tensor<4x96xf32>, %a5: tensor<4x64x48xui8>, %a6: tensor<4x64xf32>) {
  // expected-error@+1 {{QMoE: fc2_expert_weight_bits is 16, not one of 2, 4, 8}}
  %0 = onnxir.node "QMoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, none, %a5, %a6)
      {fc2_expert_weight_bits = 16 : i64}
      : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x96x32xui8>, tensor<4x96xf32>,
         tensor<4x64x48xui8>, tensor<4x64xf32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @quant(%a0: tensor<?x64xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x96x32xui8>,
                 %a3: tensor<4x96xf32>, %a5: tensor<4x64x48xui8>, %a6: tensor<4x64xf32>) {
  // expected-error@+1 {{QMoE: quant_type is 'int5', not one of int, fp4, nvfp4, fp8, wfp4afp8}}
  %0 = onnxir.node "QMoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, none, %a5, %a6)
      {quant_type = "int5"}
      : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x96x32xui8>, tensor<4x96xf32>,
         tensor<4x64x48xui8>, tensor<4x64xf32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @prepacked(%a0: tensor<?x64xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x96x32xui8>,
                     %a3: tensor<4x96xf32>, %a5: tensor<4x64x48xui8>, %a6: tensor<4x64xf32>) {
  // expected-error@+1 {{QMoE: weights_prepacked is 2, not one of -1, 0, 1}}
  %0 = onnxir.node "QMoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, none, %a5, %a6)
      {weights_prepacked = 2 : i64}
      : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x96x32xui8>, tensor<4x96xf32>,
         tensor<4x64x48xui8>, tensor<4x64xf32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @small_block(%a0: tensor<?x64xf32>, %a1: tensor<?x4xf32>,
                       %a2: tensor<4x96x32xui8>, %a3: tensor<4x96xf32>,
                       %a5: tensor<4x64x48xui8>, %a6: tensor<4x64xf32>) {
  // expected-error@+1 {{QMoE: block_size must be a power of two of at least 16, got 8}}
  %0 = onnxir.node "QMoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, none, %a5, %a6)
      {block_size = 8 : i64}
      : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x96x32xui8>, tensor<4x96xf32>,
         tensor<4x64x48xui8>, tensor<4x64xf32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @odd_block(%a0: tensor<?x64xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x96x32xui8>,
                     %a3: tensor<4x96xf32>, %a5: tensor<4x64x48xui8>, %a6: tensor<4x64xf32>) {
  // expected-error@+1 {{QMoE: block_size must be a power of two of at least 16, got 48}}
  %0 = onnxir.node "QMoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, none, %a5, %a6)
      {block_size = 48 : i64}
      : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x96x32xui8>, tensor<4x96xf32>,
         tensor<4x64x48xui8>, tensor<4x64xf32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @negative_block(%a0: tensor<?x64xf32>, %a1: tensor<?x4xf32>,
                          %a2: tensor<4x96x32xui8>, %a3: tensor<4x96xf32>,
                          %a5: tensor<4x64x48xui8>, %a6: tensor<4x64xf32>) {
  // expected-error@+1 {{QMoE: block_size must be a power of two of at least 16, got -32}}
  %0 = onnxir.node "QMoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, none, %a5, %a6)
      {block_size = -32 : i64}
      : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x96x32xui8>, tensor<4x96xf32>,
         tensor<4x64x48xui8>, tensor<4x64xf32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @weight_type(%a0: tensor<?x64xf32>, %a1: tensor<?x4xf32>,
                       %a2: tensor<4x96x32xi8>, %a3: tensor<4x96xf32>,
                       %a5: tensor<4x64x48xui8>, %a6: tensor<4x64xf32>) {
  // expected-error@+1 {{QMoE: fc1_experts_weights must be ui8 or f8E4M3FN, got 'i8'}}
  %0 = onnxir.node "QMoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, none, %a5, %a6)
      : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x96x32xi8>, tensor<4x96xf32>,
         tensor<4x64x48xui8>, tensor<4x64xf32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @int_type(%a0: tensor<?x64xf32>, %a1: tensor<?x4xf32>,
                    %a2: tensor<4x96x64xf8E4M3FN>, %a3: tensor<4x96xf32>,
                    %a5: tensor<4x64x48xui8>, %a6: tensor<4x64xf32>) {
  // expected-error@+1 {{QMoE: fc1_experts_weights must be ui8 for quant_type int}}
  %0 = onnxir.node "QMoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, none, %a5, %a6)
      : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x96x64xf8E4M3FN>, tensor<4x96xf32>,
         tensor<4x64x48xui8>, tensor<4x64xf32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @bits_of_fused_fc3(%x: tensor<5x32xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xui8>, %s1: tensor<4x24xf32>, %w2: tensor<4x32x6xui8>, %s2: tensor<4x32xf32>) {
  // expected-error@+1 {{QMoE: fc3_expert_weight_bits is 2, but fc1 holds both projections with 4}}
  %y = onnxir.node "QMoE" domain "com.microsoft"(%x, %l, %w1, %s1, none, %w2, %s2) {activation_type = "swiglu", swiglu_fusion = 1 : i64, fc3_expert_weight_bits = 2 : i64}
      : (tensor<5x32xf32>, tensor<5x4xf32>, tensor<4x24x16xui8>, tensor<4x24xf32>, tensor<4x32x6xui8>, tensor<4x32xf32>) -> !onnxir.any
  return
}
