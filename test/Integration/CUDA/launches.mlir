// A program with launches, on a driver whose device is the host's memory.
// REQUIRES: numpy
// UNSUPPORTED: asan
// RUN: mkdir -p %t
// RUN: %host_cc -shared -fPIC -w %moe_src_root/test/Inputs/cuda_stub.c -o %t/libcuda.so
// RUN: %python -c "import numpy as n; n.save('%t/x.npy', n.arange(1, 9, dtype='f').reshape(2, 4))"
// RUN: env MOE_LIBCUDA=%t/libcuda.so STUB_LOG=1 moe-run %s --target=cuda --no-cache --random-inputs --dim=arg0:0=2 --time 2 > %t/out 2> %t/log
// RUN: FileCheck %s --check-prefix=LOG < %t/log
// RUN: env MOE_LIBCUDA=%t/libcuda.so moe-run %s --target=cuda --no-cache --input arg0=%t/x.npy | FileCheck %s
// RUN: not env MOE_LIBCUDA=%t/libcuda.so STUB_CAPABILITY=100 moe-run %s --target=cuda --no-cache --random-inputs --dim=arg0:0=2 2>&1 | FileCheck %s --check-prefix=ARCH
// RUN: not env MOE_LIBCUDA=%t/libcuda.so STUB_MEMORY=1000 moe-run %s --target=cuda --no-cache --random-inputs --dim=arg0:0=2 2>&1 | FileCheck %s --check-prefix=MEMORY
// RUN: not env MOE_LIBCUDA=%t/libcuda.so STUB_INIT=1 moe-run %s --target=cuda --no-cache 2>&1 | FileCheck %s --check-prefix=INIT
// RUN: not env MOE_LIBCUDA=%t/libcuda.so MOE_CUDA_DEVICE=3 moe-run %s --target=cuda --no-cache 2>&1 | FileCheck %s --check-prefix=DEVICE

// The weight is doubled once, and x is copied, doubled, and copied back in each call.
// LOG: stub: upload 16
// LOG: stub: launch 1
// LOG-COUNT-3: stub: download 32
// LOG-NOT: stub: allocate
// CHECK: result0: 2x4xf32 [3, 5, 7, 9, 11, 13, 15, 17]
// ARCH: moe-run: {{.*}}: kernel twice is for sm_90, the device is sm_100
// MEMORY: moe-run: {{.*}}: the device has no 0.0 MB for a tensor (0.0 MB of 0.0 MB are free): out of memory
// INIT: moe-run: --target=cuda: the CUDA driver does not start: some error
// DEVICE: moe-run: --target=cuda: there is no CUDA device 3 among 1
onnxir.weight @w = dense<[0.5, 0.5, 0.5, 0.5]> : tensor<4xf32>
func.func @main(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  %c4 = arith.constant 4 : index
  %all = arith.muli %n, %c4 : index
  %count = arith.index_cast %all : index to i32
  %four = arith.constant 4 : i32
  %w = onnxir.get_weight @w : tensor<4xf32>
  %ew = tensor.empty() : tensor<4xf32>
  %one = moe.launch @twice grid(%c1) ins(%w, %four : tensor<4xf32>, i32) outs(%ew : tensor<4xf32>)
  %e = tensor.empty(%n) : tensor<?x4xf32>
  %y = moe.launch @twice grid(%n) ins(%x, %count : tensor<?x4xf32>, i32) outs(%e : tensor<?x4xf32>)
  %wide = linalg.broadcast ins(%one : tensor<4xf32>) outs(%e : tensor<?x4xf32>) dimensions = [0]
  %z = arith.addf %y, %wide : tensor<?x4xf32>
  return %z : tensor<?x4xf32>
}
tt.func public @twice(%x: !tt.ptr<f32>, %n: i32, %y: !tt.ptr<f32>) attributes {
    moe.num_warps = 2 : i32, moe.num_stages = 1 : i32, moe.image = "code\00",
    moe.shared = 0 : i64, moe.scratch = 0 : i64, moe.capability = 90 : i64} {
  tt.return
}
