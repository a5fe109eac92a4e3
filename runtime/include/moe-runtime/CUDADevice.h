//===- CUDADevice.h - What compiled programs ask of a CUDA device ---------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The device is the first that the driver shows, or the one whose number
// MOE_CUDA_DEVICE holds. All work goes to one stream. What fails ends the call
// in progress (see Trap.h) with one line.
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RUNTIME_CUDADEVICE_H
#define MOE_RUNTIME_CUDADEVICE_H

#include <cstdint>
#include <string>

namespace moe::rt::cuda {

/// Numbers that a program has of a kernel.
struct KernelInfo {
  int64_t imageBytes, warps, sharedBytes;
  /// Memory of each program beside its parameters.
  int64_t scratchBytes;
  /// Compute capability that it is compiled for.
  int64_t capability;
  /// Whether it may begin while the one before it ends.
  int64_t overlaps;
};

/// The compute capability of the device, 90 for 9.0; 0 and why in `error`
/// where there is none.
int getCapability(std::string &error);

/// Launches since the process began.
uint64_t getNumLaunches();

} // namespace moe::rt::cuda

extern "C" {
/// Memory on the device, which is never handed out for 0 bytes: null then.
void *moe_cuda_allocate(int64_t bytes);
void moe_cuda_free(void *pointer);
void moe_cuda_upload(void *to, const void *from, int64_t bytes);
/// Waits for everything before it.
void moe_cuda_download(void *to, const void *from, int64_t bytes);
/// Runs a kernel with `numParameters` pointers or numbers, of 64 bits each,
/// on a grid of three sizes. `handle` is 0 at first and belongs to the runtime.
void moe_cuda_launch(uint64_t *handle, const void *image, const char *name,
                     const moe::rt::cuda::KernelInfo *info, const int64_t *grid,
                     uint64_t *parameters, int64_t numParameters);
}

#endif // MOE_RUNTIME_CUDADEVICE_H
