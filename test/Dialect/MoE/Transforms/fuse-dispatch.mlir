// RUN: moe-opt %s --moe-fuse-dispatch | FileCheck %s
// RUN: moe-opt %s --moe-fuse-dispatch --verify-diagnostics --remarks-filter=moe-fuse-dispatch -o /dev/null

// CHECK-LABEL: func.func @fused
// CHECK-SAME:    (%[[X:.*]]: tensor<?x64xf32>, %[[P:.*]]: !moe.plan<8>
// CHECK-NEXT:    %[[E:.*]] = moe.copy_experts
// CHECK-NEXT:    %[[O:.*]] = moe.experts %[[X]], %[[P]], (%[[E]]) gather :
// CHECK-NEXT:    return %[[O]]
func.func @fused(%x: tensor<?x64xf32>, %p: !moe.plan<8>) -> tensor<?x64xf32> {
  %rows = moe.dispatch %x, %p
      : tensor<?x64xf32>, !moe.plan<8> -> tensor<?x64xf32>
  %e = moe.copy_experts : !moe.experts<8, 64 -> 64>
  // expected-remark @below {{the experts gather their rows}}
  %o = moe.experts %rows, %p, (%e)
      : tensor<?x64xf32>, !moe.plan<8>, !moe.experts<8, 64 -> 64>
        -> tensor<?x64xf32>
  return %o : tensor<?x64xf32>
}

// A dispatch with another user stays for it.
// CHECK-LABEL: func.func @shared_rows
// CHECK:         %[[R:.*]] = moe.dispatch
// CHECK:         moe.experts %{{.*}}, %{{.*}}, (%{{.*}}) gather
// CHECK:         return %[[R]]
func.func @shared_rows(%x: tensor<?x64xf32>, %p: !moe.plan<8>)
    -> (tensor<?x64xf32>, tensor<?x64xf32>) {
  %rows = moe.dispatch %x, %p
      : tensor<?x64xf32>, !moe.plan<8> -> tensor<?x64xf32>
  %e = moe.copy_experts : !moe.experts<8, 64 -> 64>
  // expected-remark @below {{the experts gather their rows}}
  %o = moe.experts %rows, %p, (%e)
      : tensor<?x64xf32>, !moe.plan<8>, !moe.experts<8, 64 -> 64>
        -> tensor<?x64xf32>
  return %rows, %o : tensor<?x64xf32>, tensor<?x64xf32>
}

// Rows in the order of another plan are not gathered by this one.
// CHECK-LABEL: func.func @other_plan
// CHECK:         %[[R:.*]] = moe.dispatch
// CHECK:         moe.experts %[[R]], %{{.*}}, (%{{.*}}) :
func.func @other_plan(%x: tensor<?x64xf32>, %p: !moe.plan<8>, %q: !moe.plan<8>)
    -> tensor<?x64xf32> {
  %rows = moe.dispatch %x, %p
      : tensor<?x64xf32>, !moe.plan<8> -> tensor<?x64xf32>
  %e = moe.copy_experts : !moe.experts<8, 64 -> 64>
  // expected-remark @below {{the dispatch is not fused: its rows are of another plan}}
  %o = moe.experts %rows, %q, (%e)
      : tensor<?x64xf32>, !moe.plan<8>, !moe.experts<8, 64 -> 64>
        -> tensor<?x64xf32>
  return %o : tensor<?x64xf32>
}
