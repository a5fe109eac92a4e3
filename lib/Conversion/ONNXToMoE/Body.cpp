//===- Body.cpp - What one expert computes ----------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Body.h"

using namespace mlir;
using namespace mlir::moe;

/// Projections are sums of no more parts.
static constexpr size_t kMaxParts = 4;

/// One of the variables of `access` replaced by another.
static Access rename(Access access, int from, int to) {
  for (Binding &at : access.at)
    if (at.kind == Binding::Kind::Variable && at.var == from)
      at.var = to;
  return access;
}

/// A part of a projection, and the input that it multiplies.
using MatchedPart = std::pair<BodyWeight, Access>;

/// Reads `access` as input · Wᵀ with outputs at the variable `out`, of which
/// there are `count`.
static std::optional<MatchedPart>
matchProduct(AccessReader &reader, const Access &access, int out, Size count) {
  const Expr &expr = *access.expr;
  if (!expr.is(Expr::Kind::Contract) || expr.bound.size() != 1)
    return std::nullopt;
  int in = reader.newVariable();
  SmallVector<Access, 2> operands = reader.open(access, {in});
  for (int i : {0, 1}) {
    if (!operands[i].dependsOn(out) || operands[1 - i].dependsOn(out))
      continue;
    auto matrix = matchWeight(reader, operands[i], out, in);
    if (!matrix)
      continue;
    matrix->out = count;
    Access input = operands[1 - i];
    return std::make_pair(*matrix, rename(input, in, kFeature));
  }
  return std::nullopt;
}

/// Reads `input`, which `matrix` multiplies, as a product with a thin matrix of
/// this expert's own.
static std::optional<MatchedPart>
matchThin(AccessReader &reader, const BodyWeight &matrix, const Access &input) {
  Access product = reader.peel(input);
  // What others read as well is the input of several experts.
  if (!product.expr->is(Expr::Kind::Contract) || product.expr->users > 1 ||
      matrix.storage)
    return std::nullopt;
  int rank = reader.newVariable();
  auto thin =
      matchProduct(reader, rename(product, kFeature, rank), rank, matrix.in);
  // Tokens are no matrix of an expert.
  if (!thin || thin->first.storage || thin->first.constant != matrix.constant)
    return std::nullopt;
  return thin;
}

/// Adds the parts that `access` is a sum of to `parts`.
static bool collectParts(AccessReader &reader, const Access &access,
                         SmallVectorImpl<Access> &parts) {
  Access part = reader.peel(access);
  if (!part.expr->isMap("Add")) {
    parts.push_back(part);
    return parts.size() <= kMaxParts;
  }
  return llvm::all_of(reader.open(part), [&](const Access &operand) {
    return collectParts(reader, operand, parts);
  });
}

/// Reads `access` as input · Wᵀ + bias with outputs at the variable `out`, of
/// which there are `count`; W is of low rank only if `mayBeThin`.
static std::optional<std::pair<BodyProjection, Access>>
matchProjection(AccessReader &reader, const Access &access, int out, Size count,
                bool mayBeThin = true) {
  SmallVector<Access> parts;
  if (!collectParts(reader, access, parts))
    return std::nullopt;
  BodyProjection projection;
  std::optional<MatchedPart> full, narrow;
  Access input;
  for (const Access &part : parts) {
    if (!part.expr->is(Expr::Kind::Contract)) {
      auto bias = matchWeight(reader, part, out, std::nullopt);
      if (!bias || projection.bias)
        return std::nullopt;
      projection.bias = *bias;
      projection.bias.out = count;
      continue;
    }
    auto product = matchProduct(reader, part, out, count);
    if (!product)
      return std::nullopt;
    auto thin = mayBeThin && !projection.thin
                    ? matchThin(reader, product->first, product->second)
                    : std::nullopt;
    if (thin) {
      narrow = std::make_pair(product->first, thin->second);
      projection.thin = thin->first;
    } else if (!full) {
      full = product;
    } else {
      return std::nullopt;
    }
  }
  if (!full && !narrow)
    return std::nullopt;
  if (!narrow) {
    projection.matrix = full->first;
    return std::make_pair(projection, full->second);
  }
  projection.matrix = narrow->first;
  if (full) {
    if (full->first.storage ||
        !(reader.peel(full->second) == reader.peel(narrow->second)))
      return std::nullopt;
    projection.base = full->first;
  }
  return std::make_pair(projection, narrow->second);
}

/// The number of elements that the variable `var` runs over in `access`.
static Size getExtent(const Access &access, int var) {
  for (auto [size, at] : llvm::zip_equal(access.expr->axes, access.at))
    if (at.isPlain(var))
      return size;
  return 0;
}

/// Reads `rows` as a feed-forward network whose last matrix is of low rank only
/// if `mayBeThin`.
static std::optional<Body> matchFFN(AccessReader &reader, const Access &rows,
                                    int feature, bool mayBeThin) {
  Body body;
  auto down = matchProjection(reader, rows, feature, getExtent(rows, feature),
                              mayBeThin);
  if (!down || (mayBeThin && !down->first.thin))
    return std::nullopt;
  body.down = down->first;
  // The hidden values are read at a variable of their own.
  int inner = reader.newVariable();
  Access hidden = rename(down->second, kFeature, inner);
  Size count = body.down.getIn();
  bool isShared = reader.peel(hidden).expr->users > 1;
  // Without a bias behind it, what multiplies all hidden values multiplies the
  // rows.
  while (!body.down.bias && hidden.expr->isMap("Mul")) {
    SmallVector<Access, 2> operands = reader.open(hidden);
    bool first = operands[0].dependsOn(inner),
         second = operands[1].dependsOn(inner);
    if (first == second || operands[first].expr->is(Expr::Kind::Splat))
      break;
    body.factors.push_back(operands[first]);
    hidden = stripCasts(reader, operands[second]);
  }
  auto activation = matchActivation(reader, hidden);
  if (!activation)
    return std::nullopt;
  // What others read as well is a result, not hidden.
  if (isShared && !activation->gate &&
      activation->function == ActivationFunction::Identity)
    return std::nullopt;
  for (bool thin : {true, false}) {
    auto up = matchProjection(reader, activation->up, inner, count, thin);
    if (!up || (thin && !up->first.thin))
      continue;
    // What tokens are dispatched to is no input, they themselves no matrix.
    if (up->first.matrix.constant != body.down.matrix.constant)
      continue;
    body.up = up->first;
    body.input = up->second;
    body.gate = {};
    if (activation->gate) {
      auto gate = matchProjection(reader, activation->gate, inner, count, thin);
      if (!gate || !(reader.peel(gate->second) == reader.peel(body.input)))
        continue;
      body.gate = gate->first;
    }
    body.activation =
        ActivationAttr::get(rows.expr->element.getContext(),
                            activation->function, Real(activation->alpha),
                            Real(activation->beta), Real(activation->limit));
    return body;
  }
  return std::nullopt;
}

/// Reads softmax(Mix · x) at position `at` of its axis: Mix and x.
static std::optional<std::pair<BodyWeight, Access>>
matchMix(AccessReader &reader, Access access, int64_t at) {
  access = reader.peel(access);
  if (!access.expr->is(Expr::Kind::Softmax))
    return std::nullopt;
  Binding &along = access.at[access.expr->part];
  if (along.kind != Binding::Kind::Constant || along.offset != at ||
      access.expr->axes[access.expr->part] != 2)
    return std::nullopt;
  int out = reader.newVariable();
  along = Binding::variable(out);
  auto projection = matchProjection(reader, reader.open(access)[0], out, 2);
  if (!projection || projection->first.bias)
    return std::nullopt;
  return std::make_pair(projection->first.matrix,
                        reader.peel(projection->second));
}

/// a · x + b · v, [a, b] = softmax(Mix · x).
static std::optional<Body> matchConstant(AccessReader &reader,
                                         const Access &rows, int feature) {
  if (!rows.expr->isMap("Add"))
    return std::nullopt;
  SmallVector<Access, 2> terms = reader.open(rows);
  if (!terms[0].expr->isMap("Mul") || !terms[1].expr->isMap("Mul"))
    return std::nullopt;
  for (int i : {0, 1}) {
    SmallVector<Access, 2> own = reader.open(terms[i]),
                           constant = reader.open(terms[1 - i]);
    for (int j : {0, 1}) {
      auto a = matchMix(reader, own[j], 0);
      if (!a)
        continue;
      Access input = rename(reader.peel(own[1 - j]), feature, kFeature);
      if (!(a->second == input))
        continue;
      for (int k : {0, 1}) {
        auto b = matchMix(reader, constant[k], 1);
        auto vector =
            matchWeight(reader, constant[1 - k], feature, std::nullopt);
        if (!b || !vector || !(b->second == input))
          continue;
        Body body;
        body.kind = Body::Kind::Constant;
        body.input = input;
        body.mix = a->first;
        body.vector = *vector;
        return body;
      }
    }
  }
  return std::nullopt;
}

std::optional<Body> moe::matchBody(AccessReader &reader, const Access &rows,
                                   int feature) {
  if (auto body = matchConstant(reader, rows, feature))
    return body;
  if (auto body = matchFFN(reader, rows, feature, /*mayBeThin=*/true))
    return body;
  return matchFFN(reader, rows, feature, /*mayBeThin=*/false);
}
