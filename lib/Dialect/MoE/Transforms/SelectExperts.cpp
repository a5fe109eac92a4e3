//===- SelectExperts.cpp - Sets of some experts of a set --------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "moe/Dialect/MoE/IR/Reference.h"
#include "moe/Dialect/MoE/Transforms/Transforms.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::moe;

/// Whether the operations that make `weights` are there to be changed.
static bool isVisible(Value weights, unsigned depth = 0) {
  if (weights.getDefiningOp<WeightsOp>())
    return true;
  auto lowRank = weights.getDefiningOp<LowRankWeightsOp>();
  return lowRank && depth < kMaxLowRankDepth &&
         llvm::all_of(
             lowRank->getOperands(),
             [&](Value operand) { return isVisible(operand, depth + 1); });
}

bool mlir::moe::canSelectExperts(Value set) {
  Operation *op = set.getDefiningOp();
  if (!isa_and_nonnull<FFNExpertsOp, ZeroExpertsOp, CopyExpertsOp,
                       ConstantExpertsOp, RegionExpertsOp>(op))
    return false;
  return llvm::all_of(op->getOperands(),
                      [](Value operand) { return isVisible(operand); });
}

/// The tensors of `experts` among one tensor per expert.
static SmallVector<Value> pick(ValueRange tensors, ArrayRef<int64_t> experts) {
  SmallVector<Value> picked;
  if (!tensors.empty())
    for (int64_t expert : experts)
      picked.push_back(tensors[expert]);
  return picked;
}

static bool isIdentity(ArrayRef<int64_t> experts, int64_t size) {
  return llvm::equal(experts, llvm::seq<int64_t>(0, size));
}

/// Builds the weights of `experts`; of null, null.
static Value selectWeights(OpBuilder &builder, Value weights,
                           ArrayRef<int64_t> experts) {
  if (!weights)
    return {};
  auto type = cast<WeightsType>(weights.getType());
  if (isIdentity(experts, type.getNumExperts()))
    return weights;
  SmallVector<int64_t> shape(type.getShape());
  shape.front() = experts.size();
  type = WeightsType::get(type.getContext(), shape, type.getStorage());
  if (auto op = weights.getDefiningOp<LowRankWeightsOp>()) {
    Value base = op.getBase();
    // One base for several experts stays that of all.
    if (op.getBase().getType().getNumExperts() == op.getType().getNumExperts())
      base = selectWeights(builder, base, experts);
    return LowRankWeightsOp::create(builder, op.getLoc(), type, base,
                                    selectWeights(builder, op.getU(), experts),
                                    selectWeights(builder, op.getV(), experts));
  }
  auto op = cast<WeightsOp>(weights.getDefiningOp());
  SmallVector<int64_t> sources;
  for (int64_t expert : experts)
    sources.push_back(op.getSourceExpert(expert));
  if (!op.isStacked())
    return WeightsOp::create(
        builder, op.getLoc(), type, pick(op.getSources(), sources),
        pick(op.getScales(), sources), pick(op.getZeros(), sources),
        op.getLayout(), op.getBlock(), op.getZeroPoint());
  if (isIdentity(sources, op.getNumSourceExperts()))
    sources.clear();
  return WeightsOp::create(builder, op.getLoc(), type, op.getSources(),
                           op.getScales(), op.getZeros(), op.getLayout(),
                           op.getBlock(), op.getZeroPoint(), sources);
}

/// Builds a region like that of `op` whose expert e is `experts[e]` of it.
static Value selectRegion(OpBuilder &builder, RegionExpertsOp op,
                          ExpertsType type, ArrayRef<int64_t> experts) {
  auto selected = RegionExpertsOp::create(builder, op.getLoc(), type);
  Block &from = op.getBody().front();
  OpBuilder::InsertionGuard guard(builder);
  Block *to = builder.createBlock(
      &selected.getBody(), {}, from.getArgumentTypes(),
      SmallVector<Location>(from.getNumArguments(), op.getLoc()));
  IRMapping mapping;
  mapping.map(from.getArguments(), to->getArguments());
  if (!from.getArgument(0).use_empty()) {
    auto tableType = RankedTensorType::get(
        {static_cast<int64_t>(experts.size())}, builder.getI64Type());
    Value table = arith::ConstantOp::create(
        builder, op.getLoc(), DenseElementsAttr::get(tableType, experts));
    Value expert =
        extractElement(builder, op.getLoc(), table, to->getArgument(0));
    mapping.map(from.getArgument(0), toIndex(builder, op.getLoc(), expert));
  }
  for (Operation &inner : from)
    builder.clone(inner, mapping);
  return selected.getResult();
}

Value mlir::moe::selectExperts(OpBuilder &builder, Value set,
                               ArrayRef<int64_t> experts) {
  auto old = cast<ExpertsType>(set.getType());
  if (isIdentity(experts, old.getCount()))
    return set;
  auto type = ExpertsType::get(set.getContext(), experts.size(),
                               old.getInSize(), old.getOutSize());
  Location loc = set.getLoc();
  auto select = [&](Value weights) {
    return selectWeights(builder, weights, experts);
  };
  return TypeSwitch<Operation *, Value>(set.getDefiningOp())
      .Case([&](FFNExpertsOp op) {
        return FFNExpertsOp::create(
            builder, loc, type, select(op.getUp()), select(op.getUpBias()),
            select(op.getGate()), select(op.getGateBias()),
            select(op.getDown()), select(op.getDownBias()), op.getActivation());
      })
      .Case([&](ConstantExpertsOp op) {
        return ConstantExpertsOp::create(
            builder, loc, type, select(op.getVectors()), select(op.getMix()));
      })
      .Case([&](ZeroExpertsOp) {
        return ZeroExpertsOp::create(builder, loc, type);
      })
      .Case([&](CopyExpertsOp) {
        return CopyExpertsOp::create(builder, loc, type);
      })
      .Case([&](RegionExpertsOp op) {
        return selectRegion(builder, op, type, experts);
      });
}
