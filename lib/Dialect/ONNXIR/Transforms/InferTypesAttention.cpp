//===- InferTypesAttention.cpp - Types of attention and its parts ---------===//
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

static constexpr int64_t kDynamic = ShapedType::kDynamic;

static int64_t add(int64_t a, int64_t b) {
  int64_t sum;
  return ShapedType::isDynamic(a) || ShapedType::isDynamic(b) ||
                 llvm::AddOverflow(a, b, sum)
             ? kDynamic
             : sum;
}

static int64_t multiply(int64_t a, int64_t b) {
  int64_t product;
  return ShapedType::isDynamic(a) || ShapedType::isDynamic(b) ||
                 llvm::MulOverflow(a, b, product)
             ? kDynamic
             : product;
}

static int64_t divide(int64_t a, int64_t b) {
  return ShapedType::isDynamic(a) || b <= 0 ? kDynamic : a / b;
}

/// [B, N, S, H] of an operand of that shape or [B, S, N · H]; fails for other
/// ranks, without an error.
static FailureOr<SmallVector<int64_t>> getHeads(Inference &inference,
                                                unsigned slot, int64_t heads) {
  ArrayRef<int64_t> shape = inference.getShape(slot);
  if (shape.size() == 4)
    return SmallVector<int64_t>(shape);
  if (shape.size() != 3 || heads <= 0)
    return failure();
  return SmallVector<int64_t>{shape[0], heads, shape[1],
                              divide(shape[2], heads)};
}

/// [B, N, S, H] with the positions of a cache in front, if there is one.
static SmallVector<int64_t> appendPast(Inference &inference, unsigned slot,
                                       SmallVector<int64_t> heads) {
  if (inference.has(slot) && inference.getRank(slot) == 4)
    heads[2] = add(heads[2], inference.getShape(slot)[2]);
  return heads;
}

static LogicalResult inferAttention(Inference &inference) {
  NodeOp node = inference.node;
  int64_t queryHeads = node.getInt("q_num_heads", 0);
  int64_t keyHeads = node.getInt("kv_num_heads", 0);
  FailureOr<SmallVector<int64_t>> query = getHeads(inference, 0, queryHeads),
                                  key = getHeads(inference, 1, keyHeads),
                                  value = getHeads(inference, 2, keyHeads);
  if (failed(query) || failed(key) || failed(value))
    return inference.emitError()
           << "inputs must have rank 4, or rank 3 with q_num_heads and "
              "kv_num_heads";
  SmallVector<int64_t> shape(inference.getShape(0));
  shape.back() = inference.getRank(0) == 4
                     ? value->back()
                     : multiply(queryHeads, value->back());
  SmallVector<int64_t> presentKey = appendPast(inference, 4, *key);
  SmallVector<int64_t> presentValue = appendPast(inference, 5, *value);
  Type type = inference.getElementType(0);
  if (failed(inference.set(0, type, shape)) ||
      failed(inference.set(1, inference.getElementType(1), presentKey)) ||
      failed(inference.set(2, inference.getElementType(2), presentValue)))
    return failure();
  return inference.set(3, type,
                       {(*query)[0], (*query)[1], (*query)[2], presentKey[2]});
}

static LogicalResult inferMultiHeadAttention(Inference &inference) {
  int64_t heads = inference.node.getInt("num_heads", 0);
  if (!inference.has(1) || !inference.has(2) || inference.getRank(0) != 3)
    return inference.emitError()
           << "packed query, key and value are not supported";
  FailureOr<SmallVector<int64_t>> key = getHeads(inference, 1, heads),
                                  value = getHeads(inference, 2, heads);
  if (failed(key) || failed(value))
    return inference.emitError() << "packed key and value are not supported";
  Type type = inference.getElementType(0);
  SmallVector<int64_t> shape(inference.getShape(0));
  shape.back() = multiply(heads, value->back());
  if (failed(inference.set(0, type, shape)) ||
      failed(inference.set(1, type, appendPast(inference, 6, *key))))
    return failure();
  return inference.set(2, type, appendPast(inference, 7, *value));
}

static LogicalResult inferGroupQueryAttention(Inference &inference) {
  NodeOp node = inference.node;
  int64_t heads = node.getInt("num_heads", 0);
  int64_t keyHeads = node.getInt("kv_num_heads", 0);
  for (unsigned slot : {5u, 6u})
    if (!inference.has(slot))
      return inference.emitError() << "input " << slot << " is missing";
  if (inference.getRank(0) != 3 || heads <= 0 || keyHeads <= 0 ||
      heads > INT32_MAX || keyHeads > INT32_MAX)
    return inference.emitError()
           << "the query must have rank 3, num_heads and kv_num_heads must be "
              "positive";
  SmallVector<int64_t> shape(inference.getShape(0));
  int64_t all = inference.has(1) ? heads : heads + 2 * keyHeads;
  int64_t size = divide(shape[2], all);
  shape[2] = multiply(size, heads);
  Type type = inference.getElementType(0);
  SmallVector<int64_t> present{shape[0], keyHeads, kDynamic, size};
  if (failed(inference.set(0, type, shape)) ||
      failed(inference.set(1, type, present)))
    return failure();
  return inference.set(2, type, present);
}

static LogicalResult inferRotary(Inference &inference) {
  return inference.setLike(0, 0);
}

static LogicalResult inferCausalConv(Inference &inference) {
  if (failed(inference.setLike(0, 0)))
    return failure();
  if (inference.getRank(0) != 3 || inference.getRank(1) != 3)
    return inference.emitError() << "only one dimension is supported";
  ArrayRef<int64_t> shape = inference.getShape(0);
  int64_t taps = inference.getShape(1)[2];
  int64_t dilation = inference.node.getInt("dilation", 1);
  return inference.set(1, inference.getElementType(0),
                       {shape[0], shape[1], multiply(add(taps, -1), dilation)});
}

static LogicalResult inferLinearAttention(Inference &inference) {
  NodeOp node = inference.node;
  int64_t heads = node.getInt("q_num_heads", 0);
  int64_t keyHeads = node.getInt("kv_num_heads", 0);
  for (unsigned slot : {0u, 1u, 2u})
    if (inference.getRank(slot) != 3)
      return inference.emitError() << "operands must be floats of rank 3";
  if (heads <= 0 || keyHeads <= 0)
    return inference.emitError()
           << "q_num_heads and kv_num_heads must be positive";
  ArrayRef<int64_t> query = inference.getShape(0);
  int64_t valueSize = divide(inference.getShape(2)[2], keyHeads);
  if (failed(inference.set(0, inference.getElementType(0),
                           {query[0], query[1], multiply(heads, valueSize)})))
    return failure();
  return inference.set(
      1, inference.getElementType(inference.has(3) ? 3 : 0),
      {query[0], keyHeads, divide(query[2], heads), valueSize});
}

void onnxir::addAttentionRules(InferRules &rules) {
  rules["LinearAttention"] =
      rules["com.microsoft::LinearAttention"] = {3, inferLinearAttention};
  rules["Attention"] = {3, inferAttention};
  rules["com.microsoft::MultiHeadAttention"] = {1, inferMultiHeadAttention};
  rules["com.microsoft::GroupQueryAttention"] = {1, inferGroupQueryAttention};
  rules["RotaryEmbedding"] = {3, inferRotary};
  rules["com.microsoft::RotaryEmbedding"] = {4, inferRotary};
  rules["CausalConvWithState"] =
      rules["com.microsoft::CausalConvWithState"] = {2, inferCausalConv};
}
