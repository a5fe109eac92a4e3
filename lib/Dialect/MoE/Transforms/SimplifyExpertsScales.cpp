//===- SimplifyExpertsScales.cpp - Constant factors of a layer --*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SimplifyExperts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "moe/Dialect/MoE/IR/Reference.h"
#include <cmath>

using namespace mlir;
using namespace mlir::moe;

/// The factor of a multiplication by the same number everywhere, and what it
/// multiplies.
static std::optional<double> getFactor(arith::MulFOp op, Value &other) {
  for (unsigned i : {0u, 1u}) {
    DenseFPElementsAttr constant;
    APFloat value(0.0);
    auto splat = op->getOperand(i).getDefiningOp<tensor::SplatOp>();
    if (matchPattern(op->getOperand(i), m_Constant(&constant)) &&
        constant.isSplat())
      value = constant.getSplatValue<APFloat>();
    else if (!splat || !matchPattern(splat.getInput(), m_ConstantFloat(&value)))
      continue;
    bool losesInfo;
    value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                  &losesInfo);
    other = op->getOperand(1 - i);
    return value.convertToDouble();
  }
  return std::nullopt;
}

/// The weights with which a layer sums its rows to `result`; null when there
/// is something in the result that they do not multiply.
static Value getSumWeights(Value result) {
  if (auto combine = result.getDefiningOp<CombineOp>())
    if (!combine.getCopyScale() && !combine.getCoefficients())
      return combine.getWeights();
  if (auto experts = result.getDefiningOp<ExpertsOp>())
    if (!experts.getCopyScale() && !experts.getCoefficients())
      return experts.getCombineWeights();
  return {};
}

/// Multiplies the scale of the gate that makes `weights` by `factor`; fails
/// when weights have other factors than this, or are read in between.
template <typename OpT>
static bool scaleGate(Value weights, double factor, bool mustBeExact,
                      RewriterBase &rewriter) {
  auto gate = weights.getDefiningOp<OpT>();
  // Shared slots are not scaled, and what is dropped depends on the scale.
  if (!gate || gate.getWeights() != weights || gate.getShared() != 0 ||
      gate.getDropBelow())
    return false;
  double old = gate.getScale().convertToDouble(), scale = old * factor;
  if (!std::isfinite(scale) || (scale == 0.0) != (factor == 0.0 || old == 0.0))
    return false;
  if (mustBeExact) {
    // One rounding, of the same product, only where the gate had none before.
    Type element = getElementTypeOrSelf(weights.getType());
    Value logits = [&]() -> Value {
      if constexpr (std::is_same_v<OpT, GateOp>)
        return gate.getLogits();
      else
        return gate.getInput();
    }();
    // Slots without an expert weigh +0, whatever the factor's sign.
    if (old != 1.0 || !(factor > 0.0) ||
        element != getComputeType(getElementTypeOrSelf(logits.getType())))
      return false;
  }
  rewriter.modifyOpInPlace(
      gate, [&] { gate.setScaleAttr(rewriter.getF64FloatAttr(scale)); });
  return true;
}

bool mlir::moe::foldScale(Operation *multiplication, bool reassociate,
                          RewriterBase &rewriter) {
  auto op = dyn_cast<arith::MulFOp>(multiplication);
  if (!op || !isa<RankedTensorType>(op.getType()))
    return false;
  Value scaled;
  std::optional<double> factor = getFactor(op, scaled);
  if (!factor || !std::isfinite(*factor) || !scaled.hasOneUse())
    return false;
  Value weights = scaled;
  bool mustBeExact = !reassociate;
  if (Value inner = getSumWeights(scaled)) {
    // Σ w·row·c is summed otherwise than (Σ w·row)·c.
    if (!reassociate || !inner.hasOneUse())
      return false;
    weights = inner;
  }
  if (!scaleGate<GateOp>(weights, *factor, mustBeExact, rewriter) &&
      !scaleGate<RouteOp>(weights, *factor, mustBeExact, rewriter))
    return false;
  rewriter.replaceOp(op, scaled);
  return true;
}
