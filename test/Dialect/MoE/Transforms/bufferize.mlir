// RUN: moe-opt %s --one-shot-bufferize="bufferize-function-boundaries" --canonicalize \
// RUN:   --split-input-file | FileCheck %s

// (J3) The input is read by a later call, too: what the first one writes is a
// buffer of its own, even after common subexpressions have been merged.
// CHECK-LABEL: func.func @reads
// CHECK-SAME:    %[[X:.*]]: memref<?x4xf32, {{.*}}
// CHECK:         %[[A:.*]] = memref.alloc
// CHECK:         call @f(%{{.*}}, %{{.*}}, %[[CAST:.*]]) : (index, memref<?x4xf32>, memref<?x4xf32>)
func.func private @f(index, memref<?x4xf32>, memref<?x4xf32>)
func.func @reads(%x: tensor<?x4xf32>, %i: index, %n: index)
    -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %init = tensor.empty(%n) : tensor<?x4xf32>
  %y = moe.call_kernel @f ins(%i, %x : index, tensor<?x4xf32>)
                          outs(%init : tensor<?x4xf32>)
  return %y, %x : tensor<?x4xf32>, tensor<?x4xf32>
}

// -----

// An output that is needed afterwards is copied first.
// CHECK-LABEL: func.func @keeps
// CHECK:         %[[A:.*]] = memref.alloc() {{.*}} : memref<4xf32>
// CHECK:         memref.copy %{{.*}}, %[[A]]
// CHECK:         call @g(%[[A]])
func.func private @g(memref<4xf32>)
func.func @keeps(%x: tensor<4xf32> {bufferization.writable = true})
    -> (tensor<4xf32>, tensor<4xf32>) {
  %y = moe.call_kernel @g outs(%x : tensor<4xf32>)
  return %y, %x : tensor<4xf32>, tensor<4xf32>
}

// -----

// Otherwise it is written in place.
// CHECK-LABEL: func.func @writes
// CHECK:         %[[A:.*]] = memref.alloc
// CHECK-NOT:     memref.alloc
// CHECK:         call @g(%[[A]])
// CHECK:         call @g(%[[A]])
func.func private @g(memref<4xf32>)
func.func @writes(%n: f32) -> f32 {
  %c0 = arith.constant 0 : index
  %init = tensor.empty() : tensor<4xf32>
  %x = linalg.fill ins(%n : f32) outs(%init : tensor<4xf32>) -> tensor<4xf32>
  %y = moe.call_kernel @g outs(%x : tensor<4xf32>)
  %z = moe.call_kernel @g outs(%y : tensor<4xf32>)
  %r = tensor.extract %z[%c0] : tensor<4xf32>
  return %r : f32
}

// -----

// A buffer that is not contiguous is copied, there and, for outputs, back.
// CHECK-LABEL: func.func @slices
// CHECK:         %[[IN:.*]] = memref.subview
// CHECK:         memref.copy %[[IN]], %[[COPY:.*]] : {{.*}} to memref<4x2xf32>
// CHECK:         call @h(%[[COPY]],
func.func private @h(memref<4x2xf32>, memref<4x2xf32>)
func.func @slices(%x: tensor<4x8xf32>) -> tensor<4x2xf32> {
  %s = tensor.extract_slice %x[0, 2] [4, 2] [1, 1]
      : tensor<4x8xf32> to tensor<4x2xf32>
  %init = tensor.empty() : tensor<4x2xf32>
  %y = moe.call_kernel @h ins(%s : tensor<4x2xf32>) outs(%init : tensor<4x2xf32>)
  return %y : tensor<4x2xf32>
}

// -----

// CHECK-LABEL: func.func @slice_out
// CHECK:         %[[OUT:.*]] = memref.subview
// CHECK:         %[[COPY:.*]] = memref.alloc() {{.*}}: memref<4x2xf32>
// CHECK:         memref.copy %[[OUT]], %[[COPY]]
// CHECK:         call @g(%[[COPY]])
// CHECK:         memref.copy %[[COPY]], %[[OUT]]
func.func private @g(memref<4x2xf32>)
func.func @slice_out(%x: tensor<4x8xf32> {bufferization.writable = true})
    -> tensor<4x8xf32> {
  %s = tensor.extract_slice %x[0, 2] [4, 2] [1, 1]
      : tensor<4x8xf32> to tensor<4x2xf32>
  %y = moe.call_kernel @g outs(%s : tensor<4x2xf32>)
  %r = tensor.insert_slice %y into %x[0, 2] [4, 2] [1, 1]
      : tensor<4x2xf32> into tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}
