//===- Gate.h - Steps of the lowering of moe.gate ---------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_MOETOLINALG_GATE_H
#define MOE_LIB_CONVERSION_MOETOLINALG_GATE_H

#include "moe/Dialect/MoE/IR/MoE.h"

namespace mlir::moe {

/// What the steps of a gate have made so far. Rows choose among candidates:
/// tokens among the E experts, or, by expert choice, experts among the T
/// tokens.
struct GateState {
  GateOp op;
  /// f32 or f64, in which all is computed.
  FloatType compute;
  /// Scores p and choice values c: rows × candidates.
  Value scores, choice;
  /// i1, rows × candidates: who may be chosen; null when all may.
  Value allowed;
  /// i64, rows × candidates: how many candidates come before this one; −1 for
  /// those that may not be chosen. Null when the mode does not rank.
  Value ranks;
  /// i32 and compute type, rows × k: the picks. Weights of slots with id −1
  /// do not matter before the last step.
  Value ids, weights;
};

/// Builds p = score((logits + state) / temperature), T×E; `state` may be null.
Value buildScores(OpBuilder &builder, Location loc, ScoreAttr score,
                  Value logits, Value state);

/// Builds c = p + bias, or returns p.
Value buildChoiceValues(OpBuilder &builder, Location loc, Value scores,
                        Value bias);

/// Limits the choice to the best groups of each token: experts of others are
/// not allowed, or get the choice value that the limit names.
void buildGroupLimit(OpBuilder &builder, Location loc, GroupLimitAttr groups,
                     GateState &state);

/// Builds, for values M×N, the number of values of the same row that come
/// before each: i64, −1 where `allowed` (optional, i1) is false. Greater
/// values come first, NaN before all numbers, and of equal ones that which
/// `tie` says.
Value buildRanks(OpBuilder &builder, Location loc, Value values, Value allowed,
                 TieBreak tie);

/// Builds the ids of the picks of a mode that ranks, out of `ranks`.
void buildRankedIds(OpBuilder &builder, Location loc, GateState &state);

/// Builds the ids of select all, given or table: every expert, or `ids` (or
/// the row of `table` that it names) without those that name no expert.
void buildFixedIds(OpBuilder &builder, Location loc, GateState &state,
                   Value ids, Value table);

/// Turns picks into −1 that top_p or threshold does not reach.
void buildCutoff(OpBuilder &builder, Location loc, GateState &state);

/// Builds, for each pick, its entry of `values` (rows × candidates).
Value gatherPicks(OpBuilder &builder, Location loc, Value ids, Value values);

/// Builds the weights of the two picks of a sparse mixer.
Value buildSparseMixerWeights(OpBuilder &builder, Location loc,
                              GateState &state);

/// Builds the ids that are left when each expert takes only so many rows.
Value buildCapacity(OpBuilder &builder, Location loc, CapacityAttr capacity,
                    int64_t experts, Value ids);

/// Builds the renormalised weights of the picks.
Value buildNormalization(OpBuilder &builder, Location loc,
                         NormalizeAttr normalize, Value ids, Value weights);

/// Builds whether an id (i32) names an expert.
Value isPick(OpBuilder &builder, Location loc, Value id);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_MOETOLINALG_GATE_H
