//===- ExpertLoad.cpp - How many rows each expert gets ----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Analysis/ExpertLoad.h"
#include "moe/Analysis/ChosenExperts.h"
#include <cmath>
#include <numeric>

using namespace mlir;
using namespace mlir::moe;

SmallVector<ExpertLoad> mlir::moe::getExpertLoads(int64_t tokens, int64_t slots,
                                                  int64_t experts,
                                                  ArrayRef<double> shares) {
  double total = std::accumulate(shares.begin(), shares.end(), 0.0);
  SmallVector<ExpertLoad> loads(experts);
  for (auto [i, load] : llvm::enumerate(loads)) {
    double share =
        shares.empty() ? 1.0 / static_cast<double>(experts) : shares[i] / total;
    double chosen = std::min(1.0, static_cast<double>(slots) * share);
    load.rows = static_cast<double>(tokens) * chosen;
    load.touched = 1.0 - std::pow(1.0 - chosen, static_cast<double>(tokens));
  }
  return loads;
}

/// The ids that a plan is made of; null when it comes from elsewhere.
static Value getIds(ExpertsOp op) {
  auto plan = op.getPlan().getDefiningOp<PlanOp>();
  return plan ? Value(plan.getIds()) : Value();
}

std::optional<int64_t> mlir::moe::getNumTokens(ExpertsOp op) {
  auto getStatic = [](Value value) -> std::optional<int64_t> {
    int64_t size = cast<RankedTensorType>(value.getType()).getDimSize(0);
    if (ShapedType::isDynamic(size))
      return std::nullopt;
    return size;
  };
  std::optional<int64_t> tokens;
  if (op.getGather())
    tokens = getStatic(op.getInput());
  if (!tokens && op.getCombineWeights())
    tokens = getStatic(op.getResult());
  Value ids = getIds(op);
  if (!tokens && ids && op.getPlan().getType().getOwner() == PlanOwner::Tokens)
    tokens = getStatic(ids);
  return tokens;
}

SmallVector<ExpertLoad> mlir::moe::getExpertLoads(ExpertsOp op,
                                                  int64_t tokens) {
  int64_t experts = op.getPlan().getType().getExperts();
  auto load = op->getAttrOfType<DenseF64ArrayAttr>("moe.load");
  Value ids = getIds(op);
  if (op.getPlan().getType().getOwner() == PlanOwner::Experts) {
    // Each expert takes as many tokens as it has slots.
    double rows = static_cast<double>(tokens);
    if (ids)
      if (int64_t slots = cast<RankedTensorType>(ids.getType()).getDimSize(1);
          !ShapedType::isDynamic(slots))
        rows = std::min(rows, static_cast<double>(slots));
    return SmallVector<ExpertLoad>(experts, {rows, rows > 0.0 ? 1.0 : 0.0});
  }
  // Without its ids, a plan is taken to hold one expert for each token.
  int64_t slots = 1, shared = 0;
  if (ids) {
    int64_t width = cast<RankedTensorType>(ids.getType()).getDimSize(1);
    slots = ShapedType::isDynamic(width) ? 1 : width;
    if (std::optional<Routing> routing = getRouting(ids.getDefiningOp()))
      if (routing->experts + routing->shared == experts)
        shared = routing->shared;
  }
  // What was measured of other experts says nothing.
  if (load && load.size() == experts)
    return getExpertLoads(tokens, slots, experts, load.asArrayRef());
  SmallVector<ExpertLoad> loads =
      getExpertLoads(tokens, slots - shared, experts - shared);
  loads.append(shared, {static_cast<double>(tokens), tokens > 0 ? 1.0 : 0.0});
  return loads;
}
