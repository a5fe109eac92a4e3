//===- MatchActivation.h - Activations as expressions -----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_DIALECT_MOE_TRANSFORMS_MATCHACTIVATION_H
#define MOE_LIB_DIALECT_MOE_TRANSFORMS_MATCHACTIVATION_H

#include "ScalarExpr.h"
#include "moe/Dialect/MoE/IR/MoE.h"

namespace mlir::moe {

/// The activation by which `hidden` is made of `up`, and of `gate` if it is not
/// null (A18); null when there is none.
ActivationAttr matchActivation(ExprPool &pool, MLIRContext *context,
                               Expr hidden, Expr gate, Expr up);

} // namespace mlir::moe

#endif // MOE_LIB_DIALECT_MOE_TRANSFORMS_MATCHACTIVATION_H
