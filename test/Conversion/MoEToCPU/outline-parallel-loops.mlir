// RUN: moe-opt %s --moe-outline-parallel-loops --split-input-file | FileCheck %s

// CHECK: func.func private @moe_parallel_for(i64, !llvm.ptr, !llvm.ptr, i64)

// CHECK-LABEL: func.func @store
// CHECK:         %[[CLOSURE:.*]] = llvm.alloca
// CHECK:         llvm.store
// CHECK:         %[[F:.*]] = constant @store_task0 : (!llvm.ptr, i64, i64) -> ()
// CHECK:         %[[ADDRESS:.*]] = builtin.unrealized_conversion_cast %[[F]]
// CHECK:         call @moe_parallel_for(%{{.*}}, %[[ADDRESS]], %[[CLOSURE]], %{{.*}})
// CHECK-NOT:     scf.parallel
// CHECK:       func.func private @store_task0(%[[CAPTURED:.*]]: !llvm.ptr, %{{.*}}: i64, %{{.*}}: i64)
// CHECK:         arith.constant 4.000000e+00 : f32
// CHECK:         llvm.getelementptr %[[CAPTURED]][0, 0]
// CHECK:         scf.for
// CHECK:           memref.store
func.func @store(%m: memref<?xf32>, %from: index, %to: index, %by: index) {
  %v = arith.constant 4.0 : f32
  scf.parallel (%i) = (%from) to (%to) step (%by) {
    memref.store %v, %m[%i] : memref<?xf32>
  }
  return
}

// -----

// A loop inside a task runs in it; loops of two dimensions stay.
// CHECK-LABEL: func.func @nested
// CHECK:         scf.parallel (%{{.*}}, %{{.*}})
// CHECK:       func.func private @nested_task0
// CHECK:         scf.parallel
// CHECK-NOT:   @nested_task1
func.func @nested(%m: memref<?x?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %v = arith.constant 4.0 : f32
  scf.parallel (%i, %j) = (%c0, %c0) to (%n, %n) step (%c1, %c1) {
    memref.store %v, %m[%i, %j] : memref<?x?xf32>
  }
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    scf.parallel (%j) = (%c0) to (%n) step (%c1) {
      memref.store %v, %m[%i, %j] : memref<?x?xf32>
    }
  }
  return
}
