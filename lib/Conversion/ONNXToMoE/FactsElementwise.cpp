//===- FactsElementwise.cpp - Facts about elementwise operators -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Facts.h"
#include "moe/Dialect/ONNXIR/Utils/NodeUtils.h"
#include <cmath>

using namespace mlir;
using namespace mlir::moe;
using onnxir::NodeOp;

//===----------------------------------------------------------------------===//
// Alignment
//===----------------------------------------------------------------------===//

bool Facts::refine(View &view, int64_t dim, ArrayRef<Size> sizes) {
  SmallVector<Factor, 2> refined;
  Expr expr = *view.expr;
  bool isIota = expr.is(Expr::Kind::Iota) && expr.axes.size() == 1;
  size_t next = 0;
  for (const Factor &factor : view.dims[dim]) {
    // As many sizes as make up the factor.
    size_t begin = next;
    while (next < sizes.size() &&
           (next == begin ||
            product(sizes.slice(begin, next - begin)) != factor.size))
      ++next;
    ArrayRef<Size> parts = sizes.slice(begin, next - begin);
    if (product(parts) != factor.size)
      return false;
    if (parts.size() == 1 || factor.axis < 0) {
      for (Size part : parts)
        refined.push_back({factor.axis, part});
      continue;
    }
    // Positions can be counted over any factors.
    if (!isIota)
      return false;
    expr.axes.assign(parts.begin(), parts.end());
    for (auto [i, part] : llvm::enumerate(parts))
      refined.push_back({static_cast<int>(i), part});
  }
  if (next != sizes.size())
    return false;
  view.dims[dim] = refined;
  view.expr = intern(std::move(expr));
  return true;
}

std::optional<Facts::Alignment>
Facts::align(MutableArrayRef<View> views, ArrayRef<SmallVector<int, 4>> dims) {
  size_t rank = dims.empty() ? 0 : dims.front().size();
  Alignment aligned;
  for (size_t d = 0; d < rank; ++d) {
    auto dimOf = [&](size_t i) -> SmallVector<Factor, 2> * {
      int dim = dims[i][d];
      return dim < 0 ? nullptr : &views[i].dims[dim];
    };
    // The operand whose factors the others must have.
    const SmallVector<Factor, 2> *reference = nullptr;
    int best = -1;
    for (size_t i = 0; i < views.size(); ++i) {
      SmallVector<Factor, 2> *dim = dimOf(i);
      if (!dim || dim->empty())
        continue;
      bool real = llvm::any_of(*dim, [](Factor f) { return f.axis >= 0; });
      bool iota = views[i].expr->is(Expr::Kind::Iota);
      int rating = !real ? 0 : iota ? 1 : 2;
      if (rating > best) {
        best = rating;
        reference = dim;
      }
    }
    auto &sizes = aligned.dims.emplace_back();
    auto &axes = aligned.axes.emplace_back();
    if (!reference)
      continue;
    for (const Factor &factor : *reference) {
      sizes.push_back(factor.size);
      axes.emplace_back(views.size(), -1);
    }
    for (size_t i = 0; i < views.size(); ++i) {
      SmallVector<Factor, 2> *dim = dimOf(i);
      if (!dim || dim->empty())
        continue;
      bool same = llvm::equal(*dim, sizes, [](const Factor &f, Size size) {
        return f.size == size;
      });
      if (!same) {
        if (sizeOf(*dim) != product(sizes))
          return std::nullopt;
        if (llvm::all_of(*dim, [](Factor f) { return f.axis < 0; }))
          continue;
        if (!refine(views[i], dims[i][d], sizes))
          return std::nullopt;
      }
      for (size_t f = 0; f < sizes.size(); ++f)
        axes[f][i] = (*dim)[f].axis;
    }
  }
  return aligned;
}

std::optional<Facts::Alignment>
Facts::alignTrailing(MutableArrayRef<View> views) {
  size_t rank = 0;
  for (const View &view : views)
    rank = std::max(rank, view.dims.size());
  SmallVector<SmallVector<int, 4>> dims;
  for (const View &view : views) {
    auto &list = dims.emplace_back(rank, -1);
    for (size_t i = 0; i < view.dims.size(); ++i)
      list[rank - view.dims.size() + i] = i;
  }
  return align(views, dims);
}

//===----------------------------------------------------------------------===//
// Maps
//===----------------------------------------------------------------------===//

bool moe::isNonNegative(const Expr *expr) {
  switch (expr->kind) {
  case Expr::Kind::Splat:
    return expr->number >= 0;
  case Expr::Kind::Iota:
  case Expr::Kind::Coordinate:
  case Expr::Kind::SegmentRows:
  case Expr::Kind::Segment:
  case Expr::Kind::Softmax:
    return true;
  case Expr::Kind::Sort:
    return expr->part != 0 || isNonNegative(expr->operands[0].expr);
  case Expr::Kind::Leaf: {
    auto node = expr->value.getDefiningOp<NodeOp>();
    if (expr->nonNegative)
      return true;
    return node && (node.is("ArgMax") || node.is("ArgMin") ||
                    (node.is("TopK") && expr->value == node.getResult(1)));
  }
  case Expr::Kind::Map:
    // Not followed further: chains may be long.
    if (expr->isMap("Relu") || expr->isMap("Sigmoid") ||
        expr->isMap("Softplus") || expr->isMap("Exp") || expr->isMap("Sqrt") ||
        expr->isMap("Abs"))
      return true;
    return (expr->isMap("Clip") && expr->number >= 0) ||
           ((expr->isMap("Add") || expr->isMap("Mul") || expr->isMap("Div") ||
             expr->isMap("Mod")) &&
            llvm::all_of(expr->operands, [](const Operand &operand) {
              return !operand.expr->is(Expr::Kind::Index) &&
                     (!operand.expr->is(Expr::Kind::Map) ||
                      !operand.expr->operands[0].expr->is(Expr::Kind::Map)) &&
                     isNonNegative(operand.expr);
            }));
  case Expr::Kind::Index:
  case Expr::Kind::Slice:
    return !expr->operands[0].expr->is(expr->kind) &&
           isNonNegative(expr->operands[0].expr);
  default:
    return false;
  }
}

std::optional<double> Facts::fold(StringRef op, ArrayRef<double> operands,
                                  Type element) {
  double result;
  if (op == "Equal" && operands.size() == 2)
    return operands[0] == operands[1];
  auto type = dyn_cast<FloatType>(element);
  if (!type)
    return std::nullopt;
  if (operands.size() == 1 && op == "Reciprocal")
    result = 1.0 / operands[0];
  else if (operands.size() == 1 && op == "Sqrt")
    result = std::sqrt(operands[0]);
  else if (operands.size() == 1 && op == "Neg")
    result = -operands[0];
  else if (operands.size() == 2 && op == "Add")
    result = operands[0] + operands[1];
  else if (operands.size() == 2 && op == "Sub")
    result = operands[0] - operands[1];
  else if (operands.size() == 2 && op == "Mul")
    result = operands[0] * operands[1];
  else if (operands.size() == 2 && op == "Div")
    result = operands[0] / operands[1];
  else
    return std::nullopt;
  // Rounded as the model does.
  APFloat rounded(result);
  bool loses;
  rounded.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                  &loses);
  rounded.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &loses);
  return rounded.convertToDouble();
}

View Facts::map(StringAttr op, Type element, SmallVector<View, 3> views,
                double number, double number2) {
  if (llvm::any_of(views, [](const View &view) { return !view; }))
    return {};
  std::optional<Alignment> aligned = alignTrailing(views);
  if (!aligned)
    return {};
  Expr expr(Expr::Kind::Map, element);
  expr.op = op;
  expr.number = number;
  expr.number2 = number2;
  for (const View &view : views)
    expr.operands.push_back(
        {view.expr, SmallVector<int, 4>(view.expr->axes.size(), -1)});
  View result;
  for (auto [sizes, axes] : llvm::zip_equal(aligned->dims, aligned->axes)) {
    auto &dim = result.dims.emplace_back();
    for (auto [size, perOperand] : llvm::zip_equal(sizes, axes)) {
      int axis = -1;
      for (auto [operand, own] : llvm::zip_equal(expr.operands, perOperand)) {
        if (own < 0)
          continue;
        if (axis < 0) {
          axis = expr.axes.size();
          expr.axes.push_back(size);
        }
        operand.axes[own] = axis;
      }
      dim.push_back({axis, size});
    }
  }

  /// Operand `i`, as large as the result.
  auto pass = [&](unsigned i) {
    View passed{views[i].expr, {}};
    for (auto [sizes, axes] : llvm::zip_equal(aligned->dims, aligned->axes)) {
      auto &dim = passed.dims.emplace_back();
      for (auto [size, perOperand] : llvm::zip_equal(sizes, axes))
        dim.push_back({perOperand[i], size});
    }
    return passed;
  };
  auto isSplat = [&](unsigned i, double c) {
    return i < views.size() && views[i].expr->isSplat(c);
  };
  auto splat = [&](double c) { return makeSplat(c, element, result.dims); };
  StringRef name = op;
  if (llvm::all_of(views, [](const View &view) {
        return view.expr->is(Expr::Kind::Splat);
      })) {
    auto numbers = llvm::map_to_vector<3>(
        views, [](const View &view) { return view.expr->number; });
    if (std::optional<double> folded = fold(name, numbers, element))
      return splat(*folded);
  }
  if (name == "Add" || name == "Sub" || name == "Or") {
    if (isSplat(1, 0))
      return pass(0);
    if (isSplat(0, 0) && name != "Sub")
      return pass(1);
  }
  if (name == "Mul" || name == "And") {
    // Accumulators start as x · 0; what an infinite x would make of that is
    // lost in the experts' own results anyway.
    if (isSplat(0, 0) || isSplat(1, 0))
      return splat(0);
    if (isSplat(1, 1))
      return pass(0);
    if (isSplat(0, 1))
      return pass(1);
  }
  if (name == "Div" && isSplat(1, 1))
    return pass(0);
  if (name == "Less" && views[1].expr->is(Expr::Kind::Splat) &&
      views[1].expr->number <= 0 && isNonNegative(views[0].expr))
    return splat(0);
  if (name == "Equal" && element.isInteger(1) &&
      views[0].expr->element.isInteger(1) && isSplat(1, 1))
    return pass(0);
  if (name == "NotZero" && views[0].expr->element.isInteger(1))
    return pass(0);
  if (name == "Clip" && views[0].expr->isMap("Clip") &&
      std::max(views[0].expr->number, number) <=
          std::min(views[0].expr->number2, number2)) {
    // Two bounds, one after the other.
    expr.number = std::max(views[0].expr->number, number);
    expr.number2 = std::min(views[0].expr->number2, number2);
    for (Operand &operand : expr.operands) {
      const Operand &inner = views[0].expr->operands[0];
      Operand through{inner.expr, {}};
      for (int axis : inner.axes)
        through.axes.push_back(axis < 0 ? -1 : operand.axes[axis]);
      operand = std::move(through);
    }
  }
  if (name == "Where" && views[0].expr->is(Expr::Kind::Splat))
    return pass(views[0].expr->number != 0 ? 1 : 2);

  result.expr = intern(std::move(expr));
  return result;
}

/// How many operands an elementwise operator takes; 0 for others.
static unsigned getArity(StringRef type) {
  return llvm::StringSwitch<unsigned>(type)
      .Cases({"Sigmoid", "Tanh", "Relu", "Erf", "Exp", "Log"}, 1)
      .Cases({"Sqrt", "Neg", "Abs", "Softplus", "Reciprocal", "Not"}, 1)
      .Cases({"Floor", "Mish", "Softsign"}, 1)
      .Cases({"Add", "Sub", "Mul", "Div", "Pow", "Mod"}, 2)
      .Cases({"Equal", "Less", "LessOrEqual", "Greater"}, 2)
      .Cases({"GreaterOrEqual", "And", "Or", "Xor"}, 2)
      .Case("Where", 3)
      .Default(0);
}

View Facts::visitDequantize(NodeOp node) {
  View codes = get(node.getInput(0)), scale = get(node.getInput(1));
  Type element =
      cast<RankedTensorType>(node.getResult(0).getType()).getElementType();
  if (!codes || !scale)
    return {};
  int64_t rank = codes.dims.size(), block = node.getInt("block_size", 0);
  auto axis = onnxir::normalizeAxis(node.getInt("axis", 1), rank);
  /// `view`, a number for all codes, for each position along the axis, or for
  /// each block of them, as large as the codes.
  auto spread = [&](View view) -> View {
    if (!view || view.dims.empty())
      return view;
    if (!axis)
      return {};
    if (block == 0) {
      if (view.dims.size() != 1)
        return {};
      SmallVector<Factor, 2> along = view.dims[0];
      view.dims.assign(rank, {});
      view.dims[*axis] = along;
      return view;
    }
    Size whole = sizeOf(codes.dims[*axis]);
    if (static_cast<int64_t>(view.dims.size()) != rank || whole < 2 ||
        sizeOf(view.dims[*axis]) != llvm::divideCeil(whole, block))
      return {};
    if (view.dims[*axis].empty())
      return view;
    Type i64 = IntegerType::get(context, 64);
    Expr iota(Expr::Kind::Iota, i64);
    iota.axes = {whole};
    View count{intern(std::move(iota)), Layout{{Factor{0, whole}}}};
    View blocks = map(StringAttr::get(context, "Div"), i64,
                      {count, makeSplat(block, i64, Layout(1))});
    return index(view, {*axis}, {blocks}, *axis);
  };
  auto cast = [&](View view) {
    return map(StringAttr::get(context, "Cast"), element, {view});
  };
  if (block < 0 || !codes.expr->element.isIntOrFloat())
    return {};
  View value = cast(codes);
  if (node.getInput(2)) {
    View zero = spread(get(node.getInput(2)));
    if (zero && zero.expr->is(Expr::Kind::Splat))
      zero = makeSplat(zero.expr->number, element, zero.dims);
    else if (zero)
      zero = cast(zero);
    value = map(StringAttr::get(context, "Sub"), element, {value, zero});
  }
  return map(StringAttr::get(context, "Mul"), element, {value, spread(scale)});
}

View Facts::visitElementwise(NodeOp node) {
  StringRef type = node.getOpType();
  auto output = cast<RankedTensorType>(node.getResult(0).getType());
  Type element = output.getElementType();
  auto name = [&](StringRef text) { return StringAttr::get(context, text); };
  double infinity = std::numeric_limits<double>::infinity();
  if (type == "DequantizeLinear" &&
      (node.getDomain().empty() || node.getDomain() == "com.microsoft"))
    return visitDequantize(node);
  if (node.getDomain() == "com.microsoft") {
    if (type == "QuickGelu")
      return map(name("Swish"), element, {get(node.getInput(0))},
                 node.getFloat("alpha", 1.702));
    if (type == "Gelu" || type == "FastGelu") {
      View view = get(node.getInput(0));
      if (node.getInput(1))
        view = map(name("Add"), element, {view, get(node.getInput(1))});
      return map(name(type == "Gelu" ? "Gelu" : "GeluTanh"), element, {view});
    }
    return {};
  }
  if (!node.getDomain().empty())
    return {};
  if (type == "Gelu")
    return map(name(node.getString("approximate", "none") == "tanh" ? "GeluTanh"
                                                                    : "Gelu"),
               element, {get(node.getInput(0))});
  if (type == "Swish")
    return map(name("Swish"), element, {get(node.getInput(0))},
               node.getFloat("alpha", 1.0));
  if (type == "Clip") {
    auto bound = [&](unsigned slot, StringRef attribute, double otherwise) {
      if (Value input = node.getInput(slot))
        return getSplat(input);
      return std::optional<double>(node.getFloat(attribute, otherwise));
    };
    auto low = bound(1, "min", -infinity), high = bound(2, "max", infinity);
    if (!low || !high)
      return {};
    return map(name("Clip"), element, {get(node.getInput(0))}, *low, *high);
  }
  if (type == "Min" || type == "Max" || type == "Sum") {
    View total = get(node.getInput(0));
    for (unsigned i = 1; i < node.getNumSlots() && total; ++i) {
      View next = get(node.getInput(i));
      if (type == "Sum")
        total = map(name("Add"), element, {total, next});
      else if (next && next.expr->is(Expr::Kind::Splat) &&
               !total.expr->is(Expr::Kind::Splat))
        total = map(name("Clip"), element, {total},
                    type == "Max" ? next.expr->number : -infinity,
                    type == "Min" ? next.expr->number : infinity);
      else
        total = map(name(type), element, {total, next});
    }
    return total;
  }
  if (type == "Softmax") {
    View view = get(node.getInput(0));
    if (!view || view.dims.empty())
      return {};
    int64_t version = node.getOpsetVersion(), rank = view.dims.size();
    auto axis = onnxir::normalizeAxis(
        node.getInt("axis", version != 0 && version < 13 ? 1 : -1), rank);
    // Before opset 13 all dimensions from the axis on were one.
    if (!axis || (version != 0 && version < 13 && *axis != rank - 1) ||
        view.dims[*axis].size() != 1 || view.dims[*axis][0].axis < 0)
      return {};
    Expr softmax(Expr::Kind::Softmax, element);
    softmax.axes = view.expr->axes;
    softmax.part = view.dims[*axis][0].axis;
    softmax.operands.push_back({view.expr, countUp(0, view.expr->axes.size())});
    return {intern(std::move(softmax)), view.dims};
  }
  unsigned arity = getArity(type);
  if (arity == 0 || node.getNumSlots() != arity)
    return {};
  SmallVector<View, 3> views;
  for (unsigned i = 0; i < arity; ++i)
    views.push_back(get(node.getInput(i)));
  return map(name(type), element, views, node.getInt("fmod", 0));
}
