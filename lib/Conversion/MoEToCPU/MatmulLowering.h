//===- MatmulLowering.h - linalg.matmul as a call of a kernel -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_MOETOCPU_MATMULLOWERING_H
#define MOE_LIB_CONVERSION_MOETOCPU_MATMULLOWERING_H

#include "TileGemm.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::moe {

/// Allocates what tiles accumulate in: MR×NR f32.
Value allocateTile(ImplicitLocOpBuilder &b, const TileShape &tile);

/// Emits the tiles of one panel of B with rows [begin, end) of A, and stores
/// the first `columns` columns of each in C from `firstColumn` on.
void emitPanel(ImplicitLocOpBuilder &b, const TileShape &tile,
               func::FuncOp gemm, Value a, Value panel, Value accumulators,
               Value c, Value firstColumn, int64_t columns, Value begin,
               Value end);

/// Replaces a linalg.matmul of f32 into zeros, with static K and N, by a call
/// of a register-tiled kernel that reads both operands where they stand.
LogicalResult lowerMatmul(linalg::MatmulOp op, const TileShape &tile,
                          PatternRewriter &rewriter);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_MOETOCPU_MATMULLOWERING_H
