//===- ExpertLoad.h - How many rows each expert gets ------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_ANALYSIS_EXPERTLOAD_H
#define MOE_ANALYSIS_EXPERTLOAD_H

#include "moe/Dialect/MoE/IR/MoE.h"

namespace mlir::moe {

/// What one expert has to expect.
struct ExpertLoad {
  /// The expected number of rows.
  double rows = 0.0;
  /// The probability that there is a row at all: that its weights are read.
  double touched = 0.0;

  /// The expected number of rows if there are any.
  double rowsIfTouched() const { return touched > 0.0 ? rows / touched : 0.0; }
};

/// The load of `experts` routed experts, of which each of `tokens` tokens
/// chooses `slots` different ones, independently of each other. `shares` says
/// in which proportion; without it all are equal. An expert is chosen by a
/// token with probability p = min(1, slots · share), gets tokens · p rows, and
/// none with probability (1 − p)^tokens.
SmallVector<ExpertLoad> getExpertLoads(int64_t tokens, int64_t slots,
                                       int64_t experts,
                                       ArrayRef<double> shares = {});

/// The load of the experts of `op` for `tokens` tokens, by its attribute
/// `moe.load` if it has one. Shared experts, which every token has, are known
/// when the ids come from a gate or a route.
SmallVector<ExpertLoad> getExpertLoads(ExpertsOp op, int64_t tokens);

/// The number of tokens of `op`, if it is static.
std::optional<int64_t> getNumTokens(ExpertsOp op);

} // namespace mlir::moe

#endif // MOE_ANALYSIS_EXPERTLOAD_H
