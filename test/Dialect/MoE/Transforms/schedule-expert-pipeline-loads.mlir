// RUN: moe-opt %s --moe-schedule-expert-pipeline --split-input-file --verify-diagnostics --remarks-filter-missed=moe-schedule-expert-pipeline | FileCheck %s

module attributes {moe.target = #moe.target<flops_f32 = 1.0e12, memory = 1.0e12,
    launch = 1.0e-6, units = 8, tile_rows = 16, tile_columns = 16, grouped = 0.5>} {
// The first expert has almost all rows: it is worth a dense product, the others
// are not.
// CHECK-LABEL: func.func @skewed
// CHECK:         moe.schedule = #moe.schedule<[<experts = [0, 1], gemm = dense>, <experts = [1, 4], gemm = grouped>]>
func.func @skewed(%x: tensor<65536x64xf32>, %p: !moe.plan<4>, %w: tensor<65536x1xf32>,
                  %u: tensor<4x64x64xf32>) -> tensor<65536x64xf32> {
  %0 = moe.weights %u : tensor<4x64x64xf32> -> !moe.weights<4x64x64, f32>
  %e = moe.ffn_experts up(%0 : !moe.weights<4x64x64, f32>)
      down(%0 : !moe.weights<4x64x64, f32>) activation<relu> : !moe.experts<4, 64 -> 64>
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<65536x1xf32>)
      {moe.load = array<f64: 65500.0, 12.0, 12.0, 12.0>}
      : tensor<65536x64xf32>, !moe.plan<4>, !moe.experts<4, 64 -> 64> -> tensor<65536x64xf32>
  return %y : tensor<65536x64xf32>
}

// Chunks end with their sets; the types say how many tokens there are.
// CHECK-LABEL: func.func @sets
// CHECK:         moe.schedule = #moe.schedule<[<experts = [0, 2], gemm = grouped>, <experts = [2, 4], gemm = grouped>]>
func.func @sets(%x: tensor<8x64xf32>, %p: !moe.plan<4>, %w: tensor<8x1xf32>,
                %u: tensor<2x64x64xf32>) -> tensor<8x64xf32> {
  %0 = moe.weights %u : tensor<2x64x64xf32> -> !moe.weights<2x64x64, f32>
  %e = moe.ffn_experts up(%0 : !moe.weights<2x64x64, f32>)
      down(%0 : !moe.weights<2x64x64, f32>) activation<relu> : !moe.experts<2, 64 -> 64>
  %c = moe.copy_experts : !moe.experts<2, 64 -> 64>
  %y = moe.experts %x, %p, (%e, %c) gather combine(%w : tensor<8x1xf32>)
      : tensor<8x64xf32>, !moe.plan<4>, !moe.experts<2, 64 -> 64>,
        !moe.experts<2, 64 -> 64> -> tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}

// (N8) A load of other experts is none.
// CHECK-LABEL: func.func @stale
// CHECK:         moe.schedule = #moe.schedule<[<experts = [0, 2], gemm = grouped>]>
func.func @stale(%x: tensor<8x64xf32>, %p: !moe.plan<2>) -> tensor<?x64xf32> {
  %c = moe.copy_experts : !moe.experts<2, 64 -> 64>
  %y = moe.experts %x, %p, (%c) gather {moe.load = array<f64: 1.0, 2.0, 3.0>}
      : tensor<8x64xf32>, !moe.plan<2>, !moe.experts<2, 64 -> 64> -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @unknown
// CHECK-NOT:     moe.schedule
func.func @unknown(%x: tensor<?x64xf32>, %p: !moe.plan<2>) -> tensor<?x64xf32> {
  %c = moe.copy_experts : !moe.experts<2, 64 -> 64>
  // expected-remark @below {{the number of tokens is not known; the option tokens gives it}}
  %y = moe.experts %x, %p, (%c) gather
      : tensor<?x64xf32>, !moe.plan<2>, !moe.experts<2, 64 -> 64> -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
}

// -----

func.func @no_target(%x: tensor<8x64xf32>, %p: !moe.plan<2>) -> tensor<?x64xf32> {
  %c = moe.copy_experts : !moe.experts<2, 64 -> 64>
  // expected-error @below {{there is no moe.target around, and no option target}}
  %y = moe.experts %x, %p, (%c) gather
      : tensor<8x64xf32>, !moe.plan<2>, !moe.experts<2, 64 -> 64> -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
