//===- RouterReader.h - Reading a router from its results back --*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOMOE_ROUTERREADER_H
#define MOE_LIB_CONVERSION_ONNXTOMOE_ROUTERREADER_H

#include "Routing.h"
#include "Views.h"

namespace mlir::moe {

/// `value` without layouts and exact casts, as long as its last dimension
/// stays `width`: rows of it are rows of `value`.
Value stripRows(Value value, int64_t width);

/// The operand of a binary node that is uniform, with its number; `other` gets
/// the other operand.
std::optional<double> splitUniform(onnxir::NodeOp node, Value &other);

/// Values that are kept where a condition holds, from Where, or from Mul with a
/// mask of 0 and 1.
struct Masked {
  Value condition;
  /// The condition as the node reads it, before layouts are stripped.
  Value operand;
  /// What is kept, and the uniform value that stands elsewhere: null for 0.
  Value kept, fill;
  /// Kept where the condition does not hold.
  bool inverted = false;
};

/// A condition, or its contrary.
struct SlotTest {
  Value condition;
  bool inverted = false;
  /// The condition before layouts were stripped.
  Value operand;
};
/// Adds what `condition` asks for, one by one, to `tests`.
void splitCondition(Value condition, bool inverted,
                    SmallVectorImpl<SlotTest> &tests);

/// A comparison with a number: value > bound, ≥, <, ≤, after stripping Not and
/// casts from and to bool.
struct Comparison {
  Value value;
  Value bound;
  bool greater = false, orEqual = false;
};
std::optional<Comparison> getComparison(Value condition, bool inverted = false);
/// The bound b for which `value > b` (`value < b` if not greater) says what
/// the comparison says of numbers of the value's type; nothing when the bound
/// is not a known number.
std::optional<double> getStrictBound(const Comparison &comparison);

/// Whether ids are known not to count from the back.
bool isNeverNegative(Value ids);

/// Reads one router, from the weights that experts are combined with to the
/// logits. Each step either understands a node exactly, or takes its result as
/// what the gate is given; `remarks` says what stopped it where there is no
/// gate then.
class RouterReader {
public:
  RouterReader(MLIRContext *context, RemarkSink &remarks,
               ScoreFinder findScores = nullptr,
               AdmissionFinder findAdmission = nullptr)
      : context(context), remarks(remarks), findScores(findScores),
        findAdmission(findAdmission) {}

  FailureOr<Routing> read(Value ids, Value weights, int64_t experts);
  FailureOr<Routing> readDense(Value gates);
  FailureOr<Routing> readDispatched(ArrayRef<RouterPick> picks);
  /// Says how many experts there are, where ids do not.
  void setExperts(int64_t experts) { routing.experts = experts; }
  FailureOr<Routing> readExpertChoice(Value tokens, Value weights);

private:
  /// Notes why there is no gate.
  LogicalResult stop(Value value, const Twine &reason) {
    remarks.note(value, "router", reason);
    return failure();
  }

  /// Takes slots off `ids` and `weights` that are the same for all tokens;
  /// returns the number of the first expert in them.
  int64_t takeShared(Value &ids, Value &weights);
  /// Takes the conditions off `ids` and `weights`, which are −1 and 0 where one
  /// of them does not hold, and remembers them.
  void takeSlotTests(Value &ids, Value &weights);
  /// Explains these conditions once the choice is known.
  LogicalResult readSlotTests(Value ids);
  bool readDropBelow(const SlotTest &test, Value weights);
  bool readCut(const SlotTest &test, Value ids);
  LogicalResult readRange(const SlotTest &test, Value ids);
  LogicalResult readAdmission(const SlotTest &test, Value ids);
  /// Whether slots hold no expert where `ids` are below 0, or `count` or more.
  bool isInRange(Value ids, int64_t count);
  /// Whether all that `condition` asks for are conditions of the slots.
  bool isOfSlots(Value condition);
  /// `ids` without layouts, casts, and what stands in slots without an expert.
  Value stripSlots(Value ids);
  Value stripRow(Value rows);
  /// `values` without `fill` in slots without an expert, if they are that.
  Value stripEmpty(Value values, double fill);

  /// Follows scale, normalisation and casts from `weights`, whose rows are
  /// `width` wide, to what was picked.
  FailureOr<Value> readChain(Value weights, int64_t width);
  LogicalResult readScale(double factor, Value at);
  LogicalResult readSum(Value quotient, Value weights, Value sum);
  bool isSumOf(Value sum, Value weights);

  /// Whether `scores` are a score function, which never decreases, of `logits`.
  bool isScoreOf(Value scores, Value logits);
  /// Finds out how `picked` comes from `ids`: by the scores at them.
  LogicalResult readPick(Value ids, Value picked);
  LogicalResult readTopK(onnxir::NodeOp topK, Value ids, Value picked);
  /// `ids` are those of the rank-th greatest values.
  LogicalResult readRank(onnxir::NodeOp topK, int64_t rank, Value ids,
                         Value picked);
  LogicalResult readArgMax(onnxir::NodeOp argMax, Value picked);
  /// `picked` is null where every pick weighs 1.
  LogicalResult readFixed(Value ids, Value picked);
  LogicalResult readSparseMixer(onnxir::NodeOp ids, Value picked);
  /// Reads the cut of sorted scores by their running sum.
  LogicalResult readTopP(onnxir::NodeOp topK, const Masked &masked);
  /// The scores that `picked` are at `ids`; null when they are not gathered.
  Value getGathered(Value ids, Value picked);
  Value getGatheredByNodes(Value ids, Value picked);
  /// Reads choice values and scores; the latter null when they are the same.
  LogicalResult readChoice(Value choice, Value scores);
  /// Reads logits, state, temperature and score function. Whatever is not one
  /// of them is part of the logits.
  void readScores(Value scores);
  void readState(Value logits);
  /// Strips a group limit from choice values.
  Value readGroups(Value choice, bool fillIsPicked);
  std::optional<GroupLimitAttr> readGroupMask(const Masked &masked,
                                              double fill);

  /// Parts of readDense.
  LogicalResult readDenseCore(Value gates);
  LogicalResult readScatter(onnxir::NodeOp scatter);
  LogicalResult readScatteredLogits(onnxir::NodeOp scatter, Value gates);
  LogicalResult readMasked(const Masked &masked, Value at);
  LogicalResult readThreshold(const Masked &masked, Value at);
  LogicalResult readOneHotSum(onnxir::NodeOp sum);
  LogicalResult readPair(onnxir::NodeOp add);
  LogicalResult readPickPair(RouterPick a, RouterPick b, Value at);
  LogicalResult readPairSum(Value sum, Value a, Value b);
  void readAll(Value gates);

  void setSelect(SelectMode mode, int64_t k, Real p = 0.0, Real threshold = 0.0,
                 TieBreak tie = TieBreak::Lower, Real jitter = 0.0);
  /// Makes sure that the sum of weights is the sum of their magnitudes where
  /// the latter was taken.
  LogicalResult checkSum(Value at);

  MLIRContext *context;
  RemarkSink &remarks;
  ScoreFinder findScores;
  AdmissionFinder findAdmission;
  Routing routing;
  /// What holds for slots with an expert.
  SmallVector<SlotTest> slotTests;
  /// The scores that choices are made of, before the bias.
  Value chosenScores;
  /// Whether what is normalised is without weights of other slots.
  bool weighsSlots = false;
  /// Whether |w| was summed where w is meant.
  bool sumsMagnitudes = false;
};

/// Whether every row of `ids` is 0, 1, … along all of it.
bool isRowOfAll(Value ids);

/// Whether `add` adds marks of two ids, each times a number for each token.
bool isPairOfPicks(onnxir::NodeOp add);

/// The result of a TopK whose first picks `value` are, cut off by a Slice; else
/// `value`.
Value stripHead(Value value);

/// `values`, which stand in the reverse order along the last dimension, in
/// their own; null where they are not reversed.
Value getReversed(Value values);
/// The TopK of values along the last dimension in the reverse order, if `ids`
/// are the positions of what it finds in them: of equal values the last ones.
onnxir::NodeOp getMirrored(Value ids);

/// Masked values in any of the forms, or nothing.
std::optional<Masked> getMasked(Value value);

/// The ids …×k that `mask` …×k×E (or …×E for one id per token) marks by 1 or
/// true: OneHot, or a comparison with 0, 1, … E − 1. `wraps` says whether
/// negative ids count from the back.
Value getOneHotIds(Value mask, int64_t experts, bool &wraps);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_ONNXTOMOE_ROUTERREADER_H
