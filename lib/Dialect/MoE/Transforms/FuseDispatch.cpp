//===- FuseDispatch.cpp - Fuse dispatch into the experts -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Dialect/MoE/Transforms/Passes.h"

namespace mlir::moe {
#define GEN_PASS_DEF_FUSEDISPATCHPASS
#include "moe/Dialect/MoE/Transforms/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;
using namespace mlir::moe;

#define DEBUG_TYPE "moe-fuse-dispatch"

namespace {
struct FuseDispatchPass : moe::impl::FuseDispatchPassBase<FuseDispatchPass> {
  void runOnOperation() override {
    getOperation()->walk([&](ExpertsOp op) {
      auto dispatch = op.getInput().getDefiningOp<DispatchOp>();
      // Rows permuted by another plan are not this plan's.
      if (!dispatch || op.getGather() || dispatch.getPlan() != op.getPlan())
        return;
      op.getInputMutable().assign(dispatch.getInput());
      op.setGather(true);
      if (dispatch->use_empty())
        dispatch.erase();
      ++numFused;
    });
  }
};
} // namespace
