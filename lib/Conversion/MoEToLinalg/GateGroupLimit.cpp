//===- GateGroupLimit.cpp - Group-limited choice of a gate ------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Gate.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "moe/Dialect/MoE/IR/Activation.h"
#include "moe/Dialect/MoE/IR/Reference.h"
#include <limits>

using namespace mlir;
using namespace mlir::moe;

/// The dimensions that T×E and T×groups×size share.
static SmallVector<ReassociationIndices> getGrouping() { return {{0}, {1, 2}}; }

/// Splits the experts of a matrix T×E into groups: T×groups×size.
static Value splitGroups(OpBuilder &builder, Location loc, Value matrix,
                         int64_t groups) {
  auto type = cast<RankedTensorType>(matrix.getType());
  int64_t size = type.getDimSize(1) / groups;
  SmallVector<OpFoldResult> sizes = {
      tensor::getMixedSize(builder, loc, matrix, 0),
      builder.getIndexAttr(groups), builder.getIndexAttr(size)};
  return tensor::ExpandShapeOp::create(
      builder, loc,
      RankedTensorType::get({type.getDimSize(0), groups, size},
                            type.getElementType()),
      matrix, getGrouping(), sizes);
}

/// Builds what groups are ranked by, T×groups, from values T×groups×size.
static Value buildGroupValues(OpBuilder &builder, Location loc, GroupReduce by,
                              Value grouped) {
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(builder, loc, grouped);
  sizes.pop_back();
  TypedAttr lowest = builder.getFloatAttr(
      getElementTypeOrSelf(grouped), -std::numeric_limits<double>::infinity());
  Value init = createFilled(builder, loc, sizes, lowest);
  if (by == GroupReduce::Max)
    return buildLoops(
        builder, loc, 3, grouped, init, {{0, 1, 2}, {0, 1}},
        [](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
          return arith::MaximumFOp::create(nested, loc, elements[0],
                                           elements[1]);
        });

  // The two greatest so far. NaN passes through both, hence into the sum.
  MLIRContext *context = builder.getContext();
  AffineMap all = AffineMap::getMultiDimIdentityMap(3, context);
  AffineMap group = all.getMajorSubMap(2);
  auto greatest = linalg::GenericOp::create(
      builder, loc, {init.getType(), init.getType()}, grouped, {init, init},
      {all, group, group},
      {utils::IteratorType::parallel, utils::IteratorType::parallel,
       utils::IteratorType::reduction},
      [](OpBuilder &nested, Location loc, ValueRange elements) {
        Value x = elements[0], first = elements[1], second = elements[2];
        Value lesser = arith::MinimumFOp::create(nested, loc, x, first);
        Value next[] = {arith::MaximumFOp::create(nested, loc, x, first),
                        arith::MaximumFOp::create(nested, loc, lesser, second)};
        linalg::YieldOp::create(nested, loc, next);
      });
  return buildElementwise(
      builder, loc, greatest.getResults(), getElementTypeOrSelf(grouped),
      [](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
        return arith::AddFOp::create(nested, loc, elements[0], elements[1]);
      });
}

/// Builds the mask T×E of the experts in the best groups of each token.
static Value buildGroupMask(OpBuilder &builder, Location loc,
                            GroupLimitAttr groups, TieBreak tie, Value choice) {
  Value grouped = splitGroups(builder, loc, choice, groups.getCount());
  Value values = buildGroupValues(builder, loc, groups.getBy(), grouped);
  Value ranks = buildRanks(builder, loc, values, /*allowed=*/{}, tie);
  Value init =
      createEmpty(builder, loc, tensor::getMixedSizes(builder, loc, grouped),
                  builder.getI1Type());
  Value mask = buildLoops(
      builder, loc, 3, ranks, init, {{0, 1}, {0, 1, 2}},
      [&](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
        Value keep = arith::ConstantIntOp::create(
            nested, loc, nested.getI32Type(), groups.getKeep());
        return arith::CmpIOp::create(nested, loc, arith::CmpIPredicate::slt,
                                     elements[0], keep);
      });
  return tensor::CollapseShapeOp::create(builder, loc, mask, getGrouping());
}

void mlir::moe::buildGroupLimit(OpBuilder &builder, Location loc,
                                GroupLimitAttr groups, GateState &state) {
  Value mask = buildGroupMask(builder, loc, groups,
                              state.op.getSelect().getTie(), state.choice);
  double fill = groups.getFill();
  if (fill == -std::numeric_limits<double>::infinity()) {
    state.allowed = mask;
    return;
  }
  state.choice = buildElementwise(
      builder, loc, {mask, state.choice}, state.compute,
      [&](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
        return arith::SelectOp::create(
            nested, loc, elements[0], elements[1],
            buildReal(nested, loc, state.compute, fill));
      });
}
