//===- FactsLayout.cpp - Facts about operators that move elements ---------===//
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

/// The value's type if its rank is known.
static RankedTensorType getRanked(Value value) {
  return value ? dyn_cast<RankedTensorType>(value.getType())
               : RankedTensorType();
}

SmallVector<std::optional<Size>> Facts::getTarget(Value result, Value shape) {
  auto type = cast<RankedTensorType>(result.getType());
  SmallVector<std::optional<Size>> target(type.getRank());
  if (auto sizes = getSizes(shape);
      sizes && static_cast<int64_t>(sizes->size()) == type.getRank())
    for (auto [known, size] : llvm::zip_equal(target, *sizes))
      // 0 and −1 have a meaning of their own in Reshape.
      if (size && *size != 0 && *size != -1)
        known = size;
  for (auto [i, known] : llvm::enumerate(target))
    if (!type.isDynamicDim(i))
      known = type.getDimSize(i);
  return target;
}

//===----------------------------------------------------------------------===//
// Reshape and Expand
//===----------------------------------------------------------------------===//

const Expr *Facts::splitAxis(const Expr *data, int axis, Size outer,
                             Size inner) {
  Expr iota(Expr::Kind::Iota, IntegerType::get(context, 64));
  iota.axes = {outer, inner};
  // Positions can be counted over any factors.
  if (data->is(Expr::Kind::Iota) && data->axes.size() == 1) {
    iota.element = data->element;
    return intern(std::move(iota));
  }
  int added = data->axes.size();
  Expr expr(Expr::Kind::Index, data->element);
  expr.axes = data->axes;
  expr.axes[axis] = outer;
  expr.axes.push_back(inner);
  expr.operands.push_back({data, countUp(0, added)});
  expr.operands[0].axes[axis] = -1;
  expr.operands.push_back({intern(std::move(iota)), {axis, added}});
  expr.indexed.push_back({axis});
  return intern(std::move(expr));
}

View Facts::reshape(const View &view, ArrayRef<std::optional<Size>> target) {
  View result{view.expr, Layout(target.size())};
  SmallVector<Factor> factors;
  for (const auto &dim : view.dims)
    llvm::append_range(factors, dim);

  /// Takes factors that make up `size` from one end of `factors`.
  auto take = [&](Size size,
                  bool front) -> std::optional<SmallVector<Factor, 2>> {
    SmallVector<Factor, 2> taken;
    if (size == 1)
      return taken;
    while (!factors.empty()) {
      Factor &next = front ? factors.front() : factors.back();
      SmallVector<Size> sizes =
          llvm::map_to_vector(taken, [](const Factor &f) { return f.size; });
      Size before = product(sizes);
      sizes.push_back(next.size);
      Size all = product(sizes);
      if (all > size && size > 0 && before > 0 && size % before == 0 &&
          next.size % (size / before) == 0) {
        // A part of the axis: a new one, unless nothing depends on it.
        Size part = size / before, rest = next.size / part;
        Factor own{-1, part};
        if (next.axis >= 0) {
          int added = result.expr->axes.size();
          result.expr = front ? splitAxis(result.expr, next.axis, part, rest)
                              : splitAxis(result.expr, next.axis, rest, part);
          own.axis = front ? next.axis : added;
          next.axis = front ? added : next.axis;
        }
        taken.insert(front ? taken.end() : taken.begin(), own);
        next.size = rest;
        return taken;
      }
      taken.insert(front ? taken.end() : taken.begin(), next);
      factors.erase(front ? factors.begin() : factors.end() - 1);
      if (all == size)
        return taken;
    }
    return std::nullopt;
  };

  size_t begin = 0, end = target.size();
  for (; begin < end && target[begin]; ++begin) {
    auto taken = take(*target[begin], /*front=*/true);
    if (!taken)
      return {};
    result.dims[begin] = *taken;
  }
  for (; end > begin && target[end - 1]; --end) {
    auto taken = take(*target[end - 1], /*front=*/false);
    if (!taken)
      return {};
    result.dims[end - 1] = *taken;
  }
  if (end == begin + 1) {
    result.dims[begin].assign(factors.begin(), factors.end());
    factors.clear();
  }
  return begin + 1 >= end && factors.empty() ? result : View();
}

View Facts::expand(const View &view, ArrayRef<std::optional<Size>> target) {
  if (target.size() < view.dims.size())
    return {};
  size_t added = target.size() - view.dims.size();
  View result{view.expr, {}};
  for (auto [i, size] : llvm::enumerate(target)) {
    auto &dim = result.dims.emplace_back();
    if (i >= added && !view.dims[i - added].empty()) {
      dim = view.dims[i - added];
      // A size not known could be 1 and grow.
      if (!size || (*size != 1 && *size != sizeOf(dim)))
        return {};
    } else if (!size) {
      return {};
    } else {
      appendSize(dim, *size);
    }
  }
  return result;
}

//===----------------------------------------------------------------------===//
// The rules
//===----------------------------------------------------------------------===//

/// Whether a conversion keeps what is computed: between floats up to rounding,
/// which the caller keeps, between integers and from truth values.
static bool isPlainCast(Type from, Type to) {
  if (from == to)
    return true;
  if (from.isInteger(1))
    return true;
  return isa<IntegerType>(from) && isa<IntegerType>(to) && !to.isInteger(1) &&
         to.getIntOrFloatBitWidth() >= 32;
}

View Facts::visitLayout(NodeOp node) {
  if (!node.getDomain().empty())
    return {};
  StringRef type = node.getOpType();
  Value result = node.getResult(0);
  RankedTensorType input = getRanked(node.getInput(0));
  auto output = cast<RankedTensorType>(result.getType());
  if (!input)
    return {};
  View view = get(node.getInput(0));
  if (type == "Identity")
    return view;
  // In the files of inference it is the identity; its mask is not used then.
  if (type == "Dropout")
    return !node.getInput(2) || getSplat(node.getInput(2)) == 0.0 ? view
                                                                  : View();
  if (type == "Cast" || type == "CastLike") {
    // Marks are truth values, whatever holds them.
    if (isPlainCast(input.getElementType(), output.getElementType()) ||
        (view.expr->element.isInteger(1) &&
         !output.getElementType().isInteger(1)))
      return view;
    if (view.expr->is(Expr::Kind::Splat) &&
        !output.getElementType().isInteger(1))
      return makeSplat(isa<IntegerType>(output.getElementType())
                           ? std::trunc(view.expr->number)
                           : view.expr->number,
                       output.getElementType(), view.dims);
    // Whether a truth value written as a number is not zero.
    if (output.getElementType().isInteger(1) && view.expr->element.isInteger(1))
      return view;
    StringRef op = output.getElementType().isInteger(1) ? "NotZero" : "Cast";
    return map(StringAttr::get(context, op), output.getElementType(), {view});
  }
  if (type == "Reshape") {
    SmallVector<std::optional<Size>> target =
        getTarget(result, node.getInput(1));
    // A 0 repeats the input's size, unless it is meant as one.
    if (auto sizes = getSizes(node.getInput(1));
        sizes && node.getInt("allowzero", 0) == 0)
      for (auto [i, size] : llvm::enumerate(*sizes))
        if (size && *size == 0 && i < target.size() && i < view.dims.size() &&
            !target[i])
          target[i] = sizeOf(view.dims[i]);
    if (View reshaped = reshape(view, target))
      return reshaped;
    // Sizes can be followed where an axis is split, elements cannot.
    View sizes = view;
    for (auto &dim : sizes.dims)
      for (Factor &factor : dim)
        factor.axis = -1;
    sizes = reshape(sizes, target);
    if (sizes)
      return makeLeaf(result, &sizes.dims);
    // Whatever the elements are, the result has the sizes that were asked for.
    Layout asked;
    for (std::optional<Size> size : target) {
      auto &dim = asked.emplace_back();
      if (!size)
        dim.push_back({-1, freshSize()});
      else
        appendSize(dim, *size);
    }
    return makeLeaf(result, &asked);
  }
  if (type == "Flatten") {
    std::optional<int64_t> axis = node.getInt("axis", 1);
    int64_t rank = input.getRank();
    if (*axis < -rank || *axis > rank)
      return {};
    if (*axis < 0)
      *axis += rank;
    View flat{view.expr, Layout(2)};
    for (auto [i, dim] : llvm::enumerate(view.dims))
      llvm::append_range(flat.dims[static_cast<int64_t>(i) >= *axis], dim);
    return flat;
  }
  if (type == "Transpose") {
    View moved{view.expr, {}};
    std::optional<ArrayRef<int64_t>> perm = node.getInts("perm");
    if (perm && perm->size() != view.dims.size())
      return {};
    for (int64_t i = 0, rank = input.getRank(); i < rank; ++i) {
      int64_t from = perm ? (*perm)[i] : rank - 1 - i;
      if (from < 0 || from >= rank)
        return {};
      moved.dims.push_back(view.dims[from]);
    }
    return moved;
  }
  if (type == "Squeeze" || type == "Unsqueeze") {
    bool squeeze = type == "Squeeze";
    int64_t rank = squeeze ? input.getRank() : output.getRank();
    llvm::SmallDenseSet<int64_t> axes;
    SmallVector<int64_t> listed;
    if (auto attribute = node.getInts("axes"))
      listed.assign(attribute->begin(), attribute->end());
    else if (Value operand = node.getInput(1)) {
      auto constant = shapes.getConstants(operand);
      if (!constant)
        return {};
      listed = *constant;
    } else if (squeeze) {
      for (int64_t i = 0; i < rank; ++i)
        if (input.getDimSize(i) == 1)
          listed.push_back(i);
    }
    for (int64_t axis : listed) {
      auto normalized = onnxir::normalizeAxis(axis, rank);
      if (!normalized || (squeeze && !view.dims[*normalized].empty()))
        return {};
      axes.insert(*normalized);
    }
    View changed{view.expr, {}};
    size_t next = 0;
    for (int64_t i = 0; i < rank; ++i) {
      if (axes.contains(i)) {
        if (squeeze)
          ++next;
        else
          changed.dims.emplace_back();
      } else if (next < view.dims.size()) {
        changed.dims.push_back(view.dims[next++]);
      }
    }
    return changed;
  }
  if (type == "Expand") {
    // Sizes of the result also come from the input, where the shape says 1.
    SmallVector<std::optional<Size>> target(output.getRank());
    auto sizes = getSizes(node.getInput(1));
    for (size_t i = 0; i < target.size(); ++i) {
      if (sizes && sizes->size() == target.size())
        target[i] = (*sizes)[i];
      else if (sizes && i + sizes->size() >= target.size())
        target[i] = (*sizes)[i + sizes->size() - target.size()];
      else if (sizes)
        target[i] = 1;
      if (!target[i] && !output.isDynamicDim(i))
        target[i] = output.getDimSize(i);
    }
    return expand(view, target);
  }
  if (type == "Tile") {
    auto repeats = getSizes(node.getInput(1));
    if (!repeats || repeats->size() != view.dims.size())
      return {};
    View tiled = view;
    for (auto [dim, repeat] : llvm::zip_equal(tiled.dims, *repeats)) {
      if (!repeat)
        return {};
      SmallVector<Factor, 2> repeated;
      appendSize(repeated, *repeat);
      dim.insert(dim.begin(), repeated.begin(), repeated.end());
    }
    return tiled;
  }
  return {};
}
