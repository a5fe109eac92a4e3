// RUN: moe-opt %s --onnxir-infer-types --split-input-file --verify-diagnostics

func.func @ranks(%c: tensor<i1>, %x: tensor<4xf32>, %y: tensor<2x2xf32>) -> !onnxir.any {
  // expected-error @+1 {{If: branches give 'tensor<4xf32>' and 'tensor<2x2xf32>' for output 0}}
  %0 = onnxir.node "If"(%c) graph "then_branch" {
    onnxir.yield %x : tensor<4xf32>
  } graph "else_branch" {
    onnxir.yield %y : tensor<2x2xf32>
  } : (tensor<i1>) -> !onnxir.any
  return %0 : !onnxir.any
}

// -----

func.func @branch(%c: tensor<i1>, %x: tensor<4xf32>) {
  // expected-error @+1 {{If: needs a then_branch and an else_branch}}
  %0 = onnxir.node "If"(%c) graph "then_branch" {
    onnxir.yield %x : tensor<4xf32>
  } : (tensor<i1>) -> !onnxir.any
  return
}

// -----

func.func @number(%c: tensor<i1>, %x: tensor<4xf32>) {
  // expected-error @+1 {{If: branches give another number of values}}
  %0 = onnxir.node "If"(%c) graph "then_branch" {
    onnxir.yield
  } graph "else_branch" {
    onnxir.yield %x : tensor<4xf32>
  } : (tensor<i1>) -> !onnxir.any
  return
}

// -----

func.func @carried(%x: tensor<4xf32>, %y: tensor<2x2xf32>) {
  // expected-error @+1 {{Loop: the body makes 'tensor<2x2xf32>' of 'tensor<4xf32>'}}
  %0 = onnxir.node "Loop"(none, none, %x) graph "body" {
  ^bb0(%i: !onnxir.any, %c: !onnxir.any, %a: !onnxir.any):
    onnxir.yield %c, %y : !onnxir.any, tensor<2x2xf32>
  } : (tensor<4xf32>) -> !onnxir.any
  return
}

// -----

func.func @gap(%x: tensor<4xf32>) {
  // expected-error @+1 {{Loop: input 2 is missing}}
  %0:2 = onnxir.node "Loop"(none, none, none, %x) graph "body" {
  ^bb0(%i: !onnxir.any, %c: !onnxir.any, %a: !onnxir.any, %b: !onnxir.any):
    onnxir.yield %c, %a, %b : !onnxir.any, !onnxir.any, !onnxir.any
  } : (tensor<4xf32>) -> (!onnxir.any, !onnxir.any)
  return
}

// -----

func.func @fit(%x: tensor<4xf32>) {
  // expected-error @+1 {{Loop: the body does not fit inputs and outputs}}
  %0 = onnxir.node "Loop"(none, none, %x) graph "body" {
  ^bb0(%i: !onnxir.any):
    onnxir.yield %i : !onnxir.any
  } : (tensor<4xf32>) -> !onnxir.any
  return
}

// -----

func.func @scan_axis(%x: tensor<4xf32>) {
  // expected-error @+1 {{Scan: the axis of input 0 is out of range}}
  %0 = onnxir.node "Scan"(%x) {num_scan_inputs = 1 : i64, scan_input_axes = array<i64: 1>} graph "body" {
  ^bb0(%a: !onnxir.any):
    onnxir.yield %a : !onnxir.any
  } : (tensor<4xf32>) -> !onnxir.any
  return
}

// -----

func.func @scan_gap(%x: tensor<4xf32>) {
  // expected-error @+1 {{Scan: input 0 is missing}}
  %0:2 = onnxir.node "Scan"(none, %x) {num_scan_inputs = 1 : i64} graph "body" {
  ^bb0(%s: !onnxir.any, %a: !onnxir.any):
    onnxir.yield %s, %a : !onnxir.any, !onnxir.any
  } : (tensor<4xf32>) -> (!onnxir.any, !onnxir.any)
  return
}

// -----

func.func @axes(%x: tensor<4xf32>, %a: tensor<2xi64>) {
  // expected-error @+1 {{ReduceSum: has more axes than its input}}
  %0 = onnxir.node "ReduceSum"(%x, %a) {keepdims = 0 : i64}
      : (tensor<4xf32>, tensor<2xi64>) -> !onnxir.any
  return
}

// -----

func.func @output_type(%x: tensor<4xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{QuantizeLinear: output_dtype 99 does not exist or is not the zero point's type}}
  %0 = onnxir.node "QuantizeLinear"(%x, %s) {output_dtype = 99 : i64}
      : (tensor<4xf32>, tensor<f32>) -> !onnxir.any
  return
}

// -----

func.func @dequantized_type(%x: tensor<4xui8>, %s: tensor<f32>) {
  // expected-error @+1 {{DequantizeLinear: output_dtype 99 does not exist}}
  %0 = onnxir.node "DequantizeLinear"(%x, %s) {output_dtype = 99 : i64}
      : (tensor<4xui8>, tensor<f32>) -> !onnxir.any
  return
}

// -----

func.func @linear_attention(%x: tensor<4xf32>) {
  // expected-error @+1 {{LinearAttention: operands must be floats of rank 3}}
  %0 = onnxir.node "LinearAttention"(%x, %x, %x) {q_num_heads = 1 : i64, kv_num_heads = 1 : i64}
      : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> !onnxir.any
  return
}

// -----

func.func @linear_attention_heads(%x: tensor<1x2x4xf32>) {
  // expected-error @+1 {{LinearAttention: q_num_heads and kv_num_heads must be positive}}
  %0 = onnxir.node "LinearAttention"(%x, %x, %x) {q_num_heads = 0 : i64, kv_num_heads = 1 : i64}
      : (tensor<1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>) -> !onnxir.any
  return
}

// -----

func.func @depth(%x: tensor<4xf32>) {
  %r0 = onnxir.node "Loop"(none, none, %x) graph "body" {
  ^bb0(%i0: tensor<i64>, %c0: tensor<i1>, %a0: !onnxir.any):
  %r1 = onnxir.node "Loop"(none, none, %x) graph "body" {
  ^bb0(%i1: tensor<i64>, %c1: tensor<i1>, %a1: !onnxir.any):
  %r2 = onnxir.node "Loop"(none, none, %x) graph "body" {
  ^bb0(%i2: tensor<i64>, %c2: tensor<i1>, %a2: !onnxir.any):
  %r3 = onnxir.node "Loop"(none, none, %x) graph "body" {
  ^bb0(%i3: tensor<i64>, %c3: tensor<i1>, %a3: !onnxir.any):
  %r4 = onnxir.node "Loop"(none, none, %x) graph "body" {
  ^bb0(%i4: tensor<i64>, %c4: tensor<i1>, %a4: !onnxir.any):
  %r5 = onnxir.node "Loop"(none, none, %x) graph "body" {
  ^bb0(%i5: tensor<i64>, %c5: tensor<i1>, %a5: !onnxir.any):
  %r6 = onnxir.node "Loop"(none, none, %x) graph "body" {
  ^bb0(%i6: tensor<i64>, %c6: tensor<i1>, %a6: !onnxir.any):
  %r7 = onnxir.node "Loop"(none, none, %x) graph "body" {
  ^bb0(%i7: tensor<i64>, %c7: tensor<i1>, %a7: !onnxir.any):
  // expected-error @+1 {{Loop: loops nest deeper than 8 levels}}
  %r8 = onnxir.node "Loop"(none, none, %x) graph "body" {
  ^bb0(%i8: tensor<i64>, %c8: tensor<i1>, %a8: !onnxir.any):
    onnxir.yield %c8, %x : tensor<i1>, tensor<4xf32>
  } : (tensor<4xf32>) -> !onnxir.any
    onnxir.yield %c7, %x : tensor<i1>, tensor<4xf32>
  } : (tensor<4xf32>) -> !onnxir.any
    onnxir.yield %c6, %x : tensor<i1>, tensor<4xf32>
  } : (tensor<4xf32>) -> !onnxir.any
    onnxir.yield %c5, %x : tensor<i1>, tensor<4xf32>
  } : (tensor<4xf32>) -> !onnxir.any
    onnxir.yield %c4, %x : tensor<i1>, tensor<4xf32>
  } : (tensor<4xf32>) -> !onnxir.any
    onnxir.yield %c3, %x : tensor<i1>, tensor<4xf32>
  } : (tensor<4xf32>) -> !onnxir.any
    onnxir.yield %c2, %x : tensor<i1>, tensor<4xf32>
  } : (tensor<4xf32>) -> !onnxir.any
    onnxir.yield %c1, %x : tensor<i1>, tensor<4xf32>
  } : (tensor<4xf32>) -> !onnxir.any
    onnxir.yield %c0, %x : tensor<i1>, tensor<4xf32>
  } : (tensor<4xf32>) -> !onnxir.any
  return
}
