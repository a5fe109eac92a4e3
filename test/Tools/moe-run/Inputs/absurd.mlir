func.func @main() -> tensor<17592186044416xf32> {
  %one = arith.constant 1.0 : f32
  %empty = tensor.empty() : tensor<17592186044416xf32>
  %y = linalg.fill ins(%one : f32) outs(%empty : tensor<17592186044416xf32>)
      -> tensor<17592186044416xf32>
  return %y : tensor<17592186044416xf32>
}
