//===- Gather.cpp - Gathers -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Lowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

using B = ImplicitLocOpBuilder;

/// An index counted from the front.
static Value wrapIndex(B &b, Value index, Value size) {
  Value i = arith::IndexCastOp::create(b, b.getIndexType(), index);
  Value zero = arith::ConstantIndexOp::create(b, 0);
  Value isNegative =
      arith::CmpIOp::create(b, arith::CmpIPredicate::slt, i, zero);
  return arith::SelectOp::create(b, isNegative,
                                 arith::AddIOp::create(b, i, size), i);
}

/// Ends the call when an index lies outside [−size, size). Nothing has to be
/// checked for constants.
static LogicalResult checkIndices(Node &node, unsigned slot,
                                  OpFoldResult size) {
  TensorBuilder &b = node.b;
  std::optional<int64_t> known = getConstantIntValue(size);
  std::optional<SmallVector<int64_t>> constants = onnxir::getConstantInts(
      node.get(slot), &node.state.values->getSymbolTables());
  if (known && constants) {
    for (int64_t index : *constants)
      if (index < -*known || index >= *known)
        return node.emitError() << "index " << index << " is out of range for "
                                << *known << " elements";
    return success();
  }
  int64_t rank = node.getRank(slot);
  Value bound = b.getIndex(size);
  Value inside =
      b.map(node.get(slot), b.getI1Type(), [&](B &b, ValueRange x) -> Value {
        Value i = wrapIndex(b, x[0], bound);
        // As unsigned numbers, negative ones are too large.
        return arith::CmpIOp::create(b, arith::CmpIPredicate::ult, i, bound);
      });
  Value all = b.reduce(inside, llvm::to_vector(llvm::seq<int64_t>(rank)), false,
                       b.getBoolAttr(true), [](B &b, ValueRange x) -> Value {
                         return arith::AndIOp::create(b, x[0], x[1]);
                       });
  b.assertTrue(b.getScalar(all), "an index is out of range");
  return success();
}

static FailureOr<Value> lowerGather(Node &node) {
  TensorBuilder &b = node.b;
  FailureOr<int64_t> axis = node.getAxis("axis", 0, node.getRank(0));
  if (failed(axis))
    return failure();
  Sizes data = b.getSizes(node.get(0)), at = b.getSizes(node.get(1)), sizes;
  if (!isa<IntegerType>(node.getElementType(1)))
    return node.fail("indices must be integers");
  if (failed(checkIndices(node, 1, data[*axis])))
    return failure();
  sizes.append(data.begin(), data.begin() + *axis);
  sizes.append(at.begin(), at.end());
  sizes.append(data.begin() + *axis + 1, data.end());
  Value input = node.get(0), indices = node.get(1);
  Value bound = b.getIndex(data[*axis]);
  return b.generate(
      sizes, node.getElementType(0), [&](B &b, ValueRange loops) -> Value {
        ValueRange where = loops.slice(*axis, at.size());
        Value index = tensor::ExtractOp::create(b, indices, where);
        SmallVector<Value> from(loops.take_front(*axis));
        from.push_back(wrapIndex(b, index, bound));
        llvm::append_range(from, loops.drop_front(*axis + at.size()));
        return tensor::ExtractOp::create(b, input, from);
      });
}

static FailureOr<Value> lowerGatherElements(Node &node) {
  TensorBuilder &b = node.b;
  FailureOr<int64_t> axis = node.getAxis("axis", 0, node.getRank(0));
  if (failed(axis))
    return failure();
  if (node.getRank(1) != node.getRank(0) ||
      !isa<IntegerType>(node.getElementType(1)))
    return node.fail("indices must be integers of the rank of the data");
  OpFoldResult size = b.getSize(node.get(0), *axis);
  if (failed(checkIndices(node, 1, size)))
    return failure();
  Sizes sizes = b.getSizes(node.get(1)), data = b.getSizes(node.get(0));
  for (auto [i, limit] : llvm::enumerate(data))
    if (static_cast<int64_t>(i) != *axis && sizes[i] != limit)
      b.assertTrue(arith::CmpIOp::create(b, arith::CmpIPredicate::sle,
                                         b.getIndex(sizes[i]),
                                         b.getIndex(limit)),
                   "indices are larger than the data");
  Value input = node.get(0), indices = node.get(1), bound = b.getIndex(size);
  return b.generate(
      sizes, node.getElementType(0), [&](B &b, ValueRange loops) -> Value {
        Value index = tensor::ExtractOp::create(b, indices, loops);
        SmallVector<Value> from(loops);
        from[*axis] = wrapIndex(b, index, bound);
        return tensor::ExtractOp::create(b, input, from);
      });
}

void onnxtolinalg::populateGatherLowerings(Lowerings &lowerings) {
  lowerings["Gather"] = {2, single(lowerGather)};
  lowerings["GatherElements"] = {2, single(lowerGatherElements)};
}
