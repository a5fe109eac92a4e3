// RUN: moe-opt %s --convert-moe-to-cpu | FileCheck %s

// Kinds, types and plans without a kernel stay for the reference lowering.

// CHECK-LABEL: func.func @region
// CHECK:         moe.experts
func.func @region(%x: tensor<?x8xf32>, %p: !moe.plan<2>) -> tensor<?x8xf32> {
  %e = moe.region_experts : !moe.experts<2, 8 -> 8> {
  ^bb0(%i: index, %rows: tensor<?x8xf32>):
    moe.yield %rows : tensor<?x8xf32>
  }
  %y = moe.experts %x, %p, (%e) gather
      : tensor<?x8xf32>, !moe.plan<2>, !moe.experts<2, 8 -> 8>
        -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @double
// CHECK:         moe.experts
func.func @double(%x: tensor<?x8xf64>, %p: !moe.plan<2>) -> tensor<?x8xf64> {
  %e = moe.copy_experts : !moe.experts<2, 8 -> 8>
  %y = moe.experts %x, %p, (%e) gather
      : tensor<?x8xf64>, !moe.plan<2>, !moe.experts<2, 8 -> 8>
        -> tensor<?x8xf64>
  return %y : tensor<?x8xf64>
}

// CHECK-LABEL: func.func @expert_choice
// CHECK:         moe.experts
func.func @expert_choice(%x: tensor<?x8xf32>, %p: !moe.plan<2, expert_choice>)
    -> tensor<?x8xf32> {
  %e = moe.copy_experts : !moe.experts<2, 8 -> 8>
  %y = moe.experts %x, %p, (%e) gather
      : tensor<?x8xf32>, !moe.plan<2, expert_choice>, !moe.experts<2, 8 -> 8>
        -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// Zero and copy experts need no GEMM.
// CHECK-LABEL: func.func @zero_and_copy
// CHECK-NOT:     moe.experts
// CHECK:         %[[PARTS:.*]]:4 = builtin.unrealized_conversion_cast
// CHECK:         %[[EMPTY:.*]] = tensor.empty
// CHECK:         %[[ZERO:.*]] = moe.call_kernel @moe_zero_rows_16f32_8 ins(%[[PARTS]]#0, %{{.*}}, %{{.*}} : tensor<3xi64>, index, index) outs(%[[EMPTY]] : tensor<?x16xf32>)
// CHECK:         %[[COPY:.*]] = moe.call_kernel @moe_gather_rows_8f32_16f32_8 ins(%{{.*}}, %[[PARTS]]#1, %[[PARTS]]#0, {{.*}} outs(%[[ZERO]] : tensor<?x16xf32>)
// CHECK:         moe.call_kernel @moe_copy_rows_16f32_8f32 ins(%[[COPY]] : tensor<?x16xf32>)
// CHECK:       func.func private @moe_zero_rows_16f32_8(
// CHECK:         scf.parallel
// CHECK:           arith.constant dense<0.000000e+00> : vector<8xf32>
// CHECK:           vector.store
// CHECK:       func.func private @moe_gather_rows_8f32_16f32_8(
// CHECK:         scf.parallel
// CHECK:           vector.load
// CHECK:           vector.store
func.func @zero_and_copy(%x: tensor<?x8xf32>, %p: !moe.plan<2>)
    -> tensor<?x8xf32> {
  %z = moe.zero_experts : !moe.experts<1, 8 -> 8>
  %c = moe.copy_experts : !moe.experts<1, 8 -> 8>
  %y = moe.experts %x, %p, (%z, %c) gather
      : tensor<?x8xf32>, !moe.plan<2>, !moe.experts<1, 8 -> 8>,
        !moe.experts<1, 8 -> 8> -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
