//===- KernelCompiler.h - Kernels compiled by the Triton package ----------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_CONVERSION_LAUNCHTOCUDA_KERNELCOMPILER_H
#define MOE_CONVERSION_LAUNCHTOCUDA_KERNELCOMPILER_H

#include "llvm/Support/Error.h"
#include <optional>
#include <string>
#include <vector>

namespace mlir::moe {

struct KernelSource {
  std::string name, text;
  int64_t warps, stages;
  bool overlaps;
};

struct CompiledKernel {
  std::string image;
  int64_t shared = 0, scratch = 0;
};

/// Compiled kernels in a folder, by all that they depend on.
class KernelCache {
public:
  /// Of no folder with "".
  explicit KernelCache(std::string directory)
      : directory(std::move(directory)) {}
  std::optional<CompiledKernel> get(const KernelSource &source,
                                    int64_t capability) const;
  void put(const KernelSource &source, int64_t capability,
           const CompiledKernel &kernel) const;

private:
  std::string getPath(const KernelSource &source, int64_t capability) const;
  std::string directory;
};

/// Compiles kernels in one Python process.
llvm::Expected<std::vector<CompiledKernel>>
compileKernels(const std::vector<KernelSource> &sources, int64_t capability);

} // namespace mlir::moe

#endif // MOE_CONVERSION_LAUNCHTOCUDA_KERNELCOMPILER_H
