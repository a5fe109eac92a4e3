// RUN: moe-opt %s --convert-moe-launch-to-calls | FileCheck %s

// What the host makes is copied to the device, what it reads is copied back, and
// what goes from launch to launch stays there.
// CHECK-DAG: llvm.mlir.global internal @moe_code_twice_handle(0 : i64)
// CHECK-DAG: llvm.mlir.global internal constant @moe_code_twice_image("code")
// CHECK-DAG: llvm.mlir.global internal constant @moe_code_twice_name("twice\00")
// CHECK-DAG: llvm.mlir.global internal constant @moe_code_twice_info(dense<[4, 2, 1024, 0, 90, 1]> : tensor<6xi64>)
// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[X:.*]]: tensor<?x4xf32>, %[[N:.*]]: i32)
// CHECK: %[[D:.*]] = tensor.dim %[[X]]
// CHECK: %[[E0:.*]] = bufferization.alloc_tensor(%[[D]]) : tensor<?x4xf32>
// CHECK: %[[A:.*]] = moe.call_kernel @moe_upload_2xf32 ins(%[[X]] : tensor<?x4xf32>) outs(%[[E0]] : tensor<?x4xf32>) {moe.device}
// CHECK: %[[E1:.*]] = bufferization.alloc_tensor
// CHECK: %[[B:.*]] = moe.call_kernel @moe_launch_twice_2_0_2 ins(%{{.*}}, %{{.*}}, %{{.*}}, %[[A]], %[[N]] : index, index, index, tensor<?x4xf32>, i32) outs(%[[E1]] : tensor<?x4xf32>) {moe.device}
// CHECK: %[[C:.*]] = moe.call_kernel @moe_launch_twice_2_0_2 ins(%{{.*}}, %{{.*}}, %{{.*}}, %[[B]], %[[N]]
// CHECK: %[[H:.*]] = moe.call_kernel @moe_download_2xf32 ins(%[[C]] : tensor<?x4xf32>) outs(%{{.*}} : tensor<?x4xf32>)
// CHECK-NOT: moe.device
// CHECK: math.absf %[[H]]
// CHECK: return
// CHECK: func.func private @moe_launch_twice_2_0_2(%{{.*}}: index, %{{.*}}: index, %{{.*}}: index, %{{.*}}: memref<?x?xf32> {moe.device}, %{{.*}}: i32, %{{.*}}: memref<?x?xf32> {moe.device})
// CHECK: llvm.call @moe_cuda_launch(
// CHECK: func.func private @moe_upload_2xf32(%{{.*}}: memref<?x?xf32>, %{{.*}}: memref<?x?xf32> {moe.device})
// CHECK: llvm.call @moe_cuda_upload(
// CHECK: func.func private @moe_download_2xf32(%{{.*}}: memref<?x?xf32> {moe.device}, %{{.*}}: memref<?x?xf32>)
// CHECK: llvm.call @moe_cuda_download(
// CHECK-NOT: tt.func
func.func @f(%x: tensor<?x4xf32>, %n: i32) -> tensor<?x4xf32> {
  %c0 = arith.constant 0 : index
  %d = tensor.dim %x, %c0 : tensor<?x4xf32>
  %e = tensor.empty(%d) : tensor<?x4xf32>
  %a = moe.launch @twice grid(%d) ins(%x, %n : tensor<?x4xf32>, i32) outs(%e : tensor<?x4xf32>)
  %b = moe.launch @twice grid(%d) ins(%a, %n : tensor<?x4xf32>, i32) outs(%e : tensor<?x4xf32>)
  %y = math.absf %b : tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
tt.func public @twice(%x: !tt.ptr<f32>, %n: i32, %y: !tt.ptr<f32>) attributes {
    moe.num_warps = 2 : i32, moe.num_stages = 1 : i32, moe.overlap, moe.image = "code",
    moe.shared = 1024 : i64, moe.scratch = 0 : i64, moe.capability = 90 : i64} {
  tt.return
}
