// REQUIRES: triton
// RUN: rm -rf %t
// RUN: moe-opt %s --moe-compile-kernels="capability=90 cache-directory=%t" | FileCheck %s
// What was compiled once needs no Python, for this capability.
// RUN: env MOE_PYTHON=%t/none moe-opt %s --moe-compile-kernels="capability=90 cache-directory=%t" | FileCheck %s
// RUN: not env MOE_PYTHON=%t/none moe-opt %s --moe-compile-kernels="capability=80 cache-directory=%t" 2>&1 \
// RUN:   | FileCheck %s --check-prefix=NONE
// RUN: sed 's/moe.num_warps = 2 : i32, //' %s > %t/warps.mlir
// RUN: not moe-opt %t/warps.mlir --moe-compile-kernels 2>&1 | FileCheck %s --check-prefix=WARPS

// NONE: error: kernels cannot be compiled: {{.*}}
// WARPS: error: 'tt.func' op has no moe.num_warps

// Launched, and without machine code.
// CHECK: tt.func public @copy
// CHECK-SAME: moe.capability = 90 : i64, moe.image = "\7FELF
// CHECK-SAME: moe.num_stages = 1 : i32, moe.num_warps = 2 : i32, moe.scratch = 0 : i64, moe.shared = 0 : i64
tt.func public @copy(%x: !tt.ptr<f32>, %y: !tt.ptr<f32>) attributes {moe.num_warps = 2 : i32, moe.num_stages = 1 : i32} {
  %value = tt.load %x : !tt.ptr<f32>
  tt.store %y, %value : !tt.ptr<f32>
  tt.return
}

// What has machine code keeps it.
// CHECK: tt.func public @ready
// CHECK-SAME: moe.capability = 80 : i64, moe.image = "code"
tt.func public @ready(%x: !tt.ptr<f32>, %y: !tt.ptr<f32>) attributes {
    moe.num_warps = 2 : i32, moe.num_stages = 1 : i32, moe.image = "code",
    moe.shared = 0 : i64, moe.scratch = 0 : i64, moe.capability = 80 : i64} {
  tt.return
}

// What nobody launches is left alone.
// CHECK: tt.func public @idle
// CHECK-NOT: moe.image
tt.func public @idle(%x: !tt.ptr<f32>) attributes {moe.num_warps = 2 : i32, moe.num_stages = 1 : i32} {
  tt.return
}

func.func @main(%x: tensor<1xf32>) -> (tensor<1xf32>, tensor<1xf32>) {
  %c1 = arith.constant 1 : index
  %e = tensor.empty() : tensor<1xf32>
  %a = moe.launch @copy grid(%c1) ins(%x : tensor<1xf32>) outs(%e : tensor<1xf32>)
  %b = moe.launch @ready grid(%c1) ins(%x : tensor<1xf32>) outs(%e : tensor<1xf32>)
  return %a, %b : tensor<1xf32>, tensor<1xf32>
}
