//===- ScalarExpr.cpp - Normal forms of scalar arithmetic -------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ScalarExpr.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace mlir;
using namespace mlir::moe;

/// An order of expressions in which constants count last.
static int compare(Expr a, Expr b) {
  if (a == b)
    return 0;
  if (a->kind != b->kind)
    return a->kind < b->kind ? -1 : 1;
  if (a->leaf != b->leaf)
    return a->leaf < b->leaf ? -1 : 1;
  if (int order = a->function.compare(b->function))
    return order;
  if (a->parts.size() != b->parts.size())
    return a->parts.size() < b->parts.size() ? -1 : 1;
  for (auto [x, y] : llvm::zip_equal(a->parts, b->parts))
    if (int order = compare(x.first, y.first))
      return order;
  for (auto [x, y] : llvm::zip_equal(a->parts, b->parts))
    if (x.second != y.second)
      return x.second < y.second ? -1 : 1;
  return a->value == b->value ? 0 : a->value < b->value ? -1 : 1;
}

/// Equal as constants that programs write in f32.
static bool isClose(double a, double b) {
  return a == b || std::abs(a - b) <= 1e-6 * std::max(std::abs(a), std::abs(b));
}

bool mlir::moe::isSame(Expr a, Expr b) {
  if (a->kind != b->kind || a->leaf != b->leaf || a->function != b->function ||
      a->parts.size() != b->parts.size() || !isClose(a->value, b->value))
    return false;
  for (auto [x, y] : llvm::zip_equal(a->parts, b->parts))
    if (!isClose(x.second, y.second) || !isSame(x.first, y.first))
      return false;
  return true;
}

void mlir::moe::walk(Expr expr, function_ref<void(Expr)> visit) {
  visit(expr);
  for (const auto &part : expr->parts)
    walk(part.first, visit);
}

Expr ExprPool::make(ExprNode node) {
  node.size = 1;
  for (const auto &part : node.parts)
    node.size = llvm::SaturatingAdd(node.size, part.first->size);
  nodes.push_back(std::move(node));
  return &nodes.back();
}

Expr ExprPool::constant(double value) {
  ExprNode node(ExprNode::Constant);
  node.value = value;
  return make(std::move(node));
}

Expr ExprPool::leaf(unsigned number) {
  ExprNode node(ExprNode::Leaf);
  node.leaf = number;
  return make(std::move(node));
}

Expr ExprPool::function(StringRef name, ArrayRef<Expr> arguments) {
  ExprNode node(ExprNode::Function);
  node.function = name;
  for (Expr argument : arguments)
    node.parts.push_back({argument, 1.0});
  llvm::sort(node.parts,
             [](auto &a, auto &b) { return compare(a.first, b.first) < 0; });
  return make(std::move(node));
}

/// Sorts parts, and adds the numbers of equal ones.
static SmallVector<std::pair<Expr, double>>
collect(ArrayRef<std::pair<Expr, double>> parts) {
  SmallVector<std::pair<Expr, double>> sorted(parts), result;
  llvm::sort(sorted,
             [](auto &a, auto &b) { return compare(a.first, b.first) < 0; });
  for (auto [expr, number] : sorted) {
    if (!result.empty() && compare(result.back().first, expr) == 0)
      result.back().second += number;
    else
      result.push_back({expr, number});
  }
  llvm::erase_if(result, [](auto &part) { return part.second == 0.0; });
  return result;
}

Expr ExprPool::product(double coefficient,
                       ArrayRef<std::pair<Expr, double>> factors) {
  SmallVector<std::pair<Expr, double>> parts = collect(factors);
  if (coefficient == 0.0 || parts.empty())
    return constant(coefficient);
  if (coefficient == 1.0 && parts.size() == 1 && parts[0].second == 1.0)
    return parts[0].first;
  ExprNode node(ExprNode::Product);
  node.value = coefficient;
  node.parts = std::move(parts);
  return make(std::move(node));
}

Expr ExprPool::sum(double constantTerm,
                   ArrayRef<std::pair<Expr, double>> terms) {
  SmallVector<std::pair<Expr, double>> parts = collect(terms);
  if (parts.empty())
    return constant(constantTerm);
  if (constantTerm == 0.0 && parts.size() == 1)
    return mul(constant(parts[0].second), parts[0].first);
  // The first coefficient is 1: c·(a + b) and c·a + c·b are one form.
  double lead = constantTerm != 0.0 ? constantTerm : parts[0].second;
  ExprNode node(ExprNode::Sum);
  node.value = constantTerm / lead;
  for (auto [expr, coefficient] : parts)
    node.parts.push_back({expr, coefficient / lead});
  return product(lead, {{make(std::move(node)), 1.0}});
}

Expr ExprPool::power(Expr a, double exponent) {
  if (a->kind == ExprNode::Constant)
    return constant(std::pow(a->value, exponent));
  if (a->kind != ExprNode::Product)
    return product(1.0, {{a, exponent}});
  SmallVector<std::pair<Expr, double>> factors = a->parts;
  for (auto &factor : factors)
    factor.second *= exponent;
  return product(std::pow(a->value, exponent), factors);
}

Expr ExprPool::mul(Expr a, Expr b) {
  double coefficient = 1.0;
  SmallVector<std::pair<Expr, double>> factors;
  for (Expr part : {a, b}) {
    if (part->kind == ExprNode::Constant) {
      coefficient *= part->value;
    } else if (part->kind == ExprNode::Product) {
      coefficient *= part->value;
      llvm::append_range(factors, part->parts);
    } else {
      factors.push_back({part, 1.0});
    }
  }
  return product(coefficient, factors);
}

Expr ExprPool::add(Expr a, Expr b) {
  double constantTerm = 0.0;
  SmallVector<std::pair<Expr, double>> terms;
  for (Expr part : {a, b}) {
    if (part->kind == ExprNode::Constant) {
      constantTerm += part->value;
      continue;
    }
    double coefficient = 1.0;
    if (part->kind == ExprNode::Product) {
      coefficient = part->value;
      part = product(1.0, part->parts);
    }
    if (part->kind != ExprNode::Sum) {
      terms.push_back({part, coefficient});
      continue;
    }
    constantTerm += coefficient * part->value;
    for (auto [term, own] : part->parts)
      terms.push_back({term, coefficient * own});
  }
  return sum(constantTerm, terms);
}
