// RUN: moe-opt %s --onnxir-verify-schemas --split-input-file --verify-diagnostics

func.func @valid(%a0: tensor<?x8xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x16x8xf32>,
                 %a3: tensor<4x16xf32>, %a4: tensor<4x8x16xf32>, %a5: tensor<4x8xf32>) {
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, %a4, %a5)
      {activation_type = "silu", k = 4 : i64}
      : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, tensor<4x16xf32>,
         tensor<4x8x16xf32>, tensor<4x8xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @valid_fused(%a0: tensor<2x3x8xf32>, %a1: tensor<6x4xf32>,
                       %a2: tensor<4x32x8xf32>, %a4: tensor<4x8x16xf32>) {
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4)
      {activation_type = "swiglu", swiglu_fusion = 1 : i64, swiglu_limit = 7.0 : f32}
      : (tensor<2x3x8xf32>, tensor<6x4xf32>, tensor<4x32x8xf32>, tensor<4x8x16xf32>) -> tensor<2x3x8xf32>
  return
}

// -----

func.func @valid_fc3(%a0: tensor<?x8xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x16x8xf32>,
                     %a4: tensor<4x8x16xf32>, %a6: tensor<4x16x8xf32>, %a7: tensor<4x16xf32>) {
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4, none, %a6, %a7)
      {activation_type = "swiglu"}
      : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, tensor<4x8x16xf32>,
         tensor<4x16x8xf32>, tensor<4x16xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @valid_legacy(%a0: tensor<?x8xf32>, %a1: tensor<?x4xf32>,
                        %a2: tensor<4x8x16xf32>, %a4: tensor<4x16x8xf32>) {
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4)
      : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x8x16xf32>, tensor<4x16x8xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @valid_unknown(%a0: !onnxir.any, %a1: tensor<*xf32>, %a2: tensor<4x16x8xf32>,
                         %a4: tensor<4x8x16xf32>) {
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4)
      : (!onnxir.any, tensor<*xf32>, tensor<4x16x8xf32>, tensor<4x8x16xf32>) -> !onnxir.any
  return
}

// -----

func.func @input_rank(%a0: tensor<8xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x16x8xf32>,
                      %a4: tensor<4x8x16xf32>) {
  // expected-error@+1 {{MoE: the input must have 2 or 3 dimensions, got 1}}
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4)
      : (tensor<8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @input_type(%a0: tensor<?x8xf64>, %a1: tensor<?x4xf32>, %a2: tensor<4x16x8xf32>,
                      %a4: tensor<4x8x16xf32>) {
  // expected-error@+1 {{MoE: the input must be f32, f16 or bf16, got 'f64'}}
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4)
      : (tensor<?x8xf64>, tensor<?x4xf32>, tensor<4x16x8xf32>, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @router_type(%a0: tensor<?x8xf32>, %a1: tensor<?x4xf16>, %a2: tensor<4x16x8xf32>,
                       %a4: tensor<4x8x16xf32>) {
  // expected-error@+1 {{MoE: router_probs has elements of type 'f16', the input 'f32'}}
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4)
      : (tensor<?x8xf32>, tensor<?x4xf16>, tensor<4x16x8xf32>, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @router_width(%a0: tensor<?x8xf32>, %a1: tensor<?x3xf32>,
                        %a2: tensor<4x16x8xf32>, %a4: tensor<4x8x16xf32>) {
  // expected-error@+1 {{MoE: router_probs has 3 columns, the weights have 4 experts}}
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4)
      : (tensor<?x8xf32>, tensor<?x3xf32>, tensor<4x16x8xf32>, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @router_rows(%a0: tensor<2x3x8xf32>, %a1: tensor<5x4xf32>,
                       %a2: tensor<4x16x8xf32>, %a4: tensor<4x8x16xf32>) {
  // expected-error@+1 {{MoE: router_probs has dimensions [5, 4], expected [6, 4]}}
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4)
      : (tensor<2x3x8xf32>, tensor<5x4xf32>, tensor<4x16x8xf32>, tensor<4x8x16xf32>) -> tensor<2x3x8xf32>
  return
}

// -----

func.func @router_rank(%a0: tensor<2x3x8xf32>, %a1: tensor<2x3x4xf32>,
                       %a2: tensor<4x16x8xf32>, %a4: tensor<4x8x16xf32>) {
  // expected-error@+1 {{MoE: router_probs has dimensions [2, 3, 4], expected [6, 4]}}
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4)
      : (tensor<2x3x8xf32>, tensor<2x3x4xf32>, tensor<4x16x8xf32>, tensor<4x8x16xf32>) -> tensor<2x3x8xf32>
  return
}

// -----

func.func @many(%a0: tensor<?x8xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x16x8xf32>,
                %a4: tensor<4x8x16xf32>) {
  // expected-error@+1 {{MoE: k = 5 of 4 experts}}
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4)
      {k = 5 : i64}
      : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @weight_type(%a0: tensor<?x8xf32>, %a1: tensor<?x4xf32>,
                       %a2: tensor<4x16x8xbf16>, %a4: tensor<4x8x16xf32>) {
  // expected-error@+1 {{MoE: fc1_experts_weights has elements of type 'bf16', the input 'f32'}}
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4)
      : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xbf16>, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @fc1_size(%a0: tensor<?x8xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x15x8xf32>,
                    %a4: tensor<4x8x16xf32>) {
  // expected-error@+1 {{MoE: fc1_experts_weights has dimensions [4, 15, 8], expected [4, 16, 8]}}
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4)
      : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x15x8xf32>, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @fc1_fused(%a0: tensor<?x8xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x16x8xf32>,
                     %a4: tensor<4x8x16xf32>) {
  // expected-error@+1 {{MoE: fc1_experts_weights has dimensions [4, 16, 8], expected [4, 32, 8]}}
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4)
      {activation_type = "swiglu", swiglu_fusion = 1 : i64}
      : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @fc2_experts(%a0: tensor<?x8xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x16x8xf32>,
                       %a4: tensor<3x8x16xf32>) {
  // expected-error@+1 {{MoE: fc2_experts_weights has dimensions [3, 8, 16], expected [4, 8, 16]}}
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4)
      : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, tensor<3x8x16xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @fc3_size(%a0: tensor<?x8xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x16x8xf32>,
                    %a4: tensor<4x8x16xf32>, %a6: tensor<4x8x16xf32>) {
  // expected-error@+1 {{MoE: fc3_experts_weights has dimensions [4, 8, 16], expected [4, 16, 8]}}
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4, none, %a6)
      : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, tensor<4x8x16xf32>,
         tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @bias_size(%a0: tensor<?x8xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x16x8xf32>,
                     %a3: tensor<4x8xf32>, %a4: tensor<4x8x16xf32>) {
  // expected-error@+1 {{MoE: fc1_experts_bias has dimensions [4, 8], expected [4, 16]}}
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, %a4)
      : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, tensor<4x8xf32>,
         tensor<4x8x16xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @bias_type(%a0: tensor<?x8xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x16x8xf32>,
                     %a4: tensor<4x8x16xf32>, %a5: tensor<4x8xf16>) {
  // expected-error@+1 {{MoE: fc2_experts_bias has elements of type 'f16', the input 'f32'}}
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4, %a5)
      : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, tensor<4x8x16xf32>,
         tensor<4x8xf16>) -> tensor<?x8xf32>
  return
}

// -----

func.func @output(%a0: tensor<?x8xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x16x8xf32>,
                  %a4: tensor<4x8x16xf32>) {
  // expected-error@+1 {{MoE: the output has type 'tensor<?x9xf32>', the input 'tensor<?x8xf32>'}}
  %0 = onnxir.node "MoE" domain "com.microsoft"(%a0, %a1, %a2, none, %a4)
      : (tensor<?x8xf32>, tensor<?x4xf32>, tensor<4x16x8xf32>, tensor<4x8x16xf32>) -> tensor<?x9xf32>
  return
}
