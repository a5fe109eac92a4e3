//===- Positions.cpp - Tensors made of positions -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Indices.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

using B = ImplicitLocOpBuilder;

/// The number of classes, an integer or a float of any rank with one element.
static FailureOr<OpFoldResult> getDepth(Node &node) {
  TensorBuilder &b = node.b;
  if (isa<IntegerType>(node.getElementType(1)) && node.getRank(1) <= 1) {
    FailureOr<Sizes> depth = node.getIndices(1);
    if (failed(depth))
      return failure();
    if (depth->size() == 1)
      return depth->front();
  }
  if (!node.getType(1).hasStaticShape() ||
      node.getType(1).getNumElements() != 1 ||
      !isa<FloatType>(node.getElementType(1))) {
    node.emitError() << "the depth must be one number";
    return failure();
  }
  Value integer = castScalar(b, b.getScalar(node.get(1)),
                             node.getElementType(1), b.getI64Type());
  return OpFoldResult(
      arith::IndexCastOp::create(b, b.getIndexType(), integer).getResult());
}

/// values[1] where the new dimension's index is the element, values[0] all
/// around; an index out of range has no place.
static FailureOr<Value> lowerOneHot(Node &node) {
  TensorBuilder &b = node.b;
  Sizes sizes = b.getSizes(node.get(0));
  FailureOr<int64_t> axis = node.getAxis("axis", -1, sizes.size() + 1);
  if (failed(axis))
    return failure();
  if (node.getRank(2) != 1 || node.getType(2).getDimSize(0) != 2)
    return node.fail("needs the two values off and on");
  if (node.getElementType(0).isInteger(1))
    return node.fail("indices must be numbers");
  FailureOr<OpFoldResult> depth = getDepth(node);
  if (failed(depth))
    return failure();
  sizes.insert(sizes.begin() + *axis, *depth);
  Value bound = b.getIndex(*depth);
  Value indices = node.get(0), values = node.get(2);
  Type from = node.getElementType(0);
  if (node.isUnsigned(0))
    from = IntegerType::get(from.getContext(), from.getIntOrFloatBitWidth(),
                            IntegerType::Unsigned);
  return b.generate(
      sizes, node.getElementType(2), [&](B &b, ValueRange loops) -> Value {
        SmallVector<Value> at(loops);
        at.erase(at.begin() + *axis);
        Value x = tensor::ExtractOp::create(b, indices, at);
        Value i = wrapIndex(b, castScalar(b, x, from, b.getI64Type()), bound);
        Value isOn =
            arith::CmpIOp::create(b, arith::CmpIPredicate::eq, i, loops[*axis]);
        Value slot = arith::IndexCastUIOp::create(b, b.getIndexType(), isOn);
        return tensor::ExtractOp::create(b, values, slot);
      });
}

/// Keeps the elements on one side of a diagonal of the last two dimensions.
static FailureOr<Value> lowerTrilu(Node &node) {
  TensorBuilder &b = node.b;
  int64_t rank = node.getRank(0);
  if (rank < 2)
    return node.fail("needs rank 2 or more");
  OpFoldResult diagonal = b.index(0);
  if (node.get(1)) {
    FailureOr<Sizes> given = node.getIndices(1);
    if (failed(given))
      return failure();
    if (given->size() != 1)
      return node.fail("k must be one number");
    diagonal = given->front();
  }
  bool upper = node.op.getInt("upper", 1);
  Value k = b.getIndex(diagonal);
  return b.map(
      node.get(0), node.getElementType(0), [&](B &b, ValueRange x) -> Value {
        Value row = linalg::IndexOp::create(b, rank - 2);
        Value column = linalg::IndexOp::create(b, rank - 1);
        Value offset = arith::SubIOp::create(b, column, row);
        Value keep = arith::CmpIOp::create(
            b, upper ? arith::CmpIPredicate::sge : arith::CmpIPredicate::sle,
            offset, k);
        return arith::SelectOp::create(b, keep, x[0],
                                       constant(b, x[0].getType(), 0.0));
      });
}

static FailureOr<Value> lowerEyeLike(Node &node) {
  TensorBuilder &b = node.b;
  if (node.getRank(0) != 2)
    return node.fail("needs rank 2");
  int64_t k = node.op.getInt("k", 0);
  Type type = node.getResultElementType(0);
  return b.generate(
      b.getSizes(node.get(0)), type, [&](B &b, ValueRange at) -> Value {
        Value offset = arith::SubIOp::create(b, at[1], at[0]);
        Value isOn =
            arith::CmpIOp::create(b, arith::CmpIPredicate::eq, offset,
                                  arith::ConstantIndexOp::create(b, k));
        return arith::SelectOp::create(b, isOn, constant(b, type, 1.0),
                                       constant(b, type, 0.0));
      });
}

void onnxtolinalg::populatePositionLowerings(Lowerings &lowerings) {
  lowerings["OneHot"] = Lowering(single(lowerOneHot))
                            .takes(3)
                            .reads("axis")
                            .of(Elements::Numbers);
  lowerings["Trilu"] = Lowering(single(lowerTrilu)).takes(1, 2).reads("upper");
  lowerings["EyeLike"] =
      Lowering(single(lowerEyeLike)).takes(1).reads("dtype k");
}
