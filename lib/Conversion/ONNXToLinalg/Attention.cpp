//===- Attention.cpp - The standard operator Attention -*- C++ -*-===//
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

namespace {
/// Which columns a row sees.
struct Visibility {
  bool isCausal = false;
  /// How far back and ahead, −1 for without limit.
  int64_t left = -1, right = -1;
  /// Number of columns before the first row: the same for all batches, or
  /// `lengths[batch]` valid columns less the rows.
  Value past, lengths, rows;

  bool isWindowed() const { return isCausal || left >= 0 || right >= 0; }
  Value test(B &b, ValueRange at) const;
};
} // namespace

Value Visibility::test(B &b, ValueRange at) const {
  using P = arith::CmpIPredicate;
  Value row = at[2], column = at[3], seen = constant(b, b.getI1Type(), 1.0);
  auto restrict = [&](P predicate, Value x, Value y) {
    seen = arith::AndIOp::create(b, seen,
                                 arith::CmpIOp::create(b, predicate, x, y));
  };
  Value offset = past;
  if (lengths) {
    Value length = arith::IndexCastOp::create(
        b, b.getIndexType(), tensor::ExtractOp::create(b, lengths, at[0]));
    restrict(P::slt, column, length);
    offset = arith::SubIOp::create(b, length, rows);
  }
  if (!isWindowed())
    return seen;
  Value distance =
      arith::SubIOp::create(b, arith::AddIOp::create(b, row, offset), column);
  auto index = [&](int64_t i) -> Value {
    return arith::ConstantIndexOp::create(b, i);
  };
  if (isCausal)
    restrict(P::sge, distance, index(0));
  if (left >= 0)
    restrict(P::sle, distance, index(left));
  if (right >= 0)
    restrict(P::sge, distance, index(-right));
  return seen;
}

/// Query, key or value as [B, N, S, H].
static FailureOr<Value> getHeads(Node &node, unsigned slot, StringRef heads) {
  if (node.getRank(slot) == 4)
    return node.get(slot);
  if (node.getRank(slot) != 3)
    return node.fail("input " + Twine(slot) + " must have rank 3 or 4");
  int64_t count = node.op.getInt(heads, 0);
  if (count <= 0)
    return node.fail(heads + " is missing");
  return splitHeads(node.b, node.get(slot), count);
}

/// The cache and what comes new, along the sequence.
static FailureOr<Value> appendPast(Node &node, unsigned slot, Value next) {
  if (!node.get(slot))
    return next;
  Type type = cast<RankedTensorType>(next.getType()).getElementType();
  if (node.getRank(slot) != 4 || node.getElementType(slot) != type)
    return node.fail("the cache must have rank 4 and the element type of what "
                     "is added");
  return node.b.concat({node.get(slot), next}, 2);
}

static Results lowerAttention(Node &node) {
  TensorBuilder &b = node.b;
  Type type = node.getElementType(0), compute = getComputeType(type);
  for (unsigned slot : {0u, 1u, 2u, 4u, 5u})
    if (node.get(slot) && !isa<FloatType>(node.getElementType(slot))) {
      node.emitError() << "needs floating-point elements";
      return failure();
    }
  // What asks for less than f32 gets f32.
  int64_t precision = node.op.getInt("softmax_precision", 1);
  if (!llvm::is_contained({1, 10, 11, 16}, precision)) {
    node.emitError() << "softmax_precision " << precision
                     << " is not supported";
    return failure();
  }
  FailureOr<Value> query = getHeads(node, 0, "q_num_heads");
  if (failed(query))
    return failure();
  FailureOr<Value> key = getHeads(node, 1, "kv_num_heads");
  if (failed(key))
    return failure();
  FailureOr<Value> value = getHeads(node, 2, "kv_num_heads");
  if (failed(value))
    return failure();
  FailureOr<Value> allKeys = appendPast(node, 4, *key);
  if (failed(allKeys))
    return failure();
  FailureOr<Value> allValues = appendPast(node, 5, *value);
  if (failed(allValues))
    return failure();
  Sizes q = b.getSizes(*query), k = b.getSizes(*allKeys);

  AttentionParts parts;
  parts.softmaxInF64 = precision == 11;
  parts.query = *query;
  parts.key = *allKeys;
  parts.value = *allValues;
  if (failed(readScale(node, parts)))
    return failure();
  parts.softcap = node.op.getFloat("softcap", 0.0);

  Visibility sees;
  sees.isCausal = node.op.getInt("is_causal", 0);
  sees.left = node.op.getInt("left_window_size", -1);
  sees.right = node.op.getInt("right_window_size", -1);
  sees.past = b.getIndex(node.get(4) ? b.getSize(node.get(4), 2) : b.index(0));
  sees.lengths = node.get(6);
  sees.rows = b.getIndex(q[2]);
  if (!isIntegers(node, 6, 1)) {
    node.emitError() << "nonpad_kv_seqlen must be integers of rank 1";
    return failure();
  }
  if (sees.lengths)
    b.assertEqual(b.getSize(sees.lengths, 0), q[0],
                  "nonpad_kv_seqlen does not have the batch size");
  if (sees.lengths && node.get(4)) {
    node.emitError() << "has a cache and the lengths of an outer one";
    return failure();
  }
  Value mask = node.get(3);
  SmallVector<Value> maskSizes;
  if (mask) {
    if (node.getRank(3) < 1 || node.getRank(3) > 4 ||
        (!isa<FloatType>(node.getElementType(3)) &&
         !node.getElementType(3).isInteger(1))) {
      node.emitError() << "the mask must be booleans or floats of rank 1 to 4";
      return failure();
    }
    maskSizes = checkMask(b, mask, {q[0], q[1], q[2], k[2]});
    b.assertAtMost(b.getSizes(mask).back(), k[2],
                   "the mask is longer than the keys");
  }
  if (mask || sees.isWindowed() || sees.lengths)
    parts.mask = [&](B &b, ValueRange at, Value score) -> Value {
      if (mask)
        score = arith::AddFOp::create(
            b, score, readMask(b, mask, maskSizes, at, compute));
      Value never =
          constant(b, compute, -std::numeric_limits<double>::infinity());
      return arith::SelectOp::create(b, sees.test(b, at), score, never);
    };
  AttentionStages stages = buildAttention(b, parts);

  Value output = stages.output;
  if (node.getRank(0) == 3)
    output = mergeHeads(b, output);
  SmallVector<Value> results{output, *allKeys, *allValues, Value()};
  if (node.wants(3)) {
    Value given[] = {stages.scores, stages.capped, stages.masked,
                     stages.weights};
    int64_t mode = node.op.getInt("qk_matmul_output_mode", 0);
    if (mode < 0 || mode > 3) {
      node.emitError() << "qk_matmul_output_mode " << mode << " does not exist";
      return failure();
    }
    results[3] = b.convertFloat(given[mode], node.getResultElementType(3));
  }
  return results;
}

void onnxtolinalg::populateAttentionLowerings(Lowerings &lowerings) {
  lowerings["Attention"] =
      Lowering(lowerAttention)
          .takes(3, 7)
          .reads("is_causal kv_num_heads left_window_size q_num_heads "
                 "qk_matmul_output_mode right_window_size scale softcap "
                 "softmax_precision")
          .of(Elements::Floats)
          .except("not both a cache and nonpad_kv_seqlen");
}
