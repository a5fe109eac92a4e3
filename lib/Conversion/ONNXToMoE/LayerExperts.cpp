//===- LayerExperts.cpp - Sets of experts from their bodies -----*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerBuilder.h"
#include "Raise.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::moe;

/// One of the weights of a body.
using PickWeight = const BodyWeight &(*)(const Body &);

/// The weights of a projection.
#define MOE_PROJECTION_WEIGHTS(name)                                           \
  [](const Body &b) -> const BodyWeight & { return b.name.matrix; },           \
      [](const Body &b) -> const BodyWeight & { return b.name.bias; },         \
      [](const Body &b) -> const BodyWeight & { return b.name.thin; },         \
      [](const Body &b) -> const BodyWeight & { return b.name.base; }

/// Where all weights of a body stand: four for each projection, then others.
static constexpr PickWeight kWeights[] = {
    MOE_PROJECTION_WEIGHTS(up),
    MOE_PROJECTION_WEIGHTS(gate),
    MOE_PROJECTION_WEIGHTS(down),
    [](const Body &b) -> const BodyWeight & { return b.vector; },
    [](const Body &b) -> const BodyWeight & { return b.mix; },
};
#undef MOE_PROJECTION_WEIGHTS

/// Whether both are empty, or of one element type.
static bool haveOneType(ArrayRef<Value> a, ArrayRef<Value> b) {
  if (a.empty() || b.empty())
    return a.empty() && b.empty();
  return getElementTypeOrSelf(a[0].getType()) ==
         getElementTypeOrSelf(b[0].getType());
}

/// Whether two bodies differ only in the numbers of their weights.
static bool isAlike(const Body &a, const Body &b) {
  if (a.kind != b.kind || a.activation != b.activation)
    return false;
  return llvm::all_of(kWeights, [&](PickWeight pick) {
    const BodyWeight &x = pick(a), &y = pick(b);
    return bool(x) == bool(y) &&
           (!x ||
            (x.offset == y.offset && x.step == y.step &&
             x.transposed == y.transposed && x.out == y.out && x.in == y.in &&
             x.rows == y.rows && x.block == y.block && x.storage == y.storage &&
             x.zeroPoint == y.zeroPoint && haveOneType(x.scales, y.scales) &&
             haveOneType(x.zeros, y.zeros) &&
             getElementTypeOrSelf(x.sources[0].getType()) ==
                 getElementTypeOrSelf(y.sources[0].getType())));
  });
}

/// Where in weights of several experts that of `entry` stands.
static int64_t getIndex(const BodyWeight &weight, const ExpertEntry &entry) {
  return weight.expert->kind == Binding::Kind::Constant ? weight.expert->offset
                                                        : entry.index;
}

/// The tensor of expert `index` of stacked weights.
static Value buildSlice(ImplicitLocOpBuilder &b, Value stacked, int64_t index,
                        RankedTensorType type) {
  auto source = cast<RankedTensorType>(stacked.getType());
  SmallVector<OpFoldResult> offsets, sizes, strides;
  for (auto [i, size] : llvm::enumerate(source.getShape())) {
    offsets.push_back(b.getIndexAttr(i == 0 ? index : 0));
    sizes.push_back(b.getIndexAttr(i == 0 ? 1 : size));
    strides.push_back(b.getIndexAttr(1));
  }
  return tensor::ExtractSliceOp::create(b, type, stacked, offsets, sizes,
                                        strides);
}

/// The tensors that `get` picks of the weights of experts that are alike, each
/// expert's being `shape`: one tensor stacked over the experts if it holds just
/// these, or one for each.
static SmallVector<Value>
buildTensors(ImplicitLocOpBuilder &b, ArrayRef<ExpertEntry> entries,
             PickWeight pick,
             llvm::function_ref<ArrayRef<Value>(const BodyWeight &)> get,
             SmallVector<int64_t> shape, bool isCode = true) {
  const BodyWeight &first = pick(*entries[0].term->body);
  if (get(first).empty())
    return {};
  llvm::DenseMap<Value, Value> bytesOf;
  auto getStored = [&](Value value) {
    Value &bytes = bytesOf[value];
    if (!bytes)
      bytes = getBytes(b, b.getLoc(), value);
    return bytes;
  };
  Type stored = getElementTypeOrSelf(getStored(get(first)[0]).getType());
  // Codes of less than a byte stand side by side.
  if (isCode && first.storage && first.storage.getIntOrFloatBitWidth() < 8)
    shape.back() = llvm::divideCeil(
        shape.back() * first.storage.getIntOrFloatBitWidth(), 8);
  auto type = RankedTensorType::get(shape, stored);

  /// Which tensor expert `entry` reads, and which part of it (−1: all).
  auto locate = [&](const ExpertEntry &entry) -> std::pair<Value, int64_t> {
    const BodyWeight &weight = pick(*entry.term->body);
    ArrayRef<Value> values = get(weight);
    if (!weight.expert)
      return {values[0], -1};
    int64_t index = getIndex(weight, entry);
    if (values.size() > 1)
      return {values[index], -1};
    return {values[0], index};
  };
  // All of one tensor in its order.
  int64_t count = entries.size();
  bool whole = first.expert && first.experts == count &&
               first.sources.size() == 1 && count > 1;
  for (auto [i, entry] : llvm::enumerate(entries))
    whole &=
        locate(entry) == std::make_pair(get(first)[0], static_cast<int64_t>(i));
  if (whole) {
    shape.insert(shape.begin(), count);
    return {reinterpret(b, b.getLoc(), getStored(get(first)[0]),
                        RankedTensorType::get(shape, stored))};
  }
  SmallVector<int64_t> stackedShape(shape);
  stackedShape.insert(stackedShape.begin(), first.experts);
  SmallVector<Value> sources;
  for (const ExpertEntry &entry : entries) {
    auto [value, index] = locate(entry);
    value = getStored(value);
    if (index < 0) {
      sources.push_back(reinterpret(b, b.getLoc(), value, type));
      continue;
    }
    stackedShape[0] = pick(*entry.term->body).experts;
    Value stacked = reinterpret(b, b.getLoc(), value,
                                RankedTensorType::get(stackedShape, stored));
    sources.push_back(buildSlice(b, stacked, index, type));
  }
  return sources;
}

/// One of the weights of experts that are alike.
static WeightSource buildSource(ImplicitLocOpBuilder &b,
                                ArrayRef<ExpertEntry> entries,
                                PickWeight pick) {
  const BodyWeight &first = pick(*entries[0].term->body);
  WeightSource source;
  source.offset = first.offset;
  source.step = first.step;
  source.transposed = first.transposed;
  source.storage = first.storage;
  source.block = first.block;
  source.zeroPoint = first.zeroPoint;
  SmallVector<int64_t> shape{first.rows}, scaleShape{first.rows};
  if (first.in)
    shape.insert(first.transposed ? shape.begin() : shape.end(), first.in);
  if (first.block)
    scaleShape.push_back(llvm::divideCeil(first.in, first.block));
  source.sources = buildTensors(
      b, entries, pick,
      [](const BodyWeight &w) { return ArrayRef<Value>(w.sources); }, shape);
  source.scales = buildTensors(
      b, entries, pick,
      [](const BodyWeight &w) { return ArrayRef<Value>(w.scales); }, scaleShape,
      /*isCode=*/false);
  if (first.storage && source.scales.empty()) {
    // The same number for each row.
    auto build = [&](ArrayRef<ExpertEntry> of, ArrayRef<int64_t> shape) {
      SmallVector<float> numbers;
      for (const ExpertEntry &entry : of) {
        const BodyWeight &own = pick(*entry.term->body);
        numbers.append(first.rows,
                       own.expertScales.empty()
                           ? own.scale
                           : own.expertScales[getIndex(own, entry)]);
      }
      auto type = RankedTensorType::get(shape, b.getF32Type());
      source.scales.push_back(arith::ConstantOp::create(
          b, DenseElementsAttr::get(type, ArrayRef(numbers))));
    };
    int64_t count = entries.size();
    if (static_cast<int64_t>(source.sources.size()) == count)
      for (const ExpertEntry &entry : entries)
        build(entry, {first.rows});
    else
      build(entries, {count, first.rows});
  }
  source.zeros = buildTensors(
      b, entries, pick,
      [](const BodyWeight &w) { return ArrayRef<Value>(w.zeros); }, scaleShape);
  return source;
}

size_t moe::appendExpertSet(ImplicitLocOpBuilder &b,
                            ArrayRef<ExpertEntry> entries,
                            SmallVectorImpl<ExpertSet> &sets) {
  const ExpertEntry &first = entries.front();
  size_t count = 1;
  while (count < entries.size() &&
         (first.term
              ? entries[count].term &&
                    isAlike(*first.term->body, *entries[count].term->body)
              : !entries[count].term))
    ++count;
  entries = entries.take_front(count);
  ExpertSet &set = sets.emplace_back();
  set.count = count;
  if (!first.term) {
    set.kind = ExpertSet::Kind::Zero;
    return count;
  }
  const Body &body = *first.term->body;
  if (body.kind == Body::Kind::Copy) {
    set.kind = ExpertSet::Kind::Copy;
    return count;
  }
  for (const ExpertEntry &entry : entries)
    for (PickWeight pick : kWeights) {
      const BodyWeight &weight = pick(*entry.term->body);
      if (!weight || !weight.expert)
        continue;
      int64_t index = getIndex(weight, entry);
      if (index < 0 || index >= weight.experts)
        return 0;
    }
  auto build = [&](PickWeight pick) {
    return pick(body) ? buildSource(b, entries, pick) : WeightSource();
  };
  if (body.kind == Body::Kind::Constant) {
    set.kind = ExpertSet::Kind::Constant;
    set.vectors = build(kWeights[12]);
    set.mix = build(kWeights[13]);
    return count;
  }
  set.activation = body.activation;
  Projection *projections[] = {&set.up, &set.gate, &set.down};
  const BodyProjection *bodies[] = {&body.up, &body.gate, &body.down};
  for (int i : {0, 1, 2}) {
    projections[i]->out = bodies[i]->matrix.out;
    projections[i]->in = bodies[i]->getIn();
    projections[i]->rank = bodies[i]->thin ? bodies[i]->matrix.in : 0;
    projections[i]->matrix = build(kWeights[4 * i]);
    projections[i]->bias = build(kWeights[4 * i + 1]);
    projections[i]->thin = build(kWeights[4 * i + 2]);
    if (!bodies[i]->base)
      continue;
    PickWeight pick = kWeights[4 * i + 3];
    bool common = llvm::all_of(entries, [&](const ExpertEntry &entry) {
      const BodyWeight &base = pick(*entry.term->body);
      return !base.expert && base.sources == bodies[i]->base.sources;
    });
    projections[i]->bases = common ? 1 : count;
    projections[i]->base =
        buildSource(b, common ? entries.take_front(1) : entries, pick);
  }
  return count;
}
