//===- CUDAPasses.td - Launches of kernels in compiled programs -*- tablegen -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_CONVERSION_CUDAPASSES
#define MOE_CONVERSION_CUDAPASSES

include "mlir/Pass/PassBase.td"

def CompileKernelsPass : Pass<"moe-compile-kernels", "::mlir::ModuleOp"> {
  let summary = "Compile kernels in Triton IR to machine code";
  let description = [{
    Gives each `tt.func` that is launched and has none its machine code for a compute
    capability (`moe.image`) and the memory that it takes (`moe.shared`,
    `moe.scratch`, in bytes). The Triton package compiles, in a Python process:
    `$MOE_PYTHON`, else the interpreter of the setup, else `python3`. What was
    compiled once is taken from a folder; then no Python is needed.

    ```mlir
    tt.func public @moe_sum_1(…) { … }
    ```
    becomes
    ```mlir
    tt.func public @moe_sum_1(…) attributes
        {moe.capability = 90, moe.image = "\7FELF…", moe.scratch = 0, moe.shared = 1024} { … }
    ```
  }];
  let options = [
    Option<"capability", "capability", "int64_t", /*default=*/"90",
           "Compute capability to compile for: 80, 89, 90, 100, …">,
    Option<"cacheDirectory", "cache-directory", "std::string", /*default=*/"",
           "Folder of compiled kernels; none by default.">];
  let statistics = [
    Statistic<"numCompiled", "num-compiled", "Number of kernels compiled">,
    Statistic<"numFound", "num-found", "Number of kernels found compiled">];
}

def ConvertLaunchToCallsPass
    : Pass<"convert-moe-launch-to-calls", "::mlir::ModuleOp"> {
  let summary = "Lower launches of kernels to calls of the CUDA runtime";
  let description = [{
    Each `moe.launch` becomes a `moe.call_kernel` of a private function that
    hands the pointers of its tensors to the runtime's `moe_cuda_launch`, with
    the kernel's machine code, which must be there (see `moe-compile-kernels`).
    Tensors that host code makes are copied to the device before a launch reads
    them (`@moe_upload_…`), and results that host code reads are copied back
    (`@moe_download_…`); between launches they stay on the device. Parameters of
    these functions that are device memory are marked `moe.device`, and so are
    calls whose results are.

    ```mlir
    %y = moe.launch @k grid(%n) ins(%x : tensor<?x64xf32>)
                                outs(%init : tensor<?x64xf32>)
    ```
    becomes
    ```mlir
    %0 = moe.call_kernel @moe_upload_2xf32 ins(%x : …) outs(%e : …) {moe.device}
    %1 = moe.call_kernel @moe_launch_k ins(%n, %c1, %c1, %0 : …)
                                       outs(%init : …) {moe.device}
    %y = moe.call_kernel @moe_download_2xf32 ins(%1 : …) outs(%f : …)
    ```
  }];
  let statistics = [
    Statistic<"numLaunches", "num-launches", "Number of launches lowered">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect",
    "::mlir::bufferization::BufferizationDialect",
    "::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::memref::MemRefDialect", "::mlir::tensor::TensorDialect"];
}

def PlaceDeviceBuffersPass
    : Pass<"moe-place-device-buffers", "::mlir::ModuleOp"> {
  let summary = "Allocate the buffers of kernels on the device";
  let description = [{
    Each `memref.alloc` that reaches a parameter marked `moe.device`, through
    casts and as a result of the init function, becomes memory of the device
    (`moe_cuda_allocate`), and its `memref.dealloc` `moe_cuda_free`. A buffer
    that host code touches as well is an error.

    ```mlir
    %b = memref.alloc(%n) : memref<?x64xf32>
    call @moe_launch_k(%n, %c1, %c1, %x, %b) : …
    memref.dealloc %b : memref<?x64xf32>
    ```
    becomes
    ```mlir
    %p = llvm.call @moe_cuda_allocate(%bytes) : (i64) -> !llvm.ptr
    // a memref<?xi8> of %p
    %b = memref.view %m[%c0][%n] : memref<?xi8> to memref<?x64xf32>
    call @moe_launch_k(%n, %c1, %c1, %x, %b) : …
    llvm.call @moe_cuda_free(%p) : (!llvm.ptr) -> ()
    ```
  }];
  let statistics = [
    Statistic<"numPlaced", "num-placed", "Number of buffers on the device">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::memref::MemRefDialect"];
}

#endif // MOE_CONVERSION_CUDAPASSES
