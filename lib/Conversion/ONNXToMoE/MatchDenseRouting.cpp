//===- MatchDenseRouting.cpp - Routers that give a gate per expert --------===//
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

/// Weights scattered to their experts: a softmax over scattered −∞ gives 0
/// where nothing was chosen.
LogicalResult RouterReader::readScatter(NodeOp scatter) {
  Value at = scatter.getResult(0), ids = scatter.getInput(1);
  double fill = routing.normalize == NormalizeMode::Softmax ? -INFINITY : 0.0;
  if (!isUniform(scatter.getInput(0), fill))
    return stop(at, "weights are scattered into something else than zeros");
  // Each expert is chosen once; only then do both reductions agree.
  StringRef reduction = scatter.getString("reduction", "none");
  bool isDistinct =
      getNode(stripHead(stripIndex(ids)), {"TopK", "ArgMax", "Concat"}) ||
      (getSize(ids, -1) == 1 && isNeverNegative(ids));
  if (!isAlongLast(scatter) || !isDistinct ||
      (reduction != "none" && (reduction != "add" || fill != 0.0)))
    return stop(at, "weights are scattered in a way that is not understood");
  FailureOr<Value> picked = readChain(scatter.getInput(2), getSize(ids, -1));
  return failed(picked) ? failure() : readPick(ids, *picked);
}

/// A function that is 0 at −∞ of logits scattered into it: gates that weigh the
/// choice themselves.
LogicalResult RouterReader::readScatteredLogits(NodeOp scatter, Value gates) {
  Value ids = stripIndex(scatter.getInput(1));
  NodeOp topK = getNode(ids, "TopK");
  if (!topK || ids != topK.getResult(1) || !isAlongLast(topK) ||
      !topK.getInt("largest", 1) || !isAlongLast(scatter) ||
      !isUniform(scatter.getInput(0), -INFINITY) ||
      scatter.getString("reduction", "none") != "none" ||
      stripExact(scatter.getInput(2)) != topK.getResult(0) ||
      getSize(topK.getInput(0), -1) != routing.experts ||
      ShapedType::isDynamic(getSize(ids, -1)))
    return stop(gates, "weights are scattered in a way that is not understood");
  setSelect(SelectMode::TopK, getSize(ids, -1));
  return readChoice(topK.getInput(0), gates);
}

void RouterReader::readAll(Value gates) {
  readScores(gates);
  int64_t experts = routing.experts;
  // What relu makes 0 is not chosen.
  if (routing.score == ScoreFunction::Relu ||
      getNode(stripRows(gates, experts), "Relu"))
    return setSelect(SelectMode::Threshold, experts);
  setSelect(SelectMode::All, experts);
}

/// Scores where they are greater than a number.
LogicalResult RouterReader::readThreshold(const Masked &masked, Value at) {
  std::optional<Comparison> cut = getComparison(masked.condition);
  if (cut && masked.inverted) {
    cut->greater = !cut->greater;
    cut->orEqual = !cut->orEqual;
  }
  Value kept = masked.kept;
  if (!cut || !cut->greater || (masked.fill && !isUniform(masked.fill, 0.0)))
    return stop(at, "gates are masked by a condition that is not understood");
  std::optional<double> bound = getStrictBound(*cut);
  if (!bound)
    return stop(at, "scores are compared with something else than a number, "
                    "where equal scores would all be chosen");
  Value choice = cut->value;
  if (getSize(choice, -1) != routing.experts ||
      getSize(kept, -1) != routing.experts)
    return stop(at, "gates are masked by a condition that is not understood");
  setSelect(SelectMode::Threshold, routing.experts, 0.0, Real(*bound));
  return readChoice(choice, kept);
}

LogicalResult RouterReader::readMasked(const Masked &masked, Value at) {
  bool wraps, overSlots = false;
  Value ids = masked.inverted
                  ? Value()
                  : getOneHotIds(masked.condition, routing.experts, wraps);
  // …×E marks of one id per token, or the sum of those of several.
  NodeOp sum =
      getNode(stripExact(masked.condition), {"ReduceSum", "ReduceMax"});
  if (!ids && sum && !masked.inverted) {
    int64_t rank = getRank(sum.getInput(0));
    std::optional<SmallVector<int64_t>> axes = getAxesOf(sum, rank);
    overSlots = axes && axes->size() == 1 && axes->front() == rank - 2;
    if (overSlots)
      ids = getOneHotIds(sum.getInput(0), routing.experts, wraps);
  }
  if (!ids)
    return readThreshold(masked, at);
  if (masked.fill && !isUniform(masked.fill, 0.0))
    return stop(at, "what takes the place of excluded gates is not 0");
  NodeOp chooser = getNode(stripIndex(ids), {"TopK", "ArgMax"});
  Value choice = chooser ? chooser.getInput(0) : Value();
  if (!chooser || !isAlongLast(chooser) ||
      getSize(choice, -1) != routing.experts || !chooser.getInt("largest", 1) ||
      (chooser.getOpType() == "TopK" &&
       stripIndex(ids) != chooser.getResult(1)))
    return stop(at, "gates are masked by ids of no choice that is understood");
  Value kept = masked.kept;
  int64_t k =
      chooser.getOpType() == "TopK" ? getSize(chooser.getResult(1), -1) : 1;
  if (ShapedType::isDynamic(k) || (k != 1 && !overSlots))
    return stop(at, "the number of picks is not known");
  if (getSize(kept, -1) != routing.experts) {
    // One weight per token.
    if (k != 1 || (getSize(kept, -1) != 1 && !isUniform(kept, 1.0)))
      return stop(at, "gates are masked in a layout that is not understood");
    return readPick(ids, kept);
  }
  setSelect(SelectMode::TopK, k, 0.0, 0.0,
            chooser.getInt("select_last_index", 0) ? TieBreak::Higher
                                                   : TieBreak::Lower);
  return readChoice(choice, kept);
}

/// Σ over slots of weight · mask, both …×k×(1 or E).
LogicalResult RouterReader::readOneHotSum(NodeOp sum) {
  Value at = sum.getResult(0);
  int64_t rank = getRank(sum.getInput(0));
  std::optional<SmallVector<int64_t>> axes = getAxesOf(sum, rank);
  NodeOp product = getNode(stripExact(sum.getInput(0)), "Mul");
  if (!axes || axes->size() != 1 || axes->front() != rank - 2 || !product)
    return stop(at, "gates are a sum of no masks over the slots");
  for (unsigned i : {0u, 1u}) {
    bool wraps;
    Value mask = product.getInput(i), weights = product.getInput(1 - i);
    Value ids = getOneHotIds(mask, routing.experts, wraps);
    int64_t k = getSize(mask, -2);
    if (!ids || ShapedType::isDynamic(k) || getSize(weights, -1) != 1 ||
        getSize(weights, -2) != k)
      continue;
    if (!getNode(stripHead(stripIndex(ids)), {"TopK", "ArgMax"}))
      return stop(at, "ids come from no choice that is understood");
    FailureOr<Value> picked = readChain(weights, k);
    return failed(picked) ? failure() : readPick(ids, *picked);
  }
  return stop(at, "gates are a sum of no masks over the slots");
}

LogicalResult RouterReader::readDenseCore(Value gates) {
  Value core = stripExact(gates);
  if (NodeOp scatter = getNode(core, "ScatterElements"))
    return readScatter(scatter);
  if (routing.normalize == NormalizeMode::Softmax)
    return stop(gates, "a softmax of gates of all experts");
  bool wraps;
  if (Value ids = getOneHotIds(gates, routing.experts, wraps)) {
    // Gates of 0 and 1.
    if (wraps && !isNeverNegative(ids))
      return stop(gates, "ids may be negative");
    return readFixed(stripIndex(ids), Value());
  }
  if (NodeOp function = getNode(core, "Sigmoid"))
    if (NodeOp scatter =
            getNode(stripExact(function.getInput(0)), "ScatterElements"))
      return readScatteredLogits(scatter, core);
  if (std::optional<Masked> masked = getMasked(core))
    return readMasked(*masked, core);
  if (NodeOp sum = getNode(core, "ReduceSum"))
    return readOneHotSum(sum);
  // Any other sum is the logits of a choice of all.
  if (NodeOp add = getAdd(core); add && isPairOfPicks(add))
    return readPair(add);
  readAll(gates);
  return success();
}

FailureOr<Routing> RouterReader::readDense(Value gates) {
  routing.weightType = getElementTypeOrSelf(gates.getType());
  routing.experts = getSize(gates, -1);
  if (ShapedType::isDynamic(routing.experts) || routing.experts < 1)
    return stop(gates, "the number of experts is not known");
  FailureOr<Value> core = readChain(gates, routing.experts);
  if (failed(core) || failed(readDenseCore(*core)) || failed(checkSum(gates)))
    return failure();
  return routing;
}

FailureOr<Routing> moe::matchDenseRouting(Value gates, RemarkSink &remarks,
                                          ScoreFinder findScores) {
  return RouterReader(gates.getContext(), remarks, findScores).readDense(gates);
}
