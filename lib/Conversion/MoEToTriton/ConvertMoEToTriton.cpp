//===- ConvertMoEToTriton.cpp - Lower layers of experts to Triton kernels -===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerLowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "moe/Conversion/Passes.h"

namespace mlir::moe {
#define GEN_PASS_DEF_CONVERTMOETOTRITONPASS
#include "moe/Conversion/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;
using namespace mlir::moe;

#define DEBUG_TYPE "convert-moe-to-triton"

namespace {
struct ConvertMoEToTritonPass
    : moe::impl::ConvertMoEToTritonPassBase<ConvertMoEToTritonPass> {
  using ConvertMoEToTritonPassBase::ConvertMoEToTritonPassBase;

  void runOnOperation() override {
    if (capability < 80) {
      getOperation().emitError("capability must be at least 80, got ")
          << capability.getValue();
      return signalPassFailure();
    }
    TritonLoweringOptions options;
    options.machine = Machine::get(capability);
    options.precision =
        allowTF32 ? tt::InputPrecision::TF32 : tt::InputPrecision::TF32x3;
    options.rows = rows;
    options.partial = partial;
    options.tile1.assign(tile1.begin(), tile1.end());
    options.tile2.assign(tile2.begin(), tile2.end());
    if (failed(verifyTiles(options)))
      return signalPassFailure();
    IRRewriter rewriter(&getContext());
    SmallVector<ExpertsOp> layers;
    getOperation().walk([&](ExpertsOp op) { layers.push_back(op); });
    for (ExpertsOp op : layers) {
      if (succeeded(lowerLayer(op, options, rewriter)))
        ++numLayers;
      else if (!partial)
        return signalPassFailure();
    }
    if (partial) {
      eraseDead(rewriter);
      return;
    }
    SmallVector<GateOp> gates;
    getOperation().walk([&](GateOp op) { gates.push_back(op); });
    for (GateOp op : gates)
      if (failed(lowerGate(op, options, rewriter)))
        return signalPassFailure();
    eraseDead(rewriter);
    WalkResult left = getOperation().walk([&](Operation *op) {
      if (!isa<MoEDialect>(op->getDialect()) || isa<LaunchOp>(op))
        return WalkResult::advance();
      op->emitOpError("has no Triton kernel");
      return WalkResult::interrupt();
    });
    if (left.wasInterrupted())
      signalPassFailure();
  }

private:
  LogicalResult verifyTiles(const TritonLoweringOptions &options) {
    auto isSize = [](int64_t size, int64_t least) {
      return size >= least && size <= 1024 && llvm::isPowerOf2_64(size);
    };
    if (options.rows && !isSize(options.rows, 16))
      return getOperation().emitError(
          "rows must be a power of two from 16 to 1024");
    for (ArrayRef<int64_t> tile :
         {ArrayRef(options.tile1), ArrayRef(options.tile2)})
      if (!tile.empty() &&
          (tile.size() != 6 || !isSize(tile[0], 16) || !isSize(tile[1], 16) ||
           !isSize(tile[2], 1) || tile[2] > 16 || tile[3] < 1 || tile[3] > 16 ||
           tile[4] < 1 || tile[4] > 1024 || tile[5] < 0 ||
           tile[5] > (options.machine.hasBulkCopy ? 1 : 0)))
        return getOperation().emitError(
            "a tile is columns, depth (powers of two from 16 to 1024), warps "
            "(a power of two to 16), stages (1 to 16), row tiles of a group, "
            "and "
            "1 for persistent programs (from capability 90) or 0");
    return success();
  }

  /// Experts and weights that no layer uses any more.
  void eraseDead(IRRewriter &rewriter) {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<FFNExpertsOp, WeightsOp, PlanOp>(op))
        ops.push_back(op);
    });
    for (Operation *op : llvm::reverse(ops))
      if (op->use_empty())
        rewriter.eraseOp(op);
  }
};
} // namespace
