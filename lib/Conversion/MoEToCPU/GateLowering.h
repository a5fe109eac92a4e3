//===- GateLowering.h - moe.gate as one loop over tokens -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_MOETOCPU_GATELOWERING_H
#define MOE_LIB_CONVERSION_MOETOCPU_GATELOWERING_H

#include "mlir/IR/PatternMatch.h"
#include "moe/Dialect/MoE/IR/MoE.h"

namespace mlir::moe {

/// Whether the choice of a token depends on other tokens.
template <typename GateLikeOp> bool comparesTokens(GateLikeOp op) {
  return op.isExpertChoice() || op.getCapacityAttr();
}

/// Puts a moe.gate into a parallel loop over blocks of tokens, whose values
/// between are small enough for the first-level cache. A gate that compares
/// tokens with each other, or stands in a loop already, stays.
LogicalResult lowerGate(GateOp op, PatternRewriter &rewriter);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_MOETOCPU_GATELOWERING_H
