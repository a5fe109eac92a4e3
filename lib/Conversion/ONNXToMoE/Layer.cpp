//===- Layer.cpp - The canonical form of a layer -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Layer.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::moe;

/// Bundles sources into weights of `shape`.
static Value buildWeights(ImplicitLocOpBuilder &b, const WeightSource &w,
                          ArrayRef<int64_t> shape) {
  if (!w)
    return {};
  Type storage = w.storage;
  if (!storage)
    storage =
        cast<RankedTensorType>(w.sources.front().getType()).getElementType();
  auto layout = LayoutAttr::get(b.getContext(), w.offset, w.step, w.transposed);
  return WeightsOp::create(b, WeightsType::get(b.getContext(), shape, storage),
                           w.sources, w.scales, w.zeros, layout, w.block,
                           w.zeroPoint);
}

static Value buildMatrix(ImplicitLocOpBuilder &b, const Projection &p,
                         int64_t experts) {
  if (p.rank) {
    Value u = buildWeights(b, p.matrix, {experts, p.out, p.rank});
    Value v = buildWeights(b, p.thin, {experts, p.rank, p.in});
    Value base = buildWeights(b, p.base, {p.bases, p.out, p.in});
    Type storage = cast<WeightsType>(u.getType()).getStorage();
    if (!base) {
      auto type = RankedTensorType::get({p.out, p.in}, storage);
      Value zeros = arith::ConstantOp::create(b, b.getZeroAttr(type));
      base = buildWeights(b, WeightSource{{zeros}}, {1, p.out, p.in});
    }
    auto type =
        WeightsType::get(b.getContext(), {experts, p.out, p.in}, storage);
    return LowRankWeightsOp::create(b, type, base, u, v);
  }
  return buildWeights(b, p.matrix, {experts, p.out, p.in});
}

static Value buildBias(ImplicitLocOpBuilder &b, const Projection &p,
                       int64_t experts) {
  return buildWeights(b, p.bias, {experts, p.out});
}

static Value buildExperts(ImplicitLocOpBuilder &b, const ExpertSet &set,
                          int64_t in, int64_t out) {
  auto type = ExpertsType::get(b.getContext(), set.count, in, out);
  switch (set.kind) {
  case ExpertSet::Kind::Zero:
    return ZeroExpertsOp::create(b, type);
  case ExpertSet::Kind::Copy:
    return CopyExpertsOp::create(b, type);
  case ExpertSet::Kind::Constant: {
    Value vectors = buildWeights(b, set.vectors, {set.count, out});
    Value mix = buildWeights(b, set.mix, {set.count, 2, in});
    return ConstantExpertsOp::create(b, type, vectors, mix);
  }
  case ExpertSet::Kind::FFN:
    break;
  }
  Value upMatrix = buildMatrix(b, set.up, set.count);
  Value upBias = buildBias(b, set.up, set.count);
  Value gateMatrix = buildMatrix(b, set.gate, set.count);
  Value gateBias = buildBias(b, set.gate, set.count);
  Value downMatrix = buildMatrix(b, set.down, set.count);
  Value downBias = buildBias(b, set.down, set.count);
  return FFNExpertsOp::create(b, type, upMatrix, upBias, gateMatrix, gateBias,
                              downMatrix, downBias, set.activation);
}

void moe::assertEqual(ImplicitLocOpBuilder &b, OpFoldResult x, OpFoldResult y,
                      const Twine &message) {
  if (isEqualConstantIntOrValue(x, y))
    return;
  Value left = getValueOrCreateConstantIndexOp(b, b.getLoc(), x);
  Value right = getValueOrCreateConstantIndexOp(b, b.getLoc(), y);
  Value same = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, left, right);
  cf::AssertOp::create(b, same, b.getStringAttr(message));
}

Value moe::buildNode(ImplicitLocOpBuilder &b, StringRef type, ValueRange inputs,
                     Type result, ArrayRef<NamedAttribute> attributes) {
  return onnxir::NodeOp::create(
             b, result, b.getStringAttr(type), /*domain=*/StringAttr(),
             /*overload=*/StringAttr(), inputs, /*slots=*/DenseBoolArrayAttr(),
             b.getDictionaryAttr(attributes), /*subgraph_names=*/ArrayAttr(),
             /*name=*/StringAttr(), /*output_names=*/ArrayAttr(),
             /*opset=*/IntegerAttr(), /*subgraphsCount=*/0)
      .getResult(0);
}

Value moe::castFloats(ImplicitLocOpBuilder &b, Value value, Type element) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getElementType() == element)
    return value;
  int64_t number = element.isF32()    ? 1
                   : element.isF16()  ? 10
                   : element.isBF16() ? 16
                                      : 11;
  return buildNode(b, "Cast", value, type.clone(element),
                   b.getNamedAttr("to", b.getI64IntegerAttr(number)));
}

/// The weights T×(k+S), routed ones times the layer's coefficient.
static Value scaleWeights(ImplicitLocOpBuilder &b, const Layer &layer,
                          Value weights) {
  auto type = cast<RankedTensorType>(weights.getType());
  Value column = castFloats(b, layer.coefficient, type.getElementType());
  if (!layer.shared)
    return buildNode(b, "Mul", {weights, column}, type);
  SmallVector<Value> columns(type.getDimSize(1) - layer.shared, column);
  columns.push_back(castFloats(b, layer.sharedWeights, type.getElementType()));
  Value factors = buildNode(b, "Concat", columns, type,
                            b.getNamedAttr("axis", b.getI64IntegerAttr(1)));
  return buildNode(b, "Mul", {weights, factors}, type);
}

/// Makes a token of each slot, of one slot and weight 1: `input` becomes the
/// rows times their weights.
static void weighInput(ImplicitLocOpBuilder &b, Value &input, Value &ids,
                       Value &weights) {
  auto tokens = cast<RankedTensorType>(input.getType());
  auto slots = cast<RankedTensorType>(weights.getType());
  int64_t rows = tokens.getDimSize(0), hidden = tokens.getDimSize(1),
          k = slots.getDimSize(1);
  weights = castFloats(b, weights, tokens.getElementType());
  slots = cast<RankedTensorType>(weights.getType());
  int64_t count = ShapedType::isDynamic(rows) ? rows : rows * k;
  SmallVector<ReassociationIndices> pairs{{0, 1}, {2}}, all{{0, 1}};
  if (k == 1) {
    input = buildNode(b, "Mul", {input, weights}, tokens);
  } else {
    SmallVector<ReassociationIndices> first{{0, 1}, {2}}, last{{0}, {1, 2}};
    Value row = tensor::ExpandShapeOp::create(
        b, tokens.clone({rows, 1, hidden}), input, first);
    Value weight = tensor::ExpandShapeOp::create(b, slots.clone({rows, k, 1}),
                                                 weights, last);
    input = buildNode(b, "Mul", {row, weight}, tokens.clone({rows, k, hidden}));
    input = tensor::CollapseShapeOp::create(b, tokens.clone({count, hidden}),
                                            input, pairs);
    Value flat = tensor::CollapseShapeOp::create(
        b, cast<RankedTensorType>(ids.getType()).clone({count}), ids, all);
    ids = tensor::ExpandShapeOp::create(
        b, cast<RankedTensorType>(ids.getType()).clone({count, 1}), flat, all);
  }
  SmallVector<Value> sizes;
  if (ShapedType::isDynamic(count))
    sizes.push_back(tensor::DimOp::create(b, input, 0));
  Value one = arith::ConstantOp::create(
      b, b.getFloatAttr(tokens.getElementType(), 1.0));
  weights = tensor::SplatOp::create(b, one, tokens.clone({count, 1}), sizes);
}

/// Adds the `k` rows that stand for each token.
static Value addSlots(ImplicitLocOpBuilder &b, Value rows, int64_t k,
                      RankedTensorType type) {
  if (k == 1)
    return rows;
  int64_t tokens = type.getDimSize(0), out = type.getDimSize(1);
  SmallVector<ReassociationIndices> pairs{{0, 1}, {2}};
  Value slots = tensor::ExpandShapeOp::create(b, type.clone({tokens, k, out}),
                                              rows, pairs);
  Value axis = arith::ConstantOp::create(
      b, DenseElementsAttr::get(RankedTensorType::get({1}, b.getI64Type()),
                                int64_t(1)));
  return buildNode(b, "ReduceSum", {slots, axis}, type,
                   b.getNamedAttr("keepdims", b.getI64IntegerAttr(0)));
}

/// `ids` without the slots that their experts do not admit any more: those of a
/// gate that chooses the ids again.
static Value limitIds(ImplicitLocOpBuilder &b, const Layer &layer, Value ids) {
  auto type = cast<RankedTensorType>(ids.getType());
  int64_t rows = type.getDimSize(0), k = type.getDimSize(1) - layer.shared;
  if (layer.shared) {
    SmallVector<OpFoldResult> offsets(2, b.getIndexAttr(0)),
        strides(2, b.getIndexAttr(1)),
        sizes{tensor::getMixedSize(b, b.getLoc(), ids, 0), b.getIndexAttr(k)};
    ids = tensor::ExtractSliceOp::create(b, type.clone({rows, k}), ids, offsets,
                                         sizes, strides);
  }
  Routing again;
  again.ids = ids;
  again.experts = layer.experts;
  again.score = ScoreFunction::Identity;
  again.capacity = layer.capacity;
  again.select =
      SelectAttr::get(b.getContext(), SelectMode::Given, k, TieBreak::Lower,
                      Real(0.0), Real(0.0), 0, Real(0.0));
  return buildGate(b, again, layer.shared, Value()).getIds();
}

Value moe::buildLayer(ImplicitLocOpBuilder &b, const Layer &layer) {
  MLIRContext *context = b.getContext();
  Value ids = layer.ids, weights = layer.weights;
  Value input = flattenTokens(b, layer.tokens);
  auto tokens = cast<RankedTensorType>(input.getType());
  auto checkRows = [&](Value rows, StringRef what) {
    assertEqual(b, tensor::getMixedSize(b, b.getLoc(), rows, 0),
                tensor::getMixedSize(b, b.getLoc(), input, 0),
                layer.subject + ": " + what + " has other rows than the input");
  };
  if (layer.routing) {
    if (!layer.subject.empty()) {
      checkRows(flattenTokens(b, layer.routing->logits), "the router");
      if (layer.routing->values)
        checkRows(flattenTokens(b, layer.routing->values), "router_weights");
    }
    // With a factor for the routed experts the shared ones come to it as well.
    GateOp gate = buildGate(b, *layer.routing, layer.shared,
                            layer.coefficient ? Value() : layer.sharedWeights);
    ids = gate.getIds();
    weights = gate.getWeights();
    if (layer.capacity)
      ids = limitIds(b, layer, ids);
  } else {
    ids = castIds(b, flattenTokens(b, ids));
    weights = flattenTokens(b, weights);
    checkRows(ids, "the choice");
  }
  if (layer.coefficient)
    weights = scaleWeights(b, layer, weights);
  int64_t experts = layer.experts + layer.shared;
  int64_t slots = cast<RankedTensorType>(weights.getType()).getDimSize(1);
  auto tokensType = tokens;
  if (layer.weighsInput) {
    weighInput(b, input, ids, weights);
    tokens = cast<RankedTensorType>(input.getType());
  }
  Value plan =
      PlanOp::create(b, PlanType::get(context, experts, PlanOwner::Tokens), ids,
                     /*tokens=*/Value());

  // How many rows there are depends on the choice only where slots may stay
  // empty; the type says so in neither case.
  int64_t hidden = tokens.getDimSize(1);
  auto rowType = tokens.clone({ShapedType::kDynamic, hidden});
  Value dispatched = DispatchOp::create(b, rowType, input, plan);
  SmallVector<Value> sets;
  for (const ExpertSet &set : layer.sets)
    sets.push_back(buildExperts(b, set, hidden, layer.out));
  auto outType = rowType.clone({ShapedType::kDynamic, layer.out});
  Value outRows = ExpertsOp::create(b, outType, dispatched, plan, sets);
  auto resultType = tokens.clone({tokens.getDimSize(0), layer.out});
  Value result = CombineOp::create(b, resultType, outRows, plan, weights);
  if (layer.weighsInput)
    result = addSlots(b, result, slots,
                      tokensType.clone({tokensType.getDimSize(0), layer.out}));
  return result;
}
