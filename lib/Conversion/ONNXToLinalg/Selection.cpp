//===- Selection.cpp - TopK, ArgMax and ArgMin -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Lowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

using B = ImplicitLocOpBuilder;

/// Whether `x` comes strictly before `y` in the order asked for. NaN counts as
/// greater than every number, so that the order is total.
static Value isBefore(B &b, Value x, Value y, bool largest, bool isUnsigned) {
  if (!largest)
    std::swap(x, y);
  if (!isa<FloatType>(x.getType()))
    return arith::CmpIOp::create(
        b, isUnsigned ? arith::CmpIPredicate::ugt : arith::CmpIPredicate::sgt,
        x, y);
  Value greater = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, y);
  Value xNaN = arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, x, x);
  Value yNumber = arith::CmpFOp::create(b, arith::CmpFPredicate::ORD, y, y);
  return arith::OrIOp::create(b, greater,
                              arith::AndIOp::create(b, xNaN, yNumber));
}

/// Builds out[…, i, …] = Σ_j body(inputs, i, j) over one more loop j, which
/// inputs may use in place of `axis`.
static Value
countAlong(TensorBuilder &b, ValueRange inputs, ArrayRef<bool> usesInner,
           int64_t axis, ArrayRef<OpFoldResult> sizes,
           function_ref<Value(B &, ValueRange, Value, Value)> body) {
  int64_t rank = sizes.size();
  SmallVector<AffineMap> maps;
  for (bool inner : usesInner) {
    SmallVector<AffineExpr> exprs;
    for (int64_t i = 0; i < rank; ++i)
      exprs.push_back(b.getAffineDimExpr(inner && i == axis ? rank : i));
    maps.push_back(AffineMap::get(rank + 1, 0, exprs, b.getContext()));
  }
  maps.push_back(AffineMap::getMultiDimIdentityMap(rank + 1, b.getContext())
                     .getMajorSubMap(rank));
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
  loops.push_back(utils::IteratorType::reduction);
  Value init = b.fill(sizes, b.getI64IntegerAttr(0));
  auto generic = linalg::GenericOp::create(
      b, init.getType(), inputs, init, maps, loops,
      [&](OpBuilder &builder, Location loc, ValueRange args) {
        B inner(loc, builder);
        Value i = linalg::IndexOp::create(inner, axis);
        Value j = linalg::IndexOp::create(inner, rank);
        Value term = body(inner, args.drop_back(), i, j);
        linalg::YieldOp::create(
            inner, arith::AddIOp::create(inner, args.back(), term).getResult());
      });
  b.setSizes(generic.getResult(0), sizes);
  return generic.getResult(0);
}

/// The rank of each element along `axis`; equal ones by ascending index.
static Value getRanks(Node &node, Value x, int64_t axis, bool largest) {
  TensorBuilder &b = node.b;
  bool isUnsigned = node.isUnsigned(0);
  return countAlong(
      b, {x, x}, {false, true}, axis, b.getSizes(x),
      [&](B &b, ValueRange args, Value i, Value j) -> Value {
        Value mine =
            convertFloatScalar(b, args[0], getComputeType(args[0].getType()));
        Value other =
            convertFloatScalar(b, args[1], getComputeType(args[1].getType()));
        Value before = isBefore(b, other, mine, largest, isUnsigned);
        Value after = isBefore(b, mine, other, largest, isUnsigned);
        Value first = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, j, i);
        // Neither before nor after: equal.
        Value tie = arith::AndIOp::create(
            b, first,
            arith::XOrIOp::create(b, after, constant(b, b.getI1Type(), 1)));
        return arith::ExtUIOp::create(b, b.getI64Type(),
                                      arith::OrIOp::create(b, before, tie));
      });
}

/// Ranks every element among those along the axis, then finds for each rank
/// below k the element that has it. Results are sorted whatever `sorted` says.
static Results lowerTopK(Node &node) {
  TensorBuilder &b = node.b;
  Value x = node.get(0);
  FailureOr<int64_t> axis = node.getAxis("axis", -1, node.getRank(0));
  if (failed(axis))
    return failure();
  OpFoldResult k;
  if (node.op.getAttribute("k")) {
    k = b.index(node.op.getInt("k", 0)); // opset 1
  } else {
    if (!node.get(1)) {
      node.emitError() << "input 1 is missing";
      return failure();
    }
    FailureOr<Sizes> given = node.getIndices(1);
    if (failed(given))
      return failure();
    if (given->size() != 1) {
      node.emitError() << "k must be one number";
      return failure();
    }
    k = given->front();
  }
  Sizes sizes = b.getSizes(x);
  std::optional<int64_t> known = getConstantIntValue(k),
                         have = getConstantIntValue(sizes[*axis]);
  if (k != sizes[*axis] && !(known && have && *known <= *have))
    b.assertTrue(arith::CmpIOp::create(b, arith::CmpIPredicate::ule,
                                       b.getIndex(k), b.getIndex(sizes[*axis])),
                 "k is out of range");
  Value ranks = getRanks(node, x, *axis, node.op.getInt("largest", 1));
  sizes[*axis] = k;
  // `ranks` runs over the inner loop, whose length it gives.
  Value indices = countAlong(
      b, ranks, {true}, *axis, sizes,
      [&](B &b, ValueRange args, Value i, Value j) -> Value {
        Value wanted = arith::IndexCastOp::create(b, b.getI64Type(), i);
        Value mine =
            arith::CmpIOp::create(b, arith::CmpIPredicate::eq, args[0], wanted);
        Value index = arith::IndexCastOp::create(b, b.getI64Type(), j);
        return arith::SelectOp::create(b, mine, index,
                                       constant(b, b.getI64Type(), 0));
      });
  Value values = b.generate(
      sizes, node.getElementType(0), [&](B &b, ValueRange at) -> Value {
        Value index = tensor::ExtractOp::create(b, indices, at);
        SmallVector<Value> from(at);
        from[*axis] = arith::IndexCastOp::create(b, b.getIndexType(), index);
        return tensor::ExtractOp::create(b, x, from);
      });
  return SmallVector<Value>{values, indices};
}

/// The index of the greatest or least element: a reduction that carries value
/// and index together.
static FailureOr<Value> lowerArgReduction(Node &node) {
  TensorBuilder &b = node.b;
  Value x = node.get(0);
  int64_t rank = node.getRank(0);
  FailureOr<int64_t> axis = node.getAxis("axis", 0, rank);
  if (failed(axis))
    return failure();
  bool largest = node.op.getOpType() == "ArgMax";
  bool last = node.op.getInt("select_last_index", 0);
  bool isUnsigned = node.isUnsigned(0);
  Type type = getComputeType(node.getElementType(0));
  x = b.convertFloat(x, type);
  Sizes sizes = b.getSizes(x), kept(sizes);
  sizes.erase(sizes.begin() + *axis);
  kept[*axis] = b.index(1);
  Value best = b.fill(sizes, largest ? lowestAttr(type, isUnsigned)
                                     : highestAttr(type, isUnsigned));
  Value where = b.fill(sizes, b.getI64IntegerAttr(0));
  SmallVector<AffineExpr> exprs;
  SmallVector<utils::IteratorType> loops;
  for (int64_t i = 0; i < rank; ++i) {
    loops.push_back(i == *axis ? utils::IteratorType::reduction
                               : utils::IteratorType::parallel);
    if (i != *axis)
      exprs.push_back(b.getAffineDimExpr(i));
  }
  AffineMap outer = AffineMap::get(rank, 0, exprs, b.getContext());
  auto generic = linalg::GenericOp::create(
      b, TypeRange{best.getType(), where.getType()}, x, ValueRange{best, where},
      {b.getMultiDimIdentityMap(rank), outer, outer}, loops,
      [&](OpBuilder &builder, Location loc, ValueRange args) {
        B inner(loc, builder);
        Value index = arith::IndexCastOp::create(
            inner, inner.getI64Type(), linalg::IndexOp::create(inner, *axis));
        Value better = isBefore(inner, args[0], args[1], largest, isUnsigned);
        if (last)
          better = arith::XOrIOp::create(
              inner, isBefore(inner, args[1], args[0], largest, isUnsigned),
              constant(inner, inner.getI1Type(), 1));
        Value value = arith::SelectOp::create(inner, better, args[0], args[1]);
        Value at = arith::SelectOp::create(inner, better, index, args[2]);
        linalg::YieldOp::create(inner, ValueRange{value, at});
      });
  Value result = generic.getResult(1);
  b.setSizes(result, sizes);
  return node.op.getInt("keepdims", 1) ? b.reshape(result, kept) : result;
}

void onnxtolinalg::populateSelectionLowerings(Lowerings &lowerings) {
  // What need not be sorted may be.
  lowerings["TopK"] = Lowering(lowerTopK)
                          .takes(1, 2)
                          .reads("axis k largest sorted")
                          .of(Elements::Numbers);
  lowerings["ArgMax"] = lowerings["ArgMin"] =
      Lowering(single(lowerArgReduction))
          .takes(1)
          .reads("axis keepdims select_last_index")
          .of(Elements::Numbers);
}
