//===- InferTypesContrib.cpp - Types of com.microsoft operators -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InferTypes.h"
#include "moe/Dialect/ONNXIR/IR/Schemas.h"

using namespace mlir;
using namespace mlir::onnxir;

/// Sizes that were not known at first are checked here, so that a malformed
/// layer is found before anything is made of it.
static LogicalResult inferMoE(Inference &inference) {
  if (failed(verifyMoENode(inference.node)))
    return failure();
  return inference.setLike(0, 0);
}

static LogicalResult inferLikeInput(Inference &inference) {
  return inference.setLike(0, 0);
}

/// Normalises a sum, which result 3 is.
static LogicalResult inferSkipNormalization(Inference &inference) {
  if (failed(inference.setLike(0, 0)))
    return failure();
  Type stats = Float32Type::get(inference.getContext());
  SmallVector<int64_t> shape(inference.getShape(0));
  if (shape.empty())
    return inference.emitError() << "the input must not be a scalar";
  shape.back() = 1;
  if (failed(inference.set(1, stats, shape)) ||
      failed(inference.set(2, stats, shape)))
    return failure();
  return inference.setLike(3, 0);
}

static LogicalResult inferMatMulNBits(Inference &inference) {
  SmallVector<int64_t> shape(inference.getShape(0));
  int64_t n = inference.node.getInt("N", 0), k = inference.node.getInt("K", 0);
  if (shape.empty() || n <= 0)
    return inference.emitError() << "N or the input is out of range";
  if (!ShapedType::isDynamic(shape.back()) && shape.back() != k)
    return inference.emitError() << "the input does not have K = " << k
                                 << " columns, got " << inference.getType(0);
  shape.back() = n;
  return inference.set(0, inference.getElementType(0), shape);
}

static LogicalResult inferGatherBlockQuantized(Inference &inference) {
  ArrayRef<int64_t> data = inference.getShape(0), at = inference.getShape(1);
  int64_t rank = data.size(), bits = inference.node.getInt("bits", 4);
  FailureOr<int64_t> axis = getAxis(inference.node, "gather_axis", 0, rank);
  if (failed(axis))
    return failure();
  SmallVector<int64_t> full(data);
  // Bytes hold several codes along the last dimension.
  bool packed = inference.getElementType(0).isUnsignedInteger(8);
  if (packed && (bits == 2 || bits == 4) && !ShapedType::isDynamic(full.back()))
    full.back() *= 8 / bits;
  SmallVector<int64_t> shape(ArrayRef(full).take_front(*axis));
  shape.append(at.begin(), at.end());
  llvm::append_range(shape, ArrayRef(full).drop_front(*axis + 1));
  return inference.set(0, inference.getElementType(2), shape);
}

void onnxir::addContribRules(InferRules &rules) {
  rules["com.microsoft::GatedAdd"] = {3, inferLikeInput};
  rules["com.microsoft::SkipLayerNormalization"] =
      rules["com.microsoft::SkipSimplifiedLayerNormalization"] = {
          3, inferSkipNormalization};
  rules["com.microsoft::MatMulNBits"] = {3, inferMatMulNBits};
  rules["com.microsoft::GatherBlockQuantized"] = {3, inferGatherBlockQuantized};
  rules["com.microsoft::MoE"] = {3, inferMoE};
  rules["com.microsoft::QMoE"] = {3, inferMoE};
}
