//===- FactsScatter.cpp - Facts about operators that place elements -------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Facts.h"
#include "moe/Dialect/ONNXIR/Utils/NodeUtils.h"

using namespace mlir;
using namespace mlir::moe;
using onnxir::NodeOp;

/// The sizes that the positions `index` count over; none where that is not
/// known.
static SmallVector<Size> getCounted(const Expr *index) {
  SmallVector<Size> sizes;
  if (index->is(Expr::Kind::Iota)) {
    sizes.assign(index->axes.begin(), index->axes.end());
  } else if (index->is(Expr::Kind::Coordinate) && index->part >= 0) {
    for (int axis : index->indexed[index->part])
      sizes.push_back(index->operands[0].expr->axes[axis]);
  } else {
    // Sorted pairs of tokens and slots.
    bool divides =
        index->isMap("Div") && index->operands[1].expr->is(Expr::Kind::Splat);
    const Expr *sort = divides ? index->operands[0].expr : index;
    if (!sort->is(Expr::Kind::Sort) || sort->part != 1)
      return {};
    for (int axis : sort->indexed[0])
      sizes.push_back(sort->operands[0].expr->axes[axis]);
    Size slots = divides ? index->operands[1].expr->number : 1;
    while (!sizes.empty() && sizes.back() > 0 && slots > 1 &&
           slots % sizes.back() == 0)
      slots /= sizes.pop_back_val();
    if (slots != 1)
      sizes.clear();
  }
  return sizes;
}

View Facts::scatterAdd(View data, ArrayRef<int64_t> dims,
                       SmallVector<View, 3> indices, const View &updates,
                       unsigned indexRank) {
  // Positions count over what is added at them.
  SmallVector<View> rows{updates};
  llvm::append_range(rows, indices);
  SmallVector<SmallVector<int, 4>> leading(
      rows.size(), countUp(0, static_cast<int>(indexRank)));
  for (const View &view : rows)
    if (view.dims.size() < indexRank)
      return {};
  if (!align(rows, leading))
    return {};
  indices.assign(rows.begin() + 1, rows.end());
  // One number everywhere can be counted over any sizes.
  if (data.expr->is(Expr::Kind::Splat))
    for (auto [dim, view] : llvm::zip_equal(dims, indices)) {
      SmallVector<Size> sizes = getCounted(view.expr);
      if (sizes.empty() || product(sizes) != sizeOf(data.dims[dim]))
        continue;
      data.dims[dim].clear();
      for (Size size : sizes)
        data.dims[dim].push_back({-1, size});
    }
  int64_t rank = data.dims.size(), all = rank + indexRank;
  SmallVector<View> views{data, updates};
  llvm::append_range(views, indices);
  SmallVector<SmallVector<int, 4>> where(views.size(),
                                         SmallVector<int, 4>(all, -1));
  int64_t rest = indexRank;
  for (int64_t i = 0; i < rank; ++i) {
    where[0][i] = i;
    if (!llvm::is_contained(dims, i))
      where[1][i] = rest++;
  }
  if (rest != static_cast<int64_t>(updates.dims.size()))
    return {};
  for (unsigned i = 0; i < indexRank; ++i)
    where[1][rank + i] = i;
  for (auto [n, view] : llvm::enumerate(indices)) {
    if (view.dims.size() != indexRank)
      return {};
    for (unsigned i = 0; i < indexRank; ++i)
      where[n + 2][rank + i] = i;
  }
  std::optional<Alignment> aligned = align(views, where);
  if (!aligned)
    return {};

  Expr expr(Expr::Kind::Scatter, data.expr->element);
  for (const View &view : views)
    expr.operands.push_back(
        {view.expr, SmallVector<int, 4>(view.expr->axes.size(), -1)});
  View result;
  for (int64_t d = 0; d < all; ++d) {
    bool bound = d >= rank;
    if (!bound)
      result.dims.emplace_back();
    for (auto [size, axes] :
         llvm::zip_equal(aligned->dims[d], aligned->axes[d])) {
      int axis = expr.axes.size() + expr.bound.size();
      (bound ? static_cast<SmallVectorImpl<Size> &>(expr.bound)
             : static_cast<SmallVectorImpl<Size> &>(expr.axes))
          .push_back(size);
      for (auto [operand, own] : llvm::zip_equal(expr.operands, axes))
        if (own >= 0)
          operand.axes[own] = axis;
      if (!bound)
        result.dims.back().push_back({axis, size});
    }
  }
  for (int64_t dim : dims) {
    auto &axes = expr.indexed.emplace_back();
    for (const Factor &factor : result.dims[dim])
      axes.push_back(factor.axis);
  }
  result.expr = intern(std::move(expr));
  return result;
}

bool Facts::isDistinct(const Expr *index) {
  if (!index->is(Expr::Kind::Coordinate) || index->part < 0)
    return false;
  // A token's choices differ, so each expert finds it in one slot at most.
  const Expr *mask = index->operands[0].expr;
  SmallVector<int> others;
  for (auto [i, axes] : llvm::enumerate(index->indexed))
    if (static_cast<int>(i) != index->part)
      llvm::append_range(others, axes);
  if (others.empty())
    return true;
  while (mask->is(Expr::Kind::Index) || mask->is(Expr::Kind::Slice) ||
         mask->isMap("Equal")) {
    // The ids, not what they are compared with.
    bool second =
        mask->isMap("Equal") && (mask->operands[0].expr->is(Expr::Kind::Iota) ||
                                 mask->operands[0].expr->is(Expr::Kind::Splat));
    const Operand &from = mask->operands[second];
    for (int &axis : others) {
      auto it = llvm::find(from.axes, axis);
      if (it == from.axes.end())
        return false;
      axis = it - from.axes.begin();
    }
    mask = from.expr;
  }
  // Ids that are counted from the back.
  if (mask->isMap("Sub") && mask->operands[0].expr->is(Expr::Kind::Splat)) {
    const Operand &from = mask->operands[1];
    for (int &axis : others) {
      auto it = llvm::find(from.axes, axis);
      if (it == from.axes.end())
        return false;
      axis = it - from.axes.begin();
    }
    mask = from.expr;
  }
  if (!mask->is(Expr::Kind::Leaf))
    return false;
  auto node = mask->value.getDefiningOp<NodeOp>();
  if (!node || !node.is("TopK") || mask->value != node.getResult(1))
    return false;
  auto axis =
      onnxir::normalizeAxis(node.getInt("axis", -1), mask->layout.size());
  if (!axis)
    return false;
  return llvm::all_of(others, [&](int other) {
    return llvm::any_of(mask->layout[*axis],
                        [&](Factor f) { return f.axis == other; });
  });
}

// A scatter has as many updates as indices, so their sizes need not be equal
// as symbols.
View Facts::invert(const View &at, const View &updates) {
  const Expr *sort = at.expr;
  if (!sort->is(Expr::Kind::Sort) || sort->part != 1 ||
      !updates.expr->is(Expr::Kind::Iota))
    return {};
  Expr inverse = *sort;
  inverse.part = 2;
  inverse.axes = sort->operands[0].expr->axes;
  View result{nullptr, Layout(1)};
  for (int axis : inverse.indexed[0])
    result.dims[0].push_back({axis, inverse.axes[axis]});
  result.expr = intern(std::move(inverse));
  return result;
}

bool Facts::isChoice(const Expr *ids, ArrayRef<Factor> slots) {
  SmallVector<int> axes;
  for (const Factor &factor : slots)
    axes.push_back(factor.axis);
  while (ids->is(Expr::Kind::Slice))
    ids = ids->operands[0].expr;
  if (axes.empty())
    return true;
  auto node =
      ids->is(Expr::Kind::Leaf) ? ids->value.getDefiningOp<NodeOp>() : NodeOp();
  if (!node || !node.is("TopK") || ids->value != node.getResult(1))
    return false;
  auto axis =
      onnxir::normalizeAxis(node.getInt("axis", -1), ids->layout.size());
  return axis && llvm::all_of(axes, [&](int own) {
           return llvm::any_of(ids->layout[*axis],
                               [&](Factor f) { return f.axis == own; });
         });
}

View Facts::scatterIds(View data, View ids, const View &updates, int64_t dim,
                       bool adds) {
  const auto &experts = data.dims[dim];
  if (!data.expr->isSplat(0) || experts.size() != 1 || experts[0].size < 0 ||
      ids.dims.size() != data.dims.size() ||
      updates.dims.size() != data.dims.size() ||
      (!adds && !isChoice(ids.expr, ids.dims[dim])))
    return {};
  for (auto [i, own, other] : llvm::enumerate(data.dims, ids.dims))
    if (static_cast<int64_t>(i) != dim && sizeOf(own) != sizeOf(other))
      return {};
  // Σ over slots of (id = place) · update.
  Expr iota(Expr::Kind::Iota, ids.expr->element);
  iota.axes = {experts[0].size};
  View places{intern(std::move(iota)), Layout(data.dims.size() + 1)};
  places.dims[dim + 1].push_back({0, experts[0].size});
  View rows = updates;
  for (View *view : {&ids, &rows})
    view->dims.insert(view->dims.begin() + dim + 1, SmallVector<Factor, 2>());
  View marks = map(StringAttr::get(context, "Equal"),
                   IntegerType::get(context, 1), {ids, places});
  View placed =
      map(StringAttr::get(context, "Mul"), data.expr->element, {marks, rows});
  return placed
             ? reduceSum(placed, {dim}, /*keepDims=*/false, data.expr->element)
             : View();
}

View Facts::visitScatterElements(NodeOp node) {
  View data = get(node.getInput(0)), at = get(node.getInput(1)),
       updates = get(node.getInput(2));
  if (!data || !at || !updates)
    return {};
  auto axis = onnxir::normalizeAxis(node.getInt("axis", 0), data.dims.size());
  if (!axis || !isNonNegative(at.expr))
    return {};
  StringRef reduction = node.getString("reduction", "none");
  // Whole rows, if the index is the same along all other dimensions.
  View rows{at.expr, {at.dims[*axis]}};
  bool whole = true;
  for (auto [i, dim] : llvm::enumerate(at.dims))
    whole &= static_cast<int64_t>(i) == *axis ||
             llvm::all_of(dim, [](Factor f) { return f.axis < 0; });
  if (!whole)
    return isa<FloatType>(data.expr->element) &&
                   (reduction == "none" || reduction == "add")
               ? scatterIds(data, at, updates, *axis, reduction == "add")
               : View();
  if (reduction == "none" && data.dims.size() == 1)
    if (View inverse = invert(rows, updates))
      return inverse;
  bool fresh = data.expr->isSplat(0) && isDistinct(at.expr);
  if (reduction != "add" && !(reduction == "none" && fresh))
    return {};
  View moved{updates.expr, {updates.dims[*axis]}};
  for (auto [i, dim] : llvm::enumerate(updates.dims))
    if (static_cast<int64_t>(i) != *axis)
      moved.dims.push_back(dim);
  return scatterAdd(data, {*axis}, {rows}, moved, 1);
}

View Facts::visitConcat(NodeOp node) {
  if (node.getNumSlots() == 1)
    return get(node.getInput(0));
  Value result = node.getResult(0);
  auto output = cast<RankedTensorType>(result.getType());
  auto axis = onnxir::normalizeAxis(node.getInt("axis", 0), output.getRank());
  if (!axis)
    return {};
  SmallVector<View> parts;
  for (unsigned i = 0; i < node.getNumSlots(); ++i) {
    parts.push_back(get(node.getInput(i)));
    if (!parts.back() ||
        static_cast<int64_t>(parts.back().dims.size()) != output.getRank())
      return {};
  }
  // Coordinates beside each other.
  if (*axis == output.getRank() - 1 && parts.size() <= 8 &&
      isa<IntegerType>(output.getElementType()) &&
      llvm::all_of(parts,
                   [](const View &v) { return v.dims.back().empty(); })) {
    auto &list = columns[result];
    for (View part : parts) {
      part.dims.pop_back();
      list.push_back(part);
    }
    return {};
  }
  if (View stacked = stack(parts, *axis, output.getElementType()))
    return stacked;
  return *axis == 0 ? concatSegments(parts) : View();
}

/// Parts of size 1 along `axis`, put together along it.
View Facts::stack(SmallVector<View> parts, int64_t axis, Type element) {
  if (!isa<FloatType>(element) ||
      llvm::any_of(parts, [&](const View &v) { return !v.dims[axis].empty(); }))
    return {};
  SmallVector<SmallVector<int, 4>> dims(
      parts.size(), countUp(0, static_cast<int>(parts[0].dims.size())));
  std::optional<Alignment> aligned = align(parts, dims);
  if (!aligned)
    return {};
  Expr expr(Expr::Kind::Stack, element);
  auto count = static_cast<Size>(parts.size());
  expr.axes.push_back(count);
  for (const View &part : parts)
    expr.operands.push_back(
        {part.expr, SmallVector<int, 4>(part.expr->axes.size(), -1)});
  View result;
  for (auto [sizes, axes] : llvm::zip_equal(aligned->dims, aligned->axes)) {
    auto &dim = result.dims.emplace_back();
    for (auto [size, perPart] : llvm::zip_equal(sizes, axes)) {
      int own = expr.axes.size();
      expr.axes.push_back(size);
      for (auto [operand, from] : llvm::zip_equal(expr.operands, perPart))
        if (from >= 0)
          operand.axes[from] = own;
      dim.push_back({own, size});
    }
  }
  result.dims[axis] = {Factor{0, count}};
  result.expr = intern(std::move(expr));
  return result;
}

View Facts::visitCumSum(NodeOp node) {
  View view = get(node.getInput(0));
  auto at = shapes.getConstants(node.getInput(1));
  auto dim = view && at && at->size() == 1
                 ? onnxir::normalizeAxis(at->front(), view.dims.size())
                 : std::nullopt;
  if (!dim || node.getInt("reverse", 0) ||
      llvm::any_of(view.dims[*dim], [](Factor f) { return f.axis < 0; }))
    return {};
  Expr running(
      Expr::Kind::Running,
      cast<RankedTensorType>(node.getResult(0).getType()).getElementType());
  running.axes = view.expr->axes;
  running.operands.push_back({view.expr, countUp(0, running.axes.size())});
  bool exclusive = node.getInt("exclusive", 0);
  // Ends of segments are sums along the only axis.
  if (running.axes.size() != 1 || exclusive) {
    auto &along = running.indexed.emplace_back();
    for (const Factor &factor : view.dims[*dim])
      along.push_back(factor.axis);
    running.offset = exclusive;
  }
  return {intern(std::move(running)), view.dims};
}

View Facts::visitScatter(NodeOp node) {
  if (!node.getDomain().empty())
    return {};
  StringRef type = node.getOpType();
  if (type == "Concat")
    return visitConcat(node);
  if (type == "ScatterElements" || type == "Scatter")
    return visitScatterElements(node);
  if (type == "CumSum")
    return visitCumSum(node);
  if (type != "ScatterND")
    return {};
  View data = get(node.getInput(0)), updates = get(node.getInput(2));
  View at = get(node.getInput(1));
  if (!data || !updates || !at || at.dims.empty())
    return {};
  SmallVector<View, 3> indices = getIndexColumns(node.getInput(1));
  if (indices.empty() || llvm::any_of(indices, [](const View &v) {
        return !v || !isNonNegative(v.expr);
      }))
    return {};
  StringRef reduction = node.getString("reduction", "none");
  if (reduction == "none" && indices.size() == 1 && data.dims.size() == 1)
    if (View inverse = invert(indices[0], updates))
      return inverse;
  bool fresh = indices.size() == 1 && data.expr->isSplat(0) &&
               isDistinct(indices[0].expr);
  if (reduction != "add" && !(reduction == "none" && fresh))
    return {};
  SmallVector<int64_t> dims(
      llvm::to_vector(llvm::seq<int64_t>(indices.size())));
  return scatterAdd(data, dims, indices, updates, at.dims.size() - 1);
}
