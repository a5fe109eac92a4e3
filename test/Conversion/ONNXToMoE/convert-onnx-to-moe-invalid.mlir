// RUN: moe-opt %s --convert-onnx-to-moe --split-input-file --verify-diagnostics

// What the schema says is tested with onnxir-verify-schemas; this is what
// conversion checks on top.

func.func @input_missing(%l: tensor<5x4xf32>, %w1: tensor<4x24x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: input 0 is missing}}
  %y = onnxir.node "MoE" domain "com.microsoft"(none, %l, %w1, none, %w2)
      : (tensor<5x4xf32>, tensor<4x24x16xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @fc2_missing(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xf32>, %b2: tensor<4x16xf32>) {
  // expected-error @+1 {{com.microsoft.MoE needs input 4}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, none, %b2)
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x24x16xf32>, tensor<4x16xf32>) -> !onnxir.any
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

func.func @k_many(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: k = 5 of 4 experts}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2) {k = 5 : i64}
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x24x16xf32>, tensor<4x16x24xf32>) -> !onnxir.any
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

func.func @no_hidden(%x: tensor<5x0xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x0xf32>, %w2: tensor<4x0x24xf32>) {
  // expected-error @+1 {{MoE: the input has rows of 0 elements}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2)
      : (tensor<5x0xf32>, tensor<5x4xf32>, tensor<4x24x0xf32>, tensor<4x0x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @no_inner(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x0x16xf32>, %w2: tensor<4x16x0xf32>) {
  // expected-error @+1 {{MoE: the experts have no inner elements}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2)
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x0x16xf32>, tensor<4x16x0xf32>) -> !onnxir.any
  return
}

// -----

func.func @unknown_weights(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w1: tensor<?x24x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: the sizes of input 2 must be known, got 'tensor<?x24x16xf32>'}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2)
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<?x24x16xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @unknown_bias(%x: tensor<5x16xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xf32>, %b1: tensor<4x?xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: the sizes of input 3 must be known, got 'tensor<4x?xf32>'}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, %b1, %w2)
      : (tensor<5x16xf32>, tensor<5x4xf32>, tensor<4x24x16xf32>, tensor<4x?xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}

// -----

func.func @unknown_router(%x: tensor<5x16xf32>, %l: !onnxir.any, %w1: tensor<4x24x16xf32>, %w2: tensor<4x16x24xf32>) {
  // expected-error @+1 {{MoE: the rank of input 1 must be known, got '!onnxir.any'}}
  %y = onnxir.node "MoE" domain "com.microsoft"(%x, %l, %w1, none, %w2)
      : (tensor<5x16xf32>, !onnxir.any, tensor<4x24x16xf32>, tensor<4x16x24xf32>) -> !onnxir.any
  return
}
