//===- ChosenExperts.h - Which experts ids may name -------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_ANALYSIS_CHOSENEXPERTS_H
#define MOE_ANALYSIS_CHOSENEXPERTS_H

#include "moe/Dialect/MoE/IR/MoE.h"
#include "llvm/ADT/BitVector.h"

namespace mlir::moe {

/// What is known about the ids in a tensor of them.
struct ChosenExperts {
  /// The ids that may stand in it.
  llvm::BitVector possible;
  /// Of these, the ids that stand only in slots whose weight is NaN: experts
  /// that nothing but a NaN (or an infinity that normalisation makes one) lets
  /// a gate choose.
  llvm::BitVector onlyByNaN;
  /// The result that holds the weights that `onlyByNaN` is about, slot by slot.
  Value weights;
};

/// Says which of the ids 0 … experts − 1 may stand in `ids`, from what makes
/// them: gates, routes, remappings and constants; nothing when there are too
/// many experts to keep a list of.
std::optional<ChosenExperts> getChosenExperts(Value ids, int64_t experts);

/// The options of a moe.gate or moe.route.
struct Routing {
  Value bias, values, givenIds, table;
  ScoreAttr score;
  GroupLimitAttr groupLimit;
  SelectAttr select;
  NormalizeAttr normalize;
  int64_t experts = 0, shared = 0;
  Value weights, ids;
};

/// Reads the options of `op`; nothing unless it is a gate or a route.
std::optional<Routing> getRouting(Operation *op);

/// Why experts of bias −∞ may be chosen with a weight that is a number; empty
/// when they cannot be, or there are none.
StringRef explainExcludedByBias(const Routing &routing);

} // namespace mlir::moe

#endif // MOE_ANALYSIS_CHOSENEXPERTS_H
