//===- RouteLowering.h - moe.route as one loop over tokens ------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_MOETOCPU_ROUTELOWERING_H
#define MOE_LIB_CONVERSION_MOETOCPU_ROUTELOWERING_H

#include "TileGemm.h"
#include "mlir/IR/PatternMatch.h"
#include "moe/Dialect/MoE/IR/MoE.h"

namespace mlir::moe {

/// Replaces a moe.route of f32, f16 or bf16 tokens by a parallel loop over
/// blocks of tokens: each is multiplied with the packed matrices of all
/// projections, and its gate follows while the logits are in the cache. Gates
/// that compare tokens with each other (capacity, expert choice) come after
/// the loop. Weights must be made in the same function.
LogicalResult lowerRoute(RouteOp op, const TileShape &tile,
                         PatternRewriter &rewriter);

/// Replaces a moe.project alike.
LogicalResult lowerProject(ProjectOp op, const TileShape &tile,
                           PatternRewriter &rewriter);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_MOETOCPU_ROUTELOWERING_H
