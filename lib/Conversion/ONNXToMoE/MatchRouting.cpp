//===- MatchRouting.cpp - Routers that give ids and weights -----*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RouterReader.h"
#include "moe/Dialect/ONNXIR/Utils/NodeUtils.h"
#include <cmath>

using namespace mlir;
using namespace mlir::moe;
using onnxir::NodeOp;

void RouterReader::setSelect(SelectMode mode, int64_t k, Real p, Real threshold,
                             TieBreak tie, Real jitter) {
  routing.select =
      SelectAttr::get(context, mode, k, tie, p, threshold, /*rank=*/0, jitter);
}

//===----------------------------------------------------------------------===//
// Picks
//===----------------------------------------------------------------------===//

/// Whether `picked` are the `k` greatest of `choice`, in the order in which
/// `chooser` gives their ids.
static bool isTopOf(Value picked, Value choice, int64_t k, NodeOp chooser) {
  picked = stripExact(picked);
  bool isWide = getSize(picked, -1) == k;
  if (isWide)
    picked = stripHead(picked);
  NodeOp node = getNode(picked, {"TopK", "ReduceMax"});
  if (!node || !sameElements(node.getInput(0), choice) ||
      getSize(node.getInput(0), -1) != getSize(choice, -1) ||
      !isAlongLast(node))
    return false;
  if (node.getOpType() == "ReduceMax")
    return k == 1;
  bool isOrdered = node == chooser || k == 1 ||
                   (node.getInt("sorted", 1) && chooser.getInt("sorted", 1));
  return picked == node.getResult(0) && node.getInt("largest", 1) && isWide &&
         isOrdered;
}

Value RouterReader::getGathered(Value ids, Value picked) {
  if (Value scores = getGatheredByNodes(ids, picked))
    return scores;
  Value scores = findScores ? findScores(ids, stripExact(picked)) : Value();
  return scores && getSize(scores, -1) == routing.experts ? scores : Value();
}

Value RouterReader::getGatheredByNodes(Value ids, Value picked) {
  int64_t k = routing.select.getK(), experts = routing.experts;
  NodeOp node =
      getNode(stripExact(picked), {"GatherElements", "GatherND", "ReduceSum"});
  if (!node)
    return {};
  if (node.getOpType() == "GatherND") {
    // Every dimension but that of the experts is one of the batch.
    Value scores = node.getInput(0), index = node.getInput(1);
    int64_t rank = getRank(scores);
    bool isRow = rank > 1 && node.getInt("batch_dims", 0) == rank - 1 &&
                 getRank(index) == rank + 1 && getSize(index, -1) == 1 &&
                 getSize(index, -2) == k && getSize(scores, -1) == experts;
    return isRow && sameElements(stripSlots(index), stripSlots(ids)) ? scores
                                                                     : Value();
  }
  if (node.getOpType() == "GatherElements") {
    Value scores = node.getInput(0), index = node.getInput(1);
    bool isWhole = getSize(scores, -1) == experts && getSize(index, -1) == k;
    return isWhole && isAlongLast(node) &&
                   sameElements(stripSlots(index), stripSlots(ids))
               ? scores
               : Value();
  }
  // One pick, by a mask over the experts.
  if (k != 1 || !isAlongLast(node))
    return {};
  std::optional<Masked> masked = getMasked(node.getInput(0));
  if (!masked || masked->inverted ||
      (masked->fill && !isUniform(masked->fill, 0.0)))
    return {};
  bool wraps;
  Value marked = getOneHotIds(masked->condition, experts, wraps);
  return marked && getSize(masked->kept, -1) == experts &&
                 sameElements(stripIndex(marked), stripIndex(ids))
             ? masked->kept
             : Value();
}

LogicalResult RouterReader::readTopP(NodeOp topK, const Masked &masked) {
  Value at = masked.condition;
  if (masked.fill && !isUniform(masked.fill, 0.0))
    return stop(at, "what takes the place of excluded weights is not 0");
  if (stripExact(masked.kept) != topK.getResult(0))
    return stop(at, "weights are masked by a condition that is not understood");
  std::optional<Comparison> cut = getComparison(at);
  if (cut && masked.inverted) {
    cut->greater = !cut->greater;
    cut->orEqual = !cut->orEqual;
  }
  if (!cut || cut->greater)
    return stop(at, "weights are masked by a condition that is not understood");
  // The sum of what comes before: with CumSum inclusive, minus the weight.
  Value sum = stripLayout(cut->value);
  NodeOp sub = getNode(sum, "Sub");
  if (sub)
    sum = stripLayout(sub.getInput(0));
  NodeOp cumulative = getNode(sum, "CumSum");
  if (!cumulative || !isAlongLast(cumulative) ||
      cumulative.getInt("reverse", 0) ||
      (cumulative.getInt("exclusive", 0) != 0) == static_cast<bool>(sub) ||
      stripExact(cumulative.getInput(0)) != topK.getResult(0) ||
      (sub && stripExact(sub.getInput(1)) != topK.getResult(0)))
    return stop(at, "weights are not cut by the running sum of scores");
  std::optional<double> p = getStrictBound(*cut);
  if (!p || !(*p > 0.0) || *p > 1.0)
    return stop(at, "the bound of the running sum is not a number in (0, 1]");
  if (!topK.getInt("sorted", 1))
    return stop(topK.getResult(0), "a running sum needs sorted scores");
  setSelect(SelectMode::TopP, routing.select.getK(), Real(*p));
  return readChoice(topK.getInput(0), Value());
}

/// The function that makes `picked` of the greatest values, each by itself:
/// the nodes, the last one first. They end at what is returned.
static Value stripFunctions(Value picked, SmallVectorImpl<NodeOp> &functions) {
  for (unsigned i = 0; i < 4; ++i) {
    picked = stripExact(picked);
    NodeOp node = getNode(picked, {"Sigmoid", "Tanh", "Relu", "Softplus",
                                   "Sqrt", "Exp", "Softsign"});
    if (!node)
      break;
    functions.push_back(node);
    picked = node.getInput(0);
  }
  return picked;
}

LogicalResult RouterReader::readTopK(NodeOp topK, Value ids, Value picked) {
  Value choice = topK.getInput(0);
  int64_t k = getSize(ids, -1), experts = getSize(choice, -1);
  TieBreak tie = TieBreak::Lower;
  if (getNode(ids, "Sub")) {
    choice = getNode(stripLayout(choice)).getInput(0);
    tie = TieBreak::Higher;
  }
  if (!isAlongLast(topK))
    return stop(ids, "the choice is not made along the last dimension");
  if (!topK.getInt("largest", 1))
    return stop(ids, "the least scores are chosen");
  if (ShapedType::isDynamic(k) || ShapedType::isDynamic(experts) || k < 1 ||
      k > experts)
    return stop(ids, "the number of experts or of picks is not known");
  routing.experts = experts;
  setSelect(SelectMode::TopK, k, 0.0, 0.0, tie);
  if (isTopOf(picked, topK.getInput(0), k, topK))
    return readChoice(choice, Value());
  if (Value scores = getGathered(ids, picked))
    return readChoice(choice, scores);
  // A function of the greatest values is that of all, at the choice.
  SmallVector<NodeOp> functions;
  Value greatest = stripFunctions(picked, functions);
  if (!functions.empty() && isTopOf(greatest, topK.getInput(0), k, topK) &&
      succeeded(readChoice(choice, Value()))) {
    routing.values = choice;
    routing.functions.assign(functions.rbegin(), functions.rend());
    return success();
  }
  std::optional<Masked> masked = getMasked(stripExact(picked));
  if (masked && tie == TieBreak::Lower)
    return readTopP(topK, *masked);
  return stop(picked, "weights are not scores of the chosen experts");
}

LogicalResult RouterReader::readArgMax(NodeOp argMax, Value picked) {
  Value choice = argMax.getInput(0), ids = argMax.getResult(0);
  int64_t experts = getSize(choice, -1);
  if (!isAlongLast(argMax) || ShapedType::isDynamic(experts) || experts < 1)
    return stop(ids, "the choice is not made along a last dimension of known "
                     "size");
  routing.experts = experts;
  setSelect(SelectMode::TopK, 1, 0.0, 0.0,
            argMax.getInt("select_last_index", 0) ? TieBreak::Higher
                                                  : TieBreak::Lower);
  if (isTopOf(picked, choice, 1, argMax))
    return readChoice(choice, Value());
  if (Value scores = getGathered(ids, picked))
    return readChoice(choice, scores);
  // The greatest score is that of the greatest logit.
  NodeOp max = getNode(stripExact(picked), "ReduceMax");
  if (max && isAlongLast(max) && isScoreOf(max.getInput(0), choice))
    return readChoice(choice, max.getInput(0));
  return stop(picked, "weights are not scores of the chosen experts");
}

//===----------------------------------------------------------------------===//
// Choices made elsewhere
//===----------------------------------------------------------------------===//

bool moe::isNeverNegative(Value ids) {
  NodeOp node = getNode(stripHead(stripIndex(ids)), {"TopK", "ArgMax", "Mod"});
  if (!node || node.getOpType() != "Mod")
    return static_cast<bool>(node);
  if (node.getInt("fmod", 0))
    return false;
  std::optional<double> divisor = getUniform(node.getInput(1));
  return divisor && *divisor > 0.0;
}

/// Rows of a table that are some other number where they are none.
Value RouterReader::stripRow(Value rows) {
  Value inner = stripSlots(rows);
  return inner == stripIndex(rows) ? rows : inner;
}

LogicalResult RouterReader::readFixed(Value ids, Value picked) {
  NodeOp node = getNode(ids, {"Gather", "GatherND", "Mod"});
  // Ids that the model is given, of which those that are no experts are none.
  NodeOp taken =
      picked ? getNode(stripExact(picked), "GatherElements") : NodeOp();
  if (!node && taken && isInRange(ids, getSize(taken.getInput(0), -1))) {
    routing.experts = getSize(taken.getInput(0), -1);
    setSelect(SelectMode::Given, getSize(ids, -1));
    if (Value scores = getGathered(ids, picked)) {
      routing.ids = ids;
      readScores(scores);
      return success();
    }
  }
  if (!node)
    return stop(ids, "ids come from no choice that is understood");
  SelectMode mode = SelectMode::Given;
  int64_t k = 1;
  if (node.getOpType() == "Mod") {
    if (!isNeverNegative(ids))
      return stop(ids, "ids may be negative");
    // Marks have one id per token, whatever its layout.
    k = picked ? getSize(ids, -1) : 1;
    routing.ids = ids;
  } else {
    Value table = node.getInput(0), tokens = node.getInput(1);
    bool isND = node.getOpType() == "GatherND";
    // GatherND takes its indices from a last dimension of size 1.
    bool isRow =
        isND ? node.getInt("batch_dims", 0) == 0 && getSize(tokens, -1) == 1
             : node.getInt("axis", 0) == 0;
    int64_t rank = getRank(table), rows = getSize(table, 0);
    if (!isRow || rank < 1 || rank > 2 || ShapedType::isDynamic(rows))
      return stop(ids, "ids come from no choice that is understood");
    mode = SelectMode::Table;
    k = rank == 2 ? getSize(table, 1) : 1;
    routing.table = table;
    routing.ids = stripLayout(stripRow(tokens));
    routing.idsWrap = rows;
  }
  if (ShapedType::isDynamic(k) || k < 1)
    return stop(ids, "the number of picks is not known");
  setSelect(mode, k);
  if (!picked || isUniform(picked, 1.0)) {
    if (routing.experts == 0)
      return stop(ids, "the number of experts is not known");
    routing.score = ScoreFunction::Identity;
    return success();
  }
  NodeOp gather = getNode(stripExact(picked), "GatherElements");
  if (gather && routing.experts == 0)
    routing.experts = std::max<int64_t>(getSize(gather.getInput(0), -1), 0);
  Value scores = routing.experts ? getGathered(ids, picked) : Value();
  if (!scores)
    return stop(picked, "weights are not scores of the chosen experts");
  readScores(scores);
  return success();
}

//===----------------------------------------------------------------------===//
// The whole
//===----------------------------------------------------------------------===//

/// The position in the order of its TopK that `ids`, of one pick, are cut out
/// at; 0 where they are not.
static int64_t getRankOf(Value ids, NodeOp &topK) {
  NodeOp slice = getNode(ids, "Slice");
  if (!slice || getSize(ids, -1) != 1)
    return 0;
  Value whole = stripIndex(slice.getInput(0));
  topK = getNode(whole, "TopK");
  if (!topK)
    topK = getMirrored(whole);
  std::optional<double> begin = getUniform(slice.getInput(1));
  int64_t rank = getRank(ids);
  if (!topK || !begin || getRank(whole) != rank || !topK.getInt("sorted", 1) ||
      !topK.getInt("largest", 1) || !isAlongLast(topK) || !slice.getInput(3) ||
      getNumElements(slice.getInput(3)) != 1 ||
      !(isUniform(slice.getInput(3), -1.0) ||
        isUniform(slice.getInput(3), rank - 1.0)) ||
      (slice.getInput(4) && !isUniform(slice.getInput(4), 1.0)) ||
      *begin < 0.0 || *begin >= getSize(whole, -1))
    return 0;
  return static_cast<int64_t>(*begin) + 1;
}

LogicalResult RouterReader::readRank(NodeOp topK, int64_t rank, Value ids,
                                     Value picked) {
  Value choice = topK.getInput(0);
  TieBreak tie = TieBreak::Lower;
  if (getNode(stripIndex(getNode(ids).getInput(0)), "Sub")) {
    choice = getNode(stripLayout(choice)).getInput(0);
    tie = TieBreak::Higher;
  }
  routing.experts = getSize(choice, -1);
  if (ShapedType::isDynamic(routing.experts))
    return stop(ids, "the number of experts or of picks is not known");
  routing.select = SelectAttr::get(context, SelectMode::RankK, /*k=*/1, tie,
                                   Real(0.0), Real(0.0), rank, Real(0.0));
  if (Value scores = getGathered(ids, picked))
    return readChoice(choice, scores);
  return stop(picked, "weights are not scores of the chosen experts");
}

LogicalResult RouterReader::readPick(Value ids, Value picked) {
  ids = stripIndex(ids);
  NodeOp node = getNode(ids);
  NodeOp topK = getNode(stripHead(ids), "TopK");
  if (topK && stripHead(ids) == topK.getResult(1))
    return readTopK(topK, ids, picked);
  if (NodeOp mirrored = getMirrored(ids))
    return readTopK(mirrored, ids, picked);
  if (int64_t rank = picked ? getRankOf(ids, topK) : 0; rank > 1)
    return readRank(topK, rank, ids, picked);
  if (picked && isRowOfAll(ids)) {
    routing.experts = getSize(ids, -1);
    setSelect(SelectMode::All, routing.experts);
    readScores(picked);
    return success();
  }
  if (node && node.getOpType() == "ArgMax")
    return readArgMax(node, picked);
  if (node && node.getOpType() == "Concat")
    return readSparseMixer(node, picked);
  return readFixed(ids, picked);
}

LogicalResult RouterReader::checkSum(Value at) {
  bool isSigned = routing.score == ScoreFunction::Identity ||
                  routing.score == ScoreFunction::Tanh || routing.values;
  if (sumsMagnitudes && isSigned)
    return stop(at, "weights that may be negative are divided by the sum of "
                    "their magnitudes");
  return success();
}

/// The choice that ids come from is as wide as the rows of weights.
static int64_t getWidth(Value ids) {
  ids = stripIndex(ids);
  NodeOp node = getNode(ids, {"ArgMax", "Gather", "GatherND"});
  bool isOne =
      node && (node.getOpType() != "Gather" || getRank(node.getInput(0)) < 2);
  return isOne ? 1 : getSize(ids, -1);
}

FailureOr<Routing> RouterReader::read(Value ids, Value weights,
                                      int64_t experts) {
  if (!weights) {
    routing.experts = experts;
    if (failed(readPick(ids, Value())))
      return failure();
    return routing;
  }
  routing.weightType = getElementTypeOrSelf(weights.getType());
  int64_t firstShared = takeShared(ids, weights);
  takeSlotTests(ids, weights);
  FailureOr<Value> picked = readChain(weights, getWidth(stripSlots(ids)));
  if (failed(picked))
    return failure();
  Value kept = slotTests.empty() ? *picked : stripEmpty(*picked, 0.0);
  if (failed(readPick(stripSlots(ids), kept)) || failed(checkSum(weights)) ||
      failed(readSlotTests(ids)))
    return failure();
  if (routing.shared && firstShared != routing.experts)
    return stop(ids, "slots of all tokens hold experts that are chosen as "
                     "well, or none");
  return routing;
}

FailureOr<Routing> RouterReader::readExpertChoice(Value tokens, Value weights) {
  routing.weightType = getElementTypeOrSelf(weights.getType());
  Value ids = stripIndex(tokens);
  NodeOp topK = getNode(ids, "TopK");
  if (!topK || ids != topK.getResult(1) || !isAlongLast(topK) ||
      !topK.getInt("largest", 1) || getRank(ids) != 2)
    return stop(tokens, "experts do not choose the tokens of greatest scores");
  // Scores E×T, of the transposed T×E.
  Value choice = stripExact(topK.getInput(0));
  NodeOp transpose = getNode(choice, "Transpose");
  std::optional<ArrayRef<int64_t>> perm;
  if (transpose && getRank(choice) == 2)
    perm = transpose.getInts("perm");
  bool swaps = transpose && getRank(choice) == 2 &&
               (!perm || *perm == ArrayRef<int64_t>{1, 0});
  int64_t k = getSize(ids, -1), experts = getSize(choice, 0);
  if (!swaps || ShapedType::isDynamic(k) || ShapedType::isDynamic(experts) ||
      k < 1)
    return stop(tokens, "the scores of experts that choose are no transposed "
                        "matrix of known size");
  routing.experts = experts;
  setSelect(SelectMode::ExpertChoice, k);
  FailureOr<Value> picked = readChain(weights, k);
  if (failed(picked))
    return failure();
  if (routing.normalize != NormalizeMode::None)
    return stop(weights, "weights of experts that choose are normalised");
  if (stripExact(*picked) != topK.getResult(0))
    return stop(*picked, "weights are not scores of the chosen tokens");
  readScores(transpose.getInput(0));
  return routing;
}

FailureOr<Routing> moe::matchExpertChoice(Value tokens, Value weights,
                                          RemarkSink &remarks) {
  return RouterReader(tokens.getContext(), remarks)
      .readExpertChoice(tokens, weights);
}

FailureOr<Routing> moe::matchRouting(Value ids, Value weights,
                                     RemarkSink &remarks, int64_t experts,
                                     ScoreFinder findScores,
                                     AdmissionFinder findAdmission) {
  return RouterReader(ids.getContext(), remarks, findScores, findAdmission)
      .read(ids, weights, experts);
}
