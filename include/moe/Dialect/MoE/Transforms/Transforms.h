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

/// Builds the set of the experts `experts` of `set`, in this order; one may
/// come more than once. No weight is copied: `moe.weights` selects, or its
/// sources are others. The set must be one that canSelectExperts accepts.
Value selectExperts(OpBuilder &builder, Value set, ArrayRef<int64_t> experts);

/// Builds what `op` means as experts of a region, in linalg operations on rows
/// of `element`, which is the element type of the moe.experts that are to apply
/// it. Fails, having emitted an error, when its weights are not made by
/// operations in the same function.
FailureOr<RegionExpertsOp> unfuseExpertFFN(OpBuilder &builder, FFNExpertsOp op,
                                           Type element);

/// Builds the feed-forward experts that `op`'s region is; null, with the reason
/// in `reason`, if it is none. With `keepRoundings`, a region that rounds
/// values between to a narrower type than experts compute in is none.
FFNExpertsOp fuseExpertFFN(OpBuilder &builder, RegionExpertsOp op,
                           bool keepRoundings, std::string &reason);

} // namespace mlir::moe

#endif // MOE_DIALECT_MOE_TRANSFORMS_TRANSFORMS_H
