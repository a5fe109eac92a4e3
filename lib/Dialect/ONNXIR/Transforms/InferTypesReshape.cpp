//===- InferTypesReshape.cpp - Types of operators that rearrange elements -===//
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

/// The product of `sizes`, dynamic when one is or it overflows.
static int64_t product(ArrayRef<int64_t> sizes) {
  int64_t result = 1;
  for (int64_t size : sizes)
    if (ShapedType::isDynamic(size) || llvm::MulOverflow(result, size, result))
      return ShapedType::kDynamic;
  return result;
}

static LogicalResult inferReshape(Inference &inference) {
  NodeOp node = inference.node;
  ArrayRef<int64_t> from = inference.getShape(0);
  SmallVector<OpFoldResult> target;
  if (auto attribute = node.getInts("shape")) { // opset 1
    for (int64_t size : *attribute)
      target.push_back(
          IntegerAttr::get(IndexType::get(inference.getContext()), size));
  } else {
    if (!inference.has(1))
      return inference.emitError() << "input 1 is missing";
    RankedTensorType type = inference.getType(1);
    if (type.getRank() != 1)
      return inference.emitError()
             << "the shape must have rank 1, got " << type;
    if (type.isDynamicDim(0))
      return success();
    target.resize(type.getDimSize(0));
    if (std::optional<ShapeValues::Elements> elements =
            inference.values.get(node.getInput(1)))
      target = *elements;
  }
  bool allowZero = node.getInt("allowzero", 0);
  SmallVector<int64_t> shape;
  std::optional<unsigned> open;
  for (auto [i, element] : llvm::enumerate(target)) {
    std::optional<int64_t> size =
        element ? getConstantIntValue(element) : std::nullopt;
    if (size && *size == 0 && !allowZero) {
      if (i >= from.size())
        return inference.emitError() << "size " << i << " is copied from an "
                                     << "input of rank " << from.size();
      size = from[i];
    } else if (size && *size == -1) {
      if (open)
        return inference.emitError() << "more than one size is -1";
      open = i;
      size = ShapedType::kDynamic;
    } else if (size && *size < 0) {
      return inference.emitError() << "size " << *size << " is negative";
    }
    shape.push_back(size.value_or(ShapedType::kDynamic));
  }
  // Every dynamic size of the target but the open one must be known to find it.
  int64_t count = product(from);
  SmallVector<int64_t> others(shape);
  if (open)
    others.erase(others.begin() + *open);
  int64_t rest = product(others);
  if (!ShapedType::isDynamic(count) && !ShapedType::isDynamic(rest)) {
    bool fits =
        open ? (rest == 0 ? count == 0 : count % rest == 0) : rest == count;
    if (!fits)
      return inference.emitError()
             << inference.getType(0) << " cannot be reshaped to " << rest
             << (open ? " times any number of" : "") << " elements";
    if (open && rest != 0)
      shape[*open] = count / rest;
  }
  return inference.set(0, inference.getElementType(0), shape);
}

static LogicalResult inferFlatten(Inference &inference) {
  int64_t rank = inference.getRank(0);
  int64_t axis = inference.node.getInt("axis", 1);
  if (axis < -rank || axis > rank)
    return inference.emitError()
           << "axis " << axis << " is out of range for rank " << rank;
  ArrayRef<int64_t> shape = inference.getShape(0);
  size_t split = axis < 0 ? axis + rank : axis;
  return inference.set(
      0, inference.getElementType(0),
      {product(shape.take_front(split)), product(shape.drop_front(split))});
}

/// A result with as many dimensions more (`sign` 1) or less (−1) as there are
/// axes in input 1; nothing where their number is not known.
static LogicalResult inferOpenAxes(Inference &inference, int64_t sign) {
  if (!inference.getType(1).hasStaticShape())
    return success();
  int64_t rank =
      inference.getRank(0) + sign * inference.getType(1).getNumElements();
  if (rank < 0)
    return inference.emitError() << "has more axes than its input";
  return inference.set(0, inference.getElementType(0),
                       SmallVector<int64_t>(rank, ShapedType::kDynamic));
}

static LogicalResult inferSqueeze(Inference &inference) {
  ArrayRef<int64_t> from = inference.getShape(0);
  if (hasOpenAxes(inference.node, 1, inference.values))
    return inferOpenAxes(inference, -1);
  FailureOr<std::optional<SmallVector<int64_t>>> axes =
      getAxes(inference.node, 1, from.size(), inference.values);
  if (failed(axes))
    return failure();
  if (!*axes) {
    if (!inference.getType(0).hasStaticShape())
      return inference.emitError()
             << "which sizes are 1 is not known without axes, got "
             << inference.getType(0);
    *axes = SmallVector<int64_t>();
    for (auto [i, size] : llvm::enumerate(from))
      if (size == 1)
        (*axes)->push_back(i);
  }
  SmallVector<int64_t> shape;
  for (auto [i, size] : llvm::enumerate(from)) {
    if (!llvm::is_contained(**axes, static_cast<int64_t>(i)))
      shape.push_back(size);
    else if (size != 1 && !ShapedType::isDynamic(size))
      return inference.emitError()
             << "size " << size << " of axis " << i << " cannot be dropped";
  }
  return inference.set(0, inference.getElementType(0), shape);
}

static LogicalResult inferUnsqueeze(Inference &inference) {
  NodeOp node = inference.node;
  ArrayRef<int64_t> from = inference.getShape(0);
  size_t added = 0;
  if (auto attribute = node.getInts("axes"))
    added = attribute->size();
  else if (inference.has(1))
    added = inference.getType(1).hasStaticShape()
                ? inference.getType(1).getNumElements()
                : 0;
  if (hasOpenAxes(node, 1, inference.values))
    return inferOpenAxes(inference, 1);
  FailureOr<std::optional<SmallVector<int64_t>>> axes =
      getAxes(node, 1, from.size() + added, inference.values);
  if (failed(axes))
    return failure();
  if (!*axes)
    return inference.emitError() << "axes are missing";
  SmallVector<int64_t> shape;
  for (size_t i = 0, next = 0; i < from.size() + added; ++i)
    shape.push_back(
        llvm::is_contained(**axes, static_cast<int64_t>(i)) ? 1 : from[next++]);
  return inference.set(0, inference.getElementType(0), shape);
}

static LogicalResult inferTranspose(Inference &inference) {
  ArrayRef<int64_t> from = inference.getShape(0);
  SmallVector<int64_t> shape(llvm::reverse(from));
  if (auto perm = inference.node.getInts("perm")) {
    SmallVector<int64_t> sorted(*perm);
    llvm::sort(sorted);
    if (!llvm::equal(sorted, llvm::seq<int64_t>(from.size())))
      return inference.emitError()
             << "perm is no permutation of " << from.size() << " axes";
    for (auto [size, axis] : llvm::zip_equal(shape, *perm))
      size = from[axis];
  }
  return inference.set(0, inference.getElementType(0), shape);
}

static LogicalResult inferConcat(Inference &inference) {
  NodeOp node = inference.node;
  SmallVector<int64_t> shape(inference.getShape(0));
  FailureOr<int64_t> axis = getAxis(node, "axis", 1, shape.size());
  if (failed(axis))
    return failure();
  for (unsigned slot = 1; slot < node.getNumSlots(); ++slot) {
    RankedTensorType type = inference.getType(slot);
    if (!type)
      return inference.emitError() << "input " << slot << " is missing";
    bool fits = type.getRank() == static_cast<int64_t>(shape.size()) &&
                type.getElementType() == inference.getElementType(0);
    for (int64_t i = 0; fits && i < type.getRank(); ++i) {
      int64_t size = type.getDimSize(i);
      if (i == *axis) {
        if (ShapedType::isDynamic(size) || ShapedType::isDynamic(shape[i]) ||
            llvm::AddOverflow(shape[i], size, shape[i]))
          shape[i] = ShapedType::kDynamic;
      } else if (ShapedType::isDynamic(shape[i])) {
        shape[i] = size;
      } else {
        fits = ShapedType::isDynamic(size) || size == shape[i];
      }
    }
    if (!fits)
      return inference.emitError()
             << "input " << slot << " does not fit: " << type << " and "
             << inference.getType(0);
  }
  return inference.set(0, inference.getElementType(0), shape);
}

static LogicalResult inferSplit(Inference &inference) {
  NodeOp node = inference.node;
  SmallVector<int64_t> shape(inference.getShape(0));
  FailureOr<int64_t> axis = getAxis(node, "axis", 0, shape.size());
  if (failed(axis))
    return failure();
  int64_t parts = node.getNumResults(), total = shape[*axis];
  SmallVector<int64_t> sizes(parts, ShapedType::kDynamic);
  std::optional<SmallVector<int64_t>> given;
  if (auto attribute = node.getInts("split"))
    given = SmallVector<int64_t>(*attribute);
  else if (inference.has(1))
    given = inference.values.getConstants(node.getInput(1));
  if (given) {
    if (given->size() != sizes.size())
      return inference.emitError()
             << "has " << parts << " results for " << given->size() << " sizes";
    sizes = *given;
    int64_t sum = 0;
    for (int64_t size : sizes)
      if (size < 0 || llvm::AddOverflow(sum, size, sum))
        return inference.emitError() << "size " << size << " is negative";
    if (!ShapedType::isDynamic(total) && sum != total)
      return inference.emitError()
             << "sizes add up to " << sum << ", not to " << total;
  } else if (!inference.has(1) && !ShapedType::isDynamic(total) && parts > 0) {
    // num_outputs of opset 18: the last part may be smaller.
    int64_t chunk = llvm::divideCeil(total, parts);
    for (auto [i, size] : llvm::enumerate(sizes))
      size = std::clamp<int64_t>(total - static_cast<int64_t>(i) * chunk, 0,
                                 chunk);
    if (node.getOpsetVersion() < 18 && total % parts != 0)
      return inference.emitError() << total << " elements do not split into "
                                   << parts << " equal parts";
  }
  for (int64_t i = 0; i < parts; ++i) {
    shape[*axis] = sizes[i];
    if (failed(inference.set(i, inference.getElementType(0), shape)))
      return failure();
  }
  return success();
}

void onnxir::addReshapeRules(InferRules &rules) {
  rules["Reshape"] = {1, inferReshape};
  rules["Flatten"] = {1, inferFlatten};
  rules["Squeeze"] = {1, inferSqueeze};
  rules["Unsqueeze"] = {1, inferUnsqueeze};
  rules["Transpose"] = {1, inferTranspose};
  rules["Concat"] = {1, inferConcat};
  rules["Split"] = {1, inferSplit};
}
