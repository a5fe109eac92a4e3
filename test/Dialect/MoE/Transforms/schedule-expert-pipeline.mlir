// Few rows are worth one launch, many the peak of dense products.
// RUN: moe-opt %s --moe-schedule-expert-pipeline='tokens=16' | FileCheck %s --check-prefixes=CHECK,FEW
// RUN: moe-opt %s --moe-schedule-expert-pipeline='tokens=65536' | FileCheck %s --check-prefixes=CHECK,MANY
// Another machine than the module's: with a link, chunks overlap; where launches
// cost more than that, they do not.
// RUN: moe-opt %s --moe-schedule-expert-pipeline='tokens=4096 target="#moe.target<flops_f32 = 1.0e12, memory = 1.0e12, link = 1.0e10, launch = 1.0e-7, units = 8, tile_rows = 16, tile_columns = 16>"' | FileCheck %s --check-prefixes=CHECK,LINK
// RUN: moe-opt %s --moe-schedule-expert-pipeline='tokens=4096 overlap=none target="#moe.target<flops_f32 = 1.0e12, memory = 1.0e12, link = 1.0e10, launch = 1.0e-7, units = 8, tile_rows = 16, tile_columns = 16>"' | FileCheck %s --check-prefixes=CHECK,NOLINK
// RUN: moe-opt %s --moe-schedule-expert-pipeline='tokens=4096 target="#moe.target<flops_f32 = 1.0e12, memory = 1.0e12, link = 1.0e10, launch = 1.0e-3, units = 8, tile_rows = 16, tile_columns = 16>"' | FileCheck %s --check-prefixes=CHECK,LAUNCH
// RUN: moe-opt %s --moe-schedule-expert-pipeline='tokens=4096 max-chunks=2 target="#moe.target<flops_f32 = 1.0e12, memory = 1.0e12, link = 1.0e10, launch = 1.0e-7, units = 8, tile_rows = 16, tile_columns = 16>"' | FileCheck %s --check-prefixes=CHECK,TWO
// RUN: moe-opt %s --moe-schedule-expert-pipeline='tokens=65536' --verify-diagnostics --remarks-filter=moe-schedule-expert-pipeline -o /dev/null

module attributes {moe.target = #moe.target<flops_f32 = 1.0e12, memory = 1.0e12,
    launch = 1.0e-6, units = 8, tile_rows = 16, tile_columns = 16, grouped = 0.5>} {

// CHECK-LABEL: func.func @equal
// FEW:         moe.schedule = #moe.schedule<[<experts = [0, 4], gemm = grouped>]>
// MANY:        moe.schedule = #moe.schedule<[<experts = [0, 4], gemm = dense>]>
// LINK:        moe.schedule = #moe.schedule<[<experts = [0, 1], gemm = grouped>, <experts = [1, 2], gemm = grouped>, <experts = [2, 3], gemm = grouped>, <experts = [3, 4], gemm = grouped>]>
// NOLINK:      moe.schedule = #moe.schedule<[<experts = [0, 4], gemm = grouped>]>
// LAUNCH:      moe.schedule = #moe.schedule<[<experts = [0, 4], gemm = grouped>]>
// TWO:         moe.schedule = #moe.schedule<[<experts = [0, 2], gemm = grouped>, <experts = [2, 4], gemm = grouped>]>
func.func @equal(%x: tensor<?x64xf32>, %p: !moe.plan<4>, %w: tensor<?x1xf32>,
                 %u: tensor<4x64x64xf32>) -> tensor<?x64xf32> {
  %0 = moe.weights %u : tensor<4x64x64xf32> -> !moe.weights<4x64x64, f32>
  %e = moe.ffn_experts up(%0 : !moe.weights<4x64x64, f32>)
      down(%0 : !moe.weights<4x64x64, f32>) activation<relu> : !moe.experts<4, 64 -> 64>
  // expected-remark @below {{1 chunks: 1081.742 us}}
  // expected-remark @below {{2 chunks: 1081.742 us}}
  // expected-remark @below {{3 chunks: 1081.742 us}}
  // expected-remark @below {{4 chunks: 1081.742 us}}
  // expected-remark @below {{schedule | Category:moe-schedule-expert-pipeline | Reason="1 chunks, 1081.742 us"}}
  %y = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x1xf32>)
      : tensor<?x64xf32>, !moe.plan<4>, !moe.experts<4, 64 -> 64> -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
}
