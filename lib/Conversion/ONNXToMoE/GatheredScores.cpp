//===- GatheredScores.cpp - Scores read at the ids of a choice --*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Terms.h"

using namespace mlir;
using namespace mlir::moe;

/// Whether `access` is read at exactly these variables, in the order of its
/// tensor. `last`, if given, is the binding of one more axis behind them.
static bool isReadAt(const Access &access, ArrayRef<int> variables,
                     Binding *last = nullptr) {
  if (!access.expr->origin)
    return false;
  SmallVector<Binding> order;
  for (const auto &dim : access.expr->layout)
    for (const Factor &factor : dim) {
      if (factor.axis < 0)
        return false;
      order.push_back(access.at[factor.axis]);
    }
  if (last) {
    if (order.empty())
      return false;
    *last = order.pop_back_val();
  }
  return order.size() == variables.size() &&
         llvm::all_of(llvm::zip_equal(order, variables), [](auto pair) {
           return std::get<0>(pair).isPlain(std::get<1>(pair));
         });
}

Value moe::findGatheredScores(Facts &facts, Value ids, Value picked) {
  View choice = facts.get(ids), view = facts.get(picked);
  if (!choice || !view)
    return {};
  AccessReader reader;
  SmallVector<int> variables;
  Access access{view.expr, SmallVector<Binding, 4>(view.expr->axes.size())};
  for (const auto &dim : view.dims)
    for (const Factor &factor : dim) {
      if (factor.axis < 0)
        return {};
      variables.push_back(reader.newVariable());
      access.at[factor.axis] = Binding::variable(variables.back());
    }
  // The ids at the same tokens and slots; with one pick there may be no slots.
  Access chosen{choice.expr, SmallVector<Binding, 4>(choice.expr->axes.size())};
  size_t next = 0;
  for (const auto &dim : choice.dims)
    for (const Factor &factor : dim) {
      if (factor.axis < 0 || next == variables.size())
        return {};
      chosen.at[factor.axis] = Binding::variable(variables[next++]);
    }
  chosen = reader.peel(chosen);
  auto isChoice = [&](Access index) { return reader.peel(index) == chosen; };
  /// The tensor of `scores`, if it is one of tokens × experts and `isExpert`
  /// accepts where the latter are read.
  auto getTensor = [&](const Access &scores, auto isExpert) -> Value {
    Binding expert;
    ArrayRef<int> tokens(variables);
    bool fits = isReadAt(scores, tokens, &expert);
    if (!fits && !tokens.empty())
      fits = isReadAt(scores, tokens.drop_back(), &expert);
    return fits && isExpert(expert) ? scores.expr->origin : Value();
  };

  access = reader.peel(access);
  bool sums =
      access.expr->is(Expr::Kind::Sum) || access.expr->is(Expr::Kind::Contract);
  if (!sums)
    return getTensor(access, [&](const Binding &at) {
      return at.kind == Binding::Kind::Computed && at.offset == 0 &&
             at.step == 1 && at.position->sizes.size() == 1 &&
             isChoice(at.position->index);
    });
  // Σ over experts of (id = e) · score[e].
  if (access.expr->bound.size() != 1)
    return {};
  int expert = reader.newVariable();
  SmallVector<Access, 2> parts = reader.open(access, {expert});
  if (access.expr->is(Expr::Kind::Sum)) {
    Access product = stripCasts(reader, parts[0]);
    if (!product.expr->isMap("Mul") && !product.expr->isMap("Where"))
      return {};
    parts = reader.open(product);
    if (product.expr->isMap("Where") && !parts[2].expr->isSplat(0))
      return {};
  }
  for (int i : {0, 1}) {
    std::optional<ExpertTest> test = matchTest(reader, parts[i]);
    if (!test || !test->expert.isPlain(expert) || !isChoice(test->ids))
      continue;
    return getTensor(reader.peel(parts[1 - i]),
                     [&](const Binding &at) { return at.isPlain(expert); });
  }
  return {};
}
