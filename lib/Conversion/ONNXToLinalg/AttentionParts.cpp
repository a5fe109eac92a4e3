//===- AttentionParts.cpp - Parts that attention operators share ----------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Attention.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

using B = ImplicitLocOpBuilder;

Value onnxtolinalg::contract(TensorBuilder &b, Value lhs, Value rhs,
                             ArrayRef<OpFoldResult> sizes,
                             ArrayRef<unsigned> lhsLoops,
                             ArrayRef<unsigned> rhsLoops,
                             ArrayRef<unsigned> resultLoops) {
  Type compute =
      getComputeType(cast<RankedTensorType>(lhs.getType()).getElementType());
  auto getMap = [&](ArrayRef<unsigned> loops) {
    SmallVector<AffineExpr> exprs;
    for (unsigned loop : loops)
      exprs.push_back(b.getAffineDimExpr(loop));
    return AffineMap::get(sizes.size() + 1, 0, exprs, b.getContext());
  };
  return b.sumProducts(
      {lhs, rhs}, sizes,
      {getMap(lhsLoops), getMap(rhsLoops), getMap(resultLoops)}, compute);
}

static Value negativeInfinity(B &b, Type type) {
  return constant(b, type, -std::numeric_limits<double>::infinity());
}

/// Softmax along the last dimension. A row of −∞ alone gives zeros.
static Value buildSoftmax(TensorBuilder &b, Value scores, Value sinks) {
  Type type = cast<RankedTensorType>(scores.getType()).getElementType();
  // A sink is one more score of its head's rows.
  auto getSink = [sinks, type](B &b) {
    Value head = linalg::IndexOp::create(b, 1);
    return convertFloatScalar(b, tensor::ExtractOp::create(b, sinks, head),
                              type);
  };
  Value greatest =
      b.reduce(scores, 3, /*keepDims=*/true, lowestAttr(type, false),
               [](B &b, ValueRange x) -> Value {
                 return arith::MaximumFOp::create(b, x[0], x[1]);
               });
  greatest = b.map(greatest, type, [&](B &b, ValueRange x) -> Value {
    Value most = x[0];
    if (sinks)
      return arith::MaximumFOp::create(b, most, getSink(b));
    Value none = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, most,
                                       negativeInfinity(b, type));
    return arith::SelectOp::create(b, none, constant(b, type, 0.0), most);
  });
  Value powers =
      b.map({scores, greatest}, type, [](B &b, ValueRange x) -> Value {
        return math::ExpOp::create(b, arith::SubFOp::create(b, x[0], x[1]));
      });
  Value sum = b.reduce(powers, 3, /*keepDims=*/true, constantAttr(type, 0.0),
                       [](B &b, ValueRange x) -> Value {
                         return arith::AddFOp::create(b, x[0], x[1]);
                       });
  Value divisor =
      b.map({sum, greatest}, type, [&](B &b, ValueRange x) -> Value {
        if (sinks)
          return arith::AddFOp::create(
              b, x[0],
              math::ExpOp::create(b,
                                  arith::SubFOp::create(b, getSink(b), x[1])));
        Value none = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, x[0],
                                           constant(b, type, 0.0));
        return arith::SelectOp::create(b, none, constant(b, type, 1.0), x[0]);
      });
  return b.map({powers, divisor}, type, [](B &b, ValueRange x) -> Value {
    return arith::DivFOp::create(b, x[0], x[1]);
  });
}

AttentionStages onnxtolinalg::buildAttention(TensorBuilder &b,
                                             const AttentionParts &parts) {
  Sizes q = b.getSizes(parts.query), k = b.getSizes(parts.key);
  Sizes v = b.getSizes(parts.value);
  b.assertEqual(q[0], k[0], "batch sizes of query and key differ");
  b.assertEqual(q[0], v[0], "batch sizes of query and value differ");
  b.assertEqual(q[3], k[3], "head sizes of query and key differ");
  b.assertEqual(k[1], v[1], "key and value differ in heads");
  b.assertEqual(k[2], v[2], "key and value differ in length");
  OpFoldResult group = b.floorDiv(q[1], k[1]);
  b.assertEqual(b.mul(group, k[1]), q[1],
                "query heads are no multiple of key heads");
  Type type = cast<RankedTensorType>(parts.value.getType()).getElementType();
  Type compute = getComputeType(type);

  // Loops: batch, key head, head in the group, row, column, element.
  Value query = b.reshape(parts.query, {q[0], k[1], group, q[2], q[3]});
  Sizes five{q[0], k[1], group, q[2], k[2]}, four{q[0], q[1], q[2], k[2]};
  AttentionStages stages;
  Value products = contract(b, query, parts.key, five, {0, 1, 2, 3, 5},
                            {0, 1, 4, 5}, {0, 1, 2, 3, 4});
  stages.scores = b.map(b.reshape(products, four), compute,
                        [&](B &b, ValueRange x) -> Value {
                          return arith::MulFOp::create(
                              b, x[0], constant(b, compute, parts.scale));
                        });
  stages.capped = stages.scores;
  if (parts.softcap != 0.0)
    stages.capped =
        b.map(stages.scores, compute, [&](B &b, ValueRange x) -> Value {
          Value cap = constant(b, compute, parts.softcap);
          return arith::MulFOp::create(
              b, cap,
              math::TanhOp::create(b, arith::DivFOp::create(b, x[0], cap)));
        });
  stages.masked = stages.capped;
  if (parts.mask)
    stages.masked = b.map(stages.capped, compute, [&](B &b, ValueRange x) {
      SmallVector<Value> at;
      for (int64_t i = 0; i < 4; ++i)
        at.push_back(linalg::IndexOp::create(b, i));
      return parts.mask(b, at, x[0]);
    });
  Type precise = parts.softmaxInF64 ? b.getF64Type() : compute;
  stages.weights = b.convertFloat(
      buildSoftmax(b, b.convertFloat(stages.masked, precise), parts.sinks),
      compute);
  // Here columns are summed over, elements run innermost.
  Value output = contract(b, b.reshape(stages.weights, five), parts.value,
                          {q[0], k[1], group, q[2], v[3]}, {0, 1, 2, 3, 4},
                          {0, 1, 4, 5}, {0, 1, 2, 3, 5});
  stages.output =
      b.convertFloat(b.reshape(output, {q[0], q[1], q[2], v[3]}), type);
  return stages;
}

LogicalResult onnxtolinalg::readScale(Node &node, AttentionParts &parts) {
  std::optional<int64_t> headSize =
      getConstantIntValue(node.b.getSize(parts.query, 3));
  double scale = node.op.getFloat("scale", 0.0);
  bool isGiven = node.op.getDomain().empty()
                     ? static_cast<bool>(node.op.getAttribute("scale"))
                     : scale != 0.0;
  if (!isGiven && !headSize) {
    node.emitError() << "the head size is not known";
    return failure();
  }
  parts.scale =
      isGiven ? scale : 1.0 / std::sqrt(static_cast<double>(*headSize));
  return success();
}

Value onnxtolinalg::splitHeads(TensorBuilder &b, Value input, int64_t heads) {
  Sizes sizes = b.getSizes(input);
  OpFoldResult count = b.index(heads), size = b.floorDiv(sizes[2], count);
  b.assertEqual(b.mul(size, count), sizes[2],
                "the hidden size is no multiple of the heads");
  Value split = b.reshape(input, {sizes[0], sizes[1], count, size});
  return b.transpose(split, {0, 2, 1, 3});
}

Value onnxtolinalg::mergeHeads(TensorBuilder &b, Value input) {
  Value back = b.transpose(input, {0, 2, 1, 3});
  Sizes sizes = b.getSizes(back);
  return b.reshape(back, {sizes[0], sizes[1], b.mul(sizes[2], sizes[3])});
}

SmallVector<Value> onnxtolinalg::checkMask(TensorBuilder &b, Value mask,
                                           ArrayRef<OpFoldResult> scores) {
  Sizes sizes = b.getSizes(mask);
  size_t offset = scores.size() - sizes.size();
  SmallVector<Value> values;
  for (auto [i, size] : llvm::enumerate(sizes)) {
    if (i + 1 < sizes.size())
      b.assertBroadcast(size, scores[offset + i]);
    values.push_back(b.getIndex(size));
  }
  return values;
}

Value onnxtolinalg::readMask(B &b, Value mask, ValueRange sizes, ValueRange at,
                             Type compute) {
  ValueRange own = at.take_back(sizes.size());
  Value zero = arith::ConstantIndexOp::create(b, 0);
  Value one = arith::ConstantIndexOp::create(b, 1);
  SmallVector<Value> from;
  for (auto [size, index] :
       llvm::zip_equal(sizes.drop_back(), own.drop_back())) {
    Value isOne = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, size, one);
    from.push_back(arith::SelectOp::create(b, isOne, zero, index));
  }
  // The last dimension may be shorter, never repeated.
  Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, own.back(),
                                       sizes.back());
  from.push_back(arith::SelectOp::create(b, inside, own.back(), zero));
  Value element = tensor::ExtractOp::create(b, mask, from);
  Value never = negativeInfinity(b, compute);
  if (element.getType().isInteger(1)) {
    Value seen = arith::AndIOp::create(b, inside, element);
    return arith::SelectOp::create(b, seen, constant(b, compute, 0.0), never);
  }
  return arith::SelectOp::create(
      b, inside, convertFloatScalar(b, element, compute), never);
}

Value onnxtolinalg::rotatePairs(TensorBuilder &b, Value input,
                                int64_t sequenceAxis, int64_t rotated,
                                bool interleaved, AngleFn angles) {
  Type type = cast<RankedTensorType>(input.getType()).getElementType();
  Type compute = getComputeType(type);
  Sizes sizes = b.getSizes(input);
  bool whole = getConstantIntValue(sizes[3]) == rotated;
  return b.generate(sizes, type, [&](B &b, ValueRange at) -> Value {
    auto index = [&](int64_t i) -> Value {
      return arith::ConstantIndexOp::create(b, i);
    };
    Value h = at[3], half = index(rotated / 2), first, partner, angle;
    if (interleaved) {
      angle = arith::ShRUIOp::create(b, h, index(1));
      partner = arith::XOrIOp::create(b, h, index(1));
      first = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, h, partner);
    } else {
      first = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, h, half);
      Value up = arith::AddIOp::create(b, h, half);
      Value down = arith::SubIOp::create(b, h, half);
      partner = arith::SelectOp::create(b, first, up, down);
      angle = arith::SelectOp::create(b, first, h, down);
    }
    Value turns;
    if (!whole) {
      turns = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, h,
                                    index(rotated));
      partner = arith::SelectOp::create(b, turns, partner, h);
      angle = arith::SelectOp::create(b, turns, angle, index(0));
    }
    auto read = [&](ValueRange at) {
      return convertFloatScalar(b, tensor::ExtractOp::create(b, input, at),
                                compute);
    };
    SmallVector<Value> other(at);
    other[3] = partner;
    Value x = read(at), y = read(other);
    auto [cosine, sine] = angles(b, at[0], at[sequenceAxis], angle);
    cosine = convertFloatScalar(b, cosine, compute);
    sine = convertFloatScalar(b, sine, compute);
    Value turned =
        arith::SelectOp::create(b, first, arith::NegFOp::create(b, y), y);
    Value result =
        arith::AddFOp::create(b, arith::MulFOp::create(b, x, cosine),
                              arith::MulFOp::create(b, turned, sine));
    return turns ? arith::SelectOp::create(b, turns, result, x).getResult()
                 : result;
  });
}
