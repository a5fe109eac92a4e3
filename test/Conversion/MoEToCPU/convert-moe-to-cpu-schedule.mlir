// Schedules of experts, which kernels follow.
// RUN: moe-opt %s --convert-moe-to-cpu='vector-bits=512' | FileCheck %s

// The chunk of experts 3 and 4 comes first: it holds the last of one set and
// the first of another. The dense one has a call for each expert. Sets are
// packed once.
// CHECK-LABEL: func @chunks(
// CHECK-COUNT-2: moe.pack_weights
// CHECK: moe.call_kernel @[[F:moe_ffn_4x64x32_[0-9a-f]+]] ins(
// CHECK-COUNT-2: moe.pack_weights
// CHECK: moe.call_kernel @[[G:moe_ffn_2x64x32_[0-9a-f]+]] ins(
// CHECK-NOT: moe.pack_weights
// CHECK: moe.call_kernel @[[F]] ins(
// CHECK: moe.call_kernel @[[F]] ins(
// CHECK: moe.call_kernel @[[F]] ins(
// CHECK: moe.call_kernel @[[G]] ins(
// CHECK-NOT: @moe_ffn
// CHECK: moe.call_kernel @moe_combine
func.func @chunks(%x: tensor<?x64xf32>, %p: !moe.plan<6>, %w: tensor<?x2xf32>,
                  %u: tensor<4x32x64xf32>, %d: tensor<4x64x32xf32>,
                  %v: tensor<2x32x64xf32>, %f: tensor<2x64x32xf32>)
    -> tensor<?x64xf32> {
  %uw = moe.weights %u : tensor<4x32x64xf32> -> !moe.weights<4x32x64, f32>
  %dw = moe.weights %d : tensor<4x64x32xf32> -> !moe.weights<4x64x32, f32>
  %vw = moe.weights %v : tensor<2x32x64xf32> -> !moe.weights<2x32x64, f32>
  %fw = moe.weights %f : tensor<2x64x32xf32> -> !moe.weights<2x64x32, f32>
  %e = moe.ffn_experts up(%uw : !moe.weights<4x32x64, f32>)
      down(%dw : !moe.weights<4x64x32, f32>) activation<relu>
      : !moe.experts<4, 64 -> 64>
  %g = moe.ffn_experts up(%vw : !moe.weights<2x32x64, f32>)
      down(%fw : !moe.weights<2x64x32, f32>) activation<relu>
      : !moe.experts<2, 64 -> 64>
  %y = moe.experts %x, %p, (%e, %g) gather combine(%w : tensor<?x2xf32>)
      {moe.schedule = #moe.schedule<[<experts = [3, 5], gemm = grouped>,
                                     <experts = [0, 3], gemm = dense>,
                                     <experts = [5, 6], gemm = grouped>]>}
      : tensor<?x64xf32>, !moe.plan<6>, !moe.experts<4, 64 -> 64>,
        !moe.experts<2, 64 -> 64> -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// A schedule of another number of experts says nothing (N8).
// CHECK-LABEL: func @other(
// CHECK-COUNT-1: moe.call_kernel @moe_ffn
// CHECK-NOT: moe.call_kernel @moe_ffn
// CHECK: moe.call_kernel @moe_copy_rows
func.func @other(%rows: tensor<?x64xf32>, %p: !moe.plan<2>,
                 %v: tensor<2x32x64xf32>, %f: tensor<2x64x32xf32>)
    -> tensor<?x64xf32> {
  %vw = moe.weights %v : tensor<2x32x64xf32> -> !moe.weights<2x32x64, f32>
  %fw = moe.weights %f : tensor<2x64x32xf32> -> !moe.weights<2x64x32, f32>
  %g = moe.ffn_experts up(%vw : !moe.weights<2x32x64, f32>)
      down(%fw : !moe.weights<2x64x32, f32>) activation<relu>
      : !moe.experts<2, 64 -> 64>
  %o = moe.experts %rows, %p, (%g)
      {moe.schedule = #moe.schedule<[<experts = [0, 3], gemm = dense>]>}
      : tensor<?x64xf32>, !moe.plan<2>, !moe.experts<2, 64 -> 64>
        -> tensor<?x64xf32>
  return %o : tensor<?x64xf32>
}
