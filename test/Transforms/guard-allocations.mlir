// RUN: moe-opt %s --moe-guard-allocations --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @dynamic(
// CHECK-SAME:    %[[N:.*]]: index)
func.func @dynamic(%n: index) -> memref<?x8xf32> {
  // CHECK-DAG: %[[LIMIT:.*]] = arith.constant 140737488355328 : index
  // CHECK-DAG: %[[ROW:.*]] = arith.constant 32 : index
  // CHECK: %[[LOW:.*]], %[[HIGH:.*]] = arith.mului_extended %[[ROW]], %[[N]]
  // CHECK: %[[SMALL:.*]] = arith.cmpi eq, %[[HIGH]]
  // CHECK: %[[FITS:.*]] = arith.cmpi ule, %[[LOW]], %[[LIMIT]]
  // CHECK: %[[BOTH:.*]] = arith.andi %[[SMALL]], %[[FITS]]
  // CHECK: cf.assert %[[BOTH]], "a tensor of impossible size"
  // CHECK: memref.alloc(%[[N]])
  %0 = memref.alloc(%n) : memref<?x8xf32>
  return %0 : memref<?x8xf32>
}

// One check, of the largest, is enough.
// CHECK-LABEL: func.func @shared(
// CHECK:         arith.constant 64 : index
// CHECK:         cf.assert
// CHECK-COUNT-2: memref.alloc(
// CHECK:         cf.assert
// CHECK:         memref.alloc(
// CHECK-NOT:     cf.assert
func.func @shared(%n: index, %m: index) -> (memref<?x8xf32>, memref<?x16xf32>, memref<?xf32>) {
  %0 = memref.alloc(%n) : memref<?x8xf32>
  %1 = memref.alloc(%n) : memref<?x16xf32>
  %2 = memref.alloc(%m) : memref<?xf32>
  return %0, %1, %2 : memref<?x8xf32>, memref<?x16xf32>, memref<?xf32>
}

// Static sizes are checked now.
// CHECK-LABEL: func.func @static
// CHECK-NOT: cf.assert
func.func @static() -> memref<8xf32> {
  %0 = memref.alloc() : memref<8xf32>
  return %0 : memref<8xf32>
}

// -----

func.func @overflow() -> memref<1152921504606846976x64xf32> {
  // expected-error @below {{a tensor of impossible size: 'memref<1152921504606846976x64xf32>'}}
  %0 = memref.alloc() : memref<1152921504606846976x64xf32>
  return %0 : memref<1152921504606846976x64xf32>
}
