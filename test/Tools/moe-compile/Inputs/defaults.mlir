onnxir.weight @w = dense<2.0> : tensor<1xf32>

func.func @main(%x: tensor<2xf32> {onnxir.name = "x"},
                %w: tensor<1xf32> {onnxir.name = "w", onnxir.default = @w})
    -> (tensor<2xf32> {onnxir.name = "y"}) {
  %y = onnxir.node "Mul"(%x, %w) : (tensor<2xf32>, tensor<1xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}
