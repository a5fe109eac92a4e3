//===- ShapeValues.cpp - Known elements of small integer tensors ----------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/ONNXIR/Utils/ShapeValues.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "moe/Dialect/ONNXIR/Utils/NodeUtils.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::onnxir;

/// Tensors above this size hold data, not shapes.
static constexpr int64_t kMaxElements = 64;

static OpFoldResult constant(MLIRContext *context, int64_t value) {
  return IntegerAttr::get(IndexType::get(context), value);
}

/// Whether `type` is a tensor whose elements are worth following.
static bool isShapeLike(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.hasStaticShape() && tensor.getRank() <= 1 &&
         isa<IntegerType>(tensor.getElementType()) &&
         tensor.getNumElements() <= kMaxElements;
}

std::optional<ShapeValues::Elements> ShapeValues::get(Value value) {
  if (!value)
    return std::nullopt;
  if (auto it = known.find(value); it != known.end())
    return it->second;
  if (!isShapeLike(value.getType()))
    return std::nullopt;
  std::optional<SmallVector<int64_t>> ints =
      getConstantInts(value, &symbolTables);
  if (!ints)
    return std::nullopt;
  return llvm::map_to_vector(*ints, [&](int64_t element) {
    return constant(value.getContext(), element);
  });
}

std::optional<SmallVector<int64_t>> ShapeValues::getConstants(Value value) {
  std::optional<Elements> elements = get(value);
  if (!elements)
    return std::nullopt;
  SmallVector<int64_t> constants;
  for (OpFoldResult element : *elements) {
    std::optional<int64_t> integer =
        element ? getConstantIntValue(element) : std::nullopt;
    if (!integer)
      return std::nullopt;
    constants.push_back(*integer);
  }
  return constants;
}

/// `operation` on constants; nothing where the result is not defined.
static std::optional<int64_t> fold(StringRef operation, int64_t a, int64_t b) {
  int64_t result;
  if (operation == "Add")
    return llvm::AddOverflow(a, b, result) ? std::nullopt
                                           : std::optional(result);
  if (operation == "Sub")
    return llvm::SubOverflow(a, b, result) ? std::nullopt
                                           : std::optional(result);
  if (operation == "Mul")
    return llvm::MulOverflow(a, b, result) ? std::nullopt
                                           : std::optional(result);
  if (operation == "Div" || operation == "Mod") {
    if (b == 0 || (a == INT64_MIN && b == -1))
      return std::nullopt;
    if (operation == "Div")
      return a / b;
    int64_t rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  }
  return llvm::StringSwitch<std::optional<int64_t>>(operation)
      .Case("Max", std::max(a, b))
      .Case("Min", std::min(a, b))
      .Case("Equal", a == b)
      .Case("Less", a < b)
      .Case("LessOrEqual", a <= b)
      .Case("Greater", a > b)
      .Case("GreaterOrEqual", a >= b)
      .Case("And", a && b)
      .Case("Or", a || b)
      .Default(std::nullopt);
}

OpFoldResult ShapeValues::combine(Location loc, StringRef operation,
                                  OpFoldResult a, OpFoldResult b) {
  if (!a || !b)
    return {};
  std::optional<int64_t> x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (x && y) {
    std::optional<int64_t> folded = fold(operation, *x, *y);
    return folded ? constant(loc.getContext(), *folded) : OpFoldResult();
  }
  // Neutral elements keep the identity of a size, which later tells that two
  // sizes are the same.
  if (y && ((*y == 0 && (operation == "Add" || operation == "Sub")) ||
            (*y == 1 && (operation == "Mul" || operation == "Div"))))
    return a;
  if (x && ((*x == 0 && operation == "Add") || (*x == 1 && operation == "Mul")))
    return b;
  if (!builder)
    return {};
  Value lhs = getValueOrCreateConstantIndexOp(*builder, loc, a);
  Value rhs = getValueOrCreateConstantIndexOp(*builder, loc, b);
  if (operation == "Add")
    return arith::AddIOp::create(*builder, loc, lhs, rhs).getResult();
  if (operation == "Sub")
    return arith::SubIOp::create(*builder, loc, lhs, rhs).getResult();
  if (operation == "Mul")
    return arith::MulIOp::create(*builder, loc, lhs, rhs).getResult();
  if (operation == "Max")
    return arith::MaxSIOp::create(*builder, loc, lhs, rhs).getResult();
  if (operation == "Min")
    return arith::MinSIOp::create(*builder, loc, lhs, rhs).getResult();
  if (operation == "Div" && y && *y > 0)
    return arith::DivSIOp::create(*builder, loc, lhs, rhs).getResult();
  return {};
}

void ShapeValues::replace(Value from, Value to) {
  auto it = known.find(from);
  if (it == known.end())
    return;
  Elements elements = std::move(it->second);
  known.erase(it);
  known[to] = std::move(elements);
}

void ShapeValues::forget(Region &region) {
  for (Value arg : region.getArguments())
    known.erase(arg);
  region.walk([&](Operation *op) {
    for (Value result : op->getResults())
      known.erase(result);
    for (Region &inner : op->getRegions())
      for (Value arg : inner.getArguments())
        known.erase(arg);
  });
}

void ShapeValues::visit(NodeOp node) {
  if (node.getNumResults() == 0 || !node.getDomain().empty())
    return;
  if (node.getOpType() == "Split") {
    std::optional<Elements> elements = get(node.getInput(0));
    if (!elements)
      return;
    size_t begin = 0;
    for (Value result : node.getResults()) {
      if (!isShapeLike(result.getType()) ||
          cast<RankedTensorType>(result.getType()).getRank() != 1)
        return;
      size_t size = cast<RankedTensorType>(result.getType()).getDimSize(0);
      if (begin + size > elements->size())
        return;
      known[result] = Elements(ArrayRef(*elements).slice(begin, size));
      begin += size;
    }
    return;
  }
  Value result = node.getResult(0);
  if (!isShapeLike(result.getType()))
    return;
  bool isKnown = false;
  Elements elements = evaluate(node, isKnown);
  if (isKnown && static_cast<int64_t>(elements.size()) ==
                     cast<RankedTensorType>(result.getType()).getNumElements())
    known[result] = std::move(elements);
}

ShapeValues::Elements ShapeValues::evaluate(NodeOp node, bool &isKnown) {
  StringRef type = node.getOpType();
  isKnown = true;
  if (type == "Shape" || type == "Size")
    return evaluateShape(node, isKnown);
  if (type == "Slice")
    return evaluateSlice(node, isKnown);
  if (type == "Gather")
    return evaluateGather(node, isKnown);
  if (type == "ReduceProd" || type == "ReduceSum" || type == "ReduceMax" ||
      type == "ReduceMin")
    return evaluateReduction(node, isKnown);

  std::optional<Elements> first = get(node.getInput(0));
  if (type == "Identity" || type == "Cast" || type == "Squeeze" ||
      type == "Unsqueeze" || type == "Reshape" || type == "Flatten") {
    // A cast to bool changes the number.
    isKnown =
        first.has_value() &&
        getElementTypeOrSelf(node.getInput(0).getType()).isInteger(1) ==
            getElementTypeOrSelf(node.getResult(0).getType()).isInteger(1);
    return first.value_or(Elements());
  }
  if (type == "Concat") {
    Elements all;
    for (unsigned i = 0; i < node.getNumSlots(); ++i) {
      std::optional<Elements> part = get(node.getInput(i));
      auto tensor = dyn_cast_if_present<RankedTensorType>(
          node.getInput(i) ? node.getInput(i).getType() : Type());
      if (!tensor || tensor.getRank() != 1 || !tensor.hasStaticShape()) {
        isKnown = false;
        return {};
      }
      // A part that is not followed leaves its elements unknown, no more.
      all.append(part ? *part : Elements(tensor.getDimSize(0)));
    }
    return all;
  }
  int64_t count =
      cast<RankedTensorType>(node.getResult(0).getType()).getNumElements();
  if (type == "ConstantOfShape") {
    auto value =
        dyn_cast_or_null<DenseElementsAttr>(node.getAttribute("value"));
    isKnown = value && isa<IntegerType>(value.getElementType()) &&
              value.getNumElements() == 1;
    if (!isKnown)
      return {};
    int64_t element = (*value.value_begin<APInt>()).getSExtValue();
    return Elements(count, constant(node.getContext(), element));
  }
  if (type == "Expand" && first && first->size() == 1)
    return Elements(count, first->front());
  if (type == "Where") {
    std::optional<SmallVector<int64_t>> conditions =
        getConstants(node.getInput(0));
    std::optional<Elements> a = get(node.getInput(1)),
                            b = get(node.getInput(2));
    isKnown = conditions && a && b;
    Elements chosen;
    for (int64_t i = 0; isKnown && i < count; ++i) {
      auto at = [&](const auto &list) {
        return list[list.size() == 1 ? 0 : i];
      };
      auto fits = [&](const auto &list) {
        return list.size() == 1 || static_cast<int64_t>(list.size()) == count;
      };
      if (!fits(*conditions) || !fits(*a) || !fits(*b)) {
        isKnown = false;
        break;
      }
      chosen.push_back(at(*conditions) ? at(*a) : at(*b));
    }
    return chosen;
  }
  if (type == "Range") {
    std::optional<SmallVector<int64_t>> start = getConstants(node.getInput(0)),
                                        delta = getConstants(node.getInput(2));
    isKnown = start && delta && start->size() == 1 && delta->size() == 1;
    Elements elements;
    for (int64_t i = 0; isKnown && i < count; ++i)
      elements.push_back(
          constant(node.getContext(), start->front() + i * delta->front()));
    return elements;
  }
  if (type == "Not" || type == "Neg") {
    std::optional<SmallVector<int64_t>> ints = getConstants(node.getInput(0));
    isKnown = ints.has_value();
    Elements elements;
    for (int64_t i = 0; isKnown && i < static_cast<int64_t>(ints->size()); ++i)
      elements.push_back(constant(node.getContext(),
                                  type == "Not" ? !(*ints)[i] : -(*ints)[i]));
    return elements;
  }
  return evaluateBinary(node, isKnown);
}

ShapeValues::Elements ShapeValues::evaluateShape(NodeOp node, bool &isKnown) {
  auto tensor = dyn_cast<RankedTensorType>(
      node.getInput(0) ? node.getInput(0).getType() : Type());
  isKnown = static_cast<bool>(tensor);
  if (!tensor)
    return {};
  int64_t rank = tensor.getRank();
  auto clampAxis = [&](int64_t axis) {
    return std::clamp<int64_t>(axis < 0 ? axis + rank : axis, 0, rank);
  };
  Elements sizes;
  bool isSize = node.getOpType() == "Size";
  int64_t begin = isSize ? 0 : clampAxis(node.getInt("start", 0));
  int64_t end = isSize ? rank : clampAxis(node.getInt("end", rank));
  for (int64_t i = begin; i < end; ++i)
    sizes.push_back(tensor.isDynamicDim(i)
                        ? sizeOf(node.getInput(0), i)
                        : constant(node.getContext(), tensor.getDimSize(i)));
  if (!isSize)
    return sizes;
  OpFoldResult product = constant(node.getContext(), 1);
  for (OpFoldResult size : sizes)
    product = combine(node.getLoc(), "Mul", product, size);
  return {product};
}

ShapeValues::Elements ShapeValues::evaluateSlice(NodeOp node, bool &isKnown) {
  std::optional<Elements> elements = get(node.getInput(0));
  std::optional<SmallVector<int64_t>> starts = getConstants(node.getInput(1)),
                                      ends = getConstants(node.getInput(2)),
                                      steps;
  // Opset 1: attributes.
  if (auto list = node.getInts("starts"))
    starts = SmallVector<int64_t>(*list);
  if (auto list = node.getInts("ends"))
    ends = SmallVector<int64_t>(*list);
  steps = node.getInput(4) ? getConstants(node.getInput(4))
                           : std::optional(SmallVector<int64_t>{1});
  isKnown = elements && starts && ends && steps && starts->size() == 1 &&
            ends->size() == 1 && steps->size() == 1 && steps->front() > 0 &&
            cast<RankedTensorType>(node.getInput(0).getType()).getRank() == 1;
  if (!isKnown)
    return {};
  int64_t size = elements->size();
  auto clampIndex = [&](int64_t i) {
    return std::clamp<int64_t>(i < 0 ? i + size : i, 0, size);
  };
  Elements slice;
  for (int64_t i = clampIndex(starts->front()), end = clampIndex(ends->front());
       i < end; i += std::min(steps->front(), size))
    slice.push_back((*elements)[i]);
  return slice;
}

ShapeValues::Elements ShapeValues::evaluateGather(NodeOp node, bool &isKnown) {
  std::optional<Elements> elements = get(node.getInput(0));
  std::optional<SmallVector<int64_t>> indices = getConstants(node.getInput(1));
  isKnown = elements && indices &&
            cast<RankedTensorType>(node.getInput(0).getType()).getRank() == 1;
  Elements gathered;
  for (size_t i = 0; isKnown && i < indices->size(); ++i) {
    std::optional<int64_t> index =
        normalizeAxis((*indices)[i], elements->size());
    isKnown = index.has_value();
    if (index)
      gathered.push_back((*elements)[*index]);
  }
  return gathered;
}

ShapeValues::Elements ShapeValues::evaluateBinary(NodeOp node, bool &isKnown) {
  bool supported = llvm::StringSwitch<bool>(node.getOpType())
                       .Cases({"Add", "Sub", "Mul", "Div", "Mod"}, true)
                       .Cases({"Max", "Min", "Equal", "Less"}, true)
                       .Cases({"LessOrEqual", "Greater"}, true)
                       .Cases({"GreaterOrEqual", "And", "Or"}, true)
                       .Default(false);
  std::optional<Elements> a = get(node.getInput(0)), b = get(node.getInput(1));
  isKnown = supported && node.getNumSlots() == 2 && a && b && !a->empty() &&
            !b->empty() &&
            (a->size() == b->size() || a->size() == 1 || b->size() == 1);
  if (!isKnown || (node.getOpType() == "Mod" && node.getInt("fmod", 0))) {
    isKnown = false;
    return {};
  }
  Elements elements;
  for (size_t i = 0, n = std::max(a->size(), b->size()); i < n; ++i)
    elements.push_back(combine(node.getLoc(), node.getOpType(),
                               (*a)[a->size() == 1 ? 0 : i],
                               (*b)[b->size() == 1 ? 0 : i]));
  return elements;
}

ShapeValues::Elements ShapeValues::evaluateReduction(NodeOp node,
                                                     bool &isKnown) {
  std::optional<Elements> elements = get(node.getInput(0));
  isKnown =
      elements && !elements->empty() &&
      cast<RankedTensorType>(node.getResult(0).getType()).getNumElements() == 1;
  if (!isKnown)
    return {};
  StringRef operation = llvm::StringSwitch<StringRef>(node.getOpType())
                            .Case("ReduceProd", "Mul")
                            .Case("ReduceSum", "Add")
                            .Case("ReduceMax", "Max")
                            .Default("Min");
  OpFoldResult total = elements->front();
  for (OpFoldResult element : ArrayRef(*elements).drop_front())
    total = combine(node.getLoc(), operation, total, element);
  return {total};
}
