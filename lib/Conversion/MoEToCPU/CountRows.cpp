//===- CountRows.cpp - Tell the runtime how many rows experts get ---------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelUtils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "moe/Conversion/Passes.h"
#include "moe/Dialect/MoE/IR/MoE.h"

namespace mlir::moe {
#define GEN_PASS_DEF_COUNTROWSPASS
#include "moe/Conversion/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;
using namespace mlir::moe;

#define DEBUG_TYPE "moe-count-rows"

/// Emits the call for one moe.experts.
static void countRows(ExpertsOp op) {
  OpBuilder builder(op);
  ImplicitLocOpBuilder b(op.getLoc(), builder);
  Value offsets = takePlanApart(b, op.getPlan())[0];
  auto offset = [&](int64_t expert) -> Value {
    Value index = arith::ConstantIndexOp::create(b, expert);
    return tensor::ExtractOp::create(b, offsets, index);
  };
  Value products = arith::ConstantIntOp::create(b, b.getI64Type(), 0);
  int64_t first = 0;
  for (Value set : op.getSets()) {
    int64_t last = first + cast<ExpertsType>(set.getType()).getCount();
    if (!isa_and_nonnull<ZeroExpertsOp, CopyExpertsOp, ConstantExpertsOp>(
            set.getDefiningOp())) {
      Value own = arith::SubIOp::create(b, offset(last), offset(first));
      products = arith::AddIOp::create(b, products, own);
    }
    first = last;
  }
  func::CallOp::create(
      b,
      declareFunction(op->getParentOfType<ModuleOp>(), "moe_profile_rows",
                      {b.getI64Type(), b.getI64Type()}, {}),
      ValueRange{offset(op.getPlan().getType().getExperts()), products});
}

namespace {
struct CountRowsPass : moe::impl::CountRowsPassBase<CountRowsPass> {
  void runOnOperation() override {
    SmallVector<ExpertsOp> ops;
    getOperation().walk([&](ExpertsOp op) { ops.push_back(op); });
    for (ExpertsOp op : ops)
      countRows(op);
    numCounted += ops.size();
  }
};
} // namespace
