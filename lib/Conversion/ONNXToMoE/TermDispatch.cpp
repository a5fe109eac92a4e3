//===- TermDispatch.cpp - Terms of one-hot dispatch -------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Terms.h"

using namespace mlir;
using namespace mlir::moe;

/// Products of more factors are not taken apart.
static constexpr unsigned kMaxDepth = 8;

/// Whether `factor` is a product with the factor `wanted`; adds the others to
/// `others`.
static bool removeFactor(AccessReader &reader, Access factor,
                         const Access &wanted, SmallVectorImpl<Access> &others,
                         unsigned depth = kMaxDepth) {
  factor = stripCasts(reader, factor);
  if (factor == wanted)
    return true;
  if (!factor.expr->isMap("Mul") || depth == 0)
    return false;
  SmallVector<Access, 2> operands = reader.open(factor);
  for (int i : {0, 1}) {
    if (!removeFactor(reader, operands[i], wanted, others, depth - 1))
      continue;
    others.push_back(operands[1 - i]);
    return true;
  }
  return false;
}

/// Reads `term` as Σ_{e, c} D[t, e, c] · body_e(Σ_s D[s, e, c] · x[s]): its
/// gate becomes D, its input x at the tokens. What is left of its factors has
/// to be numbers for each token. Returns false where it is something else.
bool moe::classifyDispatch(AccessReader &reader, const SumTree &tree,
                           Term &term) {
  const Access &input = term.body->input;
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
    // The same tensor brings the rows back.
    Access back = dispatch;
    for (Binding &at : back.at)
      at = toToken(at);
    SmallVector<Access> others;
    auto same = llvm::find_if(term.factors, [&](const Access &factor) {
      return removeFactor(reader, factor, back, others);
    });
    if (same == term.factors.end())
      continue;
    SmallVector<int> summed;
    for (const Binding &at : back.at)
      if (at.isPlain() && !llvm::is_contained(tree.tokens, at.var))
        summed.push_back(at.var);
    if (summed.size() != 2 || term.summed.size() != 2 ||
        !llvm::all_of(summed, [&](int var) {
          return llvm::is_contained(term.summed, var);
        }))
      continue;
    const std::optional<Binding> &expert = term.body->up.matrix.expert;
    if (!expert || !expert->isPlain() ||
        !llvm::is_contained(summed, expert->var))
      continue;

    term.factors.erase(same);
    term.factors.append(others);
    term.summed.clear();
    term.body->input = tokens;
    for (Binding &at : term.body->input.at)
      at = toToken(at);
    term.gate.kind = TermGate::Kind::Dispatch;
    term.gate.dense = dispatch.expr;
    term.gate.experts = term.body->up.matrix.experts;
    return true;
  }
  return false;
}
