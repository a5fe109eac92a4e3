// RUN: moe-opt %s --convert-onnx-to-linalg --split-input-file | FileCheck %s

// Codes are read two to a byte; the zero point is 8.
// CHECK-LABEL: func.func @matmul_nbits
// CHECK:       linalg.generic
// CHECK:         arith.shrui %{{.*}} : i8
// CHECK:         arith.uitofp %{{.*}} : i8 to f32
// CHECK:         arith.subf
// CHECK:         arith.mulf
// CHECK:       linalg.matmul
func.func @matmul_nbits(%x: tensor<?x?x32xf32>, %w: tensor<8x1x16xui8>, %s: tensor<8x1xf32>) -> tensor<?x?x8xf32> {
  %0 = onnxir.node "MatMulNBits" domain "com.microsoft"(%x, %w, %s) {K = 32 : i64, N = 8 : i64, bits = 4 : i64, block_size = 32 : i64}
      : (tensor<?x?x32xf32>, tensor<8x1x16xui8>, tensor<8x1xf32>) -> tensor<?x?x8xf32>
  return %0 : tensor<?x?x8xf32>
}

// -----

// CHECK-LABEL: func.func @gather_block_quantized
// CHECK:       linalg.generic
// CHECK:         scf.if
// CHECK:           arith.uitofp
func.func @gather_block_quantized(%w: tensor<100x16xui8>, %i: tensor<?x?xi64>, %s: tensor<100x2xf32>) -> tensor<?x?x32xf32> {
  %0 = onnxir.node "GatherBlockQuantized" domain "com.microsoft"(%w, %i, %s) {block_size = 16 : i64}
      : (tensor<100x16xui8>, tensor<?x?xi64>, tensor<100x2xf32>) -> tensor<?x?x32xf32>
  return %0 : tensor<?x?x32xf32>
}

// -----

// Outputs that nobody asks for need not exist.
// CHECK-LABEL: func.func @skip_simplified
// CHECK:       math.sqrt
// CHECK:       return %{{.*}}, %{{.*}} :
func.func @skip_simplified(%x: tensor<?x?x8xf32>, %y: tensor<?x?x8xf32>, %g: tensor<8xf32>) -> (tensor<?x?x8xf32>, tensor<?x?x8xf32>) {
  %0:4 = onnxir.node "SkipSimplifiedLayerNormalization" domain "com.microsoft"(%x, %y, %g)
      : (tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<8xf32>) -> (tensor<?x?x8xf32>, tensor<?x?x1xf32>, tensor<?x?x1xf32>, tensor<?x?x8xf32>)
  return %0#0, %0#3 : tensor<?x?x8xf32>, tensor<?x?x8xf32>
}

// -----

// CHECK-LABEL: func.func @gated_add
// CHECK:       arith.mulf
// CHECK-NEXT:  arith.truncf %{{.*}} : f32 to f16
func.func @gated_add(%x: tensor<?x8xf16>, %y: tensor<?x8xf16>, %g: tensor<?x1xf16>) -> tensor<?x8xf16> {
  %0 = onnxir.node "GatedAdd" domain "com.microsoft"(%x, %y, %g)
      : (tensor<?x8xf16>, tensor<?x8xf16>, tensor<?x1xf16>) -> tensor<?x8xf16>
  return %0 : tensor<?x8xf16>
}
