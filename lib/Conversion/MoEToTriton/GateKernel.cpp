//===- GateKernel.cpp - The choice of experts of a block of tokens --------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "moe/Dialect/MoE/IR/Activation.h"
#include "llvm/Support/raw_ostream.h"
#include <limits>

using namespace mlir;
using namespace mlir::moe;

static constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string RoutingConfig::key() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << experts << "," << slots << "," << weightType;
  if (!gate)
    return text;
  GateOp op = gate;
  os << "," << op->getAttrDictionary();
  for (Type type : op->getOperandTypes())
    os << "," << getElementTypeOrSelf(type);
  return text;
}

LogicalResult
mlir::moe::verifyGate(GateOp gate,
                      function_ref<InFlightDiagnostic()> emitError) {
  SelectMode mode = gate.getSelect().getMode();
  if (mode != SelectMode::TopK && mode != SelectMode::TopP &&
      mode != SelectMode::Threshold && mode != SelectMode::RankK)
    return emitError() << "its gate selects by " << stringifySelectMode(mode);
  if (gate.getCapacity())
    return emitError() << "its gate limits the capacity of experts";
  for (Value operand : gate->getOperands())
    if (getElementTypeOrSelf(operand).isF64())
      return emitError() << "its gate computes in f64";
  if (getElementTypeOrSelf(gate.getWeights()).isF64())
    return emitError() << "its routing weights are f64";
  return success();
}

SmallVector<Value> mlir::moe::getGateOperands(GateOp gate) {
  SmallVector<Value> operands = {gate.getLogits()};
  for (Value operand : {gate.getBias(), gate.getState(), gate.getValues(),
                        gate.getSharedWeights()})
    if (operand)
      operands.push_back(operand);
  return operands;
}

namespace {
/// Builds the choice of a block of tokens. Matrices are [tokens, experts],
/// experts rounded up to a power of two.
class GateBuilder {
public:
  GateBuilder(KernelBuilder &k, const RoutingConfig &config,
              ValueRange operands, Value tokens, Value live, int64_t numTokens)
      : k(k), gate(config.gate), tokens(tokens), live(live),
        numTokens(numTokens), experts(gate.getNumExperts()),
        padded(roundUpToPowerOf2(experts)), slots(config.paddedSlots()) {
    logits = operands.front();
    operands = operands.drop_front();
    auto next = [&](Value present) {
      if (!present)
        return Value();
      Value operand = operands.front();
      operands = operands.drop_front();
      return operand;
    };
    bias = next(gate.getBias());
    state = next(gate.getState());
    values = next(gate.getValues());
    sharedWeights = next(gate.getSharedWeights());
  }

  Choice build();

private:
  Value readMatrix(Value base);
  Value buildScores();
  Value buildSoftmax(Value z);
  Value buildKeys(Value choice, Value index);
  Value limitGroups(Value choice, Value keys);
  Value rankGroups(Value choice, Value keys);
  Choice select(Value scores, Value choice, Value keys, Value weights);
  Value normalize(Value ids, Value weights);
  Choice appendShared(Choice choice);

  /// Σ over the row of `matrix` where `mask`; a vector.
  Value sumWhere(Value mask, Value matrix) {
    return k.reduce(k.select(mask, matrix, k.constant(k.f32(), 0)), 1,
                    Combine::Add);
  }
  Value row(Value vector) { return k.along(vector, 0); }

  KernelBuilder &k;
  GateOp gate;
  Value tokens, live;
  int64_t numTokens, experts, padded, slots;
  Value logits, bias, state, values, sharedWeights;
  Value columns, valid, slotRange;
};
} // namespace

/// A matrix T×E as f32.
Value GateBuilder::readMatrix(Value base) {
  Value start = k.mul(k.convert(row(tokens), k.i64()), k.i64(experts));
  Value offset = k.add(start, k.convert(columns, k.i64()));
  Value mask = k.andOp(row(live), valid);
  return k.convert(k.read(base, offset, mask), k.f32());
}

Value GateBuilder::buildSoftmax(Value z) {
  z = k.select(valid, z, k.constant(k.f32(), -kInfinity));
  Value shifted = k.sub(z, row(k.reduce(z, 1, Combine::Max)));
  Value e = k.exp(shifted);
  return k.div(e, row(k.reduce(e, 1, Combine::Add)));
}

/// (G17): p.
Value GateBuilder::buildScores() {
  Value z = readMatrix(logits);
  if (state)
    z = k.add(z, readMatrix(state));
  double temperature = gate.getScore().getTemperature();
  if (temperature != 1.0)
    z = k.div(z, k.constant(k.f32(), temperature));
  ImplicitLocOpBuilder &b = k.get();
  switch (gate.getScore().getFunction()) {
  case ScoreFunction::Identity:
    return z;
  case ScoreFunction::Softmax:
    return buildSoftmax(z);
  case ScoreFunction::Sigmoid:
    return buildSigmoid(b, b.getLoc(), z);
  case ScoreFunction::SqrtSoftplus: {
    // log(1 + e^z) = max(z, 0) + log(1 + t), t = e^−|z|; the latter is
    // 2·artanh(t / (2 + t)), whose series keeps small t exact.
    Value t = k.exp(k.sub(k.constant(k.f32(), 0), math::AbsFOp::create(b, z)));
    Value s = k.div(t, k.add(t, k.constant(k.f32(), 2)));
    Value square = k.mul(s, s);
    Value series = k.constant(k.f32(), 2.0 / 17);
    for (int power = 15; power > 0; power -= 2)
      series = k.add(k.mul(square, series), k.constant(k.f32(), 2.0 / power));
    Value log = k.mul(s, series);
    return math::SqrtOp::create(
        b, k.add(k.maximum(z, k.constant(k.f32(), 0)), log));
  }
  case ScoreFunction::Relu:
    return k.maximum(z, k.constant(k.f32(), 0));
  case ScoreFunction::Tanh:
    return math::TanhOp::create(b, z);
  }
  llvm_unreachable("unknown score function");
}

/// One integer for each choice value, in the order of (V3) and (V4): the
/// float's bits in the high word, monotone as an integer, and in the low word
/// what is greater for the index that wins a tie.
Value GateBuilder::buildKeys(Value choice, Value index) {
  // −0 becomes +0.
  Value bits = k.bitcast(k.add(choice, k.constant(k.f32(), 0)), k.i32());
  Value negative = k.less(bits, k.i32(0));
  bits = k.select(
      negative, k.sub(k.i32(std::numeric_limits<int32_t>::min()), bits), bits);
  bits = k.select(k.isNaN(choice), k.i32(std::numeric_limits<int32_t>::max()),
                  bits);
  Value low = index;
  if (gate.getSelect().getTie() == TieBreak::Lower)
    low = k.sub(k.i32(std::numeric_limits<int32_t>::max()), index);
  Value high = k.mul(k.convert(bits, k.i64()), k.i64(int64_t(1) << 32));
  return k.add(high, k.convert(low, k.i64()));
}

/// What no key is as small as.
static Value lowest(KernelBuilder &k) {
  return k.i64(std::numeric_limits<int64_t>::min());
}

/// (A4): the rank of each group, a matrix [tokens, groups].
Value GateBuilder::rankGroups(Value choice, Value keys) {
  GroupLimitAttr limit = gate.getGroupLimitAttr();
  int64_t size = experts / limit.getCount();
  int64_t groups = roundUpToPowerOf2(limit.getCount());
  Value groupOf = k.div(columns, k.i32(size));
  Value range = k.range(groups, 1);
  Value zero = k.full({numTokens, groups}, k.f32(), 0);
  return k.loop(k.i32(0), k.i32(limit.getCount()), 1, zero,
                [&](Value g, ValueRange carried) -> SmallVector<Value> {
                  Value inside = k.andOp(k.equal(groupOf, g), valid);
                  Value left = k.select(inside, keys, lowest(k));
                  Value best = row(k.reduce(left, 1, Combine::Max));
                  Value rank = sumWhere(k.equal(left, best), choice);
                  if (limit.getBy() == GroupReduce::Top2Sum) {
                    left = k.select(k.equal(left, best), lowest(k), left);
                    best = row(k.reduce(left, 1, Combine::Max));
                    rank = k.add(rank, sumWhere(k.equal(left, best), choice));
                  }
                  return {k.select(k.equal(range, g), row(rank), carried[0])};
                })[0];
}

/// (A4): the keys, lowest outside of the groups that are kept; with a fill,
/// new keys.
Value GateBuilder::limitGroups(Value choice, Value keys) {
  GroupLimitAttr limit = gate.getGroupLimitAttr();
  int64_t groups = roundUpToPowerOf2(limit.getCount());
  Value range = k.range(groups, 1);
  Value groupKeys = buildKeys(rankGroups(choice, keys), range);
  groupKeys =
      k.select(k.less(range, k.i32(limit.getCount())), groupKeys, lowest(k));
  Value groupOf = k.div(columns, k.i32(experts / limit.getCount()));
  Value none = k.full({numTokens, padded}, k.i32(), 0);
  Value kept =
      k.loop(k.i32(0), k.i32(limit.getKeep()), 1, {groupKeys, none},
             [&](Value, ValueRange carried) -> SmallVector<Value> {
               Value best = row(k.reduce(carried[0], 1, Combine::Max));
               Value winner = k.equal(carried[0], best);
               Value index =
                   k.reduce(k.select(winner, range, k.i32(0)), 1, Combine::Add);
               Value inside = k.convert(k.equal(groupOf, row(index)), k.i32());
               return {k.select(winner, lowest(k), carried[0]),
                       k.orOp(carried[1], inside)};
             })[1];
  Value isKept = k.equal(kept, k.i32(1));
  double fill = limit.getFill();
  if (fill == -kInfinity)
    return k.select(isKept, keys, lowest(k));
  Value filled = k.select(isKept, choice, k.constant(k.f32(), fill));
  return k.select(valid, buildKeys(filled, columns), lowest(k));
}

/// (A8): ids and weights of the slots, unused ones −1 and 0.
Choice GateBuilder::select(Value scores, Value choice, Value keys,
                           Value weights) {
  SelectAttr attr = gate.getSelect();
  bool isRank = attr.getMode() == SelectMode::RankK;
  bool isTopP = attr.getMode() == SelectMode::TopP;
  int64_t rounds = isRank ? attr.getRank() : attr.getK();
  SmallVector<Value> inits = {keys, k.full({numTokens, slots}, k.i32(), -1),
                              k.full({numTokens, slots}, k.f32(), 0),
                              k.full({numTokens}, k.f32(), 0)};
  SmallVector<Value> results = k.loop(
      k.i32(0), k.i32(rounds), 1, inits,
      [&](Value j, ValueRange carried) -> SmallVector<Value> {
        Value best = row(k.reduce(carried[0], 1, Combine::Max));
        Value winner = k.andOp(k.equal(carried[0], best), valid);
        Value index =
            k.reduce(k.select(winner, columns, k.i32(0)), 1, Combine::Add);
        Value weight = sumWhere(winner, weights);
        Value here = k.equal(slotRange, isRank ? k.i32(0) : j);
        Value total = carried[3];
        if (attr.getMode() == SelectMode::Threshold) {
          Value value = sumWhere(winner, choice);
          Value above = k.notOp(
              k.lessEqual(value, k.constant(k.f32(), attr.getThreshold())));
          index = k.select(above, index, k.i32(-1));
        }
        if (isTopP) {
          // A slot is used while those before it did not reach p.
          Value open =
              k.notOp(k.lessEqual(k.constant(k.f32(), attr.getP()), total));
          total = k.add(total, sumWhere(winner, scores));
          index = k.select(open, index, k.i32(-1));
        }
        weight =
            k.select(k.less(index, k.i32(0)), k.constant(k.f32(), 0), weight);
        return {k.select(winner, lowest(k), carried[0]),
                k.select(here, row(index), carried[1]),
                k.select(here, row(weight), carried[2]), total};
      });
  return {results[1], results[2]};
}

/// (A15), then the scale.
Value GateBuilder::normalize(Value ids, Value weights) {
  Value used = k.lessEqual(k.i32(0), ids);
  Value zero = k.constant(k.f32(), 0);
  NormalizeAttr attr = gate.getNormalizeAttr();
  if (attr && attr.getMode() == NormalizeMode::Sum) {
    Value sum = k.reduce(weights, 1, Combine::Add);
    if (double epsilon = attr.getEpsilon())
      sum = k.add(sum, k.constant(k.f32(), epsilon));
    if (double floor = attr.getFloor())
      sum = k.maximum(sum, k.constant(k.f32(), floor));
    weights = k.select(used, k.div(weights, row(sum)), zero);
  }
  if (attr && attr.getMode() == NormalizeMode::Softmax) {
    Value z = k.select(used, weights, k.constant(k.f32(), -kInfinity));
    Value e = k.exp(k.sub(z, row(k.reduce(z, 1, Combine::Max))));
    e = k.select(used, e, zero);
    weights = k.select(used, k.div(e, row(k.reduce(e, 1, Combine::Add))), zero);
  }
  double scale = gate.getScale().convertToDouble();
  if (scale != 1.0)
    weights = k.mul(weights, k.constant(k.f32(), scale));
  return weights;
}

/// (G23): slots k … k + S − 1 hold experts E … E + S − 1.
Choice GateBuilder::appendShared(Choice choice) {
  int64_t shared = gate.getShared();
  if (shared == 0)
    return choice;
  int64_t width = gate.getSelect().getK();
  Value place = k.sub(slotRange, k.i32(width));
  Value isShared =
      k.andOp(k.lessEqual(k.i32(0), place), k.less(place, k.i32(shared)));
  Value weight = k.constant(k.f32(), 1);
  if (sharedWeights) {
    Value start = k.mul(k.convert(row(tokens), k.i64()), k.i64(shared));
    Value offset = k.add(start, k.convert(place, k.i64()));
    weight = k.convert(
        k.read(sharedWeights, offset, k.andOp(row(live), isShared)), k.f32());
  }
  Value ids = k.add(place, k.i32(experts));
  return {k.select(isShared, ids, choice.ids),
          k.select(isShared, weight, choice.weights)};
}

Choice GateBuilder::build() {
  columns = k.range(padded, 1);
  valid = k.less(columns, k.i32(experts));
  slotRange = k.range(slots, 1);
  Value scores = buildScores();
  Value choice = scores;
  if (bias) {
    Value b = k.read(bias, columns, valid);
    choice = k.add(scores, k.convert(b, k.f32()));
  }
  Value keys = k.select(valid, buildKeys(choice, columns), lowest(k));
  if (gate.getGroupLimit())
    keys = limitGroups(choice, keys);
  Choice result =
      select(scores, choice, keys, values ? readMatrix(values) : scores);
  result.weights = normalize(result.ids, result.weights);
  if (gate.getDropBelow()) {
    double bound = gate.getDropBelow()->convertToDouble();
    Value dropped = k.lessEqual(result.weights, k.constant(k.f32(), bound));
    result.ids = k.select(dropped, k.i32(-1), result.ids);
    result.weights = k.select(dropped, k.constant(k.f32(), 0), result.weights);
  }
  result = appendShared(result);
  result.ids = k.select(row(live), result.ids, k.i32(-1));
  return result;
}

Choice mlir::moe::buildGate(KernelBuilder &k, const RoutingConfig &config,
                            ValueRange operands, Value tokens, Value live,
                            int64_t numTokens) {
  return GateBuilder(k, config, operands, tokens, live, numTokens).build();
}
