//===- ExpertNodes.cpp - Experts over all tokens as standard operators *- C++
//-*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerView.h"
#include <cmath>

using namespace mlir;
using namespace mlir::moe;

namespace {
/// Builds a layer as each expert's output for all tokens, weighed by a matrix
/// that is 0 for tokens which did not choose it.
class DenseLayer {
public:
  DenseLayer(const LayerView &layer, Reason &reason)
      : layer(layer), nodes(layer.root), reason(reason) {
    Builder b(layer.root->getContext());
    bool isDouble = getElementTypeOrSelf(layer.tokens.getType()).isF64() ||
                    getElementTypeOrSelf(layer.weights.getType()).isF64();
    type = isDouble ? Type(b.getF64Type()) : b.getF32Type();
  }

  LogicalResult build();

private:
  Value real(double value) { return nodes.scalar(value, type); }
  Value binary(StringRef op, Value a, Value b) {
    return nodes.node(op, {a, b});
  }

  void buildGates();
  /// n×T×out for the experts of `set`; null for zeros.
  FailureOr<Value> buildSet(Operation *set);
  FailureOr<Value> buildFFN(FFNExpertsOp ffn);
  FailureOr<Value> buildConstant(ConstantExpertsOp set);
  /// rows·Wᵀ + b.
  FailureOr<Value> project(Value rows, Value matrix, Value bias);
  Value activate(ActivationAttr activation, Value gate, Value up);

  LayerView layer;
  NodeBuilder nodes;
  Reason &reason;
  Type type;
  /// 1×T×H.
  Value rows;
  /// E×T×1, and whether an entry has a slot.
  Value gates, hits;
};
} // namespace

void DenseLayer::buildGates() {
  Builder b(nodes.getContext());
  int64_t experts = layer.plan.getPlan().getType().getExperts();
  SmallVector<int32_t> numbers(experts);
  std::iota(numbers.begin(), numbers.end(), 0);
  Value all = nodes.constant(
      DenseElementsAttr::get(RankedTensorType::get({experts}, b.getI32Type()),
                             ArrayRef<int32_t>(numbers)));
  // T×k×E: slot j of token t holds expert e. What is no expert equals none.
  Value hit = binary("Equal", nodes.unsqueeze(layer.ids, {2}), all);
  hit = nodes.cast(hit, type);
  Value weights = nodes.unsqueeze(nodes.cast(layer.weights, type), {2});
  auto byExpert = [&](Value matrix) {
    return nodes.unsqueeze(nodes.transpose(matrix, {1, 0}), {2});
  };
  Value count = byExpert(nodes.sum(hit, 1, /*keep=*/false));
  hits = binary("Greater", count, real(0.0));
  Value none = real(0.0);
  Value slots =
      nodes.node("Where", {nodes.cast(hit, b.getI1Type()), weights, none});
  gates = byExpert(nodes.sum(slots, 1, /*keep=*/false));
}

FailureOr<Value> DenseLayer::project(Value rows, Value matrix, Value bias) {
  FailureOr<Value> weights = buildWeights(nodes, matrix, type, reason);
  if (failed(weights))
    return failure();
  Value result = binary("MatMul", rows, nodes.transpose(*weights, {0, 2, 1}));
  if (!bias)
    return result;
  FailureOr<Value> added = buildWeights(nodes, bias, type, reason);
  if (failed(added))
    return failure();
  return binary("Add", result, nodes.unsqueeze(*added, {1}));
}

Value DenseLayer::activate(ActivationAttr activation, Value gate, Value up) {
  double limit = activation.getLimit();
  bool isLimited = std::isfinite(limit);
  if (gate && isLimited) {
    gate = binary("Min", gate, real(limit));
    up = nodes.node("Max", {binary("Min", up, real(limit)), real(-limit)});
  }
  Value x = gate ? gate : up, h;
  switch (activation.getFunction()) {
  case ActivationFunction::Identity:
    h = x;
    break;
  case ActivationFunction::Relu:
    h = nodes.node("Relu", {x});
    break;
  case ActivationFunction::Relu2: {
    Value relu = nodes.node("Relu", {x});
    h = binary("Mul", relu, relu);
    break;
  }
  case ActivationFunction::Gelu: {
    Value erf = nodes.node("Erf", {binary("Mul", x, real(std::sqrt(0.5)))});
    h = binary("Mul", binary("Mul", x, real(0.5)),
               binary("Add", erf, real(1.0)));
    break;
  }
  case ActivationFunction::GeluTanh: {
    Value cube = binary("Mul", binary("Mul", x, x), x);
    Value inner = binary("Add", x, binary("Mul", cube, real(0.044715)));
    // √(2/π)
    Value tanh = nodes.node(
        "Tanh", {binary("Mul", inner, real(0.79788456080286535588))});
    h = binary("Mul", binary("Mul", x, real(0.5)),
               binary("Add", tanh, real(1.0)));
    break;
  }
  case ActivationFunction::Silu: {
    Value scaled = x;
    if (double alpha = activation.getAlpha(); alpha != 1.0)
      scaled = binary("Mul", x, real(alpha));
    h = binary("Mul", x, nodes.node("Sigmoid", {scaled}));
    break;
  }
  case ActivationFunction::Sigmoid:
    h = nodes.node("Sigmoid", {x});
    break;
  case ActivationFunction::Tanh:
    h = nodes.node("Tanh", {x});
    break;
  }
  if (!gate)
    return h;
  if (double beta = activation.getBeta(); beta != 0.0)
    up = binary("Add", up, real(beta));
  return binary("Mul", h, up);
}

FailureOr<Value> DenseLayer::buildFFN(FFNExpertsOp ffn) {
  Value gate;
  if (ffn.getGate()) {
    FailureOr<Value> made = project(rows, ffn.getGate(), ffn.getGateBias());
    if (failed(made))
      return failure();
    gate = *made;
  }
  FailureOr<Value> up = project(rows, ffn.getUp(), ffn.getUpBias());
  if (failed(up))
    return failure();
  return project(activate(ffn.getActivation(), gate, *up), ffn.getDown(),
                 ffn.getDownBias());
}

FailureOr<Value> DenseLayer::buildConstant(ConstantExpertsOp set) {
  FailureOr<Value> made = buildWeights(nodes, set.getVectors(), type, reason);
  if (failed(made))
    return failure();
  Value vectors = nodes.unsqueeze(*made, {1});
  if (!set.getMix())
    return vectors;
  FailureOr<Value> mix = project(rows, set.getMix(), /*bias=*/{});
  if (failed(mix))
    return failure();
  Value parts = nodes.node("Softmax", {*mix}, nodes.attr("axis", 2));
  return binary("Add", binary("Mul", nodes.slice(parts, 2, 0, 1), rows),
                binary("Mul", nodes.slice(parts, 2, 1, 2), vectors));
}

FailureOr<Value> DenseLayer::buildSet(Operation *set) {
  if (auto ffn = dyn_cast_or_null<FFNExpertsOp>(set))
    return buildFFN(ffn);
  if (auto constant = dyn_cast_or_null<ConstantExpertsOp>(set))
    return buildConstant(constant);
  if (isa_and_present<CopyExpertsOp>(set))
    return rows;
  if (isa_and_present<ZeroExpertsOp>(set))
    return Value();
  if (set)
    return reason(Twine(set->getName().getStringRef()) + " is not supported");
  return reason("a set of experts is an argument");
}

LogicalResult DenseLayer::build() {
  rows = nodes.unsqueeze(nodes.cast(layer.tokens, type), {0});
  buildGates();
  Value total;
  int64_t offset = 0;
  for (Value set : layer.experts.getSets()) {
    FailureOr<Value> output = buildSet(set.getDefiningOp());
    if (failed(output))
      return failure();
    int64_t begin = offset;
    offset += cast<ExpertsType>(set.getType()).getCount();
    if (!*output)
      continue;
    Value own = nodes.slice(gates, 0, begin, offset);
    Value chosen = nodes.slice(hits, 0, begin, offset);
    // Not 0·y: what an expert makes of other tokens may be infinite.
    Value weighed =
        nodes.node("Where", {chosen, binary("Mul", *output, own), real(0.0)});
    Value sum = nodes.sum(weighed, 0, /*keep=*/false);
    total = total ? binary("Add", total, sum) : sum;
  }
  auto resultType = cast<RankedTensorType>(layer.getResult().getType());
  if (!total) {
    // T×1 zeros, spread over the row.
    Value column = nodes.sum(nodes.slice(gates, 0, 0, 1), 0, /*keep=*/false);
    Value never = nodes.node(
        "Where", {binary("Equal", column, column), real(0.0), real(0.0)});
    total = nodes.node("Expand",
                       {never, nodes.ints({1, resultType.getDimSize(1)})});
  }
  if (resultType.getElementType() != type)
    total = nodes.cast(total, resultType.getElementType());
  total.setType(resultType);
  layer.getResult().replaceAllUsesWith(total);
  return success();
}

LogicalResult moe::convertToStandard(const LayerView &layer, Reason &reason) {
  return DenseLayer(layer, reason).build();
}
