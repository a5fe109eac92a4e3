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

/// Whether the order of slots is seen by nothing but sums over them.
static bool isSummed(Operation *op) {
  SmallVector<Operation *> pending(op->user_begin(), op->user_end());
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
static bool selectAll(GateOp gate, bool reassociate, RewriterBase &rewriter) {
  SelectAttr select = gate.getSelect();
  // Slots are admitted to capacity in their order.
  if (select.getMode() != SelectMode::TopK ||
      select.getK() != gate.getNumExperts() || gate.getGroupLimit() ||
      gate.getCapacity() || (gate.getNumExperts() > 1 && !reassociate))
    return false;
  if (gate.getNumExperts() > 1 && !isSummed(gate))
    return false;
  rewriter.modifyOpInPlace(gate, [&] {
    gate.setSelectAttr(SelectAttr::get(gate.getContext(), SelectMode::All,
                                       select.getK(), TieBreak::Lower, 0.0, 0.0,
                                       0, 0.0));
    gate.getBiasMutable().clear();
  });
  return true;
}

/// Whether the only expert's weight before `scale` is 1 for any finite logit.
static bool isOneForFinite(GateOp gate) {
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

/// The number of tokens, without a use of the logits where that can be.
static OpFoldResult getTokens(OpBuilder &builder, Location loc, Value logits) {
  auto result = dyn_cast<OpResult>(logits);
  if (cast<RankedTensorType>(logits.getType()).isDynamicDim(0) && result) {
    ReifiedRankedShapedTypeDims dims;
    if (succeeded(reifyResultShapes(builder, result.getOwner(), dims)))
      return dims[result.getResultNumber()][0];
  }
  return tensor::getMixedSize(builder, loc, logits, 0);
}

/// Replaces the gate of a single expert by the constants 1 and 0.
static bool foldSingleExpert(GateOp gate, RewriterBase &rewriter) {
  if (gate.getSelect().getMode() != SelectMode::All ||
      gate.getNumExperts() != 1 || gate.getShared() != 0 ||
      gate.getCapacity() || gate.getDropBelow() || gate.getValues() ||
      !isOneForFinite(gate))
    return false;
  rewriter.setInsertionPoint(gate);
  Location loc = gate.getLoc();
  OpFoldResult tokens = getTokens(rewriter, loc, gate.getLogits());
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
  rewriter.eraseOp(gate);
  return true;
}

bool mlir::moe::simplifyAlwaysOn(GateOp gate, bool reassociate,
                                 bool assumeFinite, RewriterBase &rewriter) {
  bool changed = selectAll(gate, reassociate, rewriter);
  if (assumeFinite && foldSingleExpert(gate, rewriter))
    return true;
  return changed;
}
