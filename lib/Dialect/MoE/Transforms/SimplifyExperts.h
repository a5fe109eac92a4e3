//===- SimplifyExperts.h - Parts of moe-simplify-experts --------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_DIALECT_MOE_TRANSFORMS_SIMPLIFYEXPERTS_H
#define MOE_LIB_DIALECT_MOE_TRANSFORMS_SIMPLIFYEXPERTS_H

#include "mlir/IR/PatternMatch.h"
#include "moe/Dialect/MoE/IR/MoE.h"

namespace mlir::moe {

/// What compactExperts took out of a layer.
struct CompactedExperts {
  unsigned dead = 0, duplicates = 0;
};

/// Takes experts that no token chooses, and all but one of experts that are the
/// same, out of the sets of all moe.experts with the plan `plan`, and numbers
/// the plan's ids anew. Fails, with the reason in `reason`, when somebody else
/// would see the difference.
FailureOr<CompactedExperts> compactExperts(PlanOp plan, RewriterBase &rewriter,
                                           StringRef &reason);

/// Replaces the results of a gate that does not depend on run-time values, its
/// ids alone if the weights do; returns how many results.
unsigned foldConstantRouting(GateOp gate, RewriterBase &rewriter);

/// Replaces the ids of a route whose picks do not depend on its logits; returns
/// how many results.
unsigned foldConstantRouting(RouteOp route, RewriterBase &rewriter);

/// Turns a gate or a route that chooses all experts, or the one that there is,
/// into `select<all>`, or into constant weights where these are 1 whatever the
/// (finite, if `assumeFinite`) logits. With `reassociate` the order of the
/// slots, and so that of the combine's sum, may change.
bool simplifyAlwaysOn(Operation *op, bool reassociate, bool assumeFinite,
                      RewriterBase &rewriter);

/// Folds a constant factor of a layer's weights, or, with `reassociate`, of its
/// result, into the scale of its gate.
bool foldScale(Operation *multiplication, bool reassociate,
               RewriterBase &rewriter);

/// Whether a tensor is known when the model is loaded.
bool isLoaded(Value tensor);

/// Takes dispatch and combine away from a single expert that has each token
/// once, with weight 1.
bool foldIdentityPlan(PlanOp plan, RewriterBase &rewriter);

/// Makes one expert of feed-forward experts that all have every token with the
/// same weight: its inner size is the sum of theirs.
bool mergeEqualExperts(PlanOp plan, RewriterBase &rewriter);

} // namespace mlir::moe

#endif // MOE_LIB_DIALECT_MOE_TRANSFORMS_SIMPLIFYEXPERTS_H
