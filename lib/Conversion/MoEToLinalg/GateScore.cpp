//===- GateScore.cpp - Scores and choice values of a gate -------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Gate.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "moe/Dialect/MoE/IR/Activation.h"
#include "moe/Dialect/MoE/IR/Reference.h"
#include <limits>

using namespace mlir;
using namespace mlir::moe;

/// log(1 + exp(z)), without overflow: max(z, 0) + log1p(exp(−|z|)).
static Value buildSoftplus(OpBuilder &builder, Location loc, Value z) {
  Value zero = buildReal(builder, loc, z.getType(), 0.0);
  Value positive = arith::MaximumFOp::create(builder, loc, z, zero);
  Value magnitude = math::AbsFOp::create(builder, loc, z);
  Value exp = math::ExpOp::create(
      builder, loc, arith::NegFOp::create(builder, loc, magnitude));
  return arith::AddFOp::create(builder, loc, positive,
                               math::Log1pOp::create(builder, loc, exp));
}

/// The score function of one element; softmax is not one.
static Value buildScore(OpBuilder &builder, Location loc,
                        ScoreFunction function, Value z) {
  switch (function) {
  case ScoreFunction::Identity:
  case ScoreFunction::Softmax:
    return z;
  case ScoreFunction::Sigmoid:
    return buildSigmoid(builder, loc, z);
  case ScoreFunction::SqrtSoftplus:
    return math::SqrtOp::create(builder, loc, buildSoftplus(builder, loc, z));
  case ScoreFunction::Relu:
    return arith::MaximumFOp::create(builder, loc, z,
                                     buildReal(builder, loc, z.getType(), 0.0));
  case ScoreFunction::Tanh:
    return math::TanhOp::create(builder, loc, z);
  }
  llvm_unreachable("unknown score function");
}

/// softmax over the last dimension of a matrix.
static Value buildSoftmax(OpBuilder &builder, Location loc, Value matrix) {
  Type element = getElementTypeOrSelf(matrix);
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, matrix);
  auto fill = [&](double value) {
    return createFilled(builder, loc, sizes[0],
                        builder.getFloatAttr(element, value));
  };
  Value greatest = buildLoops(
      builder, loc, 2, matrix, fill(-std::numeric_limits<double>::infinity()),
      {{0, 1}, {0}},
      [](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
        return arith::MaximumFOp::create(nested, loc, elements[0], elements[1]);
      });
  Value exponentials = buildLoops(
      builder, loc, 2, {matrix, greatest},
      createEmpty(builder, loc, sizes, element), {{0, 1}, {0}, {0, 1}},
      [](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
        Value shifted =
            arith::SubFOp::create(nested, loc, elements[0], elements[1]);
        return math::ExpOp::create(nested, loc, shifted);
      });
  Value sums = buildLoops(
      builder, loc, 2, exponentials, fill(0.0), {{0, 1}, {0}},
      [](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
        return arith::AddFOp::create(nested, loc, elements[0], elements[1]);
      });
  return buildLoops(
      builder, loc, 2, {exponentials, sums},
      createEmpty(builder, loc, sizes, element), {{0, 1}, {0}, {0, 1}},
      [](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
        return arith::DivFOp::create(nested, loc, elements[0], elements[1]);
      });
}

Value mlir::moe::buildScores(OpBuilder &builder, Location loc, ScoreAttr score,
                             Value logits, Value state) {
  FloatType compute = getComputeType(getElementTypeOrSelf(logits));
  ScoreFunction function = score.getFunction();
  double temperature = score.getTemperature();
  SmallVector<Value> inputs = {logits};
  if (state)
    inputs.push_back(state);
  Value scores = buildElementwise(
      builder, loc, inputs, compute,
      [&](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
        Value z = castFloat(nested, loc, elements[0], compute);
        if (state)
          z = arith::AddFOp::create(
              nested, loc, z, castFloat(nested, loc, elements[1], compute));
        if (temperature != 1.0)
          z = arith::DivFOp::create(
              nested, loc, z, buildReal(nested, loc, compute, temperature));
        return buildScore(nested, loc, function, z);
      });
  if (function == ScoreFunction::Softmax)
    return buildSoftmax(builder, loc, scores);
  return scores;
}

Value mlir::moe::buildChoiceValues(OpBuilder &builder, Location loc,
                                   Value scores, Value bias) {
  if (!bias)
    return scores;
  Type compute = getElementTypeOrSelf(scores);
  Value init = createEmpty(
      builder, loc, tensor::getMixedSizes(builder, loc, scores), compute);
  return buildLoops(
      builder, loc, 2, {scores, bias}, init, {{0, 1}, {1}, {0, 1}},
      [&](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
        return arith::AddFOp::create(
            nested, loc, elements[0],
            castFloat(nested, loc, elements[1], compute));
      });
}
