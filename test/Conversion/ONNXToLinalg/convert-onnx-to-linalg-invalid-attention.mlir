// RUN: moe-opt %s --convert-onnx-to-linalg --split-input-file --verify-diagnostics

func.func @rank(%q: tensor<?x32xf32>, %k: tensor<?x?x16xf32>, %v: tensor<?x?x16xf32>) {
  // expected-error @+1 {{Attention: input 0 must have rank 3 or 4}}
  %0 = onnxir.node "Attention"(%q, %k, %v) {q_num_heads = 4 : i64, kv_num_heads = 2 : i64}
      : (tensor<?x32xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>) -> tensor<?x?x32xf32>
  return
}

// -----

func.func @heads(%q: tensor<?x?x32xf32>, %k: tensor<?x?x16xf32>, %v: tensor<?x?x16xf32>) {
  // expected-error @+1 {{Attention: q_num_heads is missing}}
  %0 = onnxir.node "Attention"(%q, %k, %v)
      : (tensor<?x?x32xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>) -> tensor<?x?x32xf32>
  return
}

// -----

func.func @integers(%q: tensor<?x?x32xi32>, %k: tensor<?x?x16xf32>, %v: tensor<?x?x16xf32>) {
  // expected-error @+1 {{Attention: needs floating-point elements}}
  %0 = onnxir.node "Attention"(%q, %k, %v) {q_num_heads = 4 : i64, kv_num_heads = 2 : i64}
      : (tensor<?x?x32xi32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>) -> tensor<?x?x32xf32>
  return
}

// -----

func.func @cache(%q: tensor<?x?x32xf32>, %k: tensor<?x?x16xf32>, %v: tensor<?x?x16xf32>, %pk: tensor<?x2x?x8xf16>, %pv: tensor<?x2x?x8xf32>) {
  // expected-error @+1 {{Attention: the cache must have rank 4 and the element type of what is added}}
  %0 = onnxir.node "Attention"(%q, %k, %v, none, %pk, %pv) {q_num_heads = 4 : i64, kv_num_heads = 2 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x2x?x8xf16>, tensor<?x2x?x8xf32>) -> tensor<?x?x32xf32>
  return
}

// -----

func.func @head_size(%q: tensor<?x?x?xf32>, %k: tensor<?x?x16xf32>, %v: tensor<?x?x16xf32>) {
  // expected-error @+1 {{Attention: the head size is not known}}
  %0 = onnxir.node "Attention"(%q, %k, %v) {q_num_heads = 4 : i64, kv_num_heads = 2 : i64}
      : (tensor<?x?x?xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>) -> tensor<?x?x32xf32>
  return
}

// -----

func.func @lengths(%q: tensor<?x?x32xf32>, %k: tensor<?x?x16xf32>, %v: tensor<?x?x16xf32>, %pk: tensor<?x2x?x8xf32>, %pv: tensor<?x2x?x8xf32>, %n: tensor<?xi64>) {
  // expected-error @+1 {{Attention: has a cache and the lengths of an outer one}}
  %0 = onnxir.node "Attention"(%q, %k, %v, none, %pk, %pv, %n) {q_num_heads = 4 : i64, kv_num_heads = 2 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?xi64>) -> tensor<?x?x32xf32>
  return
}

// -----

func.func @lengths_type(%q: tensor<?x?x32xf32>, %k: tensor<?x?x16xf32>, %v: tensor<?x?x16xf32>, %n: tensor<?xf32>) {
  // expected-error @+1 {{Attention: nonpad_kv_seqlen must be integers of rank 1}}
  %0 = onnxir.node "Attention"(%q, %k, %v, none, none, none, %n) {q_num_heads = 4 : i64, kv_num_heads = 2 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?xf32>) -> tensor<?x?x32xf32>
  return
}

// -----

func.func @mask(%q: tensor<?x?x32xf32>, %k: tensor<?x?x16xf32>, %v: tensor<?x?x16xf32>, %m: tensor<?x?xi64>) {
  // expected-error @+1 {{Attention: the mask must be booleans or floats of rank 1 to 4}}
  %0 = onnxir.node "Attention"(%q, %k, %v, %m) {q_num_heads = 4 : i64, kv_num_heads = 2 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x?xi64>) -> tensor<?x?x32xf32>
  return
}

// -----

func.func @mode(%q: tensor<?x?x32xf32>, %k: tensor<?x?x16xf32>, %v: tensor<?x?x16xf32>) {
  // expected-error @+1 {{Attention: qk_matmul_output_mode 4 does not exist}}
  %0:4 = onnxir.node "Attention"(%q, %k, %v) {q_num_heads = 4 : i64, kv_num_heads = 2 : i64, qk_matmul_output_mode = 4 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>) -> (tensor<?x?x32xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x4x?x?xf32>)
  return
}

// -----

func.func @rotary_input(%x: tensor<?x32xf32>, %c: tensor<64x4xf32>, %s: tensor<64x4xf32>) {
  // expected-error @+1 {{RotaryEmbedding: the input must be floats of rank 3 or 4}}
  %0 = onnxir.node "RotaryEmbedding"(%x, %c, %s)
      : (tensor<?x32xf32>, tensor<64x4xf32>, tensor<64x4xf32>) -> tensor<?x32xf32>
  return
}

// -----

func.func @rotary_heads(%q: tensor<?x?x32xf32>, %c: tensor<?x?x?xf32>, %s: tensor<?x?x?xf32>) {
  // expected-error @+1 {{RotaryEmbedding: num_heads is missing}}
  %0 = onnxir.node "RotaryEmbedding"(%q, %c, %s)
      : (tensor<?x?x32xf32>, tensor<?x?x?xf32>, tensor<?x?x?xf32>) -> tensor<?x?x32xf32>
  return
}

// -----

func.func @rotary_size(%x: tensor<?x4x?x?xf32>, %c: tensor<?x?x4xf32>, %s: tensor<?x?x4xf32>) {
  // expected-error @+1 {{RotaryEmbedding: the head size is not known}}
  %0 = onnxir.node "RotaryEmbedding"(%x, %c, %s)
      : (tensor<?x4x?x?xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x4x?x?xf32>
  return
}

// -----

func.func @rotary_odd(%q: tensor<?x?x32xf32>, %c: tensor<?x?x4xf32>, %s: tensor<?x?x4xf32>) {
  // expected-error @+1 {{RotaryEmbedding: the rotated size must be even}}
  %0 = onnxir.node "RotaryEmbedding"(%q, %c, %s) {num_heads = 4 : i64, rotary_embedding_dim = 3 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x32xf32>
  return
}

// -----

func.func @rotary_scalar(%q: tensor<?x?x32xf32>, %c: tensor<f32>, %s: tensor<?x?x4xf32>) {
  // expected-error @+1 {{RotaryEmbedding: caches must not be scalars}}
  %0 = onnxir.node "RotaryEmbedding"(%q, %c, %s) {num_heads = 4 : i64}
      : (tensor<?x?x32xf32>, tensor<f32>, tensor<?x?x4xf32>) -> tensor<?x?x32xf32>
  return
}

// -----

func.func @rotary_rank3(%q: tensor<?x?x32xf32>, %c: tensor<?x4xf32>, %s: tensor<?x4xf32>) {
  // expected-error @+1 {{RotaryEmbedding: caches must be floats of rank 3 without position_ids}}
  %0 = onnxir.node "RotaryEmbedding"(%q, %c, %s) {num_heads = 4 : i64}
      : (tensor<?x?x32xf32>, tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x?x32xf32>
  return
}

// -----

func.func @rotary_rank2(%q: tensor<?x?x32xf32>, %c: tensor<?x?x4xf32>, %s: tensor<?x?x4xf32>, %i: tensor<?x?xi64>) {
  // expected-error @+1 {{RotaryEmbedding: caches must be floats of rank 2 with position_ids}}
  %0 = onnxir.node "RotaryEmbedding"(%q, %c, %s, %i) {num_heads = 4 : i64}
      : (tensor<?x?x32xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?xi64>) -> tensor<?x?x32xf32>
  return
}

// -----

func.func @rotary_ids(%q: tensor<?x?x32xf32>, %c: tensor<?x4xf32>, %s: tensor<?x4xf32>, %i: tensor<?x?xf32>) {
  // expected-error @+1 {{RotaryEmbedding: position_ids must be integers of rank 2 at most}}
  %0 = onnxir.node "RotaryEmbedding"(%q, %c, %s, %i) {num_heads = 4 : i64}
      : (tensor<?x?x32xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x?xf32>) -> tensor<?x?x32xf32>
  return
}

// -----

func.func @precision(%x: tensor<1x2x3x4xf32>) {
  // expected-error @+1 {{Attention: softmax_precision 7 is not supported}}
  %0 = onnxir.node "Attention"(%x, %x, %x) {softmax_precision = 7 : i64}
      : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  return
}
