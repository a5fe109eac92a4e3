//===- RouterUtils.cpp - Small patterns that routers are made of ----------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RouterReader.h"
#include "moe/Dialect/ONNXIR/Utils/NodeUtils.h"
#include <cmath>

using namespace mlir;
using namespace mlir::moe;
using onnxir::NodeOp;

/// How many nodes a mask is followed through.
static constexpr unsigned kMaskDepth = 8;

Value moe::stripRows(Value value, int64_t width) {
  Value result = value;
  while (value) {
    if (Value input = getSameOrder(value.getDefiningOp())) {
      value = input;
    } else {
      NodeOp cast = getNode(value, {"Cast", "CastLike"});
      if (!cast ||
          !isExactCast(getElementTypeOrSelf(cast.getInput(0).getType()),
                       getElementTypeOrSelf(value.getType())))
        break;
      value = cast.getInput(0);
    }
    if (getSize(value, -1) == width)
      result = value;
  }
  return result;
}

Value moe::stripHead(Value value) {
  NodeOp slice = getNode(value, "Slice");
  if (!slice)
    return value;
  Value whole = stripIndex(slice.getInput(0));
  NodeOp topK = getNode(whole, "TopK");
  int64_t rank = getRank(value);
  if (!topK || !topK.getInt("sorted", 1) || getRank(whole) != rank ||
      rank < 1 || getSize(value, -1) > getSize(whole, -1))
    return value;
  auto isOne = [&](unsigned slot, double number) {
    return !slice.getInput(slot) || isUniform(slice.getInput(slot), number);
  };
  auto type = dyn_cast<RankedTensorType>(value.getType());
  auto from = dyn_cast<RankedTensorType>(whole.getType());
  if (!slice.getInput(3) || getNumElements(slice.getInput(3)) != 1 ||
      !(isUniform(slice.getInput(3), -1) ||
        isUniform(slice.getInput(3), rank - 1)) ||
      !isUniform(slice.getInput(1), 0) || !isOne(4, 1) || !type || !from)
    return value;
  return whole;
}

Value moe::getReversed(Value values) {
  NodeOp slice = getNode(stripLayout(values), "Slice");
  int64_t size = getSize(values, -1), rank = getRank(values);
  bool reverses = slice && slice.getInput(3) && slice.getInput(4) &&
                  getNumElements(slice.getInput(3)) == 1 &&
                  getSize(slice.getInput(0), -1) == size &&
                  getRank(slice.getInput(0)) == rank &&
                  !ShapedType::isDynamic(size) &&
                  isUniform(slice.getInput(4), -1.0) &&
                  (isUniform(slice.getInput(3), -1.0) ||
                   isUniform(slice.getInput(3), rank - 1.0));
  return reverses ? slice.getInput(0) : Value();
}

NodeOp moe::getMirrored(Value ids) {
  NodeOp sub = getNode(ids, "Sub");
  Value found = sub ? stripHead(stripIndex(sub.getInput(1))) : Value();
  NodeOp topK = getNode(found, "TopK");
  if (!topK || found != topK.getResult(1))
    return {};
  Value mirror = topK.getInput(0);
  return getReversed(mirror) &&
                 isUniform(sub.getInput(0), getSize(mirror, -1) - 1.0)
             ? topK
             : NodeOp();
}

std::optional<double> moe::splitUniform(NodeOp node, Value &other) {
  if (node.getNumSlots() != 2)
    return std::nullopt;
  for (unsigned i : {1u, 0u}) {
    std::optional<double> number = getUniform(node.getInput(i));
    other = node.getInput(1 - i);
    // Nothing may be repeated by broadcasting.
    auto result = dyn_cast<RankedTensorType>(node.getResult(0).getType());
    auto type = dyn_cast<RankedTensorType>(other.getType());
    if (number && result && type && result.getShape() == type.getShape())
      return number;
  }
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Conditions
//===----------------------------------------------------------------------===//

static bool isBool(Value value) {
  return getElementTypeOrSelf(value.getType()).isInteger(1);
}

static bool isMask(Value value, unsigned depth = kMaskDepth);

/// What is 1 less `value`; null for other values.
static Value getComplement(NodeOp node) {
  return node.getOpType() == "Sub" && isUniform(node.getInput(0), 1.0)
             ? node.getInput(1)
             : Value();
}

/// The mask of 0 and 1 that `node` compares with a number between them, or with
/// one of them; null where it is something else. Notes in `inverted` that the
/// condition holds for 0.
static Value getComparedMask(NodeOp node, bool &inverted) {
  StringRef type = node.getOpType();
  if (node.getNumSlots() != 2)
    return {};
  for (unsigned i : {0u, 1u}) {
    std::optional<double> number = getUniform(node.getInput(1 - i));
    if (!number || getUniform(node.getInput(i)) ||
        isa<IntegerType>(getElementTypeOrSelf(node.getInput(i).getType())) ||
        !isMask(node.getInput(i)))
      continue;
    auto holds = [&](double mask) -> std::optional<bool> {
      double a = i == 0 ? mask : *number, b = i == 0 ? *number : mask;
      return llvm::StringSwitch<std::optional<bool>>(type)
          .Case("Equal", a == b)
          .Case("Greater", a > b)
          .Case("GreaterOrEqual", a >= b)
          .Case("Less", a < b)
          .Case("LessOrEqual", a <= b)
          .Default(std::nullopt);
    };
    std::optional<bool> atZero = holds(0.0), atOne = holds(1.0);
    if (!atZero || *atZero == *atOne)
      return {};
    inverted ^= *atZero;
    return node.getInput(i);
  }
  return {};
}

/// `value` without layouts, Not, casts from and to bool, and comparisons that
/// make a truth value of a mask.
static Value stripCondition(Value value, bool &inverted) {
  for (;;) {
    value = stripLayout(value);
    NodeOp node = getNode(value);
    if (!node)
      return value;
    if (Value mask = getComparedMask(node, inverted)) {
      value = mask;
      continue;
    }
    if (Value mask = getComplement(node); mask && isMask(mask)) {
      inverted = !inverted;
      value = mask;
      continue;
    }
    if (!getNode(value, {"Not", "Cast", "CastLike"}))
      return value;
    if (node.getOpType() == "Not")
      inverted = !inverted;
    else if (!isBool(value) && !isBool(node.getInput(0)))
      return value;
    value = node.getInput(0);
  }
}

/// Whether `value` holds nothing but 0 and 1.
static bool isMask(Value value, unsigned depth) {
  value = stripExact(value);
  if (isBool(value))
    return true;
  NodeOp node = getNode(value);
  if (!node || depth == 0)
    return false;
  StringRef type = node.getOpType();
  if (type == "OneHot") {
    std::optional<SmallVector<double>> values = getNumbers(node.getInput(2), 2);
    return values && *values == SmallVector<double>{0.0, 1.0};
  }
  if (type == "ScatterElements")
    return isUniform(node.getInput(0), 0.0) && isUniform(node.getInput(2), 1.0);
  if (Value mask = getComplement(node))
    return isMask(mask, depth - 1);
  if (type == "ReduceMax" || type == "ReduceSum" || type == "Expand" ||
      type == "Tile" || type == "Cast")
    return isMask(node.getInput(0), depth - 1);
  return false;
}

std::optional<Masked> moe::getMasked(Value value) {
  NodeOp node = getNode(stripLayout(value), {"Where", "Mul"});
  if (!node)
    return std::nullopt;
  Masked masked;
  if (node.getOpType() == "Where") {
    masked.operand = node.getInput(0);
    masked.condition = stripCondition(node.getInput(0), masked.inverted);
    masked.kept = node.getInput(1);
    masked.fill = node.getInput(2);
    if (getUniform(masked.kept)) {
      std::swap(masked.kept, masked.fill);
      masked.inverted = !masked.inverted;
    }
    return getUniform(masked.fill) ? std::optional(masked) : std::nullopt;
  }
  for (unsigned i : {1u, 0u}) {
    if (!isMask(node.getInput(i)))
      continue;
    masked.operand = node.getInput(i);
    masked.condition = stripCondition(node.getInput(i), masked.inverted);
    masked.kept = node.getInput(1 - i);
    return masked;
  }
  return std::nullopt;
}

/// Adds the parts of `condition`, which stands for `operand` after layouts were
/// stripped.
static void splitParts(Value condition, Value operand, bool inverted,
                       SmallVectorImpl<SlotTest> &tests) {
  condition = stripCondition(condition, inverted);
  NodeOp node = getNode(condition, inverted ? "Or" : "And");
  if (!node || tests.size() > kMaskDepth) {
    tests.push_back({condition, inverted, operand});
    return;
  }
  for (unsigned i : {0u, 1u}) {
    Value part = node.getInput(i);
    // Parts that are not repeated are laid out like the whole.
    bool same = part.getType() == condition.getType();
    splitParts(part, same ? operand : part, inverted, tests);
  }
}

void moe::splitCondition(Value condition, bool inverted,
                         SmallVectorImpl<SlotTest> &tests) {
  splitParts(condition, condition, inverted, tests);
}

std::optional<Comparison> moe::getComparison(Value condition, bool inverted) {
  NodeOp node = getNode(stripCondition(condition, inverted),
                        {"Greater", "GreaterOrEqual", "Less", "LessOrEqual"});
  if (!node)
    return std::nullopt;
  Comparison comparison{node.getInput(0), node.getInput(1),
                        node.getOpType().starts_with("Greater"),
                        node.getOpType().ends_with("OrEqual")};
  if (getUniform(comparison.value)) {
    std::swap(comparison.value, comparison.bound);
    comparison.greater = !comparison.greater;
  }
  if (inverted) {
    comparison.greater = !comparison.greater;
    comparison.orEqual = !comparison.orEqual;
  }
  return comparison;
}

std::optional<double> moe::getStrictBound(const Comparison &comparison) {
  std::optional<double> bound = getUniform(comparison.bound);
  auto type =
      dyn_cast<FloatType>(getElementTypeOrSelf(comparison.value.getType()));
  if (!bound || !type || std::isnan(*bound))
    return std::nullopt;
  if (!comparison.orEqual)
    return getDecimal(*bound, type);
  APFloat next(*bound);
  bool loses;
  next.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven, &loses);
  next.next(/*nextDown=*/comparison.greater);
  next.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &loses);
  return getDecimal(next.convertToDouble(), type);
}

//===----------------------------------------------------------------------===//
// One-hot masks
//===----------------------------------------------------------------------===//

Value moe::getOneHotIds(Value mask, int64_t experts, bool &wraps) {
  if (getSize(mask, -1) != experts)
    return {};
  bool inverted = false;
  Value value = mask;
  // Casts from bool to a number, and between numbers, keep 0 and 1.
  for (;;) {
    value = stripExact(value);
    NodeOp cast = getNode(value, {"Cast", "CastLike"});
    if (!cast)
      break;
    value = cast.getInput(0);
  }
  value = stripCondition(value, inverted);
  NodeOp node = getNode(value, {"OneHot", "Equal", "ScatterElements"});
  if (!node || inverted || getSize(value, -1) != experts)
    return {};
  if (node.getOpType() == "OneHot") {
    wraps = true;
    return isMask(value) && isAlongLast(node) &&
                   getUniform(node.getInput(1)) == static_cast<double>(experts)
               ? node.getInput(0)
               : Value();
  }
  if (node.getOpType() == "ScatterElements") {
    wraps = true;
    return isMask(value) && isAlongLast(node) &&
                   getSize(node.getInput(1), -1) == 1 &&
                   node.getString("reduction", "none") == "none"
               ? node.getInput(1)
               : Value();
  }
  wraps = false;
  for (unsigned i : {0u, 1u})
    if (isIota(node.getInput(1 - i), experts) &&
        getSize(node.getInput(1 - i), -1) == experts &&
        getSize(node.getInput(i), -1) == 1)
      return node.getInput(i);
  return {};
}
