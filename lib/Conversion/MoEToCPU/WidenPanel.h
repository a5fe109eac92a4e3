//===- WidenPanel.h - Panels of codes as panels of f32 ----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_MOETOCPU_WIDENPANEL_H
#define MOE_LIB_CONVERSION_MOETOCPU_WIDENPANEL_H

#include "TileGemm.h"

namespace mlir::moe {

/// Whether panels that `kernel` multiplies can be widened: each word of codes
/// has one zero point.
bool canWidenPanels(const TileKernel &kernel);

/// The kernel of tiles for widened panels. They give the same bits as those
/// that widen codes in registers.
TileKernel getWidenedKernel(const TileKernel &kernel);

/// Allocates a widened panel of `depth` inputs.
Value allocateWidenedPanel(ImplicitLocOpBuilder &b, const TileKernel &kernel,
                           int64_t depth);

/// Widens the codes of `panel` into `target`, less their zero points; returns
/// the panel of it and the scales. Pays off for many rows: tiles that widen by
/// themselves do so anew for each of them.
TilePanel emitWidenPanel(ImplicitLocOpBuilder &b, const TileKernel &kernel,
                         const TilePanel &panel, Value target);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_MOETOCPU_WIDENPANEL_H
