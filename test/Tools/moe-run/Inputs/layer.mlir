// A MoE layer between exact operations; x is its input, logits and weights.
func.func @main(%x: tensor<4x32xf32>, %logits: tensor<4x4xf32>,
    %fc1: tensor<4x48x32xf32>, %fc2: tensor<4x32x48xf32>) -> tensor<4x32xf32> {
  %doubled = arith.addf %x, %x : tensor<4x32xf32> loc("double")
  %w, %ids = moe.gate %logits score<identity> select<top_k, k = 2>
      : tensor<4x4xf32> -> tensor<4x2xf32>, tensor<4x2xi32> loc("route")
  %p = moe.plan %ids : tensor<4x2xi32> -> !moe.plan<4>
  %rows = moe.dispatch %doubled, %p : tensor<4x32xf32>, !moe.plan<4> -> tensor<?x32xf32> loc("permute")
  %up = moe.weights %fc1 : tensor<4x48x32xf32> -> !moe.weights<4x48x32, f32>
  %down = moe.weights %fc2 : tensor<4x32x48xf32> -> !moe.weights<4x32x48, f32>
  %e = moe.ffn_experts up(%up : !moe.weights<4x48x32, f32>)
      down(%down : !moe.weights<4x32x48, f32>) activation<relu> : !moe.experts<4, 32 -> 32>
  %o = moe.experts %rows, %p, (%e) : tensor<?x32xf32>, !moe.plan<4>, !moe.experts<4, 32 -> 32> -> tensor<?x32xf32> loc("experts")
  %y = moe.combine %o, %p, %w : tensor<?x32xf32>, !moe.plan<4>, tensor<4x2xf32> -> tensor<4x32xf32> loc("combine")
  %z = arith.negf %y : tensor<4x32xf32> loc("negate")
  return %z : tensor<4x32xf32>
}
