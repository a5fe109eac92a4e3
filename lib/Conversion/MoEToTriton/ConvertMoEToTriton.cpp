//===- ConvertMoEToTriton.cpp - Lower layers of experts to Triton kernels -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerLowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
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
    IRRewriter rewriter(&getContext());
    SmallVector<ExpertsOp> layers;
    getOperation().walk([&](ExpertsOp op) { layers.push_back(op); });
    for (ExpertsOp op : layers) {
      if (failed(lowerLayer(op, options, rewriter)))
        return signalPassFailure();
      ++numLayers;
    }
    SmallVector<GateOp> gates;
    getOperation().walk([&](GateOp op) { gates.push_back(op); });
    for (GateOp op : gates)
      if (failed(lowerGate(op, rewriter)))
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
