//===- RouterPair.cpp - Two choices made one after the other ----*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RouterReader.h"
#include <cmath>

using namespace mlir;
using namespace mlir::moe;
using onnxir::NodeOp;

/// A choice of one expert for each token, whose weight may be a quotient.
static RouterPick makePick(Value ids, Value weights) {
  RouterPick pick{stripIndex(ids), stripExact(weights), Value()};
  if (NodeOp div = getNode(pick.weights, "Div")) {
    pick.weights = stripExact(div.getInput(0));
    pick.divisor = stripExact(div.getInput(1));
  }
  return pick;
}

/// Reads `gates` …×E as marks of one expert times a number for each token.
static std::optional<RouterPick> getPick(Value gates, int64_t experts) {
  NodeOp product = getNode(stripExact(gates), "Mul");
  if (!product)
    return std::nullopt;
  for (unsigned i : {0u, 1u}) {
    bool wraps;
    Value weight = product.getInput(1 - i);
    Value ids = getOneHotIds(product.getInput(i), experts, wraps);
    if (!ids || getSize(weight, -1) != 1 ||
        getRank(weight) != getRank(product.getResult(0)))
      continue;
    return makePick(ids, weight);
  }
  return std::nullopt;
}

bool moe::isPairOfPicks(NodeOp add) {
  int64_t experts = getSize(add.getResult(0), -1);
  return experts > 0 && getPick(add.getInput(0), experts) &&
         getPick(add.getInput(1), experts);
}

/// What the ArgMax that gives `ids` chooses from; null for other ids.
static Value getCandidates(Value ids) {
  NodeOp argMax = getNode(ids, "ArgMax");
  return argMax && isAlongLast(argMax) && !argMax.getInt("select_last_index", 0)
             ? argMax.getInput(0)
             : Value();
}

/// Reads the sum of two weights, limited from below or with an epsilon.
LogicalResult RouterReader::readPairSum(Value sum, Value a, Value b) {
  Type element = getElementTypeOrSelf(sum.getType());
  Value at = sum;
  if (NodeOp max = getNode(sum, {"Max", "Clip"})) {
    Value other = max.getInput(0);
    std::optional<double> floor;
    if (max.getOpType() == "Max")
      floor = max.getNumSlots() == 2 ? splitUniform(max, other) : std::nullopt;
    else if (!max.getInput(2))
      floor = getUniform(max.getInput(1));
    if (!floor || !(*floor > 0.0) || !std::isfinite(*floor))
      return stop(at, "the sum of the weights is limited by no known number");
    routing.floor = getDecimal(*floor, element);
    sum = stripExact(other);
  }
  Value other;
  NodeOp add = getAdd(sum);
  if (std::optional<double> epsilon =
          add ? splitUniform(add, other) : std::nullopt;
      epsilon && *epsilon >= 0.0 && std::isfinite(*epsilon)) {
    routing.epsilon = getDecimal(*epsilon, element);
    add = getAdd(stripExact(other));
  }
  if (!add)
    return stop(at, "weights are divided by something else than their sum");
  for (unsigned i : {0u, 1u})
    if (sameElements(stripExact(add.getInput(i)), a) &&
        sameElements(stripExact(add.getInput(1 - i)), b)) {
      routing.normalize = NormalizeMode::Sum;
      return success();
    }
  return stop(at, "weights are divided by something else than their sum");
}

LogicalResult RouterReader::readPair(NodeOp add) {
  std::optional<RouterPick> first = getPick(add.getInput(0), routing.experts),
                            second = getPick(add.getInput(1), routing.experts);
  if (!first || !second)
    return stop(add.getResult(0),
                "gates are a sum of no two choices, one after the other");
  return readPickPair(*first, *second, add.getResult(0));
}

FailureOr<Routing> RouterReader::readDispatched(ArrayRef<RouterPick> picks) {
  Value weights = picks[0].weights;
  routing.weightType = getElementTypeOrSelf(weights.getType());
  if (picks.size() > 2)
    return stop(weights, "a token has more than two choices of their own");
  if (picks.size() == 2) {
    if (failed(readPickPair(makePick(picks[0].ids, picks[0].weights),
                            makePick(picks[1].ids, picks[1].weights), weights)))
      return failure();
    return routing;
  }
  FailureOr<Value> picked = readChain(weights, 1);
  if (failed(picked) || failed(readPick(picks[0].ids, *picked)) ||
      failed(checkSum(weights)))
    return failure();
  return routing;
}

FailureOr<Routing> moe::matchDispatchRouting(ArrayRef<RouterPick> picks,
                                             int64_t experts,
                                             RemarkSink &remarks,
                                             ScoreFinder findScores) {
  RouterReader reader(picks[0].ids.getContext(), remarks, findScores);
  reader.setExperts(experts);
  return reader.readDispatched(picks);
}

/// The best expert, and the best one of those that are left: a top-2.
LogicalResult RouterReader::readPickPair(RouterPick a, RouterPick b, Value at) {
  auto reject = [&] {
    return stop(at, "gates are a sum of no two choices, one after the other");
  };
  if (routing.experts < 2)
    return reject();
  RouterPick *first = &a, *second = &b;
  // The second choice leaves out what the first one took.
  auto leavesOut = [&](const RouterPick &later,
                       const RouterPick &earlier) -> Value {
    Value candidates = getCandidates(later.ids);
    std::optional<Masked> masked =
        candidates ? getMasked(candidates) : std::nullopt;
    // Scores that are greater than 0 beat what was made 0.
    auto isLeast = [&] {
      return masked->fill ? isUniform(masked->fill, -INFINITY)
                          : static_cast<bool>(getNode(stripLayout(masked->kept),
                                                      {"Softmax", "Sigmoid"}));
    };
    bool wraps;
    Value marked = masked && masked->inverted && isLeast()
                       ? getOneHotIds(masked->condition, routing.experts, wraps)
                       : Value();
    return marked && sameElements(stripIndex(marked), earlier.ids)
               ? masked->kept
               : Value();
  };
  Value left = leavesOut(*second, *first);
  if (!left) {
    std::swap(first, second);
    left = leavesOut(*second, *first);
  }
  Value choice = getCandidates(first->ids);
  if (!left || !choice || !sameElements(choice, left))
    return reject();
  // Weights are the scores of the picks.
  setSelect(SelectMode::TopK, 1);
  Value scores = getGathered(first->ids, first->weights);
  Value others = getGathered(second->ids, second->weights);
  if (!scores || !others || !sameElements(scores, others))
    return stop(at, "weights are not scores of the chosen experts");
  if (static_cast<bool>(first->divisor) != static_cast<bool>(second->divisor) ||
      (first->divisor && !sameElements(first->divisor, second->divisor)))
    return stop(at, "one of two weights is normalised");
  if (first->divisor) {
    if (routing.normalize != NormalizeMode::None || routing.scale != 1.0)
      return stop(at, "weights are normalised twice");
    if (failed(readPairSum(first->divisor, first->weights, second->weights)))
      return failure();
  }
  setSelect(SelectMode::TopK, 2);
  return readChoice(choice, sameElements(choice, scores) ? Value() : scores);
}
