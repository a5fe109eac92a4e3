// RUN: moe-opt %s --convert-moe-to-cpu=vector-bits=512 | FileCheck %s
// RUN: moe-opt %s --convert-moe-to-cpu | FileCheck %s --check-prefix=AVX2
// RUN: not moe-opt %s --convert-moe-to-cpu=vector-bits=100 2>&1 \
// RUN:   | FileCheck %s --check-prefix=BITS

// BITS: error: vector-bits must be 256 or 512, got 100

// Gate and up share panels; the kernel gathers and another one combines.
// CHECK-LABEL: func.func @layer
// CHECK:         %[[PARTS:.*]]:4 = builtin.unrealized_conversion_cast %{{.*}} : !moe.plan<8> to tensor<9xi64>, tensor<?xi64>, tensor<?x?xi64>, index
// CHECK:         %[[UP:.*]] = moe.pack_weights %{{.*}}, %{{.*}} panel(32) : {{.*}} -> tensor<8x2x64x32xf32>
// CHECK:         %[[DOWN:.*]] = moe.pack_weights %{{.*}} panel(32) : {{.*}} -> tensor<8x2x32x32xf32>
// CHECK:         moe.call_kernel @[[$FFN:moe_ffn_8x64x32_[0-9a-f]+]] ins(%{{.*}}, %[[PARTS]]#0, %{{.*}}, %[[PARTS]]#1, %[[UP]], %[[DOWN]] :
// CHECK:         moe.call_kernel @moe_combine_64f32_2f32_64f32 ins(
// CHECK-NOT:     moe.experts

// A second layer of the same shape calls the same functions.
// CHECK-LABEL: func.func @same_shape
// CHECK:         moe.call_kernel @[[$FFN]] 

// A set that stands twice among the operands is erased once.
// CHECK-LABEL: func.func @set_twice
// CHECK-NOT:     moe.zero_experts
// CHECK-NOT:     moe.experts

// CHECK:       func.func private @[[$FFN]](
// CHECK:         scf.parallel
// CHECK:         scf.parallel
// CHECK:         call @moe_tile_gemm_12x32(
// CHECK:         math.exp %{{.*}} : vector<16xf32>
// CHECK:         scf.parallel
// CHECK:         call @moe_tile_gemm_12x32(
// CHECK:       func.func private @moe_tile_gemm_12x32(
// CHECK:         scf.index_switch
// CHECK-COUNT-2: memref.prefetch %{{.*}}, read, locality<2>, data : memref<?xf32>
// CHECK-COUNT-24: vector.fma {{.*}} : vector<16xf32>

// AVX2: moe.pack_weights %{{.*}}, %{{.*}} panel(16)
// AVX2: func.func private @moe_tile_gemm_6x16(
// AVX2: vector.fma {{.*}} : vector<8xf32>
func.func @layer(%x: tensor<?x64xf32>, %w: tensor<?x2xf32>, %p: !moe.plan<8>,
                 %fc1: tensor<8x64x64xf32>, %fc2: tensor<8x64x32xf32>)
    -> tensor<?x64xf32> {
  %g = moe.weights %fc1 layout<step = 2>
      : tensor<8x64x64xf32> -> !moe.weights<8x32x64, f32>
  %u = moe.weights %fc1 layout<offset = 1, step = 2>
      : tensor<8x64x64xf32> -> !moe.weights<8x32x64, f32>
  %d = moe.weights %fc2 : tensor<8x64x32xf32> -> !moe.weights<8x64x32, f32>
  %e = moe.ffn_experts up(%u : !moe.weights<8x32x64, f32>)
      gate(%g : !moe.weights<8x32x64, f32>)
      down(%d : !moe.weights<8x64x32, f32>)
      activation<silu> : !moe.experts<8, 64 -> 64>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x2xf32>)
      : tensor<?x64xf32>, !moe.plan<8>, !moe.experts<8, 64 -> 64>
        -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

func.func @same_shape(%x: tensor<?x64xf32>, %w: tensor<?x2xf32>,
                      %p: !moe.plan<8>, %fc1: tensor<8x64x64xf32>,
                      %fc2: tensor<8x64x32xf32>) -> tensor<?x64xf32> {
  %g = moe.weights %fc1 layout<step = 2>
      : tensor<8x64x64xf32> -> !moe.weights<8x32x64, f32>
  %u = moe.weights %fc1 layout<offset = 1, step = 2>
      : tensor<8x64x64xf32> -> !moe.weights<8x32x64, f32>
  %d = moe.weights %fc2 : tensor<8x64x32xf32> -> !moe.weights<8x64x32, f32>
  %e = moe.ffn_experts up(%u : !moe.weights<8x32x64, f32>)
      gate(%g : !moe.weights<8x32x64, f32>)
      down(%d : !moe.weights<8x64x32, f32>)
      activation<silu> : !moe.experts<8, 64 -> 64>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x2xf32>)
      : tensor<?x64xf32>, !moe.plan<8>, !moe.experts<8, 64 -> 64>
        -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

func.func @set_twice(%x: tensor<?x64xf32>, %w: tensor<?x2xf32>,
                     %p: !moe.plan<4>, %fc1: tensor<2x32x64xf32>,
                     %fc2: tensor<2x64x32xf32>) -> tensor<?x64xf32> {
  %u = moe.weights %fc1 : tensor<2x32x64xf32> -> !moe.weights<2x32x64, f32>
  %d = moe.weights %fc2 : tensor<2x64x32xf32> -> !moe.weights<2x64x32, f32>
  %e = moe.ffn_experts up(%u : !moe.weights<2x32x64, f32>)
      down(%d : !moe.weights<2x64x32, f32>)
      activation<relu> : !moe.experts<2, 64 -> 64>
  %z = moe.zero_experts : !moe.experts<1, 64 -> 64>
  %y = moe.experts %x, %p, (%z, %e, %z) gather combine(%w : tensor<?x2xf32>)
      : tensor<?x64xf32>, !moe.plan<4>, !moe.experts<1, 64 -> 64>,
        !moe.experts<2, 64 -> 64>, !moe.experts<1, 64 -> 64>
        -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
