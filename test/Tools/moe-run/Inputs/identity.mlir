func.func @main(
    %a: tensor<?xf32> {onnxir.name = "a", onnxir.dims = ["n"]},
    %b: tensor<?xi64>, %c: tensor<8xbf16>, %d: tensor<8xi1>)
    -> (tensor<?xf32>, tensor<?xi64>, tensor<8xbf16>, tensor<8xi1>) {
  return %a, %b, %c, %d
      : tensor<?xf32>, tensor<?xi64>, tensor<8xbf16>, tensor<8xi1>
}
