//===- TileModel.h - Sizes of tiles from the limits of a machine ----------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_CONVERSION_MOETOTRITON_TILEMODEL_H
#define MOE_CONVERSION_MOETOTRITON_TILEMODEL_H

#include "Kernels.h"
#include <limits>

namespace mlir::moe {

/// What bounds a tile on a device.
struct Machine {
  /// Bytes of shared memory that one program may use.
  int64_t sharedMemory;
  int64_t multiprocessors;
  /// Whether more than a warp feeds the matrix units, blocks of matrices are
  /// copied by an engine of their own, and kernels may begin before others end.
  bool hasBulkCopy;

  /// The limits of a compute capability (80, 89, 90, 100, …).
  static Machine get(int64_t capability);
};

/// How a layer is computed for up to a number of tokens.
struct Regime {
  enum Kind {
    /// One token: vector products that choose the experts themselves.
    Vector,
    /// One program plans, then tiles.
    OneProgram,
    /// Blocks of tokens are planned at once, then tiles.
    Blocks
  };
  Kind kind;
  int64_t maxTokens = std::numeric_limits<int64_t>::max();
  int64_t tileRows = 1;
  /// Tokens of a planning program, and how many of them at a time.
  int64_t planTokens = 1, planChunk = 1;
};

/// The regimes of a layer that multiplies `operand`s, in ascending order of
/// tokens; the last is open.
SmallVector<Regime> chooseRegimes(const RoutingConfig &routing, Type operand);

/// Sets the tile of `config` for tiles of `tileRows` rows.
void chooseTile(GemmConfig &config, int64_t tileRows, const Machine &machine);

/// Sets the tile of `vectors` products with one vector each.
void chooseVectorTile(GemmConfig &config, int64_t vectors,
                      const Machine &machine);

} // namespace mlir::moe

#endif // MOE_CONVERSION_MOETOTRITON_TILEMODEL_H
