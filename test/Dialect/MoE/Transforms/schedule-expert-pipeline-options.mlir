// RUN: not moe-opt %s --moe-schedule-expert-pipeline='overlap=all' 2>&1 | FileCheck %s --check-prefix=OVERLAP
// RUN: not moe-opt %s --moe-schedule-expert-pipeline='target=42' 2>&1 | FileCheck %s --check-prefix=TARGET
// RUN: not moe-opt %s --moe-schedule-expert-pipeline='overlap=weights target="#moe.target<flops_f32 = 1.0, memory = 1.0>"' 2>&1 | FileCheck %s --check-prefix=LINK

// OVERLAP: error: overlap must be auto, none, weights or rows, got all
// TARGET: error: the option target is no #moe.target: 42
// LINK: error: the target has no link to overlap with
func.func @f(%x: tensor<8x64xf32>, %p: !moe.plan<2>) -> tensor<?x64xf32> {
  %c = moe.copy_experts : !moe.experts<2, 64 -> 64>
  %y = moe.experts %x, %p, (%c) gather
      : tensor<8x64xf32>, !moe.plan<2>, !moe.experts<2, 64 -> 64> -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
