//===- RouterCapacity.cpp - Places of tokens in experts ---------*- C++ -*-===//
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

/// More factors than a dispatch tensor is made of.
static constexpr unsigned kMaxFactors = 16;

/// Strips layouts and casts of values that are small integers.
static Value stripCount(Value value) {
  for (;;) {
    value = stripIndex(value);
    NodeOp cast = getNode(value, {"Cast", "CastLike"});
    if (!cast || !getElementTypeOrSelf(cast.getInput(0).getType()).isInteger(1))
      return value;
    value = cast.getInput(0);
  }
}

namespace {
/// A factor of a dispatch tensor T×E×C, and which dimensions it depends on
/// besides the tokens. It may stand in fewer dimensions.
struct Factor {
  Value value;
  bool overExperts = true, overPlaces = true;
};
} // namespace

/// The factors of a product, through layouts and casts.
static SmallVector<Factor> getFactors(Value value) {
  SmallVector<Factor> factors, left{{value}};
  while (!left.empty() && factors.size() < kMaxFactors) {
    Factor next = left.pop_back_val();
    int64_t rank = getRank(next.value);
    bool isColumn = getSize(next.value, -1) == 1;
    if (rank == 3) {
      next.overExperts &= getSize(next.value, -2) != 1;
      next.overPlaces &= !isColumn;
    } else if (rank < 2 || isColumn) {
      next.overExperts = next.overPlaces = false;
    }
    if (NodeOp product = getNode(stripCount(next.value), "Mul"))
      for (unsigned i : {1u, 0u})
        left.push_back(
            {product.getInput(i), next.overExperts, next.overPlaces});
    else
      factors.push_back(next);
  }
  return factors;
}

/// Whether `sums` counts, along the tokens, the marks T×E of `ids` up to and
/// including each token (before it if `exclusive`).
static bool isCount(Value sums, Value ids, int64_t experts, bool &exclusive) {
  NodeOp cumulative = getNode(stripCount(sums), "CumSum");
  if (!cumulative || cumulative.getInt("reverse", 0))
    return false;
  Value marks = cumulative.getInput(0);
  bool wraps;
  Value marked = getOneHotIds(marks, experts, wraps);
  // One count for all tokens: not one per sequence of a batch.
  std::optional<SmallVector<int64_t>> axis =
      onnxir::getConstantInts(cumulative.getInput(1));
  exclusive = cumulative.getInt("exclusive", 0) != 0;
  return marked && getRank(marks) == 2 && axis && axis->size() == 1 &&
         onnxir::normalizeAxis(axis->front(), 2) == 0 &&
         sameElements(stripIndex(marked), stripIndex(ids));
}

/// `value` without a constant that is subtracted, whose negative is added to
/// `offset`.
static Value splitOffset(Value value, int64_t &offset) {
  NodeOp node = getNode(stripCount(value), {"Sub", "Add", "Sum"});
  if (!node || node.getNumSlots() != 2)
    return value;
  std::optional<double> number = getUniform(node.getInput(1));
  if (!number || std::fabs(*number) > 1.0)
    return value;
  offset +=
      static_cast<int64_t>(node.getOpType() == "Sub" ? -*number : *number);
  return node.getInput(0);
}

/// Whether `place` is, for each token, how many tokens before it have chosen
/// its expert: Σ over experts of count · mark.
static bool isPlace(Value place, Value ids, int64_t experts) {
  int64_t offset = 0;
  NodeOp sum = getNode(stripCount(splitOffset(place, offset)), "ReduceSum");
  if (!sum || !isAlongLast(sum) || getSize(sum.getInput(0), -1) != experts)
    return false;
  NodeOp product = getNode(stripCount(sum.getInput(0)), "Mul");
  if (!product)
    return false;
  for (unsigned i : {0u, 1u}) {
    bool wraps, exclusive;
    int64_t inner = offset;
    Value counts = splitOffset(product.getInput(i), inner);
    Value marked = getOneHotIds(product.getInput(1 - i), experts, wraps);
    if (marked && sameElements(stripIndex(marked), stripIndex(ids)) &&
        isCount(counts, ids, experts, exclusive))
      return inner + (exclusive ? 0 : 1) == 0;
  }
  return false;
}

LogicalResult RouterReader::readDispatch(Value dispatch) {
  int64_t rank = getRank(dispatch), capacity = getSize(dispatch, -1);
  routing.experts = getSize(dispatch, -2);
  if (rank != 3 || ShapedType::isDynamic(routing.experts) ||
      ShapedType::isDynamic(capacity) || capacity < 1)
    return stop(dispatch, "the number of experts or of their places is not "
                          "known");
  auto reject = [&] {
    return stop(dispatch, "tokens are not dispatched to places counted in "
                          "their order");
  };
  // Which expert, which place in it, and whether there is one.
  Value ids, place;
  SmallVector<Value> kept;
  for (const Factor &factor : getFactors(dispatch)) {
    int64_t size = factor.overExperts ? routing.experts : capacity;
    bool wraps;
    if (!factor.overExperts && !factor.overPlaces) {
      kept.push_back(factor.value);
      continue;
    }
    Value marked;
    if (factor.overExperts != factor.overPlaces)
      marked = getOneHotIds(stripRows(factor.value, size), size, wraps);
    Value &known = factor.overExperts ? ids : place;
    if (!marked || known)
      return reject();
    known = marked;
  }
  if (!ids || !place)
    return reject();
  // A place beyond the last one marks nothing, unless it was clipped.
  Value unclipped = stripCount(place);
  if (NodeOp clip = getNode(unclipped, {"Clip", "Min"})) {
    bool isClip = clip.getOpType() == "Clip";
    if (!isUniform(clip.getInput(isClip ? 2 : 1), capacity - 1.0) ||
        kept.empty())
      return reject();
    unclipped = clip.getInput(0);
  }
  if (!isPlace(unclipped, ids, routing.experts))
    return reject();
  for (Value factor : kept) {
    std::optional<Comparison> cut = getComparison(factor);
    std::optional<double> bound = cut ? getUniform(cut->bound) : std::nullopt;
    if (!bound || cut->greater ||
        *bound + (cut->orEqual ? 1.0 : 0.0) != static_cast<double>(capacity) ||
        !isPlace(cut->value, ids, routing.experts))
      return reject();
  }
  NodeOp chooser = getNode(stripIndex(ids), {"TopK", "ArgMax"});
  if (!chooser ||
      (chooser.getOpType() == "TopK" && getSize(chooser.getResult(1), -1) != 1))
    return stop(dispatch, "ids come from no choice that is understood");
  routing.capacity = CapacityAttr::get(context, capacity, Real(0.0));
  routing.ids = ids;
  return success();
}

FailureOr<Routing> RouterReader::readDispatched(Value dispatch, Value weights) {
  if (failed(readDispatch(dispatch)))
    return failure();
  Value ids = routing.ids;
  int64_t experts = routing.experts;
  routing.ids = Value();
  routing.weightType = getElementTypeOrSelf(weights.getType());
  FailureOr<Value> picked = readChain(weights, 1);
  if (failed(picked) || failed(readPick(ids, *picked)) ||
      failed(checkSum(weights)))
    return failure();
  // A gate normalises what is left after drops.
  if (routing.normalize != NormalizeMode::None || routing.experts != experts)
    return stop(weights, "weights of dropped tokens are normalised");
  return routing;
}

FailureOr<Routing> moe::matchDispatchRouting(Value dispatch, Value weights,
                                             RemarkSink &remarks) {
  return RouterReader(dispatch.getContext(), remarks)
      .readDispatched(dispatch, weights);
}
