// RUN: moe-opt %s --moe-place-device-buffers --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @f(
// CHECK: %[[BYTES:.*]] = arith.index_cast %{{.*}} : index to i64
// CHECK: %[[P:.*]] = llvm.call @moe_cuda_allocate(%[[BYTES]]) : (i64) -> !llvm.ptr
// CHECK: %[[VIEW:.*]] = memref.view %{{.*}} : memref<?xi8> to memref<?x4xf32>
// CHECK: %[[CAST:.*]] = memref.cast %[[VIEW]]
// CHECK: call @upload(%{{.*}}, %[[CAST]])
// CHECK: llvm.call @moe_cuda_free(
// CHECK-NOT: memref.dealloc
func.func @f(%x: memref<?x?xf32>, %n: index) {
  %b = memref.alloc(%n) : memref<?x4xf32>
  %c = memref.cast %b : memref<?x4xf32> to memref<?x?xf32>
  call @upload(%x, %c) : (memref<?x?xf32>, memref<?x?xf32>) -> ()
  memref.dealloc %b : memref<?x4xf32>
  return
}
func.func private @upload(memref<?x?xf32>, memref<?x?xf32> {moe.device})

// -----

// What the init function makes for kernels stays on the device.
// CHECK-LABEL: func.func @main(
// CHECK-NOT: moe_cuda_allocate
// CHECK-LABEL: func.func @main_init
// CHECK: llvm.call @moe_cuda_allocate
func.func @main(%x: memref<4xf32>, %w: memref<4xf32> {moe.resident = 0 : i64}) attributes {moe.init = @main_init} {
  call @use(%w) : (memref<4xf32>) -> ()
  return
}
func.func @main_init(%x: memref<4xf32>) -> memref<4xf32> {
  %b = memref.alloc() : memref<4xf32>
  call @upload(%x, %b) : (memref<4xf32>, memref<4xf32>) -> ()
  return %b : memref<4xf32>
}
func.func private @use(memref<4xf32> {moe.device})
func.func private @upload(memref<4xf32>, memref<4xf32> {moe.device})

// -----

func.func @caller(%x: memref<4xf32>) {
  call @use(%x) : (memref<4xf32>) -> ()
  return
}
func.func private @use(memref<4xf32> {moe.device})
// expected-error @-5 {{a buffer of the caller reaches a kernel}}

// -----

func.func @global() {
  // expected-error @+1 {{'memref.get_global' op makes a buffer of the host that a kernel uses}}
  %x = memref.get_global @g : memref<4xf32>
  call @use(%x) : (memref<4xf32>) -> ()
  return
}
memref.global @g : memref<4xf32>
func.func private @use(memref<4xf32> {moe.device})

// -----

func.func @touched(%v: f32, %i: index) {
  %b = memref.alloc() : memref<4xf32>
  call @use(%b) : (memref<4xf32>) -> ()
  // expected-error @+1 {{'memref.store' op touches device memory on the host}}
  memref.store %v, %b[%i] : memref<4xf32>
  return
}
func.func private @use(memref<4xf32> {moe.device})
