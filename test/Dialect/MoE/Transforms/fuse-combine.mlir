// RUN: moe-opt %s --moe-fuse-combine | FileCheck %s
// RUN: moe-opt %s --moe-fuse-combine --verify-diagnostics --remarks-filter=moe-fuse-combine -o /dev/null

// CHECK-LABEL: func.func @fused
// CHECK-SAME:    (%[[X:.*]]: tensor<?x64xf32>, %[[W:.*]]: tensor<?x2xf32>, %[[P:.*]]: !moe.plan<8>
// CHECK-NEXT:    %[[E:.*]] = moe.copy_experts
// CHECK-NEXT:    %[[Y:.*]] = moe.experts %[[X]], %[[P]], (%[[E]]) gather combine(%[[W]] : tensor<?x2xf32>)
// CHECK-NEXT:    return %[[Y]]
func.func @fused(%x: tensor<?x64xf32>, %w: tensor<?x2xf32>, %p: !moe.plan<8>)
    -> tensor<?x64xf32> {
  %e = moe.copy_experts : !moe.experts<8, 64 -> 64>
  %o = moe.experts %x, %p, (%e) gather
      : tensor<?x64xf32>, !moe.plan<8>, !moe.experts<8, 64 -> 64>
        -> tensor<?x64xf32>
  // expected-remark @below {{the experts sum their rows}}
  %y = moe.combine %o, %p, %w
      : tensor<?x64xf32>, !moe.plan<8>, tensor<?x2xf32> -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// Rows that someone else reads must exist.
// CHECK-LABEL: func.func @two_users
// CHECK:         moe.experts
// CHECK-NOT:     combine(
// CHECK:         moe.combine
func.func @two_users(%x: tensor<?x64xf32>, %w: tensor<?x2xf32>,
                     %p: !moe.plan<8>)
    -> (tensor<?x64xf32>, tensor<?x64xf32>) {
  %e = moe.copy_experts : !moe.experts<8, 64 -> 64>
  %o = moe.experts %x, %p, (%e) gather
      : tensor<?x64xf32>, !moe.plan<8>, !moe.experts<8, 64 -> 64>
        -> tensor<?x64xf32>
  // expected-remark @below {{the combine is not fused: others read its rows}}
  %y = moe.combine %o, %p, %w
      : tensor<?x64xf32>, !moe.plan<8>, tensor<?x2xf32> -> tensor<?x64xf32>
  return %o, %y : tensor<?x64xf32>, tensor<?x64xf32>
}

// CHECK-LABEL: func.func @other_plan
// CHECK:         moe.experts
// CHECK-NOT:     combine(
// CHECK:         moe.combine
func.func @other_plan(%x: tensor<?x64xf32>, %w: tensor<?x2xf32>,
                      %p: !moe.plan<8>, %q: !moe.plan<8>)
    -> tensor<?x64xf32> {
  %e = moe.copy_experts : !moe.experts<8, 64 -> 64>
  %o = moe.experts %x, %p, (%e) gather
      : tensor<?x64xf32>, !moe.plan<8>, !moe.experts<8, 64 -> 64>
        -> tensor<?x64xf32>
  // expected-remark @below {{the combine is not fused: its rows are of another plan}}
  %y = moe.combine %o, %q, %w
      : tensor<?x64xf32>, !moe.plan<8>, tensor<?x2xf32> -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// Load and schedule are of the experts, and stay with them.
// CHECK-LABEL: func.func @schedule
// CHECK:         moe.experts {{.*}} combine({{.*}}) {moe.load = array<f64: 1.000000e+00, 3.000000e+00>, moe.schedule = #moe.schedule<[<experts = [0, 2], gemm = dense>]>}
func.func @schedule(%x: tensor<?x64xf32>, %w: tensor<?x2xf32>, %p: !moe.plan<2>)
    -> tensor<?x64xf32> {
  %e = moe.copy_experts : !moe.experts<2, 64 -> 64>
  %o = moe.experts %x, %p, (%e) gather {
      moe.load = array<f64: 1.0, 3.0>,
      moe.schedule = #moe.schedule<[<experts = [0, 2], gemm = dense>]>}
      : tensor<?x64xf32>, !moe.plan<2>, !moe.experts<2, 64 -> 64>
        -> tensor<?x64xf32>
  // expected-remark @below {{the experts sum their rows}}
  %y = moe.combine %o, %p, %w
      : tensor<?x64xf32>, !moe.plan<2>, tensor<?x2xf32> -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// Rows that are sums already are summed once more.
// CHECK-LABEL: func.func @twice
// CHECK:         moe.experts
// CHECK:         moe.combine
func.func @twice(%x: tensor<?x64xf32>, %w: tensor<?x2xf32>, %p: !moe.plan<8>)
    -> tensor<?x64xf32> {
  %e = moe.copy_experts : !moe.experts<8, 64 -> 64>
  %o = moe.experts %x, %p, (%e) gather combine(%w : tensor<?x2xf32>)
      : tensor<?x64xf32>, !moe.plan<8>, !moe.experts<8, 64 -> 64>
        -> tensor<?x64xf32>
  // expected-remark @below {{the combine is not fused: its rows are sums already}}
  %y = moe.combine %o, %p, %w
      : tensor<?x64xf32>, !moe.plan<8>, tensor<?x2xf32> -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
