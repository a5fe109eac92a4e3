// RUN: moe-opt %s --moe-expand-reshapes --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @two_dynamic_sizes(
// CHECK-SAME:    %[[X:.*]]: memref<?x16xf32>, %[[B:.*]]: index, %[[S:.*]]: index)
// CHECK: %[[STRIDE:.*]] = affine.apply {{.*}}()[%[[S]]]
// CHECK: memref.reinterpret_cast %[[X]] to offset: [0], sizes: [%[[B]], %[[S]], 16], strides: [%[[STRIDE]], 16, 1]
func.func @two_dynamic_sizes(%x: memref<?x16xf32>, %b: index, %s: index)
    -> memref<?x?x16xf32> {
  %0 = memref.expand_shape %x [[0, 1], [2]] output_shape [%b, %s, 16]
      : memref<?x16xf32> into memref<?x?x16xf32>
  return %0 : memref<?x?x16xf32>
}

// CHECK-LABEL: func.func @strided(
// CHECK: memref.reinterpret_cast {{.*}} sizes: [2, 3, 4], strides: [30, 10, 1] :
func.func @strided(%x: memref<6x4xf32, strided<[10, 1], offset: ?>>)
    -> memref<2x3x4xf32, strided<[30, 10, 1], offset: ?>> {
  %0 = memref.expand_shape %x [[0, 1], [2]] output_shape [2, 3, 4]
      : memref<6x4xf32, strided<[10, 1], offset: ?>>
        into memref<2x3x4xf32, strided<[30, 10, 1], offset: ?>>
  return %0 : memref<2x3x4xf32, strided<[30, 10, 1], offset: ?>>
}
