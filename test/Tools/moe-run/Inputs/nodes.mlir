func.func @main(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %0 = arith.addf %x, %x : tensor<?x3xf32> loc("double")
  %1 = arith.mulf %0, %x : tensor<?x3xf32> loc("product")
  return %1 : tensor<?x3xf32>
}
