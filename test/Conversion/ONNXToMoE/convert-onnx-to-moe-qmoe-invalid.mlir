// RUN: moe-opt %s --convert-onnx-to-moe --split-input-file --verify-diagnostics

func.func @quant_type(%x: tensor<5x32xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xui8>, %s1: tensor<4x24xf32>, %w2: tensor<4x32x12xui8>, %s2: tensor<4x32xf32>) {
  // expected-error @+1 {{QMoE: quant_type "fp4" is not supported}}
  %y = onnxir.node "QMoE" domain "com.microsoft"(%x, %l, %w1, %s1, none, %w2, %s2) {quant_type = "fp4"}
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

func.func @router_weights(%x: tensor<5x32xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x24x16xui8>, %s1: tensor<4x24xf32>, %w2: tensor<4x32x12xui8>, %s2: tensor<4x32xf32>, %rw: !onnxir.any) {
  // expected-error @+1 {{QMoE: the rank of input 14 must be known, got '!onnxir.any'}}
  %y = onnxir.node "QMoE" domain "com.microsoft"(%x, %l, %w1, %s1, none, %w2, %s2, none, none, none, none, none, none, none, %rw)
      : (tensor<5x32xf32>, tensor<5x4xf32>, tensor<4x24x16xui8>, tensor<4x24xf32>, tensor<4x32x12xui8>, tensor<4x32xf32>, !onnxir.any) -> !onnxir.any
  return
}

// -----

// Three rows in two bytes are other bytes than two columns in one each.
func.func @legacy_bytes(%x: tensor<5x32xf32>, %l: tensor<5x4xf32>, %w1: tensor<4x32x11xui8>, %s1: tensor<4x21xf32>, %w2: tensor<4x21x16xui8>, %s2: tensor<4x32xf32>) {
  // expected-error @+1 {{QMoE: fc1_experts_weights must be 'tensor<4x21x16xui8>', got 'tensor<4x32x11xui8>'}}
  %y = onnxir.node "QMoE" domain "com.microsoft"(%x, %l, %w1, %s1, none, %w2, %s2) {expert_weight_bits = 4 : i64}
      : (tensor<5x32xf32>, tensor<5x4xf32>, tensor<4x32x11xui8>, tensor<4x21xf32>, tensor<4x21x16xui8>, tensor<4x32xf32>) -> !onnxir.any
  return
}
