//===- Unfuse.cpp - Take fused operations apart -----------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"
#include "moe/Dialect/MoE/IR/Reference.h"
#include "moe/Dialect/MoE/Transforms/Passes.h"
#include "moe/Dialect/MoE/Transforms/Transforms.h"

namespace mlir::moe {
#define GEN_PASS_DEF_UNFUSEPASS
#include "moe/Dialect/MoE/Transforms/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;
using namespace mlir::moe;

#define DEBUG_TYPE "moe-unfuse"

/// Builds a moe.project, plus a bias, rounded once to `type`.
static Value buildProject(OpBuilder &builder, Location loc, Value input,
                          Value weights, Value bias, RankedTensorType type) {
  if (!bias)
    return ProjectOp::create(builder, loc, type, input, weights);
  FloatType compute = getComputeType(type.getElementType());
  auto vectors = cast<WeightsOp>(bias.getDefiningOp());
  Value product = ProjectOp::create(
      builder, loc, type.cloneWith(std::nullopt, compute), input, weights);
  Value expert = arith::ConstantIndexOp::create(builder, loc, 0);
  ExpertWeights vector(builder, loc, vectors, expert, compute);
  return buildElementwise(
      builder, loc, product, type.getElementType(),
      [&](OpBuilder &nested, Location loc, ValueRange elements) {
        Value column = linalg::IndexOp::create(nested, loc, 1);
        Value sum = arith::AddFOp::create(nested, loc, elements[0],
                                          vector.read(nested, loc, column));
        return castFloat(nested, loc, sum, type.getElementType());
      });
}

static remark::RemarkOpts name(StringRef remark) {
  return remark::RemarkOpts::name(remark).category(DEBUG_TYPE);
}

namespace {
struct UnfusePass : moe::impl::UnfusePassBase<UnfusePass> {
  using UnfusePassBase::UnfusePassBase;

  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      if (isa<RouteOp, ExpertsOp>(op))
        ops.push_back(op);
    });
    for (Operation *op : ops) {
      if (auto route = dyn_cast<RouteOp>(op))
        unfuse(route);
      else
        unfuse(cast<ExpertsOp>(op));
    }
  }

private:
  void unfuse(RouteOp op) {
    Value bias = op.getRouterBias();
    if (!routing)
      return;
    if (bias && !bias.getDefiningOp<WeightsOp>()) {
      remark::missed(op.getLoc(), name("route"))
          << remark::reason("the route stays: its bias is made elsewhere");
      return;
    }
    remark::passed(op.getLoc(), name("route"))
        << remark::reason("the route is taken apart");
    OpBuilder builder(op);
    SmallVector<Value> results =
        unfuseRoute(op, builder, [&](Value weights, Value bias, Value result) {
          return buildProject(builder, op.getLoc(), op.getInput(), weights,
                              bias, cast<RankedTensorType>(result.getType()));
        });
    for (auto [old, result] : llvm::zip_equal(op->getResults(), results)) {
      if (old.getType() != result.getType())
        result =
            tensor::CastOp::create(builder, op.getLoc(), old.getType(), result);
      old.replaceAllUsesWith(result);
    }
    op.erase();
    ++numUnfused;
  }

  /// Gives `op` regions in place of feed-forward experts that it can read.
  void unfuseSets(ExpertsOp op) {
    OpBuilder builder(op);
    for (OpOperand &operand : op.getSetsMutable()) {
      auto ffn = operand.get().getDefiningOp<FFNExpertsOp>();
      if (!ffn || !llvm::all_of(ffn->getOperands(), [](Value weights) {
            return weights.getDefiningOp<WeightsOp>() != nullptr;
          }))
        continue;
      FailureOr<RegionExpertsOp> region =
          unfuseExpertFFN(builder, ffn, getElementTypeOrSelf(op.getInput()));
      if (failed(region))
        return signalPassFailure();
      operand.set(region->getResult());
      if (ffn->use_empty())
        ffn.erase();
      ++numUnfused;
    }
  }

  void unfuse(ExpertsOp op) {
    if (experts)
      unfuseSets(op);
    bool splitGather = dispatch && op.getGather();
    bool splitCombine = combine && op.getCombineWeights();
    if (!splitGather && !splitCombine)
      return;
    OpBuilder builder(op);
    Value rows = op.getInput();
    auto input = cast<RankedTensorType>(rows.getType());
    auto type = cast<RankedTensorType>(op.getType());
    constexpr int64_t dynamic = ShapedType::kDynamic;
    if (splitGather)
      rows = DispatchOp::create(builder, op.getLoc(),
                                input.clone({dynamic, input.getDimSize(1)}),
                                rows, op.getPlan());
    remark::passed(op.getLoc(), name("experts"))
        << remark::reason("taken apart:{0}{1}", splitGather ? " dispatch" : "",
                          splitCombine ? " combine" : "");
    bool gathers = op.getGather() && !splitGather;
    // Load and schedule are of the experts, which stay.
    auto keep = [&](ExpertsOp experts) -> Value {
      experts->setDiscardableAttrs(op->getDiscardableAttrDictionary());
      return experts.getResult();
    };
    Value result;
    if (splitCombine) {
      result = keep(ExpertsOp::create(
          builder, op.getLoc(), type.clone({dynamic, type.getDimSize(1)}), rows,
          op.getPlan(), op.getSets(), Value(), gathers));
      result = CombineOp::create(builder, op.getLoc(), type, result,
                                 op.getPlan(), op.getCombineWeights(),
                                 op.getCopyScale(), op.getCopyInput(),
                                 op.getCoefficients(), op.getVectors());
    } else {
      result = keep(ExpertsOp::create(
          builder, op.getLoc(), type, rows, op.getPlan(), op.getSets(),
          op.getCombineWeights(), op.getCopyScale(), op.getCopyInput(),
          op.getCoefficients(), op.getVectors(), gathers));
    }
    op.getResult().replaceAllUsesWith(result);
    op.erase();
    ++numUnfused;
  }
};
} // namespace
