//===- WidenPanel.h - Packed panels as f32 -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_MOETOCPU_WIDENPANEL_H
#define MOE_LIB_CONVERSION_MOETOCPU_WIDENPANEL_H

#include "FFNKernel.h"

namespace mlir::moe {

/// Whether panels so stored can be widened here.
bool canWiden(Type storage, int64_t block, int64_t depth);

/// Allocates the scratch that `emitWidePanel` fills; null for storage of floats,
/// which tiles read where it stands.
Value allocateWidePanel(ImplicitLocOpBuilder &b, const PackedStorage &storage,
                        const TileShape &tile, int64_t depth);

/// Returns panel (expert, panel) of a packed projection as tiles take it: a view
/// of it, or for codes `scratch` filled with their values, f32 K×NR.
Value emitWidePanel(ImplicitLocOpBuilder &b, const PackedStorage &storage,
                    const TileShape &tile, int64_t depth, ValueRange packed,
                    Value expert, Value panel, Value scratch);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_MOETOCPU_WIDENPANEL_H
