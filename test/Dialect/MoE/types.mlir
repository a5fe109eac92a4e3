// RUN: moe-opt %s | moe-opt | FileCheck %s

// CHECK-LABEL: func private @plans
// CHECK-SAME: (!moe.plan<1>, !moe.plan<2147483647>, !moe.plan<8, expert_choice>)
// `token_choice` is the default, which is not printed.
func.func private @plans(!moe.plan<1>, !moe.plan<2147483647, token_choice>,
                         !moe.plan<8, expert_choice>)

// CHECK-LABEL: func private @experts
// CHECK-SAME: (!moe.experts<1, 1 -> 1>, !moe.experts<4, 64 -> 128>)
func.func private @experts(!moe.experts<1, 1 -> 1>,
                           !moe.experts<4, 64 -> 128>)

// CHECK-LABEL: func private @real_weights
// CHECK-SAME: !moe.weights<8x64x32, f64>, !moe.weights<8x64x32, f32>
// CHECK-SAME: !moe.weights<8x64x32, f16>, !moe.weights<8x64, bf16>
func.func private @real_weights(
  !moe.weights<8x64x32, f64>, !moe.weights<8x64x32, f32>,
  !moe.weights<8x64x32, f16>, !moe.weights<8x64, bf16>)

// CHECK-LABEL: func private @quantized_weights
// CHECK-SAME: !moe.weights<1x1x1, ui2>, !moe.weights<8x64x32, i2>
// CHECK-SAME: !moe.weights<8x64x32, ui4>, !moe.weights<8x64x32, i4>
// CHECK-SAME: !moe.weights<8x64x32, ui8>, !moe.weights<8x64x32, i8>
// CHECK-SAME: !moe.weights<8x64x32, f8E4M3FN>, !moe.weights<8x64x32, f8E5M2>
// CHECK-SAME: !moe.weights<8x64x32, f4E2M1FN>
func.func private @quantized_weights(
  !moe.weights<1x1x1, ui2>, !moe.weights<8x64x32, i2>,
  !moe.weights<8x64x32, ui4>, !moe.weights<8x64x32, i4>,
  !moe.weights<8x64x32, ui8>, !moe.weights<8x64x32, i8>,
  !moe.weights<8x64x32, f8E4M3FN>, !moe.weights<8x64x32, f8E5M2>,
  !moe.weights<8x64x32, f4E2M1FN>)

// Large, but each size is counted in 64 bits.
// CHECK-LABEL: func private @large
// CHECK-SAME: !moe.weights<65536x1048576x1048576, f32>
func.func private @large(!moe.weights<65536x1048576x1048576, f32>)
