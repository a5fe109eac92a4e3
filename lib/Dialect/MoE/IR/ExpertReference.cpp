//===- ExpertReference.cpp - What each kind of expert does to its rows ----===//
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
#include "mlir/IR/IRMapping.h"
#include "moe/Dialect/MoE/IR/Activation.h"
#include "moe/Dialect/MoE/IR/Reference.h"

using namespace mlir;
using namespace mlir::moe;

/// The bundle that makes vector weights, which are never of low rank.
static WeightsOp getBundle(Value weights) {
  return cast<WeightsOp>(weights.getDefiningOp());
}

namespace {
/// A bias of one expert; adds nothing when there is none.
struct Bias {
  std::optional<ExpertWeights> weights;

  Bias(OpBuilder &builder, Location loc, Value bias, Value expert,
       FloatType compute) {
    if (bias)
      weights.emplace(builder, loc, getBundle(bias), expert, compute);
  }

  /// Adds its element for the innermost of two loops to `value`.
  Value add(OpBuilder &builder, Location loc, Value value) const {
    if (!weights)
      return value;
    Value column = linalg::IndexOp::create(builder, loc, 1);
    return arith::AddFOp::create(builder, loc, value,
                                 weights->read(builder, loc, column));
  }
};
} // namespace

FailureOr<Value> FFNExpertsOp::buildRows(OpBuilder &builder, Location loc,
                                         Value expert, Value rows) {
  for (Value weights : getOperands())
    if (failed(verifyVisibleWeights(*this, weights)))
      return failure();
  Type element = getElementTypeOrSelf(rows);
  FloatType compute = getComputeType(element);
  Bias upBias(builder, loc, getUpBias(), expert, compute);
  Bias gateBias(builder, loc, getGateBias(), expert, compute);
  Bias downBias(builder, loc, getDownBias(), expert, compute);

  SmallVector<Value> projections = {
      buildProjection(builder, loc, rows, getUp(), expert)};
  if (getGate())
    projections.push_back(
        buildProjection(builder, loc, rows, getGate(), expert));
  Value hidden = buildElementwise(
      builder, loc, projections, compute,
      [&](OpBuilder &nested, Location loc, ValueRange elements) {
        Value up = upBias.add(nested, loc, elements[0]), gate;
        if (getGate())
          gate = gateBias.add(nested, loc, elements[1]);
        return buildActivation(nested, loc, getActivation(), gate, up);
      });
  Value result = buildProjection(builder, loc, hidden, getDown(), expert);
  if (!getDownBias())
    return castElements(builder, loc, result, element);
  return buildElementwise(
      builder, loc, result, element,
      [&](OpBuilder &nested, Location loc, ValueRange elements) {
        Value sum = downBias.add(nested, loc, elements[0]);
        return castFloat(nested, loc, sum, element);
      });
}

FailureOr<Value> ZeroExpertsOp::buildRows(OpBuilder &builder, Location loc,
                                          Value expert, Value rows) {
  return createFilled(builder, loc,
                      {tensor::getMixedSize(builder, loc, rows, 0),
                       builder.getIndexAttr(getType().getOutSize())},
                      builder.getFloatAttr(getElementTypeOrSelf(rows), 0.0));
}

FailureOr<Value> CopyExpertsOp::buildRows(OpBuilder &builder, Location loc,
                                          Value expert, Value rows) {
  return rows;
}

/// Builds the softmax over the two columns of M×2 logits.
static Value buildPairSoftmax(OpBuilder &builder, Location loc, Value logits) {
  return buildElementwise(
      builder, loc, logits, getElementTypeOrSelf(logits),
      [&](OpBuilder &nested, Location loc, ValueRange elements) {
        // softmax([a, b])₀ = σ(a − b), and likewise for the other.
        Value row = linalg::IndexOp::create(nested, loc, 0);
        Value column = linalg::IndexOp::create(nested, loc, 1);
        Value one = arith::ConstantIndexOp::create(nested, loc, 1);
        Value otherColumn = arith::SubIOp::create(nested, loc, one, column);
        Value other = extractElement(nested, loc, logits, {row, otherColumn});
        return buildSigmoid(
            nested, loc,
            arith::SubFOp::create(nested, loc, elements[0], other));
      });
}

FailureOr<Value> ConstantExpertsOp::buildRows(OpBuilder &builder, Location loc,
                                              Value expert, Value rows) {
  for (Value weights : getOperands())
    if (failed(verifyVisibleWeights(*this, weights)))
      return failure();
  Type element = getElementTypeOrSelf(rows);
  FloatType compute = getComputeType(element);
  ExpertWeights vectors(builder, loc, getBundle(getVectors()), expert, compute);
  if (!getMix()) {
    Value init = createEmpty(builder, loc,
                             {tensor::getMixedSize(builder, loc, rows, 0),
                              builder.getIndexAttr(getType().getOutSize())},
                             element);
    return buildLoops(builder, loc, 2, {}, init, {{0, 1}},
                      [&](OpBuilder &nested, Location loc, ValueRange) {
                        Value column = linalg::IndexOp::create(nested, loc, 1);
                        return castFloat(nested, loc,
                                         vectors.read(nested, loc, column),
                                         element);
                      });
  }
  Value shares = buildPairSoftmax(
      builder, loc, buildProjection(builder, loc, rows, getMix(), expert));
  return buildElementwise(
      builder, loc, rows, element,
      [&](OpBuilder &nested, Location loc, ValueRange elements) {
        Value row = linalg::IndexOp::create(nested, loc, 0);
        Value column = linalg::IndexOp::create(nested, loc, 1);
        auto share = [&](int64_t i) {
          Value index = arith::ConstantIndexOp::create(nested, loc, i);
          return extractElement(nested, loc, shares, {row, index});
        };
        Value x = castFloat(nested, loc, elements[0], compute);
        Value ax = arith::MulFOp::create(nested, loc, share(0), x);
        Value bv = arith::MulFOp::create(nested, loc, share(1),
                                         vectors.read(nested, loc, column));
        Value sum = arith::AddFOp::create(nested, loc, ax, bv);
        return castFloat(nested, loc, sum, element);
      });
}

FailureOr<Value> RegionExpertsOp::buildRows(OpBuilder &builder, Location loc,
                                            Value expert, Value rows) {
  Block &block = getBody().front();
  Type element = getElementTypeOrSelf(rows);
  IRMapping mapping;
  mapping.map(block.getArgument(0), expert);
  mapping.map(block.getArgument(1),
              castElements(builder, loc, rows,
                           getElementTypeOrSelf(block.getArgument(1))));
  for (Operation &op : block.without_terminator())
    builder.clone(op, mapping);
  Value result = mapping.lookupOrDefault(block.getTerminator()->getOperand(0));
  return castElements(builder, loc, result, element);
}
