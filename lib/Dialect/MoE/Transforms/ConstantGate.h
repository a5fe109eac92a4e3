//===- ConstantGate.h - A gate evaluated at compile time --------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_DIALECT_MOE_TRANSFORMS_CONSTANTGATE_H
#define MOE_LIB_DIALECT_MOE_TRANSFORMS_CONSTANTGATE_H

#include "moe/Dialect/MoE/IR/MoE.h"

namespace mlir::moe {

/// The results of a gate, T×(k+S), row by row.
struct GateValues {
  int64_t width = 0;
  SmallVector<int32_t> ids;
  SmallVector<double> weights;
};

/// Computes the ids of a gate whose picks do not depend on its logits (all,
/// given, table) and are constant; nothing where its weights decide on them.
std::optional<GateValues> evaluateIds(GateOp gate);

/// Computes a gate of constants, in the order and the precision of the
/// specification. Nothing where an operand is no constant, a function would
/// have to be rounded as the target's library rounds it, or there is too much
/// of it.
std::optional<GateValues> evaluateGate(GateOp gate);

} // namespace mlir::moe

#endif // MOE_LIB_DIALECT_MOE_TRANSFORMS_CONSTANTGATE_H
