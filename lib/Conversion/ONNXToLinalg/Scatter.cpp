//===- Scatter.cpp - ScatterElements and ScatterND -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Indices.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

using B = ImplicitLocOpBuilder;

/// What is written where `update` meets the element `old`.
static Value combine(B &b, StringRef reduction, Value old, Value update,
                     bool isUnsigned) {
  if (reduction == "none")
    return update;
  Type type = old.getType(), compute = getComputeType(type);
  Value x = convertFloatScalar(b, old, compute);
  Value y = convertFloatScalar(b, update, compute);
  Value result;
  // Booleans add up and multiply as logic does.
  bool isFloat = isa<FloatType>(type), isBool = type.isInteger(1);
  if (reduction == "add")
    result = isFloat  ? arith::AddFOp::create(b, x, y).getResult()
             : isBool ? arith::OrIOp::create(b, x, y).getResult()
                      : arith::AddIOp::create(b, x, y).getResult();
  else if (reduction == "mul")
    result = isFloat ? arith::MulFOp::create(b, x, y).getResult()
                     : arith::MulIOp::create(b, x, y).getResult();
  else if (reduction == "max")
    result = isFloat ? arith::MaximumFOp::create(b, x, y).getResult()
             : isUnsigned || isBool
                 ? arith::MaxUIOp::create(b, x, y).getResult()
                 : arith::MaxSIOp::create(b, x, y).getResult();
  else
    result = isFloat ? arith::MinimumFOp::create(b, x, y).getResult()
             : isUnsigned || isBool
                 ? arith::MinUIOp::create(b, x, y).getResult()
                 : arith::MinSIOp::create(b, x, y).getResult();
  return convertFloatScalar(b, result, type);
}

static FailureOr<StringRef> getReduction(Node &node) {
  StringRef reduction = node.op.getString("reduction", "none");
  if (llvm::is_contained({"none", "add", "mul", "max", "min"}, reduction))
    return reduction;
  node.emitError() << "reduction '" << reduction << "' does not exist";
  return failure();
}

/// Updates meet the data in row-major order, so that of several that meet the
/// same element all count, or the last one.
static FailureOr<Value> lowerScatterElements(Node &node) {
  TensorBuilder &b = node.b;
  FailureOr<int64_t> axis = node.getAxis("axis", 0, node.getRank(0));
  if (failed(axis))
    return failure();
  FailureOr<StringRef> reduction = getReduction(node);
  if (failed(reduction))
    return failure();
  if (node.getRank(1) != node.getRank(0) ||
      node.getRank(2) != node.getRank(0) ||
      node.getElementType(2) != node.getElementType(0) ||
      !isa<IntegerType>(node.getElementType(1)))
    return node.fail("indices or updates do not fit the data");
  Sizes data = b.getSizes(node.get(0)), at = b.getSizes(node.get(1));
  Sizes given = b.getSizes(node.get(2));
  for (auto [i, size] : llvm::enumerate(at)) {
    b.assertEqual(size, given[i], "indices and updates differ in size");
    if (static_cast<int64_t>(i) != *axis)
      b.assertAtMost(size, data[i], "indices are larger than the data");
  }
  if (failed(checkIndices(node, 1, data[*axis])))
    return failure();
  Value indices = node.get(1), updates = node.get(2);
  Value bound = b.getIndex(data[*axis]);
  bool isUnsigned = node.isUnsigned(0);
  return b.loop(
      at, node.get(0), [&](B &b, ValueRange loops, ValueRange carried) {
        SmallVector<Value> to(loops);
        to[*axis] =
            wrapIndex(b, tensor::ExtractOp::create(b, indices, loops), bound);
        Value update = tensor::ExtractOp::create(b, updates, loops);
        Value old;
        if (*reduction != "none")
          old = tensor::ExtractOp::create(b, carried[0], to);
        else
          old = update;
        Value next = combine(b, *reduction, old, update, isUnsigned);
        return SmallVector<Value>{
            tensor::InsertOp::create(b, next, carried[0], to)};
      })[0];
}

/// data[indices[at…, :], rest…] meets updates[at…, rest…].
static FailureOr<Value> lowerScatterND(Node &node) {
  TensorBuilder &b = node.b;
  FailureOr<StringRef> reduction = getReduction(node);
  if (failed(reduction))
    return failure();
  Sizes data = b.getSizes(node.get(0)), at = b.getSizes(node.get(1));
  std::optional<int64_t> depth =
      at.empty() ? std::nullopt : getConstantIntValue(at.back());
  if (!depth)
    return node.fail("the number of indices of an element is not known");
  int64_t rank = data.size(), outer = at.size() - 1;
  if (*depth > rank || node.getRank(2) != outer + rank - *depth ||
      node.getElementType(2) != node.getElementType(0) ||
      !isa<IntegerType>(node.getElementType(1)))
    return node.fail("indices or updates do not fit the data");
  Sizes given = b.getSizes(node.get(2)), expected(ArrayRef(at).drop_back());
  llvm::append_range(expected, ArrayRef(data).drop_front(*depth));
  for (auto [a, e] : llvm::zip_equal(given, expected))
    b.assertEqual(a, e, "updates do not fit the data");
  ArrayRef<OpFoldResult> picked = ArrayRef(data).take_front(*depth);
  if (failed(checkIndices(node, 1, picked)))
    return failure();
  SmallVector<Value> bounds;
  for (OpFoldResult size : picked)
    bounds.push_back(b.getIndex(size));
  Value indices = node.get(1), updates = node.get(2);
  bool isUnsigned = node.isUnsigned(0);
  return b.loop(
      expected, node.get(0), [&](B &b, ValueRange loops, ValueRange carried) {
        SmallVector<Value> to =
            readIndexTuple(b, indices, loops.take_front(outer), bounds);
        llvm::append_range(to, loops.drop_front(outer));
        Value update = tensor::ExtractOp::create(b, updates, loops);
        Value old = update;
        if (*reduction != "none")
          old = tensor::ExtractOp::create(b, carried[0], to);
        Value next = combine(b, *reduction, old, update, isUnsigned);
        return SmallVector<Value>{
            tensor::InsertOp::create(b, next, carried[0], to)};
      })[0];
}

/// Writes positions of a cache, from an index of each batch on.
static FailureOr<Value> lowerTensorScatter(Node &node) {
  TensorBuilder &b = node.b;
  Value cache = node.get(0), update = node.get(1), starts = node.get(2);
  FailureOr<int64_t> axis = node.getAxis("axis", -2, node.getRank(0));
  if (failed(axis))
    return failure();
  StringRef mode = node.op.getString("mode", "linear");
  if (mode != "linear" && mode != "circular")
    return node.fail("mode '" + mode + "' does not exist");
  if (*axis == 0 || node.getRank(1) != node.getRank(0) ||
      node.getElementType(1) != node.getElementType(0) ||
      (starts &&
       (node.getRank(2) != 1 || !isa<IntegerType>(node.getElementType(2)))))
    return node.fail("update or write_indices do not fit the cache");
  Sizes sizes = b.getSizes(cache), given = b.getSizes(update);
  for (auto [i, size] : llvm::enumerate(given)) {
    if (static_cast<int64_t>(i) == *axis)
      b.assertAtMost(size, sizes[i], "the update is longer than the cache");
    else
      b.assertEqual(size, sizes[i], "the update does not fit the cache");
  }
  Value length = b.getIndex(given[*axis]), most = b.getIndex(sizes[*axis]);
  bool isCircular = mode == "circular";
  if (starts) {
    b.assertEqual(b.getSize(starts, 0), sizes[0],
                  "write_indices do not have the batch size");
    Value fits = b.reduce(
        starts, 0, /*keepDims=*/false, b.getBoolAttr(true),
        [&](B &b, ValueRange x) -> Value {
          using P = arith::CmpIPredicate;
          Value start = arith::IndexCastOp::create(b, b.getIndexType(), x[0]);
          Value zero = arith::ConstantIndexOp::create(b, 0);
          Value end = isCircular
                          ? start
                          : arith::AddIOp::create(b, start, length).getResult();
          Value inside = arith::AndIOp::create(
              b, arith::CmpIOp::create(b, P::sge, start, zero),
              arith::CmpIOp::create(b, isCircular ? P::slt : P::sle, end,
                                    most));
          return arith::AndIOp::create(b, x[1], inside);
        });
    b.assertTrue(b.getScalar(fits), "a write index is out of range");
  }
  return b.generate(
      sizes, node.getElementType(0), [&](B &b, ValueRange at) -> Value {
        using P = arith::CmpIPredicate;
        Value offset = at[*axis];
        if (starts) {
          Value element = tensor::ExtractOp::create(b, starts, at[0]);
          Value start =
              arith::IndexCastOp::create(b, b.getIndexType(), element);
          offset = arith::SubIOp::create(b, offset, start);
        }
        if (starts && isCircular) {
          Value zero = arith::ConstantIndexOp::create(b, 0);
          Value before = arith::CmpIOp::create(b, P::slt, offset, zero);
          offset = arith::SelectOp::create(
              b, before, arith::AddIOp::create(b, offset, most), offset);
        }
        // As an unsigned number, a negative one is too large.
        Value isNew = arith::CmpIOp::create(b, P::ult, offset, length);
        auto branch = scf::IfOp::create(
            b, isNew,
            [&](OpBuilder &builder, Location loc) {
              SmallVector<Value> from(at);
              from[*axis] = offset;
              Value x = tensor::ExtractOp::create(builder, loc, update, from);
              scf::YieldOp::create(builder, loc, x);
            },
            [&](OpBuilder &builder, Location loc) {
              Value x = tensor::ExtractOp::create(builder, loc, cache, at);
              scf::YieldOp::create(builder, loc, x);
            });
        return branch.getResult(0);
      });
}

void onnxtolinalg::populateScatterLowerings(Lowerings &lowerings) {
  lowerings["Scatter"] = lowerings["ScatterElements"] =
      Lowering(single(lowerScatterElements)).takes(3).reads("axis reduction");
  lowerings["TensorScatter"] =
      Lowering(single(lowerTensorScatter)).takes(2, 3).reads("axis mode");
  lowerings["ScatterND"] = Lowering(single(lowerScatterND))
                               .takes(3)
                               .reads("reduction")
                               .except("an open number of indices of an "
                                       "element");
}
