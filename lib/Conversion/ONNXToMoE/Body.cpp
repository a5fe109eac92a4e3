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

/// One of the variables of `access` replaced by another.
static Access rename(Access access, int from, int to) {
  for (Binding &at : access.at)
    if (at.kind == Binding::Kind::Variable && at.var == from)
      at.var = to;
  return access;
}

/// Reads `access` as input · Wᵀ + bias with outputs at the variable `out`, of
/// which there are `count`.
static std::optional<std::pair<BodyProjection, Access>>
matchProjection(AccessReader &reader, Access access, int out, Size count) {
  BodyProjection projection;
  access = reader.peel(access);
  if (access.expr->isMap("Add")) {
    SmallVector<Access, 2> operands = reader.open(access);
    for (int i : {0, 1}) {
      Access sum = reader.peel(operands[i]);
      if (!sum.expr->is(Expr::Kind::Contract))
        continue;
      auto bias = matchWeight(reader, operands[1 - i], out, std::nullopt);
      if (!bias)
        continue;
      projection.bias = *bias;
      projection.bias.out = count;
      access = sum;
      break;
    }
  }
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
    projection.matrix = *matrix;
    projection.matrix.out = count;
    Access input = operands[1 - i];
    return std::make_pair(projection, rename(input, in, kFeature));
  }
  return std::nullopt;
}

/// The number of elements that the variable `var` runs over in `access`.
static Size getExtent(const Access &access, int var) {
  for (auto [size, at] : llvm::zip_equal(access.expr->axes, access.at))
    if (at.isPlain(var))
      return size;
  return 0;
}

static std::optional<Body> matchFFN(AccessReader &reader, const Access &rows,
                                    int feature) {
  Body body;
  auto down = matchProjection(reader, rows, feature, getExtent(rows, feature));
  if (!down)
    return std::nullopt;
  body.down = down->first;
  // The hidden values are read at a variable of their own.
  int inner = reader.newVariable();
  Access hidden = rename(down->second, kFeature, inner);
  Size count = body.down.matrix.in;
  auto activation = matchActivation(reader, hidden);
  if (!activation)
    return std::nullopt;
  auto up = matchProjection(reader, activation->up, inner, count);
  if (!up)
    return std::nullopt;
  body.up = up->first;
  body.input = reader.peel(up->second);
  if (activation->gate) {
    auto gate = matchProjection(reader, activation->gate, inner, count);
    if (!gate || !(reader.peel(gate->second) == body.input))
      return std::nullopt;
    body.gate = gate->first;
  }
  body.activation = ActivationAttr::get(
      rows.expr->element.getContext(), activation->function,
      Real(activation->alpha), Real(activation->beta), Real(activation->limit));
  return body;
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
  return matchFFN(reader, rows, feature);
}
