// RUN: moe-opt %s --moe-count-rows | FileCheck %s

// CHECK: func.func private @moe_profile_rows(i64, i64)

// Rows of the whole plan, and of experts 1 and 2 alone.
// CHECK-LABEL: func @layer(
// CHECK: %[[PARTS:.*]]:4 = builtin.unrealized_conversion_cast %{{.*}} : !moe.plan<4> to tensor<5xi64>
// CHECK: %[[END:.*]] = tensor.extract %[[PARTS]]#0[%c3]
// CHECK: %[[BEGIN:.*]] = tensor.extract %[[PARTS]]#0[%c1]
// CHECK: %[[OWN:.*]] = arith.subi %[[END]], %[[BEGIN]]
// CHECK: %[[SUM:.*]] = arith.addi %{{.*}}, %[[OWN]]
// CHECK: %[[ALL:.*]] = tensor.extract %[[PARTS]]#0[%c4]
// CHECK: call @moe_profile_rows(%[[ALL]], %[[SUM]]) : (i64, i64) -> ()
// CHECK: moe.experts
func.func @layer(%x: tensor<?x8xf32>, %p: !moe.plan<4>,
                 %ffn: !moe.experts<2, 8 -> 8>) -> tensor<?x8xf32> {
  %zero = moe.zero_experts : !moe.experts<1, 8 -> 8>
  %copy = moe.copy_experts : !moe.experts<1, 8 -> 8>
  %o = moe.experts %x, %p, (%zero, %ffn, %copy) gather
      : tensor<?x8xf32>, !moe.plan<4>, !moe.experts<1, 8 -> 8>,
        !moe.experts<2, 8 -> 8>, !moe.experts<1, 8 -> 8> -> tensor<?x8xf32>
  return %o : tensor<?x8xf32>
}
