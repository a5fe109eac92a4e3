//===- Scan.cpp - Running sums and positions of elements -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OpenAxes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

using B = ImplicitLocOpBuilder;

/// x + y or x · y.
static Value combine(B &b, bool isProduct, Value x, Value y) {
  if (isa<FloatType>(x.getType()))
    return isProduct ? arith::MulFOp::create(b, x, y).getResult()
                     : arith::AddFOp::create(b, x, y).getResult();
  return isProduct ? arith::MulIOp::create(b, x, y).getResult()
                   : arith::AddIOp::create(b, x, y).getResult();
}

/// The same along an axis that only the run knows: elements are visited in an
/// order in which the one before, along any axis, comes first.
static FailureOr<Value> lowerOpenScan(Node &node) {
  TensorBuilder &b = node.b;
  Type type = node.getElementType(0), compute = getComputeType(type);
  FailureOr<SmallVector<Value>> mask = readAxes(node, 1, node.getRank(0));
  if (failed(mask))
    return failure();
  bool isProduct = node.op.getOpType() == "CumProd";
  bool exclusive = node.op.getInt("exclusive", 0);
  bool reverse = node.op.getInt("reverse", 0);
  Value input = b.convertFloat(node.get(0), compute);
  Sizes sizes = b.getSizes(input);
  Value neutral = constant(b, compute, isProduct ? 1.0 : 0.0);
  Value one = b.getIndex(b.index(1)), zero = b.getIndex(b.index(0));
  Value yes = constant(b, b.getI1Type(), 1.0);
  SmallVector<Value> last;
  for (OpFoldResult size : sizes)
    last.push_back(b.getIndex(b.sub(size, b.index(1))));
  Value result = b.loop(
      sizes, b.empty(sizes, compute),
      [&](B &b, ValueRange at, ValueRange carried) {
        SmallVector<Value> here, before;
        Value isFirst = constant(b, b.getI1Type(), 0.0);
        for (auto [isNamed, i, end] : llvm::zip_equal(*mask, at, last)) {
          Value starts =
              arith::CmpIOp::create(b, arith::CmpIPredicate::eq, i, zero);
          isFirst = arith::OrIOp::create(
              b, isFirst, arith::AndIOp::create(b, isNamed, starts));
          Value stays = arith::OrIOp::create(
              b, starts, arith::XOrIOp::create(b, isNamed, yes));
          Value previous = arith::SelectOp::create(
              b, stays, i, arith::SubIOp::create(b, i, one));
          here.push_back(reverse ? arith::SubIOp::create(b, end, i).getResult()
                                 : i);
          before.push_back(
              reverse ? arith::SubIOp::create(b, end, previous).getResult()
                      : previous);
        }
        Value sum = tensor::ExtractOp::create(b, carried[0], before);
        Value x =
            tensor::ExtractOp::create(b, input, exclusive ? before : here);
        Value next = combine(b, isProduct, sum, x);
        Value first = exclusive ? neutral : x;
        next = arith::SelectOp::create(b, isFirst, first, next);
        return SmallVector<Value>{
            tensor::InsertOp::create(b, next, carried[0], here)};
      })[0];
  return b.convertFloat(result, type);
}

/// Every result is the one before it combined with one more element, starting
/// from the neutral one; an exclusive scan leaves the element itself out.
static FailureOr<Value> lowerScan(Node &node) {
  TensorBuilder &b = node.b;
  Type type = node.getElementType(0), compute = getComputeType(type);
  if (type.isInteger(1))
    return node.fail("is not defined for these elements");
  std::optional<SmallVector<int64_t>> given =
      node.state.values->getConstants(node.get(1));
  if (given && given->size() != 1)
    return node.fail("the axis must be one number");
  if (!given)
    return lowerOpenScan(node);
  std::optional<int64_t> axis =
      onnxir::normalizeAxis(given->front(), node.getRank(0));
  if (!axis)
    return node.fail("the axis is out of range");
  bool isProduct = node.op.getOpType() == "CumProd";
  bool exclusive = node.op.getInt("exclusive", 0);
  bool reverse = node.op.getInt("reverse", 0);
  Value input = b.convertFloat(node.get(0), compute);
  Sizes sizes = b.getSizes(input);
  Value count = b.getIndex(sizes[*axis]);
  Value neutral = constant(b, compute, isProduct ? 1.0 : 0.0);
  // The scanned dimension is the innermost loop, which carries the result.
  Sizes bounds(sizes);
  bounds.erase(bounds.begin() + *axis);
  Value result = b.loop(
      bounds, b.empty(sizes, compute),
      [&](B &b, ValueRange outer, ValueRange carried) {
        SmallVector<Value> inner = buildLoops(
            b, count, {carried[0], neutral},
            [&](B &b, ValueRange at, ValueRange carried) {
              Value i = at[0], one = arith::ConstantIndexOp::create(b, 1);
              if (reverse)
                i = arith::SubIOp::create(
                    b, arith::SubIOp::create(b, count, one), i);
              SmallVector<Value> where(outer);
              where.insert(where.begin() + *axis, i);
              Value x = tensor::ExtractOp::create(b, input, where);
              Value next = combine(b, isProduct, carried[1], x);
              Value out = exclusive ? carried[1] : next;
              return SmallVector<Value>{
                  tensor::InsertOp::create(b, out, carried[0], where), next};
            });
        return SmallVector<Value>{inner[0]};
      })[0];
  return b.convertFloat(result, type);
}

/// Counts the elements that are not 0, which gives the result its size, then
/// writes their indices one after the other.
static FailureOr<Value> lowerNonZero(Node &node) {
  TensorBuilder &b = node.b;
  Value input = node.get(0);
  int64_t rank = node.getRank(0);
  Type type = node.getElementType(0);
  auto isSet = [type](B &b, Value x) -> Value {
    if (isa<FloatType>(type))
      return arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, x,
                                   constant(b, x.getType(), 0.0));
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, x,
                                 constant(b, type, 0.0));
  };
  Value count = b.getScalar(b.reduce(
      input, llvm::to_vector(llvm::seq<int64_t>(rank)),
      /*keepDims=*/false, b.getIndexAttr(0), [&](B &b, ValueRange x) -> Value {
        Value one =
            arith::IndexCastUIOp::create(b, b.getIndexType(), isSet(b, x[0]));
        return arith::AddIOp::create(b, x[1], one);
      }));
  Sizes sizes{b.index(rank), count};
  Value zero = b.getIndex(b.index(0));
  SmallVector<Value> results =
      b.loop(b.getSizes(input), {b.empty(sizes, b.getI64Type()), zero},
             [&](B &b, ValueRange at, ValueRange carried) {
               Value x = tensor::ExtractOp::create(b, input, at);
               auto branch = scf::IfOp::create(
                   b, isSet(b, x),
                   [&](OpBuilder &builder, Location loc) {
                     B b(loc, builder);
                     Value out = carried[0];
                     for (auto [i, index] : llvm::enumerate(at)) {
                       Value element =
                           arith::IndexCastOp::create(b, b.getI64Type(), index);
                       Value row = arith::ConstantIndexOp::create(b, i);
                       out = tensor::InsertOp::create(
                           b, element, out, ValueRange{row, carried[1]});
                     }
                     Value next = arith::AddIOp::create(
                         b, carried[1], arith::ConstantIndexOp::create(b, 1));
                     scf::YieldOp::create(b, ValueRange{out, next});
                   },
                   [&](OpBuilder &builder, Location loc) {
                     scf::YieldOp::create(builder, loc, carried);
                   });
               return llvm::to_vector_of<Value>(branch.getResults());
             });
  b.setSizes(results[0], sizes);
  return results[0];
}

/// The rows along an axis, or elements, whose condition holds.
static FailureOr<Value> lowerCompress(Node &node) {
  TensorBuilder &b = node.b;
  Value input = node.get(0), condition = node.get(1);
  if (!node.getElementType(1).isInteger(1) || node.getRank(1) != 1)
    return node.fail("the condition must be booleans of rank 1");
  int64_t axis = 0;
  if (node.op.getAttribute("axis")) {
    FailureOr<int64_t> given = node.getAxis("axis", 0, node.getRank(0));
    if (failed(given))
      return failure();
    axis = *given;
  } else {
    input = b.reshape(input, b.product(b.getSizes(input)));
  }
  Sizes sizes = b.getSizes(input);
  // What lies beyond a shorter condition is dropped.
  OpFoldResult length = b.getSize(condition, 0);
  b.assertAtMost(length, sizes[axis], "the condition is longer than the data");
  Value zero = b.getIndex(b.index(0)), one = b.getIndex(b.index(1));
  SmallVector<Value> found =
      b.loop(length, {b.empty(length, b.getIndexType()), zero},
             [&](B &b, ValueRange at, ValueRange carried) {
               Value holds = tensor::ExtractOp::create(b, condition, at);
               Value rows =
                   tensor::InsertOp::create(b, at[0], carried[0], carried[1]);
               Value next = arith::AddIOp::create(b, carried[1], one);
               // What does not count is written over by the next.
               return SmallVector<Value>{
                   rows, arith::SelectOp::create(b, holds, next, carried[1])};
             });
  sizes[axis] = found[1];
  return b.generate(
      sizes, node.getElementType(0), [&](B &b, ValueRange at) -> Value {
        SmallVector<Value> from(at);
        from[axis] = tensor::ExtractOp::create(b, found[0], at[axis]);
        return tensor::ExtractOp::create(b, input, from);
      });
}

void onnxtolinalg::populateScanLowerings(Lowerings &lowerings) {
  lowerings["CumSum"] = lowerings["CumProd"] = Lowering(single(lowerScan))
                                                   .takes(2)
                                                   .reads("exclusive reverse")
                                                   .of(Elements::Numbers);
  lowerings["Compress"] =
      Lowering(single(lowerCompress)).takes(2).reads("axis");
  lowerings["NonZero"] = Lowering(single(lowerNonZero)).takes(1);
}
