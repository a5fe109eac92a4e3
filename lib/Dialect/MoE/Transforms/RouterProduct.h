//===- RouterProduct.h - The product that makes router logits ---*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_DIALECT_MOE_TRANSFORMS_ROUTERPRODUCT_H
#define MOE_LIB_DIALECT_MOE_TRANSFORMS_ROUTERPRODUCT_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "moe/Dialect/MoE/IR/MoE.h"

namespace mlir::moe {

/// The linalg operation that makes each element of `value` of the element of
/// one input at the same place, or null.
linalg::GenericOp getElementwiseUnary(Value value);

/// input·Wᵀ + bias, rounded once, as any pipeline writes it: moe.project,
/// linalg.matmul or a contraction over matrices in linalg, the sum with a
/// vector, conversions of floats, and reshapes that leave the columns alone.
struct RouterProduct {
  /// T×H.
  Value input;
  /// A value of type !moe.weights; null when `matrix` is to become one.
  Value weights;
  /// N×H, or H×N if `transposed`, of static shape.
  Value matrix;
  bool transposed = false;
  /// N elements, or null.
  Value bias;
  /// N.
  int64_t columns = 0;

  /// Takes `value`, T×N, apart. Fails with a reason.
  static FailureOr<RouterProduct> match(Value value, StringRef &reason);

  /// The weights 1×N×H (or those of a moe.project) and the bias 1×N.
  Value buildWeights(ImplicitLocOpBuilder &b) const;
  Value buildBias(ImplicitLocOpBuilder &b) const;
};

} // namespace mlir::moe

#endif // MOE_LIB_DIALECT_MOE_TRANSFORMS_ROUTERPRODUCT_H
