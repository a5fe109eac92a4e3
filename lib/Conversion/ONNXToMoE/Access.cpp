//===- Access.cpp - Expressions read at positions ---------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Access.h"

using namespace mlir;
using namespace mlir::moe;

/// How deep computed positions are followed.
static constexpr unsigned kMaxDepth = 32;

bool Binding::operator==(const Binding &other) const {
  if (kind != other.kind || offset != other.offset)
    return false;
  if (kind == Kind::Constant)
    return true;
  if (var != other.var || step != other.step)
    return false;
  return kind == Kind::Variable || position == other.position ||
         (position->sizes == other.position->sizes &&
          position->index == other.position->index);
}

bool Access::dependsOn(int var) const {
  return llvm::any_of(at, [&](const Binding &binding) {
    switch (binding.kind) {
    case Binding::Kind::Variable:
      return binding.var == var;
    case Binding::Kind::Constant:
      return false;
    case Binding::Kind::Computed:
      return binding.position->index.dependsOn(var);
    }
    return false;
  });
}

bool moe::isFloatCast(const Expr *expr) {
  return expr->isMap("Cast") && isa<FloatType>(expr->element) &&
         isa<FloatType>(expr->operands[0].expr->element);
}

SmallVector<Access, 2> AccessReader::open(const Access &access,
                                          ArrayRef<int> bound) {
  const Expr &expr = *access.expr;
  SmallVector<Binding, 4> at(access.at);
  for (int var : bound)
    at.push_back(Binding::variable(var));
  auto read = [&](const Operand &operand) {
    Access inner{operand.expr, {}};
    for (int axis : operand.axes)
      inner.at.push_back(axis < 0 ? Binding() : at[axis]);
    return inner;
  };
  SmallVector<Access, 2> result;
  if (!expr.is(Expr::Kind::Index)) {
    for (const Operand &operand : expr.operands)
      result.push_back(read(operand));
    if (expr.is(Expr::Kind::Slice)) {
      Binding &along = result[0].at[expr.part];
      along.offset = expr.offset + expr.step * along.offset;
      along.step *= expr.step;
      if (along.kind == Binding::Kind::Computed)
        result.clear();
    }
    return result;
  }
  Access data = read(expr.operands[0]);
  for (auto [i, axes] : llvm::enumerate(expr.indexed)) {
    SmallVector<Size, 2> sizes = llvm::map_to_vector<2>(
        axes, [&](int axis) { return data.expr->axes[axis]; });
    SmallVector<Binding, 4> resolved =
        resolve(read(expr.operands[i + 1]), sizes, kMaxDepth);
    for (auto [axis, binding] : llvm::zip_equal(axes, resolved))
      data.at[axis] = binding;
  }
  result.push_back(std::move(data));
  return result;
}

Access AccessReader::peelOnce(const Access &access) {
  if (!access.expr->is(Expr::Kind::Index) &&
      !access.expr->is(Expr::Kind::Slice) && !isFloatCast(access.expr))
    return {};
  if (access.expr->is(Expr::Kind::Slice) &&
      access.at[access.expr->part].kind == Binding::Kind::Variable)
    return {};
  SmallVector<Access, 2> opened = open(access);
  return opened.empty() ? Access() : opened[0];
}

Access AccessReader::peel(Access access) {
  while (access.expr->is(Expr::Kind::Index) ||
         access.expr->is(Expr::Kind::Slice) || isFloatCast(access.expr)) {
    SmallVector<Access, 2> opened = open(access);
    if (opened.empty())
      return access;
    access = opened[0];
  }
  return access;
}

//===----------------------------------------------------------------------===//
// Computed positions
//===----------------------------------------------------------------------===//

/// The coordinates before sorting of the element that stands in row `row` of
/// what `sort` gives, by axes of what was sorted, in their order.
std::optional<SmallVector<Binding, 4>>
AccessReader::getSorted(const Expr *sort, const Binding &row) {
  const Operand &sorted = sort->operands[0];
  if (row.kind == Binding::Kind::Variable) {
    auto it = rowsOf.find(row.var);
    if (!row.isPlain() || it == rowsOf.end() || it->second.key != sorted.expr)
      return std::nullopt;
    return it->second.dims[0];
  }
  if (row.kind != Binding::Kind::Computed || row.position->sizes.size() != 1)
    return std::nullopt;
  const Access &index = row.position->index;
  if (!index.expr->is(Expr::Kind::Sort) || index.expr->part != 2 ||
      index.expr->operands[0].expr != sorted.expr ||
      index.expr->indexed != sort->indexed)
    return std::nullopt;
  SmallVector<Binding, 4> before;
  for (int axis : sort->indexed[0])
    before.push_back(index.at[axis]);
  return before;
}

/// Splits the sizes in front of or behind those whose product is `count`.
static std::optional<size_t> splitTrailing(ArrayRef<Size> sizes, Size count) {
  Size product = 1;
  for (size_t i = sizes.size(); i-- > 0;) {
    if (sizes[i] < 0)
      return std::nullopt;
    product *= sizes[i];
    if (product == count)
      return i;
  }
  return std::nullopt;
}

/// The position counted over the axes of `iota`, if all but one of its
/// bindings are constant.
static std::optional<Binding> countPositions(const Access &iota) {
  Binding sum = Binding::constant(0);
  int64_t stride = 1;
  for (size_t i = iota.at.size(); i-- > 0;) {
    const Binding &at = iota.at[i];
    bool varies = at.kind == Binding::Kind::Variable;
    if (at.kind == Binding::Kind::Computed || iota.expr->axes[i] < 0 ||
        (varies && sum.kind == Binding::Kind::Variable))
      return std::nullopt;
    int64_t offset, step;
    if (llvm::MulOverflow(at.offset, stride, offset) ||
        llvm::MulOverflow(at.step, stride, step) ||
        llvm::AddOverflow(sum.offset, offset, offset) ||
        llvm::MulOverflow(stride, iota.expr->axes[i], stride))
      return std::nullopt;
    sum.offset = offset;
    if (varies) {
      sum.kind = Binding::Kind::Variable;
      sum.var = at.var;
      sum.step = step;
    }
  }
  return sum;
}

SmallVector<Binding, 4> AccessReader::resolve(const Access &index,
                                              ArrayRef<Size> sizes,
                                              unsigned depth) {
  const Expr &expr = *index.expr;
  auto asIs = [&]() {
    positions.push_back({index, SmallVector<Size, 2>(sizes)});
    SmallVector<Binding, 4> result;
    for (size_t i = 0; i < sizes.size(); ++i)
      result.push_back({Binding::Kind::Computed, static_cast<int>(i), 0, 1,
                        &positions.back()});
    return result;
  };
  if (depth == 0)
    return asIs();
  /// Elements of what was sorted, and the sizes that they are counted over.
  auto getElement = [&](const Access &sort)
      -> std::optional<std::pair<SmallVector<Binding, 4>, SmallVector<Size>>> {
    if (!sort.expr->is(Expr::Kind::Sort) || sort.expr->part != 1)
      return std::nullopt;
    auto before = getSorted(sort.expr, sort.at[0]);
    if (!before)
      return std::nullopt;
    SmallVector<Size> counted =
        llvm::map_to_vector(sort.expr->indexed[0], [&](int axis) {
          return sort.expr->operands[0].expr->axes[axis];
        });
    return std::make_pair(*before, counted);
  };

  switch (expr.kind) {
  case Expr::Kind::Splat:
    if (sizes.size() == 1)
      return {Binding::constant(expr.number)};
    break;
  case Expr::Kind::Iota:
    if (ArrayRef<Size>(expr.axes) == sizes ||
        (expr.axes.size() == 1 && sizes.size() == 1))
      return index.at;
    if (sizes.size() == 1)
      if (std::optional<Binding> at = countPositions(index))
        return {*at};
    break;
  case Expr::Kind::Coordinate: {
    auto it = rowsOf.find(index.at[0].var);
    if (expr.part < 0 || !index.at[0].isPlain() || it == rowsOf.end() ||
        it->second.key != expr.operands[0].expr)
      break;
    const auto &dim = it->second.dims[expr.part];
    bool fits = dim.size() == sizes.size();
    for (size_t i = 0; fits && i < sizes.size(); ++i)
      fits =
          expr.operands[0].expr->axes[expr.indexed[expr.part][i]] == sizes[i];
    if (fits)
      return dim;
    break;
  }
  case Expr::Kind::Sort:
    if (auto element = getElement(index);
        element && ArrayRef<Size>(element->second) == sizes)
      return element->first;
    break;
  case Expr::Kind::Map: {
    if (expr.operands.size() != 2)
      break;
    SmallVector<Access, 2> operands = open(index);
    bool divides = expr.op == "Div", remains = expr.op == "Mod";
    if ((divides || remains) && operands[1].expr->is(Expr::Kind::Splat)) {
      auto element = getElement(operands[0]);
      auto split =
          element ? splitTrailing(element->second, operands[1].expr->number)
                  : std::nullopt;
      if (!split)
        break;
      size_t begin = divides ? 0 : *split,
             end = divides ? *split : element->second.size();
      if (ArrayRef<Size>(element->second).slice(begin, end - begin) == sizes)
        return SmallVector<Binding, 4>(
            ArrayRef<Binding>(element->first).slice(begin, end - begin));
      break;
    }
    // token · k + slot.
    if (expr.op != "Add" || sizes.size() < 2)
      break;
    for (int i : {0, 1}) {
      if (!operands[i].expr->isMap("Mul"))
        continue;
      SmallVector<Access, 2> scaled = open(operands[i]);
      for (int j : {0, 1}) {
        if (!scaled[j].expr->isSplat(sizes.back()))
          continue;
        SmallVector<Binding, 4> result =
            resolve(scaled[1 - j], sizes.drop_back(), depth - 1);
        result.append(resolve(operands[1 - i], sizes.back(), depth - 1));
        return result;
      }
    }
    break;
  }
  case Expr::Kind::Index: {
    SmallVector<Access, 2> opened = open(index);
    // One of several ids is a tensor of its own.
    if (llvm::any_of(opened[0].at, [](const Binding &at) {
          return at.kind == Binding::Kind::Constant;
        }))
      return asIs();
    return resolve(opened[0], sizes, depth - 1);
  }
  default:
    break;
  }
  return asIs();
}

FailureOr<Access> AccessReader::bindRows(const Expr *scatter,
                                         const Operand &index,
                                         ArrayRef<Binding> target,
                                         MutableArrayRef<Binding> rows,
                                         SmallVectorImpl<int> &added) {
  const Expr *expr = index.expr;
  // Positions count over the same axes only where these are of the same sizes.
  SmallVector<Size> targetSizes = llvm::map_to_vector(
      scatter->indexed[0], [&](int axis) { return scatter->axes[axis]; });
  auto countsOver = [&](ArrayRef<Size> sizes) {
    return sizes == ArrayRef<Size>(targetSizes);
  };
  SmallVector<int> along;
  for (int axis : index.axes) {
    along.push_back(axis - static_cast<int>(scatter->axes.size()));
    if (along.back() < 0)
      return failure();
  }
  // Positions themselves: rows run over what they are added to, and more.
  if (expr->is(Expr::Kind::Iota) && countsOver(expr->axes)) {
    for (auto [i, binding] : llvm::zip_equal(along, target))
      rows[i] = binding;
    for (auto [i, row] : llvm::enumerate(rows))
      if (!llvm::is_contained(along, static_cast<int>(i)))
        added.push_back(row.var);
    return Access();
  }
  if (rows.size() != 1 || along.size() != 1)
    return failure();
  int row = rows[0].var;
  if (expr->is(Expr::Kind::Coordinate) && expr->part >= 0) {
    const Expr *mask = expr->operands[0].expr;
    SmallVector<Size> sizes = llvm::map_to_vector(
        expr->indexed[expr->part], [&](int axis) { return mask->axes[axis]; });
    if (rowsOf.contains(row) || !countsOver(sizes))
      return failure();
    Rows meaning{mask, {}};
    Access factor{mask, SmallVector<Binding, 4>(mask->axes.size())};
    for (auto [d, axes] : llvm::enumerate(expr->indexed)) {
      auto &dim = meaning.dims.emplace_back();
      for (auto [i, axis] : llvm::enumerate(axes)) {
        if (static_cast<int>(d) == expr->part) {
          dim.push_back(target[i]);
        } else {
          added.push_back(newVariable());
          dim.push_back(Binding::variable(added.back()));
        }
        factor.at[axis] = dim.back();
      }
    }
    rowsOf[row] = std::move(meaning);
    return factor;
  }
  // position / k among sorted pairs; with one slot, the position.
  const Expr *sort = expr;
  double slots = 1;
  if (expr->isMap("Div") && expr->operands[1].expr->is(Expr::Kind::Splat)) {
    sort = expr->operands[0].expr;
    slots = expr->operands[1].expr->number;
  }
  if (!sort->is(Expr::Kind::Sort) || sort->part != 1)
    return failure();
  const Expr *sorted = sort->operands[0].expr;
  SmallVector<Size> sizes = llvm::map_to_vector(
      sort->indexed[0], [&](int axis) { return sorted->axes[axis]; });
  auto split =
      slots == 1 ? std::optional(sizes.size()) : splitTrailing(sizes, slots);
  if (!split || !countsOver(ArrayRef<Size>(sizes).take_front(*split)) ||
      rowsOf.contains(row))
    return failure();
  Rows meaning{sorted, {}};
  auto &dim = meaning.dims.emplace_back(target.begin(), target.end());
  for (size_t i = *split; i < sizes.size(); ++i) {
    added.push_back(newVariable());
    dim.push_back(Binding::variable(added.back()));
  }
  rowsOf[row] = std::move(meaning);
  return Access();
}

//===----------------------------------------------------------------------===//
// Segments
//===----------------------------------------------------------------------===//

/// The number that a chain of elementwise operators makes of `id`, standing
/// for the elements of `ids`.
static std::optional<double> evaluate(const Expr *expr, const Expr *ids,
                                      double id, unsigned depth) {
  if (expr == ids || (expr->is(Expr::Kind::Sort) && expr->part == 0 &&
                      expr->operands[0].expr == ids))
    return id;
  if (expr->is(Expr::Kind::Splat))
    return expr->number;
  if (!expr->is(Expr::Kind::Map) || depth == 0)
    return std::nullopt;
  SmallVector<double, 2> operands;
  for (const Operand &operand : expr->operands) {
    auto value = evaluate(operand.expr, ids, id, depth - 1);
    if (!value)
      return std::nullopt;
    operands.push_back(*value);
  }
  bool isInteger = isa<IntegerType>(expr->element);
  double result;
  if (expr->op == "Cast")
    result = isInteger ? std::trunc(operands[0]) : operands[0];
  else if (expr->op == "Clip")
    result = std::min(std::max(operands[0], expr->number), expr->number2);
  else if (expr->op == "Add")
    result = operands[0] + operands[1];
  else if (expr->op == "Sub")
    result = operands[0] - operands[1];
  else if (expr->op == "Mul")
    result = operands[0] * operands[1];
  else if (expr->op == "Div" && operands[1] != 0)
    result = isInteger ? std::trunc(operands[0] / operands[1])
                       : operands[0] / operands[1];
  else
    return std::nullopt;
  return expr->element.isF32() ? static_cast<float>(result) : result;
}

/// Whether element e of `counts` is the number of ids that are e.
bool AccessReader::countsIds(const Expr *counts, const Expr *ids) {
  while (counts->isMap("Cast"))
    counts = counts->operands[0].expr;
  if (counts->axes.size() != 1 || counts->axes[0] < 0)
    return false;
  // Σ over all elements of (id = e).
  if (counts->is(Expr::Kind::Sum)) {
    // The axis that is not summed over, in the operand.
    const Operand &summed = counts->operands[0];
    auto it = llvm::find(summed.axes, 0);
    int axis = it - summed.axes.begin();
    const Expr *mask = summed.expr;
    for (; mask->isMap("Cast"); mask = mask->operands[0].expr) {
      const SmallVector<int, 4> &axes = mask->operands[0].axes;
      axis = llvm::find(axes, axis) - axes.begin();
    }
    if (!mask->isMap("Equal") || counts->bound.size() + 1 != mask->axes.size())
      return false;
    for (int i : {0, 1}) {
      const Operand &experts = mask->operands[1 - i];
      const Expr *counted = mask->operands[i].expr;
      if (counted->is(Expr::Kind::Sort) && counted->part == 0)
        counted = counted->operands[0].expr;
      if (experts.expr->is(Expr::Kind::Iota) && counted == ids &&
          experts.axes == SmallVector<int, 4>{axis})
        return true;
    }
    return false;
  }
  // 1 added at each id.
  if (!counts->is(Expr::Kind::Scatter) || counts->operands.size() != 3 ||
      !counts->operands[0].expr->isSplat(0) ||
      !counts->operands[1].expr->isSplat(1))
    return false;
  for (int64_t id = 0; id < counts->axes[0]; ++id)
    if (evaluate(counts->operands[2].expr, ids, id, kMaxDepth) != id)
      return false;
  return counts->axes[0] <= (1 << 20);
}

std::optional<Access> AccessReader::getChoice(const Position &position) {
  if (position.sizes.size() != 1)
    return std::nullopt;
  const Access &index = position.index;
  if (index.expr->is(Expr::Kind::Sort) && index.expr->part == 0) {
    auto before = getSorted(index.expr, index.at[0]);
    if (!before)
      return std::nullopt;
    Access ids{index.expr->operands[0].expr, {}};
    ids.at.resize(ids.expr->axes.size());
    for (auto [axis, at] : llvm::zip_equal(index.expr->indexed[0], *before))
      ids.at[axis] = at;
    return ids;
  }
  if (!index.expr->is(Expr::Kind::Segment))
    return index;
  const Expr *ends = index.expr->operands[0].expr;
  if (!ends->is(Expr::Kind::Running))
    return std::nullopt;
  // Segments of sorted ids: the row's segment is its id.
  const Binding &row = index.at[0];
  const Expr *sorted = nullptr;
  SmallVector<Binding, 4> before;
  SmallVector<SmallVector<int, 2>, 1> order;
  if (row.kind == Binding::Kind::Computed) {
    const Access &from = row.position->index;
    if (!from.expr->is(Expr::Kind::Sort) || from.expr->part != 2)
      return std::nullopt;
    sorted = from.expr->operands[0].expr;
    for (int axis : from.expr->indexed[0])
      before.push_back(from.at[axis]);
    order = {from.expr->indexed[0]};
  } else if (auto it = rowsOf.find(row.var); row.isPlain() &&
                                             it != rowsOf.end() &&
                                             it->second.dims.size() == 1) {
    sorted = it->second.key;
    before = it->second.dims[0];
    order = {llvm::to_vector<2>(llvm::seq<int>(sorted->axes.size()))};
  }
  if (!sorted || !countsIds(ends->operands[0].expr, sorted) ||
      order[0].size() != before.size())
    return std::nullopt;
  Access ids{sorted, {}};
  ids.at.resize(sorted->axes.size());
  for (auto [axis, at] : llvm::zip_equal(order[0], before))
    ids.at[axis] = at;
  return ids;
}
