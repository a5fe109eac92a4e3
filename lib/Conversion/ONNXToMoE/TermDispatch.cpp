//===- TermDispatch.cpp - Terms of one-hot dispatch -------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DispatchSlots.h"

using namespace mlir;
using namespace mlir::moe;

/// Reads `term` as Σ_{e, c} C[t, e, c] · body_e(Σ_s D[s, e, c] · x[s]), C and D
/// having the same places: its gate becomes C, its input x at the tokens. What
/// is left of its factors has to be numbers for each token. Returns false where
/// it is something else.
bool moe::classifyDispatch(AccessReader &reader, const SumTree &tree,
                           Term &term) {
  Access input = reader.peel(term.body->input);
  if (!input.expr->is(Expr::Kind::Contract))
    return false;
  SmallVector<int> bound;
  for (size_t i = 0; i < input.expr->bound.size(); ++i)
    bound.push_back(reader.newVariable());
  SmallVector<Access, 2> operands = reader.open(input, bound);
  for (int i : {0, 1}) {
    Access tokens = stripCasts(reader, operands[i]);
    Access dispatch = stripCasts(reader, operands[1 - i]);
    if (!tokens.expr->origin || tokens.at.size() != bound.size() + 1)
      continue;
    // The tokens that are summed over, in the order of the tensor.
    SmallVector<int> order;
    for (const auto &dim : tokens.expr->layout)
      for (const Factor &factor : dim)
        if (factor.axis >= 0 && tokens.at[factor.axis].isPlain() &&
            llvm::is_contained(bound, tokens.at[factor.axis].var))
          order.push_back(tokens.at[factor.axis].var);
    if (order.size() != bound.size() || order.size() != tree.tokens.size())
      continue;
    auto toToken = [&](Binding at) {
      auto it = at.isPlain() ? llvm::find(order, at.var) : order.end();
      return it == order.end()
                 ? at
                 : Binding::variable(tree.tokens[it - order.begin()]);
    };
    // A tensor of the same places brings the rows back.
    Access there = dispatch;
    for (Binding &at : there.at)
      at = toToken(at);
    SmallVector<int> summed;
    for (const Binding &at : there.at)
      if (at.isPlain() && !llvm::is_contained(tree.tokens, at.var))
        summed.push_back(at.var);
    // One place for each expert is no dimension.
    if (summed.empty() || summed.size() > 2 ||
        term.summed.size() != summed.size() ||
        !llvm::all_of(summed, [&](int var) {
          return llvm::is_contained(term.summed, var);
        }))
      continue;
    const std::optional<Binding> &expert = term.body->up.matrix.expert;
    if (!expert || !expert->isPlain() ||
        !llvm::is_contained(summed, expert->var))
      continue;
    int place = summed[summed[0] == expert->var && summed.size() > 1];
    if (place == expert->var)
      place = -1;
    Size capacity = place < 0 ? 1 : 0;
    for (auto [size, at] : llvm::zip_equal(there.expr->axes, there.at))
      if (at.isPlain(place))
        capacity = size;
    DispatchVariables variables{tree.tokens, expert->var, place, capacity};
    SmallVector<Access> back, others;
    for (const Access &factor : term.factors)
      (factor.dependsOn(expert->var) || factor.dependsOn(place) ? back : others)
          .push_back(factor);
    auto sent = readDispatchSlots(reader, there, variables);
    auto returned = capacity > 0 && !back.empty()
                        ? readDispatchSlots(reader, back, variables)
                        : std::nullopt;
    if (!sent || !returned || sent->size() != returned->size() ||
        !llvm::all_of(llvm::zip_equal(*sent, *returned), [](auto pair) {
          return std::get<0>(pair).element == std::get<1>(pair).element;
        })) {
      term.role = "router";
      term.reason =
          "tokens are not dispatched to places counted in their order";
      term.at = there.expr->origin;
      continue;
    }

    term.factors = others;
    term.summed.clear();
    term.body->input = tokens;
    for (Binding &at : term.body->input.at)
      at = toToken(at);
    term.gate.kind = TermGate::Kind::Dispatch;
    term.gate.dense = back[0].expr;
    term.gate.slots = *returned;
    term.gate.capacity = capacity;
    term.gate.experts = term.body->up.matrix.experts;
    term.role = term.reason = {};
    return true;
  }
  return false;
}
