//===- ConvertMoEToCPU.cpp - Lower experts to CPU kernels -------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExpertsLowering.h"
#include "GateLowering.h"
#include "MatmulLowering.h"
#include "ProjectLowering.h"
#include "RouteLowering.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"
#include "moe/Conversion/Passes.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::moe {
#define GEN_PASS_DEF_CONVERTMOETOCPUPASS
#include "moe/Conversion/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;
using namespace mlir::moe;

#define DEBUG_TYPE "convert-moe-to-cpu"

namespace {
struct ConvertMoEToCPUPass
    : moe::impl::ConvertMoEToCPUPassBase<ConvertMoEToCPUPass> {
  using ConvertMoEToCPUPassBase::ConvertMoEToCPUPassBase;

  void runOnOperation() override {
    if (vectorBits != 256 && vectorBits != 512) {
      getOperation().emitError("vector-bits must be 256 or 512, got ")
          << vectorBits.getValue();
      return signalPassFailure();
    }
    SmallVector<ExpertsOp> ops;
    getOperation().walk([&](ExpertsOp op) { ops.push_back(op); });
    PatternRewriter rewriter(&getContext());
    KernelTarget target{TileShape::get(vectorBits), dotBF16, dotInt8};
    for (ExpertsOp op : ops) {
      // One set may stand twice among the operands.
      llvm::SmallSetVector<Value, 8> sets(op.getSets().begin(),
                                          op.getSets().end());
      if (failed(lowerExperts(op, target, rewriter))) {
        ++numReference;
        continue;
      }
      ++numKernels;
      for (Value set : sets)
        if (set.use_empty())
          rewriter.eraseOp(set.getDefiningOp());
    }
    SmallVector<GateOp> gates;
    getOperation().walk([&](GateOp op) { gates.push_back(op); });
    for (GateOp op : gates)
      if (succeeded(lowerGate(op, rewriter)))
        ++numGates;
    SmallVector<Operation *> routes;
    getOperation().walk([&](Operation *op) {
      if (isa<RouteOp, ProjectOp>(op))
        routes.push_back(op);
    });
    for (Operation *op : routes) {
      auto route = dyn_cast<RouteOp>(op);
      if (!route && succeeded(lowerQuantizedProject(cast<ProjectOp>(op), target,
                                                    rewriter))) {
        ++numMatmuls;
        continue;
      }
      if (succeeded(
              route ? lowerRoute(route, target.tile, rewriter)
                    : lowerProject(cast<ProjectOp>(op), target.tile, rewriter)))
        ++numRoutes;
    }
    SmallVector<linalg::MatmulOp> matmuls;
    getOperation().walk([&](linalg::MatmulOp op) { matmuls.push_back(op); });
    for (linalg::MatmulOp op : matmuls)
      if (succeeded(lowerMatmul(op, target.tile, rewriter)))
        ++numMatmuls;
  }
};
} // namespace
