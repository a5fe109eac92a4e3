// RUN: moe-opt %s --onnxir-verify-schemas --split-input-file --verify-diagnostics

func.func @weight_size(%a0: tensor<?x64xf32>, %a1: tensor<?x4xf32>,
                       %a2: tensor<4x96x64xui8>, %a3: tensor<4x96xf32>,
                       %a5: tensor<4x64x48xui8>, %a6: tensor<4x64xf32>) {
  // expected-error@+1 {{QMoE: fc1_experts_weights has dimensions [4, 96, 64], expected [4, 96, 32]}}
  %0 = onnxir.node "QMoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, none, %a5, %a6)
      : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x96x64xui8>, tensor<4x96xf32>,
         tensor<4x64x48xui8>, tensor<4x64xf32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @no_scales(%a0: tensor<?x64xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x96x32xui8>,
                     %a5: tensor<4x64x48xui8>, %a6: tensor<4x64xf32>) {
  // expected-error@+1 {{QMoE: fc1_scales is missing}}
  %0 = onnxir.node "QMoE" domain "com.microsoft"(%a0, %a1, %a2, none, none, %a5, %a6)
      : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x96x32xui8>, tensor<4x64x48xui8>,
         tensor<4x64xf32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @scale_type(%a0: tensor<?x64xf32>, %a1: tensor<?x4xf32>,
                      %a2: tensor<4x96x32xui8>, %a3: tensor<4x96xf32>,
                      %a5: tensor<4x64x48xui8>, %a6: tensor<4x64xi32>) {
  // expected-error@+1 {{QMoE: fc2_scales must be f32, f16 or bf16, got 'i32'}}
  %0 = onnxir.node "QMoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, none, %a5, %a6)
      : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x96x32xui8>, tensor<4x96xf32>,
         tensor<4x64x48xui8>, tensor<4x64xi32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @scale_rank(%a0: tensor<?x64xf32>, %a1: tensor<?x4xf32>,
                      %a2: tensor<4x96x32xui8>, %a3: tensor<4x96x1x1xf32>,
                      %a5: tensor<4x64x48xui8>, %a6: tensor<4x64xf32>) {
  // expected-error@+1 {{QMoE: fc1_scales must have 2 or 3 dimensions, got 4}}
  %0 = onnxir.node "QMoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, none, %a5, %a6)
      : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x96x32xui8>, tensor<4x96x1x1xf32>,
         tensor<4x64x48xui8>, tensor<4x64xf32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @scale_rows(%a0: tensor<?x64xf32>, %a1: tensor<?x4xf32>,
                      %a2: tensor<4x96x32xui8>, %a3: tensor<4x95xf32>,
                      %a5: tensor<4x64x48xui8>, %a6: tensor<4x64xf32>) {
  // expected-error@+1 {{QMoE: fc1_scales has dimensions [4, 95], expected [4, 96]}}
  %0 = onnxir.node "QMoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, none, %a5, %a6)
      : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x96x32xui8>, tensor<4x95xf32>,
         tensor<4x64x48xui8>, tensor<4x64xf32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @scale_column(%a0: tensor<?x64xf32>, %a1: tensor<?x4xf32>,
                        %a2: tensor<4x96x32xui8>, %a3: tensor<4x96x2xf32>,
                        %a5: tensor<4x64x48xui8>, %a6: tensor<4x64x3xf32>) {
  // expected-error@+1 {{QMoE: fc1_scales has dimensions [4, 96, 2], expected [4, 96, 1]}}
  %0 = onnxir.node "QMoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, none, %a5, %a6)
      : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x96x32xui8>, tensor<4x96x2xf32>,
         tensor<4x64x48xui8>, tensor<4x64x3xf32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @scale_blocks(%a0: tensor<?x64xf32>, %a1: tensor<?x4xf32>,
                        %a2: tensor<4x96x32xui8>, %a3: tensor<4x96x2xf32>,
                        %a5: tensor<4x64x48xui8>, %a6: tensor<4x64x2xf32>) {
  // expected-error@+1 {{QMoE: fc2_scales has dimensions [4, 64, 2], expected [4, 64, 3]}}
  %0 = onnxir.node "QMoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, none, %a5, %a6)
      {block_size = 32 : i64}
      : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x96x32xui8>, tensor<4x96x2xf32>,
         tensor<4x64x48xui8>, tensor<4x64x2xf32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @zero_type(%a0: tensor<?x64xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x96x32xui8>,
                     %a3: tensor<4x96xf32>, %a5: tensor<4x64x48xui8>,
                     %a6: tensor<4x64xf32>, %a11: tensor<4x48xi8>) {
  // expected-error@+1 {{QMoE: fc1_zero_points must be ui8, got 'i8'}}
  %0 = onnxir.node "QMoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, none, %a5, %a6, none, none, none, none, %a11)
      : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x96x32xui8>, tensor<4x96xf32>,
         tensor<4x64x48xui8>, tensor<4x64xf32>, tensor<4x48xi8>) -> tensor<?x64xf32>
  return
}

// -----

func.func @zero_rows(%a0: tensor<?x64xf32>, %a1: tensor<?x4xf32>, %a2: tensor<4x96x32xui8>,
                     %a3: tensor<4x96xf32>, %a5: tensor<4x64x48xui8>,
                     %a6: tensor<4x64xf32>, %a11: tensor<4x96xui8>) {
  // expected-error@+1 {{QMoE: fc1_zero_points has dimensions [4, 96], expected [4, 48]}}
  %0 = onnxir.node "QMoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, none, %a5, %a6, none, none, none, none, %a11)
      : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x96x32xui8>, tensor<4x96xf32>,
         tensor<4x64x48xui8>, tensor<4x64xf32>, tensor<4x96xui8>) -> tensor<?x64xf32>
  return
}

// -----

func.func @zero_blocks(%a0: tensor<?x64xf32>, %a1: tensor<?x4xf32>,
                       %a2: tensor<4x96x32xui8>, %a3: tensor<4x96x2xf32>,
                       %a5: tensor<4x64x48xui8>, %a6: tensor<4x64x3xf32>,
                       %a12: tensor<4x64x3xui8>) {
  // expected-error@+1 {{QMoE: fc2_zero_points has dimensions [4, 64, 3], expected [4, 64, 2]}}
  %0 = onnxir.node "QMoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, none, %a5, %a6, none, none, none, none, none, %a12)
      {block_size = 32 : i64}
      : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x96x32xui8>, tensor<4x96x2xf32>,
         tensor<4x64x48xui8>, tensor<4x64x3xf32>, tensor<4x64x3xui8>) -> tensor<?x64xf32>
  return
}

// -----

func.func @zero_float(%a0: tensor<?x64xf32>, %a1: tensor<?x4xf32>,
                      %a2: tensor<4x96x32xui8>, %a3: tensor<4x96xf32>,
                      %a5: tensor<4x64x48xui8>, %a6: tensor<4x64xf32>,
                      %a11: tensor<4x48xui8>) {
  // expected-error@+1 {{QMoE: fc1_zero_points goes with quant_type int only}}
  %0 = onnxir.node "QMoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, none, %a5, %a6, none, none, none, none, %a11)
      {quant_type = "fp4"}
      : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x96x32xui8>, tensor<4x96xf32>,
         tensor<4x64x48xui8>, tensor<4x64xf32>, tensor<4x48xui8>) -> tensor<?x64xf32>
  return
}

// -----

func.func @weights_width(%a0: tensor<?x64xf32>, %a1: tensor<?x4xf32>,
                         %a2: tensor<4x96x32xui8>, %a3: tensor<4x96xf32>,
                         %a5: tensor<4x64x48xui8>, %a6: tensor<4x64xf32>,
                         %a14: tensor<?x5xf32>) {
  // expected-error@+1 {{QMoE: router_weights has 5 columns, the weights have 4 experts}}
  %0 = onnxir.node "QMoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, none, %a5, %a6, none, none, none, none, none, none, none, %a14)
      : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x96x32xui8>, tensor<4x96xf32>,
         tensor<4x64x48xui8>, tensor<4x64xf32>, tensor<?x5xf32>) -> tensor<?x64xf32>
  return
}

// -----

func.func @weights_type(%a0: tensor<?x64xf32>, %a1: tensor<?x4xf32>,
                        %a2: tensor<4x96x32xui8>, %a3: tensor<4x96xf32>,
                        %a5: tensor<4x64x48xui8>, %a6: tensor<4x64xf32>,
                        %a14: tensor<?x4xbf16>) {
  // expected-error@+1 {{QMoE: router_weights has elements of type 'bf16', the input 'f32'}}
  %0 = onnxir.node "QMoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, none, %a5, %a6, none, none, none, none, none, none, none, %a14)
      : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x96x32xui8>, tensor<4x96xf32>,
         tensor<4x64x48xui8>, tensor<4x64xf32>, tensor<?x4xbf16>) -> tensor<?x64xf32>
  return
}

// -----

func.func @global_size(%a0: tensor<?x64xf32>, %a1: tensor<?x4xf32>,
                       %a2: tensor<4x96x64xf8E4M3FN>, %a3: tensor<4x96xf32>,
                       %a5: tensor<4x64x96xf8E4M3FN>, %a6: tensor<4x64xf32>,
                       %a16: tensor<3xf32>) {
  // expected-error@+1 {{QMoE: fc2_global_scale has dimensions [3], expected [4]}}
  %0 = onnxir.node "QMoE" domain "com.microsoft"(%a0, %a1, %a2, %a3, none, %a5, %a6, none, none, none, none, none, none, none, none, none, %a16)
      {quant_type = "fp8"}
      : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<4x96x64xf8E4M3FN>, tensor<4x96xf32>,
         tensor<4x64x96xf8E4M3FN>, tensor<4x64xf32>, tensor<3xf32>) -> tensor<?x64xf32>
  return
}
