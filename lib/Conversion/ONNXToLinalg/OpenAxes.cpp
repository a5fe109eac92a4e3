//===- OpenAxes.cpp - Axes that only the run knows -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OpenAxes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

using B = ImplicitLocOpBuilder;

static Value isEqual(B &b, Value x, Value y) {
  return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, x, y);
}

FailureOr<SmallVector<Value>>
onnxtolinalg::readAxisIndices(Node &node, unsigned slot, int64_t rank) {
  TensorBuilder &b = node.b;
  FailureOr<Sizes> given = node.getIndices(slot);
  if (failed(given))
    return failure();
  Value size = b.getIndex(b.index(rank)), zero = b.getIndex(b.index(0));
  SmallVector<Value> axes;
  for (OpFoldResult element : *given) {
    Value axis = b.getIndex(element);
    Value isNegative =
        arith::CmpIOp::create(b, arith::CmpIPredicate::slt, axis, zero);
    axis = arith::SelectOp::create(b, isNegative,
                                   arith::AddIOp::create(b, axis, size), axis);
    b.assertTrue(
        arith::CmpIOp::create(b, arith::CmpIPredicate::ult, axis, size),
        "an axis is out of range");
    for (Value other : axes)
      b.assertTrue(
          arith::CmpIOp::create(b, arith::CmpIPredicate::ne, axis, other),
          "an axis is repeated");
    axes.push_back(axis);
  }
  return axes;
}

FailureOr<SmallVector<Value>> onnxtolinalg::readAxes(Node &node, unsigned slot,
                                                     int64_t rank) {
  TensorBuilder &b = node.b;
  FailureOr<SmallVector<Value>> axes = readAxisIndices(node, slot, rank);
  if (failed(axes))
    return failure();
  SmallVector<Value> mask(rank, constant(b, b.getI1Type(), 0.0));
  for (Value axis : *axes)
    for (auto [i, isNamed] : llvm::enumerate(mask))
      isNamed = arith::OrIOp::create(b, isNamed,
                                     isEqual(b, axis, b.getIndex(b.index(i))));
  return mask;
}

OpFoldResult onnxtolinalg::select(TensorBuilder &b, Value mask, OpFoldResult on,
                                  OpFoldResult off) {
  if (on == off)
    return on;
  return arith::SelectOp::create(b, mask, b.getIndex(on), b.getIndex(off))
      .getResult();
}

/// For each dimension how many before it `mask` does not name.
static SmallVector<Value> countUnmasked(TensorBuilder &b,
                                        ArrayRef<Value> mask) {
  SmallVector<Value> counts;
  OpFoldResult count = b.index(0);
  for (Value isNamed : mask) {
    counts.push_back(b.getIndex(count));
    count = b.add(count, select(b, isNamed, b.index(0), b.index(1)));
  }
  return counts;
}

Sizes onnxtolinalg::dropMasked(TensorBuilder &b, ArrayRef<Value> mask,
                               ArrayRef<OpFoldResult> sizes, int64_t count) {
  SmallVector<Value> places = countUnmasked(b, mask);
  Sizes result;
  for (int64_t i = 0; i < count; ++i) {
    OpFoldResult size = b.index(1);
    for (auto [isNamed, place, own] : llvm::zip_equal(mask, places, sizes)) {
      Value isOther =
          arith::XOrIOp::create(b, isNamed, constant(b, b.getI1Type(), 1.0));
      Value isHere = arith::AndIOp::create(
          b, isOther, isEqual(b, place, b.getIndex(b.index(i))));
      size = select(b, isHere, own, size);
    }
    result.push_back(size);
  }
  return result;
}

Sizes onnxtolinalg::insertMasked(TensorBuilder &b, ArrayRef<Value> mask,
                                 ArrayRef<OpFoldResult> sizes) {
  Sizes result;
  for (auto [isNamed, place] : llvm::zip_equal(mask, countUnmasked(b, mask))) {
    OpFoldResult size = b.index(1);
    for (auto [i, own] : llvm::enumerate(sizes))
      size = select(b, isEqual(b, place, b.getIndex(b.index(i))), own, size);
    result.push_back(select(b, isNamed, b.index(1), size));
  }
  return result;
}

Value onnxtolinalg::reduceMasked(TensorBuilder &b, Value input,
                                 ArrayRef<Value> mask, TypedAttr init,
                                 TensorBuilder::Body body) {
  Sizes sizes = b.getSizes(input), kept;
  for (auto [isNamed, size] : llvm::zip_equal(mask, sizes))
    kept.push_back(select(b, isNamed, b.index(1), size));
  Value zero = b.getIndex(b.index(0));
  return b.loop(
      sizes, b.fill(kept, init), [&](B &b, ValueRange at, ValueRange carried) {
        SmallVector<Value> where;
        for (auto [isNamed, index] : llvm::zip_equal(mask, at))
          where.push_back(arith::SelectOp::create(b, isNamed, zero, index));
        Value x = tensor::ExtractOp::create(b, input, at);
        Value sum = tensor::ExtractOp::create(b, carried[0], where);
        return SmallVector<Value>{
            tensor::InsertOp::create(b, body(b, {x, sum}), carried[0], where)};
      })[0];
}
