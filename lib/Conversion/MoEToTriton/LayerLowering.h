//===- LayerLowering.h - A layer of experts as launches of kernels --------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_CONVERSION_MOETOTRITON_LAYERLOWERING_H
#define MOE_CONVERSION_MOETOTRITON_LAYERLOWERING_H

#include "Kernels.h"
#include "TileModel.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::moe {

struct TritonLoweringOptions {
  Machine machine;
  tt::InputPrecision precision;
  /// Rows of tiles; 0: the model chooses.
  int64_t rows = 0;
  /// Leave layers without kernels as they are; the rest runs on the host.
  bool partial = false;
  /// Columns, depth, warps, stages, group of the products' tiles and whether
  /// programs are persistent; empty: the model chooses.
  SmallVector<int64_t> tile1, tile2;
};

/// Replaces a `moe.experts` that takes tokens and gives tokens, its plan and,
/// where nothing else needs it, its gate. Where it cannot, emits an error, or a
/// remark for partial lowering.
LogicalResult lowerLayer(ExpertsOp op, const TritonLoweringOptions &options,
                         IRRewriter &rewriter);

/// Replaces a gate whose results are used as they are.
LogicalResult lowerGate(GateOp op, const TritonLoweringOptions &options,
                        IRRewriter &rewriter);

} // namespace mlir::moe

#endif // MOE_CONVERSION_MOETOTRITON_LAYERLOWERING_H
