//===- ChosenExperts.cpp - Which experts ids may name -----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Analysis/ChosenExperts.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include <numeric>

using namespace mlir;
using namespace mlir::moe;

/// Above this many experts no list of them is made.
constexpr int64_t kMaxExperts = 1 << 20;

template <typename OpT> static Routing readRouting(OpT op) {
  Routing routing;
  routing.bias = op.getBias();
  routing.values = op.getValues();
  routing.givenIds = op.getGivenIds();
  routing.table = op.getTable();
  routing.score = op.getScore();
  routing.groupLimit = op.getGroupLimitAttr();
  routing.select = op.getSelect();
  routing.normalize = op.getNormalizeAttr();
  routing.experts = op.getNumExperts();
  routing.shared = op.getShared();
  routing.weights = op.getWeights();
  routing.ids = op.getIds();
  return routing;
}

std::optional<Routing> mlir::moe::getRouting(Operation *op) {
  if (auto gate = dyn_cast_or_null<GateOp>(op))
    return readRouting(gate);
  if (auto route = dyn_cast_or_null<RouteOp>(op))
    return readRouting(route);
  return std::nullopt;
}

/// Marks the ids of a constant; false when `ids` is none.
static bool addConstantIds(Value ids, llvm::BitVector &possible) {
  DenseIntElementsAttr constant;
  if (!ids || !matchPattern(ids, m_Constant(&constant)))
    return false;
  auto add = [&](const APInt &id) {
    if (!id.isNegative() && id.ult(possible.size()))
      possible.set(id.getZExtValue());
  };
  if (constant.isSplat()) {
    if (constant.getNumElements() > 0)
      add(constant.getSplatValue<APInt>());
    return true;
  }
  for (const APInt &id : constant.getValues<APInt>())
    add(id);
  return true;
}

/// Whether a score is never infinite, whatever finite or infinite the logits.
static bool isBounded(ScoreFunction function) {
  return function == ScoreFunction::Softmax ||
         function == ScoreFunction::Sigmoid || function == ScoreFunction::Tanh;
}

/// The experts whose choice value c = p + bias is −∞ unless p is NaN or +∞.
static llvm::BitVector getExcludedByBias(const Routing &routing) {
  llvm::BitVector excluded(routing.experts);
  DenseFPElementsAttr bias;
  if (!routing.bias || !matchPattern(routing.bias, m_Constant(&bias)))
    return excluded;
  for (auto [expert, value] : llvm::enumerate(bias.getValues<APFloat>()))
    if (value.isInfinity() && value.isNegative())
      excluded.set(expert);
  return excluded;
}

/// The fewest experts outside `excluded` that any `keep` groups hold.
static int64_t countFewestLeft(const Routing &routing,
                               const llvm::BitVector &excluded) {
  if (!routing.groupLimit)
    return routing.experts - excluded.count();
  int64_t size = routing.experts / routing.groupLimit.getCount();
  SmallVector<int64_t> left(routing.groupLimit.getCount(), size);
  for (unsigned expert : excluded.set_bits())
    --left[expert / size];
  llvm::sort(left);
  return std::accumulate(
      left.begin(), left.begin() + routing.groupLimit.getKeep(), int64_t(0));
}

/// The experts that a ranking gate can choose only by NaN weights: those of
/// bias −∞, when others always come before them (V3) and a choice in spite of
/// it has weight NaN. Says in `reason` why there are none of such a bias.
static llvm::BitVector getOnlyByNaN(const Routing &routing, StringRef &reason) {
  llvm::BitVector none(routing.experts);
  llvm::BitVector excluded = getExcludedByBias(routing);
  if (excluded.none())
    return none;
  SelectAttr select = routing.select;
  ScoreFunction score = routing.score.getFunction();
  // c is NaN, and above all, where p is NaN, or +∞. An infinite weight is as
  // good as NaN only where normalisation divides it by itself.
  NormalizeAttr normalize = routing.normalize;
  bool normalizes = normalize && normalize.getMode() != NormalizeMode::None;
  GroupLimitAttr groups = routing.groupLimit;
  bool fills = groups && groups.getFill() !=
                             Real(-std::numeric_limits<double>::infinity());
  bool isThreshold = select.getMode() == SelectMode::Threshold;
  bool ranks = select.getMode() == SelectMode::TopK ||
               select.getMode() == SelectMode::TopP ||
               select.getMode() == SelectMode::RankK;
  int64_t picks =
      select.getMode() == SelectMode::RankK ? select.getRank() : select.getK();
  if (routing.values)
    reason =
        "weights that are other values may be numbers where scores are NaN";
  else if (!isBounded(score) && !normalizes)
    reason = "an infinite score is NaN with the bias, and is chosen";
  else if (fills)
    reason = "the group limit gives excluded experts a choice value";
  // c > threshold is never true of −∞.
  else if (isThreshold)
    return excluded;
  else if (!ranks)
    reason = "the selection does not rank experts for each token";
  else if (score == ScoreFunction::Identity)
    reason = "other experts of score -inf would tie with them";
  else if (countFewestLeft(routing, excluded) < picks)
    reason = "too few others are left to fill the slots";
  else
    return excluded;
  return none;
}

StringRef mlir::moe::explainExcludedByBias(const Routing &routing) {
  StringRef reason;
  (void)getOnlyByNaN(routing, reason);
  return reason;
}

/// The ids of a gate or a route that chooses for tokens.
static ChosenExperts getChosen(const Routing &routing, int64_t experts) {
  ChosenExperts result;
  result.weights = routing.weights;
  int64_t routed = std::min(routing.experts, experts);
  llvm::BitVector possible(routed);
  SelectMode mode = routing.select.getMode();
  bool known =
      (mode == SelectMode::Given &&
       addConstantIds(routing.givenIds, possible)) ||
      (mode == SelectMode::Table && addConstantIds(routing.table, possible));
  if (!known)
    possible.set();
  StringRef reason;
  llvm::BitVector onlyByNaN = getOnlyByNaN(routing, reason);
  onlyByNaN.resize(routed);
  possible.resize(experts);
  onlyByNaN.resize(experts);
  for (int64_t i = routing.experts;
       i < std::min(routing.experts + routing.shared, experts); ++i)
    possible.set(i);
  result.possible = possible;
  result.onlyByNaN = onlyByNaN;
  return result;
}

/// The ids of a remapping, given those that it remaps.
static ChosenExperts remap(const ChosenExperts &from, ArrayRef<int32_t> table,
                           int64_t experts) {
  ChosenExperts result;
  result.weights = from.weights;
  result.possible.resize(experts);
  result.onlyByNaN.resize(experts, true);
  for (unsigned id : from.possible.set_bits()) {
    int32_t to = table[id];
    if (to < 0 || to >= experts)
      continue;
    result.possible.set(to);
    if (!from.onlyByNaN.test(id))
      result.onlyByNaN.reset(to);
  }
  result.onlyByNaN &= result.possible;
  return result;
}

std::optional<ChosenExperts> mlir::moe::getChosenExperts(Value ids,
                                                         int64_t experts) {
  if (experts > kMaxExperts)
    return std::nullopt;
  // Remappings on the way, the last one first.
  SmallVector<RemapIdsOp> remaps;
  int64_t size = experts;
  while (Operation *op = ids.getDefiningOp()) {
    if (auto cast = dyn_cast<tensor::CastOp>(op)) {
      ids = cast.getSource();
      continue;
    }
    auto remapping = dyn_cast<RemapIdsOp>(op);
    if (!remapping)
      break;
    remaps.push_back(remapping);
    size = remapping.getTable().size();
    ids = remapping.getIds();
  }
  if (size > kMaxExperts)
    return std::nullopt;

  ChosenExperts chosen;
  chosen.possible.resize(size);
  chosen.onlyByNaN.resize(size);
  std::optional<Routing> routing = getRouting(ids.getDefiningOp());
  if (routing && ids == routing->ids &&
      routing->select.getMode() != SelectMode::ExpertChoice)
    chosen = getChosen(*routing, size);
  else if (!addConstantIds(ids, chosen.possible))
    chosen.possible.set();
  for (auto [i, op] : llvm::enumerate(llvm::reverse(remaps))) {
    bool isLast = i + 1 == remaps.size();
    int64_t next = isLast
                       ? experts
                       : static_cast<int64_t>(
                             remaps[remaps.size() - 2 - i].getTable().size());
    if (next > kMaxExperts)
      return std::nullopt;
    chosen = remap(chosen, op.getTable(), next);
  }
  return chosen;
}
