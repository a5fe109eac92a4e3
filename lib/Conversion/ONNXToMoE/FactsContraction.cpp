//===- FactsContraction.cpp - Facts about sums of products ------*- C++ -*-===//
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

View Facts::contract(View a, ArrayRef<int> aLabels, View b,
                     ArrayRef<int> bLabels, ArrayRef<int> outLabels,
                     Type element) {
  if (!a || !b || a.dims.size() != aLabels.size() ||
      b.dims.size() != bLabels.size())
    return {};
  // Results first, then what is summed over.
  SmallVector<int> labels(outLabels);
  for (ArrayRef<int> list : {aLabels, bLabels})
    for (int label : list)
      if (!llvm::is_contained(labels, label))
        labels.push_back(label);
  SmallVector<SmallVector<int, 4>> dims;
  for (ArrayRef<int> list : {aLabels, bLabels}) {
    auto &where = dims.emplace_back();
    for (int label : labels) {
      // A label twice in one operand would be a diagonal.
      if (llvm::count(list, label) > 1)
        return {};
      auto it = llvm::find(list, label);
      where.push_back(it == list.end() ? -1 : it - list.begin());
    }
  }
  View views[] = {std::move(a), std::move(b)};
  std::optional<Alignment> aligned = align(views, dims);
  if (!aligned)
    return {};

  Expr expr(Expr::Kind::Contract, element);
  for (const View &view : views)
    expr.operands.push_back(
        {view.expr, SmallVector<int, 4>(view.expr->axes.size(), -1)});
  View result;
  for (size_t d = 0; d < labels.size(); ++d) {
    bool bound = d >= outLabels.size();
    if (!bound)
      result.dims.emplace_back();
    for (auto [size, axes] :
         llvm::zip_equal(aligned->dims[d], aligned->axes[d])) {
      bool real = axes[0] >= 0 || axes[1] >= 0;
      // A sum over what does not depend on the position is a multiple.
      if (bound && (axes[0] < 0 || axes[1] < 0))
        return {};
      int axis = -1;
      if (real) {
        axis = expr.axes.size() + expr.bound.size();
        if (bound)
          expr.bound.push_back(size);
        else
          expr.axes.push_back(size);
        for (unsigned i : {0, 1})
          if (axes[i] >= 0)
            expr.operands[i].axes[axes[i]] = axis;
      }
      if (!bound)
        result.dims.back().push_back({axis, size});
    }
  }
  result.expr = intern(std::move(expr));
  return result;
}

View Facts::reduceSum(const View &view, ArrayRef<int64_t> axes, bool keepDims,
                      Type element) {
  Expr expr(Expr::Kind::Sum, element);
  SmallVector<int, 4> map(view.expr->axes.size(), -1);
  View result;
  for (auto [i, dim] : llvm::enumerate(view.dims)) {
    if (llvm::is_contained(axes, static_cast<int64_t>(i))) {
      if (keepDims)
        result.dims.emplace_back();
      continue;
    }
    auto &out = result.dims.emplace_back();
    for (const Factor &factor : dim) {
      if (factor.axis < 0) {
        out.push_back(factor);
        continue;
      }
      map[factor.axis] = expr.axes.size();
      out.push_back({map[factor.axis], factor.size});
      expr.axes.push_back(factor.size);
    }
  }
  for (int64_t axis : axes)
    for (const Factor &factor : view.dims[axis]) {
      if (factor.axis < 0)
        return {};
      map[factor.axis] = expr.axes.size() + expr.bound.size();
      expr.bound.push_back(factor.size);
    }
  if (expr.bound.empty()) {
    // Sums over one element.
    View same{view.expr, result.dims};
    for (auto &dim : same.dims)
      for (Factor &factor : dim)
        if (factor.axis >= 0)
          factor.axis = llvm::find(map, factor.axis) - map.begin();
    return same;
  }
  expr.operands.push_back({view.expr, map});
  result.expr = intern(std::move(expr));
  return result;
}

/// Labels of an Einsum of two operands, one number per letter; nothing for
/// equations of another form.
static bool parseEquation(StringRef text, SmallVectorImpl<int> &a,
                          SmallVectorImpl<int> &b, SmallVectorImpl<int> &out) {
  auto [inputs, output] = text.split("->");
  auto [first, second] = inputs.split(',');
  auto read = [](StringRef letters, SmallVectorImpl<int> &labels) {
    for (char c : letters) {
      if (c == ' ')
        continue;
      if (!llvm::isAlpha(c))
        return false;
      labels.push_back(c);
    }
    return !labels.empty();
  };
  return text.contains("->") && read(first, a) && read(second, b) &&
         read(output, out);
}

View Facts::visitMatMulNBits(NodeOp node) {
  View a = get(node.getInput(0));
  auto element =
      cast<RankedTensorType>(node.getResult(0).getType()).getElementType();
  int64_t out = node.getInt("N", 0), in = node.getInt("K", 0),
          bits = node.getInt("bits", 4), block = node.getInt("block_size", 0);
  // Rows of whole blocks in the order of the inputs.
  if (!a || a.dims.empty() || node.getInput(4) || out < 2 || in < 2 ||
      std::max(out, in) > INT32_MAX || block < 8 || block % 8 != 0 ||
      in % block != 0 || (bits != 2 && bits != 4 && bits != 8))
    return {};
  Expr weights(Expr::Kind::Map, element);
  weights.op = StringAttr::get(context, kPackedWeights);
  weights.number = bits;
  weights.number2 = block;
  weights.axes = {out, in};
  int64_t blocks = in / block;
  int64_t sizes[] = {out * (in / 8) * bits, out * blocks,
                     out * ((blocks * bits + 7) / 8)};
  for (unsigned i : {1u, 2u, 3u}) {
    View part = get(node.getInput(i));
    if (!part && i == 3)
      break;
    auto type = part ? dyn_cast<RankedTensorType>(node.getInput(i).getType())
                     : RankedTensorType();
    if (!type || !type.hasStaticShape() || !part.expr->is(Expr::Kind::Leaf) ||
        type.getNumElements() != sizes[i - 1] ||
        isa<FloatType>(type.getElementType()) != (i == 2))
      return {};
    weights.operands.push_back(
        {part.expr, SmallVector<int, 4>(part.expr->axes.size(), -1)});
  }
  View b{intern(std::move(weights)), Layout{{Factor{0, out}}, {Factor{1, in}}}};
  SmallVector<int> aLabels(llvm::to_vector(llvm::seq<int>(a.dims.size())));
  int inner = aLabels.back(), column = inner + 1;
  SmallVector<int> outLabels(aLabels);
  outLabels.back() = column;
  View product = contract(a, aLabels, b, {column, inner}, outLabels, element);
  if (!product || !node.getInput(5))
    return product;
  return map(StringAttr::get(context, "Add"), element,
             {product, get(node.getInput(5))});
}

View Facts::visitContraction(NodeOp node) {
  if (node.getDomain() == "com.microsoft" && node.getOpType() == "MatMulNBits")
    return visitMatMulNBits(node);
  if (!node.getDomain().empty())
    return {};
  StringRef type = node.getOpType();
  Type element =
      cast<RankedTensorType>(node.getResult(0).getType()).getElementType();
  if (type == "ReduceSum") {
    View view = get(node.getInput(0));
    if (!view)
      return {};
    int64_t rank = view.dims.size();
    SmallVector<int64_t> axes;
    if (auto attribute = node.getInts("axes"))
      axes.assign(attribute->begin(), attribute->end());
    else if (Value input = node.getInput(1)) {
      auto constant = shapes.getConstants(input);
      if (!constant)
        return {};
      axes = *constant;
    }
    if (axes.empty()) {
      if (node.getInt("noop_with_empty_axes", 0))
        return view;
      axes = llvm::to_vector(llvm::seq<int64_t>(rank));
    }
    for (int64_t &axis : axes) {
      auto normalized = onnxir::normalizeAxis(axis, rank);
      if (!normalized)
        return {};
      axis = *normalized;
    }
    return reduceSum(view, axes, node.getInt("keepdims", 1), element);
  }
  if (type == "Einsum") {
    SmallVector<int> a, b, out;
    if (node.getNumSlots() != 2 ||
        !parseEquation(node.getString("equation", ""), a, b, out))
      return {};
    return contract(get(node.getInput(0)), a, get(node.getInput(1)), b, out,
                    element);
  }
  if (type == "Gemm") {
    if (node.getFloat("alpha", 1.0) != 1.0 || node.getFloat("beta", 1.0) != 1.0)
      return {};
    SmallVector<int> a{0, 1}, b{1, 2};
    if (node.getInt("transA", 0))
      std::swap(a[0], a[1]);
    if (node.getInt("transB", 0))
      std::swap(b[0], b[1]);
    View product = contract(get(node.getInput(0)), a, get(node.getInput(1)), b,
                            {0, 2}, element);
    if (!product || !node.getInput(2))
      return product;
    return map(StringAttr::get(context, "Add"), element,
               {product, get(node.getInput(2))});
  }
  if (type != "MatMul")
    return {};
  View a = get(node.getInput(0)), b = get(node.getInput(1));
  if (!a || !b || a.dims.empty() || b.dims.empty())
    return {};
  // Batch dimensions are counted from the last one on; then row, inner, column.
  enum { Row = -1, Inner = -2, Column = -3 };
  int64_t aBatch = std::max<int64_t>(a.dims.size() - 2, 0),
          bBatch = std::max<int64_t>(b.dims.size() - 2, 0);
  int64_t batch = std::max(aBatch, bBatch);
  auto getLabels = [&](size_t rank, bool left) {
    SmallVector<int> labels;
    for (size_t i = 2; i < rank; ++i)
      labels.push_back(batch - (rank - 2) + i - 2);
    if (rank > 1)
      labels.push_back(left ? Row : Inner);
    labels.push_back(rank == 1 || left ? Inner : Column);
    return labels;
  };
  SmallVector<int> out(llvm::to_vector(llvm::seq<int>(batch)));
  if (a.dims.size() > 1)
    out.push_back(Row);
  if (b.dims.size() > 1)
    out.push_back(Column);
  SmallVector<int> aLabels = getLabels(a.dims.size(), true),
                   bLabels = getLabels(b.dims.size(), false);
  return contract(a, aLabels, b, bLabels, out, element);
}
