//===- FactsSegments.cpp - Facts about rows that stand in segments --------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Facts.h"

using namespace mlir;
using namespace mlir::moe;

/// How deep an expression of rows is followed.
static constexpr unsigned kMaxDepth = 64;

/// The index of rows `row` of `operand` by the rows of a segment, where it is
/// one.
static const Expr *getSegmentRows(const Expr *expr) {
  if (!expr->is(Expr::Kind::Index) || expr->operands.size() != 2 ||
      !expr->operands[1].expr->is(Expr::Kind::SegmentRows) ||
      expr->indexed[0].size() != 1)
    return nullptr;
  return expr->operands[1].expr;
}

/// The first selection of a segment's rows along axis `row`, and of how many.
static std::pair<const Expr *, Size> findSegment(const Expr *expr, int row,
                                                 unsigned depth) {
  if (const Expr *rows = getSegmentRows(expr);
      rows && expr->operands[1].axes[0] == row)
    return {rows, expr->operands[0].expr->axes[expr->indexed[0][0]]};
  if (depth == 0)
    return {nullptr, 0};
  for (const Operand &operand : expr->operands) {
    auto it = llvm::find(operand.axes, row);
    if (it == operand.axes.end())
      continue;
    auto found =
        findSegment(operand.expr, it - operand.axes.begin(), depth - 1);
    if (found.first)
      return found;
  }
  return {nullptr, 0};
}

View Facts::concatSegments(ArrayRef<View> parts) {
  const View &first = parts.front();
  if (first.dims[0].size() != 1 || first.dims[0][0].axis < 0)
    return {};
  int row = first.dims[0][0].axis;
  auto [segment, rows] = findSegment(first.expr, row, kMaxDepth);
  if (!segment)
    return {};
  const Expr *ends = segment->operands[0].expr;
  if (ends->axes[0] != static_cast<Size>(parts.size()))
    return {};
  SmallVector<Operand> operands;
  for (const View &part : parts) {
    // Everything but the number of rows must agree.
    if (part.expr->axes.size() != first.expr->axes.size())
      return {};
    for (auto [d, dim] : llvm::enumerate(part.dims)) {
      if (dim.size() != first.dims[d].size())
        return {};
      for (auto [factor, other] : llvm::zip_equal(dim, first.dims[d]))
        if (factor.axis != other.axis || (d != 0 && factor.size != other.size))
          return {};
    }
    operands.push_back({part.expr, countUp(0, part.expr->axes.size())});
  }
  std::optional<Operand> all = generalize(operands, row, ends, rows, kMaxDepth);
  if (!all)
    return {};
  View result{all->expr, first.dims};
  result.dims[0][0].size = rows;
  for (auto &dim : result.dims)
    for (Factor &factor : dim)
      if (factor.axis >= 0) {
        auto it = llvm::find(all->axes, factor.axis);
        if (it == all->axes.end())
          return {};
        factor.axis = it - all->axes.begin();
      }
  return result;
}

std::optional<Operand> Facts::generalize(ArrayRef<Operand> parts, int row,
                                         const Expr *ends, Size rows,
                                         unsigned depth) {
  const Operand &first = parts.front();
  const Expr &expr = *first.expr;
  if (depth == 0)
    return std::nullopt;
  for (const Operand &part : parts)
    if (part.axes != first.axes)
      return std::nullopt;
  auto it = llvm::find(first.axes, row);
  int own = it == first.axes.end() ? -1 : it - first.axes.begin();
  bool same = llvm::all_of(
      parts, [&](const Operand &part) { return part.expr == first.expr; });
  if (same)
    return own < 0 ? std::optional(first) : std::nullopt;

  // Rows of segment i of the same tensor: its rows.
  if (const Expr *selected = getSegmentRows(&expr);
      selected && own >= 0 && expr.operands[1].axes[0] == own) {
    const Operand &from = expr.operands[0];
    for (auto [i, part] : llvm::enumerate(parts)) {
      const Expr *other = getSegmentRows(part.expr);
      if (!other || other->part != static_cast<int>(i) ||
          other->operands[0].expr != ends ||
          part.expr->operands[0].expr != from.expr ||
          part.expr->operands[0].axes != from.axes ||
          part.expr->indexed != expr.indexed)
        return std::nullopt;
    }
    if (from.expr->axes[expr.indexed[0][0]] != rows)
      return std::nullopt;
    Operand result{from.expr, from.axes};
    for (auto [axis, mapped] : llvm::enumerate(result.axes))
      mapped = mapped < 0 ? row : first.axes[mapped];
    return result;
  }

  auto byRow = [&](Expr picked) {
    // Element i of what the segments' numbers choose from.
    Expr segment(Expr::Kind::Segment, IntegerType::get(context, 64));
    segment.axes = {rows};
    segment.operands.push_back({ends, SmallVector<int, 4>{-1}});
    picked.operands.resize(1);
    picked.operands.push_back(
        {intern(std::move(segment)),
         SmallVector<int, 4>{static_cast<int>(picked.axes.size())}});
    picked.axes.push_back(rows);
    Operand result{nullptr, first.axes};
    result.axes.push_back(row);
    result.expr = intern(std::move(picked));
    return result;
  };
  // Slice i of one tensor.
  if (own < 0 && expr.is(Expr::Kind::Index) && expr.operands.size() == 2 &&
      expr.operands[1].expr->is(Expr::Kind::Splat)) {
    bool inOrder = true;
    for (auto [i, part] : llvm::enumerate(parts))
      inOrder &= part.expr->is(Expr::Kind::Index) &&
                 part.expr->operands.size() == 2 &&
                 part.expr->operands[1].expr->isSplat(i) &&
                 part.expr->operands[0] == expr.operands[0] &&
                 part.expr->indexed == expr.indexed;
    if (inOrder)
      return byRow(expr);
  }
  // Tensors, or numbers, of their own.
  if (own < 0 && (expr.is(Expr::Kind::Leaf) || expr.is(Expr::Kind::Splat))) {
    Expr stack(Expr::Kind::Stack, expr.element);
    stack.axes.push_back(parts.size());
    llvm::append_range(stack.axes, expr.axes);
    for (const Operand &part : parts) {
      if (!part.expr->is(expr.kind) || part.expr->axes != expr.axes ||
          part.expr->element != expr.element)
        return std::nullopt;
      stack.operands.push_back({part.expr, countUp(1, stack.axes.size())});
    }
    Expr picked(Expr::Kind::Index, expr.element);
    picked.axes = expr.axes;
    picked.indexed.push_back({0});
    SmallVector<int, 4> from{-1};
    llvm::append_range(from, countUp(0, expr.axes.size()));
    picked.operands.push_back({intern(std::move(stack)), from});
    return byRow(picked);
  }

  // The same operation on each.
  Expr merged = expr;
  for (const Operand &part : parts) {
    const Expr &other = *part.expr;
    bool alike = other.kind == expr.kind && other.element == expr.element &&
                 other.op == expr.op && other.number == expr.number &&
                 other.number2 == expr.number2 && other.part == expr.part &&
                 other.offset == expr.offset && other.step == expr.step &&
                 other.bound == expr.bound && other.indexed == expr.indexed &&
                 other.axes.size() == expr.axes.size() &&
                 other.operands.size() == expr.operands.size() && !other.value;
    for (size_t a = 0; alike && a < expr.axes.size(); ++a)
      alike = static_cast<int>(a) == own || other.axes[a] == expr.axes[a];
    if (!alike)
      return std::nullopt;
  }
  Operand result{nullptr, first.axes};
  if (own < 0) {
    own = expr.axes.size();
    merged.axes.push_back(rows);
    result.axes.push_back(row);
    for (Operand &operand : merged.operands)
      for (int &axis : operand.axes)
        axis += axis >= own;
  } else {
    merged.axes[own] = rows;
  }
  for (size_t o = 0; o < merged.operands.size(); ++o) {
    SmallVector<Operand> each;
    for (const Operand &part : parts)
      each.push_back({part.expr->operands[o].expr, merged.operands[o].axes});
    for (const Operand &part : parts)
      if (part.expr->operands[o].axes != expr.operands[o].axes)
        return std::nullopt;
    std::optional<Operand> operand =
        generalize(each, own, ends, rows, depth - 1);
    if (!operand)
      return std::nullopt;
    merged.operands[o] = *operand;
  }
  result.expr = intern(std::move(merged));
  return result;
}
