func.func @main(%n: tensor<1xi64>) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %one = arith.constant 1.0 : f32
  %i = tensor.extract %n[%c0] : tensor<1xi64>
  %rows = arith.index_cast %i : i64 to index
  %empty = tensor.empty(%rows) : tensor<?x8xf32>
  %y = linalg.fill ins(%one : f32) outs(%empty : tensor<?x8xf32>)
      -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
