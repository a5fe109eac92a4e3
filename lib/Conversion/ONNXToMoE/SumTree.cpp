//===- SumTree.cpp - Sums of experts taken apart ----------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Terms.h"

using namespace mlir;
using namespace mlir::moe;

std::optional<SumTree> SumTree::build(AccessReader &reader, const View &view) {
  SumTree tree;
  // Dimensions of size 1 may follow the features.
  ArrayRef<SmallVector<Factor, 2>> dims(view.dims);
  while (!dims.empty() && dims.back().empty())
    dims = dims.drop_back();
  if (dims.size() < 2 || dims.back().size() != 1 || dims.back()[0].size < 0)
    return std::nullopt;
  Term root;
  root.rows.expr = view.expr;
  root.rows.at.resize(view.expr->axes.size());
  for (auto [i, dim] : llvm::enumerate(dims))
    for (const Factor &factor : dim) {
      if (factor.axis < 0)
        return std::nullopt;
      int var = reader.newVariable();
      root.rows.at[factor.axis] = Binding::variable(var);
      if (i + 1 == dims.size()) {
        tree.feature = var;
        tree.featureSize = factor.size;
      } else {
        tree.tokens.push_back(var);
        tree.tokenSizes.push_back(factor.size);
      }
    }
  tree.nodes.emplace_back();
  tree.nodes[0].rows = root.rows;
  tree.worklist.push_back({0, root});
  while (!tree.worklist.empty()) {
    auto [node, term] = std::move(tree.worklist.back());
    tree.worklist.pop_back();
    if (tree.step(reader, node, term))
      continue;
    tree.nodes[node].term = tree.terms.size();
    tree.terms.push_back(std::move(term));
  }
  return tree;
}

void SumTree::addChild(int node, Term term, bool additive) {
  int child = nodes.size();
  nodes.emplace_back();
  nodes[child].parent = node;
  nodes[child].rows = term.rows;
  nodes[child].additive = additive;
  nodes[node].children.push_back(child);
  worklist.push_back({child, std::move(term)});
}

/// Takes `term` apart by one step; returns false where it is a term of its
/// own.
bool SumTree::step(AccessReader &reader, int node, const Term &term) {
  const Access &rows = term.rows;
  const Expr &expr = *rows.expr;
  // What others use as well stays as it is.
  if (node != 0 && expr.users > 1)
    return false;
  auto pass = [&](Access inner, std::optional<Access> factor = {},
                  ArrayRef<int> summed = {}) {
    Term next = term;
    next.rows = std::move(inner);
    if (factor)
      next.factors.push_back(std::move(*factor));
    next.summed.append(summed.begin(), summed.end());
    addChild(node, std::move(next), /*additive=*/false);
    return true;
  };
  switch (expr.kind) {
  case Expr::Kind::Map: {
    SmallVector<Access, 2> operands = reader.open(rows);
    if (isFloatCast(&expr))
      return pass(operands[0]);
    if (expr.op == "Add") {
      if (matchBody(reader, rows, feature))
        return false;
      for (const Operand &operand : expr.operands)
        if (operand.axes.size() != expr.axes.size() &&
            !operand.expr->isSplat(0))
          return false;
      for (Access &operand : operands) {
        Term next = term;
        next.rows = std::move(operand);
        addChild(node, std::move(next), /*additive=*/true);
      }
      return true;
    }
    if (expr.op == "Mul") {
      bool first = operands[0].dependsOn(feature),
           second = operands[1].dependsOn(feature);
      if (first == second)
        return false;
      return pass(operands[second], operands[first]);
    }
    if (expr.op == "Where" && operands[2].expr->isSplat(0) &&
        !operands[0].dependsOn(feature))
      return pass(operands[1], operands[0]);
    return false;
  }
  case Expr::Kind::Sum: {
    SmallVector<int> bound;
    for (size_t i = 0; i < expr.bound.size(); ++i)
      bound.push_back(reader.newVariable());
    return pass(reader.open(rows, bound)[0], {}, bound);
  }
  case Expr::Kind::Contract: {
    if (matchBody(reader, rows, feature))
      return false;
    SmallVector<int> bound;
    for (size_t i = 0; i < expr.bound.size(); ++i)
      bound.push_back(reader.newVariable());
    SmallVector<Access, 2> operands = reader.open(rows, bound);
    bool first = operands[0].dependsOn(feature),
         second = operands[1].dependsOn(feature);
    if (first == second)
      return false;
    // The last matrix of an expert of no known kind.
    if (operands[second].expr->constant)
      return false;
    return pass(operands[second], operands[first], bound);
  }
  case Expr::Kind::Index:
    return pass(reader.open(rows)[0]);
  case Expr::Kind::Stack: {
    // Σ over what is stacked: a term for each.
    const Binding &along = rows.at[0];
    if (!along.isPlain() || !llvm::is_contained(term.summed, along.var))
      return false;
    auto computes = [&](const Access &access) {
      return llvm::any_of(access.at, [&](const Binding &at) {
        return at.kind == Binding::Kind::Computed &&
               at.position->index.dependsOn(along.var);
      });
    };
    if (computes(rows) || llvm::any_of(term.factors, computes))
      return false;
    int var = along.var;
    SmallVector<Access, 2> parts = reader.open(rows);
    for (auto [i, part] : llvm::enumerate(parts)) {
      Term next = term;
      next.rows = part;
      llvm::erase(next.summed, var);
      for (Access &factor : next.factors)
        for (Binding &at : factor.at)
          if (at.kind == Binding::Kind::Variable && at.var == var)
            at = Binding::constant(at.offset +
                                   at.step * static_cast<int64_t>(i));
      addChild(node, std::move(next), /*additive=*/false);
    }
    return true;
  }
  case Expr::Kind::Scatter: {
    if (expr.operands.size() != 3 || expr.indexed.size() != 1)
      return false;
    SmallVector<Binding> target = llvm::map_to_vector(
        expr.indexed[0], [&](int axis) { return rows.at[axis]; });
    SmallVector<Binding, 4> bound;
    for (size_t i = 0; i < expr.bound.size(); ++i)
      bound.push_back(Binding::variable(reader.newVariable()));
    SmallVector<int> summed;
    FailureOr<Access> factor =
        reader.bindRows(&expr, expr.operands[2], target, bound, summed);
    if (failed(factor))
      return false;
    auto read = [&](const Operand &operand) {
      Access inner{operand.expr, {}};
      for (int axis : operand.axes)
        inner.at.push_back(axis < static_cast<int>(expr.axes.size())
                               ? rows.at[axis]
                               : bound[axis - expr.axes.size()]);
      return inner;
    };
    Term before = term, added = term;
    before.rows = read(expr.operands[0]);
    added.rows = read(expr.operands[1]);
    if (*factor)
      added.factors.push_back(*factor);
    added.summed.append(summed);
    addChild(node, std::move(before), /*additive=*/true);
    addChild(node, std::move(added), /*additive=*/false);
    return true;
  }
  default:
    return false;
  }
}
