//===- FuseCombine.cpp - Fuse combine into the experts -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/Remarks.h"
#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Dialect/MoE/Transforms/Passes.h"

namespace mlir::moe {
#define GEN_PASS_DEF_FUSECOMBINEPASS
#include "moe/Dialect/MoE/Transforms/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;
using namespace mlir::moe;

#define DEBUG_TYPE "moe-fuse-combine"

static remark::RemarkOpts name(StringRef remark) {
  return remark::RemarkOpts::name(remark).category(DEBUG_TYPE);
}

namespace {
struct FuseCombinePass : moe::impl::FuseCombinePassBase<FuseCombinePass> {
  void runOnOperation() override {
    getOperation()->walk([&](CombineOp op) {
      auto experts = op.getRows().getDefiningOp<ExpertsOp>();
      if (!experts)
        return;
      auto missed = [&](StringRef why) {
        remark::missed(op.getLoc(), name("experts"))
            << remark::reason("the combine is not fused: {0}", why);
      };
      if (experts.getCombineWeights())
        return missed("its rows are sums already");
      if (!experts->hasOneUse())
        return missed("others read its rows");
      if (experts.getPlan() != op.getPlan())
        return missed("its rows are of another plan");
      remark::passed(op.getLoc(), name("fused"))
          << remark::reason("the experts sum their rows");
      OpBuilder builder(op);
      auto fused = ExpertsOp::create(
          builder, op.getLoc(), op.getType(), experts.getInput(),
          experts.getPlan(), experts.getSets(), op.getWeights(),
          op.getCopyScale(), op.getCopyInput(), op.getCoefficients(),
          op.getVectors(), experts.getGather());
      // Load and schedule are of the experts, which stay.
      fused->setDiscardableAttrs(experts->getDiscardableAttrDictionary());
      op.replaceAllUsesWith(fused.getResult());
      op.erase();
      experts.erase();
      ++numFused;
    });
  }
};
} // namespace
