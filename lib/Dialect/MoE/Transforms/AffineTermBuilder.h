//===- AffineTermBuilder.h - The affine term of folded experts --*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_DIALECT_MOE_TRANSFORMS_AFFINETERMBUILDER_H
#define MOE_LIB_DIALECT_MOE_TRANSFORMS_AFFINETERMBUILDER_H

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "moe/Analysis/ExpertMeaning.h"

namespace mlir::moe {

/// Builds what tokens have of the experts of a layer that need no matrices: a
/// scale of the token itself, and coefficients of constant vectors.
class AffineTermBuilder {
public:
  /// `meanings` has an entry for each expert that `ids` count; `weights` and
  /// `ids` are T×k, `input` T×H.
  AffineTermBuilder(ImplicitLocOpBuilder &b, ArrayRef<ExpertMeaning> meanings,
                    Value weights, Value ids, Value input);

  /// Σ w over copies, plus what mixed constants copy: T elements. Null if
  /// there is neither.
  Value getCopyScale() const { return copyScale; }

  /// Σ w for each constant expert, times its share where it is mixed: T×C.
  /// Null if there are none.
  Value getCoefficients() const { return coefficients; }

  /// Builds the C vectors, as weights; null if there are none.
  Value buildVectors();

private:
  Value buildSums(function_ref<int32_t(size_t)> column, int64_t columns);
  Value buildMixLogits();

  ImplicitLocOpBuilder &b;
  ArrayRef<ExpertMeaning> meanings;
  Value weights, ids, input;
  FloatType compute;

  /// The constant experts, in the order of their coefficients.
  SmallVector<ExpertMeaning> constants;
  /// Where the two logits of a constant expert begin among those of all; −1
  /// for one that is not mixed.
  SmallVector<int32_t> mixColumns;
  bool hasMixed = false;
  Value copyScale, coefficients;
};

} // namespace mlir::moe

#endif // MOE_LIB_DIALECT_MOE_TRANSFORMS_AFFINETERMBUILDER_H
