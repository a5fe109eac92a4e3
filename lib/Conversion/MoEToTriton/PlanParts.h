//===- PlanParts.h - What a plan is made of on the GPU -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_CONVERSION_MOETOTRITON_PLANPARTS_H
#define MOE_CONVERSION_MOETOTRITON_PLANPARTS_H

#include "Kernels.h"

namespace mlir::moe {

/// A plan is two lists of i32 in memory. `rows`: the slots t·k + j, sorted by
/// expert. `tiles`: for each tile of the first dimension of the products its
/// expert, its first row, and the row after the last one of its expert; a
/// fourth word is unused.
constexpr int64_t kTileFields = 4;

/// How the rows of each expert are cut into tiles: vectors over experts.
struct Tiles {
  Value count, first;
  /// All of them, a scalar.
  Value total;
};
Tiles buildTiles(KernelBuilder &k, Value counts, Value offsets,
                 int64_t tileRows);

void writeTile(KernelBuilder &k, Value tiles, Value tile, Value expert,
               Value row, Value end, Value mask);

} // namespace mlir::moe

#endif // MOE_CONVERSION_MOETOTRITON_PLANPARTS_H
