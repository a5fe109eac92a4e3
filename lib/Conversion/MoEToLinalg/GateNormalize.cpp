//===- GateNormalize.cpp - Renormalisation of the picks of a gate ---------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Gate.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "moe/Dialect/MoE/IR/Activation.h"
#include "moe/Dialect/MoE/IR/Reference.h"
#include <limits>

using namespace mlir;
using namespace mlir::moe;

/// Reduces the weights of the picks of each row, starting from `init`.
static Value reducePicks(OpBuilder &builder, Location loc, Value ids,
                         Value weights, double init, LoopBody combine) {
  Value start =
      createFilled(builder, loc, tensor::getMixedSize(builder, loc, ids, 0),
                   builder.getFloatAttr(getElementTypeOrSelf(weights), init));
  return buildLoops(
      builder, loc, 2, {ids, weights}, start, {{0, 1}, {0, 1}, {0}},
      [&](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
        return arith::SelectOp::create(
            nested, loc, isPick(nested, loc, elements[0]),
            combine(nested, loc, elements.drop_front()), elements[2]);
      });
}

/// Applies `body` to each weight and the number of its row.
static Value mapWithRow(OpBuilder &builder, Location loc, Value weights,
                        Value rows, LoopBody body) {
  Value init =
      createEmpty(builder, loc, tensor::getMixedSizes(builder, loc, weights),
                  getElementTypeOrSelf(weights));
  return buildLoops(builder, loc, 2, {weights, rows}, init,
                    {{0, 1}, {0}, {0, 1}}, body);
}

static Value add(OpBuilder &builder, Location loc, ValueRange elements) {
  return arith::AddFOp::create(builder, loc, elements[0], elements[1]);
}

Value mlir::moe::buildNormalization(OpBuilder &builder, Location loc,
                                    NormalizeAttr normalize, Value ids,
                                    Value weights) {
  if (normalize.getMode() == NormalizeMode::None)
    return weights;
  if (normalize.getMode() == NormalizeMode::Softmax) {
    Value greatest = reducePicks(
        builder, loc, ids, weights, -std::numeric_limits<double>::infinity(),
        [](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
          return arith::MaximumFOp::create(nested, loc, elements[0],
                                           elements[1]);
        });
    weights = mapWithRow(
        builder, loc, weights, greatest,
        [](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
          Value shifted =
              arith::SubFOp::create(nested, loc, elements[0], elements[1]);
          return math::ExpOp::create(nested, loc, shifted);
        });
  }
  Value sums = reducePicks(builder, loc, ids, weights, 0.0, add);
  double epsilon = normalize.getEpsilon(), floor = normalize.getFloor();
  return mapWithRow(
      builder, loc, weights, sums,
      [&](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
        Value sum = elements[1];
        if (epsilon != 0.0)
          sum = arith::AddFOp::create(
              nested, loc, sum, buildReal(nested, loc, sum.getType(), epsilon));
        if (floor != 0.0)
          sum = arith::MaximumFOp::create(
              nested, loc, sum, buildReal(nested, loc, sum.getType(), floor));
        return arith::DivFOp::create(nested, loc, elements[0], sum);
      });
}
