// RUN: moe-opt %s --convert-onnx-to-linalg --split-input-file --verify-diagnostics

func.func @rule(%q: tensor<2x6x8xf32>) {
  // expected-error @+1 {{LinearAttention: the update_rule does not exist}}
  %0 = onnxir.node "LinearAttention"(%q, %q, %q) {q_num_heads = 2 : i64, kv_num_heads = 2 : i64, update_rule = "other"}
      : (tensor<2x6x8xf32>, tensor<2x6x8xf32>, tensor<2x6x8xf32>) -> tensor<2x6x8xf32>
  return
}

// -----

func.func @heads(%q: tensor<2x6x8xf32>) {
  // expected-error @+1 {{LinearAttention: q_num_heads is no multiple of kv_num_heads}}
  %0 = onnxir.node "LinearAttention"(%q, %q, %q) {q_num_heads = 2 : i64, kv_num_heads = 4 : i64, update_rule = "linear"}
      : (tensor<2x6x8xf32>, tensor<2x6x8xf32>, tensor<2x6x8xf32>) -> tensor<2x6x8xf32>
  return
}

// -----

func.func @window(%q: tensor<2x6x8xf32>) {
  // expected-error @+1 {{LinearAttention: state_window is not supported}}
  %0 = onnxir.node "LinearAttention" domain "com.microsoft"(%q, %q, %q) {q_num_heads = 2 : i64, kv_num_heads = 2 : i64, update_rule = "linear", state_window = 2 : i64}
      : (tensor<2x6x8xf32>, tensor<2x6x8xf32>, tensor<2x6x8xf32>) -> tensor<2x6x8xf32>
  return
}

// -----

func.func @rank(%q: tensor<2x6x8xf32>, %k: tensor<2x6x2x4xf32>) {
  // expected-error @+1 {{LinearAttention: operands must be floats of rank 3}}
  %0 = onnxir.node "LinearAttention"(%q, %k, %q) {q_num_heads = 2 : i64, kv_num_heads = 2 : i64, update_rule = "linear"}
      : (tensor<2x6x8xf32>, tensor<2x6x2x4xf32>, tensor<2x6x8xf32>) -> tensor<2x6x8xf32>
  return
}

// -----

func.func @state(%q: tensor<2x6x8xf32>) {
  // expected-error @+1 {{LinearAttention: the state must be floats of rank 4}}
  %0 = onnxir.node "LinearAttention"(%q, %q, %q, %q) {q_num_heads = 2 : i64, kv_num_heads = 2 : i64, update_rule = "linear"}
      : (tensor<2x6x8xf32>, tensor<2x6x8xf32>, tensor<2x6x8xf32>, tensor<2x6x8xf32>) -> tensor<2x6x8xf32>
  return
}

// -----

func.func @decay(%q: tensor<2x6x8xf32>) {
  // expected-error @+1 {{LinearAttention: decay or beta is missing}}
  %0 = onnxir.node "LinearAttention"(%q, %q, %q) {q_num_heads = 2 : i64, kv_num_heads = 2 : i64}
      : (tensor<2x6x8xf32>, tensor<2x6x8xf32>, tensor<2x6x8xf32>) -> tensor<2x6x8xf32>
  return
}

// -----

func.func @open(%q: tensor<2x6x8xf32>, %d: tensor<2x6x?xf32>) {
  // expected-error @+1 {{LinearAttention: the last size of decay or beta is not known}}
  %0 = onnxir.node "LinearAttention"(%q, %q, %q, none, %d) {q_num_heads = 2 : i64, kv_num_heads = 2 : i64, update_rule = "gated"}
      : (tensor<2x6x8xf32>, tensor<2x6x8xf32>, tensor<2x6x8xf32>, tensor<2x6x?xf32>) -> tensor<2x6x8xf32>
  return
}

// -----

func.func @size(%q: tensor<2x6x?xf32>) {
  // expected-error @+1 {{LinearAttention: the head size is not known}}
  %0 = onnxir.node "LinearAttention"(%q, %q, %q) {q_num_heads = 2 : i64, kv_num_heads = 2 : i64, update_rule = "linear"}
      : (tensor<2x6x?xf32>, tensor<2x6x?xf32>, tensor<2x6x?xf32>) -> tensor<2x6x?xf32>
  return
}
