//===- Transforms.h - Building blocks of rewrites of layers -----*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_MOE_TRANSFORMS_TRANSFORMS_H
#define MOE_DIALECT_MOE_TRANSFORMS_TRANSFORMS_H

#include "moe/Dialect/MoE/IR/MoE.h"

namespace mlir::moe {

/// Whether selectExperts can make another set of the experts of `set`: its kind
/// is known, and its weights are made by operations of the dialect.
bool canSelectExperts(Value set);

/// Builds the set of the experts `experts` of `set`, in this order; one may come
/// more than once. No weight is copied: `moe.weights` selects, or its sources
/// are others. The set must be one that canSelectExperts accepts.
Value selectExperts(OpBuilder &builder, Value set, ArrayRef<int64_t> experts);

} // namespace mlir::moe

#endif // MOE_DIALECT_MOE_TRANSFORMS_TRANSFORMS_H
