//===- TestUnfuseExpertFFN.cpp - Feed-forward experts as regions ----------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassRegistry.h"
#include "moe/Dialect/MoE/Transforms/Transforms.h"

using namespace mlir;
using namespace mlir::moe;

namespace {
/// Replaces feed-forward experts that are all applied to rows of one type.
struct TestUnfuseExpertFFNPass
    : PassWrapper<TestUnfuseExpertFFNPass, OperationPass<>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TestUnfuseExpertFFNPass)

  StringRef getArgument() const override {
    return "test-moe-unfuse-expert-ffn";
  }
  StringRef getDescription() const override {
    return "Turn feed-forward experts into regions";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry
        .insert<arith::ArithDialect, linalg::LinalgDialect, math::MathDialect,
                scf::SCFDialect, tensor::TensorDialect>();
  }

  void runOnOperation() override {
    SmallVector<FFNExpertsOp> ops;
    getOperation()->walk([&](FFNExpertsOp op) { ops.push_back(op); });
    for (FFNExpertsOp op : ops) {
      auto user = dyn_cast<ExpertsOp>(*op->user_begin());
      if (!user)
        continue;
      OpBuilder builder(op);
      FailureOr<RegionExpertsOp> region =
          unfuseExpertFFN(builder, op, getElementTypeOrSelf(user.getInput()));
      if (failed(region))
        return signalPassFailure();
      op.getResult().replaceAllUsesWith(region->getResult());
      op.erase();
    }
  }
};
} // namespace

namespace mlir::moe::test {
void registerTestUnfuseExpertFFNPass() {
  PassRegistration<TestUnfuseExpertFFNPass>();
}
} // namespace mlir::moe::test
