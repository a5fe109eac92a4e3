func.func @main() -> tensor<1xf32> {
  %no = arith.constant false
  cf.assert %no, "the sky has fallen"
  %y = arith.constant dense<1.0> : tensor<1xf32>
  return %y : tensor<1xf32>
}
