//===- MultiHeadAttention.cpp - The operator MultiHeadAttention -----------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Attention.h"
#include "Operands.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

using B = ImplicitLocOpBuilder;

/// Names the first thing that is not supported; null where all is.
static StringRef findUnsupported(Node &node) {
  if (node.op.getInt("num_heads", 0) <= 0)
    return "num_heads is missing";
  if (!isa<FloatType>(node.getElementType(0)))
    return "needs floating-point elements";
  if (node.getRank(0) != 3 || !node.get(1) || !node.get(2))
    return "packed query, key and value are not supported";
  if (node.getRank(1) != node.getRank(2) ||
      (node.getRank(1) != 3 && node.getRank(1) != 4))
    return "packed key and value are not supported";
  for (unsigned slot : {1u, 2u, 3u, 6u, 7u})
    if (node.get(slot) && node.getElementType(slot) != node.getElementType(0))
      return "operands differ in element type";
  if (!isFloats(node, 3, 1))
    return "the bias must have rank 1";
  if (!isIntegers(node, 4, 2))
    return "only a key_padding_mask [batch, length] is supported";
  if (!isFloats(node, 5, 4))
    return "attention_bias must be floats of rank 4";
  if (!isFloats(node, 6, 4) || !isFloats(node, 7, 4))
    return "the cache must have rank 4";
  if (node.get(8) || node.get(9))
    return "shared buffers of past and present are not supported";
  if (node.wants(3))
    return "the output qk is not supported";
  return {};
}

/// Input `slot` with its part of the bias, split into heads.
static Value getHeads(Node &node, unsigned slot, OpFoldResult &biasBegin) {
  TensorBuilder &b = node.b;
  Value x = node.get(slot);
  // A key of rank 4 is the cache of a cross attention, ready to use.
  if (node.getRank(slot) == 4)
    return x;
  OpFoldResult hidden = b.getSize(x, 2);
  if (Value bias = node.get(3)) {
    Value part = b.slice(bias, biasBegin, hidden, b.index(1));
    x = b.map({x, part}, node.getElementType(slot),
              [](B &b, ValueRange x) -> Value {
                return arith::AddFOp::create(b, x[0], x[1]);
              });
    biasBegin = b.add(biasBegin, hidden);
  }
  return splitHeads(b, x, node.op.getInt("num_heads", 0));
}

static Results lowerMultiHeadAttention(Node &node) {
  TensorBuilder &b = node.b;
  if (StringRef reason = findUnsupported(node); !reason.empty()) {
    node.emitError() << reason;
    return failure();
  }
  Type compute = getComputeType(node.getElementType(0));
  OpFoldResult biasBegin = b.index(0);
  AttentionParts parts;
  parts.query = getHeads(node, 0, biasBegin);
  parts.key = getHeads(node, 1, biasBegin);
  parts.value = getHeads(node, 2, biasBegin);
  if (node.get(3))
    b.assertEqual(biasBegin, b.getSize(node.get(3), 0),
                  "the bias does not fit query, key and value");
  OpFoldResult past = b.index(0);
  if (node.get(6) && node.get(7)) {
    past = b.getSize(node.get(6), 2);
    parts.key = b.concat({node.get(6), parts.key}, 2);
    parts.value = b.concat({node.get(7), parts.value}, 2);
  }
  Sizes q = b.getSizes(parts.query), k = b.getSizes(parts.key);
  if (failed(readScale(node, parts)))
    return failure();

  Value padding = node.get(4), bias = node.get(5);
  SmallVector<Value> biasSizes;
  if (padding) {
    b.assertEqual(b.getSize(padding, 0), q[0],
                  "key_padding_mask does not have the batch size");
    b.assertEqual(b.getSize(padding, 1), k[2],
                  "key_padding_mask does not have the length of the keys");
  }
  if (bias) {
    biasSizes = checkMask(b, bias, {q[0], q[1], q[2], k[2]});
    b.assertEqual(b.getSizes(bias).back(), k[2],
                  "attention_bias does not have the length of the keys");
  }
  bool isCausal = node.op.getInt("unidirectional", 0);
  double filter = node.op.getFloat("mask_filter_value", -10000.0);
  Value before = b.getIndex(past);
  if (padding || bias || isCausal)
    parts.mask = [&](B &b, ValueRange at, Value score) -> Value {
      if (bias)
        score = arith::AddFOp::create(
            b, score, readMask(b, bias, biasSizes, at, compute));
      if (padding) {
        Value element =
            tensor::ExtractOp::create(b, padding, ValueRange{at[0], at[3]});
        Value isPadding =
            arith::CmpIOp::create(b, arith::CmpIPredicate::eq, element,
                                  constant(b, element.getType(), 0.0));
        Value added =
            arith::AddFOp::create(b, score, constant(b, compute, filter));
        score = arith::SelectOp::create(b, isPadding, added, score);
      }
      if (isCausal) {
        Value last = arith::AddIOp::create(b, at[2], before);
        Value seen =
            arith::CmpIOp::create(b, arith::CmpIPredicate::sle, at[3], last);
        score = arith::SelectOp::create(
            b, seen, score,
            constant(b, compute, -std::numeric_limits<double>::infinity()));
      }
      return score;
    };
  AttentionStages stages = buildAttention(b, parts);
  return SmallVector<Value>{mergeHeads(b, stages.output), parts.key,
                            parts.value};
}

void onnxtolinalg::populateMultiHeadAttentionLowerings(Lowerings &lowerings) {
  lowerings["com.microsoft::MultiHeadAttention"] =
      Lowering(lowerMultiHeadAttention)
          .takes(1, 10)
          .reads("mask_filter_value num_heads scale unidirectional")
          .of(Elements::Floats)
          .except("packed operands, key_padding_mask of lengths, buffers "
                  "shared by past and present, the output of products");
}
