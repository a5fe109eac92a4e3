//===- TensorSizes.cpp - Arithmetic on sizes -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TensorBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

Sizes TensorBuilder::getSizes(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  Sizes sizes;
  if (auto it = known.find(tensor); it != known.end()) {
    sizes = it->second;
  } else if (auto cast = tensor.getDefiningOp<tensor::CastOp>()) {
    sizes = getSizes(cast.getSource());
  } else {
    // Right after the definition, so that later code anywhere can use them.
    OpBuilder::InsertionGuard guard(*this);
    if (!type.hasStaticShape())
      setInsertionPointAfterValue(tensor);
    for (int64_t i = 0; i < type.getRank(); ++i)
      sizes.push_back(
          type.isDynamicDim(i)
              ? OpFoldResult(
                    tensor::DimOp::create(*this, tensor, i).getResult())
              : index(type.getDimSize(i)));
    known[tensor] = sizes;
  }
  for (auto [size, dim] : llvm::zip_equal(sizes, type.getShape()))
    if (!ShapedType::isDynamic(dim))
      size = index(dim);
  return sizes;
}

void TensorBuilder::setSizes(Value tensor, ArrayRef<OpFoldResult> sizes) {
  known[tensor] = llvm::to_vector(sizes);
}

Value TensorBuilder::getIndex(OpFoldResult size) {
  return getValueOrCreateConstantIndexOp(*this, getLoc(), size);
}

/// Whether no input makes a size negative, as far as is plain to see.
static bool isNotNegative(OpFoldResult size) {
  if (std::optional<int64_t> constant = getConstantIntValue(size))
    return *constant >= 0;
  return cast<Value>(size).getDefiningOp<tensor::DimOp>() != nullptr;
}

template <typename OpTy>
OpFoldResult TensorBuilder::share(OpFoldResult a, OpFoldResult b) {
  Value &value =
      shared[{TypeID::get<OpTy>(), a.getOpaqueValue(), b.getOpaqueValue()}];
  // A value of another block, or of one further on, may not be seen from here.
  if (value && value.getParentBlock() == getInsertionBlock()) {
    auto here = getInsertionPoint();
    if (here == getInsertionBlock()->end() ||
        value.getDefiningOp()->isBeforeInBlock(&*here))
      return value;
  }
  value = OpTy::create(*this, getIndex(a), getIndex(b));
  return value;
}

OpFoldResult TensorBuilder::add(OpFoldResult a, OpFoldResult b) {
  std::optional<int64_t> x = getConstantIntValue(a), y = getConstantIntValue(b);
  int64_t sum;
  if (x && y && !llvm::AddOverflow(*x, *y, sum))
    return index(sum);
  if (x == 0)
    return b;
  if (y == 0)
    return a;
  return share<arith::AddIOp>(a, b);
}

OpFoldResult TensorBuilder::sub(OpFoldResult a, OpFoldResult b) {
  std::optional<int64_t> x = getConstantIntValue(a), y = getConstantIntValue(b);
  int64_t difference;
  if (x && y && !llvm::SubOverflow(*x, *y, difference))
    return index(difference);
  if (y == 0)
    return a;
  return share<arith::SubIOp>(a, b);
}

OpFoldResult TensorBuilder::mul(OpFoldResult a, OpFoldResult b) {
  std::optional<int64_t> x = getConstantIntValue(a), y = getConstantIntValue(b);
  int64_t result;
  if (x && y && !llvm::MulOverflow(*x, *y, result))
    return index(result);
  if (x == 1)
    return b;
  if (y == 1)
    return a;
  return share<arith::MulIOp>(a, b);
}

OpFoldResult TensorBuilder::floorDiv(OpFoldResult a, OpFoldResult b) {
  std::optional<int64_t> x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (x && y && *y > 0)
    return index(llvm::divideFloorSigned(*x, *y));
  if (y == 1)
    return a;
  return share<arith::FloorDivSIOp>(a, b);
}

OpFoldResult TensorBuilder::ceilDiv(OpFoldResult a, OpFoldResult b) {
  std::optional<int64_t> x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (x && y && *y > 0)
    return index(llvm::divideCeilSigned(*x, *y));
  if (y == 1)
    return a;
  return share<arith::CeilDivSIOp>(a, b);
}

OpFoldResult TensorBuilder::min(OpFoldResult a, OpFoldResult b) {
  std::optional<int64_t> x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (x && y)
    return index(std::min(*x, *y));
  if (a == b)
    return a;
  return share<arith::MinSIOp>(a, b);
}

OpFoldResult TensorBuilder::max(OpFoldResult a, OpFoldResult b) {
  std::optional<int64_t> x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (x && y)
    return index(std::max(*x, *y));
  if (a == b || (y == 0 && isNotNegative(a)))
    return a;
  return share<arith::MaxSIOp>(a, b);
}

OpFoldResult TensorBuilder::product(ArrayRef<OpFoldResult> sizes) {
  OpFoldResult result = index(1);
  for (OpFoldResult size : sizes)
    result = mul(result, size);
  return result;
}

void TensorBuilder::assertTrue(Value condition, const Twine &reason) {
  cf::AssertOp::create(
      *this, condition,
      getStringAttr(subject.empty() ? reason : subject + ": " + reason));
}

void TensorBuilder::assertAtMost(OpFoldResult a, OpFoldResult b,
                                 const Twine &reason) {
  std::optional<int64_t> x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (a == b || (x && y && *x <= *y))
    return;
  assertTrue(arith::CmpIOp::create(*this, arith::CmpIPredicate::sle,
                                   getIndex(a), getIndex(b)),
             reason);
}

void TensorBuilder::assertEqual(OpFoldResult a, OpFoldResult b,
                                const Twine &reason) {
  if (a == b)
    return;
  assertTrue(arith::CmpIOp::create(*this, arith::CmpIPredicate::eq, getIndex(a),
                                   getIndex(b)),
             reason);
}

void TensorBuilder::assertNotNegative(OpFoldResult size, const Twine &reason) {
  if (isNotNegative(size))
    return;
  assertTrue(arith::CmpIOp::create(*this, arith::CmpIPredicate::sge,
                                   getIndex(size), getIndex(index(0))),
             reason);
}

Value TensorBuilder::assertBroadcast(OpFoldResult size, OpFoldResult to) {
  if (size == to || getConstantIntValue(size) == 1)
    return {};
  Value from = getIndex(size);
  Value isOne = arith::CmpIOp::create(*this, arith::CmpIPredicate::eq, from,
                                      getIndex(index(1)));
  Value same = arith::CmpIOp::create(*this, arith::CmpIPredicate::eq, from,
                                     getIndex(to));
  assertTrue(arith::OrIOp::create(*this, isOne, same),
             "sizes cannot be broadcast");
  return isOne;
}

Sizes TensorBuilder::broadcastSizes(ArrayRef<Sizes> all) {
  size_t rank = 0;
  for (const Sizes &sizes : all)
    rank = std::max(rank, sizes.size());
  Sizes result(rank, index(1));
  for (const Sizes &sizes : all) {
    for (auto [i, size] : llvm::enumerate(sizes)) {
      OpFoldResult &out = result[rank - sizes.size() + i];
      std::optional<int64_t> x = getConstantIntValue(out),
                             y = getConstantIntValue(size);
      if (out == size || y == 1)
        continue;
      if (x == 1 || (y && !x)) {
        // A known size decides; a run-time one is then 1 or the same.
        out = size;
        continue;
      }
      if (x)
        continue;
      Value one = getIndex(index(1));
      Value isOne = arith::CmpIOp::create(*this, arith::CmpIPredicate::eq,
                                          getIndex(out), one);
      out = arith::SelectOp::create(*this, isOne, getIndex(size), getIndex(out))
                .getResult();
    }
  }
  return result;
}
