// RUN: moe-opt %s --convert-onnx-to-linalg --split-input-file --verify-diagnostics

func.func @mha_heads(%q: tensor<?x?x32xf32>, %k: tensor<?x?x32xf32>, %v: tensor<?x?x32xf32>) {
  // expected-error @+1 {{MultiHeadAttention: num_heads is missing}}
  %0 = onnxir.node "MultiHeadAttention" domain "com.microsoft"(%q, %k, %v)
      : (tensor<?x?x32xf32>, tensor<?x?x32xf32>, tensor<?x?x32xf32>) -> tensor<?x?x32xf32>
  return
}

// -----

func.func @mha_integers(%q: tensor<?x?x32xi32>, %k: tensor<?x?x32xf32>, %v: tensor<?x?x32xf32>) {
  // expected-error @+1 {{MultiHeadAttention: needs floating-point elements}}
  %0 = onnxir.node "MultiHeadAttention" domain "com.microsoft"(%q, %k, %v) {num_heads = 4 : i64}
      : (tensor<?x?x32xi32>, tensor<?x?x32xf32>, tensor<?x?x32xf32>) -> tensor<?x?x32xf32>
  return
}

// -----

func.func @mha_packed(%q: tensor<?x?x4x3x8xf32>) {
  // expected-error @+1 {{MultiHeadAttention: packed query, key and value are not supported}}
  %0 = onnxir.node "MultiHeadAttention" domain "com.microsoft"(%q) {num_heads = 4 : i64}
      : (tensor<?x?x4x3x8xf32>) -> tensor<?x?x32xf32>
  return
}

// -----

func.func @mha_packed_key(%q: tensor<?x?x32xf32>, %k: tensor<?x?x4x2x8xf32>, %v: tensor<?x?x4x2x8xf32>) {
  // expected-error @+1 {{MultiHeadAttention: packed key and value are not supported}}
  %0 = onnxir.node "MultiHeadAttention" domain "com.microsoft"(%q, %k, %v) {num_heads = 4 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x4x2x8xf32>, tensor<?x?x4x2x8xf32>) -> tensor<?x?x32xf32>
  return
}

// -----

func.func @mha_types(%q: tensor<?x?x32xf32>, %k: tensor<?x?x32xf16>, %v: tensor<?x?x32xf32>) {
  // expected-error @+1 {{MultiHeadAttention: operands differ in element type}}
  %0 = onnxir.node "MultiHeadAttention" domain "com.microsoft"(%q, %k, %v) {num_heads = 4 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x32xf16>, tensor<?x?x32xf32>) -> tensor<?x?x32xf32>
  return
}

// -----

func.func @mha_bias(%q: tensor<?x?x32xf32>, %k: tensor<?x?x32xf32>, %v: tensor<?x?x32xf32>, %b: tensor<1x96xf32>) {
  // expected-error @+1 {{MultiHeadAttention: the bias must have rank 1}}
  %0 = onnxir.node "MultiHeadAttention" domain "com.microsoft"(%q, %k, %v, %b) {num_heads = 4 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x32xf32>, tensor<?x?x32xf32>, tensor<1x96xf32>) -> tensor<?x?x32xf32>
  return
}

// -----

func.func @mha_padding(%q: tensor<?x?x32xf32>, %k: tensor<?x?x32xf32>, %v: tensor<?x?x32xf32>, %p: tensor<?xi32>) {
  // expected-error @+1 {{MultiHeadAttention: only a key_padding_mask [batch, length] is supported}}
  %0 = onnxir.node "MultiHeadAttention" domain "com.microsoft"(%q, %k, %v, none, %p) {num_heads = 4 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x32xf32>, tensor<?x?x32xf32>, tensor<?xi32>) -> tensor<?x?x32xf32>
  return
}

// -----

func.func @mha_added(%q: tensor<?x?x32xf32>, %k: tensor<?x?x32xf32>, %v: tensor<?x?x32xf32>, %a: tensor<?x?xf32>) {
  // expected-error @+1 {{MultiHeadAttention: attention_bias must be floats of rank 4}}
  %0 = onnxir.node "MultiHeadAttention" domain "com.microsoft"(%q, %k, %v, none, none, %a) {num_heads = 4 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x32xf32>, tensor<?x?x32xf32>, tensor<?x?xf32>) -> tensor<?x?x32xf32>
  return
}

// -----

func.func @mha_cache(%q: tensor<?x?x32xf32>, %k: tensor<?x?x32xf32>, %v: tensor<?x?x32xf32>, %a: tensor<?x?xf32>, %d: tensor<?x?xf32>) {
  // expected-error @+1 {{MultiHeadAttention: the cache must have rank 4}}
  %0 = onnxir.node "MultiHeadAttention" domain "com.microsoft"(%q, %k, %v, none, none, none, %a, %d) {num_heads = 4 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x32xf32>, tensor<?x?x32xf32>, tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?x32xf32>
  return
}

// -----

func.func @mha_buffers(%q: tensor<?x?x32xf32>, %k: tensor<?x?x32xf32>, %v: tensor<?x?x32xf32>, %n: tensor<1xi32>) {
  // expected-error @+1 {{MultiHeadAttention: shared buffers of past and present are not supported}}
  %0 = onnxir.node "MultiHeadAttention" domain "com.microsoft"(%q, %k, %v, none, none, none, none, none, %n) {num_heads = 4 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x32xf32>, tensor<?x?x32xf32>, tensor<1xi32>) -> tensor<?x?x32xf32>
  return
}

// -----

func.func @mha_qk(%q: tensor<?x?x32xf32>, %k: tensor<?x?x32xf32>, %v: tensor<?x?x32xf32>) {
  // expected-error @+1 {{MultiHeadAttention: the output qk is not supported}}
  %0:4 = onnxir.node "MultiHeadAttention" domain "com.microsoft"(%q, %k, %v) {num_heads = 4 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x32xf32>, tensor<?x?x32xf32>) -> (tensor<?x?x32xf32>, tensor<?x4x?x8xf32>, tensor<?x4x?x8xf32>, tensor<?x4x?x?xf32>)
  return
}

// -----

func.func @mha_size(%q: tensor<?x?x?xf32>, %k: tensor<?x?x?xf32>, %v: tensor<?x?x?xf32>) {
  // expected-error @+1 {{MultiHeadAttention: the head size is not known}}
  %0 = onnxir.node "MultiHeadAttention" domain "com.microsoft"(%q, %k, %v) {num_heads = 4 : i64}
      : (tensor<?x?x?xf32>, tensor<?x?x?xf32>, tensor<?x?x?xf32>) -> tensor<?x?x32xf32>
  return
}

// -----

func.func @gqa_heads(%q: tensor<?x?x32xf32>, %k: tensor<?x?x16xf32>, %v: tensor<?x?x16xf32>, %pk: tensor<?x2x?x8xf32>, %pv: tensor<?x2x?x8xf32>, %n: tensor<?xi32>, %t: tensor<i32>) {
  // expected-error @+1 {{GroupQueryAttention: num_heads is no multiple of kv_num_heads}}
  %0:3 = onnxir.node "GroupQueryAttention" domain "com.microsoft"(%q, %k, %v, %pk, %pv, %n, %t) {num_heads = 3 : i64, kv_num_heads = 2 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?xi32>, tensor<i32>) -> (tensor<?x?x32xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>)
  return
}

// -----

func.func @gqa_query(%q: tensor<?x32xf32>, %k: tensor<?x?x16xf32>, %v: tensor<?x?x16xf32>, %pk: tensor<?x2x?x8xf32>, %pv: tensor<?x2x?x8xf32>, %n: tensor<?xi32>, %t: tensor<i32>) {
  // expected-error @+1 {{GroupQueryAttention: the query must be floats of rank 3}}
  %0:3 = onnxir.node "GroupQueryAttention" domain "com.microsoft"(%q, %k, %v, %pk, %pv, %n, %t) {num_heads = 4 : i64, kv_num_heads = 2 : i64}
      : (tensor<?x32xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?xi32>, tensor<i32>) -> (tensor<?x?x32xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>)
  return
}

// -----

func.func @gqa_half(%q: tensor<?x?x32xf32>, %k: tensor<?x?x16xf32>, %pk: tensor<?x2x?x8xf32>, %pv: tensor<?x2x?x8xf32>, %n: tensor<?xi32>, %t: tensor<i32>) {
  // expected-error @+1 {{GroupQueryAttention: has a key without a value or a value without a key}}
  %0:3 = onnxir.node "GroupQueryAttention" domain "com.microsoft"(%q, %k, none, %pk, %pv, %n, %t) {num_heads = 4 : i64, kv_num_heads = 2 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x16xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?xi32>, tensor<i32>) -> (tensor<?x?x32xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>)
  return
}

// -----

func.func @gqa_key(%q: tensor<?x?x32xf32>, %k: tensor<?x16xf32>, %v: tensor<?x?x16xf32>, %pk: tensor<?x2x?x8xf32>, %pv: tensor<?x2x?x8xf32>, %n: tensor<?xi32>, %t: tensor<i32>) {
  // expected-error @+1 {{GroupQueryAttention: key and value must be floats of rank 3}}
  %0:3 = onnxir.node "GroupQueryAttention" domain "com.microsoft"(%q, %k, %v, %pk, %pv, %n, %t) {num_heads = 4 : i64, kv_num_heads = 2 : i64}
      : (tensor<?x?x32xf32>, tensor<?x16xf32>, tensor<?x?x16xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?xi32>, tensor<i32>) -> (tensor<?x?x32xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>)
  return
}

// -----

func.func @gqa_half_cache(%q: tensor<?x?x32xf32>, %k: tensor<?x?x16xf32>, %v: tensor<?x?x16xf32>, %pk: tensor<?x2x?x8xf32>, %n: tensor<?xi32>, %t: tensor<i32>) {
  // expected-error @+1 {{GroupQueryAttention: has half a cache}}
  %0:3 = onnxir.node "GroupQueryAttention" domain "com.microsoft"(%q, %k, %v, %pk, none, %n, %t) {num_heads = 4 : i64, kv_num_heads = 2 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x2x?x8xf32>, tensor<?xi32>, tensor<i32>) -> (tensor<?x?x32xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>)
  return
}

// -----

func.func @gqa_cache(%q: tensor<?x?x32xf32>, %k: tensor<?x?x16xf32>, %v: tensor<?x?x16xf32>, %pk: tensor<?x2x?x8xf16>, %pv: tensor<?x2x?x8xf32>, %n: tensor<?xi32>, %t: tensor<i32>) {
  // expected-error @+1 {{GroupQueryAttention: the cache must have rank 4 and the query's element type}}
  %0:3 = onnxir.node "GroupQueryAttention" domain "com.microsoft"(%q, %k, %v, %pk, %pv, %n, %t) {num_heads = 4 : i64, kv_num_heads = 2 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x2x?x8xf16>, tensor<?x2x?x8xf32>, tensor<?xi32>, tensor<i32>) -> (tensor<?x?x32xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>)
  return
}

// -----

func.func @gqa_lengths(%q: tensor<?x?x32xf32>, %k: tensor<?x?x16xf32>, %v: tensor<?x?x16xf32>, %pk: tensor<?x2x?x8xf32>, %pv: tensor<?x2x?x8xf32>, %n: tensor<?xf32>, %t: tensor<i32>) {
  // expected-error @+1 {{GroupQueryAttention: seqlens_k or total_sequence_length has a wrong type}}
  %0:3 = onnxir.node "GroupQueryAttention" domain "com.microsoft"(%q, %k, %v, %pk, %pv, %n, %t) {num_heads = 4 : i64, kv_num_heads = 2 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?xf32>, tensor<i32>) -> (tensor<?x?x32xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>)
  return
}

// -----

func.func @gqa_rotary(%q: tensor<?x?x32xf32>, %k: tensor<?x?x16xf32>, %v: tensor<?x?x16xf32>, %pk: tensor<?x2x?x8xf32>, %pv: tensor<?x2x?x8xf32>, %n: tensor<?xi32>, %t: tensor<i32>) {
  // expected-error @+1 {{GroupQueryAttention: do_rotary needs cos_cache and sin_cache}}
  %0:3 = onnxir.node "GroupQueryAttention" domain "com.microsoft"(%q, %k, %v, %pk, %pv, %n, %t) {num_heads = 4 : i64, kv_num_heads = 2 : i64, do_rotary = 1 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?xi32>, tensor<i32>) -> (tensor<?x?x32xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>)
  return
}

// -----

func.func @gqa_rotated(%q: tensor<?x?x32xf32>, %k: tensor<?x?x16xf32>, %v: tensor<?x?x16xf32>, %pk: tensor<?x2x?x8xf32>, %pv: tensor<?x2x?x8xf32>, %n: tensor<?xi32>, %t: tensor<i32>, %c: tensor<?x?xf32>, %s: tensor<?x?xf32>) {
  // expected-error @+1 {{GroupQueryAttention: the size of the rotated part is not known}}
  %0:3 = onnxir.node "GroupQueryAttention" domain "com.microsoft"(%q, %k, %v, %pk, %pv, %n, %t, %c, %s) {num_heads = 4 : i64, kv_num_heads = 2 : i64, do_rotary = 1 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?xi32>, tensor<i32>, tensor<?x?xf32>, tensor<?x?xf32>) -> (tensor<?x?x32xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>)
  return
}

// -----

func.func @gqa_ids(%q: tensor<?x?x32xf32>, %k: tensor<?x?x16xf32>, %v: tensor<?x?x16xf32>, %pk: tensor<?x2x?x8xf32>, %pv: tensor<?x2x?x8xf32>, %n: tensor<?xi32>, %t: tensor<i32>, %c: tensor<64x4xf32>, %s: tensor<64x4xf32>, %i: tensor<?xi64>) {
  // expected-error @+1 {{GroupQueryAttention: position_ids must be integers of rank 2}}
  %0:3 = onnxir.node "GroupQueryAttention" domain "com.microsoft"(%q, %k, %v, %pk, %pv, %n, %t, %c, %s, %i) {num_heads = 4 : i64, kv_num_heads = 2 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?xi32>, tensor<i32>, tensor<64x4xf32>, tensor<64x4xf32>, tensor<?xi64>) -> (tensor<?x?x32xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>)
  return
}

// -----

func.func @gqa_bias(%q: tensor<?x?x32xf32>, %k: tensor<?x?x16xf32>, %v: tensor<?x?x16xf32>, %pk: tensor<?x2x?x8xf32>, %pv: tensor<?x2x?x8xf32>, %n: tensor<?xi32>, %t: tensor<i32>, %b: tensor<?x?xf32>) {
  // expected-error @+1 {{GroupQueryAttention: attention_bias must be floats of rank 4}}
  %0:3 = onnxir.node "GroupQueryAttention" domain "com.microsoft"(%q, %k, %v, %pk, %pv, %n, %t, none, none, none, %b) {num_heads = 4 : i64, kv_num_heads = 2 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?xi32>, tensor<i32>, tensor<?x?xf32>) -> (tensor<?x?x32xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>)
  return
}

// -----

func.func @gqa_sinks(%q: tensor<?x?x32xf32>, %k: tensor<?x?x16xf32>, %v: tensor<?x?x16xf32>, %pk: tensor<?x2x?x8xf32>, %pv: tensor<?x2x?x8xf32>, %n: tensor<?xi32>, %t: tensor<i32>, %b: tensor<4x1xf32>) {
  // expected-error @+1 {{GroupQueryAttention: sinks and weights of norms must be floats of rank 1}}
  %0:3 = onnxir.node "GroupQueryAttention" domain "com.microsoft"(%q, %k, %v, %pk, %pv, %n, %t, none, none, none, none, %b) {num_heads = 4 : i64, kv_num_heads = 2 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?xi32>, tensor<i32>, tensor<4x1xf32>) -> (tensor<?x?x32xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>)
  return
}

// -----

func.func @gqa_quantised(%q: tensor<?x?x32xf32>, %k: tensor<?x?x16xf32>, %v: tensor<?x?x16xf32>, %pk: tensor<?x2x?x8xf32>, %pv: tensor<?x2x?x8xf32>, %n: tensor<?xi32>, %t: tensor<i32>) {
  // expected-error @+1 {{GroupQueryAttention: a quantised cache is not supported}}
  %0:3 = onnxir.node "GroupQueryAttention" domain "com.microsoft"(%q, %k, %v, %pk, %pv, %n, %t) {num_heads = 4 : i64, kv_num_heads = 2 : i64, k_quant_type = "PER_TENSOR"}
      : (tensor<?x?x32xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?xi32>, tensor<i32>) -> (tensor<?x?x32xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>)
  return
}

// -----

func.func @gqa_sliding(%q: tensor<?x?x32xf32>, %k: tensor<?x?x16xf32>, %v: tensor<?x?x16xf32>, %pk: tensor<?x2x?x8xf32>, %pv: tensor<?x2x?x8xf32>, %n: tensor<?xi32>, %t: tensor<i32>) {
  // expected-error @+1 {{GroupQueryAttention: sliding_window_cache is not supported}}
  %0:3 = onnxir.node "GroupQueryAttention" domain "com.microsoft"(%q, %k, %v, %pk, %pv, %n, %t) {num_heads = 4 : i64, kv_num_heads = 2 : i64, sliding_window_cache = 1 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?xi32>, tensor<i32>) -> (tensor<?x?x32xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>)
  return
}

// -----

func.func @gqa_query_lengths(%q: tensor<?x?x32xf32>, %k: tensor<?x?x16xf32>, %v: tensor<?x?x16xf32>, %pk: tensor<?x2x?x8xf32>, %pv: tensor<?x2x?x8xf32>, %n: tensor<?xi32>, %t: tensor<i32>, %b: tensor<?xi32>) {
  // expected-error @+1 {{GroupQueryAttention: query_seqlens is not supported}}
  %0:3 = onnxir.node "GroupQueryAttention" domain "com.microsoft"(%q, %k, %v, %pk, %pv, %n, %t, none, none, none, none, none, none, none, none, none, %b) {num_heads = 4 : i64, kv_num_heads = 2 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?xi32>, tensor<i32>, tensor<?xi32>) -> (tensor<?x?x32xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>)
  return
}

// -----

func.func @gqa_qk(%q: tensor<?x?x32xf32>, %k: tensor<?x?x16xf32>, %v: tensor<?x?x16xf32>, %pk: tensor<?x2x?x8xf32>, %pv: tensor<?x2x?x8xf32>, %n: tensor<?xi32>, %t: tensor<i32>) {
  // expected-error @+1 {{GroupQueryAttention: output_qk is not supported}}
  %0:4 = onnxir.node "GroupQueryAttention" domain "com.microsoft"(%q, %k, %v, %pk, %pv, %n, %t) {num_heads = 4 : i64, kv_num_heads = 2 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?xi32>, tensor<i32>) -> (tensor<?x?x32xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x4x?x?xf32>)
  return
}

// -----

func.func @gqa_size(%q: tensor<?x?x?xf32>, %k: tensor<?x?x16xf32>, %v: tensor<?x?x16xf32>, %pk: tensor<?x2x?x8xf32>, %pv: tensor<?x2x?x8xf32>, %n: tensor<?xi32>, %t: tensor<i32>) {
  // expected-error @+1 {{GroupQueryAttention: the head size is not known}}
  %0:3 = onnxir.node "GroupQueryAttention" domain "com.microsoft"(%q, %k, %v, %pk, %pv, %n, %t) {num_heads = 4 : i64, kv_num_heads = 2 : i64}
      : (tensor<?x?x?xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?xi32>, tensor<i32>) -> (tensor<?x?x32xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>)
  return
}

// -----

func.func @rotary_packed(%q: tensor<?x?x32xf32>, %i: tensor<?x?xi64>, %c: tensor<64x4xf32>, %s: tensor<64x4xf32>) {
  // expected-error @+1 {{RotaryEmbedding: is_packed_batching is not supported}}
  %0 = onnxir.node "RotaryEmbedding" domain "com.microsoft"(%q, %i, %c, %s) {is_packed_batching = 1 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?xi64>, tensor<64x4xf32>, tensor<64x4xf32>) -> tensor<?x?x32xf32>
  return
}

// -----

func.func @rotary_scale(%q: tensor<?x?x32xf32>, %i: tensor<?x?xi64>, %c: tensor<64x4xf32>, %s: tensor<64x4xf32>) {
  // expected-error @+1 {{RotaryEmbedding: a scale other than 1 is not supported}}
  %0 = onnxir.node "RotaryEmbedding" domain "com.microsoft"(%q, %i, %c, %s) {scale = 0.5 : f32}
      : (tensor<?x?x32xf32>, tensor<?x?xi64>, tensor<64x4xf32>, tensor<64x4xf32>) -> tensor<?x?x32xf32>
  return
}
