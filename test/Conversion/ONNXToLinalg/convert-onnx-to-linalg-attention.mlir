// RUN: moe-opt %s --convert-onnx-to-linalg --split-input-file | FileCheck %s

// Four heads share two of key and value; what lies ahead gets −∞.
// CHECK-LABEL: func.func @attention
// CHECK:       tensor.insert_slice %{{.*}} into %{{.*}} : tensor<?x2x?x8xf32> into tensor<?x2x?x8xf32>
// CHECK:       tensor.expand_shape %{{.*}} into tensor<?x2x2x?x8xf32>
// CHECK:       linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel", "reduction"]
// CHECK:       arith.constant 0xFF800000 : f32
// CHECK:       math.exp
// CHECK:       linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "parallel"]
func.func @attention(%q: tensor<?x?x32xf32>, %k: tensor<?x?x16xf32>, %v: tensor<?x?x16xf32>,
                     %pk: tensor<?x2x?x8xf32>, %pv: tensor<?x2x?x8xf32>)
    -> (tensor<?x?x32xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>) {
  %0:3 = onnxir.node "Attention"(%q, %k, %v, none, %pk, %pv) {is_causal = 1 : i64, q_num_heads = 4 : i64, kv_num_heads = 2 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>)
      -> (tensor<?x?x32xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>)
  return %0#0, %0#1, %0#2 : tensor<?x?x32xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>
}

// -----

// CHECK-LABEL: func.func @group_query
// CHECK:       cf.assert {{.*}}"GroupQueryAttention: seqlens_k does not fit the cache"
// CHECK:       math.tanh
func.func @group_query(%qkv: tensor<?x?x64xf32>, %pk: tensor<?x2x?x8xf32>, %pv: tensor<?x2x?x8xf32>,
                       %lengths: tensor<?xi32>, %total: tensor<i32>, %c: tensor<128x4xf32>, %s: tensor<128x4xf32>)
    -> tensor<?x?x32xf32> {
  %0:3 = onnxir.node "GroupQueryAttention" domain "com.microsoft"(%qkv, none, none, %pk, %pv, %lengths, %total, %c, %s)
      {do_rotary = 1 : i64, num_heads = 4 : i64, kv_num_heads = 2 : i64, softcap = 30.0 : f32, local_window_size = 4 : i64}
      : (tensor<?x?x64xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?xi32>, tensor<i32>, tensor<128x4xf32>, tensor<128x4xf32>)
      -> (tensor<?x?x32xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>)
  return %0#0 : tensor<?x?x32xf32>
}

// -----

// CHECK-LABEL: func.func @multi_head
// CHECK:       tensor.extract %{{.*}} : tensor<?x1x?x?xf32>
func.func @multi_head(%q: tensor<?x?x32xf32>, %k: tensor<?x?x32xf32>, %v: tensor<?x?x32xf32>, %b: tensor<?x1x?x?xf32>)
    -> tensor<?x?x32xf32> {
  %0 = onnxir.node "MultiHeadAttention" domain "com.microsoft"(%q, %k, %v, none, none, %b) {num_heads = 4 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x32xf32>, tensor<?x?x32xf32>, tensor<?x1x?x?xf32>) -> tensor<?x?x32xf32>
  return %0 : tensor<?x?x32xf32>
}

// -----

// CHECK-LABEL: func.func @rotary
// CHECK:       cf.assert {{.*}}"RotaryEmbedding: an index is out of range"
// CHECK:       arith.negf
// CHECK:       return %{{.*}} : tensor<?x?x32xf32>
func.func @rotary(%x: tensor<?x?x32xf32>, %c: tensor<64x4xf32>, %s: tensor<64x4xf32>, %i: tensor<?x?xi64>) -> tensor<?x?x32xf32> {
  %0 = onnxir.node "RotaryEmbedding"(%x, %c, %s, %i) {num_heads = 4 : i64}
      : (tensor<?x?x32xf32>, tensor<64x4xf32>, tensor<64x4xf32>, tensor<?x?xi64>) -> tensor<?x?x32xf32>
  return %0 : tensor<?x?x32xf32>
}

// -----

// CHECK-LABEL: func.func @causal_conv
// CHECK:       tensor.insert_slice
// CHECK:       linalg.generic
func.func @causal_conv(%x: tensor<?x8x?xf32>, %w: tensor<8x1x3xf32>, %p: tensor<?x8x2xf32>) -> (tensor<?x8x?xf32>, tensor<?x8x2xf32>) {
  %0:2 = onnxir.node "CausalConvWithState"(%x, %w, none, %p)
      : (tensor<?x8x?xf32>, tensor<8x1x3xf32>, tensor<?x8x2xf32>) -> (tensor<?x8x?xf32>, tensor<?x8x2xf32>)
  return %0#0, %0#1 : tensor<?x8x?xf32>, tensor<?x8x2xf32>
}
