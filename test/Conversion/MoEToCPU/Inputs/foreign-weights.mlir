func.func @foreign(%w: !moe.weights<4x40x32, f32>) -> tensor<4x2x32x32xf32> {
  %p = moe.pack_weights %w panel(32)
      : !moe.weights<4x40x32, f32> -> tensor<4x2x32x32xf32>
  return %p : tensor<4x2x32x32xf32>
}
