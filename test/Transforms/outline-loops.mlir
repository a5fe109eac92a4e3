// RUN: moe-opt %s --moe-outline-loops=min-loops=3 | FileCheck %s

// The first and the third loop do the same.
// CHECK-LABEL: func.func @main
// CHECK-SAME:  (%[[M:.*]]: memref<?xf32>, %[[N:.*]]: index, %[[X:.*]]: f32)
// CHECK:       call @[[$A:[a-z_0-9]+]](%[[N]], %[[X]], %[[M]])
// CHECK:       call @[[$B:[a-z_0-9]+]](%[[N]], %[[M]])
// CHECK:       call @[[$A]](%[[N]], %[[X]], %[[M]])
func.func @main(%m: memref<?xf32>, %n: index, %x: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    memref.store %x, %m[%i] : memref<?xf32>
  }
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%a = %c0) -> (index) {
    %0 = memref.dim %m, %c0 : memref<?xf32>
    %1 = arith.addi %a, %0 : index
    scf.yield %1 : index
  }
  scf.for %i = %c0 to %n step %c1 {
    memref.store %x, %m[%i] : memref<?xf32>
  }
  return
}

// Few loops stay.
// CHECK-LABEL: func.func @small
// CHECK:       scf.for
func.func @small(%m: memref<?xf32>, %n: index, %x: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    memref.store %x, %m[%i] : memref<?xf32>
  }
  return
}

// CHECK:       func.func private @[[$A]](%[[N:.*]]: index, %[[X:.*]]: f32, %[[M:.*]]: memref<?xf32>) attributes {passthrough = ["noinline"]}
// CHECK-DAG:     %[[C0:.*]] = arith.constant 0
// CHECK-DAG:     %[[C1:.*]] = arith.constant 1
// CHECK:         scf.for %{{.*}} = %[[C0]] to %[[N]] step %[[C1]]
// CHECK:       func.func private @[[$B]]
// CHECK-NOT:   func.func
