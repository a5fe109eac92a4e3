// RUN: moe-opt %s --convert-moe-to-linalg --canonicalize --cse | FileCheck %s

// A plan travels through functions, calls, loops and branches as four values.

// CHECK-LABEL: func.func private @pass(
// CHECK-SAME:      %[[A:.*]]: tensor<5xi64>, %[[B:.*]]: tensor<?xi64>, %[[C:.*]]: tensor<?x?xi64>, %[[D:.*]]: index)
// CHECK-SAME:      -> (tensor<5xi64>, tensor<?xi64>, tensor<?x?xi64>, index)
// CHECK-NEXT:    return %[[A]], %[[B]], %[[C]], %[[D]]
func.func private @pass(%p: !moe.plan<4>) -> !moe.plan<4> {
  return %p : !moe.plan<4>
}

// CHECK-LABEL: func.func @carried(
// CHECK-SAME:      %[[A:.*]]: tensor<5xi64>, %[[B:.*]]: tensor<?xi64>, %[[C:.*]]: tensor<?x?xi64>, %[[D:.*]]: index, %[[X:.*]]: tensor<?x4xf32>
// CHECK:         %[[LOOP:.*]]:4 = scf.for
// CHECK-SAME:        -> (tensor<5xi64>, tensor<?xi64>, tensor<?x?xi64>, index)
// CHECK-NEXT:      %[[CALL:.*]]:4 = func.call @pass(
// CHECK-NEXT:      scf.yield %[[CALL]]#0, %[[CALL]]#1, %[[CALL]]#2, %[[CALL]]#3
// CHECK:         %[[TOKENS:.*]] = arith.select %{{.*}}, %[[B]], %[[LOOP]]#1
// CHECK:         linalg.generic {{.*}} ins(%[[TOKENS]] : tensor<?xi64>)
func.func @carried(%p: !moe.plan<4>, %x: tensor<?x4xf32>, %n: index, %c: i1)
    -> tensor<?x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %q = scf.for %i = %c0 to %n step %c1 iter_args(%a = %p) -> (!moe.plan<4>) {
    %r = func.call @pass(%a) : (!moe.plan<4>) -> !moe.plan<4>
    scf.yield %r : !moe.plan<4>
  }
  %s = scf.if %c -> (!moe.plan<4>) {
    scf.yield %p : !moe.plan<4>
  } else {
    scf.yield %q : !moe.plan<4>
  }
  %rows = moe.dispatch %x, %s
      : tensor<?x4xf32>, !moe.plan<4> -> tensor<?x4xf32>
  return %rows : tensor<?x4xf32>
}

// A lowering that has taken a plan apart gets the same values.
// CHECK-LABEL: func.func @taken_apart(
// CHECK-SAME:      %[[A:.*]]: tensor<5xi64>, %[[B:.*]]: tensor<?xi64>
// CHECK-NEXT:    return %[[B]]
func.func @taken_apart(%p: !moe.plan<4>) -> tensor<?xi64> {
  %parts:4 = builtin.unrealized_conversion_cast %p : !moe.plan<4>
      to tensor<5xi64>, tensor<?xi64>, tensor<?x?xi64>, index
  return %parts#1 : tensor<?xi64>
}
