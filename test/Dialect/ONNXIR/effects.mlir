// RUN: moe-opt %s --cse --canonicalize | FileCheck %s

// Equal nodes are one, unused ones go; random numbers are drawn anew each time.
// CHECK-LABEL: func.func @effects
func.func @effects(%x: tensor<4xf32>) -> (!onnxir.any, !onnxir.any, !onnxir.any, !onnxir.any) {
  // CHECK-NEXT: "Abs"
  %0 = onnxir.node "Abs"(%x) : (tensor<4xf32>) -> !onnxir.any
  %1 = onnxir.node "Abs"(%x) : (tensor<4xf32>) -> !onnxir.any
  %2 = onnxir.node "Neg"(%x) : (tensor<4xf32>) -> !onnxir.any
  // CHECK-NEXT: "RandomNormalLike"
  // CHECK-NEXT: "RandomNormalLike"
  %3 = onnxir.node "RandomNormalLike"(%x) : (tensor<4xf32>) -> !onnxir.any
  %4 = onnxir.node "RandomNormalLike"(%x) : (tensor<4xf32>) -> !onnxir.any
  // CHECK-NEXT: return
  return %0, %1, %3, %4 : !onnxir.any, !onnxir.any, !onnxir.any, !onnxir.any
}
