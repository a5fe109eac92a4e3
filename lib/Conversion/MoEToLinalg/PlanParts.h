//===- PlanParts.h - What a plan becomes, and what reads it -----*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_MOETOLINALG_PLANPARTS_H
#define MOE_LIB_CONVERSION_MOETOLINALG_PLANPARTS_H

#include "moe/Dialect/MoE/IR/MoE.h"

namespace mlir::moe {

/// The values that a `!moe.plan` of E experts becomes.
struct PlanParts {
  /// tensor<(E+1)xi64>: the rows of expert e are [offsets[e], offsets[e+1]).
  Value offsets;
  /// tensor<?xi64>: the token of each row.
  Value tokens;
  /// tensor<?x?xi64>: the row of each slot (token, slot) or, by expert
  /// choice, (expert, place); −1 for a slot without row.
  Value rows;
  /// index: how many tokens there are.
  Value numTokens;

  PlanParts() = default;
  /// Splits what a type converter made of a plan.
  explicit PlanParts(ValueRange parts)
      : offsets(parts[0]), tokens(parts[1]), rows(parts[2]),
        numTokens(parts[3]) {}

  SmallVector<Value> getValues() const {
    return {offsets, tokens, rows, numTokens};
  }
  static SmallVector<Type> getTypes(PlanType type);
};

/// Builds the rows of a plan out of tokens: moe.dispatch.
Value buildDispatch(OpBuilder &builder, Location loc, Value input,
                    const PlanParts &plan);

/// What a combine adds to each token beside rows; absent parts are null.
struct AffineTerm {
  Value copyScale, copyInput, coefficients;
  /// Of type !moe.weights, visible in the function.
  Value vectors;

  /// Of the converted operands of a combine, or of experts with one.
  template <typename Adaptor> static AffineTerm get(Adaptor &adaptor) {
    auto optional = [](ValueRange values) {
      return values.empty() ? Value() : values.front();
    };
    return {optional(adaptor.getCopyScale()), optional(adaptor.getCopyInput()),
            optional(adaptor.getCoefficients()),
            optional(adaptor.getVectors())};
  }
};

/// Builds the weighted sum of the rows of each token, and the affine term:
/// moe.combine.
Value buildCombine(OpBuilder &builder, Location loc, Value rows,
                   const PlanParts &plan, Value weights,
                   const AffineTerm &term);

/// `value`, cast to the tensor type `type` when only static sizes differ.
Value castShape(OpBuilder &builder, Location loc, Value value, Type type);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_MOETOLINALG_PLANPARTS_H
