//===- GroupQueryAttention.cpp - The operator GroupQueryAttention ---------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Attention.h"
#include "Operands.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

using B = ImplicitLocOpBuilder;

namespace {
/// Lowers one node. B: batch, S: new positions, P: positions of the cache
/// given, T: positions of the cache returned.
class GroupQueryLowering {
public:
  explicit GroupQueryLowering(Node &node) : node(node), b(node.b) {}
  Results lower();

private:
  StringRef findUnsupported();
  void splitInputs();
  void normalizeHeads(Value &x, unsigned slot, StringRef epsilon);
  void readLengths();
  LogicalResult rotate();
  Value appendPast(unsigned slot, Value next);
  /// Positions of the cache before the first new one.
  Value getPast(B &b, Value batch);
  Value buildMaskedScore(B &b, ValueRange at, Value score);

  Node &node;
  TensorBuilder &b;
  int64_t heads = 0, kvHeads = 0, window = -1;
  bool isCausal = true;
  Value query, key, value;
  /// Lengths [B] as the node has them: valid positions less one.
  Value lengths;
  /// Whether there is no cache yet: all S positions are new.
  Value isPrompt;
  OpFoldResult newLength, total;
  Value newLengthValue;
  SmallVector<Value> biasSizes;
};
} // namespace

/// Names the first thing that is not supported; empty where all is.
StringRef GroupQueryLowering::findUnsupported() {
  heads = node.op.getInt("num_heads", 0);
  kvHeads = node.op.getInt("kv_num_heads", 0);
  window = node.op.getInt("local_window_size", -1);
  isCausal = node.op.getInt("causal", 1);
  if (heads <= 0 || kvHeads <= 0 || heads % kvHeads != 0)
    return "num_heads is no multiple of kv_num_heads";
  if (node.getRank(0) != 3 || !isa<FloatType>(node.getElementType(0)))
    return "the query must be floats of rank 3";
  if (static_cast<bool>(node.get(1)) != static_cast<bool>(node.get(2)))
    return "has a key without a value or a value without a key";
  for (unsigned slot : {1u, 2u})
    if (!isFloats(node, slot, 3))
      return "key and value must be floats of rank 3";
  if (static_cast<bool>(node.get(3)) != static_cast<bool>(node.get(4)))
    return "has half a cache";
  for (unsigned slot : {3u, 4u})
    if (node.get(slot) && (node.getRank(slot) != 4 ||
                           node.getElementType(slot) != node.getElementType(0)))
      return "the cache must have rank 4 and the query's element type";
  if (!isIntegers(node, 5, {1, 2}) || !isIntegers(node, 6, {0, 1}) ||
      !node.getType(6).hasStaticShape() ||
      node.getType(6).getNumElements() != 1)
    return "seqlens_k or total_sequence_length has a wrong type";
  if (node.op.getInt("do_rotary", 0) && (!node.get(7) || !node.get(8)))
    return "do_rotary needs cos_cache and sin_cache";
  if (!isIntegers(node, 9, 2))
    return "position_ids must be integers of rank 2";
  if (!isFloats(node, 10, 4))
    return "attention_bias must be floats of rank 4";
  if (!isFloats(node, 11, 1) || !isFloats(node, 14, 1) ||
      !isFloats(node, 15, 1))
    return "sinks and weights of norms must be floats of rank 1";
  if (node.get(12) || node.get(13) ||
      node.op.getString("k_quant_type", "NONE") != "NONE" ||
      node.op.getString("v_quant_type", "NONE") != "NONE")
    return "a quantised cache is not supported";
  if (node.op.getInt("sliding_window_cache", 0))
    return "sliding_window_cache is not supported";
  if (node.get(16))
    return "query_seqlens is not supported";
  if (node.op.getInt("qk_output", 0) || node.wants(3))
    return "output_qk is not supported";
  return {};
}

/// Query, key and value as [B, N, S, H], from one operand or three.
void GroupQueryLowering::splitInputs() {
  newLength = b.getSize(node.get(0), 1);
  newLengthValue = b.getIndex(newLength);
  if (node.get(1)) {
    query = splitHeads(b, node.get(0), heads);
    key = splitHeads(b, node.get(1), kvHeads);
    value = splitHeads(b, node.get(2), kvHeads);
    return;
  }
  Value all = splitHeads(b, node.get(0), heads + 2 * kvHeads);
  Sizes sizes = b.getSizes(all), offsets(4, b.index(0)), ones(4, b.index(1));
  auto take = [&](int64_t begin, int64_t count) {
    offsets[1] = b.index(begin);
    sizes[1] = b.index(count);
    return b.slice(all, offsets, sizes, ones);
  };
  query = take(0, heads);
  key = take(heads, kvHeads);
  value = take(heads + kvHeads, kvHeads);
}

/// x / √(mean(x²) + ε) · weight over the elements of each head.
void GroupQueryLowering::normalizeHeads(Value &x, unsigned slot,
                                        StringRef name) {
  Value weight = node.get(slot);
  if (!weight)
    return;
  Type type = node.getElementType(0), compute = getComputeType(type);
  double epsilon =
      node.op.getFloat(name, node.op.getFloat("qk_norm_epsilon", 1e-6));
  Value squares = b.map(x, compute, [](B &b, ValueRange x) -> Value {
    return arith::MulFOp::create(b, x[0], x[0]);
  });
  Value sum =
      b.reduce(squares, 3, /*keepDims=*/true, constantAttr(compute, 0.0),
               [](B &b, ValueRange x) -> Value {
                 return arith::AddFOp::create(b, x[0], x[1]);
               });
  Value integer = arith::IndexCastOp::create(b, b.getI64Type(),
                                             b.getIndex(b.getSize(x, 3)));
  Value count = castScalar(b, integer, b.getI64Type(), compute);
  x = b.map({x, sum, weight}, type, [&](B &b, ValueRange x) -> Value {
    Value mean = arith::AddFOp::create(b, arith::DivFOp::create(b, x[1], count),
                                       constant(b, compute, epsilon));
    Value scaled =
        arith::DivFOp::create(b, x[0], math::SqrtOp::create(b, mean));
    return arith::MulFOp::create(b, scaled, x[2]);
  });
}

Value GroupQueryLowering::getPast(B &b, Value batch) {
  Value element = tensor::ExtractOp::create(b, lengths, batch);
  Value last = arith::IndexCastOp::create(b, b.getIndexType(), element);
  Value one = arith::ConstantIndexOp::create(b, 1);
  Value past = arith::SubIOp::create(b, arith::AddIOp::create(b, last, one),
                                     newLengthValue);
  Value zero = arith::ConstantIndexOp::create(b, 0);
  return arith::SelectOp::create(b, isPrompt, zero, past);
}

/// Finds the size of the cache and checks that no length leaves it.
void GroupQueryLowering::readLengths() {
  Sizes given = b.getSizes(node.get(5));
  OpFoldResult batch = b.getSize(node.get(0), 0);
  b.assertEqual(b.product(given), batch,
                "seqlens_k does not have the batch size");
  lengths = b.reshape(node.get(5), batch);
  Value scalar = b.getScalar(node.get(6));
  Value most = arith::IndexCastOp::create(b, b.getIndexType(), scalar);
  OpFoldResult past = node.get(3) ? b.getSize(node.get(3), 2) : b.index(0);
  total = b.max(past, most);
  isPrompt =
      arith::CmpIOp::create(b, arith::CmpIPredicate::eq, most, newLengthValue);
  Value limit = b.getIndex(total), cached = b.getIndex(past);
  Value fits = b.reduce(
      lengths, 0, /*keepDims=*/false, b.getBoolAttr(true),
      [&](B &b, ValueRange x) -> Value {
        using P = arith::CmpIPredicate;
        Value last = arith::IndexCastOp::create(b, b.getIndexType(), x[0]);
        Value one = arith::ConstantIndexOp::create(b, 1);
        Value before = arith::SubIOp::create(
            b, arith::AddIOp::create(b, last, one), newLengthValue);
        // As unsigned numbers, negative ones are too large.
        Value inCache = arith::OrIOp::create(
            b, isPrompt, arith::CmpIOp::create(b, P::ule, before, cached));
        Value inResult = arith::CmpIOp::create(b, P::ult, last, limit);
        return arith::AndIOp::create(
            b, x[1], arith::AndIOp::create(b, inCache, inResult));
      });
  b.assertTrue(b.getScalar(fits), "seqlens_k does not fit the cache");
  b.assertAtMost(newLength, total,
                 "total_sequence_length is less than the new positions");
}

LogicalResult GroupQueryLowering::rotate() {
  if (!node.op.getInt("do_rotary", 0))
    return success();
  Value cosines = node.get(7), sines = node.get(8), ids = node.get(9);
  if (!isFloats(node, 7, 2) || !isFloats(node, 8, 2) ||
      node.getType(7).isDynamicDim(1)) {
    node.emitError() << "the size of the rotated part is not known";
    return failure();
  }
  Sizes cache = b.getSizes(cosines), other = b.getSizes(sines);
  b.assertEqual(cache[0], other[0], "the caches of angles differ in length");
  b.assertEqual(cache[1], other[1], "the caches of angles differ in size");
  int64_t rotated = 2 * node.getType(7).getDimSize(1);
  b.assertAtMost(b.index(rotated), b.getSize(query, 3),
                 "the rotated size is larger than the head");
  if (ids) {
    b.assertEqual(b.getSize(ids, 0), b.getSize(query, 0),
                  "position_ids do not have the batch size");
    b.assertEqual(b.getSize(ids, 1), newLength,
                  "position_ids do not have the length of the query");
  } else {
    b.assertAtMost(total, cache[0], "a position is beyond the caches");
  }
  Value rows = b.getIndex(cache[0]);
  AngleFn angles = [&](B &b, Value batch, Value position, Value angle) {
    Value row;
    if (ids) {
      Value element =
          tensor::ExtractOp::create(b, ids, ValueRange{batch, position});
      row = arith::IndexCastOp::create(b, b.getIndexType(), element);
      // Out of range reads as the last one; padding may hold anything.
      Value last =
          arith::SubIOp::create(b, rows, arith::ConstantIndexOp::create(b, 1));
      row = arith::MinUIOp::create(b, row, last);
    } else {
      row = arith::AddIOp::create(b, getPast(b, batch), position);
    }
    SmallVector<Value> at{row, angle};
    return std::pair<Value, Value>(tensor::ExtractOp::create(b, cosines, at),
                                   tensor::ExtractOp::create(b, sines, at));
  };
  bool interleaved = node.op.getInt("rotary_interleaved", 0);
  query = rotatePairs(b, query, 2, rotated, interleaved, angles);
  key = rotatePairs(b, key, 2, rotated, interleaved, angles);
  return success();
}

/// The cache [B, Nkv, T, H]: what was before, the new positions, zeros.
Value GroupQueryLowering::appendPast(unsigned slot, Value next) {
  Value past = node.get(slot);
  Sizes sizes = b.getSizes(next);
  if (past)
    for (unsigned dim : {0u, 1u, 3u})
      b.assertEqual(b.getSize(past, dim), sizes[dim],
                    "the cache does not fit the key or value");
  sizes[2] = total;
  Type type = node.getElementType(0);
  return b.generate(sizes, type, [&](B &b, ValueRange at) -> Value {
    using P = arith::CmpIPredicate;
    Value before = getPast(b, at[0]),
          zero = arith::ConstantIndexOp::create(b, 0);
    Value offset = arith::SubIOp::create(b, at[2], before);
    Value isOld = arith::CmpIOp::create(b, P::slt, at[2], before);
    // As an unsigned number, a negative one is too large.
    Value isNew = arith::CmpIOp::create(b, P::ult, offset, newLengthValue);
    SmallVector<Value> from(at);
    from[2] = arith::SelectOp::create(b, isNew, offset, zero);
    Value element = tensor::ExtractOp::create(b, next, from);
    element =
        arith::SelectOp::create(b, isNew, element, constant(b, type, 0.0));
    if (!past)
      return element;
    // Without a cache no position is old, nor is there one to read.
    Value size = tensor::DimOp::create(b, past, 2);
    Value readable = arith::CmpIOp::create(b, P::ult, at[2], size);
    auto branch = scf::IfOp::create(
        b, arith::AndIOp::create(b, isOld, readable),
        [&](OpBuilder &builder, Location loc) {
          Value old = tensor::ExtractOp::create(builder, loc, past, at);
          scf::YieldOp::create(builder, loc, old);
        },
        [&](OpBuilder &builder, Location loc) {
          scf::YieldOp::create(builder, loc, element);
        });
    return branch.getResult(0);
  });
}

Value GroupQueryLowering::buildMaskedScore(B &b, ValueRange at, Value score) {
  using P = arith::CmpIPredicate;
  Type compute = score.getType();
  if (Value bias = node.get(10))
    score = arith::AddFOp::create(b, score,
                                  readMask(b, bias, biasSizes, at, compute));
  Value current = arith::AddIOp::create(b, getPast(b, at[0]), at[2]);
  Value seen;
  if (isCausal) {
    seen = arith::CmpIOp::create(b, P::sle, at[3], current);
  } else {
    Value element = tensor::ExtractOp::create(b, lengths, at[0]);
    Value last = arith::IndexCastOp::create(b, b.getIndexType(), element);
    seen = arith::CmpIOp::create(b, P::sle, at[3], last);
  }
  if (window > 0) {
    Value first = arith::SubIOp::create(
        b, current, arith::ConstantIndexOp::create(b, window - 1));
    seen = arith::AndIOp::create(
        b, seen, arith::CmpIOp::create(b, P::sge, at[3], first));
  }
  return arith::SelectOp::create(
      b, seen, score,
      constant(b, compute, -std::numeric_limits<double>::infinity()));
}

Results GroupQueryLowering::lower() {
  if (StringRef reason = findUnsupported(); !reason.empty()) {
    node.emitError() << reason;
    return failure();
  }
  splitInputs();
  normalizeHeads(query, 14, "q_norm_epsilon");
  normalizeHeads(key, 15, "k_norm_epsilon");
  readLengths();
  if (failed(rotate()))
    return failure();
  AttentionParts parts;
  parts.query = query;
  parts.key = appendPast(3, key);
  parts.value = appendPast(4, value);
  Sizes q = b.getSizes(query);
  if (failed(readScale(node, parts)))
    return failure();
  parts.softcap = node.op.getFloat("softcap", 0.0);
  parts.sinks = node.get(11);
  if (parts.sinks)
    b.assertEqual(b.getSize(parts.sinks, 0), b.index(heads),
                  "there is not one sink for each head");
  if (!parts.sinks && node.op.getInt("smooth_softmax", -1) == 1)
    parts.sinks =
        b.fill(b.index(heads), constantAttr(node.getElementType(0), 0.0));
  if (node.get(10))
    biasSizes = checkMask(b, node.get(10), {q[0], q[1], q[2], total});
  parts.mask = [this](B &b, ValueRange at, Value score) {
    return buildMaskedScore(b, at, score);
  };
  AttentionStages stages = buildAttention(b, parts);
  return SmallVector<Value>{mergeHeads(b, stages.output), parts.key,
                            parts.value};
}

static Results lowerGroupQueryAttention(Node &node) {
  return GroupQueryLowering(node).lower();
}

void onnxtolinalg::populateGroupQueryLowerings(Lowerings &lowerings) {
  lowerings["com.microsoft::GroupQueryAttention"] =
      Lowering(lowerGroupQueryAttention)
          .takes(1, 17)
          .reads("causal do_rotary k_norm_epsilon k_quant_type "
                 "kv_cache_bit_width kv_num_heads local_window_size num_heads "
                 "q_norm_epsilon qk_norm_epsilon qk_output rotary_interleaved "
                 "scale sliding_window_cache smooth_softmax softcap "
                 "v_quant_type")
          .of(Elements::Floats)
          .except("quantised or sliding caches, the output of products");
}
