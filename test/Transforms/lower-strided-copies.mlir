// RUN: moe-opt %s --moe-lower-strided-copies | FileCheck %s

// CHECK-LABEL: func.func @strided
// CHECK-NOT:     memref.copy
// CHECK:         linalg.generic {{.*}} ins(%{{.*}} : memref<?x4xf32>)
// CHECK-SAME:        outs(%{{.*}} : memref<?x4xf32, strided<[8, 1]>>)
// CHECK-NEXT:    ^bb0(%[[IN:.*]]: f32, %{{.*}}: f32):
// CHECK-NEXT:      linalg.yield %[[IN]]
func.func @strided(%a: memref<?x4xf32>, %b: memref<?x4xf32, strided<[8, 1]>>) {
  memref.copy %a, %b : memref<?x4xf32> to memref<?x4xf32, strided<[8, 1]>>
  return
}

// CHECK-LABEL: func.func @contiguous
// CHECK-COUNT-2: memref.copy
func.func @contiguous(%a: memref<?x4xf32>, %b: memref<?x4xf32>,
                      %c: memref<2x4xf32, strided<[4, 1], offset: ?>>,
                      %d: memref<2x4xf32>) {
  memref.copy %a, %b : memref<?x4xf32> to memref<?x4xf32>
  memref.copy %c, %d
      : memref<2x4xf32, strided<[4, 1], offset: ?>> to memref<2x4xf32>
  return
}

// CHECK-LABEL: func.func @empty
// CHECK:         linalg.generic
func.func @empty(%a: memref<0x4xf32>, %b: memref<0x4xf32>) {
  memref.copy %a, %b : memref<0x4xf32> to memref<0x4xf32>
  return
}
