//===- SimplifyExpertsAlwaysOn.cpp - Gates without a choice -----*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SimplifyExperts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::moe;

/// Whether the order of the slots of weights and ids is seen by nothing but
/// sums over them.
static bool isSummed(Value weights, Value ids) {
  SmallVector<Operation *> pending(weights.getUsers());
  llvm::append_range(pending, ids.getUsers());
  while (!pending.empty()) {
    Operation *user = pending.pop_back_val();
    if (isa<RemapIdsOp>(user))
      pending.append(user->user_begin(), user->user_end());
    else if (!isa<PlanOp, CombineOp, ExpertsOp, CoefficientsOp>(user))
      return false;
  }
  return true;
}

/// Turns a ranking of all experts into `select<all>`. The experts stay the
/// same, their slots stand in the order of experts instead of that of choice
/// values.
template <typename OpT>
static bool selectAll(OpT gate, bool reassociate, RewriterBase &rewriter) {
  SelectAttr select = gate.getSelect();
  // Slots are admitted to capacity in their order.
  if (select.getMode() != SelectMode::TopK ||
      select.getK() != gate.getNumExperts() || gate.getGroupLimit() ||
      gate.getCapacity() || (gate.getNumExperts() > 1 && !reassociate))
    return false;
  if (gate.getNumExperts() > 1 && !isSummed(gate.getWeights(), gate.getIds()))
    return false;
  rewriter.modifyOpInPlace(gate, [&] {
    gate.setSelectAttr(SelectAttr::get(gate.getContext(), SelectMode::All,
                                       select.getK(), TieBreak::Lower, 0.0, 0.0,
                                       0, 0.0));
    gate.getBiasMutable().clear();
  });
  return true;
}

/// A limit to as many groups as there are is none.
template <typename OpT>
static bool dropGroupLimit(OpT gate, RewriterBase &rewriter) {
  GroupLimitAttr groups = gate.getGroupLimitAttr();
  if (!groups || groups.getKeep() != groups.getCount())
    return false;
  rewriter.modifyOpInPlace(gate, [&] { gate.removeGroupLimitAttr(); });
  return true;
}

/// Whether the only expert's weight before `scale` is 1 for any finite logit.
template <typename OpT> static bool isOneForFinite(OpT gate) {
  NormalizeAttr normalize = gate.getNormalizeAttr();
  NormalizeMode mode = normalize ? normalize.getMode() : NormalizeMode::None;
  // e^(w − w) / e^(w − w).
  if (mode == NormalizeMode::Softmax)
    return true;
  // Other scores may be 0, and 0 / 0 is NaN.
  if (gate.getScore().getFunction() != ScoreFunction::Softmax)
    return false;
  return mode == NormalizeMode::None || (normalize.getEpsilon().value == 0.0 &&
                                         normalize.getFloor().value <= 1.0);
}

/// The number of rows, without a use of `perToken` where that can be.
static OpFoldResult getTokens(OpBuilder &builder, Location loc,
                              Value perToken) {
  auto result = dyn_cast<OpResult>(perToken);
  if (cast<RankedTensorType>(perToken.getType()).isDynamicDim(0) && result) {
    ReifiedRankedShapedTypeDims dims;
    if (succeeded(reifyResultShapes(builder, result.getOwner(), dims)))
      return dims[result.getResultNumber()][0];
  }
  return tensor::getMixedSize(builder, loc, perToken, 0);
}

/// Replaces the choice of a single expert by the constants 1 and 0. `perToken`
/// has a row for each token.
template <typename OpT>
static bool foldSingleExpert(OpT gate, Value perToken, RewriterBase &rewriter) {
  if (gate.getSelect().getMode() != SelectMode::All ||
      gate.getNumExperts() != 1 || gate.getShared() != 0 ||
      gate.getCapacity() || gate.getDropBelow() || gate.getValues() ||
      !isOneForFinite(gate))
    return false;
  rewriter.setInsertionPoint(gate);
  Location loc = gate.getLoc();
  OpFoldResult tokens = getTokens(rewriter, loc, perToken);
  auto fill = [&](Value result, TypedAttr attr) {
    auto type = cast<RankedTensorType>(result.getType());
    Value scalar = arith::ConstantOp::create(rewriter, loc, attr);
    SmallVector<Value> sizes;
    if (type.isDynamicDim(0))
      sizes.push_back(getValueOrCreateConstantIndexOp(rewriter, loc, tokens));
    rewriter.replaceAllUsesWith(
        result, tensor::SplatOp::create(rewriter, loc, scalar, type, sizes));
  };
  Type element = getElementTypeOrSelf(gate.getWeights());
  fill(gate.getWeights(),
       rewriter.getFloatAttr(element, gate.getScale().convertToDouble()));
  fill(gate.getIds(), rewriter.getI32IntegerAttr(0));
  // The logits of a route may have readers.
  if (gate->use_empty())
    rewriter.eraseOp(gate);
  return true;
}

bool mlir::moe::simplifyAlwaysOn(Operation *op, bool reassociate,
                                 bool assumeFinite, RewriterBase &rewriter) {
  auto simplify = [&](auto gate, Value perToken) {
    bool changed = dropGroupLimit(gate, rewriter);
    changed |= selectAll(gate, reassociate, rewriter);
    return (assumeFinite && foldSingleExpert(gate, perToken, rewriter)) ||
           changed;
  };
  if (auto route = dyn_cast<RouteOp>(op))
    return (!route.getWeights().use_empty() || !route.getIds().use_empty()) &&
           simplify(route, route.getInput());
  auto gate = dyn_cast<GateOp>(op);
  return gate && simplify(gate, gate.getLogits());
}
