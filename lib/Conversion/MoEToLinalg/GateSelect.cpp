//===- GateSelect.cpp - Ranks and picks of a gate ---------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Gate.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "moe/Dialect/MoE/IR/Activation.h"
#include "moe/Dialect/MoE/IR/Reference.h"

using namespace mlir;
using namespace mlir::moe;

static Value constantInt(OpBuilder &builder, Location loc, Type type,
                         int64_t value) {
  return arith::ConstantIntOp::create(builder, loc, type, value);
}

Value mlir::moe::isPick(OpBuilder &builder, Location loc, Value id) {
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge, id,
                               constantInt(builder, loc, id.getType(), 0));
}

/// `id` where `keep`, else −1.
static Value keepPick(OpBuilder &builder, Location loc, Value keep, Value id) {
  return arith::SelectOp::create(builder, loc, keep, id,
                                 constantInt(builder, loc, id.getType(), -1));
}

/// Integers in the order of (V3): a NaN is the greatest, and zeros are equal.
/// None is the least of its type.
static Value buildKeys(OpBuilder &builder, Location loc, Value values) {
  auto element = cast<FloatType>(getElementTypeOrSelf(values));
  Type type = builder.getIntegerType(element.getWidth());
  return buildElementwise(
      builder, loc, values, type,
      [&](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
        // −0 + 0 is +0.
        Value value = arith::AddFOp::create(nested, loc, elements[0],
                                            buildReal(nested, loc, element, 0));
        Value bits = arith::BitcastOp::create(nested, loc, type, value);
        // Of negative numbers, greater bits are less: all but the sign flip.
        Value sign = arith::ShRSIOp::create(
            nested, loc, bits,
            constantInt(nested, loc, type, element.getWidth() - 1));
        Value flip = arith::ShRUIOp::create(nested, loc, sign,
                                            constantInt(nested, loc, type, 1));
        Value key = arith::XOrIOp::create(nested, loc, bits, flip);
        Value isNaN = arith::CmpFOp::create(
            nested, loc, arith::CmpFPredicate::UNO, value, value);
        Value greatest = arith::ConstantOp::create(
            nested, loc,
            nested.getIntegerAttr(
                type, APInt::getSignedMaxValue(element.getWidth())));
        return arith::SelectOp::create(nested, loc, isNaN, greatest, key);
      });
}

Value mlir::moe::buildRanks(OpBuilder &builder, Location loc, Value values,
                            Value allowed, TieBreak tie) {
  // What is ranked has ids of this type.
  Type i32 = builder.getI32Type();
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, values);
  Value keys = buildKeys(builder, loc, values);
  Value init = createFilled(builder, loc, sizes, builder.getI32IntegerAttr(0));
  // The innermost loop runs over ranks, not over what is counted, so that it
  // can be vectorised.
  SmallVector<Value> inputs = {keys, keys};
  SmallVector<SmallVector<unsigned>> maps = {{0, 2}, {0, 1}};
  if (allowed) {
    inputs.push_back(allowed);
    maps.push_back({0, 1});
  }
  maps.push_back({0, 2});
  Value ranks = buildLoops(
      builder, loc, 3, inputs, init, maps,
      [&](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
        Value own = elements[0], other = elements[1];
        auto index = [&](int64_t loop) -> Value {
          return arith::IndexCastOp::create(
              nested, loc, i32, linalg::IndexOp::create(nested, loc, loop));
        };
        // Equal values stand in the order of their indices.
        Value precedes = arith::CmpIOp::create(nested, loc,
                                               tie == TieBreak::Lower
                                                   ? arith::CmpIPredicate::ult
                                                   : arith::CmpIPredicate::ugt,
                                               index(1), index(2));
        Value bound = arith::SubIOp::create(
            nested, loc, own,
            arith::ExtUIOp::create(nested, loc, own.getType(), precedes));
        Value before = arith::CmpIOp::create(
            nested, loc, arith::CmpIPredicate::sgt, other, bound);
        if (allowed)
          before = arith::AndIOp::create(nested, loc, before, elements[2]);
        Value count = arith::ExtUIOp::create(nested, loc, i32, before);
        return arith::AddIOp::create(nested, loc, elements.back(), count);
      });
  if (!allowed)
    return ranks;
  return buildElementwise(
      builder, loc, {ranks, allowed}, i32,
      [&](OpBuilder &nested, Location loc, ValueRange elements) {
        return keepPick(nested, loc, elements[1], elements[0]);
      });
}

/// An uninitialised tensor for one i32 per slot of each row.
static Value createSlots(OpBuilder &builder, Location loc, GateState &state) {
  return createEmpty(builder, loc,
                     {tensor::getMixedSize(builder, loc, state.scores, 0),
                      builder.getIndexAttr(state.op.getSelect().getK())},
                     builder.getI32Type());
}

void mlir::moe::buildRankedIds(OpBuilder &builder, Location loc,
                               GateState &state) {
  SelectAttr select = state.op.getSelect();
  Type i32 = builder.getI32Type();
  int64_t first =
      select.getMode() == SelectMode::RankK ? select.getRank() - 1 : 0;
  Value none = constantInt(builder, loc, i32, -1);
  Value init = linalg::FillOp::create(builder, loc, none,
                                      createSlots(builder, loc, state))
                   .getResult(0);
  state.ids = buildLoops(
      builder, loc, 3, state.ranks, init, {{0, 2}, {0, 1}},
      [&](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
        Value slot = arith::IndexCastOp::create(
            nested, loc, i32, linalg::IndexOp::create(nested, loc, 1));
        if (first != 0)
          slot = arith::AddIOp::create(nested, loc, slot,
                                       constantInt(nested, loc, i32, first));
        Value candidate = arith::IndexCastOp::create(
            nested, loc, i32, linalg::IndexOp::create(nested, loc, 2));
        Value hit = arith::CmpIOp::create(nested, loc, arith::CmpIPredicate::eq,
                                          elements[0], slot);
        return arith::SelectOp::create(nested, loc, hit, candidate,
                                       elements[1]);
      });
}

/// Builds the id of a slot from a table row, −1 for a row that is not there.
static Value readTable(OpBuilder &builder, Location loc, Value table,
                       Value row) {
  Value size = tensor::DimOp::create(builder, loc, table, 0);
  Value index = toIndex(builder, loc, row);
  // As an unsigned number, a negative one is too great.
  Value inside = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult,
                                       index, size);
  Value slot = linalg::IndexOp::create(builder, loc, 1);
  auto read = scf::IfOp::create(
      builder, loc, inside,
      [&](OpBuilder &nested, Location loc) {
        scf::YieldOp::create(nested, loc,
                             extractElement(nested, loc, table, {index, slot}));
      },
      [&](OpBuilder &nested, Location loc) {
        scf::YieldOp::create(nested, loc,
                             constantInt(nested, loc, nested.getI32Type(), -1));
      });
  return read.getResult(0);
}

void mlir::moe::buildFixedIds(OpBuilder &builder, Location loc,
                              GateState &state, Value ids, Value table) {
  Type i32 = builder.getI32Type();
  SmallVector<Value> inputs;
  SmallVector<SmallVector<unsigned>> maps;
  if (ids) {
    inputs.push_back(ids);
    maps.push_back(table ? SmallVector<unsigned>{0}
                         : SmallVector<unsigned>{0, 1});
  }
  maps.push_back({0, 1});
  state.ids = buildLoops(
      builder, loc, 2, inputs, createSlots(builder, loc, state), maps,
      [&](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
        if (!ids)
          return arith::IndexCastOp::create(
              nested, loc, i32, linalg::IndexOp::create(nested, loc, 1));
        Value id =
            table ? readTable(nested, loc, table, elements[0]) : elements[0];
        Value experts = constantInt(nested, loc, i32, state.op.getNumExperts());
        Value exists = arith::CmpIOp::create(
            nested, loc, arith::CmpIPredicate::ult, id, experts);
        return keepPick(nested, loc, exists, id);
      });
}

/// Builds, for each pick, the sum of the scores of the picks before it.
static Value buildSumsBefore(OpBuilder &builder, Location loc, Value scores) {
  Value init =
      createFilled(builder, loc, tensor::getMixedSizes(builder, loc, scores),
                   builder.getFloatAttr(getElementTypeOrSelf(scores), 0.0));
  return buildLoops(
      builder, loc, 3, scores, init, {{0, 2}, {0, 1}},
      [](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
        Value before =
            arith::CmpIOp::create(nested, loc, arith::CmpIPredicate::ult,
                                  linalg::IndexOp::create(nested, loc, 2),
                                  linalg::IndexOp::create(nested, loc, 1));
        Value sum =
            arith::AddFOp::create(nested, loc, elements[1], elements[0]);
        return arith::SelectOp::create(nested, loc, before, sum, elements[1]);
      });
}

void mlir::moe::buildCutoff(OpBuilder &builder, Location loc,
                            GateState &state) {
  SelectAttr select = state.op.getSelect();
  bool byMass = select.getMode() == SelectMode::TopP;
  Value values = gatherPicks(builder, loc, state.ids,
                             byMass ? state.scores : state.choice);
  if (byMass)
    values = buildSumsBefore(builder, loc, values);
  double bound = byMass ? select.getP() : select.getThreshold();
  state.ids = buildElementwise(
      builder, loc, {state.ids, values}, builder.getI32Type(),
      [&](OpBuilder &nested, Location loc, ValueRange elements) {
        // Unordered comparisons: NaN, which ranks above all, is chosen.
        Value keep = arith::CmpFOp::create(
            nested, loc,
            byMass ? arith::CmpFPredicate::ULT : arith::CmpFPredicate::UGT,
            elements[1], buildReal(nested, loc, state.compute, bound));
        return keepPick(nested, loc, keep, elements[0]);
      });
}

Value mlir::moe::gatherPicks(OpBuilder &builder, Location loc, Value ids,
                             Value values) {
  Type element = getElementTypeOrSelf(values);
  FloatType compute = getComputeType(element);
  return buildElementwise(
      builder, loc, ids, compute,
      [&](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
        Value row = linalg::IndexOp::create(nested, loc, 0);
        auto read = scf::IfOp::create(
            nested, loc, isPick(nested, loc, elements[0]),
            [&](OpBuilder &then, Location loc) {
              Value index = toIndex(then, loc, elements[0]);
              Value value = extractElement(then, loc, values, {row, index});
              scf::YieldOp::create(then, loc,
                                   castFloat(then, loc, value, compute));
            },
            [&](OpBuilder &otherwise, Location loc) {
              scf::YieldOp::create(otherwise, loc,
                                   buildReal(otherwise, loc, compute, 0.0));
            });
        return read.getResult(0);
      });
}
