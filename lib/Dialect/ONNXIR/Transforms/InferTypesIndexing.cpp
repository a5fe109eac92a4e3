//===- InferTypesIndexing.cpp - Types of slices, gathers and scatters -----===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InferTypes.h"

using namespace mlir;
using namespace mlir::onnxir;

static LogicalResult checkIndices(Inference &inference, unsigned slot) {
  Type type = inference.getElementType(slot);
  if (type.isInteger(32) || type.isInteger(64))
    return success();
  return inference.emitError()
         << "indices must be of i32 or i64, got " << inference.getType(slot);
}

static LogicalResult inferGather(Inference &inference) {
  ArrayRef<int64_t> data = inference.getShape(0), at = inference.getShape(1);
  FailureOr<int64_t> axis = getAxis(inference.node, "axis", 0, data.size());
  if (failed(axis) || failed(checkIndices(inference, 1)))
    return failure();
  SmallVector<int64_t> shape(data.take_front(*axis));
  shape.append(at.begin(), at.end());
  llvm::append_range(shape, data.drop_front(*axis + 1));
  return inference.set(0, inference.getElementType(0), shape);
}

static LogicalResult inferGatherElements(Inference &inference) {
  if (inference.getRank(0) != inference.getRank(1))
    return inference.emitError()
           << "indices must have the rank of the data, got "
           << inference.getType(1);
  if (failed(checkIndices(inference, 1)))
    return failure();
  return inference.set(0, inference.getElementType(0), inference.getShape(1));
}

static LogicalResult inferGatherND(Inference &inference) {
  ArrayRef<int64_t> data = inference.getShape(0), at = inference.getShape(1);
  int64_t batch = inference.node.getInt("batch_dims", 0);
  if (at.empty() || ShapedType::isDynamic(at.back()))
    return success();
  int64_t depth = at.back();
  if (batch < 0 || depth < 0 || batch >= static_cast<int64_t>(at.size()) ||
      batch + depth > static_cast<int64_t>(data.size()))
    return inference.emitError()
           << "indices do not fit: " << inference.getType(1) << " into "
           << inference.getType(0);
  SmallVector<int64_t> shape(at.drop_back());
  llvm::append_range(shape, data.drop_front(batch + depth));
  return inference.set(0, inference.getElementType(0), shape);
}

static LogicalResult inferScatter(Inference &inference) {
  if (failed(checkIndices(inference, 1)))
    return failure();
  return inference.setLike(0, 0);
}

/// The number of elements that start:end:step takes of `size`.
static int64_t countSlice(int64_t size, int64_t start, int64_t end,
                          int64_t step) {
  bool back = step < 0;
  auto clamp = [&](int64_t i) {
    if (i < 0)
      i = i < -size ? -1 : i + size;
    return std::clamp<int64_t>(i, back ? -1 : 0, back ? size - 1 : size);
  };
  // An end far below zero means "through the first one" when going back.
  int64_t first = start < -size ? (back ? -1 : 0) : clamp(start);
  int64_t last = end < -size ? (back ? -1 : 0) : clamp(end);
  int64_t distance = back ? first - last : last - first;
  if (distance <= 0)
    return 0;
  uint64_t stride = back ? -static_cast<uint64_t>(step) : step;
  return (static_cast<uint64_t>(distance) - 1) / stride + 1;
}

static LogicalResult inferSlice(Inference &inference) {
  NodeOp node = inference.node;
  SmallVector<int64_t> shape(inference.getShape(0));
  auto read = [&](StringRef name, unsigned slot) {
    if (auto attribute = node.getInts(name))
      return std::optional(SmallVector<int64_t>(*attribute));
    return inference.values.getConstants(node.getInput(slot));
  };
  std::optional<SmallVector<int64_t>> starts = read("starts", 1),
                                      ends = read("ends", 2), axes, steps;
  if (!node.getInts("starts") && (!inference.has(1) || !inference.has(2)))
    return inference.emitError() << "starts or ends are missing";
  size_t count = 0;
  if (node.getInts("starts"))
    count = starts->size();
  else if (inference.getType(1).hasStaticShape())
    count = inference.getType(1).getNumElements();
  else
    return inference.emitError() << "the number of sliced axes is not known";
  if (node.getInts("axes") || inference.has(3)) {
    axes = read("axes", 3);
    // Any dimension may be cut.
    if (!axes)
      return inference.set(
          0, inference.getElementType(0),
          SmallVector<int64_t>(shape.size(), ShapedType::kDynamic));
  } else {
    axes = llvm::to_vector(llvm::seq<int64_t>(count));
  }
  steps = inference.has(4) ? read("steps", 4)
                           : std::optional(SmallVector<int64_t>(count, 1));
  if (axes->size() != count || (starts && starts->size() != count) ||
      (ends && ends->size() != count) || (steps && steps->size() != count))
    return inference.emitError()
           << "starts, ends, axes and steps differ in number";
  for (size_t i = 0; i < count; ++i) {
    std::optional<int64_t> axis = normalizeAxis((*axes)[i], shape.size());
    if (!axis)
      return inference.emitError()
             << "axis " << (*axes)[i] << " is out of range for rank "
             << shape.size();
    if (steps && (*steps)[i] == 0)
      return inference.emitError() << "step 0";
    int64_t &size = shape[*axis];
    bool whole = starts && ends && steps && (*starts)[i] == 0 &&
                 (*ends)[i] >= INT32_MAX && (*steps)[i] == 1;
    if (whole)
      continue;
    if (starts && ends && steps && !ShapedType::isDynamic(size))
      size = countSlice(size, (*starts)[i], (*ends)[i], (*steps)[i]);
    else
      size = ShapedType::kDynamic;
  }
  return inference.set(0, inference.getElementType(0), shape);
}

static LogicalResult inferOneHot(Inference &inference) {
  SmallVector<int64_t> shape(inference.getShape(0));
  FailureOr<int64_t> axis =
      getAxis(inference.node, "axis", -1, shape.size() + 1);
  if (failed(axis))
    return failure();
  std::optional<SmallVector<int64_t>> depth =
      inference.values.getConstants(inference.node.getInput(1));
  bool known = depth && depth->size() == 1;
  if (known && depth->front() < 0)
    return inference.emitError() << "depth is negative";
  shape.insert(shape.begin() + *axis,
               known ? depth->front() : ShapedType::kDynamic);
  return inference.set(0, inference.getElementType(2), shape);
}

static LogicalResult inferNonZero(Inference &inference) {
  return inference.set(0, IntegerType::get(inference.getContext(), 64),
                       {inference.getRank(0), ShapedType::kDynamic});
}

static LogicalResult inferTrilu(Inference &inference) {
  if (inference.getRank(0) < 2)
    return inference.emitError()
           << "needs rank 2 or more, got " << inference.getType(0);
  return inference.setLike(0, 0);
}

static LogicalResult inferEyeLike(Inference &inference) {
  Type type = inference.getElementType(0);
  if (inference.node.getAttribute("dtype"))
    type = getElementTypeOf(inference.getContext(),
                            inference.node.getInt("dtype", 0));
  if (!type)
    return inference.emitError()
           << "element type " << inference.node.getInt("dtype", 0)
           << " is not supported";
  return inference.set(0, type, inference.getShape(0));
}

static LogicalResult inferTensorScatter(Inference &inference) {
  return inference.setLike(0, 0);
}

static LogicalResult inferCompress(Inference &inference) {
  SmallVector<int64_t> shape{ShapedType::kDynamic};
  if (inference.node.getAttribute("axis")) {
    shape.assign(inference.getShape(0).begin(), inference.getShape(0).end());
    FailureOr<int64_t> axis = getAxis(inference.node, "axis", 0, shape.size());
    if (failed(axis))
      return failure();
    shape[*axis] = ShapedType::kDynamic;
  }
  return inference.set(0, inference.getElementType(0), shape);
}

void onnxir::addIndexingRules(InferRules &rules) {
  rules["Gather"] = {2, inferGather};
  rules["GatherElements"] = {2, inferGatherElements};
  rules["GatherND"] = {2, inferGatherND};
  rules["Scatter"] = rules["ScatterElements"] =
      rules["ScatterND"] = {3, inferScatter};
  rules["TensorScatter"] = {2, inferTensorScatter};
  rules["Compress"] = {2, inferCompress};
  rules["Slice"] = {1, inferSlice};
  rules["OneHot"] = {3, inferOneHot};
  rules["NonZero"] = {1, inferNonZero};
  rules["EyeLike"] = {1, inferEyeLike};
  rules["Trilu"] = {1, inferTrilu};
}
