//===- CastFolding.cpp - Static sizes through tensor.cast -------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CastFolding.h"
#include "VerifyUtils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::moe;

namespace {
/// A dimension of a value.
struct Dim {
  Value value;
  unsigned index;
};

/// Dimensions that are equal at run time, maybe of a known size. A null value
/// stands for an operand that is not there.
struct EqualDims {
  SmallVector<Dim> dims;
  int64_t size = ShapedType::kDynamic;
};
} // namespace

static SmallVector<EqualDims> equalDims(GateOp op) {
  EqualDims experts{{{op.getLogits(), 1},
                     {op.getBias(), 0},
                     {op.getState(), 1},
                     {op.getValues(), 1}}};
  EqualDims tokens{{{op.getLogits(), 0},
                    {op.getState(), 0},
                    {op.getValues(), 0},
                    {op.getGivenIds(), 0},
                    {op.getSharedWeights(), 0}}};
  EqualDims &rows = op.isExpertChoice() ? experts : tokens;
  rows.dims.push_back({op.getWeights(), 0});
  rows.dims.push_back({op.getIds(), 0});
  EqualDims width{{}, op.getSelect().getK()};
  if (op.getTable())
    width.dims.push_back({op.getTable(), 1});
  else if (op.getGivenIds())
    width.dims.push_back({op.getGivenIds(), 1});
  EqualDims shared{{{op.getSharedWeights(), 1}}, op.getShared()};
  return {experts, tokens, width, shared};
}

static SmallVector<EqualDims> equalDims(ProjectOp op) {
  return {{{{op.getInput(), 0}, {op.getResult(), 0}}},
          {{{op.getInput(), 1}}, op.getWeights().getType().getInSize()}};
}

static SmallVector<EqualDims> equalDims(RouteOp op) {
  EqualDims tokens{{{op.getInput(), 0}}};
  for (Value value :
       {op.getState(), op.getValues(), op.getGivenIds(), op.getSharedWeights()})
    tokens.dims.push_back({value, 0});
  for (Value result : op.getResults())
    if (!op.isExpertChoice() ||
        (result != op.getWeights() && result != op.getIds()))
      tokens.dims.push_back({result, 0});
  EqualDims hidden{{{op.getInput(), 1}}, op.getRouter().getType().getInSize()};
  return {tokens, hidden};
}

static SmallVector<EqualDims> equalDims(RemapIdsOp op) {
  return {{{{op.getIds(), 0}, {op.getResult(), 0}}},
          {{{op.getIds(), 1}, {op.getResult(), 1}}}};
}

static SmallVector<EqualDims> equalDims(CoefficientsOp op) {
  return {{{{op.getWeights(), 0}, {op.getIds(), 0}, {op.getResult(), 0}}},
          {{{op.getWeights(), 1}, {op.getIds(), 1}}}};
}

static SmallVector<EqualDims> equalDims(MixOp op) {
  EqualDims tokens;
  for (Value value : op->getOperands())
    tokens.dims.push_back({value, 0});
  for (Value value : op->getResults())
    tokens.dims.push_back({value, 0});
  return {tokens};
}

static SmallVector<EqualDims> equalDims(PlanOp op) {
  PlanType plan = op.getType();
  if (plan.getOwner() == PlanOwner::Experts)
    return {{{{op.getIds(), 0}}, plan.getExperts()}};
  return {};
}

static SmallVector<EqualDims> equalDims(DispatchOp op) {
  return {{{{op.getInput(), 1}, {op.getRows(), 1}}}};
}

/// What the weights of a combination into `tokens` are equal to.
static EqualDims equalWeights(PlanType plan, Value weights, Dim tokens) {
  if (plan.getOwner() == PlanOwner::Experts)
    return {{{weights, 0}}, plan.getExperts()};
  return {{{weights, 0}, tokens}};
}

/// Adds what the affine term of `op` says of its tokens and its width.
template <typename OpTy>
static void addAffineDims(OpTy op, EqualDims &tokens, EqualDims &width) {
  for (Value value :
       {op.getCopyScale(), op.getCopyInput(), op.getCoefficients()})
    tokens.dims.push_back({value, 0});
  // By expert choice the weights say nothing of tokens.
  width.dims.push_back({op.getCopyInput(), 1});
}

static SmallVector<EqualDims> equalDims(CombineOp op) {
  EqualDims weights = equalWeights(op.getPlan().getType(), op.getWeights(),
                                   {op.getResult(), 0});
  EqualDims tokens{{{op.getResult(), 0}}},
      width{{{op.getRows(), 1}, {op.getResult(), 1}}};
  addAffineDims(op, tokens, width);
  return {weights, tokens, width};
}

static SmallVector<EqualDims> equalDims(ExpertsOp op) {
  Value weights = op.getCombineWeights();
  EqualDims rows;
  if (op.getGather() == static_cast<bool>(weights))
    rows.dims = {{op.getInput(), 0}, {op.getResult(), 0}};
  if (!weights)
    return {rows};
  EqualDims tokens =
      equalWeights(op.getPlan().getType(), weights, {op.getResult(), 0});
  EqualDims results{{{op.getResult(), 0}}}, width{{{op.getResult(), 1}}};
  if (op.getGather())
    results.dims.push_back({op.getInput(), 0});
  addAffineDims(op, results, width);
  return {rows, tokens, results, width};
}

static SmallVector<EqualDims> equalDimsOf(Operation *op) {
  return TypeSwitch<Operation *, SmallVector<EqualDims>>(op)
      .Case<GateOp, ProjectOp, RouteOp, PlanOp, RemapIdsOp, CoefficientsOp,
            MixOp, DispatchOp, CombineOp, ExpertsOp>(
          [](auto typed) { return equalDims(typed); });
}

/// Makes sizes of results of `op` static where an equal one is. Fails if two
/// of them contradict each other.
static FailureOr<bool> refineResults(Operation *op) {
  bool changed = false;
  for (EqualDims &equal : equalDimsOf(op)) {
    for (Dim dim : equal.dims) {
      if (!dim.value)
        continue;
      int64_t size = dimOf(dim.value, dim.index);
      if (!mayEqual(size, equal.size))
        return failure();
      if (!ShapedType::isDynamic(size))
        equal.size = size;
    }
    if (ShapedType::isDynamic(equal.size))
      continue;
    for (Dim dim : equal.dims) {
      if (!dim.value || dim.value.getDefiningOp() != op ||
          dimOf(dim.value, dim.index) == equal.size)
        continue;
      auto type = cast<RankedTensorType>(dim.value.getType());
      SmallVector<int64_t> shape(type.getShape());
      shape[dim.index] = equal.size;
      dim.value.setType(type.clone(shape));
      changed = true;
    }
  }
  return changed;
}

LogicalResult mlir::moe::foldCasts(Operation *op, PatternRewriter &rewriter) {
  IRMapping sources;
  bool folded = false;
  for (Value operand : op->getOperands()) {
    auto cast = operand.getDefiningOp<tensor::CastOp>();
    if (!cast || !tensor::canFoldIntoConsumerOp(cast))
      continue;
    sources.map(operand, cast.getSource());
    folded = true;
  }
  // Worked out on a copy, since the operation itself may stay as it is.
  Operation *copy = op->clone(sources);
  FailureOr<bool> refined = refineResults(copy);
  if (failed(refined) || (!folded && !*refined)) {
    copy->destroy();
    return rewriter.notifyMatchFailure(op, failed(refined)
                                               ? "sizes contradict each other"
                                               : "no operand says more");
  }
  rewriter.insert(copy);
  SmallVector<Value> results;
  for (auto [old, result] :
       llvm::zip_equal(op->getResults(), copy->getResults()))
    results.push_back(old.getType() == result.getType()
                          ? Value(result)
                          : tensor::CastOp::create(rewriter, op->getLoc(),
                                                   old.getType(), result));
  rewriter.replaceOp(op, results);
  return success();
}
