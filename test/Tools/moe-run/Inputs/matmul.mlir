func.func @main(
    %x: tensor<?x3xf32> {onnxir.name = "x", onnxir.dims = ["rows", 3]},
    %w: tensor<3x3xf32> {onnxir.name = "w"})
    -> (tensor<?x3xf32> {onnxir.name = "y"}) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %rows = tensor.dim %x, %c0 : tensor<?x3xf32>
  %empty = tensor.empty(%rows) : tensor<?x3xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x3xf32>)
      -> tensor<?x3xf32>
  %y = linalg.matmul
      ins(%x, %w : tensor<?x3xf32>, tensor<3x3xf32>)
      outs(%init : tensor<?x3xf32>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}
