//===- Gate.cpp - Lowering of moe.gate --------------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Gate.h"
#include "PlanParts.h"
#include "PopulatePatterns.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "moe/Dialect/MoE/IR/Activation.h"
#include "moe/Dialect/MoE/IR/Reference.h"

using namespace mlir;
using namespace mlir::moe;

/// Swaps the dimensions of a matrix; null stays null.
static Value transpose(OpBuilder &builder, Location loc, Value matrix) {
  if (!matrix)
    return {};
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, matrix);
  std::swap(sizes[0], sizes[1]);
  Value init = createEmpty(builder, loc, sizes, getElementTypeOrSelf(matrix));
  return buildLoops(
      builder, loc, 2, matrix, init, {{1, 0}, {0, 1}},
      [](OpBuilder &, Location, ValueRange elements) { return elements[0]; });
}

/// Whether picks come from the order of the choice values.
static bool ranks(SelectMode mode) {
  return mode != SelectMode::All && mode != SelectMode::Given &&
         mode != SelectMode::Table;
}

/// Step 4: the ids of the picks.
static void buildSelection(OpBuilder &builder, Location loc, GateState &state,
                           Value ids, Value table) {
  SelectAttr select = state.op.getSelect();
  if (!ranks(select.getMode()))
    return buildFixedIds(builder, loc, state, ids, table);
  state.ranks =
      buildRanks(builder, loc, state.choice, state.allowed, select.getTie());
  buildRankedIds(builder, loc, state);
  if (select.getMode() == SelectMode::TopP ||
      select.getMode() == SelectMode::Threshold)
    buildCutoff(builder, loc, state);
}

/// Step 5: the weights of the picks.
static Value buildPickWeights(OpBuilder &builder, Location loc,
                              GateState &state, Value values) {
  if (!values && state.op.getSelect().getMode() == SelectMode::SparseMixer)
    return buildSparseMixerWeights(builder, loc, state);
  Value weights =
      gatherPicks(builder, loc, state.ids, values ? values : state.scores);
  return castElements(builder, loc, weights, state.compute);
}

/// Steps 8 and 9: weights times `scale`; picks whose weight is then at most
/// `drop_below` lose their id, and slots without id their weight.
static void buildScaleAndDrop(OpBuilder &builder, Location loc,
                              GateState &state) {
  double scale = state.op.getScale().convertToDouble();
  std::optional<APFloat> dropBelow = state.op.getDropBelow();
  auto real = [&](OpBuilder &nested, Location loc, double value) {
    return buildReal(nested, loc, state.compute, value);
  };
  if (scale != 1.0)
    state.weights = buildElementwise(
        builder, loc, state.weights, state.compute,
        [&](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
          return arith::MulFOp::create(nested, loc, elements[0],
                                       real(nested, loc, scale));
        });
  if (dropBelow)
    state.ids = buildElementwise(
        builder, loc, {state.ids, state.weights}, builder.getI32Type(),
        [&](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
          Value bound = real(nested, loc, dropBelow->convertToDouble());
          Value drop = arith::CmpFOp::create(
              nested, loc, arith::CmpFPredicate::OLE, elements[1], bound);
          Value none = arith::ConstantIntOp::create(nested, loc,
                                                    nested.getI32Type(), -1);
          return arith::SelectOp::create(nested, loc, drop, none, elements[0]);
        });
  state.weights = buildElementwise(
      builder, loc, {state.ids, state.weights}, state.compute,
      [&](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
        return arith::SelectOp::create(nested, loc,
                                       isPick(nested, loc, elements[0]),
                                       elements[1], real(nested, loc, 0.0));
      });
}

/// Writes `parts` side by side into one matrix.
static Value concatenateColumns(OpBuilder &builder, Location loc,
                                ArrayRef<Value> parts, int64_t width) {
  SmallVector<OpFoldResult> sizes = {
      tensor::getMixedSize(builder, loc, parts.front(), 0),
      builder.getIndexAttr(width)};
  Value result =
      createEmpty(builder, loc, sizes, getElementTypeOrSelf(parts.front()));
  SmallVector<OpFoldResult> strides(2, builder.getIndexAttr(1));
  int64_t column = 0;
  for (Value part : parts) {
    SmallVector<OpFoldResult> offsets = {builder.getIndexAttr(0),
                                         builder.getIndexAttr(column)};
    int64_t size = cast<RankedTensorType>(part.getType()).getDimSize(1);
    sizes[1] = builder.getIndexAttr(size);
    result = tensor::InsertSliceOp::create(builder, loc, part, result, offsets,
                                           sizes, strides);
    column += size;
  }
  return result;
}

/// Step 10: the slots of shared experts behind those of routed ones.
static void buildShared(OpBuilder &builder, Location loc, GateState &state,
                        Value coefficients) {
  int64_t shared = state.op.getShared(), experts = state.op.getNumExperts();
  if (shared == 0)
    return;
  SmallVector<OpFoldResult> sizes = {
      tensor::getMixedSize(builder, loc, state.ids, 0),
      builder.getIndexAttr(shared)};
  Type i32 = builder.getI32Type();
  Value ids = buildLoops(
      builder, loc, 2, {}, createEmpty(builder, loc, sizes, i32), {{0, 1}},
      [&](OpBuilder &nested, Location loc, ValueRange) -> Value {
        Value slot = arith::IndexCastOp::create(
            nested, loc, i32, linalg::IndexOp::create(nested, loc, 1));
        Value first = arith::ConstantIntOp::create(nested, loc, i32, experts);
        return arith::AddIOp::create(nested, loc, slot, first);
      });
  if (coefficients) {
    auto type = cast<RankedTensorType>(coefficients.getType());
    coefficients = castShape(builder, loc, coefficients,
                             RankedTensorType::get({type.getDimSize(0), shared},
                                                   type.getElementType()));
    coefficients = castElements(builder, loc, coefficients, state.compute);
  } else {
    coefficients = createFilled(builder, loc, sizes,
                                builder.getFloatAttr(state.compute, 1.0));
  }
  int64_t width = state.op.getSelect().getK() + shared;
  state.ids = concatenateColumns(builder, loc, {state.ids, ids}, width);
  state.weights =
      concatenateColumns(builder, loc, {state.weights, coefficients}, width);
}

namespace {
struct GateOpLowering : OpConversionPattern<GateOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(GateOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value logits = adaptor.getLogits(), values = adaptor.getValues();
    GateState state;
    state.op = op;
    state.compute = getComputeType(getElementTypeOrSelf(logits));
    state.scores =
        buildScores(rewriter, loc, op.getScore(), logits, adaptor.getState());
    state.choice =
        buildChoiceValues(rewriter, loc, state.scores, adaptor.getBias());
    if (GroupLimitAttr groups = op.getGroupLimitAttr())
      buildGroupLimit(rewriter, loc, groups, state);
    if (op.isExpertChoice()) {
      // From here on experts choose among tokens.
      state.scores = transpose(rewriter, loc, state.scores);
      state.choice = transpose(rewriter, loc, state.choice);
      values = transpose(rewriter, loc, values);
    }
    buildSelection(rewriter, loc, state, adaptor.getGivenIds(),
                   adaptor.getTable());
    state.weights = buildPickWeights(rewriter, loc, state, values);
    if (CapacityAttr capacity = op.getCapacityAttr())
      state.ids =
          buildCapacity(rewriter, loc, capacity, op.getNumExperts(), state.ids);
    if (NormalizeAttr normalize = op.getNormalizeAttr())
      state.weights = buildNormalization(rewriter, loc, normalize, state.ids,
                                         state.weights);
    buildScaleAndDrop(rewriter, loc, state);
    buildShared(rewriter, loc, state, adaptor.getSharedWeights());
    Value weights = castElements(rewriter, loc, state.weights,
                                 getElementTypeOrSelf(op.getWeights()));
    rewriter.replaceOp(
        op, {castShape(rewriter, loc, weights, op.getWeights().getType()),
             castShape(rewriter, loc, state.ids, op.getIds().getType())});
    return success();
  }
};
} // namespace

void mlir::moe::populateGateToLinalgPatterns(const TypeConverter &converter,
                                             RewritePatternSet &patterns) {
  patterns.add<GateOpLowering>(converter, patterns.getContext());
}
