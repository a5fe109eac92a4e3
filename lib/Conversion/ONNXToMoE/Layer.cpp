//===- Layer.cpp - The canonical form of a layer -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Layer.h"

using namespace mlir;
using namespace mlir::moe;

/// Bundles a source into weights of `shape`.
static Value buildWeights(ImplicitLocOpBuilder &b, const Projection &p,
                          Value source, ArrayRef<int64_t> shape,
                          bool quantized) {
  if (!source)
    return {};
  Type storage =
      quantized ? p.storage
                : cast<RankedTensorType>(source.getType()).getElementType();
  auto layout =
      LayoutAttr::get(b.getContext(), p.offset, p.step, /*transposed=*/false);
  return WeightsOp::create(
      b, WeightsType::get(b.getContext(), shape, storage), source,
      quantized && p.scales ? ValueRange(p.scales) : ValueRange(),
      quantized && p.zeros ? ValueRange(p.zeros) : ValueRange(), layout,
      quantized ? p.block : 0, quantized ? p.zeroPoint : 0);
}

static Value buildMatrix(ImplicitLocOpBuilder &b, const Projection &p,
                         int64_t experts) {
  return buildWeights(b, p, p.source, {experts, p.out, p.in}, true);
}

static Value buildBias(ImplicitLocOpBuilder &b, const Projection &p,
                       int64_t experts) {
  return buildWeights(b, p, p.bias, {experts, p.out}, false);
}

Value moe::buildLayer(ImplicitLocOpBuilder &b, const Layer &layer) {
  MLIRContext *context = b.getContext();
  auto tokens = cast<RankedTensorType>(layer.tokens.getType());
  int64_t rows = cast<RankedTensorType>(layer.logits.getType()).getDimSize(0);
  int64_t width = layer.select.getK();

  NormalizeAttr normalize;
  if (layer.normalize != NormalizeMode::None)
    normalize = NormalizeAttr::get(context, layer.normalize, Real(0.0));
  FloatAttr dropBelow;
  if (layer.dropBelow)
    dropBelow = b.getF64FloatAttr(*layer.dropBelow);
  auto gate = GateOp::create(
      b, RankedTensorType::get({rows, width}, b.getF32Type()),
      RankedTensorType::get({rows, width}, b.getI32Type()), layer.logits,
      /*bias=*/Value(), /*state=*/Value(), layer.values, /*given_ids=*/Value(),
      /*table=*/Value(), /*shared_weights=*/Value(),
      ScoreAttr::get(context, layer.score, Real(1.0)),
      /*group_limit=*/GroupLimitAttr(), layer.select,
      /*capacity=*/CapacityAttr(), normalize, /*scale=*/b.getF64FloatAttr(1.0),
      dropBelow,
      /*shared=*/b.getI64IntegerAttr(0));
  Value plan = PlanOp::create(
      b, PlanType::get(context, layer.experts, PlanOwner::Tokens),
      gate.getIds(),
      /*tokens=*/Value());

  // How many rows there are depends on the choice only where slots may stay
  // empty; the type says so in neither case.
  auto rowType = RankedTensorType::get(
      {ShapedType::kDynamic, tokens.getDimSize(1)}, tokens.getElementType());
  Value dispatched = DispatchOp::create(b, rowType, layer.tokens, plan);

  Value upMatrix = buildMatrix(b, layer.up, layer.experts);
  Value upBias = buildBias(b, layer.up, layer.experts);
  Value gateMatrix, gateBias;
  if (layer.gate) {
    gateMatrix = buildMatrix(b, *layer.gate, layer.experts);
    gateBias = buildBias(b, *layer.gate, layer.experts);
  }
  Value downMatrix = buildMatrix(b, layer.down, layer.experts);
  Value downBias = buildBias(b, layer.down, layer.experts);
  auto type =
      ExpertsType::get(context, layer.experts, layer.up.in, layer.down.out);
  Value experts =
      FFNExpertsOp::create(b, type, upMatrix, upBias, gateMatrix, gateBias,
                           downMatrix, downBias, layer.activation);
  auto outType = rowType.clone({ShapedType::kDynamic, layer.down.out});
  Value outRows = ExpertsOp::create(b, outType, dispatched, plan, experts,
                                    /*combine_weights=*/Value(),
                                    /*gather=*/UnitAttr());
  auto resultType = tokens.clone({tokens.getDimSize(0), layer.down.out});
  return CombineOp::create(b, resultType, outRows, plan, gate.getWeights());
}
