//===- ExpertNodes.cpp - Experts as standard operators ----------*- C++ -*-===//
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

/// From which operator set on ScatterND adds.
static constexpr int64_t kScatterAddOpset = 16;

namespace {
/// Builds a layer of standard operators. Experts that few tokens choose compute
/// the rows of these tokens, one expert after the other; others, and those that
/// are cheap, compute all tokens and are weighed by 0 where not chosen.
class StandardLayer {
public:
  StandardLayer(const LayerView &layer, Reason &reason)
      : layer(layer), nodes(layer.root), reason(reason) {
    Builder b(layer.root->getContext());
    bool isDouble = getElementTypeOrSelf(layer.tokens.getType()).isF64() ||
                    getElementTypeOrSelf(layer.weights.getType()).isF64();
    type = isDouble ? Type(b.getF64Type()) : b.getF32Type();
  }

  FailureOr<Value> build();

private:
  Value real(double value) { return nodes.scalar(value, type); }
  Value binary(StringRef op, Value a, Value b) {
    return nodes.node(op, {a, b});
  }

  void buildGates();
  /// Whether the experts of `set`, the first of which has number `begin`,
  /// compute the rows that chose them alone.
  bool isSparse(Value set, int64_t begin);
  /// Adds what the experts from number `begin` on make of all tokens.
  LogicalResult addDense(Operation *set, int64_t begin, int64_t end);
  /// Adds what expert `number` of `ffn` makes of the tokens that chose it;
  /// `begin` is the number of the set's first expert.
  LogicalResult addSparse(FFNExpertsOp ffn, int64_t number, int64_t begin);
  /// The tokens that chose an expert, and their weights.
  std::pair<Value, Value> buildRows(int64_t number);
  void add(Value sum) { total = total ? binary("Add", total, sum) : sum; }
  /// T×out zeros.
  Value buildZeros();
  /// n×T×out for the experts of `set`; null for zeros.
  FailureOr<Value> buildSet(Operation *set);
  /// For all experts of the set, n×R×out, or for one of them, 1×R×out.
  FailureOr<Value> buildFFN(FFNExpertsOp ffn, Value rows,
                            std::optional<int64_t> expert);
  FailureOr<Value> buildConstant(ConstantExpertsOp set);
  /// rows·Wᵀ + b.
  FailureOr<Value> project(Value rows, Value matrix, Value bias,
                           std::optional<int64_t> expert = std::nullopt);
  Value activate(ActivationAttr activation, Value gate, Value up);

  LayerView layer;
  NodeBuilder nodes;
  Reason &reason;
  Type type;
  /// 1×T×H, and T×H.
  Value rows, tokens;
  /// E×T×1, and whether an entry has a slot; null where all have one.
  Value gates, hits;
  /// T×out; null before the first experts.
  Value total;
};
} // namespace

void StandardLayer::buildGates() {
  Builder b(nodes.getContext());
  rows = nodes.unsqueeze(tokens, {0});
  auto byExpert = [&](Value matrix) {
    if (!layer.isExpertChoice)
      matrix = nodes.transpose(matrix, {1, 0});
    return nodes.unsqueeze(matrix, {2});
  };
  // Slot j of a choice of all holds expert j.
  GateOp gate = layer.getGate();
  if (gate && gate.getSelect().getMode() == SelectMode::All &&
      !gate.getCapacity() && !gate.getDropBelow()) {
    gates = byExpert(nodes.cast(layer.weights, type));
    return;
  }
  Type i32 = b.getI32Type();
  // What a slot may hold: experts, or tokens where experts choose.
  Value all;
  if (layer.isExpertChoice) {
    Value count = nodes.node("Gather", {nodes.node("Shape", {tokens}),
                                        nodes.scalar(0, b.getI64Type())});
    all = nodes.node("Range", {nodes.scalar(0, i32), nodes.cast(count, i32),
                               nodes.scalar(1, i32)});
  } else {
    int64_t experts = layer.plan.getPlan().getType().getExperts();
    SmallVector<int32_t> numbers(experts);
    std::iota(numbers.begin(), numbers.end(), 0);
    all = nodes.constant(DenseElementsAttr::get(
        RankedTensorType::get({experts}, i32), ArrayRef<int32_t>(numbers)));
  }
  // T×k×E: slot j of token t holds expert e; or E×k×T. What is none equals
  // none.
  Value hit = binary("Equal", nodes.unsqueeze(layer.ids, {2}), all);
  hit = nodes.cast(hit, type);
  Value weights = nodes.unsqueeze(nodes.cast(layer.weights, type), {2});
  Value count = byExpert(nodes.sum(hit, 1, /*keep=*/false));
  hits = binary("Greater", count, real(0.0));
  Value none = real(0.0);
  Value slots =
      nodes.node("Where", {nodes.cast(hit, b.getI1Type()), weights, none});
  gates = byExpert(nodes.sum(slots, 1, /*keep=*/false));
}

FailureOr<Value> StandardLayer::project(Value rows, Value matrix, Value bias,
                                        std::optional<int64_t> expert) {
  FailureOr<Value> weights = buildWeights(nodes, matrix, type, expert, reason);
  if (failed(weights))
    return failure();
  Value result = binary("MatMul", rows, nodes.transpose(*weights, {0, 2, 1}));
  if (!bias)
    return result;
  FailureOr<Value> added = buildWeights(nodes, bias, type, expert, reason);
  if (failed(added))
    return failure();
  return binary("Add", result, nodes.unsqueeze(*added, {1}));
}

Value StandardLayer::activate(ActivationAttr activation, Value gate, Value up) {
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

FailureOr<Value> StandardLayer::buildFFN(FFNExpertsOp ffn, Value rows,
                                         std::optional<int64_t> expert) {
  Value gate;
  if (ffn.getGate()) {
    FailureOr<Value> made =
        project(rows, ffn.getGate(), ffn.getGateBias(), expert);
    if (failed(made))
      return failure();
    gate = *made;
  }
  FailureOr<Value> up = project(rows, ffn.getUp(), ffn.getUpBias(), expert);
  if (failed(up))
    return failure();
  return project(activate(ffn.getActivation(), gate, *up), ffn.getDown(),
                 ffn.getDownBias(), expert);
}

FailureOr<Value> StandardLayer::buildConstant(ConstantExpertsOp set) {
  FailureOr<Value> made = buildWeights(nodes, set.getVectors(), type,
                                       /*expert=*/std::nullopt, reason);
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

FailureOr<Value> StandardLayer::buildSet(Operation *set) {
  if (auto ffn = dyn_cast_or_null<FFNExpertsOp>(set))
    return buildFFN(ffn, rows, /*expert=*/std::nullopt);
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

bool StandardLayer::isSparse(Value set, int64_t begin) {
  if (!set.getDefiningOp<FFNExpertsOp>() || nodes.getOpset() < kScatterAddOpset)
    return false;
  // All tokens have these.
  GateOp gate = layer.getGate();
  if (gate && begin >= gate.getNumExperts())
    return false;
  if (layer.isExpertChoice)
    return true;
  int64_t slots = cast<RankedTensorType>(layer.ids.getType()).getDimSize(1);
  return slots < layer.plan.getPlan().getType().getExperts();
}

Value StandardLayer::buildZeros() {
  auto result = cast<RankedTensorType>(layer.getResult().getType());
  Value count = nodes.slice(nodes.node("Shape", {tokens}), 0, 0, 1);
  Value shape = nodes.concat({count, nodes.ints({result.getDimSize(1)})}, 0);
  return nodes.node("Expand", {real(0.0), shape});
}

LogicalResult StandardLayer::addDense(Operation *set, int64_t begin,
                                      int64_t end) {
  if (!gates)
    buildGates();
  FailureOr<Value> output = buildSet(set);
  if (failed(output))
    return failure();
  if (!*output)
    return success();
  Value weighed = binary("Mul", *output, nodes.slice(gates, 0, begin, end));
  // Not 0·y: what an expert makes of other tokens may be infinite.
  if (hits)
    weighed = nodes.node(
        "Where", {nodes.slice(hits, 0, begin, end), weighed, real(0.0)});
  add(nodes.sum(weighed, 0, /*keep=*/false));
  return success();
}

std::pair<Value, Value> StandardLayer::buildRows(int64_t number) {
  Type i64 = IntegerType::get(nodes.getContext(), 64);
  auto pick = [&](Value from, Value index) {
    return nodes.node("Gather", {from, index}, nodes.attr("axis", 0));
  };
  Value ids = layer.ids, weights = nodes.cast(layer.weights, type);
  if (!layer.isExpertChoice) {
    Type idType = getElementTypeOrSelf(ids.getType());
    Value hit = binary("Equal", ids, nodes.scalar(number, idType));
    // Tokens and slots.
    Value slots = nodes.node("NonZero", {hit});
    Value chosen =
        nodes.node("GatherND", {weights, nodes.transpose(slots, {1, 0})});
    return {pick(slots, nodes.scalar(0, i64)), chosen};
  }
  Value expert = nodes.scalar(number, i64);
  Value own = nodes.cast(pick(ids, expert), i64);
  Value held = nodes.node("GreaterOrEqual", {own, nodes.scalar(0, i64)});
  Value slots =
      nodes.node("Squeeze", {nodes.node("NonZero", {held}), nodes.ints({0})});
  return {pick(own, slots), pick(pick(weights, expert), slots)};
}

LogicalResult StandardLayer::addSparse(FFNExpertsOp ffn, int64_t number,
                                       int64_t begin) {
  auto [chosen, weights] = buildRows(number);
  Value own = nodes.node("Gather", {tokens, chosen}, nodes.attr("axis", 0));
  FailureOr<Value> output =
      buildFFN(ffn, nodes.unsqueeze(own, {0}), number - begin);
  if (failed(output))
    return failure();
  if (!total)
    total = buildZeros();
  Value weighed =
      binary("Mul", nodes.node("Squeeze", {*output, nodes.ints({0})}),
             nodes.unsqueeze(weights, {1}));
  // A token may have chosen an expert twice.
  total =
      nodes.node("ScatterND", {total, nodes.unsqueeze(chosen, {1}), weighed},
                 nodes.textAttr("reduction", "add"));
  return success();
}

FailureOr<Value> StandardLayer::build() {
  tokens = nodes.cast(layer.tokens, type);
  int64_t begin = 0;
  for (Value set : layer.experts.getSets()) {
    int64_t end = begin + cast<ExpertsType>(set.getType()).getCount();
    bool sparse = isSparse(set, begin);
    if (!sparse && failed(addDense(set.getDefiningOp(), begin, end)))
      return failure();
    for (int64_t number = begin; sparse && number < end; ++number)
      if (failed(addSparse(set.getDefiningOp<FFNExpertsOp>(), number, begin)))
        return failure();
    begin = end;
  }
  if (!total)
    total = buildZeros();
  auto resultType = cast<RankedTensorType>(layer.getResult().getType());
  if (resultType.getElementType() != type)
    total = nodes.cast(total, resultType.getElementType());
  total.setType(resultType);
  layer.getResult().replaceAllUsesWith(total);
  return total;
}

FailureOr<Value> moe::convertToStandard(const LayerView &layer,
                                        Reason &reason) {
  return StandardLayer(layer, reason).build();
}
