//===- RouterScores.cpp - Score functions, groups and biases ----*- C++ -*-===//
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

/// Whether nodes of this type compute as the gate does.
static bool isComputeType(Value value) {
  Type type = getElementTypeOrSelf(value.getType());
  return type.isF32() || type.isF64();
}

/// The operand of 1 / (1 + e^−x), written so; null otherwise.
static Value getLogistic(NodeOp node) {
  Value sum;
  if (node.getOpType() == "Reciprocal")
    sum = node.getInput(0);
  else if (node.getOpType() == "Div" && isUniform(node.getInput(0), 1.0))
    sum = node.getInput(1);
  NodeOp add = getAdd(stripLayout(sum));
  Value other;
  if (!add || splitUniform(add, other) != 1.0)
    return {};
  NodeOp exp = getNode(stripLayout(other), "Exp");
  NodeOp neg = exp ? getNode(stripLayout(exp.getInput(0)), "Neg") : NodeOp();
  return neg ? neg.getInput(0) : Value();
}

static std::optional<ScoreFunction> getFunction(NodeOp node, int64_t experts) {
  StringRef type = node.getOpType();
  if (type == "Softmax" && isAlongLast(node) &&
      getSize(node.getInput(0), -1) == experts)
    return ScoreFunction::Softmax;
  if (type == "Sigmoid" || getLogistic(node))
    return ScoreFunction::Sigmoid;
  if (type == "Relu")
    return ScoreFunction::Relu;
  if (type == "Tanh")
    return ScoreFunction::Tanh;
  if (type == "Sqrt" && getNode(stripLayout(node.getInput(0)), "Softplus"))
    return ScoreFunction::SqrtSoftplus;
  return std::nullopt;
}

bool RouterReader::isScoreOf(Value scores, Value logits) {
  NodeOp node = getNode(stripRows(scores, routing.experts));
  std::optional<ScoreFunction> f =
      node ? getFunction(node, routing.experts) : std::nullopt;
  if (!f || getLogistic(node))
    return false;
  Value input = node.getInput(0);
  if (*f == ScoreFunction::SqrtSoftplus)
    input = getNode(stripLayout(input)).getInput(0);
  return getSize(input, -1) == routing.experts && sameElements(input, logits);
}

/// Takes apart logits + state, both of which have a row per token.
void RouterReader::readState(Value logits) {
  routing.logits = logits;
  NodeOp add = getAdd(stripRows(logits, routing.experts));
  if (!add || !isComputeType(add.getResult(0)))
    return;
  Value a = add.getInput(0), b = add.getInput(1);
  auto isRouter = [](Value value) {
    return static_cast<bool>(getNode(stripLayout(value), {"MatMul", "Gemm"}));
  };
  if (!isRouter(a) || !isRouter(b) || a.getType() != b.getType())
    return;
  // The residual of an earlier gate has as many inputs as there are experts.
  auto isResidual = [&](Value value) {
    return getSize(getNode(stripLayout(value)).getInput(0), -1) ==
           routing.experts;
  };
  if (isResidual(a) && !isResidual(b))
    std::swap(a, b);
  routing.logits = stripRows(a, routing.experts);
  routing.state = stripRows(b, routing.experts);
}

void RouterReader::readScores(Value scores) {
  routing.score = ScoreFunction::Identity;
  Value value = stripRows(scores, routing.experts);
  NodeOp node = getNode(value);
  if (node && isComputeType(value)) {
    if (std::optional<ScoreFunction> f = getFunction(node, routing.experts)) {
      routing.score = *f;
      Value logistic = getLogistic(node);
      value = logistic ? logistic : node.getInput(0);
      if (*f == ScoreFunction::SqrtSoftplus)
        value = getNode(stripLayout(value)).getInput(0);
      value = stripRows(value, routing.experts);
      node = getNode(value);
    }
  }
  if (node && node.getOpType() == "Div" && isComputeType(value)) {
    std::optional<double> temperature = getUniform(node.getInput(1));
    if (temperature && *temperature > 0.0 && std::isfinite(*temperature)) {
      routing.temperature =
          getDecimal(*temperature, getElementTypeOrSelf(value.getType()));
      value = stripRows(node.getInput(0), routing.experts);
    }
  }
  readState(value);
}

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

/// The groups …×G×n of choice values, if `value` is `choice` in that shape.
static int64_t getGroupCount(Value grouped, Value choice, int64_t experts) {
  int64_t count = getSize(grouped, -2), size = getSize(grouped, -1);
  if (ShapedType::isDynamic(count) || ShapedType::isDynamic(size) ||
      count * size != experts || !sameElements(grouped, choice))
    return 0;
  return count;
}

/// What ranks groups: the greatest of each, or the sum of its two greatest.
static std::optional<std::pair<int64_t, GroupReduce>>
getGroupValues(Value values, Value choice, int64_t experts) {
  values = stripLayout(values);
  NodeOp node = getNode(values, {"ReduceMax", "ReduceSum", "TopK"});
  if (!node || !isAlongLast(node))
    return std::nullopt;
  GroupReduce by = GroupReduce::Max;
  Value grouped = node.getInput(0);
  if (node.getOpType() == "ReduceSum") {
    grouped = stripLayout(grouped);
    node = getNode(grouped, "TopK");
    int64_t best = getSize(grouped, -1);
    if (!node || grouped != node.getResult(0) || (best != 1 && best != 2))
      return std::nullopt;
    by = best == 2 ? GroupReduce::Top2Sum : GroupReduce::Max;
    grouped = node.getInput(0);
  } else if (node.getOpType() == "TopK" &&
             (values != node.getResult(0) || getSize(values, -1) != 1)) {
    return std::nullopt;
  }
  if (node.getOpType() == "TopK" &&
      (!node.getInt("largest", 1) || !isAlongLast(node)))
    return std::nullopt;
  int64_t count = getGroupCount(grouped, choice, experts);
  if (count == 0)
    return std::nullopt;
  return std::pair(count, by);
}

/// Whether `value` is `count` − 1, …, 1, 0.
static bool isReverseIota(Value value, int64_t count) {
  std::optional<SmallVector<double>> numbers = getNumbers(value);
  if (!numbers || static_cast<int64_t>(numbers->size()) != count)
    return false;
  for (int64_t i = 0; i < count; ++i)
    if ((*numbers)[i] != count - 1 - i)
      return false;
  return true;
}

/// The ids of the kept groups that `mask` …×G marks by 1; `mirrored` says that
/// they are counted from the back.
static Value getMarkedGroups(Value mask, int64_t count, bool &mirrored) {
  mask = stripExact(mask);
  // Any type holds 0 and 1.
  while (NodeOp cast = getNode(mask, {"Cast", "CastLike"}))
    mask = stripExact(cast.getInput(0));
  if (NodeOp scatter = getNode(mask, "ScatterElements"))
    return isUniform(scatter.getInput(0), 0.0) &&
                   isUniform(scatter.getInput(2), 1.0) &&
                   scatter.getString("reduction", "none") == "none" &&
                   isAlongLast(scatter) && getSize(mask, -1) == count
               ? scatter.getInput(1)
               : Value();
  // Over the kept groups, of a mask …×keep×G.
  NodeOp reduce = getNode(mask, {"ReduceMax", "ReduceSum"});
  if (!reduce)
    return {};
  Value marks = reduce.getInput(0);
  int64_t rank = getRank(marks);
  std::optional<SmallVector<int64_t>> axes = getAxesOf(reduce, rank);
  if (!axes || axes->size() != 1 || axes->front() != rank - 2)
    return {};
  bool wraps;
  if (Value ids = getOneHotIds(marks, count, wraps))
    return ids;
  while (NodeOp cast = getNode(stripExact(marks), {"Cast", "CastLike"}))
    marks = cast.getInput(0);
  NodeOp equal = getNode(stripExact(marks), "Equal");
  for (unsigned i = 0; equal && i < 2; ++i)
    if (isReverseIota(equal.getInput(1 - i), count) &&
        getSize(equal.getInput(1 - i), -1) == count &&
        getSize(equal.getInput(i), -1) == 1) {
      mirrored = true;
      return equal.getInput(i);
    }
  return {};
}

/// The marks …×G of the groups that `masked` keeps, G being `count`.
static Value getGroupMarks(const Masked &masked, int64_t experts,
                           int64_t &count) {
  // …×G×1, of values …×G×n.
  count = getSize(masked.operand, -2);
  if (getSize(masked.operand, -1) == 1 && getSize(masked.kept, -2) == count &&
      getSize(masked.kept, -1) != experts)
    return masked.condition;
  // …×E from …×G×n, which repeats …×G×1.
  Value repeated = stripExact(masked.condition);
  while (NodeOp cast = getNode(repeated, {"Cast", "CastLike"}))
    repeated = stripExact(cast.getInput(0));
  NodeOp expand = getNode(repeated, {"Expand", "Tile"});
  if (!expand)
    return {};
  count = getSize(repeated, -2);
  int64_t size = getSize(repeated, -1);
  Value marks = expand.getInput(0);
  bool fits = getRank(marks) == getRank(repeated) && getSize(marks, -1) == 1 &&
              getSize(marks, -2) == count && !ShapedType::isDynamic(count) &&
              !ShapedType::isDynamic(size) && count * size == experts;
  return fits ? marks : Value();
}

std::optional<GroupLimitAttr> RouterReader::readGroupMask(const Masked &masked,
                                                          double fill) {
  Value choice = masked.kept;
  int64_t count;
  Value marks = getGroupMarks(masked, routing.experts, count);
  if (!marks || ShapedType::isDynamic(count) || count < 1 ||
      routing.experts % count != 0)
    return std::nullopt;
  int64_t size = routing.experts / count;
  bool mirrored = false;
  Value ids = stripIndex(getMarkedGroups(marks, count, mirrored));
  NodeOp topK = getNode(ids, "TopK");
  int64_t keep = getSize(ids, -1);
  if (!topK || ids != topK.getResult(1) || !topK.getInt("largest", 1) ||
      !isAlongLast(topK) || getSize(topK.getInput(0), -1) != count ||
      ShapedType::isDynamic(keep) || keep < 1 || keep > count)
    return std::nullopt;
  // Of equal groups the gate keeps that which it would of equal experts.
  bool prefersHigher = routing.select.getTie() == TieBreak::Higher;
  Value ranked = mirrored ? getReversed(topK.getInput(0)) : topK.getInput(0);
  if (!ranked || (mirrored != prefersHigher && keep != count))
    return std::nullopt;
  auto values = getGroupValues(ranked, choice, routing.experts);
  if (!values || values->first != count ||
      // Sums that are rounded tie where those of the gate do not.
      (values->second == GroupReduce::Top2Sum &&
       (size < 2 || !isComputeType(ranked))) ||
      routing.select.getK() > keep * size)
    return std::nullopt;
  return GroupLimitAttr::get(choice.getContext(), count, keep, values->second,
                             Real(fill));
}

/// `fillIsPicked` says that a pick weighs its masked value.
Value RouterReader::readGroups(Value choice, bool fillIsPicked) {
  Value value = stripRows(choice, routing.experts);
  std::optional<Masked> masked = getMasked(value);
  if (!masked || masked->inverted)
    return choice;
  // Values in groups are of interest as what they were before.
  Value kept = stripRows(masked->kept, routing.experts);
  if (getSize(kept, -1) != routing.experts)
    return choice;
  std::optional<double> fill =
      masked->fill ? getUniform(masked->fill) : std::optional(0.0);
  if (!fill || std::isnan(*fill))
    return choice;
  if (fillIsPicked) {
    // A gate weighs what it picks by its score. That is the same as long as no
    // excluded expert is picked unless its weight is 0.
    NodeOp scores = getNode(stripRows(kept, routing.experts));
    std::optional<ScoreFunction> f =
        scores ? getFunction(scores, routing.experts) : std::nullopt;
    bool neverNegative = f && *f != ScoreFunction::Tanh;
    if (*fill == 0.0 && neverNegative)
      fill = -INFINITY;
    if (*fill != -INFINITY)
      return choice;
  }
  std::optional<GroupLimitAttr> groups = readGroupMask(
      *masked, getDecimal(*fill, getElementTypeOrSelf(value.getType())));
  if (!groups) {
    remarks.note(value, "router",
                 "the choice is masked by something else than "
                 "a limit to groups, and stays outside");
    return choice;
  }
  routing.groups = *groups;
  return kept;
}

//===----------------------------------------------------------------------===//
// Choice
//===----------------------------------------------------------------------===//

LogicalResult RouterReader::readChoice(Value choice, Value scores) {
  choice = readGroups(choice, /*fillIsPicked=*/!scores);
  chosenScores = choice;
  if (!scores || sameElements(choice, scores)) {
    readScores(choice);
    return success();
  }
  // The bias: choice = scores + E numbers.
  Value value = stripRows(choice, routing.experts);
  if (NodeOp add = getAdd(value); add && isComputeType(value)) {
    for (unsigned i : {0u, 1u}) {
      Value bias = add.getInput(i), other = add.getInput(1 - i);
      if (getNumElements(bias) != routing.experts ||
          getSize(bias, -1) != routing.experts ||
          getSize(other, -1) != routing.experts ||
          !sameElements(stripExact(other), stripExact(scores)))
        continue;
      routing.bias = bias;
      chosenScores = scores;
      readScores(scores);
      return success();
    }
  }
  // Choice and weights have nothing to do with each other.
  routing.score = ScoreFunction::Identity;
  readState(value);
  routing.values = stripRows(scores, routing.experts);
  return success();
}
