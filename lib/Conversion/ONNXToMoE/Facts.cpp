//===- Facts.cpp - The sweep that finds what tensors hold -------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Facts.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "moe/Dialect/ONNXIR/Utils/NodeUtils.h"

using namespace mlir;
using namespace mlir::moe;
using onnxir::NodeOp;

Facts::Facts(func::FuncOp function)
    : context(function.getContext()),
      shapes([this](Value value, unsigned dim) -> OpFoldResult {
        View view = get(value);
        return view && dim < view.dims.size() ? toFold(sizeOf(view.dims[dim]))
                                              : OpFoldResult();
      }) {
  if (function.isExternal())
    return;
  for (BlockArgument argument : function.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    auto names = function.getArgAttrOfType<ArrayAttr>(
        argument.getArgNumber(), onnxir::ONNXIRDialect::kDims);
    if (!type || !names || static_cast<int64_t>(names.size()) != type.getRank())
      continue;
    // Dimensions of one name are of one size.
    Layout dims;
    for (auto [size, name] : llvm::zip_equal(type.getShape(), names)) {
      auto &dim = dims.emplace_back();
      auto text = dyn_cast<StringAttr>(name);
      if (ShapedType::isDynamic(size))
        dim.push_back({0, text && !text.empty() ? namedSize(text.getValue())
                                                : freshSize()});
      else if (size != 1)
        dim.push_back({0, size});
    }
    views[argument] = makeLeaf(argument, &dims);
  }
  for (Operation &op : function.getBody().front()) {
    if (auto node = dyn_cast<NodeOp>(op)) {
      visit(node);
      continue;
    }
    for (Value operand : op.getOperands())
      if (View view = get(operand))
        ++view.expr->users;
  }
}

//===----------------------------------------------------------------------===//
// Expressions and sizes
//===----------------------------------------------------------------------===//

const Expr *Facts::intern(Expr expr) {
  llvm::hash_code hash = llvm::hash_combine(
      static_cast<int>(expr.kind), expr.element.getAsOpaquePointer(),
      llvm::hash_combine_range(expr.axes.begin(), expr.axes.end()),
      llvm::hash_combine_range(expr.bound.begin(), expr.bound.end()),
      expr.op.getAsOpaquePointer(), llvm::bit_cast<uint64_t>(expr.number),
      llvm::bit_cast<uint64_t>(expr.number2), expr.part, expr.offset, expr.step,
      expr.value.getAsOpaquePointer());
  for (const Operand &operand : expr.operands)
    hash = llvm::hash_combine(
        hash, operand.expr,
        llvm::hash_combine_range(operand.axes.begin(), operand.axes.end()));
  auto equals = [&](const Expr &other) {
    return expr.kind == other.kind && expr.element == other.element &&
           expr.axes == other.axes && expr.bound == other.bound &&
           expr.operands == other.operands && expr.indexed == other.indexed &&
           expr.op == other.op && expr.number == other.number &&
           expr.number2 == other.number2 && expr.part == other.part &&
           expr.offset == other.offset && expr.step == other.step &&
           expr.value == other.value;
  };
  auto &candidates = byHash[static_cast<unsigned>(size_t(hash))];
  for (const Expr *candidate : candidates)
    if (equals(*candidate))
      return candidate;
  // Copies of other expressions bring along where those came from.
  expr.origin = {};
  expr.layout.clear();
  expr.users = 0;
  expr.constant = !expr.is(Expr::Kind::Leaf) &&
                  llvm::all_of(expr.operands, [](const Operand &operand) {
                    return operand.expr->constant;
                  });
  pool.push_back(std::move(expr));
  candidates.push_back(&pool.back());
  return &pool.back();
}

Size Facts::freshSize() { return --lastSymbol; }

Size Facts::namedSize(StringRef name) {
  auto [it, isNew] = named.try_emplace(name, 0);
  if (isNew)
    it->second = freshSize();
  return it->second;
}

Size Facts::product(ArrayRef<Size> sizes) {
  SmallVector<Size> symbols;
  Size constant = 1;
  for (Size size : sizes) {
    auto known = productOf.find(size);
    ArrayRef<Size> parts =
        known != productOf.end() ? ArrayRef(known->second) : ArrayRef(size);
    for (Size part : parts)
      if (part < 0)
        symbols.push_back(part);
      else if (llvm::MulOverflow(constant, part, constant))
        return freshSize();
  }
  if (symbols.empty())
    return constant;
  if (symbols.size() == 1 && constant == 1)
    return symbols.front();
  llvm::sort(symbols);
  if (constant != 1)
    symbols.push_back(constant);
  auto [it, isNew] = products.try_emplace(symbols, 0);
  if (isNew) {
    it->second = freshSize();
    productOf[it->second] = symbols;
    SmallVector<Size> order;
    for (Size size : sizes)
      if (size != 1)
        order.append(getFactors(size));
    orderOf[it->second] = order;
  }
  return it->second;
}

SmallVector<Size, 2> Facts::getFactors(Size size) {
  auto it = orderOf.find(size);
  if (it != orderOf.end())
    return SmallVector<Size, 2>(it->second.begin(), it->second.end());
  return {size};
}

void Facts::appendSize(SmallVectorImpl<Factor> &dim, Size size) {
  if (size != 1)
    for (Size factor : getFactors(size))
      dim.push_back({-1, factor});
}

Size Facts::sizeOf(ArrayRef<Factor> dim) {
  return product(
      llvm::map_to_vector(dim, [](const Factor &f) { return f.size; }));
}

OpFoldResult Facts::toFold(Size size) {
  Attribute attr;
  if (size >= 0)
    attr = IntegerAttr::get(IndexType::get(context), size);
  else
    attr = StringAttr::get(context, "size" + Twine(-size));
  symbolOf[attr] = size;
  return attr;
}

std::optional<SmallVector<std::optional<Size>>> Facts::getSizes(Value value) {
  std::optional<onnxir::ShapeValues::Elements> elements = shapes.get(value);
  if (!elements)
    return std::nullopt;
  return llvm::map_to_vector(*elements,
                             [&](OpFoldResult e) -> std::optional<Size> {
                               if (!e)
                                 return std::nullopt;
                               if (auto constant = getConstantIntValue(e))
                                 return *constant;
                               return symbolOf.lookup(cast<Attribute>(e));
                             });
}

//===----------------------------------------------------------------------===//
// Views of values
//===----------------------------------------------------------------------===//

View Facts::makeLeaf(Value value, const Layout *like) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type)
    return {};
  Expr leaf(Expr::Kind::Leaf, type.getElementType());
  leaf.value = value;
  View view;
  for (int64_t i = 0; i < type.getRank(); ++i) {
    auto &dim = view.dims.emplace_back();
    auto addAxis = [&](Size size) {
      dim.push_back({static_cast<int>(leaf.axes.size()), size});
      leaf.axes.push_back(size);
    };
    if (like)
      for (const Factor &factor : (*like)[i])
        for (Size size : getFactors(factor.size))
          addAxis(size);
    else if (type.isDynamicDim(i))
      addAxis(freshSize());
    else if (type.getDimSize(i) != 1)
      addAxis(type.getDimSize(i));
  }
  view.expr = intern(std::move(leaf));
  if (!view.expr->origin) {
    view.expr->origin = value;
    view.expr->layout = view.dims;
    Operation *maker = value.getDefiningOp();
    auto isConstant = [&](Value operand) {
      auto it = views.find(operand);
      return it != views.end() && it->second.expr->constant;
    };
    view.expr->constant =
        maker &&
        (isa<onnxir::GetWeightOp>(maker) ||
         (isa<NodeOp>(maker) && maker->getNumRegions() == 0 &&
          (maker->getNumOperands() > 0 || cast<NodeOp>(maker).is("Constant")) &&
          llvm::all_of(maker->getOperands(), isConstant)));
  }
  return view;
}

View Facts::makeSplat(double number, Type element, Layout dims) {
  for (auto &dim : dims)
    for (Factor &factor : dim)
      factor.axis = -1;
  Expr splat(Expr::Kind::Splat, element);
  splat.number = number;
  return {intern(std::move(splat)), std::move(dims)};
}

std::optional<SmallVector<double>> moe::getNumbers(Value value) {
  auto elements =
      dyn_cast_or_null<DenseElementsAttr>(onnxir::getConstantElements(value));
  if (!elements)
    return std::nullopt;
  Type type = elements.getElementType();
  int64_t count = elements.isSplat() ? 1 : elements.getNumElements();
  SmallVector<double> numbers;
  if (isa<FloatType>(type)) {
    for (int64_t i = 0; i < count; ++i) {
      APFloat number = elements.getValues<APFloat>()[i];
      bool lossy;
      number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                     &lossy);
      numbers.push_back(number.convertToDouble());
    }
    return numbers;
  }
  if (!isa<IntegerType>(type))
    return std::nullopt;
  bool isUnsigned = type.isUnsignedInteger() || type.isInteger(1);
  for (int64_t i = 0; i < count; ++i) {
    APInt number = elements.getValues<APInt>()[i];
    numbers.push_back(isUnsigned ? number.getZExtValue()
                                 : number.getSExtValue());
  }
  return numbers;
}

View Facts::get(Value value) {
  if (!value)
    return {};
  if (auto it = views.find(value); it != views.end())
    return it->second;
  View view = makeLeaf(value);
  if (!view)
    return {};
  auto type = cast<RankedTensorType>(value.getType());
  if (std::optional<SmallVector<double>> numbers = getNumbers(value);
      numbers && !numbers->empty()) {
    bool isCount =
        type.getRank() == 1 && isa<IntegerType>(type.getElementType());
    for (auto [i, number] : llvm::enumerate(*numbers))
      isCount &= number == static_cast<double>(i);
    if (llvm::all_equal(*numbers)) {
      view = makeSplat(numbers->front(), type.getElementType(), view.dims);
    } else if (isCount) {
      Expr iota(Expr::Kind::Iota, type.getElementType());
      iota.axes = {type.getDimSize(0)};
      view.expr = intern(std::move(iota));
    }
  }
  set(value, view);
  return view;
}

std::optional<double> Facts::getSplat(Value value) {
  View view = get(value);
  if (!view || !view.expr->is(Expr::Kind::Splat))
    return std::nullopt;
  return view.expr->number;
}

void Facts::set(Value value, View view) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type)
    return;
  // A rule that gives another shape than inference is not believed.
  bool fits = view && static_cast<int64_t>(view.dims.size()) == type.getRank();
  for (int64_t i = 0; fits && i < type.getRank(); ++i) {
    Size size = sizeOf(view.dims[i]);
    fits = type.isDynamicDim(i) || size < 0 || size == type.getDimSize(i);
  }
  if (!fits)
    view = makeLeaf(value);
  if (!view.expr->origin) {
    view.expr->origin = value;
    view.expr->layout = view.dims;
  }
  views[value] = std::move(view);
}

//===----------------------------------------------------------------------===//
// The sweep
//===----------------------------------------------------------------------===//

/// Follows sizes where ShapeValues, which knows constants only, does not.
void Facts::followSizes(NodeOp node) {
  // Products of sizes are sizes, too.
  if (node.is("Mul") && node.getNumResults() == 1) {
    std::optional<onnxir::ShapeValues::Elements> known =
        shapes.get(node.getResult(0));
    if (!known || llvm::any_of(*known, [](OpFoldResult e) { return !e; })) {
      auto a = getSizes(node.getInput(0)), b = getSizes(node.getInput(1));
      if (a && b && a->size() == 1 && b->size() == 1 && (*a)[0] && (*b)[0])
        shapes.set(node.getResult(0), {toFold(product({*(*a)[0], *(*b)[0]}))});
    }
  }
  // A list of ones with one repetition in it, as exporters count Tile's.
  auto known = [&](unsigned slot) {
    return node.getInput(slot) ? shapes.get(node.getInput(slot)) : std::nullopt;
  };
  if (node.is("OneHot")) {
    auto at =
        node.getInput(0) ? shapes.getConstants(node.getInput(0)) : std::nullopt;
    auto depth =
        node.getInput(1) ? shapes.getConstants(node.getInput(1)) : std::nullopt;
    auto values = known(2);
    if (at && at->size() == 1 && depth && depth->size() == 1 && values &&
        values->size() == 2 && depth->front() > 0 && depth->front() <= 8) {
      int64_t index = at->front() + (at->front() < 0 ? depth->front() : 0);
      onnxir::ShapeValues::Elements elements(depth->front(), (*values)[0]);
      if (index >= 0 && index < depth->front())
        elements[index] = (*values)[1];
      shapes.set(node.getResult(0), elements);
    }
  }
  if (node.is("Reshape") && !shapes.get(node.getResult(0)))
    if (auto elements = known(0))
      if (auto type = dyn_cast<RankedTensorType>(node.getResult(0).getType());
          type && type.getRank() == 1)
        shapes.set(node.getResult(0), *elements);
}

void Facts::visit(NodeOp node) {
  shapes.visit(node);
  followSizes(node);
  if (visitMany(node))
    return;
  View view;
  if (node.getNumResults() == 1 && node->getNumRegions() == 0 &&
      isa<RankedTensorType>(node.getResult(0).getType())) {
    using Rule = View (Facts::*)(NodeOp);
    for (Rule rule : {&Facts::visitConstant, &Facts::visitLayout,
                      &Facts::visitElementwise, &Facts::visitContraction,
                      &Facts::visitIndexing, &Facts::visitScatter})
      if ((view = (this->*rule)(node)))
        break;
  }

  // Looking at the shape uses no element, in two steps neither.
  auto looks = [](Operation *op) {
    auto user = dyn_cast<NodeOp>(op);
    return user && (user.is("Shape") || user.is("Size"));
  };
  bool looksOnly = looks(node) || (!node->use_empty() &&
                                   llvm::all_of(node->getUsers(), looks));
  for (Value operand : node.getOperands())
    if (View used = get(operand); used && !looksOnly && used.expr != view.expr)
      ++used.expr->users;
  node->walk([&](Operation *nested) {
    if (nested == node.getOperation())
      return;
    for (Value operand : nested->getOperands())
      if (operand.getParentBlock() == node->getBlock())
        if (View used = get(operand))
          used.expr->users += 2;
  });

  for (auto [i, result] : llvm::enumerate(node.getResults())) {
    if (!isa<RankedTensorType>(result.getType()))
      continue;
    if (i == 0 && view) {
      set(result, view);
      continue;
    }
    // Sizes are followed even where elements are not.
    std::optional<Layout> dims = i == 0 ? getOpaqueLayout(node) : std::nullopt;
    auto type = cast<RankedTensorType>(result.getType());
    bool fits = dims && static_cast<int64_t>(dims->size()) == type.getRank();
    set(result, makeLeaf(result, fits ? &*dims : nullptr));
    if (node.is("Concat"))
      views[result].expr->nonNegative =
          llvm::all_of(node.getInputs(), [&](Value input) {
            View part = get(input);
            return part && isNonNegative(part.expr);
          });
  }
}

View Facts::visitConstant(NodeOp node) {
  Value result = node.getResult(0);
  if (node.is("Constant"))
    return get(result);
  // Shape arithmetic that comes out as one number.
  if (auto known = shapes.getConstants(result);
      known && !known->empty() && llvm::all_equal(*known)) {
    Layout dims(cast<RankedTensorType>(result.getType()).getRank());
    if (known->size() > 1)
      dims[0].push_back({-1, static_cast<Size>(known->size())});
    return makeSplat(known->front(),
                     cast<RankedTensorType>(result.getType()).getElementType(),
                     std::move(dims));
  }
  if (!node.is("ConstantOfShape"))
    return {};
  auto type = cast<RankedTensorType>(result.getType());
  double number = 0.0;
  if (auto elements =
          dyn_cast_or_null<DenseElementsAttr>(node.getAttribute("value"))) {
    if (elements.getNumElements() != 1)
      return {};
    Type element = elements.getElementType();
    if (isa<FloatType>(element))
      number = (*elements.value_begin<APFloat>()).convertToDouble();
    else if (isa<IntegerType>(element))
      number = element.isUnsignedInteger() || element.isInteger(1)
                   ? (*elements.value_begin<APInt>()).getZExtValue()
                   : (*elements.value_begin<APInt>()).getSExtValue();
    else
      return {};
  }
  Layout dims;
  for (std::optional<Size> size : getTarget(result, node.getInput(0))) {
    auto &dim = dims.emplace_back();
    if (!size)
      dim.push_back({-1, freshSize()});
    else
      appendSize(dim, *size);
  }
  return makeSplat(number, type.getElementType(), std::move(dims));
}
