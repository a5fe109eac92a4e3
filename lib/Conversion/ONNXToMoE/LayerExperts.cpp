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

/// Where all weights of a body stand.
static constexpr PickWeight kWeights[] = {
    [](const Body &b) -> const BodyWeight & { return b.up.matrix; },
    [](const Body &b) -> const BodyWeight & { return b.up.bias; },
    [](const Body &b) -> const BodyWeight & { return b.gate.matrix; },
    [](const Body &b) -> const BodyWeight & { return b.gate.bias; },
    [](const Body &b) -> const BodyWeight & { return b.down.matrix; },
    [](const Body &b) -> const BodyWeight & { return b.down.bias; },
    [](const Body &b) -> const BodyWeight & { return b.vector; },
    [](const Body &b) -> const BodyWeight & { return b.mix; },
};

/// Whether two bodies differ only in the numbers of their weights.
static bool isAlike(const Body &a, const Body &b) {
  if (a.kind != b.kind || a.activation != b.activation)
    return false;
  return llvm::all_of(kWeights, [&](PickWeight pick) {
    const BodyWeight &x = pick(a), &y = pick(b);
    return bool(x) == bool(y) &&
           (!x || (x.offset == y.offset && x.step == y.step &&
                   x.transposed == y.transposed && x.out == y.out &&
                   x.in == y.in && x.rows == y.rows &&
                   getElementTypeOrSelf(x.sources[0].getType()) ==
                       getElementTypeOrSelf(y.sources[0].getType())));
  });
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

/// The sources of one of the weights of experts that are alike.
static WeightSource buildSource(ImplicitLocOpBuilder &b,
                                ArrayRef<ExpertEntry> entries,
                                PickWeight pick) {
  const BodyWeight &first = pick(*entries[0].term->body);
  WeightSource source;
  source.offset = first.offset;
  source.step = first.step;
  source.transposed = first.transposed;
  SmallVector<int64_t> shape{first.rows};
  if (first.in)
    shape.insert(first.transposed ? shape.begin() : shape.end(), first.in);
  Type element = getElementTypeOrSelf(first.sources[0].getType());
  auto type = RankedTensorType::get(shape, element);

  /// Which tensor expert `entry` reads, and which part of it (−1: all).
  auto locate = [&](const ExpertEntry &entry) -> std::pair<Value, int64_t> {
    const BodyWeight &weight = pick(*entry.term->body);
    if (!weight.expert)
      return {weight.sources[0], -1};
    int64_t index = weight.expert->kind == Binding::Kind::Constant
                        ? weight.expert->offset
                        : entry.index;
    if (weight.sources.size() > 1)
      return {weight.sources[index], -1};
    return {weight.sources[0], index};
  };
  // All of one tensor in its order.
  int64_t count = entries.size();
  bool whole = first.expert && first.experts == count &&
               first.sources.size() == 1 && count > 1;
  for (auto [i, entry] : llvm::enumerate(entries))
    whole &= locate(entry) ==
             std::make_pair(first.sources[0], static_cast<int64_t>(i));
  if (whole) {
    shape.insert(shape.begin(), count);
    source.sources.push_back(
        reinterpret(b, b.getLoc(), first.sources[0],
                    RankedTensorType::get(shape, element)));
    return source;
  }
  SmallVector<int64_t> stackedShape(shape);
  stackedShape.insert(stackedShape.begin(), first.experts);
  for (const ExpertEntry &entry : entries) {
    auto [value, index] = locate(entry);
    if (index < 0) {
      source.sources.push_back(reinterpret(b, b.getLoc(), value, type));
      continue;
    }
    stackedShape[0] = pick(*entry.term->body).experts;
    Value stacked = reinterpret(b, b.getLoc(), value,
                                RankedTensorType::get(stackedShape, element));
    source.sources.push_back(buildSlice(b, stacked, index, type));
  }
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
      bool constant = weight.expert->kind == Binding::Kind::Constant;
      int64_t index = constant ? weight.expert->offset : entry.index;
      if (index < 0 || index >= weight.experts)
        return 0;
    }
  auto build = [&](PickWeight pick) {
    return pick(body) ? buildSource(b, entries, pick) : WeightSource();
  };
  if (body.kind == Body::Kind::Constant) {
    set.kind = ExpertSet::Kind::Constant;
    set.vectors = build(kWeights[6]);
    set.mix = build(kWeights[7]);
    return count;
  }
  set.activation = body.activation;
  Projection *projections[] = {&set.up, &set.gate, &set.down};
  const BodyProjection *bodies[] = {&body.up, &body.gate, &body.down};
  for (int i : {0, 1, 2}) {
    projections[i]->out = bodies[i]->matrix.out;
    projections[i]->in = bodies[i]->matrix.in;
    projections[i]->matrix = build(kWeights[2 * i]);
    projections[i]->bias = build(kWeights[2 * i + 1]);
  }
  return count;
}
