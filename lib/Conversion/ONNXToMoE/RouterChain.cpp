//===- RouterChain.cpp - From weights to what was picked --------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RouterReader.h"
#include <cmath>

using namespace mlir;
using namespace mlir::moe;
using onnxir::NodeOp;

LogicalResult RouterReader::readScale(double factor, Value at) {
  // The gate normalises first, then scales.
  if (routing.normalize != NormalizeMode::None)
    return stop(at, "weights are scaled before they are normalised");
  if (routing.scale != 1.0)
    return stop(at, "weights are scaled twice");
  if (!std::isfinite(factor))
    return stop(at, "the scale is not finite");
  routing.scale = getDecimal(factor, getElementTypeOrSelf(at.getType()));
  return success();
}

/// Whether `sum` was taken over `weights`, or over what was scattered into
/// zeros to make them.
bool RouterReader::isSumOf(Value sum, Value weights) {
  if (sameElements(sum, weights))
    return getSize(sum, -1) == getSize(weights, -1);
  NodeOp scatter = getNode(stripExact(weights), "ScatterElements");
  return scatter && isUniform(scatter.getInput(0), 0.0) &&
         getSize(sum, -1) == getSize(scatter.getInput(1), -1) &&
         sameElements(stripExact(sum), stripExact(scatter.getInput(2)));
}

LogicalResult RouterReader::readSum(Value at, Value weights, Value sum) {
  Type element = getElementTypeOrSelf(at.getType());
  // One sum per row, maybe repeated along it.
  if (NodeOp expand = getNode(stripLayout(sum), "Expand"))
    sum = expand.getInput(0);
  if (getSize(sum, -1) != 1 || getRank(sum) != getRank(at))
    return stop(at, "weights are divided by something else than their sum");
  sum = stripExact(sum);
  // max(sum, floor), then sum + epsilon inside it.
  if (NodeOp max = getNode(sum, {"Max", "Clip"})) {
    Value other = max.getInput(0);
    std::optional<double> floor;
    if (max.getOpType() == "Max") {
      floor = max.getNumSlots() == 2 ? splitUniform(max, other) : std::nullopt;
    } else if (!max.getInput(2) ||
               getUniform(max.getInput(2)).value_or(0.0) >= 3e38) {
      floor = getUniform(max.getInput(1));
      if (!floor && max.getAttribute("min"))
        floor = max.getFloat("min", 0.0);
    }
    if (!floor || !(*floor > 0.0) || !std::isfinite(*floor))
      return stop(at, "the sum of the weights is limited by no known number");
    routing.floor = getDecimal(*floor, element);
    sum = stripExact(other);
  }
  if (NodeOp add = getAdd(sum)) {
    Value other;
    std::optional<double> epsilon = splitUniform(add, other);
    if (!epsilon || !(*epsilon >= 0.0) || !std::isfinite(*epsilon))
      return stop(at, "what is added to the sum of the weights is not a small "
                      "constant");
    routing.epsilon = getDecimal(*epsilon, element);
    sum = stripExact(other);
  }
  NodeOp reduce = getNode(sum, {"ReduceSum", "ReduceL1"});
  if (!reduce || !isAlongLast(reduce) || !isSumOf(reduce.getInput(0), weights))
    return stop(at, "weights are divided by something else than their sum");
  sumsMagnitudes = reduce.getOpType() == "ReduceL1";
  routing.normalize = NormalizeMode::Sum;
  return success();
}

/// The Reciprocal of one number per row that `product` multiplies rows of
/// `width` by.
static NodeOp getInverse(NodeOp product, int64_t width) {
  for (unsigned i : {0u, 1u})
    if (NodeOp inverse =
            getNode(stripLayout(product.getInput(i)), "Reciprocal"))
      if (getSize(product.getInput(1 - i), -1) == width &&
          getSize(product.getInput(i), -1) == 1)
        return inverse;
  return {};
}

FailureOr<Value> RouterReader::readChain(Value weights, int64_t width) {
  auto changed = [&] {
    return routing.normalize != NormalizeMode::None || routing.scale != 1.0;
  };
  for (Value value = weights;;) {
    value = stripLayout(value);
    NodeOp node = getNode(value);
    if (!node)
      return value;
    StringRef type = node.getOpType();
    Type element = getElementTypeOrSelf(value.getType());
    Value first = node.getInput(0);
    if (type == "Cast" || type == "CastLike") {
      Type from = getElementTypeOrSelf(first.getType());
      if (!isa<FloatType>(from) || !isa<FloatType>(element))
        return value;
      if (!isExactCast(from, element)) {
        if (changed())
          return stop(value, "weights are rounded before they are scaled or "
                             "normalised");
        routing.weightType = element;
      }
      value = first;
      continue;
    }
    if (!isa<FloatType>(element))
      return value;
    Value other;
    if (NodeOp inverse = type == "Mul" ? getInverse(node, width) : NodeOp()) {
      bool isFirst = stripLayout(first) == inverse.getResult(0);
      Value inner = node.getInput(isFirst ? 1 : 0);
      if (routing.normalize != NormalizeMode::None)
        return stop(value, "weights are normalised twice");
      if (failed(readSum(value, inner, inverse.getInput(0))))
        return failure();
      value = inner;
      continue;
    }
    if (type == "Mul") {
      std::optional<double> factor = splitUniform(node, other);
      if (!factor)
        return value;
      if (failed(readScale(*factor, value)))
        return failure();
      value = other;
      continue;
    }
    if (type == "Div") {
      if (std::optional<double> divisor = getUniform(node.getInput(1))) {
        if (failed(readScale(1.0 / *divisor, value)))
          return failure();
      } else if (routing.normalize != NormalizeMode::None) {
        return stop(value, "weights are normalised twice");
      } else if (getSize(first, -1) != width) {
        return stop(value, "weights are divided in another layout");
      } else if (failed(readSum(value, first, node.getInput(1)))) {
        return failure();
      }
      value = first;
      continue;
    }
    if (type == "Softmax" && routing.normalize == NormalizeMode::None &&
        getSize(first, -1) == width && isAlongLast(node)) {
      // A softmax over all experts is a score; one over the picks is not.
      if (!slotTests.empty())
        first = stripEmpty(first, -INFINITY);
      Value inner = stripExact(first);
      NodeOp topK = getNode(inner, "TopK");
      NodeOp scatter = getNode(inner, "ScatterElements");
      bool overPicks = (topK && inner == topK.getResult(0)) ||
                       getNode(stripHead(inner), "TopK") ||
                       getNode(inner, {"GatherElements", "GatherND"}) ||
                       (scatter && isUniform(scatter.getInput(0), -INFINITY));
      if (!overPicks)
        return value;
      routing.normalize = NormalizeMode::Softmax;
      value = first;
      continue;
    }
    return value;
  }
}
