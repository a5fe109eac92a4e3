// RUN: moe-opt %s --convert-moe-to-cpu="vector-bits=512 dot-bf16" \
// RUN:   | FileCheck %s --check-prefixes=CHECK,DOT
// RUN: moe-opt %s --convert-moe-to-cpu=vector-bits=512 \
// RUN:   | FileCheck %s --check-prefixes=CHECK,WIDEN

// Tokens of bf16 are multiplied as they are where the processor can.
// CHECK-LABEL: func.func @narrow_tokens
// CHECK: moe.pack_weights %{{.*}} panel(32) : !moe.weights<2x24x7, bf16> -> tensor<2x1x4x64xbf16>
// CHECK: moe.call_kernel @[[$NARROW:moe_ffn_2x7x24_[0-9a-f]+]]
func.func @narrow_tokens(%x: tensor<?x7xbf16>, %p: !moe.plan<2>,
                         %up: tensor<2x24x7xbf16>, %down: tensor<2x7x24xbf16>)
    -> tensor<?x7xbf16> {
  %u = moe.weights %up : tensor<2x24x7xbf16> -> !moe.weights<2x24x7, bf16>
  %d = moe.weights %down : tensor<2x7x24xbf16> -> !moe.weights<2x7x24, bf16>
  %e = moe.ffn_experts up(%u : !moe.weights<2x24x7, bf16>)
      down(%d : !moe.weights<2x7x24, bf16>)
      activation<relu> : !moe.experts<2, 7 -> 7>
  %y = moe.experts %x, %p, (%e)
      : tensor<?x7xbf16>, !moe.plan<2>, !moe.experts<2, 7 -> 7>
        -> tensor<?x7xbf16>
  return %y : tensor<?x7xbf16>
}

// Tokens of f32 keep their precision.
// CHECK-LABEL: func.func @wide_tokens
// CHECK: moe.call_kernel @[[$WIDE:moe_ffn_2x7x24_[0-9a-f]+]]
func.func @wide_tokens(%x: tensor<?x7xf32>, %p: !moe.plan<2>,
                       %up: tensor<2x24x7xbf16>, %down: tensor<2x7x24xbf16>)
    -> tensor<?x7xf32> {
  %u = moe.weights %up : tensor<2x24x7xbf16> -> !moe.weights<2x24x7, bf16>
  %d = moe.weights %down : tensor<2x7x24xbf16> -> !moe.weights<2x7x24, bf16>
  %e = moe.ffn_experts up(%u : !moe.weights<2x24x7, bf16>)
      down(%d : !moe.weights<2x7x24, bf16>)
      activation<relu> : !moe.experts<2, 7 -> 7>
  %y = moe.experts %x, %p, (%e)
      : tensor<?x7xf32>, !moe.plan<2>, !moe.experts<2, 7 -> 7>
        -> tensor<?x7xf32>
  return %y : tensor<?x7xf32>
}

// Seven inputs are three pairs and a half: the element behind is zero.
// CHECK:     func.func private @[[$NARROW]]
// DOT:       memref.alloc(%{{.*}}) : memref<?x32xbf16>
// DOT:       %[[ZERO:.*]] = arith.constant 0.000000e+00 : bf16
// DOT:       %[[END:.*]] = arith.constant 7 : index
// DOT:       memref.store %[[ZERO]], %{{.*}}[%{{.*}}, %[[END]]] : memref<?x32xbf16>
// DOT:       call @moe_tile_gemm_12x32_dot_bf16(
// DOT:       func.func private @moe_tile_gemm_12x32_dot_bf16(%{{.*}}: memref<?x?xbf16>
// DOT:       memref.prefetch %{{.*}}, read, locality<2>, data : memref<?xbf16>
// DOT-COUNT-2: x86vector.avx512.dot %{{.*}} : vector<32xbf16> -> vector<16xf32>
// DOT:       func.func private @[[$WIDE]]
// DOT:       call @moe_tile_gemm_12x32_bf16(
// WIDEN-NOT: x86vector
// WIDEN:     func.func private @moe_tile_gemm_12x32_bf16(%{{.*}}: memref<?x?xf32>
// WIDEN:     arith.shli %{{.*}} : vector<16xi32>
// WIDEN:     vector.fma %{{.*}} : vector<16xf32>
