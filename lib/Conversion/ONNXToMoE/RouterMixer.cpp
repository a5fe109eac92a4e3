//===- RouterMixer.cpp - Two picks by masked softmax ------------*- C++ -*-===//
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

namespace {
/// One of the two picks: the argmax of `candidates` and its weight, the
/// softmax over those candidates that are near enough to the greatest.
struct MixerPick {
  Value candidates;
  /// What |x| and the distance to the greatest are taken of.
  Value logits;
  double bound = 0.0;
  TieBreak tie = TieBreak::Lower;
};
} // namespace

static bool isGreatest(Value value, Value of) {
  NodeOp node = getNode(stripLayout(value), {"ReduceMax", "TopK"});
  if (!node || !isAlongLast(node) || !sameElements(node.getInput(0), of))
    return false;
  return node.getOpType() == "ReduceMax" ||
         (stripLayout(value) == node.getResult(0) && getSize(value, -1) == 1 &&
          node.getInt("largest", 1));
}

/// The two operands of a commutative node, `first` being the one that `is`
/// accepts.
static bool splitBy(NodeOp node, llvm::function_ref<bool(Value)> is,
                    Value &first, Value &second) {
  if (!node || node.getNumSlots() != 2)
    return false;
  for (unsigned i : {0u, 1u})
    if (is(node.getInput(i))) {
      first = node.getInput(i);
      second = node.getInput(1 - i);
      return true;
    }
  return false;
}

static std::optional<MixerPick> getPick(Value id, Value weight) {
  NodeOp argMax = getNode(stripIndex(id), "ArgMax");
  if (!argMax || !isAlongLast(argMax))
    return std::nullopt;
  MixerPick pick;
  if (argMax.getInt("select_last_index", 0))
    pick.tie = TieBreak::Higher;
  pick.candidates = argMax.getInput(0);
  NodeOp gather = getNode(stripExact(weight), "GatherElements");
  if (!gather || !isAlongLast(gather) ||
      !sameElements(stripIndex(gather.getInput(1)), stripIndex(id)))
    return std::nullopt;
  NodeOp softmax = getNode(stripLayout(gather.getInput(0)), "Softmax");
  if (!softmax || !isAlongLast(softmax))
    return std::nullopt;
  std::optional<Masked> masked = getMasked(softmax.getInput(0));
  if (!masked || !masked->inverted || !masked->fill ||
      !isUniform(masked->fill, -INFINITY) ||
      !sameElements(masked->kept, pick.candidates))
    return std::nullopt;
  // (greatest − x) / max(|x|, greatest) > bound, or without the division.
  std::optional<Comparison> far = getComparison(masked->condition);
  if (!far || !far->greater || far->orEqual)
    return std::nullopt;
  Value distance, range;
  std::optional<double> bound = getUniform(far->bound);
  NodeOp div = bound ? getNode(stripLayout(far->value), "Div") : NodeOp();
  if (div) {
    distance = div.getInput(0);
    range = div.getInput(1);
  } else if (NodeOp mul = getNode(stripLayout(far->bound), "Mul")) {
    distance = far->value;
    bound = splitUniform(mul, range);
  }
  if (!range || !bound || !(*bound >= 0.0))
    return std::nullopt;
  NodeOp sub = getNode(stripLayout(distance), "Sub");
  NodeOp max = getNode(stripLayout(range), {"Max", "Clip"});
  if (!sub || !isGreatest(sub.getInput(0), pick.candidates) || !max)
    return std::nullopt;
  pick.logits = sub.getInput(1);
  Value magnitude, greatest;
  auto isMagnitude = [](Value value) {
    return static_cast<bool>(getNode(stripLayout(value), "Abs"));
  };
  if (max.getOpType() == "Max" &&
      !splitBy(max, isMagnitude, magnitude, greatest))
    return std::nullopt;
  if (max.getOpType() == "Clip") {
    magnitude = max.getInput(0);
    greatest = max.getInput(1);
    if (!isMagnitude(magnitude) || !greatest || max.getInput(2))
      return std::nullopt;
  }
  if (!isGreatest(greatest, pick.candidates) ||
      !sameElements(getNode(stripLayout(magnitude)).getInput(0), pick.logits))
    return std::nullopt;
  Type type = getElementTypeOrSelf(far->value.getType());
  pick.bound = getDecimal(*bound, type);
  return pick;
}

LogicalResult RouterReader::readSparseMixer(NodeOp ids, Value picked) {
  Value at = ids.getResult(0);
  NodeOp weights = getNode(stripExact(picked), "Concat");
  auto reject = [&] {
    return stop(at, "ids are put together from several choices that are no "
                    "sparse mixer");
  };
  auto isPair = [](NodeOp concat) {
    int64_t rank = getRank(concat.getResult(0));
    return concat.getNumSlots() == 2 && rank > 0 &&
           getAxisOf(concat, "axis", 0, rank) == rank - 1 &&
           getSize(concat.getResult(0), -1) == 2;
  };
  if (!weights || !isPair(ids) || !isPair(weights))
    return reject();
  std::optional<MixerPick> first =
                               getPick(ids.getInput(0), weights.getInput(0)),
                           second =
                               getPick(ids.getInput(1), weights.getInput(1));
  if (!first || !second || first->bound != second->bound ||
      first->tie != second->tie ||
      !sameElements(first->candidates, first->logits) ||
      !sameElements(second->logits, first->logits))
    return reject();
  // The first winner is out of the second race.
  NodeOp without = getNode(stripLayout(second->candidates), "ScatterElements");
  if (!without || !isAlongLast(without) ||
      without.getString("reduction", "none") != "none" ||
      !sameElements(without.getInput(0), first->candidates) ||
      !isUniform(without.getInput(2), -INFINITY) ||
      !sameElements(stripIndex(without.getInput(1)),
                    stripIndex(ids.getInput(0))))
    return reject();
  Value logits = first->candidates;
  Type type = getElementTypeOrSelf(logits.getType());
  routing.experts = getSize(logits, -1);
  if (ShapedType::isDynamic(routing.experts) || routing.experts < 2 ||
      !(type.isF32() || type.isF64()))
    return reject();
  setSelect(SelectMode::SparseMixer, 2, 0.0, 0.0, first->tie,
            Real(first->bound / 2));
  readScores(logits);
  if (routing.score != ScoreFunction::Identity) {
    // The mixer takes what it compares as logits.
    routing.score = ScoreFunction::Identity;
    routing.temperature = 1.0;
    routing.state = Value();
    routing.logits = stripRows(logits, routing.experts);
  }
  return success();
}
