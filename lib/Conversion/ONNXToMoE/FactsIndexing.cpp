//===- FactsIndexing.cpp - Facts about operators that pick elements -------===//
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

//===----------------------------------------------------------------------===//
// Operations on views
//===----------------------------------------------------------------------===//

View Facts::select(const View &view, int64_t dim, int64_t index) {
  Expr splat(Expr::Kind::Splat, IntegerType::get(context, 64));
  splat.number = index;
  return this->index(view, {dim}, {View{intern(std::move(splat)), {}}}, dim);
}

View Facts::index(View data, ArrayRef<int64_t> dims,
                  SmallVector<View, 3> indices, unsigned position) {
  if (!data || llvm::any_of(indices, [](const View &v) { return !v; }))
    return {};
  // Of elements that are each repeated, the position of the element counts.
  for (auto [dim, at] : llvm::zip_equal(dims, indices)) {
    auto &factors = data.dims[dim];
    Size times = 1;
    while (factors.size() > 1 && factors.back().axis < 0 &&
           factors.back().size > 0 &&
           !llvm::MulOverflow(times, factors.back().size, times))
      factors.pop_back();
    if (times == 1 || factors.front().axis < 0 ||
        !isa<IntegerType>(at.expr->element))
      continue;
    at = map(StringAttr::get(context, "Div"), at.expr->element,
             {at, makeSplat(times, at.expr->element, {})});
    if (!at)
      return {};
  }
  // Positions count over the factors that they index.
  for (auto [dim, at] : llvm::zip_equal(dims, indices)) {
    if (!at.expr->is(Expr::Kind::Iota) || at.expr->axes.size() != 1 ||
        at.expr->axes[0] != sizeOf(data.dims[dim]))
      continue;
    SmallVector<Size> sizes = llvm::map_to_vector(
        data.dims[dim], [](const Factor &f) { return f.size; });
    for (int64_t d = 0, rank = at.dims.size(); d < rank; ++d) {
      SmallVector<Size> whole;
      bool counts = false;
      for (const Factor &factor : at.dims[d])
        if (factor.axis == 0) {
          llvm::append_range(whole, sizes);
          counts = true;
        } else {
          whole.push_back(factor.size);
        }
      if (counts && refine(at, d, whole))
        break;
    }
  }
  std::optional<Alignment> aligned = alignTrailing(indices);
  if (!aligned)
    return {};
  // An index that does not choose: the only element, or what does not depend
  // on the position.
  Expr expr(Expr::Kind::Index, data.expr->element);
  Operand from{data.expr, SmallVector<int, 4>(data.expr->axes.size(), -1)};
  SmallVector<Operand> at;
  SmallVector<int> operandOf(indices.size(), -1);
  for (auto [i, dim] : llvm::enumerate(dims)) {
    SmallVector<int, 2> axes;
    for (const Factor &factor : data.dims[dim])
      if (factor.axis >= 0)
        axes.push_back(factor.axis);
    if (axes.empty())
      continue;
    if (axes.size() != data.dims[dim].size())
      return {};
    operandOf[i] = at.size();
    at.push_back({indices[i].expr,
                  SmallVector<int, 4>(indices[i].expr->axes.size(), -1)});
    expr.indexed.push_back(axes);
  }

  View result;
  auto addIndexDims = [&]() {
    for (auto [sizes, axes] : llvm::zip_equal(aligned->dims, aligned->axes)) {
      auto &dim = result.dims.emplace_back();
      for (auto [size, perIndex] : llvm::zip_equal(sizes, axes)) {
        int axis = -1;
        for (auto [i, own] : llvm::enumerate(perIndex)) {
          if (own < 0 || operandOf[i] < 0)
            continue;
          if (axis < 0) {
            axis = expr.axes.size();
            expr.axes.push_back(size);
          }
          at[operandOf[i]].axes[own] = axis;
        }
        dim.push_back({axis, size});
      }
    }
  };
  for (auto [i, dim] : llvm::enumerate(data.dims)) {
    if (i == position)
      addIndexDims();
    if (llvm::is_contained(dims, static_cast<int64_t>(i)))
      continue;
    auto &out = result.dims.emplace_back();
    for (const Factor &factor : dim) {
      int axis = -1;
      if (factor.axis >= 0) {
        axis = expr.axes.size();
        from.axes[factor.axis] = axis;
        expr.axes.push_back(factor.size);
      }
      out.push_back({axis, factor.size});
    }
  }
  if (position >= data.dims.size())
    addIndexDims();

  if (at.empty()) {
    for (auto &dim : result.dims)
      for (Factor &factor : dim)
        if (factor.axis >= 0)
          factor.axis = llvm::find(from.axes, factor.axis) - from.axes.begin();
    result.expr = data.expr;
    return result;
  }
  // Positions at an index are the index.
  if (data.expr->is(Expr::Kind::Iota) && at.size() == 1 &&
      expr.indexed[0].size() == data.expr->axes.size()) {
    for (auto &dim : result.dims)
      for (Factor &factor : dim)
        if (factor.axis >= 0)
          factor.axis =
              llvm::find(at[0].axes, factor.axis) - at[0].axes.begin();
    result.expr = at[0].expr;
    return result;
  }
  // One of the coordinates of NonZero.
  if (data.expr->is(Expr::Kind::Coordinate) && data.expr->part < 0 &&
      at.size() == 1 && at[0].expr->is(Expr::Kind::Splat) &&
      expr.indexed[0][0] == 1) {
    Expr coordinate = *data.expr;
    coordinate.part = at[0].expr->number;
    // Along a dimension of size 1 there is one coordinate.
    if (coordinate.indexed[coordinate.part].empty())
      return makeSplat(0, coordinate.element, std::move(result.dims));
    coordinate.axes.resize(1);
    result.expr = intern(std::move(coordinate));
    return result;
  }
  expr.operands.push_back(std::move(from));
  llvm::append_range(expr.operands, at);
  result.expr = intern(std::move(expr));
  return result;
}

View Facts::slice(const View &view, int64_t dim, int64_t offset, int64_t step,
                  std::optional<Size> size) {
  if (!size)
    return {};
  const auto &factors = view.dims[dim];
  Size whole = sizeOf(factors);
  if (*size == whole && offset == 0 && step == 1)
    return view;
  if (*size == 1 && whole != 1) {
    View result = select(view, dim, offset);
    if (result)
      result.dims.insert(result.dims.begin() + dim, SmallVector<Factor, 2>());
    return result;
  }
  View result{view.expr, view.dims};
  if (factors.size() != 1)
    return {};
  if (factors[0].axis < 0) {
    result.dims[dim] = {Factor{-1, *size}};
    return result;
  }
  if (whole < 0 || *size < 0)
    return {};
  Expr expr(Expr::Kind::Slice, view.expr->element);
  expr.axes = view.expr->axes;
  expr.part = factors[0].axis;
  expr.axes[expr.part] = *size;
  expr.offset = offset;
  expr.step = step;
  expr.operands.push_back({view.expr, countUp(0, expr.axes.size())});
  result.dims[dim] = {Factor{expr.part, *size}};
  result.expr = intern(std::move(expr));
  return result;
}

//===----------------------------------------------------------------------===//
// The rules
//===----------------------------------------------------------------------===//

/// The slices of a Slice with constant bounds: for each dimension named, its
/// first element, step and number of elements.
View Facts::visitSlice(NodeOp node) {
  View view = get(node.getInput(0));
  if (!view)
    return {};
  auto read = [&](StringRef name, unsigned slot) {
    if (auto attribute = node.getInts(name))
      return std::optional(SmallVector<int64_t>(*attribute));
    return node.getInput(slot) ? shapes.getConstants(node.getInput(slot))
                               : std::nullopt;
  };
  auto starts = read("starts", 1), ends = read("ends", 2);
  if (!ends && node.getInput(2)) {
    // Rows between two computed positions.
    auto listed = read("axes", 3);
    View from = get(node.getInput(1)), to = get(node.getInput(2));
    auto dim = onnxir::normalizeAxis(
        listed && listed->size() == 1 ? listed->front() : 0, view.dims.size());
    if (!from || !to || !dim || (node.getInput(3) && !listed) ||
        from.dims.size() != 1 || !from.dims[0].empty() || to.dims.size() != 1)
      return {};
    View rows = makeSegment(from.expr, to.expr, to.expr->element);
    return rows ? index(view, {*dim}, {rows}, *dim) : View();
  }
  if (!starts || !ends || starts->size() != ends->size())
    return {};
  SmallVector<int64_t> axes(
      llvm::to_vector(llvm::seq<int64_t>(starts->size()))),
      steps(starts->size(), 1);
  if (node.getInput(3) || node.getInts("axes")) {
    auto listed = read("axes", 3);
    if (!listed || listed->size() != starts->size())
      return {};
    axes = *listed;
  }
  if (node.getInput(4)) {
    auto listed = read("steps", 4);
    if (!listed || listed->size() != starts->size())
      return {};
    steps = *listed;
  }
  bool sizesOnly = false;
  for (auto [axis, start, end, step] :
       llvm::zip_equal(axes, *starts, *ends, steps)) {
    auto dim = onnxir::normalizeAxis(axis, view.dims.size());
    if (!dim || step < 1)
      return {};
    Size whole = sizeOf(view.dims[*dim]);
    if (whole < 0) {
      // All elements, or the first one, of which only the number is followed.
      if (start != 0 || step != 1)
        return {};
      if (end != INT64_MAX && end != 1)
        return {};
      if (end == 1) {
        sizesOnly |=
            llvm::any_of(view.dims[*dim], [](Factor f) { return f.axis >= 0; });
        view.dims[*dim].clear();
      }
      continue;
    }
    auto clamp = [&](int64_t i) {
      return std::clamp<int64_t>(i < 0 ? i + whole : i, 0, whole);
    };
    int64_t from = clamp(start), to = clamp(end);
    view = slice(view, *dim, from, step,
                 to > from ? llvm::divideCeil(to - from, step) : 0);
    if (!view)
      return {};
  }
  return sizesOnly ? makeLeaf(node.getResult(0), &view.dims) : view;
}

View Facts::visitIndexing(NodeOp node) {
  if (!node.getDomain().empty())
    return {};
  StringRef type = node.getOpType();
  Value result = node.getResult(0);
  auto output = cast<RankedTensorType>(result.getType());
  if (type == "Slice")
    return visitSlice(node);
  if (type == "Gather") {
    View data = get(node.getInput(0)), at = get(node.getInput(1));
    if (!data || !at)
      return {};
    auto axis = onnxir::normalizeAxis(node.getInt("axis", 0), data.dims.size());
    if (!axis)
      return {};
    // Indices below 0 count from the end.
    if (at.expr->is(Expr::Kind::Splat) && at.expr->number < 0) {
      Size size = sizeOf(data.dims[*axis]);
      if (size < 0)
        return {};
      at = makeSplat(at.expr->number + size, at.expr->element, at.dims);
    } else if (!isNonNegative(at.expr)) {
      return {};
    }
    return index(data, {*axis}, {at}, *axis);
  }
  if (type == "GatherND") {
    View data = get(node.getInput(0)), at = get(node.getInput(1));
    if (!data || !at || at.dims.empty() || node.getInt("batch_dims", 0) != 0)
      return {};
    SmallVector<View, 3> indices = getIndexColumns(node.getInput(1));
    if (indices.empty() || indices.size() > data.dims.size() ||
        llvm::any_of(indices, [](const View &v) {
          return !v || !isNonNegative(v.expr);
        }))
      return {};
    SmallVector<int64_t> dims(
        llvm::to_vector(llvm::seq<int64_t>(indices.size())));
    return index(data, dims, indices, 0);
  }
  if (type == "OneHot") {
    View ids = get(node.getInput(0));
    auto values = getNumbers(node.getInput(2));
    auto depth = getSizes(node.getInput(1));
    if (!ids || !values || values->size() != 2 || (*values)[0] != 0 ||
        (*values)[1] != 1 || !depth || depth->size() != 1 || !(*depth)[0] ||
        *(*depth)[0] < 1)
      return {};
    auto axis =
        onnxir::normalizeAxis(node.getInt("axis", -1), output.getRank());
    if (!axis)
      return {};
    Size experts = *(*depth)[0];
    ids.dims.insert(ids.dims.begin() + *axis, SmallVector<Factor, 2>());
    Expr iota(Expr::Kind::Iota, ids.expr->element);
    iota.axes = {experts};
    View positions{intern(std::move(iota)), Layout(output.getRank())};
    if (experts == 1)
      positions = makeSplat(0, ids.expr->element, Layout(output.getRank()));
    else
      positions.dims[*axis].push_back({0, experts});
    StringRef op = isNonNegative(ids.expr) ? "Equal" : kWrappedEqual;
    return map(StringAttr::get(context, op), IntegerType::get(context, 1),
               {ids, positions});
  }
  if (type == "NonZero") {
    View mask = get(node.getInput(0));
    if (!mask || mask.dims.empty())
      return {};
    if (!mask.expr->element.isInteger(1))
      mask = map(StringAttr::get(context, "NotZero"),
                 IntegerType::get(context, 1), {mask});
    Expr at(Expr::Kind::Coordinate, output.getElementType());
    at.operands.push_back(
        {mask.expr, SmallVector<int, 4>(mask.expr->axes.size(), -1)});
    for (const auto &dim : mask.dims) {
      auto &axes = at.indexed.emplace_back();
      for (const Factor &factor : dim) {
        if (factor.axis < 0)
          return {};
        axes.push_back(factor.axis);
      }
    }
    // The rows of one mask are one axis, whichever coordinate is looked at.
    at.axes = {0};
    const Expr *key = intern(at);
    auto [it, isNew] = rowsOf.try_emplace(key, 0);
    if (isNew)
      it->second = freshSize();
    Size rows = it->second;
    at.axes = {rows};
    at.part = -1;
    if (mask.dims.size() == 1) {
      at.part = 0;
      return {intern(at), Layout{{}, {Factor{0, rows}}}};
    }
    // All coordinates: one is picked by visiting a part of them.
    at.axes.push_back(static_cast<Size>(mask.dims.size()));
    return {intern(at), Layout{{Factor{1, at.axes[1]}}, {Factor{0, rows}}}};
  }
  if (type == "Range") {
    View start = get(node.getInput(0)), limit = get(node.getInput(1));
    std::optional<double> delta = getSplat(node.getInput(2));
    if (!start || !limit || delta != 1.0 ||
        !isa<IntegerType>(output.getElementType()))
      return {};
    if (start.expr->isSplat(0)) {
      auto count = getSizes(node.getInput(1));
      if (count && count->size() == 1 && (*count)[0] && *(*count)[0] != 1) {
        Expr iota(Expr::Kind::Iota, output.getElementType());
        Layout dims(1);
        for (Size size : getFactors(*(*count)[0])) {
          dims[0].push_back({static_cast<int>(iota.axes.size()), size});
          iota.axes.push_back(size);
        }
        return {intern(std::move(iota)), std::move(dims)};
      }
    }
    return makeSegment(start.expr, limit.expr, output.getElementType());
  }
  return {};
}

SmallVector<View, 3> Facts::getIndexColumns(Value value) {
  View view = get(value);
  if (!view || view.dims.empty())
    return {};
  // The last dimension lists coordinates: one, parts of a Concat, or a
  // transposed NonZero.
  if (view.dims.back().empty()) {
    view.dims.pop_back();
    return {view};
  }
  auto it = columns.find(value);
  if (it != columns.end())
    return it->second;
  Size count = sizeOf(view.dims.back());
  SmallVector<View, 3> parts;
  for (int64_t i = 0; i < count && count <= 8; ++i)
    parts.push_back(select(view, view.dims.size() - 1, i));
  return parts;
}

View Facts::makeSegment(const Expr *start, const Expr *limit, Type element) {
  auto getEnd = [](const Expr *expr) -> std::pair<const Expr *, int64_t> {
    if (!expr->is(Expr::Kind::Index) || expr->operands.size() != 2 ||
        !expr->operands[1].expr->is(Expr::Kind::Splat) ||
        !expr->operands[0].expr->is(Expr::Kind::Running) ||
        !expr->operands[0].expr->indexed.empty())
      return {nullptr, 0};
    return {expr->operands[0].expr, expr->operands[1].expr->number};
  };
  auto [ends, part] = getEnd(limit);
  auto [before, last] = getEnd(start);
  bool follows = before && before == ends && last + 1 == part;
  follows |= start->isSplat(0) && part == 0;
  // The end less the number of rows.
  if (!follows && ends && start->is(Expr::Kind::Index) &&
      start->operands.size() == 2 && start->operands[1].expr->isSplat(part)) {
    const Expr *starts = start->operands[0].expr;
    follows = starts->isMap("Sub") && starts->operands[0].expr == ends &&
              starts->operands[1].expr == ends->operands[0].expr &&
              starts->operands[0].axes == starts->operands[1].axes;
  }
  if (!ends || !follows)
    return {};
  return makeSegmentRows(ends, part, element);
}

View Facts::makeSegmentRows(const Expr *ends, int64_t part, Type element) {
  Expr rows(Expr::Kind::SegmentRows, element);
  rows.part = part;
  rows.operands.push_back({ends, SmallVector<int, 4>(ends->axes.size(), -1)});
  rows.axes = {0};
  const Expr *key = intern(rows);
  auto [it, isNew] = rowsOf.try_emplace(key, 0);
  if (isNew)
    it->second = freshSize();
  rows.axes = {it->second};
  return {intern(std::move(rows)), Layout{{Factor{0, it->second}}}};
}
