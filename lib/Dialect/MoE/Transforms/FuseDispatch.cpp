//===- FuseDispatch.cpp - Fuse dispatch into the experts -*- C++ -*-===//
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
#define GEN_PASS_DEF_FUSEDISPATCHPASS
#include "moe/Dialect/MoE/Transforms/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;
using namespace mlir::moe;

#define DEBUG_TYPE "moe-fuse-dispatch"

static remark::RemarkOpts name(StringRef remark) {
  return remark::RemarkOpts::name(remark).category(DEBUG_TYPE);
}

namespace {
struct FuseDispatchPass : moe::impl::FuseDispatchPassBase<FuseDispatchPass> {
  void runOnOperation() override {
    getOperation()->walk([&](ExpertsOp op) {
      auto dispatch = op.getInput().getDefiningOp<DispatchOp>();
      if (!dispatch || op.getGather())
        return;
      // Rows permuted by another plan are not this plan's.
      if (dispatch.getPlan() != op.getPlan()) {
        remark::missed(op.getLoc(), name("plan")) << remark::reason(
            "the dispatch is not fused: its rows are of another plan");
        return;
      }
      remark::passed(op.getLoc(), name("fused"))
          << remark::reason("the experts gather their rows");
      op.getInputMutable().assign(dispatch.getInput());
      op.setGather(true);
      if (dispatch->use_empty())
        dispatch.erase();
      ++numFused;
    });
  }
};
} // namespace
