//===- IntegerProducts.cpp - Products of quantised matrices -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Operands.h"
#include "Quantization.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

using B = ImplicitLocOpBuilder;

/// A parameter of a matrix so that it broadcasts with it: one number, one for
/// each row or column, or one for each of every batch. Null where it fits none.
static Value alignParameter(Node &node, unsigned slot, bool perRow) {
  TensorBuilder &b = node.b;
  Value value = node.get(slot);
  Sizes sizes = b.getSizes(value);
  if (sizes.size() != 1)
    return value;
  if (getConstantIntValue(sizes[0]) == 1)
    return b.reshape(value, {});
  return perRow ? b.reshape(value, {sizes[0], b.index(1)}) : value;
}

/// Input `slot` less its zero point, i32.
static FailureOr<Value> centre(Node &node, Value input, bool isUnsigned,
                               int zeroSlot, bool perRow) {
  TensorBuilder &b = node.b;
  Type i32 = b.getI32Type();
  SmallVector<Value> operands{input};
  bool isZeroUnsigned = false;
  if (zeroSlot >= 0 && node.get(zeroSlot)) {
    if (!node.getElementType(zeroSlot).isInteger(8))
      return node.fail("zero points must be integers of 8 bits");
    isZeroUnsigned = node.isUnsigned(zeroSlot);
    operands.push_back(alignParameter(node, zeroSlot, perRow));
  }
  Sizes sizes = b.getSizes(input);
  Value result = b.map(operands, i32, [&](B &b, ValueRange x) -> Value {
    Value wide = widenInteger(b, x[0], isUnsigned, i32);
    if (x.size() == 1)
      return wide;
    return arith::SubIOp::create(b, wide,
                                 widenInteger(b, x[1], isZeroUnsigned, i32));
  });
  Sizes after = b.getSizes(result);
  if (after.size() != sizes.size())
    return node.fail("zero points have more dimensions than their matrix");
  for (auto [x, y] : llvm::zip_equal(after, sizes))
    b.assertEqual(x, y, "zero points are larger than their matrix");
  return result;
}

/// Whether input `slot` holds 8-bit integers of rank 1 or more.
static bool isMatrix(Node &node, unsigned slot) {
  return node.getElementType(slot).isInteger(8) && node.getRank(slot) > 0;
}

/// Products of input 0 and `rhsSlot` less their zero points.
static FailureOr<Value> multiply(Node &node, unsigned rhsSlot, int lhsZero,
                                 int rhsZero) {
  if (!isMatrix(node, 0) || !isMatrix(node, rhsSlot))
    return node.fail("operands must be integers of 8 bits");
  FailureOr<Value> lhs =
      centre(node, node.get(0), node.isUnsigned(0), lhsZero, /*perRow=*/true);
  if (failed(lhs))
    return failure();
  FailureOr<Value> rhs =
      centre(node, node.get(rhsSlot), node.isUnsigned(rhsSlot), rhsZero,
             /*perRow=*/false);
  if (failed(rhs))
    return failure();
  return multiplyAny(node.b, *lhs, *rhs);
}

static FailureOr<Value> lowerMatMulInteger(Node &node) {
  return multiply(node, 1, 2, 3);
}

/// `product`, i32, times scales, plus what `bias` holds, if any.
static FailureOr<Value> rescale(Node &node, Value product,
                                ArrayRef<Value> scales, Value bias, Type type) {
  TensorBuilder &b = node.b;
  Type f32 = b.getF32Type();
  Sizes sizes = b.getSizes(product);
  SmallVector<Value> operands{product};
  llvm::append_range(operands, scales);
  if (bias)
    operands.push_back(bias);
  Value result = b.map(operands, type, [&](B &b, ValueRange x) -> Value {
    Value y = arith::SIToFPOp::create(b, f32, x[0]);
    Value factor = x[1];
    if (scales.size() > 1)
      factor = arith::MulFOp::create(b, x[1], x[2]);
    y = arith::MulFOp::create(b, y, factor);
    return bias ? arith::AddFOp::create(b, y, x.back()).getResult() : y;
  });
  Sizes after = b.getSizes(result);
  if (after.size() != sizes.size())
    return node.fail("scales or bias have more dimensions than the result");
  for (auto [x, y] : llvm::zip_equal(after, sizes))
    b.assertEqual(x, y, "scales or bias are larger than the result");
  return result;
}

static FailureOr<Value> lowerMatMulIntegerToFloat(Node &node) {
  for (unsigned slot : {2u, 3u, 6u})
    if (!isFloats(node, slot, {0, 1}))
      return node.fail("scales and bias must be floats of rank 0 or 1");
  FailureOr<Value> product = multiply(node, 1, 4, 5);
  if (failed(product))
    return failure();
  return rescale(node, *product,
                 {alignParameter(node, 2, /*perRow=*/true),
                  alignParameter(node, 3, /*perRow=*/false)},
                 node.get(6), node.getResultElementType(0));
}

static FailureOr<Value> lowerDynamicQuantizeMatMul(Node &node) {
  TensorBuilder &b = node.b;
  if (!node.getElementType(0).isF32() || node.getRank(0) == 0 ||
      !isMatrix(node, 1))
    return node.fail("operands must be f32 and integers of 8 bits");
  for (unsigned slot : {2u, 4u})
    if (!isFloats(node, slot, {0, 1}))
      return node.fail("scales and bias must be floats of rank 0 or 1");
  DynamicallyQuantized lhs = quantizeDynamically(b, node.get(0));
  Type i32 = b.getI32Type();
  Value left =
      b.map({lhs.codes, lhs.zero}, i32, [&](B &b, ValueRange x) -> Value {
        return arith::SubIOp::create(b, widenInteger(b, x[0], true, i32),
                                     widenInteger(b, x[1], true, i32));
      });
  FailureOr<Value> right =
      centre(node, node.get(1), node.isUnsigned(1), 3, /*perRow=*/false);
  if (failed(right))
    return failure();
  return rescale(node, multiplyAny(b, left, *right),
                 {lhs.scale, alignParameter(node, 2, /*perRow=*/false)},
                 node.get(4), node.getResultElementType(0));
}

static FailureOr<Value> lowerQLinearMatMul(Node &node) {
  TensorBuilder &b = node.b;
  for (unsigned slot : {1u, 4u, 6u})
    if (!isa<FloatType>(node.getElementType(slot)) || node.getRank(slot) > 1)
      return node.fail("scales must be floats of rank 0 or 1");
  Type type = node.getResultElementType(0), f32 = b.getF32Type();
  bool isUnsigned = node.getResultONNXType(0).isUnsignedInteger();
  if (!type.isInteger(8) || node.getElementType(7) != type ||
      node.isUnsigned(7) != isUnsigned || node.getRank(7) > 1)
    return node.fail("the zero point must have the result's element type");
  FailureOr<Value> product = multiply(node, 3, 2, 5);
  if (failed(product))
    return failure();
  FailureOr<Value> scaled = rescale(node, *product,
                                    {alignParameter(node, 1, /*perRow=*/true),
                                     alignParameter(node, 4, /*perRow=*/false)},
                                    /*bias=*/{}, f32);
  if (failed(scaled))
    return failure();
  Sizes sizes = b.getSizes(*scaled);
  Value result =
      b.map({*scaled, alignParameter(node, 6, /*perRow=*/true),
             alignParameter(node, 7, /*perRow=*/true)},
            type, [&](B &b, ValueRange x) -> Value {
              Value zero = widenInteger(b, x[2], isUnsigned, b.getI32Type());
              return quantizeScalar(b, arith::DivFOp::create(b, x[0], x[1]),
                                    zero, type, isUnsigned);
            });
  Sizes after = b.getSizes(result);
  if (after.size() != sizes.size())
    return node.fail("the result's scale has more dimensions than the result");
  for (auto [x, y] : llvm::zip_equal(after, sizes))
    b.assertEqual(x, y, "the result's scale is larger than the result");
  return result;
}

void onnxtolinalg::populateIntegerProductLowerings(Lowerings &lowerings) {
  lowerings["MatMulInteger"] =
      Lowering(single(lowerMatMulInteger)).takes(2, 4).of(Elements::Integers);
  lowerings["QLinearMatMul"] = Lowering(single(lowerQLinearMatMul))
                                   .takes(8)
                                   .of(Elements::Integers)
                                   .except("scales of rank 2 and more");
  lowerings["com.microsoft::MatMulIntegerToFloat"] =
      Lowering(single(lowerMatMulIntegerToFloat))
          .takes(4, 7)
          .of(Elements::Integers);
  lowerings["com.microsoft::DynamicQuantizeMatMul"] =
      Lowering(single(lowerDynamicQuantizeMatMul))
          .takes(3, 5)
          .of(Elements::Floats)
          .except("floats other than f32");
}
