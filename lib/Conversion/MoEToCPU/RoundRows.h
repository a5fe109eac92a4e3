//===- RoundRows.h - Rows rounded to bytes ----------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_MOETOCPU_ROUNDROWS_H
#define MOE_LIB_CONVERSION_MOETOCPU_ROUNDROWS_H

#include "TileGemm.h"

namespace mlir::moe {

/// Whether rows of such length can be rounded for codes of `bits` bits of
/// which `block` share a scale (0: all): vectors hold whole words and blocks
/// whole vectors.
bool canRoundRows(const TileShape &tile, int64_t depth, int64_t block,
                  unsigned bits);

/// Allocates `rows` rounded rows of `depth` elements.
TileRows allocateRoundedRows(ImplicitLocOpBuilder &b, const TileKernel &kernel,
                             Value rows, int64_t depth);

/// Rounds a row of f32 to bytes: in each block to multiples of its greatest
/// magnitude / 127.
void emitRoundRow(ImplicitLocOpBuilder &b, const TileKernel &kernel,
                  Value source, Value row, int64_t depth,
                  const TileRows &target);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_MOETOCPU_ROUNDROWS_H
