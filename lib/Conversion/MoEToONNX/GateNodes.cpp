//===- GateNodes.cpp - Gates as standard operators --------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerView.h"
#include <limits>

using namespace mlir;
using namespace mlir::moe;

namespace {
/// Builds the nodes of one gate, step by step as docs/Spec.md orders them.
class GateNodes {
public:
  GateNodes(GateOp gate, Reason &reason)
      : gate(gate), nodes(gate), reason(reason), experts(gate.getNumExperts()),
        k(gate.getSelect().getK()) {
    Builder b(gate.getContext());
    auto logits = cast<RankedTensorType>(gate.getLogits().getType());
    type =
        logits.getElementType().isF64() ? Type(b.getF64Type()) : b.getF32Type();
    i32 = b.getI32Type();
    i64 = b.getI64Type();
  }

  LogicalResult build();

private:
  Value real(double value) { return nodes.scalar(value, type); }
  Value binary(StringRef op, Value a, Value b) {
    return nodes.node(op, {a, b});
  }

  void buildScores();
  void buildGroupLimit();
  LogicalResult select();
  /// The `count` greatest choice values' ids, and the values.
  void rank(int64_t count);
  bool prefersHigher() { return gate.getSelect().getTie() == TieBreak::Higher; }
  /// `values` along dimension 1 so that TopK, which prefers the lower of two
  /// equal ones, prefers what the gate does: backwards for the higher.
  Value orderForTies(Value values) {
    return prefersHigher()
               ? nodes.slice(values, 1, -1, std::numeric_limits<int64_t>::min(),
                             -1)
               : values;
  }
  /// 0, 1, … of all experts.
  Value buildExpertNumbers() {
    return nodes.ints(llvm::to_vector(llvm::seq<int64_t>(0, experts)));
  }
  void checkIds();
  /// The k tokens with the greatest choice values of each expert.
  void chooseTokens();
  /// Slots that come too late for their expert hold none.
  void limitCapacity();
  void mix();
  void normalize();
  void addShared();
  void restrictTo(Value condition) {
    valid = valid ? binary("And", valid, condition) : condition;
  }
  /// What weights are taken from.
  Value getValues() {
    return gate.getValues() ? nodes.cast(gate.getValues(), type) : scores;
  }
  /// `value` where a slot has an expert, else `otherwise`.
  Value where(Value value, double otherwise, Type type) {
    return valid ? nodes.node("Where",
                              {valid, value, nodes.scalar(otherwise, type)})
                 : value;
  }

  GateOp gate;
  NodeBuilder nodes;
  Reason &reason;
  int64_t experts, k;
  Type type, i32, i64;
  /// T×E.
  Value logits, scores, choice;
  /// T×k: ids that can be indices, whether slots have one, weights.
  Value ids, chosen, valid, weights;
};
} // namespace

void GateNodes::buildScores() {
  logits = nodes.cast(gate.getLogits(), type);
  if (gate.getState())
    logits = binary("Add", logits, nodes.cast(gate.getState(), type));
  Value z = logits;
  double temperature = gate.getScore().getTemperature();
  if (temperature != 1.0)
    z = binary("Div", z, real(temperature));
  switch (gate.getScore().getFunction()) {
  case ScoreFunction::Identity:
    scores = z;
    break;
  case ScoreFunction::Softmax:
    scores = nodes.node("Softmax", {z}, nodes.attr("axis", 1));
    break;
  case ScoreFunction::Sigmoid:
    scores = nodes.node("Sigmoid", {z});
    break;
  case ScoreFunction::SqrtSoftplus:
    scores = nodes.node("Sqrt", {nodes.node("Softplus", {z})});
    break;
  case ScoreFunction::Relu:
    scores = nodes.node("Relu", {z});
    break;
  case ScoreFunction::Tanh:
    scores = nodes.node("Tanh", {z});
    break;
  }
  choice = scores;
  if (gate.getBias())
    choice = binary("Add", scores, nodes.cast(gate.getBias(), type));
}

/// The choice values of excluded experts become those of none.
void GateNodes::buildGroupLimit() {
  std::optional<GroupLimitAttr> groups = gate.getGroupLimit();
  if (!groups)
    return;
  int64_t count = groups->getCount(), size = experts / count;
  Value grouped = nodes.reshape(choice, {-1, count, size});
  int64_t best = groups->getBy() == GroupReduce::Top2Sum ? 2 : 1;
  Value top = nodes.nodes("TopK", {grouped, nodes.ints({best})}, 2,
                          nodes.attr("axis", 2))[0];
  Value values = nodes.sum(top, 2, /*keep=*/false);
  Value kept = nodes.nodes(
      "TopK", {orderForTies(values), nodes.ints({groups->getKeep()})}, 2,
      nodes.attr("axis", 1))[1];
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, count));
  if (prefersHigher())
    std::reverse(order.begin(), order.end());
  // T×keep×1 against the numbers of the groups.
  Value hits = binary("Equal", nodes.unsqueeze(kept, {2}), nodes.ints(order));
  Value mask = nodes.sum(nodes.cast(hits, i32), 1, /*keep=*/false);
  mask = nodes.cast(mask, IntegerType::get(nodes.getContext(), 1));
  grouped = nodes.node(
      "Where", {nodes.unsqueeze(mask, {2}), grouped, real(groups->getFill())});
  choice = nodes.reshape(grouped, {-1, experts});
}

void GateNodes::rank(int64_t count) {
  SmallVector<Value> top =
      nodes.nodes("TopK", {orderForTies(choice), nodes.ints({count})}, 2,
                  nodes.attr("axis", 1));
  chosen = top[0];
  ids = top[1];
  if (prefersHigher())
    ids = binary("Sub", nodes.ints({experts - 1}), ids);
}

void GateNodes::checkIds() {
  Value zero = nodes.scalar(0, i32);
  Value above = nodes.node("GreaterOrEqual", {ids, zero});
  Value below = nodes.node("Less", {ids, nodes.scalar(experts, i32)});
  restrictTo(binary("And", above, below));
  ids = where(ids, 0, i32);
}

LogicalResult GateNodes::select() {
  SelectAttr select = gate.getSelect();
  switch (select.getMode()) {
  case SelectMode::TopK:
    rank(k);
    break;
  case SelectMode::Threshold:
    rank(k);
    // A NaN is chosen.
    restrictTo(nodes.node(
        "Not", {binary("LessOrEqual", chosen, real(select.getThreshold()))}));
    break;
  case SelectMode::TopP: {
    rank(k);
    Value picked =
        nodes.node("GatherElements", {scores, ids}, nodes.attr("axis", 1));
    Value axis = nodes.scalar(1, i64);
    Value before =
        nodes.node("CumSum", {picked, axis}, nodes.attr("exclusive", 1));
    restrictTo(nodes.node(
        "Not", {binary("GreaterOrEqual", before, real(select.getP()))}));
    break;
  }
  case SelectMode::RankK:
    rank(select.getRank());
    ids = nodes.slice(ids, 1, select.getRank() - 1, select.getRank());
    break;
  case SelectMode::All: {
    Value numbers = nodes.unsqueeze(buildExpertNumbers(), {0});
    ids = nodes.node("Expand", {numbers, nodes.node("Shape", {logits})});
    break;
  }
  case SelectMode::Given:
    ids = gate.getGivenIds();
    checkIds();
    break;
  case SelectMode::Table: {
    Value row = gate.getGivenIds(), table = gate.getTable();
    int64_t rows = cast<RankedTensorType>(table.getType()).getDimSize(0);
    if (ShapedType::isDynamic(rows))
      return reason("the number of rows of the table is not known");
    Value zero = nodes.scalar(0, i32);
    Value inside = binary("And", nodes.node("GreaterOrEqual", {row, zero}),
                          nodes.node("Less", {row, nodes.scalar(rows, i32)}));
    row = nodes.node("Where", {inside, row, zero});
    ids = nodes.node("Gather", {table, row}, nodes.attr("axis", 0));
    restrictTo(nodes.unsqueeze(inside, {1}));
    checkIds();
    break;
  }
  case SelectMode::SparseMixer:
    mix();
    break;
  case SelectMode::ExpertChoice:
    chooseTokens();
    break;
  }
  return success();
}

void GateNodes::chooseTokens() {
  Value count = nodes.slice(nodes.node("Shape", {choice}), 0, 0, 1);
  Value from = orderForTies(nodes.transpose(choice, {1, 0}));
  Value all = nodes.ints({k});
  Value taken = binary("Min", all, count);
  ids = nodes.nodes("TopK", {from, taken}, 2, nodes.attr("axis", 1))[1];
  if (prefersHigher())
    ids = binary("Sub", binary("Sub", count, nodes.ints({1})), ids);
  weights =
      nodes.node("GatherElements", {nodes.transpose(getValues(), {1, 0}), ids},
                 nodes.attr("axis", 1));
  // Where there are fewer than k tokens the last slots hold none.
  Value pads =
      nodes.concat({nodes.ints({0, 0, 0}), binary("Sub", all, taken)}, 0);
  ids = nodes.node("Pad", {ids, pads, nodes.scalar(-1, i64)});
  weights = nodes.node("Pad", {weights, pads, real(0.0)});
  restrictTo(nodes.node("GreaterOrEqual", {ids, nodes.scalar(0, i64)}));
}

void GateNodes::limitCapacity() {
  std::optional<CapacityAttr> capacity = gate.getCapacity();
  if (!capacity)
    return;
  Value limit;
  if (capacity->getCount() > 0) {
    limit = nodes.scalar(capacity->getCount(), i64);
  } else {
    Type f64 = Float64Type::get(nodes.getContext());
    // A greater factor admits no more, and might not fit i64.
    double factor = std::min<double>(capacity->getFactor(), experts);
    Value share = binary("Mul", nodes.scalar(factor, f64),
                         nodes.cast(nodes.node("Size", {ids}), f64));
    share = binary("Div", share, nodes.scalar(experts, f64));
    limit = nodes.cast(nodes.node("Ceil", {share}), i64);
  }
  // All tokens' first slots come before the second ones: kT×E, where slots
  // without an expert hit none.
  Value taken = where(nodes.cast(ids, i64), -1, i64);
  Value order = nodes.reshape(nodes.transpose(taken, {1, 0}), {-1});
  Value numbers = buildExpertNumbers();
  Value hits =
      nodes.cast(binary("Equal", nodes.unsqueeze(order, {1}), numbers), i64);
  Value before = nodes.node("CumSum", {hits, nodes.scalar(0, i64)},
                            nodes.attr("exclusive", 1));
  Value place = nodes.sum(binary("Mul", hits, before), 1, /*keep=*/false);
  Value admitted = nodes.reshape(binary("Less", place, limit), {k, -1});
  restrictTo(nodes.transpose(admitted, {1, 0}));
}

/// The picks of SparseMixer one by one, (A10) of docs/Spec.md.
void GateNodes::mix() {
  double infinity = std::numeric_limits<double>::infinity();
  Value magnitude = nodes.node("Abs", {choice});
  Value reach = real(2.0 * gate.getSelect().getJitter());
  Value candidates = choice;
  SmallVector<Value> picks, columns;
  for (int64_t slot = 0; slot < k; ++slot) {
    // Who won before takes no part.
    if (slot != 0) {
      Value shape = nodes.node("Shape", {picks.back()});
      Value none = nodes.node("Expand", {real(-infinity), shape});
      candidates =
          nodes.node("ScatterElements", {candidates, picks.back(), none},
                     nodes.attr("axis", 1));
    }
    SmallVector<NamedAttribute> attributes{nodes.attr("axis", 1)};
    if (prefersHigher())
      attributes.push_back(nodes.attr("select_last_index", 1));
    picks.push_back(nodes.node("ArgMax", {candidates}, attributes));
    Value best = nodes.nodes("TopK", {candidates, nodes.ints({1})}, 2,
                             nodes.attr("axis", 1))[0];
    Value far = binary("Greater", binary("Sub", best, choice),
                       binary("Mul", binary("Max", magnitude, best), reach));
    Value near = nodes.node("Where", {far, real(-infinity), candidates});
    Value scores = nodes.node("Softmax", {near}, nodes.attr("axis", 1));
    columns.push_back(nodes.node("GatherElements", {scores, picks.back()},
                                 nodes.attr("axis", 1)));
  }
  ids = nodes.concat(picks, 1);
  weights = nodes.concat(columns, 1);
}

void GateNodes::normalize() {
  NormalizeAttr normalize = gate.getNormalizeAttr();
  if (!normalize || normalize.getMode() == NormalizeMode::None)
    return;
  if (normalize.getMode() == NormalizeMode::Softmax) {
    weights = where(weights, -std::numeric_limits<double>::infinity(), type);
    weights = nodes.node("Softmax", {weights}, nodes.attr("axis", 1));
    return;
  }
  weights = where(weights, 0.0, type);
  Value sum = nodes.sum(weights, 1, /*keep=*/true);
  if (double epsilon = normalize.getEpsilon(); epsilon != 0.0)
    sum = binary("Add", sum, real(epsilon));
  if (double floor = normalize.getFloor(); floor != 0.0)
    sum = binary("Max", sum, real(floor));
  weights = binary("Div", weights, sum);
}

void GateNodes::addShared() {
  int64_t shared = gate.getShared();
  if (shared == 0)
    return;
  Value one = nodes.slice(ids, 1, 0, 1);
  Value zero = binary("Mul", one, nodes.scalar(0, i32));
  SmallVector<int32_t> numbers(shared);
  std::iota(numbers.begin(), numbers.end(), static_cast<int32_t>(experts));
  Value more = nodes.constant(DenseElementsAttr::get(
      RankedTensorType::get({1, shared}, i32), ArrayRef<int32_t>(numbers)));
  more = binary("Add", zero, more);
  ids = nodes.concat({ids, more}, 1);
  Value extra = gate.getSharedWeights();
  if (extra)
    extra = nodes.cast(extra, type);
  else
    extra = nodes.node("Expand", {real(1.0), nodes.node("Shape", {more})});
  weights = nodes.concat({weights, extra}, 1);
}

LogicalResult GateNodes::build() {
  buildScores();
  buildGroupLimit();
  if (failed(select()))
    return failure();
  limitCapacity();
  SelectMode mode = gate.getSelect().getMode();
  if (mode == SelectMode::All)
    weights = getValues();
  else if (mode != SelectMode::SparseMixer && !gate.isExpertChoice())
    weights =
        nodes.node("GatherElements", {getValues(), ids}, nodes.attr("axis", 1));
  normalize();
  if (double scale = gate.getScale().convertToDouble(); scale != 1.0)
    weights = binary("Mul", weights, real(scale));
  if (std::optional<APFloat> least = gate.getDropBelow())
    restrictTo(nodes.node(
        "Not", {nodes.node("LessOrEqual",
                           {weights, real(least->convertToDouble())})}));
  weights = where(weights, 0.0, type);
  ids = where(nodes.cast(ids, i32), -1, i32);
  addShared();

  auto weightType = cast<RankedTensorType>(gate.getWeights().getType());
  if (weightType.getElementType() != type)
    weights = nodes.cast(weights, weightType.getElementType());
  weights.setType(weightType);
  ids.setType(gate.getIds().getType());
  gate.getWeights().replaceAllUsesWith(weights);
  gate.getIds().replaceAllUsesWith(ids);
  gate.erase();
  return success();
}

LogicalResult moe::convertGate(GateOp gate, Reason &reason) {
  return GateNodes(gate, reason).build();
}
