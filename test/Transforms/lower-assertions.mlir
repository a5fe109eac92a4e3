// RUN: moe-opt %s --moe-lower-assertions | FileCheck %s

// Equal messages share a string.
// CHECK-COUNT-1: llvm.mlir.global internal constant @moe_message_0("out of range\00")
// CHECK: llvm.func @moe_raise(!llvm.ptr) attributes {passthrough = ["noreturn", "cold"]}
// CHECK-LABEL: func.func @f(
// CHECK-SAME:    %[[OK:.*]]: i1)
func.func @f(%ok: i1) {
  // CHECK: %[[TRUE:.*]] = arith.constant true
  // CHECK: %[[FAILED:.*]] = arith.xori %[[OK]], %[[TRUE]]
  // CHECK: scf.if %[[FAILED]] {
  // CHECK:   %[[MESSAGE:.*]] = llvm.mlir.addressof @moe_message_0
  // CHECK:   llvm.call @moe_raise(%[[MESSAGE]])
  cf.assert %ok, "out of range"
  // CHECK: llvm.mlir.addressof @moe_message_0
  cf.assert %ok, "out of range"
  return
}
