//===- FuseElementwise.cpp - The pass moe-fuse-elementwise ------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "moe/Transforms/Passes.h"

namespace mlir::moe {
#define GEN_PASS_DEF_FUSEELEMENTWISEPASS
#include "moe/Transforms/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;

/// Whether the consumer computes, once fused, what its producer does now: each
/// element once, for nobody else.
static bool readsOnce(OpOperand *operand, int64_t maxInputs) {
  auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
  auto consumer = cast<linalg::GenericOp>(operand->getOwner());
  if (!producer || producer->getNumResults() != 1)
    return false;
  if (!consumer.getMatchingIndexingMap(operand).isPermutation())
    return false;
  if (producer.getNumDpsInputs() + consumer.getNumDpsInputs() - 1 > maxInputs)
    return false;
  return llvm::all_of(producer->getUsers(),
                      [&](Operation *user) { return user == consumer; });
}

namespace {
struct FuseElementwisePass
    : moe::impl::FuseElementwisePassBase<FuseElementwisePass> {
  using FuseElementwisePassBase::FuseElementwisePassBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(
        patterns,
        [this](OpOperand *operand) { return readsOnce(operand, maxInputs); });
    linalg::populateEraseUnusedOperandsAndResultsPatterns(patterns);
    // Producers first: a consumer then meets what its operands have become.
    GreedyRewriteConfig config;
    config.setUseTopDownTraversal(true);
    if (failed(
            applyPatternsGreedily(getOperation(), std::move(patterns), config)))
      signalPassFailure();
  }
};
} // namespace
