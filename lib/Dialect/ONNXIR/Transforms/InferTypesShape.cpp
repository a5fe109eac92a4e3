//===- InferTypesShape.cpp - Types of constants and of operators on shapes ===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InferTypes.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::onnxir;

static LogicalResult inferConstant(Inference &inference) {
  NodeOp node = inference.node;
  if (auto value = dyn_cast_or_null<TypedAttr>(node.getAttribute("value")))
    if (auto type = dyn_cast<RankedTensorType>(value.getType()))
      return inference.set(0, type.getElementType(), type.getShape());
  if (ElementsAttr elements = getConstantElements(node.getResult(0)))
    return inference.set(0, elements.getElementType(),
                         elements.getShapedType().getShape());
  return success();
}

static LogicalResult inferShape(Inference &inference) {
  NodeOp node = inference.node;
  int64_t rank = inference.getRank(0);
  auto clamp = [&](int64_t axis) {
    return std::clamp<int64_t>(axis < 0 ? axis + rank : axis, 0, rank);
  };
  int64_t count = std::max<int64_t>(
      clamp(node.getInt("end", rank)) - clamp(node.getInt("start", 0)), 0);
  return inference.set(0, IntegerType::get(inference.getContext(), 64), count);
}

static LogicalResult inferSize(Inference &inference) {
  return inference.set(0, IntegerType::get(inference.getContext(), 64), {});
}

/// Sizes as an operand holds them: dynamic where it does not tell. Fails
/// without an error when not even the rank is known.
static FailureOr<SmallVector<int64_t>> getSizes(Inference &inference,
                                                unsigned slot) {
  RankedTensorType type = inference.getType(slot);
  if (type.getRank() != 1 || type.isDynamicDim(0))
    return failure();
  SmallVector<int64_t> sizes(type.getDimSize(0), ShapedType::kDynamic);
  if (std::optional<ShapeValues::Elements> elements =
          inference.values.get(inference.node.getInput(slot)))
    for (auto [size, element] : llvm::zip(sizes, *elements))
      if (std::optional<int64_t> known =
              element ? getConstantIntValue(element) : std::nullopt)
        size = *known;
  return sizes;
}

/// Reports a negative size, which would read as "dynamic".
static LogicalResult checkSizes(Inference &inference, ArrayRef<int64_t> sizes) {
  for (int64_t size : sizes)
    if (size < 0 && !ShapedType::isDynamic(size))
      return inference.emitError() << "size " << size << " is negative";
  return success();
}

static LogicalResult inferConstantOfShape(Inference &inference) {
  FailureOr<SmallVector<int64_t>> sizes = getSizes(inference, 0);
  if (failed(sizes))
    return success();
  if (failed(checkSizes(inference, *sizes)))
    return failure();
  Type element = Float32Type::get(inference.getContext());
  if (auto value =
          dyn_cast_or_null<TypedAttr>(inference.node.getAttribute("value")))
    element = getElementTypeOrSelf(value.getType());
  return inference.set(0, element, *sizes);
}

static LogicalResult inferExpand(Inference &inference) {
  FailureOr<SmallVector<int64_t>> sizes = getSizes(inference, 1);
  if (failed(sizes))
    return success();
  if (failed(checkSizes(inference, *sizes)))
    return failure();
  FailureOr<SmallVector<int64_t>> shape =
      broadcastShapes(inference.getShape(0), *sizes);
  if (failed(shape))
    return inference.emitError()
           << inference.getType(0) << " cannot be expanded to the shape given";
  return inference.set(0, inference.getElementType(0), *shape);
}

static LogicalResult inferRange(Inference &inference) {
  int64_t size = ShapedType::kDynamic;
  auto scalar = [&](unsigned slot) -> std::optional<int64_t> {
    std::optional<SmallVector<int64_t>> value =
        inference.values.getConstants(inference.node.getInput(slot));
    return value && value->size() == 1 ? std::optional(value->front())
                                       : std::nullopt;
  };
  std::optional<int64_t> start = scalar(0), limit = scalar(1),
                         delta = scalar(2);
  int64_t distance;
  if (delta && *delta == 0)
    return inference.emitError() << "the step is 0";
  if (start && limit && delta && !llvm::SubOverflow(*limit, *start, distance))
    size = std::max<int64_t>(llvm::divideCeilSigned(distance, *delta), 0);
  return inference.set(0, inference.getElementType(0), size);
}

static LogicalResult inferTile(Inference &inference) {
  SmallVector<int64_t> shape(inference.getShape(0));
  std::optional<SmallVector<int64_t>> repeats =
      inference.values.getConstants(inference.node.getInput(1));
  for (auto [i, size] : llvm::enumerate(shape)) {
    int64_t times =
        repeats && i < repeats->size() ? (*repeats)[i] : ShapedType::kDynamic;
    if (times == 1)
      continue;
    if (ShapedType::isDynamic(times) || ShapedType::isDynamic(size))
      size = ShapedType::kDynamic;
    else if (times < 0 || llvm::MulOverflow(size, times, size))
      return inference.emitError() << "cannot repeat " << times << " times";
  }
  return inference.set(0, inference.getElementType(0), shape);
}

static LogicalResult inferPad(Inference &inference) {
  NodeOp node = inference.node;
  SmallVector<int64_t> shape(inference.getShape(0));
  std::optional<SmallVector<int64_t>> pads, axes;
  if (auto list = node.getInts("pads"))
    pads = SmallVector<int64_t>(*list);
  else if (auto list = node.getInts("paddings"))
    pads = SmallVector<int64_t>(*list);
  else
    pads = inference.values.getConstants(node.getInput(1));
  if (inference.has(3))
    axes = inference.values.getConstants(node.getInput(3));
  else
    axes = llvm::to_vector(llvm::seq<int64_t>(shape.size()));
  bool isKnown = pads && axes && pads->size() == 2 * axes->size();
  for (auto [i, size] : llvm::enumerate(shape)) {
    int64_t total = 0;
    for (size_t j = 0; isKnown && j < axes->size(); ++j)
      if (normalizeAxis((*axes)[j], shape.size()) == static_cast<int64_t>(i) &&
          llvm::AddOverflow((*pads)[j], (*pads)[axes->size() + j], total))
        isKnown = false;
    if (!isKnown || ShapedType::isDynamic(size) ||
        llvm::AddOverflow(size, total, size) || size < 0)
      size = ShapedType::kDynamic;
  }
  return inference.set(0, inference.getElementType(0), shape);
}

void onnxir::addShapeRules(InferRules &rules) {
  rules["Constant"] = {0, inferConstant};
  rules["Shape"] = {1, inferShape};
  rules["Size"] = {1, inferSize};
  rules["ConstantOfShape"] = {1, inferConstantOfShape};
  rules["Expand"] = {2, inferExpand};
  rules["Range"] = {3, inferRange};
  rules["Pad"] = {1, inferPad};
  rules["Tile"] = {2, inferTile};
}
