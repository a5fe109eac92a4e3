// RUN: moe-opt %s --convert-onnx-to-linalg --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @sum
func.func @sum(%x: tensor<?x8xf16>) -> tensor<?x1xf16> {
  // CHECK: linalg.fill ins(%{{.*}} : f32) outs(%{{.*}} : tensor<?xf32>)
  // CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]
  // CHECK: arith.addf %{{.*}}, %{{.*}} : f32
  // CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0, 1]]
  %0 = onnxir.node "ReduceSum"(%x) {axes = array<i64: 1>} : (tensor<?x8xf16>) -> tensor<?x1xf16>
  return %0 : tensor<?x1xf16>
}

// -----

// CHECK-LABEL: func.func @softmax
func.func @softmax(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK: arith.maximumf
  // CHECK: arith.subf
  // CHECK: math.exp
  // CHECK: arith.addf
  // CHECK: arith.divf
  %0 = onnxir.node "Softmax"(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// Before opset 13 all dimensions from the axis on are normalised together.
// CHECK-LABEL: func.func @old_softmax
func.func @old_softmax(%x: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  // CHECK: tensor.collapse_shape %{{.*}} {{\[\[}}0], [1, 2]] : tensor<2x3x4xf32> into tensor<2x12xf32>
  %0 = onnxir.node "Softmax"(%x) opset 11 : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %0 : tensor<2x3x4xf32>
}

// -----

// CHECK-LABEL: func.func @norm
func.func @norm(%x: tensor<?x8xf32>, %s: tensor<8xf32>) -> tensor<?x8xf32> {
  // CHECK: math.sqrt
  %0 = onnxir.node "LayerNormalization"(%x, %s) : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// CHECK-LABEL: func.func @topk
func.func @topk(%x: tensor<?x8xf32>) -> (tensor<?x2xf32>, tensor<?x2xi64>) {
  // CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]
  // CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]
  %k = arith.constant dense<2> : tensor<1xi64>
  %0, %1 = onnxir.node "TopK"(%x, %k) : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  return %0, %1 : tensor<?x2xf32>, tensor<?x2xi64>
}
