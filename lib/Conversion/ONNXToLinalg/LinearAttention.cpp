//===- LinearAttention.cpp - Attention as a recurrence -*- C++ -*-===//
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
/// Lowers one node. B: batch, T: positions, N: heads of keys and values, G:
/// query heads that share one, K and V: elements of a key and of a value.
class LinearAttentionLowering {
public:
  explicit LinearAttentionLowering(Node &node) : node(node), b(node.b) {}
  Results lower();

private:
  StringRef findUnsupported();
  Value takePosition(unsigned slot, ArrayRef<OpFoldResult> sizes);
  Value decay(Value state);
  Value update(Value state);
  Value read(Value state);

  Node &node;
  TensorBuilder &b;
  int64_t heads = 0, keyHeads = 0;
  bool isGated = false, isDelta = false;
  Type compute;
  double scale = 1.0;
  OpFoldResult batch, length, keySize, valueSize;
  /// The position at hand.
  Value position;
};
} // namespace

/// Names the first thing that is not supported; empty where all is.
StringRef LinearAttentionLowering::findUnsupported() {
  heads = node.op.getInt("q_num_heads", 0);
  keyHeads = node.op.getInt("kv_num_heads", 0);
  StringRef rule = node.op.getString("update_rule", "gated_delta");
  isGated = rule.starts_with("gated");
  isDelta = rule.ends_with("delta");
  if (!llvm::is_contained({"linear", "gated", "delta", "gated_delta"}, rule))
    return "the update_rule does not exist";
  if (heads <= 0 || keyHeads <= 0 || heads % keyHeads != 0)
    return "q_num_heads is no multiple of kv_num_heads";
  if (node.op.getInt("state_window", 0))
    return "state_window is not supported";
  for (unsigned slot : {0u, 1u, 2u, 4u, 5u})
    if (!isFloats(node, slot, 3))
      return "operands must be floats of rank 3";
  if (!isFloats(node, 3, 4))
    return "the state must be floats of rank 4";
  if ((isGated && !node.get(4)) || (isDelta && !node.get(5)))
    return "decay or beta is missing";
  for (unsigned slot : {4u, 5u})
    if (node.get(slot) && node.getType(slot).isDynamicDim(2))
      return "the last size of decay or beta is not known";
  return {};
}

/// [B, 1, …] of input `slot` at the position at hand, with other sizes.
Value LinearAttentionLowering::takePosition(unsigned slot,
                                            ArrayRef<OpFoldResult> sizes) {
  Value input = node.get(slot);
  Sizes from = b.getSizes(input), ones(3, b.index(1));
  b.assertEqual(from[0], batch, "operands differ in batch size");
  b.assertEqual(from[1], length, "operands differ in length");
  Sizes offsets{b.index(0), position, b.index(0)};
  from[1] = b.index(1);
  return b.convertFloat(b.reshape(b.slice(input, offsets, from, ones), sizes),
                        compute);
}

/// What is left of the state [B, N, K, V] before the position.
Value LinearAttentionLowering::decay(Value state) {
  OpFoldResult one = b.index(1), n = b.index(keyHeads);
  bool perHead = node.getType(4).getDimSize(2) == keyHeads;
  Value g = takePosition(4, perHead ? Sizes{batch, n, one, one}
                                    : Sizes{batch, n, keySize, one});
  return b.map({state, g}, compute, [](B &b, ValueRange x) -> Value {
    return arith::MulFOp::create(b, x[0], math::ExpOp::create(b, x[1]));
  });
}

/// The state with what the position adds.
Value LinearAttentionLowering::update(Value state) {
  OpFoldResult one = b.index(1), n = b.index(keyHeads);
  Value key = takePosition(1, {batch, n, keySize});
  Value added = takePosition(2, {batch, n, valueSize});
  if (isDelta) {
    Value known = contract(b, key, state, {batch, n, valueSize}, {0, 1, 3},
                           {0, 1, 3, 2}, {0, 1, 2});
    bool shared = node.getType(5).getDimSize(2) == 1;
    Value beta = takePosition(5, {batch, shared ? one : n, one});
    added =
        b.map({added, known, beta}, compute, [](B &b, ValueRange x) -> Value {
          return arith::MulFOp::create(b, arith::SubFOp::create(b, x[0], x[1]),
                                       x[2]);
        });
  }
  Value rows = b.reshape(key, {batch, n, keySize, one});
  Value columns = b.reshape(added, {batch, n, one, valueSize});
  return b.map({state, rows, columns}, compute,
               [](B &b, ValueRange x) -> Value {
                 return arith::AddFOp::create(
                     b, x[0], arith::MulFOp::create(b, x[1], x[2]));
               });
}

/// What the queries of the position read, [B, 1, N · G · V].
Value LinearAttentionLowering::read(Value state) {
  OpFoldResult n = b.index(keyHeads), group = b.index(heads / keyHeads);
  Value query = takePosition(0, {batch, n, group, keySize});
  Value sum = contract(b, query, state, {batch, n, group, valueSize},
                       {0, 1, 2, 4}, {0, 1, 4, 3}, {0, 1, 2, 3});
  Value output =
      b.map(sum, node.getElementType(0), [&](B &b, ValueRange x) -> Value {
        return arith::MulFOp::create(b, x[0], constant(b, compute, scale));
      });
  return b.reshape(output,
                   {batch, b.index(1), b.mul(b.index(heads), valueSize)});
}

Results LinearAttentionLowering::lower() {
  if (StringRef reason = findUnsupported(); !reason.empty()) {
    node.emitError() << reason;
    return failure();
  }
  Type type = node.getElementType(0);
  compute = getComputeType(type);
  Sizes query = b.getSizes(node.get(0)), value = b.getSizes(node.get(2));
  batch = query[0];
  length = query[1];
  OpFoldResult n = b.index(keyHeads);
  keySize = b.floorDiv(query[2], b.index(heads));
  valueSize = b.floorDiv(value[2], n);
  b.assertEqual(b.mul(keySize, b.index(heads)), query[2],
                "the query's size is no multiple of its heads");
  b.assertEqual(b.mul(valueSize, n), value[2],
                "the value's size is no multiple of its heads");
  b.assertEqual(b.getSize(node.get(1), 2), b.mul(keySize, n),
                "key and query differ in head size");
  scale = node.op.getFloat("scale", 0.0);
  if (scale == 0.0) {
    std::optional<int64_t> size = getConstantIntValue(keySize);
    if (!size || *size == 0) {
      node.emitError() << "the head size is not known";
      return failure();
    }
    scale = 1.0 / std::sqrt(static_cast<double>(*size));
  }
  Sizes stateSizes{batch, n, keySize, valueSize};
  Value state = b.fill(stateSizes, constantAttr(compute, 0.0));
  if (Value past = node.get(3)) {
    for (auto [have, want] : llvm::zip_equal(b.getSizes(past), stateSizes))
      b.assertEqual(have, want, "the state does not fit the other operands");
    state = b.convertFloat(b.reshape(past, stateSizes), compute);
  }
  Sizes outputSizes{batch, length, b.mul(b.index(heads), valueSize)};
  Value output = b.empty(outputSizes, type);
  Value zero = b.getIndex(b.index(0)), one = b.getIndex(b.index(1));
  auto loop = scf::ForOp::create(b, zero, b.getIndex(length), one,
                                 ValueRange{state, output});
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    position = loop.getInductionVar();
    Value next = loop.getRegionIterArg(0), rows = loop.getRegionIterArg(1);
    b.setSizes(next, stateSizes);
    if (isGated)
      next = decay(next);
    next = update(next);
    Sizes offsets{b.index(0), position, b.index(0)}, ones(3, b.index(1));
    Sizes part = outputSizes;
    part[1] = b.index(1);
    rows =
        tensor::InsertSliceOp::create(b, read(next), rows, offsets, part, ones);
    if (next.getType() != state.getType())
      next = tensor::CastOp::create(b, state.getType(), next);
    scf::YieldOp::create(b, ValueRange{next, rows});
  }
  b.setSizes(loop.getResult(0), stateSizes);
  b.setSizes(loop.getResult(1), outputSizes);
  SmallVector<Value> results{loop.getResult(1), Value()};
  if (node.wants(1))
    results[1] =
        b.convertFloat(loop.getResult(0), node.getResultElementType(1));
  return results;
}

static Results lowerLinearAttention(Node &node) {
  return LinearAttentionLowering(node).lower();
}

void onnxtolinalg::populateLinearAttentionLowerings(Lowerings &lowerings) {
  // `chunk_size` is a hint.
  lowerings["LinearAttention"] =
      Lowering(lowerLinearAttention)
          .takes(3, 6)
          .reads("chunk_size kv_num_heads q_num_heads scale update_rule")
          .of(Elements::Floats);
  lowerings["com.microsoft::LinearAttention"] =
      Lowering(lowerLinearAttention)
          .takes(3, 6)
          .reads("chunk_size kv_num_heads q_num_heads scale state_window "
                 "update_rule")
          .of(Elements::Floats)
          .except("more heads of keys than of queries, state_window");
}
