// RUN: moe-opt %s --convert-moe-to-triton --split-input-file --verify-diagnostics

func.func @unfused(%x: tensor<4x8xf32>, %ids: tensor<4x1xi32>, %w: tensor<4x1xf32>, %a: tensor<2x8x8xf32>) -> tensor<4x8xf32> {
  %p = moe.plan %ids : tensor<4x1xi32> -> !moe.plan<2>
  %m = moe.weights %a : tensor<2x8x8xf32> -> !moe.weights<2x8x8, f32>
  %e = moe.ffn_experts up(%m : !moe.weights<2x8x8, f32>) down(%m : !moe.weights<2x8x8, f32>) activation<relu> : !moe.experts<2, 8 -> 8>
  // expected-error @below {{has no Triton kernel: dispatch and combine are not fused into it}}
  %y = moe.experts %x, %p, (%e) combine(%w : tensor<4x1xf32>) : tensor<4x8xf32>, !moe.plan<2>, !moe.experts<2, 8 -> 8> -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

func.func @plan(%x: tensor<4x8xf32>, %p: !moe.plan<2>, %w: tensor<4x1xf32>, %a: tensor<2x8x8xf32>) -> tensor<4x8xf32> {
  %m = moe.weights %a : tensor<2x8x8xf32> -> !moe.weights<2x8x8, f32>
  %e = moe.ffn_experts up(%m : !moe.weights<2x8x8, f32>) down(%m : !moe.weights<2x8x8, f32>) activation<relu> : !moe.experts<2, 8 -> 8>
  // expected-error @below {{has no Triton kernel: its plan is not made by moe.plan}}
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<4x1xf32>) : tensor<4x8xf32>, !moe.plan<2>, !moe.experts<2, 8 -> 8> -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

func.func @choice(%x: tensor<4x8xf32>, %ids: tensor<2x3xi32>, %w: tensor<2x3xf32>, %n: index, %a: tensor<2x8x8xf32>) -> tensor<4x8xf32> {
  %p = moe.plan %ids tokens(%n) : tensor<2x3xi32> -> !moe.plan<2, expert_choice>
  %m = moe.weights %a : tensor<2x8x8xf32> -> !moe.weights<2x8x8, f32>
  %e = moe.ffn_experts up(%m : !moe.weights<2x8x8, f32>) down(%m : !moe.weights<2x8x8, f32>) activation<relu> : !moe.experts<2, 8 -> 8>
  // expected-error @below {{has no Triton kernel: its experts choose tokens}}
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<2x3xf32>) : tensor<4x8xf32>, !moe.plan<2, expert_choice>, !moe.experts<2, 8 -> 8> -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

func.func @kind(%x: tensor<4x8xf32>, %ids: tensor<4x1xi32>, %w: tensor<4x1xf32>) -> tensor<4x8xf32> {
  %p = moe.plan %ids : tensor<4x1xi32> -> !moe.plan<1>
  %z = moe.copy_experts : !moe.experts<1, 8 -> 8>
  // expected-error @below {{has no Triton kernel: its experts are not moe.ffn_experts}}
  %y = moe.experts %x, %p, (%z) gather combine(%w : tensor<4x1xf32>) : tensor<4x8xf32>, !moe.plan<1>, !moe.experts<1, 8 -> 8> -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

func.func @f64(%x: tensor<4x8xf64>, %ids: tensor<4x1xi32>, %w: tensor<4x1xf32>, %a: tensor<2x8x8xf32>) -> tensor<4x8xf64> {
  %p = moe.plan %ids : tensor<4x1xi32> -> !moe.plan<2>
  %m = moe.weights %a : tensor<2x8x8xf32> -> !moe.weights<2x8x8, f32>
  %e = moe.ffn_experts up(%m : !moe.weights<2x8x8, f32>) down(%m : !moe.weights<2x8x8, f32>) activation<relu> : !moe.experts<2, 8 -> 8>
  // expected-error @below {{has no Triton kernel: it computes in f64}}
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<4x1xf32>) : tensor<4x8xf64>, !moe.plan<2>, !moe.experts<2, 8 -> 8> -> tensor<4x8xf64>
  return %y : tensor<4x8xf64>
}

// -----

func.func @storage(%x: tensor<4x8xf32>, %ids: tensor<4x1xi32>, %w: tensor<4x1xf32>, %a: tensor<2x8x8xf8E4M3FN>) -> tensor<4x8xf32> {
  %p = moe.plan %ids : tensor<4x1xi32> -> !moe.plan<2>
  %m = moe.weights %a : tensor<2x8x8xf8E4M3FN> -> !moe.weights<2x8x8, f8E4M3FN>
  %e = moe.ffn_experts up(%m : !moe.weights<2x8x8, f8E4M3FN>) down(%m : !moe.weights<2x8x8, f8E4M3FN>) activation<relu> : !moe.experts<2, 8 -> 8>
  // expected-error @below {{has no Triton kernel: its weights are stored as 'f8E4M3FN'}}
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<4x1xf32>) : tensor<4x8xf32>, !moe.plan<2>, !moe.experts<2, 8 -> 8> -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

func.func @low_rank(%x: tensor<4x8xf32>, %ids: tensor<4x1xi32>, %w: tensor<4x1xf32>, %a: tensor<2x8x8xf32>) -> tensor<4x8xf32> {
  %p = moe.plan %ids : tensor<4x1xi32> -> !moe.plan<2>
  %m = moe.weights %a : tensor<2x8x8xf32> -> !moe.weights<2x8x8, f32>
  %l = moe.low_rank_weights %m, %m, %m : !moe.weights<2x8x8, f32>, !moe.weights<2x8x8, f32>, !moe.weights<2x8x8, f32> -> !moe.weights<2x8x8, f32>
  %e = moe.ffn_experts up(%l : !moe.weights<2x8x8, f32>) down(%m : !moe.weights<2x8x8, f32>) activation<relu> : !moe.experts<2, 8 -> 8>
  // expected-error @below {{has no Triton kernel: its weights are not made by moe.weights}}
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<4x1xf32>) : tensor<4x8xf32>, !moe.plan<2>, !moe.experts<2, 8 -> 8> -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

func.func @blocks(%x: tensor<4x24xf32>, %ids: tensor<4x1xi32>, %w: tensor<4x1xf32>, %a: tensor<2x24x24xi8>, %s: tensor<2x24x3xf32>) -> tensor<4x24xf32> {
  %p = moe.plan %ids : tensor<4x1xi32> -> !moe.plan<2>
  %m = moe.weights %a scales(%s : tensor<2x24x3xf32>) block(8) : tensor<2x24x24xi8> -> !moe.weights<2x24x24, i8>
  %e = moe.ffn_experts up(%m : !moe.weights<2x24x24, i8>) down(%m : !moe.weights<2x24x24, i8>) activation<relu> : !moe.experts<2, 24 -> 24>
  // expected-error @below {{has no Triton kernel: its weights have a scale for each 8 inputs}}
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<4x1xf32>) : tensor<4x24xf32>, !moe.plan<2>, !moe.experts<2, 24 -> 24> -> tensor<4x24xf32>
  return %y : tensor<4x24xf32>
}

// -----

func.func @packed_by_output(%x: tensor<4x24xf32>, %ids: tensor<4x1xi32>, %w: tensor<4x1xf32>, %a: tensor<2x24x12xi8>, %s: tensor<2x24xf32>) -> tensor<4x24xf32> {
  %p = moe.plan %ids : tensor<4x1xi32> -> !moe.plan<2>
  %m = moe.weights %a scales(%s : tensor<2x24xf32>) layout<transposed = true> : tensor<2x24x12xi8> -> !moe.weights<2x24x24, i4>
  %e = moe.ffn_experts up(%m : !moe.weights<2x24x24, i4>) down(%m : !moe.weights<2x24x24, i4>) activation<relu> : !moe.experts<2, 24 -> 24>
  // expected-error @below {{has no Triton kernel: codes of less than a byte are packed by output}}
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<4x1xf32>) : tensor<4x24xf32>, !moe.plan<2>, !moe.experts<2, 24 -> 24> -> tensor<4x24xf32>
  return %y : tensor<4x24xf32>
}

// -----

func.func @gate_types(%x: tensor<4x8xf32>, %ids: tensor<4x1xi32>, %w: tensor<4x1xf32>, %a: tensor<2x8x8xf32>, %b: tensor<2x8x8xf16>) -> tensor<4x8xf32> {
  %p = moe.plan %ids : tensor<4x1xi32> -> !moe.plan<2>
  %m = moe.weights %a : tensor<2x8x8xf32> -> !moe.weights<2x8x8, f32>
  %n = moe.weights %b : tensor<2x8x8xf16> -> !moe.weights<2x8x8, f16>
  %e = moe.ffn_experts up(%m : !moe.weights<2x8x8, f32>) gate(%n : !moe.weights<2x8x8, f16>) down(%m : !moe.weights<2x8x8, f32>) activation<relu> : !moe.experts<2, 8 -> 8>
  // expected-error @below {{has no Triton kernel: gate and up are stored as different types}}
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<4x1xf32>) : tensor<4x8xf32>, !moe.plan<2>, !moe.experts<2, 8 -> 8> -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

func.func @one_bias(%x: tensor<4x8xf32>, %ids: tensor<4x1xi32>, %w: tensor<4x1xf32>, %a: tensor<2x8x8xf32>, %b: tensor<2x8xf32>) -> tensor<4x8xf32> {
  %p = moe.plan %ids : tensor<4x1xi32> -> !moe.plan<2>
  %m = moe.weights %a : tensor<2x8x8xf32> -> !moe.weights<2x8x8, f32>
  %n = moe.weights %b : tensor<2x8xf32> -> !moe.weights<2x8, f32>
  %e = moe.ffn_experts up(%m bias %n : !moe.weights<2x8x8, f32>, !moe.weights<2x8, f32>) gate(%m : !moe.weights<2x8x8, f32>) down(%m : !moe.weights<2x8x8, f32>) activation<relu> : !moe.experts<2, 8 -> 8>
  // expected-error @below {{has no Triton kernel: only one of gate and up has a bias}}
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<4x1xf32>) : tensor<4x8xf32>, !moe.plan<2>, !moe.experts<2, 8 -> 8> -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

func.func @select(%logits: tensor<4x2xf32>) -> (tensor<4x2xf32>, tensor<4x2xi32>) {
  // expected-error @below {{has no Triton kernel: its gate selects by all}}
  %w, %ids = moe.gate %logits score<softmax> select<all, k = 2> : tensor<4x2xf32> -> tensor<4x2xf32>, tensor<4x2xi32>
  return %w, %ids : tensor<4x2xf32>, tensor<4x2xi32>
}

// -----

func.func @capacity(%logits: tensor<4x2xf32>) -> (tensor<4x1xf32>, tensor<4x1xi32>) {
  // expected-error @below {{has no Triton kernel: its gate limits the capacity of experts}}
  %w, %ids = moe.gate %logits score<softmax> select<top_k, k = 1> capacity<count = 3> : tensor<4x2xf32> -> tensor<4x1xf32>, tensor<4x1xi32>
  return %w, %ids : tensor<4x1xf32>, tensor<4x1xi32>
}

// -----

func.func @wide_gate(%logits: tensor<4x2xf64>) -> (tensor<4x1xf32>, tensor<4x1xi32>) {
  // expected-error @below {{has no Triton kernel: its gate computes in f64}}
  %w, %ids = moe.gate %logits score<softmax> select<top_k, k = 1> : tensor<4x2xf64> -> tensor<4x1xf32>, tensor<4x1xi32>
  return %w, %ids : tensor<4x1xf32>, tensor<4x1xi32>
}

// -----

func.func @dispatch(%x: tensor<4x8xf32>, %p: !moe.plan<2>) -> tensor<?x8xf32> {
  // expected-error @below {{has no Triton kernel}}
  %y = moe.dispatch %x, %p : tensor<4x8xf32>, !moe.plan<2> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
