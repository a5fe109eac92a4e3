// RUN: moe-opt %s --convert-onnx-to-moe --split-input-file 2>/dev/null | FileCheck %s
// RUN: moe-opt %s --convert-onnx-to-moe=qmoe-layout=raw --split-input-file 2>/dev/null | FileCheck %s

// 4 bits, blocks of 32, biases, gate and up interleaved.
// CHECK-LABEL: func.func @int4_blocks
// CHECK-SAME: %[[W1:[a-z0-9]*]]: tensor<8x64x32xui8>, %[[S1:[a-z0-9]*]]: tensor<8x64x2xf32>
func.func @int4_blocks(%x: tensor<?x64xf32>, %logits: tensor<?x8xf32>, %fc1: tensor<8x64x32xui8>, %s1: tensor<8x64x2xf32>, %b1: tensor<8x64xf32>, %fc2: tensor<8x64x16xui8>, %s2: tensor<8x64x1xf32>, %b2: tensor<8x64xf32>) -> tensor<?x64xf32> {
  // CHECK: moe.gate %{{.*}} score<identity> select<top_k, k = 4, tie = higher> normalize<softmax>
  // CHECK: moe.weights %[[W1]] scales(%[[S1]] : tensor<8x64x2xf32>) layout<offset = 1, step = 2> block(32) zero_point(8) : tensor<8x64x32xui8> -> !moe.weights<8x32x64, ui4>
  // CHECK: moe.weights %{{.*}} layout<offset = 1, step = 2> : tensor<8x64xf32> -> !moe.weights<8x32, f32>
  // CHECK: moe.weights %[[W1]] scales(%[[S1]] : tensor<8x64x2xf32>) layout<step = 2> block(32) zero_point(8)
  // CHECK: moe.weights %{{.*}} scales(%{{.*}} : tensor<8x64x1xf32>) block(32) zero_point(8) : tensor<8x64x16xui8> -> !moe.weights<8x64x32, ui4>
  %y = onnxir.node "QMoE" domain "com.microsoft"(%x, %logits, %fc1, %s1, %b1, %fc2, %s2, %b2)
      {activation_type = "swiglu", swiglu_fusion = 1 : i64, k = 4 : i64, block_size = 32 : i64}
      : (tensor<?x64xf32>, tensor<?x8xf32>, tensor<8x64x32xui8>, tensor<8x64x2xf32>, tensor<8x64xf32>, tensor<8x64x16xui8>, tensor<8x64x1xf32>, tensor<8x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// 2 bits per row with packed zero points.
// CHECK-LABEL: func.func @int2_rows
// CHECK-SAME: %[[Z1:[a-z0-9]*]]: tensor<4x6xui8>, %[[Z2:[a-z0-9]*]]: tensor<4x8xui8>)
func.func @int2_rows(%x: tensor<?x32xf16>, %logits: tensor<?x4xf16>, %fc1: tensor<4x24x8xui8>, %s1: tensor<4x24xf16>, %fc2: tensor<4x32x6xui8>, %s2: tensor<4x32x1xf16>, %z1: tensor<4x6xui8>, %z2: tensor<4x8xui8>) -> tensor<?x32xf16> {
  // CHECK: moe.weights %{{.*}} scales({{.*}}) zeros(%[[Z1]] : tensor<4x6xui8>) : tensor<4x24x8xui8> -> !moe.weights<4x24x32, ui2>
  // CHECK: moe.weights %{{.*}} scales({{.*}}) zeros(%[[Z2]] : tensor<4x8xui8>) : tensor<4x32x6xui8> -> !moe.weights<4x32x24, ui2>
  %y = onnxir.node "QMoE" domain "com.microsoft"(%x, %logits, %fc1, %s1, none, %fc2, %s2, none, none, none, none, %z1, %z2)
      {activation_type = "silu", expert_weight_bits = 2 : i64, k = 2 : i64, normalize_routing_weights = 1 : i64}
      : (tensor<?x32xf16>, tensor<?x4xf16>, tensor<4x24x8xui8>, tensor<4x24xf16>, tensor<4x32x6xui8>, tensor<4x32x1xf16>, tensor<4x6xui8>, tensor<4x8xui8>) -> tensor<?x32xf16>
  return %y : tensor<?x32xf16>
}

// -----

// 8 bits; weights of the choice are read from router_weights.
// CHECK-LABEL: func.func @router_weights
// CHECK-SAME: %[[L:[a-z0-9]*]]: tensor<?x4xf32>
// CHECK-SAME: %[[RW:[a-z0-9]*]]: tensor<?x4xf32>)
func.func @router_weights(%x: tensor<?x32xf32>, %logits: tensor<?x4xf32>, %fc1: tensor<4x24x32xui8>, %s1: tensor<4x24xf32>, %fc2: tensor<4x32x24xui8>, %s2: tensor<4x32xf32>, %fc3: tensor<4x24x32xui8>, %s3: tensor<4x24xf32>, %rw: tensor<?x4xf32>) -> tensor<?x32xf32> {
  // CHECK: cf.assert %{{.*}}, "QMoE: the router has other rows than the input"
  // CHECK: cf.assert %{{.*}}, "QMoE: router_weights has other rows than the input"
  // CHECK: moe.gate %[[L]] values(%[[RW]] : tensor<?x4xf32>) score<identity> select<top_k, k = 2, tie = higher> normalize<sum> drop_below(1.0e-08)
  // CHECK: zero_point(128) : tensor<4x24x32xui8> -> !moe.weights<4x24x32, ui8>
  // CHECK: moe.ffn_experts up({{.*}}) gate({{.*}}) down
  %y = onnxir.node "QMoE" domain "com.microsoft"(%x, %logits, %fc1, %s1, none, %fc2, %s2, none, %fc3, %s3, none, none, none, none, %rw)
      {activation_type = "silu", expert_weight_bits = 8 : i64, k = 2 : i64, normalize_routing_weights = 1 : i64, weights_prepacked = 0 : i64}
      : (tensor<?x32xf32>, tensor<?x4xf32>, tensor<4x24x32xui8>, tensor<4x24xf32>, tensor<4x32x24xui8>, tensor<4x32xf32>, tensor<4x24x32xui8>, tensor<4x24xf32>, tensor<?x4xf32>) -> tensor<?x32xf32>
  return %y : tensor<?x32xf32>
}

// -----

// Every matrix has bits of its own; what has none has those of all.
// CHECK-LABEL: func.func @mixed_bits
func.func @mixed_bits(%x: tensor<?x32xf32>, %logits: tensor<?x4xf32>, %fc1: tensor<4x24x8xui8>, %s1: tensor<4x24xf32>, %fc2: tensor<4x32x12xui8>, %s2: tensor<4x32xf32>, %fc3: tensor<4x24x32xui8>, %s3: tensor<4x24xf32>) -> tensor<?x32xf32> {
  // CHECK: moe.weights %{{.*}} zero_point(128) : tensor<4x24x32xui8> -> !moe.weights<4x24x32, ui8>
  // CHECK: moe.weights %{{.*}} zero_point(2) : tensor<4x24x8xui8> -> !moe.weights<4x24x32, ui2>
  // CHECK: moe.weights %{{.*}} zero_point(8) : tensor<4x32x12xui8> -> !moe.weights<4x32x24, ui4>
  %y = onnxir.node "QMoE" domain "com.microsoft"(%x, %logits, %fc1, %s1, none, %fc2, %s2, none, %fc3, %s3)
      {activation_type = "silu", expert_weight_bits = 4 : i64, fc1_expert_weight_bits = 2 : i64, fc3_expert_weight_bits = 8 : i64, k = 2 : i64}
      : (tensor<?x32xf32>, tensor<?x4xf32>, tensor<4x24x8xui8>, tensor<4x24xf32>, tensor<4x32x12xui8>, tensor<4x32xf32>, tensor<4x24x32xui8>, tensor<4x24xf32>) -> tensor<?x32xf32>
  return %y : tensor<?x32xf32>
}
