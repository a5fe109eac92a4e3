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

bool mlir::moe::isLoaded(Value tensor) {
  Operation *op = tensor.getDefiningOp();
  return op && (isa<ConstantDataOpInterface>(op) ||
                op->hasTrait<OpTrait::ConstantLike>());
}

/// Whether weights can be multiplied by a number when they are loaded: floats
/// as they are, codes through their scales, if these are of the type that rows
/// are computed in. Narrower ones would be rounded once more.
static bool canScale(Value weights, FloatType compute) {
  auto op = weights.getDefiningOp<WeightsOp>();
  if (!op)
    return false;
  ValueRange factors =
      op.getType().isQuantized() ? op.getScales() : op.getSources();
  return !factors.empty() && llvm::all_of(factors, [&](Value factor) {
    return getElementTypeOrSelf(factor) == compute && isLoaded(factor);
  });
}

static Value scaleWeights(Value weights, double factor,
                          RewriterBase &rewriter) {
  auto op = weights.getDefiningOp<WeightsOp>();
  rewriter.setInsertionPointAfter(op);
  auto scaled = cast<WeightsOp>(rewriter.clone(*op));
  MutableOperandRange factors = op.getType().isQuantized()
                                    ? scaled.getScalesMutable()
                                    : scaled.getSourcesMutable();
  rewriter.setInsertionPoint(scaled);
  for (OpOperand &operand : factors) {
    auto type = cast<RankedTensorType>(operand.get().getType());
    auto number =
        cast<TypedAttr>(rewriter.getFloatAttr(type.getElementType(), factor));
    Value splat = arith::ConstantOp::create(
        rewriter, op.getLoc(), DenseElementsAttr::get(type, Attribute(number)));
    operand.set(
        arith::MulFOp::create(rewriter, op.getLoc(), operand.get(), splat));
  }
  return scaled;
}

/// The experts whose rows, all of the result, are multiplied by weights at
/// most; null when something else is in it.
static ExpertsOp getSummedExperts(Value result) {
  if (auto combine = result.getDefiningOp<CombineOp>()) {
    if (combine.getCopyScale() || combine.getCoefficients() ||
        !combine.getRows().hasOneUse())
      return {};
    result = combine.getRows();
  }
  auto experts = result.getDefiningOp<ExpertsOp>();
  if (!experts || experts.getCopyScale() || experts.getCoefficients())
    return {};
  return experts;
}

/// Multiplies down projections, and their biases, by a factor of their layer.
static bool scaleDownProjections(Value result, double factor,
                                 RewriterBase &rewriter) {
  ExpertsOp experts = getSummedExperts(result);
  if (!experts)
    return false;
  FloatType compute = getComputeType(getElementTypeOrSelf(experts.getInput()));
  SmallVector<FFNExpertsOp> sets;
  for (Value set : experts.getSets()) {
    auto ffn = set.getDefiningOp<FFNExpertsOp>();
    if (!ffn || !set.hasOneUse() || !canScale(ffn.getDown(), compute) ||
        (ffn.getDownBias() && !canScale(ffn.getDownBias(), compute)))
      return false;
    sets.push_back(ffn);
  }
  for (FFNExpertsOp ffn : sets) {
    Value down = scaleWeights(ffn.getDown(), factor, rewriter), bias;
    if (ffn.getDownBias())
      bias = scaleWeights(ffn.getDownBias(), factor, rewriter);
    rewriter.modifyOpInPlace(ffn, [&] {
      ffn.getDownMutable().assign(down);
      if (bias)
        ffn.getDownBiasMutable().assign(bias);
    });
  }
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
  auto scaleWeightsOf = [&](Value weights, bool mustBeExact) {
    return scaleGate<GateOp>(weights, *factor, mustBeExact, rewriter) ||
           scaleGate<RouteOp>(weights, *factor, mustBeExact, rewriter);
  };
  bool done = scaleWeightsOf(scaled, /*mustBeExact=*/!reassociate);
  // Σ w·row·c is summed otherwise than (Σ w·row)·c.
  if (!done && reassociate) {
    Value weights = getSumWeights(scaled);
    done = weights && weights.hasOneUse() &&
           scaleWeightsOf(weights, /*mustBeExact=*/false);
    done = done || scaleDownProjections(scaled, *factor, rewriter);
  }
  if (!done)
    return false;
  rewriter.replaceOp(op, scaled);
  return true;
}
