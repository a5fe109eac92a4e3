// The affine term of fused experts, in the kernel that sums rows.
// RUN: moe-opt %s --convert-moe-to-cpu='vector-bits=512' | FileCheck %s

// CHECK-LABEL: func @affine(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x64xf32>, %[[P:[a-z0-9]+]]: !moe.plan<4>, %[[W:[a-z0-9]+]]: tensor<?x2xf32>, %[[S:[a-z0-9]+]]: tensor<?xf32>, %[[C:[a-z0-9]+]]: tensor<?x2xf32>
// CHECK: %[[V:.*]] = moe.pack_weights %{{.*}} panel(32) : !moe.weights<2x64, f16> -> tensor<2x2x32xf32>
// CHECK: moe.call_kernel @moe_combine_64f32_2f32_64f32_copy_f32_constant_2f32_2f32 ins(%{{.*}}, %{{.*}}, %[[W]], %[[S]], %[[X]], %[[C]], %[[V]] :
func.func @affine(%x: tensor<?x64xf32>, %p: !moe.plan<4>, %w: tensor<?x2xf32>,
                  %s: tensor<?xf32>, %c: tensor<?x2xf32>,
                  %t: tensor<2x64xf16>) -> tensor<?x64xf32> {
  %z = moe.zero_experts : !moe.experts<4, 64 -> 64>
  %v = moe.weights %t : tensor<2x64xf16> -> !moe.weights<2x64, f16>
  %y = moe.experts %x, %p, (%z) gather combine(%w : tensor<?x2xf32>)
      copy(%s, %x : tensor<?xf32>, tensor<?x64xf32>)
      constant(%c, %v : tensor<?x2xf32>, !moe.weights<2x64, f16>)
      : tensor<?x64xf32>, !moe.plan<4>, !moe.experts<4, 64 -> 64>
        -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// Quantised vectors have no kernel.
// CHECK-LABEL: func @reference(
// CHECK: moe.experts
func.func @reference(%x: tensor<?x64xf32>, %p: !moe.plan<4>,
                     %w: tensor<?x2xf32>, %c: tensor<?x2xf32>,
                     %t: tensor<2x64xf8E4M3FN>) -> tensor<?x64xf32> {
  %z = moe.zero_experts : !moe.experts<4, 64 -> 64>
  %v = moe.weights %t : tensor<2x64xf8E4M3FN> -> !moe.weights<2x64, f8E4M3FN>
  %y = moe.experts %x, %p, (%z) gather combine(%w : tensor<?x2xf32>)
      constant(%c, %v : tensor<?x2xf32>, !moe.weights<2x64, f8E4M3FN>)
      : tensor<?x64xf32>, !moe.plan<4>, !moe.experts<4, 64 -> 64>
        -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// What is multiplied with 0 is not read. Four vectors at a time.
// CHECK: func private @moe_combine_64f32_2f32_64f32_copy_f32_constant_2f32_2f32
// CHECK: memref.collapse_shape %{{.*}} {{\[}}[0], [1, 2]] : memref<2x2x32xf32> into memref<2x64xf32>
// CHECK: scf.for
// CHECK: arith.cmpi sge
// CHECK: %[[ANY:.*]] = arith.cmpf une
// CHECK: scf.if %[[ANY]]
// CHECK: vector.load %{{.*}} : memref<?x64xf32>, vector<64xf32>
// CHECK-COUNT-2: vector.load %{{.*}} : memref<2x64xf32>, vector<64xf32>
