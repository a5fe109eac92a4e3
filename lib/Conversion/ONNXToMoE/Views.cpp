//===- Views.cpp - Values behind layouts and casts --------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Views.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "moe/Dialect/ONNXIR/Utils/NodeUtils.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace mlir::moe;
using onnxir::NodeOp;

/// How deep equal but distinct nodes are compared.
static constexpr unsigned kCompareDepth = 6;

NodeOp moe::getNode(Value value) {
  NodeOp node = value ? value.getDefiningOp<NodeOp>() : NodeOp();
  return node && node.getDomain().empty() ? node : NodeOp();
}

NodeOp moe::getNode(Value value, ArrayRef<StringRef> types) {
  NodeOp node = getNode(value);
  return node && llvm::is_contained(types, node.getOpType()) ? node : NodeOp();
}

NodeOp moe::getAdd(Value value) {
  NodeOp node = getNode(value, {"Add", "Sum"});
  return node && node.getNumSlots() == 2 ? node : NodeOp();
}

//===----------------------------------------------------------------------===//
// Shapes and axes
//===----------------------------------------------------------------------===//

static RankedTensorType getTensor(Value value) {
  return value ? dyn_cast<RankedTensorType>(value.getType())
               : RankedTensorType();
}

int64_t moe::getRank(Value value) {
  RankedTensorType type = getTensor(value);
  return type ? type.getRank() : -1;
}

int64_t moe::getSize(Value value, int64_t axis) {
  RankedTensorType type = getTensor(value);
  if (!type)
    return ShapedType::kDynamic;
  if (axis < 0)
    axis += type.getRank();
  return axis < 0 || axis >= type.getRank() ? ShapedType::kDynamic
                                            : type.getDimSize(axis);
}

std::optional<int64_t> moe::getNumElements(Value value) {
  RankedTensorType type = getTensor(value);
  if (!type || !type.hasStaticShape())
    return std::nullopt;
  return type.getNumElements();
}

int64_t moe::getAxisOf(NodeOp node, StringRef name, int64_t otherwise,
                       int64_t rank) {
  return onnxir::normalizeAxis(node.getInt(name, otherwise), rank).value_or(-1);
}

std::optional<SmallVector<int64_t>> moe::getAxesOf(NodeOp node, int64_t rank) {
  SmallVector<int64_t> axes;
  if (std::optional<ArrayRef<int64_t>> list = node.getInts("axes")) {
    axes.assign(list->begin(), list->end());
  } else if (Value input = node.getInput(1)) {
    std::optional<SmallVector<int64_t>> ints = onnxir::getConstantInts(input);
    if (!ints)
      return std::nullopt;
    axes = *ints;
  } else if (!node.getInt("noop_with_empty_axes", 0)) {
    axes = llvm::to_vector(llvm::seq<int64_t>(rank));
  }
  for (int64_t &axis : axes) {
    std::optional<int64_t> normalized = onnxir::normalizeAxis(axis, rank);
    if (!normalized)
      return std::nullopt;
    axis = *normalized;
  }
  llvm::sort(axes);
  return axes;
}

bool moe::isAlongLast(NodeOp node) {
  StringRef type = node.getOpType();
  // OneHot's axis is one of its result.
  int64_t rank =
      getRank(type == "OneHot" ? node.getResult(0) : node.getInput(0));
  if (rank < 1)
    return false;
  if (type.starts_with("Reduce")) {
    std::optional<SmallVector<int64_t>> axes = getAxesOf(node, rank);
    return axes && axes->size() == 1 && axes->front() == rank - 1;
  }
  if (type == "CumSum") {
    std::optional<SmallVector<int64_t>> axis =
        onnxir::getConstantInts(node.getInput(1));
    return axis && axis->size() == 1 &&
           onnxir::normalizeAxis(axis->front(), rank) == rank - 1;
  }
  int64_t otherwise = llvm::StringSwitch<int64_t>(type)
                          .Cases({"TopK", "OneHot"}, -1)
                          // Until opset 13 the dimensions from `axis` on are
                          // taken together, which is the same for the last.
                          .Cases({"Softmax", "LogSoftmax"},
                                 node.getOpsetVersion() >= 13 ? -1 : 1)
                          .Default(0);
  return getAxisOf(node, "axis", otherwise, rank) == rank - 1;
}

//===----------------------------------------------------------------------===//
// Layouts and casts
//===----------------------------------------------------------------------===//

/// Whether a transposition moves nothing but dimensions of size 1.
static bool movesOnlyUnits(NodeOp node) {
  RankedTensorType type = getTensor(node.getInput(0));
  std::optional<ArrayRef<int64_t>> perm = node.getInts("perm");
  if (!type || !perm || static_cast<int64_t>(perm->size()) != type.getRank())
    return false;
  int64_t last = -1;
  for (int64_t axis : *perm) {
    if (axis < 0 || axis >= type.getRank())
      return false;
    if (type.getDimSize(axis) == 1)
      continue;
    if (axis < last)
      return false;
    last = axis;
  }
  return true;
}

Value moe::getSameOrder(Operation *op) {
  if (!op)
    return {};
  if (isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp, tensor::CastOp>(op))
    return op->getOperand(0);
  auto node = dyn_cast<NodeOp>(op);
  if (!node || !node.getDomain().empty() || node.getNumResults() == 0)
    return {};
  StringRef type = node.getOpType();
  Value input = node.getInput(0);
  if (type == "Identity" || type == "Reshape" || type == "Flatten" ||
      type == "Squeeze" || type == "Unsqueeze")
    return input;
  if (type == "Transpose")
    return movesOnlyUnits(node) ? input : Value();
  if (type == "Expand" || type == "Tile") {
    // As many elements as before are the same ones.
    std::optional<int64_t> from = getNumElements(input);
    return from && from == getNumElements(node.getResult(0)) ? input : Value();
  }
  if (type == "Slice" || type == "Concat" || type == "Sum") {
    // All of one operand.
    RankedTensorType from = getTensor(input), to = getTensor(node.getResult(0));
    if (type != "Slice")
      return node.getNumSlots() == 1 ? input : Value();
    std::optional<SmallVector<int64_t>> axes, steps;
    if (node.getInput(3))
      axes = onnxir::getConstantInts(node.getInput(3));
    bool isForward = !node.getInput(4);
    if (node.getInput(4) && (steps = onnxir::getConstantInts(node.getInput(4))))
      isForward = llvm::all_of(*steps, [](int64_t step) { return step == 1; });
    if (!from || !to || !axes || !isForward || from.getRank() != to.getRank())
      return {};
    return llvm::all_of(*axes,
                        [&](int64_t axis) {
                          auto at = onnxir::normalizeAxis(axis, from.getRank());
                          return at && !from.isDynamicDim(*at) &&
                                 from.getDimSize(*at) == to.getDimSize(*at);
                        })
               ? input
               : Value();
  }
  // The only element along an axis.
  if (type == "Gather")
    return getSize(input, getAxisOf(node, "axis", 0, getRank(input))) == 1 &&
                   getNumElements(node.getInput(1)) == 1 &&
                   isUniform(node.getInput(1), 0.0)
               ? input
               : Value();
  // Its mask, where somebody uses it, is no layout of the input.
  if (type == "Dropout" &&
      (node.getNumResults() == 1 || node.getResult(1).use_empty())) {
    Value training = node.getInput(2);
    return !training || isUniform(training, 0.0) ? input : Value();
  }
  return {};
}

Value moe::stripLayout(Value value) {
  while (value)
    if (Value input = getSameOrder(value.getDefiningOp()))
      value = input;
    else
      break;
  return value;
}

/// Bits of the integers that `type` holds without loss: its width, or that of
/// a float's significand.
static unsigned getExactBits(Type type) {
  if (auto real = dyn_cast<FloatType>(type))
    return real.getFPMantissaWidth();
  return type.isInteger() ? type.getIntOrFloatBitWidth() : 0;
}

bool moe::isExactCast(Type from, Type to) {
  if (from == to)
    return true;
  auto fromFloat = dyn_cast<FloatType>(from), toFloat = dyn_cast<FloatType>(to);
  if (fromFloat)
    return toFloat && APFloat::isRepresentableBy(fromFloat.getFloatSemantics(),
                                                 toFloat.getFloatSemantics());
  if (!from.isInteger())
    return false;
  bool isUnsigned = from.isUnsignedInteger() || from.isInteger(1);
  unsigned bits = getExactBits(from);
  if (toFloat)
    return bits <= getExactBits(to);
  if (!to.isInteger() || to.isInteger(1))
    return false;
  if (to.isUnsignedInteger())
    return isUnsigned && bits <= getExactBits(to);
  return isUnsigned ? bits < getExactBits(to) : bits <= getExactBits(to);
}

/// Strips layouts and those casts that `keeps` accepts.
static Value stripCasts(Value value,
                        llvm::function_ref<bool(Type, Type)> keeps) {
  while (value) {
    value = stripLayout(value);
    NodeOp cast = getNode(value, {"Cast", "CastLike"});
    if (!cast || !cast.getInput(0) ||
        !keeps(getElementTypeOrSelf(cast.getInput(0).getType()),
               getElementTypeOrSelf(value.getType())))
      break;
    value = cast.getInput(0);
  }
  return value;
}

Value moe::stripExact(Value value) { return stripCasts(value, isExactCast); }

Value moe::stripIndex(Value value) {
  return stripCasts(value, [](Type from, Type to) {
    return getExactBits(from) >= 8 && getExactBits(to) >= 8;
  });
}

/// Whether two operations compute the same because they are the same operator
/// with the same attributes of the same values.
static bool sameNode(NodeOp a, NodeOp b, unsigned depth);

static bool sameElements(Value a, Value b, unsigned depth) {
  a = stripLayout(a);
  b = stripLayout(b);
  if (!a || !b)
    return false;
  if (a == b)
    return true;
  if (ElementsAttr constant = onnxir::getConstantElements(a)) {
    auto left = dyn_cast<DenseElementsAttr>(constant);
    auto right =
        dyn_cast_or_null<DenseElementsAttr>(onnxir::getConstantElements(b));
    return left && right && left.getElementType() == right.getElementType() &&
           left.getNumElements() == right.getNumElements() &&
           left.isSplat() == right.isSplat() &&
           left.getRawData() == right.getRawData();
  }
  NodeOp left = getNode(a), right = getNode(b);
  return depth > 0 && left && right &&
         cast<OpResult>(a).getResultNumber() ==
             cast<OpResult>(b).getResultNumber() &&
         sameNode(left, right, depth - 1);
}

static bool sameNode(NodeOp a, NodeOp b, unsigned depth) {
  if (a == b)
    return true;
  static constexpr StringRef kRandom[] = {"RandomNormal",  "RandomNormalLike",
                                          "RandomUniform", "RandomUniformLike",
                                          "Bernoulli",     "Multinomial"};
  if (a.getOpType() != b.getOpType() || a.getDomain() != b.getDomain() ||
      a.getNumSlots() != b.getNumSlots() ||
      a.getNumResults() != b.getNumResults() ||
      a.getOnnxAttributes() != b.getOnnxAttributes() ||
      a->getNumRegions() != 0 || b->getNumRegions() != 0 ||
      llvm::is_contained(kRandom, a.getOpType()))
    return false;
  for (unsigned i = 0, e = a.getNumSlots(); i < e; ++i) {
    Value left = a.getInput(i), right = b.getInput(i);
    if (!left && !right)
      continue;
    // Equal elements in another shape could broadcast otherwise.
    if (!left || !right || left.getType() != right.getType() ||
        !sameElements(left, right, depth))
      return false;
  }
  return true;
}

bool moe::sameElements(Value a, Value b) {
  return ::sameElements(a, b, kCompareDepth);
}
