// RUN: moe-opt %s --convert-onnx-to-linalg --split-input-file | FileCheck %s

// Batches of one matrix are the rows of one product.
// CHECK-LABEL: func.func @projection
func.func @projection(%x: tensor<?x?x8xf32>, %w: tensor<8x4xf32>) -> tensor<?x?x4xf32> {
  // CHECK: tensor.collapse_shape %{{.*}} {{\[\[}}0, 1], [2]] : tensor<?x?x8xf32> into tensor<?x8xf32>
  // CHECK: linalg.matmul ins(%{{.*}}, %{{.*}} : tensor<?x8xf32>, tensor<8x4xf32>) outs(%{{.*}} : tensor<?x4xf32>)
  // CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0, 1], [2]]
  %0 = onnxir.node "MatMul"(%x, %w) : (tensor<?x?x8xf32>, tensor<8x4xf32>) -> tensor<?x?x4xf32>
  return %0 : tensor<?x?x4xf32>
}

// -----

// Sums of f16 are accumulated in f32.
// CHECK-LABEL: func.func @half
func.func @half(%x: tensor<2x3x8xf16>, %w: tensor<2x8x4xf16>) -> tensor<2x3x4xf16> {
  // CHECK: linalg.batch_matmul ins(%{{.*}}, %{{.*}} : tensor<2x3x8xf16>, tensor<2x8x4xf16>) outs(%{{.*}} : tensor<2x3x4xf32>)
  // CHECK: arith.truncf
  %0 = onnxir.node "MatMul"(%x, %w) : (tensor<2x3x8xf16>, tensor<2x8x4xf16>) -> tensor<2x3x4xf16>
  return %0 : tensor<2x3x4xf16>
}

// -----

// CHECK-DAG: #[[$T:.*]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-LABEL: func.func @gemm
func.func @gemm(%x: tensor<?x8xf32>, %w: tensor<4x8xf32>, %c: tensor<4xf32>) -> tensor<?x4xf32> {
  // CHECK: linalg.matmul indexing_maps = [#{{.*}}, #[[$T]], #{{.*}}]
  // CHECK: arith.addf
  %0 = onnxir.node "Gemm"(%x, %w, %c) {transB = 1 : i64} : (tensor<?x8xf32>, tensor<4x8xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func.func @vectors
func.func @vectors(%x: tensor<8xf32>, %y: tensor<8xf32>) -> tensor<f32> {
  // CHECK: linalg.matmul ins(%{{.*}}, %{{.*}} : tensor<1x8xf32>, tensor<8x1xf32>)
  // CHECK: tensor.collapse_shape %{{.*}} [] : tensor<1x1xf32> into tensor<f32>
  %0 = onnxir.node "MatMul"(%x, %y) : (tensor<8xf32>, tensor<8xf32>) -> tensor<f32>
  return %0 : tensor<f32>
}
