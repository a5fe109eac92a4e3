//===- CeilingsCode.h - Loops that reach the machine's limits ---*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_MOEBENCH_CEILINGSCODE_H
#define MOE_TOOLS_MOEBENCH_CEILINGSCODE_H

#include "moe/ExecutionEngine/ObjectCode.h"
#include <vector>

namespace moe {

/// Iterations of the parallel loop around a loop of multiply-adds.
constexpr int64_t peakTasks = 64;
/// Elements of f32 that one task of the reading loop reads: 256 KiB.
constexpr int64_t readChunk = 1 << 16;

/// A loop of independent multiply-adds on registers, as an MLIR module.
struct PeakLoop {
  /// "f32", "bf16" or "int8".
  std::string name;
  /// Function `peak(tensor<64xT>, steps: tensor<i64>) -> tensor<64xf32>`.
  std::string module;
  /// Operations of one task's step; a multiply-add counts two.
  double operations;
};

/// The loops whose instructions `target` has.
std::vector<PeakLoop> getPeakLoops(const CodeTarget &target);

/// Function `read(tensor<?x65536xf32>) -> tensor<?xf32>` that sums each row.
std::string getReadLoop(const CodeTarget &target);

} // namespace moe

#endif // MOE_TOOLS_MOEBENCH_CEILINGSCODE_H
