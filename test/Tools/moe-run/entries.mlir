// A module of several functions: each is compiled, --entry runs one. They share
// weights, and each has inputs and results of its own.
// REQUIRES: numpy
// RUN: rm -rf %t && mkdir -p %t && %python -c "import numpy; numpy.save(r'%t/x.npy', numpy.array([1, 2, 3], 'f4'))"
// RUN: moe-run %s --entry=twice --input x=%t/x.npy | FileCheck %s --check-prefix=TWICE
// RUN: moe-run %s --entry=both --input a=%t/x.npy --input b=%t/x.npy | FileCheck %s --check-prefix=BOTH
// RUN: moe-run %s --input x=%t/x.npy | FileCheck %s --check-prefix=MAIN

// TWICE: y: 3xf32 [2, 4, 6]
// BOTH: sum: 3xf32 [2, 4, 6]
// BOTH: product: 3xf32 [1, 4, 9]
// Without --entry it is main.
// MAIN: y: 3xf32 [11, 22, 33]
onnxir.weight @w = dense<[10.0, 20.0, 30.0]> : tensor<3xf32>

func.func @twice(%x: tensor<?xf32> {onnxir.name = "x"}) -> (tensor<?xf32> {onnxir.name = "y"}) {
  %y = onnxir.node "Add"(%x, %x) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

func.func @both(%a: tensor<?xf32> {onnxir.name = "a"}, %b: tensor<?xf32> {onnxir.name = "b"})
    -> (tensor<?xf32> {onnxir.name = "sum"}, tensor<?xf32> {onnxir.name = "product"}) {
  %s = onnxir.node "Add"(%a, %b) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %p = onnxir.node "Mul"(%a, %b) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %s, %p : tensor<?xf32>, tensor<?xf32>
}

func.func @main(%x: tensor<3xf32> {onnxir.name = "x"}) -> (tensor<3xf32> {onnxir.name = "y"}) {
  %w = onnxir.get_weight @w : tensor<3xf32>
  %y = onnxir.node "Add"(%x, %w) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  return %y : tensor<3xf32>
}
