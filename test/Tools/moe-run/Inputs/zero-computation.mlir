func.func @main() -> tensor<3x2xf32> {
  %x = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %w = arith.constant dense<0.5> : tensor<3x2xf32>
  %ids = arith.constant dense<[[0, 1], [2, 1], [3, 0]]> : tensor<3x2xi32>
  %up = arith.constant dense<1.0> : tensor<1x2x2xf32>
  %v = arith.constant dense<7.0> : tensor<1x2xf32>
  %uw = moe.weights %up : tensor<1x2x2xf32> -> !moe.weights<1x2x2, f32>
  %vw = moe.weights %v : tensor<1x2xf32> -> !moe.weights<1x2, f32>
  %ffn = moe.ffn_experts up(%uw : !moe.weights<1x2x2, f32>)
      down(%uw : !moe.weights<1x2x2, f32>) activation<relu> : !moe.experts<1, 2 -> 2>
  %zero = moe.zero_experts : !moe.experts<1, 2 -> 2>
  %copy = moe.copy_experts : !moe.experts<1, 2 -> 2>
  %one = moe.constant_experts %vw : !moe.weights<1x2, f32> -> !moe.experts<1, 2 -> 2>
  %p = moe.plan %ids : tensor<3x2xi32> -> !moe.plan<4>
  %y = moe.experts %x, %p, (%ffn, %zero, %copy, %one) gather combine(%w : tensor<3x2xf32>)
      : tensor<3x2xf32>, !moe.plan<4>, !moe.experts<1, 2 -> 2>, !moe.experts<1, 2 -> 2>,
        !moe.experts<1, 2 -> 2>, !moe.experts<1, 2 -> 2> -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}
