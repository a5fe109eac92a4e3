// RUN: moe-opt %s --moe-insert-profiling | FileCheck %s

// CHECK-DAG: llvm.mlir.global internal constant @[[$RESIDUAL:.*]]("residual\00")
// CHECK-DAG: llvm.mlir.global internal constant @[[$ADD:.*]]("Add\00")
// CHECK-DAG: llvm.mlir.global internal constant @[[$MUL:.*]]("Mul\00")
// CHECK-DAG: llvm.mlir.global internal constant @[[$COMBINE:.*]]("moe.combine\00")
// CHECK-DAG: llvm.func @moe_profile_enter(!llvm.ptr, !llvm.ptr)
#residual = loc(fused<{moe.kind = "Add", moe.node = "residual"}>["residual"])
#product = loc(fused<{moe.kind = "Mul", moe.node = "product"}>["product"])
#fused = loc(fused["other", #product])

// One call for each phase, before the first operation that does something.
// CHECK-LABEL: func.func @f(
func.func @f(%x: memref<4xf32>, %y: memref<4xf32>) attributes {moe.init = @f_init} {
  // CHECK-NEXT: memref.alloc
  // CHECK-NEXT: memref.subview
  %0 = memref.alloc() : memref<4xf32> loc(#residual)
  %1 = memref.subview %x[0] [4] [1] : memref<4xf32> to memref<4xf32, strided<[1]>> loc(#product)
  // CHECK-NEXT: %[[NODE:.*]] = llvm.mlir.addressof @[[$RESIDUAL]]
  // CHECK-NEXT: %[[KIND:.*]] = llvm.mlir.addressof @[[$ADD]]
  // CHECK-NEXT: llvm.call @moe_profile_enter(%[[NODE]], %[[KIND]])
  // CHECK-NEXT: linalg.add
  // CHECK-NEXT: linalg.add
  linalg.add ins(%x, %y : memref<4xf32>, memref<4xf32>) outs(%0 : memref<4xf32>) loc(#residual)
  linalg.add ins(%x, %0 : memref<4xf32>, memref<4xf32>) outs(%0 : memref<4xf32>) loc(#residual)
  // CHECK: llvm.mlir.addressof @[[$MUL]]
  // CHECK-NEXT: llvm.call @moe_profile_enter
  // CHECK-NEXT: linalg.mul
  linalg.mul ins(%x, %0 : memref<4xf32>, memref<4xf32>) outs(%y : memref<4xf32>) loc(#fused)
  // What has no label belongs to the phase before it.
  // CHECK-NEXT: memref.copy
  memref.copy %0, %x : memref<4xf32> to memref<4xf32>
  // CHECK-NEXT: memref.dealloc
  memref.dealloc %0 : memref<4xf32> loc(#residual)
  // A kernel says itself what it is.
  // CHECK-NEXT: llvm.mlir.addressof @[[$RESIDUAL]]
  // CHECK-NEXT: llvm.mlir.addressof @[[$COMBINE]]
  // CHECK-NEXT: llvm.call @moe_profile_enter
  // CHECK-NEXT: call @kernel
  call @kernel(%x) : (memref<4xf32>) -> () loc(#residual)
  // CHECK: %[[NULL:.*]] = llvm.mlir.zero
  // CHECK: llvm.call @moe_profile_enter(%{{.*}}, %{{.*}})
  // CHECK-NEXT: return
  return
}

func.func private @kernel(%x: memref<4xf32>) attributes {moe.kind = "moe.combine"} {
  return
}

// CHECK-LABEL: func.func @f_init(
// CHECK-NOT: moe_profile_enter
func.func @f_init(%x: memref<4xf32>) {
  linalg.add ins(%x, %x : memref<4xf32>, memref<4xf32>) outs(%x : memref<4xf32>) loc(#residual)
  return
}
