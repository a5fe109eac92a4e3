//===- InferTypesReduction.cpp - Types of reductions, choices, norms ------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InferTypes.h"

using namespace mlir;
using namespace mlir::onnxir;

/// The input's shape without `axes`, or with 1 in their place.
static SmallVector<int64_t> dropAxes(ArrayRef<int64_t> shape,
                                     ArrayRef<int64_t> axes, bool keep) {
  SmallVector<int64_t> result;
  for (auto [i, size] : llvm::enumerate(shape)) {
    if (!llvm::is_contained(axes, static_cast<int64_t>(i)))
      result.push_back(size);
    else if (keep)
      result.push_back(1);
  }
  return result;
}

static LogicalResult inferReduction(Inference &inference) {
  NodeOp node = inference.node;
  int64_t rank = inference.getRank(0);
  if (hasOpenAxes(node, 1, inference.values)) {
    RankedTensorType axes = inference.getType(1);
    if (!node.getInt("keepdims", 1) && !axes.hasStaticShape())
      return success();
    int64_t left =
        node.getInt("keepdims", 1) ? rank : rank - axes.getNumElements();
    if (left < 0)
      return inference.emitError() << "has more axes than its input";
    return inference.set(0, inference.getElementType(0),
                         SmallVector<int64_t>(left, ShapedType::kDynamic));
  }
  FailureOr<std::optional<SmallVector<int64_t>>> axes =
      getAxes(node, 1, rank, inference.values);
  if (failed(axes))
    return failure();
  if (!*axes || (*axes)->empty()) {
    if (node.getInt("noop_with_empty_axes", 0))
      return inference.setLike(0, 0);
    *axes = llvm::to_vector(llvm::seq<int64_t>(rank));
  }
  return inference.set(
      0, inference.getElementType(0),
      dropAxes(inference.getShape(0), **axes, node.getInt("keepdims", 1)));
}

static LogicalResult inferArgReduction(Inference &inference) {
  NodeOp node = inference.node;
  FailureOr<int64_t> axis = getAxis(node, "axis", 0, inference.getRank(0));
  if (failed(axis))
    return failure();
  return inference.set(
      0, IntegerType::get(inference.getContext(), 64),
      dropAxes(inference.getShape(0), *axis, node.getInt("keepdims", 1)));
}

static LogicalResult inferTopK(Inference &inference) {
  NodeOp node = inference.node;
  FailureOr<int64_t> axis = getAxis(node, "axis", -1, inference.getRank(0));
  if (failed(axis))
    return failure();
  int64_t k = ShapedType::kDynamic;
  if (node.getAttribute("k")) // opset 1
    k = node.getInt("k", 0);
  else if (std::optional<SmallVector<int64_t>> constant =
               inference.values.getConstants(node.getInput(1));
           constant && constant->size() == 1)
    k = constant->front();
  SmallVector<int64_t> shape(inference.getShape(0));
  int64_t size = shape[*axis];
  if (!ShapedType::isDynamic(k) &&
      (k < 0 || (!ShapedType::isDynamic(size) && k > size)))
    return inference.emitError()
           << "k = " << k << " is out of range for " << size << " elements";
  shape[*axis] = k;
  if (failed(inference.set(0, inference.getElementType(0), shape)))
    return failure();
  return inference.set(1, IntegerType::get(inference.getContext(), 64), shape);
}

/// Checks a scale or bias, which broadcasts to the normalised part.
static LogicalResult checkAffine(Inference &inference, unsigned slot) {
  if (!inference.has(slot))
    return success();
  FailureOr<SmallVector<int64_t>> shape =
      broadcastShapes(inference.getShape(0), inference.getShape(slot));
  if (failed(shape) || inference.getRank(slot) > inference.getRank(0))
    return inference.emitError()
           << "input " << slot
           << " does not fit the input: " << inference.getType(slot) << " and "
           << inference.getType(0);
  return success();
}

static LogicalResult inferNormalization(Inference &inference) {
  NodeOp node = inference.node;
  FailureOr<int64_t> axis = getAxis(node, "axis", -1, inference.getRank(0));
  if (failed(axis) || failed(checkAffine(inference, 1)) ||
      failed(checkAffine(inference, 2)) || failed(inference.setLike(0, 0)))
    return failure();
  SmallVector<int64_t> stash(inference.getShape(0));
  std::fill(stash.begin() + *axis, stash.end(), 1);
  Type type =
      getElementTypeOf(inference.getContext(), node.getInt("stash_type", 1));
  for (unsigned i = 1; i < node.getNumResults(); ++i)
    if (failed(
            inference.set(i, type ? type : inference.getElementType(0), stash)))
      return failure();
  return success();
}

static LogicalResult inferCumSum(Inference &inference) {
  return inference.setLike(0, 0);
}

void onnxir::addReductionRules(InferRules &rules) {
  for (StringRef op :
       {"ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax",
        "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum",
        "ReduceSumSquare"})
    rules[op] = {1, inferReduction};
  rules["ArgMax"] = rules["ArgMin"] = {1, inferArgReduction};
  rules["TopK"] = {1, inferTopK};
  for (StringRef op : {"LayerNormalization", "RMSNormalization",
                       "SimplifiedLayerNormalization"})
    rules[op] = {2, inferNormalization};
  rules["CumSum"] = rules["CumProd"] = {2, inferCumSum};
}
