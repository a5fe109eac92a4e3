// RUN: moe-opt %s | moe-opt | FileCheck %s
// RUN: moe-opt %s --emit-bytecode | moe-opt | FileCheck %s

// What is left out has its default.
// CHECK: module attributes {moe.target = #moe.target<flops_f32 = 1.0e+12, memory = 2.0e+10, units = 8, grouped = 0.75>}
module attributes {moe.target = #moe.target<flops_f32 = 1.0e12, memory = 2.0e10, units = 8, grouped = 0.75>} {
// CHECK-LABEL: func.func @f
// CHECK-SAME:  moe.target = #moe.target<flops_f64 = 1, flops_f32 = 2, flops_16 = 3, flops_8 = 4, memory = 5, link = 6, launch = 7, units = 8, cache = 9, tile_rows = 10, tile_columns = 11, grouped = 0.5>
func.func @f(%x: tensor<?x6xf32>, %p: !moe.plan<4>) attributes {moe.target = #moe.target<
    flops_f64 = 1.0, flops_f32 = 2.0, flops_16 = 3.0, flops_8 = 4.0, memory = 5.0, link = 6.0,
    launch = 7.0, units = 8, cache = 9, tile_rows = 10, tile_columns = 11, grouped = 0.5>} {
  %e = moe.copy_experts : !moe.experts<4, 6 -> 6>
  // CHECK: moe.load = array<f64: 1.000000e+00, 0.000000e+00, 2.000000e+00, 3.000000e+00>
  // CHECK-SAME: moe.schedule = #moe.schedule<[<experts = [1, 4], gemm = dense>, <experts = [0, 1], gemm = grouped>]>
  %y = moe.experts %x, %p, (%e) {
      moe.load = array<f64: 1.0, 0.0, 2.0, 3.0>,
      moe.schedule = #moe.schedule<[<experts = [1, 4], gemm = dense>, <experts = [0, 1], gemm = grouped>]>}
      : tensor<?x6xf32>, !moe.plan<4>, !moe.experts<4, 6 -> 6> -> tensor<?x6xf32>
  return
}
// CHECK: chunk = #moe.chunk<experts = [2, 3], gemm = grouped>
func.func private @g() attributes {chunk = #moe.chunk<experts = [2, 3], gemm = grouped>}
}
