//===- FuseExpertFFN.cpp - Regions to feed-forward experts ------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/Remarks.h"
#include "moe/Dialect/MoE/Transforms/Passes.h"
#include "moe/Dialect/MoE/Transforms/Transforms.h"

namespace mlir::moe {
#define GEN_PASS_DEF_FUSEEXPERTFFNPASS
#include "moe/Dialect/MoE/Transforms/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;
using namespace mlir::moe;

#define DEBUG_TYPE "moe-fuse-expert-ffn"

namespace {
struct FuseExpertFFNPass : moe::impl::FuseExpertFFNPassBase<FuseExpertFFNPass> {
  using FuseExpertFFNPassBase::FuseExpertFFNPassBase;

  void runOnOperation() override {
    SmallVector<RegionExpertsOp> ops;
    getOperation()->walk([&](RegionExpertsOp op) { ops.push_back(op); });
    for (RegionExpertsOp op : ops) {
      OpBuilder builder(op);
      std::string reason;
      FFNExpertsOp fused = fuseExpertFFN(builder, op, keepRoundings, reason);
      if (!fused) {
        remark::missed(op.getLoc(),
                       remark::RemarkOpts::name("region").category(DEBUG_TYPE))
            << remark::reason("not a feed-forward network: {0}", reason);
        continue;
      }
      op.getResult().replaceAllUsesWith(fused.getResult());
      op.erase();
      ++numFused;
    }
  }
};
} // namespace
