//===- Driver.h - The CUDA driver, loaded when it is needed -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RUNTIME_CUDA_DRIVER_H
#define MOE_RUNTIME_CUDA_DRIVER_H

#include <cstddef>
#include <cstdint>
#include <string>

namespace moe::rt::cuda {

using Pointer = unsigned long long;
using Stream = void *;
using Context = void *;
using Module = void *;
using Function = void *;
using Graph = void *;
using GraphExec = void *;

// Numbers of the driver's interface (cuda.h).
constexpr int kMaxDynamicSharedSize = 8;
constexpr int kMaxSharedPerBlockOptin = 97;
constexpr int kCapabilityMajor = 75;
constexpr int kCapabilityMinor = 76;
constexpr int kCaptureThreadLocal = 1;
constexpr unsigned kLaunchOverlap = 6; // Programmatic stream serialization.

/// CUlaunchAttribute and CUlaunchConfig.
struct LaunchAttribute {
  unsigned id;
  char pad[4];
  union {
    char bytes[64];
    int value;
  };
};
struct LaunchConfig {
  unsigned gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes;
  Stream stream;
  LaunchAttribute *attributes;
  unsigned numAttributes;
};

/// The functions of libcuda that are used. All return 0 on success.
struct Driver {
  int (*init)(unsigned);
  int (*getErrorString)(int, const char **);
  int (*deviceGet)(int *, int);
  int (*deviceGetCount)(int *);
  int (*deviceGetAttribute)(int *, int, int);
  int (*retainContext)(Context *, int);
  int (*releaseContext)(int);
  int (*setContext)(Context);
  int (*moduleLoadData)(Module *, const void *);
  int (*moduleUnload)(Module);
  int (*getFunction)(Function *, Module, const char *);
  int (*setAttribute)(Function, int, int);
  int (*allocate)(Pointer *, size_t);
  int (*free)(Pointer);
  int (*memoryInfo)(size_t *, size_t *);
  int (*copyToDevice)(Pointer, const void *, size_t, Stream);
  int (*copyToHost)(void *, Pointer, size_t, Stream);
  int (*launch)(const LaunchConfig *, Function, void **, void **);
  int (*streamCreate)(Stream *, unsigned);
  int (*streamDestroy)(Stream);
  int (*streamSynchronize)(Stream);
  int (*beginCapture)(Stream, int);
  int (*endCapture)(Stream, Graph *);
  int (*graphDestroy)(Graph);
  int (*instantiate)(GraphExec *, Graph, unsigned long long);
  int (*graphExecDestroy)(GraphExec);
  int (*graphLaunch)(GraphExec, Stream);

  /// The driver, or null and why in `error`.
  static const Driver *get(std::string &error);
  /// What the driver says of an error.
  std::string describe(int status) const;
};

/// Says that `bytes` cannot be had for `what`, and how much is there.
std::string describeShortage(uint64_t bytes, const char *what, size_t available,
                             size_t total, const std::string &why);

} // namespace moe::rt::cuda

#endif // MOE_RUNTIME_CUDA_DRIVER_H
