//===- Constants.cpp - Numbers that a model holds ---------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Views.h"
#include "moe/Dialect/ONNXIR/Utils/NodeUtils.h"
#include <cmath>

using namespace mlir;
using namespace mlir::moe;
using onnxir::NodeOp;

/// How many nodes stand between a constant and its use.
static constexpr unsigned kDepth = 16;

static double toDouble(const APFloat &value) {
  APFloat wide = value;
  bool loses;
  wide.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &loses);
  return wide.convertToDouble();
}

/// The elements of a constant in the IR.
static std::optional<SmallVector<double>> read(DenseElementsAttr elements) {
  SmallVector<double> numbers;
  Type type = elements.getElementType();
  if (isa<FloatType>(type)) {
    for (const APFloat &element : elements.getValues<APFloat>())
      numbers.push_back(toDouble(element));
    return numbers;
  }
  if (!isa<IntegerType>(type))
    return std::nullopt;
  bool isUnsigned = type.isUnsignedInteger() || type.isInteger(1);
  for (const APInt &element : elements.getValues<APInt>())
    numbers.push_back(isUnsigned ? static_cast<double>(element.getZExtValue())
                                 : static_cast<double>(element.getSExtValue()));
  return numbers;
}

/// What a cast to `type` makes of `number`.
static std::optional<double> castNumber(double number, Type type) {
  if (auto real = dyn_cast<FloatType>(type)) {
    APFloat value(number);
    bool loses;
    value.convert(real.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                  &loses);
    return toDouble(value);
  }
  if (type.isInteger(1))
    return number != 0.0;
  // Only what every integer type holds.
  if (!type.isInteger() || !(std::fabs(number) < 127.0))
    return std::nullopt;
  number = std::trunc(number);
  if (type.isUnsignedInteger() && number < 0.0)
    return std::nullopt;
  return number;
}

static std::optional<double> getUniform(Value value, unsigned depth);

/// `a operation b` where both are uniform and of the type of the result.
static std::optional<double> fold(NodeOp node, unsigned depth) {
  Type type = getElementTypeOrSelf(node.getResult(0).getType());
  if (!isa<FloatType>(type) && !type.isInteger())
    return std::nullopt;
  std::optional<double> a = getUniform(node.getInput(0), depth), b;
  StringRef operation = node.getOpType();
  // Zeros of a tensor's sizes are written so; what infinities would make of
  // them is nobody's intention.
  if (operation == "Mul" && node.getNumSlots() == 2 &&
      (a == 0.0 || getUniform(node.getInput(1), depth) == 0.0))
    return 0.0;
  if (!a)
    return std::nullopt;
  if (operation == "Neg")
    return castNumber(-*a, type);
  if (operation == "Abs")
    return castNumber(std::fabs(*a), type);
  b = getUniform(node.getInput(1), depth);
  if (!b || node.getNumSlots() != 2)
    return std::nullopt;
  double result;
  if (operation == "Add")
    result = *a + *b;
  else if (operation == "Sub")
    result = *a - *b;
  else if (operation == "Mul")
    result = *a * *b;
  else if (operation == "Div" && isa<FloatType>(type))
    result = *a / *b;
  else
    return std::nullopt;
  return castNumber(result, type);
}

static std::optional<double> getUniform(Value value, unsigned depth) {
  if (!value || depth == 0)
    return std::nullopt;
  if (ElementsAttr constant = onnxir::getConstantElements(value)) {
    auto elements = dyn_cast<DenseElementsAttr>(constant);
    if (!elements || elements.empty())
      return std::nullopt;
    if (elements.isSplat())
      elements = elements.resizeSplat(
          cast<ShapedType>(elements.getType()).clone(ArrayRef<int64_t>{1}));
    else if (elements.getNumElements() != 1)
      return std::nullopt;
    std::optional<SmallVector<double>> numbers = read(elements);
    return numbers ? std::optional(numbers->front()) : std::nullopt;
  }
  if (Value input = getSameOrder(value.getDefiningOp()))
    return getUniform(input, depth - 1);
  NodeOp node = getNode(value);
  if (!node || node.getNumResults() != 1)
    return std::nullopt;
  StringRef type = node.getOpType();
  if (type == "Expand" || type == "Tile" || type == "Transpose")
    return getUniform(node.getInput(0), depth - 1);
  if (type == "Cast" || type == "CastLike") {
    std::optional<double> number = getUniform(node.getInput(0), depth - 1);
    return number ? castNumber(*number, getElementTypeOrSelf(value.getType()))
                  : std::nullopt;
  }
  if (type == "ConstantOfShape") {
    auto fill = dyn_cast_or_null<DenseElementsAttr>(node.getAttribute("value"));
    if (!fill)
      return node.getAttribute("value") ? std::nullopt : std::optional(0.0);
    std::optional<SmallVector<double>> numbers = read(fill);
    if (!numbers || numbers->size() != 1)
      return std::nullopt;
    return numbers->front();
  }
  return fold(node, depth - 1);
}

std::optional<double> moe::getUniform(Value value) {
  return ::getUniform(value, kDepth);
}

bool moe::isUniform(Value value, double number) {
  return getUniform(value) == number;
}

std::optional<SmallVector<double>> moe::getNumbers(Value value, int64_t limit) {
  std::optional<int64_t> count = getNumElements(value);
  if (!count || *count > limit)
    return std::nullopt;
  if (std::optional<double> number = getUniform(value))
    return SmallVector<double>(*count, *number);
  auto elements = dyn_cast_or_null<DenseElementsAttr>(
      onnxir::getConstantElements(stripExact(value)));
  return elements ? read(elements) : std::nullopt;
}

bool moe::isIota(Value value, int64_t count) {
  value = stripIndex(value);
  if (NodeOp range = getNode(value, "Range"))
    return isUniform(range.getInput(0), 0.0) &&
           isUniform(range.getInput(2), 1.0) && getNumElements(value) == count;
  std::optional<SmallVector<double>> numbers = getNumbers(value);
  if (!numbers || static_cast<int64_t>(numbers->size()) != count)
    return false;
  for (auto [i, number] : llvm::enumerate(*numbers))
    if (number != static_cast<double>(i))
      return false;
  return true;
}

double moe::getDecimal(double value, Type type) {
  auto single = static_cast<float>(value);
  if (type.isF64() || !std::isfinite(value) || single != value)
    return value;
  for (int digits = 1; digits <= 9; ++digits) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.*g", digits, value);
    double read = std::strtod(text, nullptr);
    std::optional<double> rounded = castNumber(read, type);
    if (rounded == value && static_cast<float>(read) == single)
      return read;
  }
  return value;
}
