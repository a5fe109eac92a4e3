//===- SimplifyExpertsSets.cpp - Dead and duplicate experts -----*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExpertKeys.h"
#include "SimplifyExperts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "moe/Analysis/ChosenExperts.h"
#include "moe/Dialect/MoE/Transforms/Transforms.h"
#include <map>

using namespace mlir;
using namespace mlir::moe;

namespace {
/// One layer's plan and all that reads it.
class Layer {
public:
  explicit Layer(PlanOp plan)
      : plan(plan), size(plan.getPlan().getType().getExperts()) {}

  /// Finds the readers; says in `reason` what hinders.
  LogicalResult read(StringRef &reason);
  /// Decides what each expert becomes; false when all stay.
  bool decide();
  void rewrite(RewriterBase &rewriter);

  CompactedExperts counts;

private:
  Value getSet(ExpertsOp op, int64_t expert, int64_t &local) const;
  bool canRemove(int64_t expert) const;
  bool isRowwise(int64_t expert) const;
  std::optional<ExpertKey> getKey(ExpertKeys &keys, int64_t expert) const;
  void removeUnused(const ChosenExperts &chosen);
  void mergeDuplicates();
  Value buildIds(RewriterBase &rewriter);
  DenseF64ArrayAttr mergeLoad(ExpertsOp op) const;
  void rewriteExperts(ExpertsOp op, Value newPlan, RewriterBase &rewriter);

  PlanOp plan;
  int64_t size;
  SmallVector<ExpertsOp> readers;
  SmallVector<Operation *> others;
  /// Whether rows of the plan are read in the plan's order only.
  bool hidesRows = true;
  /// Whether all sums use these weights; null when they do not.
  Value commonWeights;

  static constexpr int64_t kRemoved = -1;
  /// For each expert, the one that stands for it, or kRemoved.
  SmallVector<int64_t> standIn;
};
} // namespace

LogicalResult Layer::read(StringRef &reason) {
  bool isFirst = true;
  auto addWeights = [&](Value weights) {
    commonWeights = isFirst || commonWeights == weights ? weights : Value();
    isFirst = false;
  };
  auto isRead = [&](Value rows) {
    return llvm::all_of(rows.getUsers(), [&](Operation *user) {
      if (auto combine = dyn_cast<CombineOp>(user))
        return combine.getPlan() == plan.getPlan() && combine.getRows() == rows;
      auto experts = dyn_cast<ExpertsOp>(user);
      return experts && experts.getPlan() == plan.getPlan() &&
             experts.getInput() == rows && !experts.getGather();
    });
  };
  for (Operation *user : plan->getUsers()) {
    if (auto experts = dyn_cast<ExpertsOp>(user)) {
      readers.push_back(experts);
      if (experts.getCombineWeights())
        addWeights(experts.getCombineWeights());
      else
        hidesRows &= isRead(experts.getResult());
    } else if (auto combine = dyn_cast<CombineOp>(user)) {
      addWeights(combine.getWeights());
      others.push_back(user);
    } else if (auto dispatch = dyn_cast<DispatchOp>(user)) {
      hidesRows &= isRead(dispatch.getRows());
      others.push_back(user);
    } else {
      reason = "the plan is used outside the layer";
      return failure();
    }
  }
  if (readers.empty()) {
    reason = "the plan has no experts";
    return failure();
  }
  // Rows that somebody else reads may be those of any expert.
  if (!hidesRows)
    commonWeights = {};
  return success();
}

/// The set that holds an expert of the plan, and its place there.
Value Layer::getSet(ExpertsOp op, int64_t expert, int64_t &local) const {
  for (Value set : op.getSets()) {
    int64_t count = cast<ExpertsType>(set.getType()).getCount();
    if (expert < count) {
      local = expert;
      return set;
    }
    expert -= count;
  }
  llvm_unreachable("the sets' counts add up to the plan's experts");
}

bool Layer::canRemove(int64_t expert) const {
  int64_t local;
  return llvm::all_of(readers, [&](ExpertsOp op) {
    return canSelectExperts(getSet(op, expert, local));
  });
}

/// Whether an expert looks at one row at a time, so that rows more or less make
/// no difference to others.
bool Layer::isRowwise(int64_t expert) const {
  int64_t local;
  return llvm::all_of(readers, [&](ExpertsOp op) {
    return isa_and_nonnull<FFNExpertsOp, ZeroExpertsOp, CopyExpertsOp,
                           ConstantExpertsOp>(
        getSet(op, expert, local).getDefiningOp());
  });
}

/// What an expert is to all readers.
std::optional<ExpertKey> Layer::getKey(ExpertKeys &keys, int64_t expert) const {
  ExpertKey all;
  for (ExpertsOp op : readers) {
    int64_t local;
    Value set = getSet(op, expert, local);
    std::optional<ExpertKey> key = keys.get(set, local);
    if (!key)
      return std::nullopt;
    all.push_back(key->size());
    llvm::append_range(all, *key);
  }
  return all;
}

void Layer::removeUnused(const ChosenExperts &chosen) {
  // What only NaN weights choose gives NaN whichever expert makes the row.
  bool anyWillDo = commonWeights && commonWeights == chosen.weights;
  int64_t substitute = kRemoved;
  for (int64_t expert = 0; expert < size && substitute == kRemoved; ++expert)
    if (chosen.possible.test(expert) && !chosen.onlyByNaN.test(expert) &&
        isRowwise(expert))
      substitute = expert;
  for (int64_t expert = 0; expert < size; ++expert) {
    bool isNamed = chosen.possible.test(expert);
    bool isByNaN = isNamed && chosen.onlyByNaN.test(expert) && anyWillDo &&
                   substitute != kRemoved;
    if ((isNamed && !isByNaN) || !canRemove(expert))
      continue;
    standIn[expert] = isByNaN ? substitute : kRemoved;
    ++counts.dead;
  }
}

void Layer::mergeDuplicates() {
  ExpertKeys keys;
  std::map<ExpertKey, int64_t> first;
  for (int64_t expert = 0; expert < size; ++expert) {
    if (standIn[expert] != expert || !canRemove(expert))
      continue;
    std::optional<ExpertKey> key = getKey(keys, expert);
    if (!key)
      continue;
    auto [entry, isNew] = first.try_emplace(*key, expert);
    if (isNew)
      continue;
    standIn[expert] = entry->second;
    ++counts.duplicates;
  }
  // A substitute may itself have become another.
  for (int64_t &expert : standIn)
    if (expert != kRemoved)
      expert = standIn[expert];
}

bool Layer::decide() {
  std::optional<ChosenExperts> chosen = getChosenExperts(plan.getIds(), size);
  if (!chosen)
    return false;
  standIn = llvm::to_vector(llvm::seq<int64_t>(0, size));
  removeUnused(*chosen);
  // Rows of merged experts stand in another order.
  if (hidesRows)
    mergeDuplicates();
  return counts.dead + counts.duplicates > 0;
}

/// The plan's ids, numbered as the experts that are left.
Value Layer::buildIds(RewriterBase &rewriter) {
  SmallVector<int32_t> place(size, -1), table(size, -1);
  int32_t next = 0;
  for (int64_t expert = 0; expert < size; ++expert)
    if (standIn[expert] == expert)
      place[expert] = next++;
  for (int64_t expert = 0; expert < size; ++expert)
    if (standIn[expert] != kRemoved)
      table[expert] = place[standIn[expert]];

  Value ids = plan.getIds();
  DenseIntElementsAttr constant;
  if (matchPattern(ids, m_Constant(&constant))) {
    auto renamed = llvm::cast<DenseElementsAttr>(constant).mapValues(
        rewriter.getI32Type(), [&](const APInt &id) {
          bool isExpert = !id.isNegative() && id.ult(size);
          return APInt(32, isExpert ? table[id.getZExtValue()] : -1,
                       /*isSigned=*/true);
        });
    return arith::ConstantOp::create(rewriter, ids.getLoc(),
                                     cast<DenseElementsAttr>(renamed));
  }
  // Ids that leave the plan's range are as good as −1.
  bool isPrefix = true;
  for (int64_t expert = 0; expert < size; ++expert)
    isPrefix &= table[expert] == -1 ? expert >= next : table[expert] == expert;
  if (isPrefix)
    return ids;
  return RemapIdsOp::create(rewriter, plan.getLoc(), ids.getType(), ids, table);
}

/// The measured load of the experts that are left, each with those that it
/// stands for; null when there is none.
DenseF64ArrayAttr Layer::mergeLoad(ExpertsOp op) const {
  auto load = op->getAttrOfType<DenseF64ArrayAttr>("moe.load");
  if (!load || load.size() != size)
    return {};
  SmallVector<double> all(size, 0.0), left;
  double total = 0.0;
  for (auto [share, expert] : llvm::zip_equal(load.asArrayRef(), standIn))
    if (expert != kRemoved) {
      all[expert] += share;
      total += share;
    }
  for (int64_t expert = 0; expert < size; ++expert)
    if (standIn[expert] == expert)
      left.push_back(all[expert]);
  if (!(total > 0.0))
    return {};
  return DenseF64ArrayAttr::get(op.getContext(), left);
}

void Layer::rewriteExperts(ExpertsOp op, Value newPlan,
                           RewriterBase &rewriter) {
  SmallVector<Value> sets;
  int64_t first = 0;
  for (Value set : op.getSets()) {
    int64_t count = cast<ExpertsType>(set.getType()).getCount();
    SmallVector<int64_t> kept;
    for (int64_t local = 0; local < count; ++local)
      if (standIn[first + local] == first + local)
        kept.push_back(local);
    first += count;
    if (kept.empty())
      continue;
    rewriter.setInsertionPoint(op);
    sets.push_back(selectExperts(rewriter, set, kept));
  }
  if (sets.empty()) {
    // A plan has an expert, even if nobody chooses it.
    int64_t in = cast<RankedTensorType>(op.getInput().getType()).getDimSize(1);
    int64_t out = cast<RankedTensorType>(op.getType()).getDimSize(1);
    auto type = ExpertsType::get(op.getContext(), 1, in, out);
    sets.push_back(ZeroExpertsOp::create(rewriter, op.getLoc(), type));
  }
  rewriter.modifyOpInPlace(op, [&] {
    op.getSetsMutable().assign(sets);
    op.getPlanMutable().assign(newPlan);
    op->removeAttr("moe.schedule");
    if (DenseF64ArrayAttr load = mergeLoad(op))
      op->setAttr("moe.load", load);
    else
      op->removeAttr("moe.load");
  });
}

/// Erases `op` and what it alone kept alive.
static void eraseUnused(Operation *op, RewriterBase &rewriter) {
  SmallVector<Operation *> pending = {op};
  while (!pending.empty()) {
    Operation *next = pending.pop_back_val();
    if (!isOpTriviallyDead(next))
      continue;
    SmallVector<Operation *> definitions;
    for (Value operand : next->getOperands())
      if (Operation *definition = operand.getDefiningOp())
        if (!llvm::is_contained(definitions, definition))
          definitions.push_back(definition);
    rewriter.eraseOp(next);
    for (Operation *definition : definitions)
      if (!llvm::is_contained(pending, definition))
        pending.push_back(definition);
  }
}

void Layer::rewrite(RewriterBase &rewriter) {
  rewriter.setInsertionPoint(plan);
  Value ids = buildIds(rewriter);
  int64_t left = 0;
  for (int64_t expert = 0; expert < size; ++expert)
    left += standIn[expert] == expert;
  auto type = PlanType::get(plan.getContext(), std::max<int64_t>(left, 1),
                            plan.getPlan().getType().getOwner());
  Value newPlan =
      PlanOp::create(rewriter, plan.getLoc(), type, ids, plan.getTokens());
  SmallVector<Value> oldSets;
  for (ExpertsOp op : readers) {
    llvm::append_range(oldSets, op.getSets());
    rewriteExperts(op, newPlan, rewriter);
  }
  for (Operation *op : others)
    rewriter.modifyOpInPlace(
        op, [&] { op->replaceUsesOfWith(plan.getPlan(), newPlan); });
  rewriter.eraseOp(plan);
  SetVector<Operation *> makers;
  for (Value set : oldSets)
    if (Operation *maker = set.getDefiningOp())
      makers.insert(maker);
  for (Operation *maker : makers)
    eraseUnused(maker, rewriter);
}

FailureOr<CompactedExperts> mlir::moe::compactExperts(PlanOp plan,
                                                      RewriterBase &rewriter,
                                                      StringRef &reason) {
  if (plan.getPlan().getType().getOwner() != PlanOwner::Tokens)
    return CompactedExperts();
  Layer layer(plan);
  bool isReadable = succeeded(layer.read(reason));
  if (!isReadable)
    return failure();
  if (!layer.decide())
    return CompactedExperts();
  layer.rewrite(rewriter);
  return layer.counts;
}
