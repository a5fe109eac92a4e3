//===- LaunchPlan.h - Plans of launches as they are read from JSON --------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RUNTIME_CUDA_LAUNCHPLAN_H
#define MOE_RUNTIME_CUDA_LAUNCHPLAN_H

#include <cstdint>
#include <string>
#include <vector>

namespace moe::rt {
struct Json;
}

namespace moe::rt::cuda {

/// Computes an expression of whole numbers, names d0, d1, … of `sizes`, + − *
/// /, min, max and parentheses. False where it is none, or a result does not
/// fit.
bool evaluate(const std::string &text, const std::vector<int64_t> &sizes,
              int64_t &value);

struct KernelSpec {
  std::string name, binary;
  int64_t warps = 0, shared = 0, capability = 0;
  /// Bytes of memory that each program takes beside its parameters.
  int64_t scratch = 0;
  bool overlaps = false;
  /// Whether the function launches it.
  bool used = false;
};

/// One parameter of a launch: an argument, a buffer, or a number.
struct ParameterSpec {
  enum Kind { Argument, Buffer, Number } kind;
  int64_t index = 0;
  std::string value;
};

/// A launch, or a choice between lists of steps: the first whose condition
/// holds.
struct StepSpec {
  size_t kernel = 0;
  std::vector<std::string> grid;
  std::vector<ParameterSpec> parameters;

  struct Case {
    /// Left side, comparison (ule, eq), right side; empty: always.
    std::string left, comparison, right;
    std::vector<StepSpec> steps;
  };
  std::vector<Case> cases;
};

struct BufferSpec {
  std::string bytes;
  bool persistent = false;
  /// The result that it is, or −1.
  int64_t result = -1;
};

struct ArgumentSpec {
  /// −1 for sizes that are not static.
  std::vector<int64_t> shape;
  bool weight = false;
};

struct LaunchPlan {
  struct SizeSpec {
    int64_t argument, dim;
  };
  std::vector<KernelSpec> kernels;
  std::vector<ArgumentSpec> arguments;
  std::vector<SizeSpec> sizes;
  std::vector<BufferSpec> buffers;
  std::vector<StepSpec> init, steps;
  size_t numResults = 0;

  /// Reads `text`, taking the function of that name; false and why in `error`.
  bool read(const std::string &text, const std::string &function,
            std::string &error);
};

} // namespace moe::rt::cuda

#endif // MOE_RUNTIME_CUDA_LAUNCHPLAN_H
