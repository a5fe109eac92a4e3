//===- RotaryEmbedding.cpp - Rotary embeddings of both domains -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Attention.h"
#include "Indices.h"
#include "Operands.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

using B = ImplicitLocOpBuilder;

/// What the two operators have in common: the slots differ.
static FailureOr<Value> lowerRotary(Node &node, unsigned cosine, unsigned sine,
                                    unsigned positions) {
  TensorBuilder &b = node.b;
  Type type = node.getElementType(0);
  if (!isa<FloatType>(type) || node.getRank(0) < 3 || node.getRank(0) > 4)
    return node.fail("the input must be floats of rank 3 or 4");
  Value x = node.get(0);
  Sizes sizes = b.getSizes(x), split = sizes;
  int64_t sequenceAxis = node.getRank(0) == 4 ? 2 : 1;
  int64_t rotated = node.op.getInt("rotary_embedding_dim", 0);
  int64_t heads = node.op.getInt("num_heads", 0);
  if (node.getRank(cosine) == 0 || node.getRank(sine) == 0)
    return node.fail("caches must not be scalars");
  Sizes cache = b.getSizes(node.get(cosine));
  if (node.getRank(0) == 3) {
    // The contributed operator may leave out the heads of a full rotation.
    std::optional<int64_t> half = getConstantIntValue(cache.back());
    OpFoldResult size;
    if (heads > 0)
      size = b.floorDiv(sizes[2], b.index(heads));
    else if (rotated == 0 && half)
      size = b.index(*half * 2);
    else
      return node.fail("num_heads is missing");
    OpFoldResult count =
        heads > 0 ? b.index(heads) : b.floorDiv(sizes[2], size);
    split = {sizes[0], sizes[1], count, size};
    b.assertEqual(b.mul(count, size), sizes[2],
                  "the hidden size is no multiple of the heads");
    x = b.reshape(x, split);
  }
  if (rotated == 0) {
    std::optional<int64_t> size = getConstantIntValue(split[3]);
    if (!size)
      return node.fail("the head size is not known");
    rotated = *size;
  }
  if (rotated < 0 || rotated % 2 != 0)
    return node.fail("the rotated size must be even");
  b.assertAtMost(b.index(rotated), split[3],
                 "the rotated size is larger than the head");
  OpFoldResult half = b.index(rotated / 2);
  for (unsigned slot : {cosine, sine})
    b.assertEqual(b.getSizes(node.get(slot)).back(), half,
                  "the caches do not have half the rotated size");
  Value cosines = node.get(cosine), sines = node.get(sine);
  Value ids = node.get(positions);
  bool interleaved = node.op.getInt("interleaved", 0);
  if (!ids) {
    if (!isFloats(node, cosine, 3) || !isFloats(node, sine, 3))
      return node.fail("caches must be floats of rank 3 without position_ids");
    for (unsigned slot : {cosine, sine}) {
      b.assertEqual(b.getSize(node.get(slot), 0), split[0],
                    "caches and input differ in batch size");
      b.assertEqual(b.getSize(node.get(slot), 1), split[sequenceAxis],
                    "caches and input differ in length");
    }
    x = rotatePairs(b, x, sequenceAxis, rotated, interleaved,
                    [&](B &b, Value batch, Value position, Value angle) {
                      SmallVector<Value> at{batch, position, angle};
                      return std::pair<Value, Value>(
                          tensor::ExtractOp::create(b, cosines, at),
                          tensor::ExtractOp::create(b, sines, at));
                    });
    return b.reshape(x, sizes);
  }
  if (!isFloats(node, cosine, 2) || !isFloats(node, sine, 2))
    return node.fail("caches must be floats of rank 2 with position_ids");
  if (!isIntegers(node, positions, {0, 1, 2}))
    return node.fail("position_ids must be integers of rank 2 at most");
  b.assertEqual(b.getSize(sines, 0), cache[0], "the caches differ in length");
  OpFoldResult limit = cache[0];
  bool isOffset = node.getRank(positions) < 2;
  if (failed(checkIndices(node, positions, limit)))
    return failure();
  Value start;
  if (isOffset) {
    // One number: where the first position of every row is.
    b.assertEqual(b.product(b.getSizes(ids)), b.index(1),
                  "position_ids are neither one number nor one for each row");
    start = wrapIndex(b, b.getScalar(ids), b.getIndex(limit));
    b.assertAtMost(b.add(start, split[sequenceAxis]), limit,
                   "a position is beyond the caches");
  } else {
    b.assertEqual(b.getSize(ids, 0), split[0],
                  "position_ids and input differ in batch size");
    b.assertEqual(b.getSize(ids, 1), split[sequenceAxis],
                  "position_ids and input differ in length");
  }
  Value bound = b.getIndex(limit);
  x = rotatePairs(b, x, sequenceAxis, rotated, interleaved,
                  [&](B &b, Value batch, Value position, Value angle) {
                    Value row;
                    if (isOffset)
                      row = arith::AddIOp::create(b, start, position);
                    else
                      row = wrapIndex(b,
                                      tensor::ExtractOp::create(
                                          b, ids, ValueRange{batch, position}),
                                      bound);
                    SmallVector<Value> at{row, angle};
                    return std::pair<Value, Value>(
                        tensor::ExtractOp::create(b, cosines, at),
                        tensor::ExtractOp::create(b, sines, at));
                  });
  return b.reshape(x, sizes);
}

static FailureOr<Value> lowerStandard(Node &node) {
  return lowerRotary(node, 1, 2, 3);
}

static FailureOr<Value> lowerContributed(Node &node) {
  if (node.op.getInt("is_packed_batching", 0))
    return node.fail("is_packed_batching is not supported");
  if (node.op.getFloat("scale", 1.0) != 1.0)
    return node.fail("a scale other than 1 is not supported");
  return lowerRotary(node, 2, 3, 1);
}

void onnxtolinalg::populateRotaryLowerings(Lowerings &lowerings) {
  lowerings["RotaryEmbedding"] =
      Lowering(single(lowerStandard))
          .takes(3, 4)
          .reads("interleaved num_heads rotary_embedding_dim")
          .of(Elements::Floats);
  lowerings["com.microsoft::RotaryEmbedding"] =
      Lowering(single(lowerContributed))
          .takes(4)
          .reads("interleaved is_packed_batching num_heads "
                 "rotary_embedding_dim scale")
          .of(Elements::Floats)
          .except("packed batches, a scale other than 1");
}
