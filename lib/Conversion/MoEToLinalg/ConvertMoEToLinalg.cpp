//===- ConvertMoEToLinalg.cpp - Reference lowering --------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PlanParts.h"
#include "PopulatePatterns.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "moe/Conversion/MoEToLinalg.h"
#include "moe/Conversion/Passes.h"
#include "moe/Dialect/MoE/IR/Reference.h"

namespace mlir::moe {
#define GEN_PASS_DEF_CONVERTMOETOLINALGPASS
#include "moe/Conversion/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;
using namespace mlir::moe;

void mlir::moe::populateMoEToLinalgTypeConversions(TypeConverter &converter) {
  converter.addConversion([](Type type) { return type; });
  converter.addConversion(
      [](PlanType type, SmallVectorImpl<Type> &results) -> LogicalResult {
        llvm::append_range(results, PlanParts::getTypes(type));
        return success();
      });
}

void mlir::moe::populateMoEToLinalgPatterns(const TypeConverter &converter,
                                            RewritePatternSet &patterns) {
  populateGateToLinalgPatterns(converter, patterns);
  populateRouteToLinalgPatterns(converter, patterns);
  populateIdsToLinalgPatterns(converter, patterns);
  populateDispatchToLinalgPatterns(converter, patterns);
  populateExpertsToLinalgPatterns(converter, patterns);
  populateCombineToLinalgPatterns(converter, patterns);
}

/// Whether an operation of the dialect is read where its result is used, and
/// then dropped.
static bool isReadByUsers(Operation *op) {
  return isa<ExpertSetOpInterface, WeightsOp, LowRankWeightsOp>(op);
}

/// Emits an error unless values of types that become nothing, or several
/// values, stay where the lowering can follow them.
static LogicalResult verifyCarriers(Operation *op) {
  bool isOurs = isa_and_nonnull<MoEDialect>(op->getDialect());
  auto check = [&](Type type) -> LogicalResult {
    if (isa<WeightsType, ExpertsType>(type) && !isOurs &&
        !isa<ExpertSetOpInterface>(op))
      return op->emitOpError("not converted: ")
             << type << " must be made and used in one function, by moe "
             << "operations";
    if (isa<PlanType>(type) && !isOurs &&
        !isa<UnrealizedConversionCastOp>(op) &&
        !isa_and_nonnull<func::FuncDialect, scf::SCFDialect>(op->getDialect()))
      return op->emitOpError("not converted: only func, scf and moe "
                             "operations can carry ")
             << type;
    return success();
  };
  for (Type type : op->getOperandTypes())
    if (failed(check(type)))
      return failure();
  for (Type type : op->getResultTypes())
    if (failed(check(type)))
      return failure();
  for (Region &region : op->getRegions())
    for (Type type : region.getArgumentTypes())
      if (failed(check(type)))
        return failure();
  return success();
}

/// Emits an error for what the patterns cannot convert.
static LogicalResult verifyConvertible(Operation *op) {
  if (failed(verifyCarriers(op)))
    return failure();
  if (!op->getDialect() || !isa<MoEDialect>(op->getDialect()))
    return success();
  if (isa<PackWeightsOp>(op))
    return op->emitOpError(
        "not converted: lower it with moe-expand-pack-weights");
  if (auto experts = dyn_cast<ExpertsOp>(op))
    for (Value set : experts.getSets())
      if (!set.getDefiningOp<ExpertSetOpInterface>())
        return op->emitOpError("not converted: needs sets of experts made in "
                               "the same function");
  // Whatever reads weights reads them at their definition.
  if (!isa<LowRankWeightsOp>(op))
    for (Value operand : op->getOperands())
      if (isa<WeightsType>(operand.getType()) &&
          failed(verifyVisibleWeights(op, operand)))
        return failure();
  return success();
}

namespace {
struct ConvertMoEToLinalgPass
    : mlir::moe::impl::ConvertMoEToLinalgPassBase<ConvertMoEToLinalgPass> {
  void runOnOperation() override {
    WalkResult checked = getOperation()->walk([](Operation *op) {
      return failed(verifyConvertible(op)) ? WalkResult::interrupt()
                                           : WalkResult::advance();
    });
    if (checked.wasInterrupted())
      return signalPassFailure();

    MLIRContext *context = &getContext();
    TypeConverter converter;
    populateMoEToLinalgTypeConversions(converter);
    RewritePatternSet patterns(context);
    ConversionTarget target(*context);
    populateMoEToLinalgPatterns(converter, patterns);
    populateStructure(converter, patterns, target);
    if (failed(
            applyFullConversion(getOperation(), target, std::move(patterns))))
      return signalPassFailure();
    eraseReadOps();
  }

private:
  /// Carries plans through functions, calls and control flow.
  static void populateStructure(TypeConverter &converter,
                                RewritePatternSet &patterns,
                                ConversionTarget &target) {
    populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns,
                                                                   converter);
    populateCallOpTypeConversionPattern(patterns, converter);
    populateReturnOpTypeConversionPattern(patterns, converter);
    scf::populateSCFStructuralTypeConversions(converter, patterns);

    target.markUnknownOpDynamicallyLegal([&converter](Operation *op) {
      if (isReadByUsers(op))
        return true;
      if (auto function = dyn_cast<func::FuncOp>(op))
        return converter.isSignatureLegal(function.getFunctionType());
      return !isa_and_nonnull<MoEDialect>(op->getDialect()) &&
             converter.isLegal(op);
    });
    // Bufferization turns these into calls.
    target.addLegalOp<CallKernelOp>();
    // Its operations are converted where the region is put to use.
    target.addLegalOp<RegionExpertsOp>();
    target.markOpRecursivelyLegal<RegionExpertsOp>();
  }

  /// Erases the operations that made weights and sets, now without users.
  void eraseReadOps() {
    SmallVector<Operation *> ops;
    getOperation()->walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (!isReadByUsers(op))
        return WalkResult::advance();
      ops.push_back(op);
      // What a region holds goes with it.
      return WalkResult::skip();
    });
    // Uses come after definitions.
    for (Operation *op : llvm::reverse(ops))
      op->erase();
  }
};
} // namespace
