//===- Padding.cpp - Pad -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Padding.h"
#include "OpenAxes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

using B = ImplicitLocOpBuilder;

/// The sizes after padding, having checked that none is negative.
static Sizes getPaddedSizes(TensorBuilder &b, Value input,
                            ArrayRef<OpFoldResult> low,
                            ArrayRef<OpFoldResult> high) {
  Sizes sizes = b.getSizes(input);
  for (auto [size, before, after] : llvm::zip_equal(sizes, low, high)) {
    size = b.add(b.add(size, before), after);
    b.assertNotNegative(size, "a size is negative");
  }
  return sizes;
}

Value onnxtolinalg::pad(TensorBuilder &b, Value input,
                        ArrayRef<OpFoldResult> low, ArrayRef<OpFoldResult> high,
                        Value scalar) {
  Sizes sizes = getPaddedSizes(b, input, low, high);
  SmallVector<Value> starts, bounds;
  for (auto [before, size] : llvm::zip_equal(low, b.getSizes(input))) {
    starts.push_back(b.getIndex(before));
    bounds.push_back(b.getIndex(size));
  }
  return b.generate(sizes, scalar.getType(), [&](B &b, ValueRange at) -> Value {
    Value isInside = constant(b, b.getI1Type(), 1.0);
    SmallVector<Value> from;
    for (auto [i, start, bound] : llvm::zip_equal(at, starts, bounds)) {
      from.push_back(arith::SubIOp::create(b, i, start));
      // As an unsigned number, a negative one is too large.
      Value fits = arith::CmpIOp::create(b, arith::CmpIPredicate::ult,
                                         from.back(), bound);
      isInside = arith::AndIOp::create(b, isInside, fits);
    }
    auto branch = scf::IfOp::create(
        b, isInside,
        [&](OpBuilder &builder, Location loc) {
          Value x = tensor::ExtractOp::create(builder, loc, input, from);
          scf::YieldOp::create(builder, loc, x);
        },
        [&](OpBuilder &builder, Location loc) {
          scf::YieldOp::create(builder, loc, scalar);
        });
    return branch.getResult(0);
  });
}

/// Where an index outside of [0, size) reads in one of the other modes.
static Value foldIndex(B &b, StringRef mode, Value i, Value size) {
  Value zero = arith::ConstantIndexOp::create(b, 0);
  Value one = arith::ConstantIndexOp::create(b, 1);
  Value last = arith::SubIOp::create(b, size, one);
  if (mode == "edge")
    return arith::MaxSIOp::create(b, arith::MinSIOp::create(b, i, last), zero);
  Value period = size;
  if (mode == "reflect")
    period =
        arith::MaxSIOp::create(b, arith::AddIOp::create(b, last, last), one);
  Value rest = arith::RemSIOp::create(b, i, period);
  Value isNegative =
      arith::CmpIOp::create(b, arith::CmpIPredicate::slt, rest, zero);
  rest = arith::SelectOp::create(b, isNegative,
                                 arith::AddIOp::create(b, rest, period), rest);
  if (mode == "wrap")
    return rest;
  Value isBack =
      arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, rest, last);
  return arith::SelectOp::create(b, isBack,
                                 arith::SubIOp::create(b, period, rest), rest);
}

/// The element that `constant` mode adds.
static FailureOr<Value> getPadding(Node &node) {
  TensorBuilder &b = node.b;
  Type type = node.getElementType(0);
  if (!node.get(2))
    return constant(b, type, node.op.getFloat("value", 0.0));
  if (node.getElementType(2) != type || node.getRank(2) > 1)
    return node.fail("the constant does not fit the data");
  if (node.getRank(2) == 1)
    b.assertEqual(b.getSize(node.get(2), 0), b.index(1),
                  "the constant is not one element");
  return b.getScalar(node.get(2));
}

/// Puts what is added before and after each axis at its dimension.
static LogicalResult placePads(Node &node, ArrayRef<OpFoldResult> given,
                               Sizes &low, Sizes &high) {
  TensorBuilder &b = node.b;
  int64_t rank = low.size();
  auto check = [&](size_t count) -> LogicalResult {
    if (given.size() == 2 * count)
      return success();
    return node.emitError() << "pads do not fit the axes";
  };
  if (node.get(3) && node.hasOpenAxes(3)) {
    FailureOr<SmallVector<Value>> axes = readAxisIndices(node, 3, rank);
    if (failed(axes) || failed(check(axes->size())))
      return failure();
    for (auto [i, axis] : llvm::enumerate(*axes))
      for (int64_t dim = 0; dim < rank; ++dim) {
        Value isHere = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, axis,
                                             b.getIndex(b.index(dim)));
        low[dim] = select(b, isHere, given[i], low[dim]);
        high[dim] = select(b, isHere, given[axes->size() + i], high[dim]);
      }
    return success();
  }
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(rank));
  if (node.get(3)) {
    FailureOr<std::optional<SmallVector<int64_t>>> known =
        node.getAxes(3, rank);
    if (failed(known))
      return failure();
    axes = **known;
  }
  if (failed(check(axes.size())))
    return failure();
  for (auto [i, axis] : llvm::enumerate(axes)) {
    low[axis] = given[i];
    high[axis] = given[axes.size() + i];
  }
  return success();
}

static FailureOr<Value> lowerPad(Node &node) {
  TensorBuilder &b = node.b;
  Value input = node.get(0);
  int64_t rank = node.getRank(0);
  StringRef mode = node.op.getString("mode", "constant");
  if (!llvm::is_contained({"constant", "edge", "reflect", "wrap"}, mode))
    return node.fail("mode '" + mode + "' does not exist");
  Sizes given;
  auto attribute = node.op.getInts("pads");
  if (!attribute)
    attribute = node.op.getInts("paddings");
  if (attribute) {
    for (int64_t i : *attribute)
      given.push_back(b.index(i));
  } else {
    if (!node.get(1))
      return node.fail("pads are missing");
    FailureOr<Sizes> read = node.getIndices(1);
    if (failed(read))
      return failure();
    given = *read;
  }
  Sizes low(rank, b.index(0)), high(low);
  if (failed(placePads(node, given, low, high)))
    return failure();
  if (mode == "constant") {
    FailureOr<Value> scalar = getPadding(node);
    if (failed(scalar))
      return failure();
    return pad(b, input, low, high, *scalar);
  }
  Sizes sizes = getPaddedSizes(b, input, low, high);
  SmallVector<Value> starts, bounds;
  for (auto [before, size] : llvm::zip_equal(low, b.getSizes(input))) {
    starts.push_back(b.getIndex(before));
    bounds.push_back(b.getIndex(size));
    b.assertAtMost(b.index(1), size, "nothing cannot be continued");
  }
  return b.generate(
      sizes, node.getElementType(0), [&](B &b, ValueRange at) -> Value {
        SmallVector<Value> from;
        for (auto [i, start, bound] : llvm::zip_equal(at, starts, bounds))
          from.push_back(
              foldIndex(b, mode, arith::SubIOp::create(b, i, start), bound));
        return tensor::ExtractOp::create(b, input, from);
      });
}

void onnxtolinalg::populatePaddingLowerings(Lowerings &lowerings) {
  lowerings["Pad"] = Lowering(single(lowerPad))
                         .takes(1, 4)
                         .reads("mode paddings pads value")
                         .except("an open number of axes");
}
