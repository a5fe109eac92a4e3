// RUN: moe-opt %s --convert-moe-to-cpu="vector-bits=512 dot-int8" | FileCheck %s
// RUN: moe-opt %s --convert-moe-to-cpu="vector-bits=256 dot-int8" \
// RUN:   | FileCheck %s --check-prefix=AVX2

// CHECK:      func.func private @llvm.x86.avx512.vpdpbusd.512(

// Rows are rounded where blocks are whole vectors. 20 inputs are not.
// CHECK-LABEL: func.func @layer
// CHECK: moe.call_kernel @[[$FFN:moe_ffn_2x32x20_[0-9a-f]+]]
func.func @layer(%x: tensor<?x32xf32>, %p: !moe.plan<2>,
                 %up: tensor<2x20x16xui8>, %us: tensor<2x20x2xf32>,
                 %down: tensor<2x32x10xui8>, %ds: tensor<2x32xf32>)
    -> tensor<?x32xf32> {
  %u = moe.weights %up scales(%us : tensor<2x20x2xf32>) block(16) zero_point(8)
      : tensor<2x20x16xui8> -> !moe.weights<2x20x32, ui4>
  %d = moe.weights %down scales(%ds : tensor<2x32xf32>) zero_point(8)
      : tensor<2x32x10xui8> -> !moe.weights<2x32x20, ui4>
  %e = moe.ffn_experts up(%u : !moe.weights<2x20x32, ui4>)
      down(%d : !moe.weights<2x32x20, ui4>)
      activation<relu> : !moe.experts<2, 32 -> 32>
  %y = moe.experts %x, %p, (%e)
      : tensor<?x32xf32>, !moe.plan<2>, !moe.experts<2, 32 -> 32>
        -> tensor<?x32xf32>
  return %y : tensor<?x32xf32>
}

// CHECK:      func.func private @[[$FFN]]
// CHECK:      %[[BYTES:.*]] = memref.alloc(%{{.*}}) : memref<?x128xi8>
// CHECK:      %[[SCALES:.*]] = memref.alloc(%{{.*}}) : memref<?x2xf32>
// CHECK:      %[[SUMS:.*]] = memref.alloc(%{{.*}}) : memref<?x2xi32>
// CHECK:      vector.reduction <maximumf>
// CHECK:      math.roundeven
// CHECK:      %[[NARROW:.*]] = arith.trunci %{{.*}} : vector<16xi32> to vector<16xi8>
// CHECK:      %[[ORDERED:.*]] = vector.shuffle %[[NARROW]], %[[NARROW]] [0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15]
// CHECK:      vector.store %[[ORDERED]], %[[BYTES]]
// CHECK:      memref.store %{{.*}}, %[[SCALES]]
// What the zero point makes too much is taken off from the start.
// CHECK:      %[[ZERO:.*]] = arith.constant -8 : i32
// CHECK:      %[[SUM:.*]] = arith.muli %{{.*}}, %[[ZERO]] : i32
// CHECK:      memref.store %[[SUM]], %[[SUMS]]
// CHECK:      call @moe_tile_gemm_6x32_dot_ui4b16z8(
// CHECK:      call @moe_tile_gemm_12x32_ui4b0z8(
// CHECK:      func.func private @moe_tile_gemm_6x32_dot_ui4b16z8(%{{.*}}: memref<?x?xi8>
// CHECK:      func.call @llvm.x86.avx512.vpdpbusd.512(%{{.*}}) : (vector<16xi32>, vector<64xi8>, vector<64xi8>) -> vector<16xi32>
// CHECK:      arith.sitofp %{{.*}} : vector<16xi32> to vector<16xf32>

// AVX2: func.call @llvm.x86.avx512.vpdpbusd.256(%{{.*}}) : (vector<8xi32>, vector<32xi8>, vector<32xi8>) -> vector<8xi32>
