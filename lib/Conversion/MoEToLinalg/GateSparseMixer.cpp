//===- GateSparseMixer.cpp - Weights of a sparse mixer's picks --*- C++ -*-===//
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

using namespace mlir;
using namespace mlir::moe;

/// Builds whether a candidate x takes part in the softmax of slot `slot`,
/// whose winner has the value `best`: it has not won before, and is not too
/// far below the winner.
static Value isContender(OpBuilder &builder, Location loc, Value x, Value rank,
                         Value slot, Value best, double jitter) {
  Value left = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge,
                                     rank, slot);
  Value distance = arith::SubFOp::create(builder, loc, best, x);
  Value magnitude = arith::MaximumFOp::create(
      builder, loc, math::AbsFOp::create(builder, loc, x), best);
  Value reach =
      arith::MulFOp::create(builder, loc, magnitude,
                            buildReal(builder, loc, x.getType(), 2.0 * jitter));
  // Not "greater", so that a NaN stays and shows in the weights.
  Value near = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::ULE,
                                     distance, reach);
  return arith::AndIOp::create(builder, loc, left, near);
}

Value mlir::moe::buildSparseMixerWeights(OpBuilder &builder, Location loc,
                                         GateState &state) {
  Value best = gatherPicks(builder, loc, state.ids, state.choice);
  Value init =
      createFilled(builder, loc, tensor::getMixedSizes(builder, loc, best),
                   builder.getFloatAttr(state.compute, 0.0));
  double jitter = state.op.getSelect().getJitter();
  Value sums = buildLoops(
      builder, loc, 3, {best, state.choice, state.ranks}, init,
      {{0, 1}, {0, 2}, {0, 2}, {0, 1}},
      [&](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
        Value slot =
            arith::IndexCastOp::create(nested, loc, nested.getI32Type(),
                                       linalg::IndexOp::create(nested, loc, 1));
        Value takesPart = isContender(nested, loc, elements[1], elements[2],
                                      slot, elements[0], jitter);
        Value shifted =
            arith::SubFOp::create(nested, loc, elements[1], elements[0]);
        Value exp = math::ExpOp::create(nested, loc, shifted);
        Value sum = arith::AddFOp::create(nested, loc, elements[3], exp);
        return arith::SelectOp::create(nested, loc, takesPart, sum,
                                       elements[3]);
      });
  // The winner's own exponential is exp(0).
  return buildElementwise(
      builder, loc, sums, state.compute,
      [&](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
        return arith::DivFOp::create(nested, loc,
                                     buildReal(nested, loc, state.compute, 1.0),
                                     elements[0]);
      });
}
