//===- SimplifyExperts.cpp - Take needless experts out of layers ----------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SimplifyExperts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"
#include "moe/Analysis/ChosenExperts.h"
#include "moe/Dialect/MoE/Transforms/Passes.h"

namespace mlir::moe {
#define GEN_PASS_DEF_SIMPLIFYEXPERTSPASS
#include "moe/Dialect/MoE/Transforms/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;
using namespace mlir::moe;

#define DEBUG_TYPE "moe-simplify-experts"

static remark::RemarkOpts name(StringRef remark) {
  return remark::RemarkOpts::name(remark).category(DEBUG_TYPE);
}

namespace {
struct SimplifyExpertsPass
    : moe::impl::SimplifyExpertsPassBase<SimplifyExpertsPass> {
  using SimplifyExpertsPassBase::SimplifyExpertsPassBase;

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    for (GateOp gate : collect<GateOp>())
      simplifyRouting(gate, rewriter);
    for (RouteOp route : collect<RouteOp>())
      simplifyRouting(route, rewriter);
    for (auto op : collect<arith::MulFOp>()) {
      Location loc = op.getLoc();
      if (foldScale(op, reassociate, rewriter))
        tell(loc, "scale", numScales, "a constant factor is folded");
    }
    for (PlanOp plan : collect<PlanOp>())
      simplifyPlan(plan, rewriter);
    if (reassociate)
      for (PlanOp plan : collect<PlanOp>())
        if (mergeEqualExperts(plan, rewriter))
          tell(plan.getLoc(), "dense", numDense,
               "experts of equal weights become one network");
    for (PlanOp plan : collect<PlanOp>())
      if (foldIdentityPlan(plan, rewriter))
        tell(plan.getLoc(), "dense", numDense,
             "one expert has all tokens in order");
  }

private:
  /// Counts a rewrite and says it.
  void tell(Location loc, StringRef kind, Statistic &number, StringRef what) {
    ++number;
    remark::passed(loc, name(kind)) << remark::reason("{0}", what);
  }

  /// The operations of one kind, which may then be erased one by one.
  template <typename OpT> SmallVector<OpT> collect() {
    SmallVector<OpT> ops;
    getOperation()->walk([&](OpT op) { ops.push_back(op); });
    return ops;
  }

  template <typename OpT> void simplifyRouting(OpT op, RewriterBase &rewriter) {
    Location loc = op.getLoc();
    if (unsigned folded = foldConstantRouting(op, rewriter)) {
      numConstants += folded;
      remark::passed(loc, name("constants"))
          << remark::reason("{0} results of the gate are constants", folded);
      // Its weights may be left, with picks that are constant now.
      return;
    }
    if (simplifyAlwaysOn(op, reassociate, assumeFiniteLogits, rewriter))
      tell(loc, "always-on", numAlwaysOn, "the gate has no choice");
  }

  void simplifyPlan(PlanOp plan, RewriterBase &rewriter) {
    Location loc = plan.getLoc();
    std::optional<Routing> routing = getRouting(plan.getIds().getDefiningOp());
    if (routing)
      if (StringRef reason = explainExcludedByBias(*routing); !reason.empty())
        remark::missed(loc, name("bias"))
            << remark::reason("experts of bias -inf stay: {0}", reason);
    StringRef reason;
    FailureOr<CompactedExperts> done = compactExperts(plan, rewriter, reason);
    if (failed(done)) {
      remark::missed(loc, name("plan"))
          << remark::reason("no expert is taken out: {0}", reason);
      return;
    }
    numDead += done->dead;
    numDuplicates += done->duplicates;
    if (done->dead + done->duplicates > 0)
      remark::passed(loc, name("experts"))
          << remark::reason("{0} experts are never chosen, {1} are duplicates",
                            done->dead, done->duplicates);
  }
};
} // namespace
