//===- RouterSlots.cpp - Slots that hold no expert --------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A ragged choice has ids below 0, and weights of 0, where a condition fails:
// scores that are too small, running sums that are too great, experts that are
// full, ids that are no experts.
//
//===----------------------------------------------------------------------===//

#include "RouterReader.h"
#include "moe/Dialect/ONNXIR/Utils/NodeUtils.h"
#include <cmath>

using namespace mlir;
using namespace mlir::moe;
using onnxir::NodeOp;

/// How many masks are stripped one after the other.
static constexpr unsigned kMaxMasks = 8;

/// `value` where a condition holds and one number elsewhere, by Where.
static std::optional<Masked> getChosen(Value value) {
  NodeOp node = getNode(value, "Where");
  if (!node || getElementTypeOrSelf(value.getType()).isInteger(1))
    return std::nullopt;
  for (unsigned i : {2u, 1u})
    if (std::optional<double> number = getUniform(node.getInput(i))) {
      Masked masked;
      masked.condition = masked.operand = node.getInput(0);
      masked.kept = node.getInput(3 - i);
      masked.fill = node.getInput(i);
      masked.inverted = i == 1;
      // Nothing may be repeated by broadcasting.
      if (masked.kept.getType() != value.getType())
        return std::nullopt;
      return masked;
    }
  return std::nullopt;
}

/// `weights` without rounding, which changes neither zeros nor what is put
/// together; `rounded` gets the type that they are rounded to, if they are.
static Value stripRounding(Value weights, Type &rounded) {
  weights = stripExact(weights);
  NodeOp cast = getNode(weights, {"Cast", "CastLike"});
  if (!cast ||
      !isa<FloatType>(getElementTypeOrSelf(cast.getInput(0).getType())))
    return weights;
  rounded = getElementTypeOrSelf(weights.getType());
  return stripExact(cast.getInput(0));
}

/// The numbers that every row of `value` consists of.
static std::optional<SmallVector<double>> getRow(Value value) {
  value = stripIndex(value);
  int64_t width = getSize(value, -1);
  // A row plus zeros for each token, or a row that is repeated.
  if (NodeOp expand = getNode(value, {"Expand", "Tile"})) {
    value = expand.getInput(0);
  } else if (NodeOp add = getAdd(value)) {
    for (unsigned i : {0u, 1u}) {
      NodeOp zeros = getNode(stripIndex(add.getInput(i)), "Mul");
      Value other;
      bool isZero = isUniform(add.getInput(i), 0.0) ||
                    (zeros && splitUniform(zeros, other) == 0.0);
      if (!isZero)
        continue;
      value = add.getInput(1 - i);
      break;
    }
  }
  if (ShapedType::isDynamic(width) || getNumElements(value) != width ||
      getSize(value, -1) != width)
    return std::nullopt;
  return getNumbers(value);
}

bool moe::isRowOfAll(Value ids) {
  std::optional<SmallVector<double>> row = getRow(ids);
  if (!row || row->empty())
    return false;
  for (auto [i, number] : llvm::enumerate(*row))
    if (number != i)
      return false;
  return true;
}

int64_t RouterReader::takeShared(Value &ids, Value &weights) {
  Type rounded;
  NodeOp allIds = getNode(stripIndex(ids), "Concat");
  NodeOp allWeights = getNode(stripRounding(weights, rounded), "Concat");
  for (NodeOp node : {allIds, allWeights}) {
    int64_t rank = node ? getRank(node.getResult(0)) : 0;
    if (rank < 1 || node.getNumSlots() != 2 ||
        getAxisOf(node, "axis", 0, rank) != rank - 1)
      return 0;
  }
  std::optional<SmallVector<double>> row = getRow(allIds.getInput(1));
  int64_t size = getSize(allIds.getInput(1), -1);
  if (!row || row->empty() || getSize(allWeights.getInput(1), -1) != size ||
      getSize(allIds.getInput(0), -1) != getSize(allWeights.getInput(0), -1) ||
      !((*row)[0] >= 1.0))
    return 0;
  for (auto [i, number] : llvm::enumerate(*row))
    if (number != (*row)[0] + i)
      return 0;
  ids = allIds.getInput(0);
  weights = allWeights.getInput(0);
  if (rounded)
    routing.weightType = rounded;
  routing.shared = size;
  if (!isUniform(allWeights.getInput(1), 1.0))
    routing.sharedWeights = allWeights.getInput(1);
  return static_cast<int64_t>((*row)[0]);
}

bool RouterReader::isOfSlots(Value condition) {
  SmallVector<SlotTest> tests;
  splitCondition(condition, /*inverted=*/false, tests);
  return llvm::all_of(tests, [&](const SlotTest &test) {
    return llvm::any_of(slotTests, [&](const SlotTest &other) {
      return test.inverted == other.inverted &&
             sameElements(test.condition, other.condition);
    });
  });
}

Value RouterReader::stripSlots(Value ids) {
  for (unsigned i = 0; i < kMaxMasks; ++i) {
    ids = stripIndex(ids);
    std::optional<Masked> masked = getChosen(ids);
    if (!masked || masked->inverted || !isOfSlots(masked->condition))
      break;
    ids = masked->kept;
  }
  return ids;
}

Value RouterReader::stripEmpty(Value values, double fill) {
  std::optional<Masked> masked = getChosen(stripExact(values));
  if (!masked || masked->inverted || !isUniform(masked->fill, fill))
    return values;
  SmallVector<SlotTest> tests;
  splitCondition(masked->condition, /*inverted=*/false, tests);
  // All of them, or weights of slots without an expert would count.
  bool all = tests.size() == slotTests.size() && isOfSlots(masked->condition);
  if (!all)
    return values;
  weighsSlots = true;
  return masked->kept;
}

void RouterReader::takeSlotTests(Value &ids, Value &weights) {
  std::optional<Masked> given = getChosen(stripIndex(ids));
  std::optional<double> none = given ? getUniform(given->fill) : std::nullopt;
  Type rounded;
  Value wide = stripRounding(weights, rounded);
  std::optional<Masked> weighed = getChosen(wide);
  // Weights of 0 there, or an id that counts from the back would be one.
  if (!none || !(*none < 0.0) || given->inverted || !weighed ||
      weighed->inverted || !isUniform(weighed->fill, 0.0))
    return;
  splitCondition(given->condition, /*inverted=*/false, slotTests);
  SmallVector<SlotTest> tests;
  splitCondition(weighed->condition, /*inverted=*/false, tests);
  if (tests.size() != slotTests.size() || !isOfSlots(weighed->condition)) {
    slotTests.clear();
    return;
  }
  weights = weighed->kept;
  if (rounded)
    routing.weightType = rounded;
  llvm::erase_if(slotTests, [&](const SlotTest &test) {
    return readDropBelow(test, weights);
  });
  // The ids that were chosen, and those with what stands in empty slots, are
  // ids of one choice.
  ids = given->kept;
}

/// The weights themselves are greater than a number.
bool RouterReader::readDropBelow(const SlotTest &test, Value weights) {
  std::optional<Comparison> cut = getComparison(test.condition, test.inverted);
  if (!cut || !cut->greater || routing.dropBelow ||
      !sameElements(cut->value, weights))
    return false;
  std::optional<double> bound = getStrictBound(*cut);
  if (!bound)
    return false;
  routing.dropBelow = *bound;
  return true;
}

/// Chosen scores are greater than a number, or the sum of those before is less
/// than one.
bool RouterReader::readCut(const SlotTest &test, Value ids) {
  std::optional<Comparison> cut = getComparison(test.condition, test.inverted);
  std::optional<double> bound = cut ? getStrictBound(*cut) : std::nullopt;
  NodeOp mirrored = getMirrored(ids);
  NodeOp topK = mirrored ? mirrored : getNode(stripHead(ids), "TopK");
  if (!bound || !topK || routing.select.getMode() != SelectMode::TopK)
    return false;
  int64_t k = routing.select.getK();
  TieBreak tie = routing.select.getTie();
  auto isGathered = [&](Value value, Value from) {
    NodeOp gather = getNode(stripExact(value), "GatherElements");
    return from && gather && isAlongLast(gather) && getSize(value, -1) == k &&
           getSize(gather.getInput(0), -1) == routing.experts &&
           sameElements(stripSlots(gather.getInput(1)), ids) &&
           sameElements(stripExact(gather.getInput(0)), stripExact(from));
  };
  auto isGreatest = [&](Value value) {
    return getSize(value, -1) == k &&
           stripHead(stripExact(value)) == topK.getResult(0);
  };
  if (cut->greater) {
    if (!isGreatest(cut->value) && !isGathered(cut->value, topK.getInput(0)))
      return false;
    setSelect(SelectMode::Threshold, k, 0.0, Real(*bound), tie);
    return true;
  }
  Value sum = stripLayout(cut->value);
  NodeOp sub = getNode(sum, "Sub");
  NodeOp running = getNode(sub ? stripLayout(sub.getInput(0)) : sum, "CumSum");
  // The gate sums scores, which a bias does not move.
  auto isSummed = [&](Value value) {
    return isGathered(value, chosenScores) ||
           (!routing.bias && isGreatest(value));
  };
  if (!running || !isAlongLast(running) || running.getInt("reverse", 0) ||
      (running.getInt("exclusive", 0) != 0) == static_cast<bool>(sub) ||
      !isSummed(running.getInput(0)) || (sub && !isSummed(sub.getInput(1))) ||
      !(*bound > 0.0) || *bound > 1.0 || !topK.getInt("sorted", 1))
    return false;
  setSelect(SelectMode::TopP, k, Real(*bound), 0.0, tie);
  return true;
}

bool RouterReader::isInRange(Value ids, int64_t count) {
  bool below = false, above = false;
  for (const SlotTest &test : slotTests) {
    std::optional<Comparison> cut =
        getComparison(test.condition, test.inverted);
    std::optional<double> bound = cut ? getUniform(cut->bound) : std::nullopt;
    if (!bound || !sameElements(stripSlots(cut->value), ids))
      continue;
    double first = *bound + (cut->greater != cut->orEqual);
    below |= cut->greater && first == 0.0;
    above |= !cut->greater && first == static_cast<double>(count);
  }
  return below && above;
}

/// Ids are compared with the first and the last expert, or row of a table.
LogicalResult RouterReader::readRange(const SlotTest &test, Value ids) {
  std::optional<Comparison> cut = getComparison(test.condition, test.inverted);
  std::optional<double> bound = cut ? getUniform(cut->bound) : std::nullopt;
  if (!bound)
    return failure();
  Value value = stripSlots(cut->value);
  bool isRow = routing.table && sameElements(value, routing.ids) &&
               getSize(test.operand, -1) == 1;
  if (!isRow && !sameElements(value, ids))
    return failure();
  int64_t count = isRow ? getSize(routing.table, 0) : routing.experts;
  // The first that is not excluded below, or the first above that is.
  double first = *bound + (cut->greater != cut->orEqual);
  if (first != (cut->greater ? 0.0 : static_cast<double>(count)))
    return failure();
  // Ids below 0 are none then, and do not count from the back.
  if (isRow && cut->greater)
    routing.idsWrap = 0;
  return success();
}

LogicalResult RouterReader::readAdmission(const SlotTest &test, Value ids) {
  if (!findAdmission || test.inverted || routing.capacity)
    return failure();
  std::optional<Admission> found =
      findAdmission(test.condition, routing.experts);
  if (!found)
    return failure();
  // What is counted are the slots that all other conditions hold for.
  SmallVector<SlotTest> others;
  Value counted = stripIndex(found->ids);
  if (std::optional<Masked> masked = getChosen(counted)) {
    std::optional<double> none = getUniform(masked->fill);
    if (masked->inverted || !none || !(*none < 0.0) ||
        !isOfSlots(masked->condition))
      return failure();
    splitCondition(masked->condition, /*inverted=*/false, others);
    counted = masked->kept;
  }
  if (others.size() + 1 != slotTests.size() ||
      !sameElements(stripSlots(counted), ids))
    return failure();
  routing.capacity = found->capacity;
  return success();
}

LogicalResult RouterReader::readSlotTests(Value ids) {
  if (slotTests.empty())
    return success();
  ids = stripSlots(ids);
  for (const SlotTest &test : slotTests)
    if (!readCut(test, ids) && failed(readRange(test, ids)) &&
        failed(readAdmission(test, ids)))
      return stop(test.condition,
                  "slots hold no expert by a condition that is not understood");
  if (routing.normalize != NormalizeMode::None && !weighsSlots)
    return stop(ids, "weights of slots that hold no expert are normalised");
  return success();
}
