// RUN: moe-opt %s --convert-moe-to-cpu=vector-bits=512 | FileCheck %s

// 40 columns are one panel read in place and one of 8 beside zeros.
// CHECK-LABEL: func.func @router
// CHECK:         %[[INIT:.*]] = tensor.empty
// CHECK:         moe.call_kernel @moe_matmul_k64_n40 ins(%{{.*}}, %{{.*}} : tensor<?x64xf32>, tensor<64x40xf32>) outs(%[[INIT]] : tensor<?x40xf32>)
func.func @router(%x: tensor<?x64xf32>, %w: tensor<64x40xf32>)
    -> tensor<?x40xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x64xf32>
  %empty = tensor.empty(%n) : tensor<?x40xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x40xf32>)
      -> tensor<?x40xf32>
  %y = linalg.matmul ins(%x, %w : tensor<?x64xf32>, tensor<64x40xf32>)
      outs(%init : tensor<?x40xf32>) -> tensor<?x40xf32>
  return %y : tensor<?x40xf32>
}

// What is added to must be kept.
// CHECK-LABEL: func.func @accumulate
// CHECK:         linalg.matmul

// CHECK:       func.func private @moe_matmul_k64_n40(
// CHECK:         scf.parallel
// CHECK:         memref.subview %{{.*}} [64, 32] [1, 1] : memref<64x40xf32>
// CHECK:         call @moe_tile_gemm_12x32(
// CHECK:         memref.alloc() : memref<64x32xf32>
// CHECK:         call @moe_tile_gemm_12x32(
func.func @accumulate(%x: tensor<?x64xf32>, %w: tensor<64x40xf32>,
                      %c: tensor<?x40xf32>) -> tensor<?x40xf32> {
  %y = linalg.matmul ins(%x, %w : tensor<?x64xf32>, tensor<64x40xf32>)
      outs(%c : tensor<?x40xf32>) -> tensor<?x40xf32>
  return %y : tensor<?x40xf32>
}
