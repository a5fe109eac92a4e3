//===- ConstantGate.cpp - A gate evaluated at compile time ------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ConstantGate.h"
#include "mlir/IR/Matchers.h"
#include <cmath>
#include <numeric>

using namespace mlir;
using namespace mlir::moe;

/// Elements of a tensor that are looked at, at most.
constexpr int64_t kMaxElements = 1 << 20;

/// Reads a constant of floats as F, which holds all its values; an absent one
/// gives nothing to read. False when it is no constant.
template <typename F>
static bool readReals(Value value, SmallVector<F> &reals) {
  if (!value)
    return true;
  DenseFPElementsAttr constant;
  if (!matchPattern(value, m_Constant(&constant)) ||
      constant.getNumElements() > kMaxElements)
    return false;
  for (APFloat real : constant.getValues<APFloat>()) {
    bool losesInfo;
    real.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                 &losesInfo);
    reals.push_back(static_cast<F>(real.convertToDouble()));
  }
  return true;
}

static bool readInts(Value value, SmallVector<int64_t> &ints) {
  DenseIntElementsAttr constant;
  if (!value || !matchPattern(value, m_Constant(&constant)) ||
      constant.getNumElements() > kMaxElements)
    return false;
  for (const APInt &number : constant.getValues<APInt>())
    ints.push_back(number.getSExtValue());
  return true;
}

/// e^z where every library agrees.
template <typename F> static std::optional<F> exactExp(F z) {
  if (z == 0)
    return F(1);
  if (std::isinf(z))
    return z < 0 ? F(0) : z;
  if (std::isnan(z))
    return z;
  return std::nullopt;
}

/// Replaces values by their softmax, where that is exact. Sums run in order.
template <typename F> static bool applySoftmax(MutableArrayRef<F> values) {
  F greatest = -std::numeric_limits<F>::infinity();
  for (F value : values)
    if (std::isnan(value) || value > greatest)
      greatest = value;
  // A NaN stays, since nothing compares greater than it.
  for (F value : values)
    if (std::isnan(value))
      greatest = value;
  F sum = 0;
  for (F &value : values) {
    std::optional<F> power = exactExp<F>(value - greatest);
    if (!power)
      return false;
    value = *power;
    sum += value;
  }
  for (F &value : values)
    value /= sum;
  return true;
}

/// Replaces the logits of one token by their scores (A2), where that is exact.
template <typename F>
static bool applyScore(ScoreAttr score, MutableArrayRef<F> z) {
  double temperature = score.getTemperature();
  if (temperature != 1.0)
    for (F &value : z)
      value /= static_cast<F>(temperature);
  switch (score.getFunction()) {
  case ScoreFunction::Identity:
    return true;
  case ScoreFunction::Softmax:
    return applySoftmax(z);
  case ScoreFunction::Relu:
    for (F &value : z)
      value = std::isnan(value) ? value : std::max(value, F(0));
    return true;
  case ScoreFunction::Sigmoid:
    for (F &value : z) {
      std::optional<F> power = exactExp<F>(-value);
      if (!power)
        return false;
      value = 1 / (1 + *power);
    }
    return true;
  case ScoreFunction::Tanh:
    return llvm::all_of(z, [](F value) { return value == 0; });
  case ScoreFunction::SqrtSoftplus:
    return false;
  }
  llvm_unreachable("unknown score function");
}

/// The experts in the order of (V3) and (V4).
template <typename F>
static SmallVector<int32_t> rank(ArrayRef<F> choice, TieBreak tie) {
  SmallVector<int32_t> order(choice.size());
  std::iota(order.begin(), order.end(), 0);
  llvm::sort(order, [&](int32_t a, int32_t b) {
    bool isNaN[] = {std::isnan(choice[a]), std::isnan(choice[b])};
    if (isNaN[0] != isNaN[1])
      return isNaN[0];
    if (!isNaN[0] && choice[a] != choice[b])
      return choice[a] > choice[b];
    return tie == TieBreak::Lower ? a < b : a > b;
  });
  return order;
}

/// The picks of one token by rank (A8); unused slots hold −1.
template <typename F>
static void pickByRank(SelectAttr select, ArrayRef<F> scores,
                       ArrayRef<F> choice, MutableArrayRef<int32_t> ids) {
  SmallVector<int32_t> order = rank(choice, select.getTie());
  llvm::fill(ids, -1);
  if (select.getMode() == SelectMode::RankK) {
    ids[0] = order[select.getRank() - 1];
    return;
  }
  F sum = 0;
  for (auto [slot, id] : llvm::enumerate(ids)) {
    int32_t pick = order[slot];
    if (select.getMode() == SelectMode::TopP &&
        sum >= static_cast<F>(select.getP().value))
      return;
    if (select.getMode() == SelectMode::Threshold &&
        choice[pick] <= static_cast<F>(select.getThreshold().value))
      return;
    id = pick;
    sum += scores[pick];
  }
}

/// The picks of select all, given and table (A9), for all tokens.
static bool pickFixed(GateOp gate, int64_t tokens,
                      MutableArrayRef<int32_t> ids) {
  int64_t experts = gate.getNumExperts(), k = gate.getSelect().getK();
  SmallVector<int64_t> given, table;
  SelectMode mode = gate.getSelect().getMode();
  if (mode != SelectMode::All && !readInts(gate.getGivenIds(), given))
    return false;
  if (mode == SelectMode::Table && !readInts(gate.getTable(), table))
    return false;
  int64_t rows = k == 0 ? 0 : table.size() / k;
  for (int64_t t = 0; t < tokens; ++t)
    for (int64_t j = 0; j < k; ++j) {
      int64_t id = j;
      if (mode == SelectMode::Given)
        id = given[t * k + j];
      if (mode == SelectMode::Table)
        id = given[t] >= 0 && given[t] < rows ? table[given[t] * k + j] : -1;
      ids[t * k + j] = id >= 0 && id < experts ? id : -1;
    }
  return true;
}

/// Turns picks into −1 that come too late for their expert (A13).
static void applyCapacity(GateOp gate, int64_t tokens,
                          MutableArrayRef<int32_t> ids) {
  CapacityAttr capacity = gate.getCapacityAttr();
  if (!capacity)
    return;
  int64_t experts = gate.getNumExperts(), k = gate.getSelect().getK();
  double limit = capacity.getCount();
  if (capacity.getCount() == 0)
    limit = std::ceil(capacity.getFactor() * static_cast<double>(tokens * k) /
                      static_cast<double>(experts));
  SmallVector<int64_t> taken(experts, 0);
  for (int64_t j = 0; j < k; ++j)
    for (int64_t t = 0; t < tokens; ++t) {
      int32_t &id = ids[t * k + j];
      if (id >= 0 && static_cast<double>(taken[id]++) >= limit)
        id = -1;
    }
}

/// Normalises the weights of a token's picks (A15), where that is exact.
template <typename F>
static bool normalize(NormalizeAttr attr, ArrayRef<int32_t> ids,
                      MutableArrayRef<F> weights) {
  if (!attr || attr.getMode() == NormalizeMode::None)
    return true;
  SmallVector<F> picks;
  for (auto [id, weight] : llvm::zip_equal(ids, weights))
    if (id >= 0)
      picks.push_back(weight);
  if (attr.getMode() == NormalizeMode::Softmax) {
    if (!applySoftmax(MutableArrayRef<F>(picks)))
      return false;
  } else {
    F sum = 0;
    for (F weight : picks)
      sum += weight;
    if (attr.getEpsilon().value != 0.0)
      sum += static_cast<F>(attr.getEpsilon().value);
    auto floor = static_cast<F>(attr.getFloor().value);
    if (floor != 0 && !std::isnan(sum))
      sum = std::max(sum, floor);
    for (F &weight : picks)
      weight /= sum;
  }
  const F *next = picks.begin();
  for (auto [id, weight] : llvm::zip_equal(ids, weights))
    if (id >= 0)
      weight = *next++;
  return true;
}

/// Whether the picks are known without the logits.
static bool isFixed(SelectMode mode) {
  return mode == SelectMode::All || mode == SelectMode::Given ||
         mode == SelectMode::Table;
}

/// Puts the slots of shared experts behind those of routed ones (G23).
static GateValues appendShared(GateOp gate, int64_t tokens,
                               ArrayRef<int32_t> ids, ArrayRef<double> weights,
                               ArrayRef<double> shared) {
  int64_t k = gate.getSelect().getK(), extra = gate.getShared();
  GateValues values;
  values.width = k + extra;
  for (int64_t t = 0; t < tokens; ++t) {
    for (int64_t j = 0; j < k; ++j) {
      values.ids.push_back(ids[t * k + j]);
      values.weights.push_back(weights.empty() ? 0.0 : weights[t * k + j]);
    }
    for (int64_t s = 0; s < extra; ++s) {
      values.ids.push_back(gate.getNumExperts() + s);
      values.weights.push_back(shared.empty() ? 1.0 : shared[t * extra + s]);
    }
  }
  return values;
}

/// The number of tokens, if it is static and the results are not too large.
static std::optional<int64_t> getTokens(GateOp gate) {
  auto logits = cast<RankedTensorType>(gate.getLogits().getType());
  int64_t tokens = logits.getDimSize(0);
  if (ShapedType::isDynamic(tokens) || gate.isExpertChoice() ||
      tokens > kMaxElements / (gate.getSelect().getK() + gate.getShared()))
    return std::nullopt;
  return tokens;
}

std::optional<GateValues> mlir::moe::evaluateIds(GateOp gate) {
  std::optional<int64_t> tokens = getTokens(gate);
  if (!tokens || !isFixed(gate.getSelect().getMode()) || gate.getDropBelow())
    return std::nullopt;
  SmallVector<int32_t> ids(*tokens * gate.getSelect().getK());
  if (!pickFixed(gate, *tokens, ids))
    return std::nullopt;
  applyCapacity(gate, *tokens, ids);
  return appendShared(gate, *tokens, ids, {}, {});
}

/// The same in the compute type F.
template <typename F> static std::optional<GateValues> evaluate(GateOp gate) {
  std::optional<int64_t> tokens = getTokens(gate);
  SelectMode mode = gate.getSelect().getMode();
  if (!tokens || gate.getGroupLimit() || mode == SelectMode::SparseMixer)
    return std::nullopt;
  SmallVector<F> z, state, bias, values, shared;
  if (!readReals(gate.getLogits(), z) || !readReals(gate.getState(), state) ||
      !readReals(gate.getBias(), bias) ||
      !readReals(gate.getValues(), values) ||
      !readReals(gate.getSharedWeights(), shared))
    return std::nullopt;
  int64_t experts = gate.getNumExperts(), k = gate.getSelect().getK();
  for (size_t i = 0; i < state.size(); ++i)
    z[i] += state[i];

  SmallVector<int32_t> ids(*tokens * k);
  if (isFixed(mode) && !pickFixed(gate, *tokens, ids))
    return std::nullopt;
  for (int64_t t = 0; t < *tokens; ++t) {
    MutableArrayRef<F> scores(z.data() + t * experts, experts);
    if (!applyScore(gate.getScore(), scores))
      return std::nullopt;
    if (isFixed(mode))
      continue;
    // Negative scores would make "the fewest that reach p" ambiguous.
    if (mode == SelectMode::TopP &&
        llvm::any_of(scores, [](F score) { return score < 0; }))
      return std::nullopt;
    SmallVector<F> choice(scores);
    for (size_t i = 0; i < bias.size(); ++i)
      choice[i] += bias[i];
    pickByRank<F>(gate.getSelect(), scores, choice,
                  MutableArrayRef<int32_t>(ids).slice(t * k, k));
  }
  applyCapacity(gate, *tokens, ids);

  ArrayRef<F> source = gate.getValues() ? values : z;
  SmallVector<double> weights;
  auto scale = static_cast<F>(gate.getScale().convertToDouble());
  std::optional<APFloat> dropBelow = gate.getDropBelow();
  for (int64_t t = 0; t < *tokens; ++t) {
    MutableArrayRef<int32_t> picks(ids.data() + t * k, k);
    SmallVector<F> own(k, F(0));
    for (auto [slot, id] : llvm::enumerate(picks))
      if (id >= 0)
        own[slot] = source[t * experts + id];
    if (!normalize<F>(gate.getNormalizeAttr(), picks, own))
      return std::nullopt;
    for (auto [id, weight] : llvm::zip_equal(picks, own)) {
      weight *= scale;
      if (dropBelow && weight <= static_cast<F>(dropBelow->convertToDouble()))
        id = -1;
      weights.push_back(id >= 0 ? static_cast<double>(weight) : 0.0);
    }
  }
  SmallVector<double> coefficients(shared.begin(), shared.end());
  return appendShared(gate, *tokens, ids, weights, coefficients);
}

std::optional<GateValues> mlir::moe::evaluateGate(GateOp gate) {
  if (getElementTypeOrSelf(gate.getLogits().getType()).isF64())
    return evaluate<double>(gate);
  return evaluate<float>(gate);
}
