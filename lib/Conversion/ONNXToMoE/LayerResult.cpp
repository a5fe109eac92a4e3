//===- LayerResult.cpp - What a layer takes the place of --------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A layer gives a matrix of rows; the value that it replaces may have the
// tokens in several dimensions, and ones anywhere.
//
//===----------------------------------------------------------------------===//

#include "LayerBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::moe;

/// The product of `sizes` without dynamic ones.
static int64_t getStaticProduct(ArrayRef<int64_t> sizes) {
  int64_t product = 1;
  for (int64_t size : sizes)
    if (!ShapedType::isDynamic(size) &&
        llvm::MulOverflow(product, size, product))
      return 0;
  return product;
}

bool LayerBuilder::planResult() {
  auto target = cast<RankedTensorType>(replaced.getType());
  int64_t trailing = 0, rank = target.getRank();
  if (rank < 2)
    return false;
  while (trailing + 2 < rank && target.getDimSize(rank - 1 - trailing) == 1)
    ++trailing;
  ArrayRef<int64_t> to = target.getShape().take_front(rank - trailing - 1);
  ArrayRef<int64_t> from = tokens.getShape().drop_back();
  leading.assign(to.size(), -1);
  unsigned open = llvm::count_if(to, ShapedType::isDynamic);
  if (open == 0 && !ShapedType::isDynamicShape(from))
    return getStaticProduct(to) == getStaticProduct(from);
  if (open <= 1)
    return getStaticProduct(to) != 0;
  // Several open sizes are those of the input, one after the other.
  auto isLong = [](ArrayRef<int64_t> sizes) {
    return llvm::to_vector(
        llvm::make_filter_range(llvm::seq<int64_t>(0, sizes.size()),
                                [=](int64_t i) { return sizes[i] != 1; }));
  };
  SmallVector<int64_t> toLong = isLong(to), fromLong = isLong(from);
  if (toLong.size() != fromLong.size())
    return false;
  for (auto [i, j] : llvm::zip_equal(toLong, fromLong)) {
    if (!ShapedType::isDynamic(to[i]) && !ShapedType::isDynamic(from[j]) &&
        to[i] != from[j])
      return false;
    leading[i] = j;
  }
  return true;
}

/// `rows` as a tensor whose dimensions but the last are the tokens, and ones
/// after it, as `target` has them.
static Value expandRows(ImplicitLocOpBuilder &b, Value rows, Value tokens,
                        RankedTensorType target, ArrayRef<int64_t> leading) {
  auto type = cast<RankedTensorType>(rows.getType());
  int64_t known =
      getStaticProduct(target.getShape().take_front(leading.size()));
  SmallVector<ReassociationIndices> groups(2);
  SmallVector<OpFoldResult> sizes;
  SmallVector<int64_t> shape;
  for (int64_t i = 0; i < target.getRank(); ++i) {
    bool isToken = i < static_cast<int64_t>(leading.size());
    groups[!isToken].push_back(i);
    int64_t size = target.getDimSize(i);
    if (isToken && leading[i] >= 0) {
      size = cast<RankedTensorType>(tokens.getType()).getDimSize(leading[i]);
      sizes.push_back(tensor::getMixedSize(b, b.getLoc(), tokens, leading[i]));
    } else if (isToken && ShapedType::isDynamic(size) &&
               !type.isDynamicDim(0)) {
      size = type.getDimSize(0) / known;
      sizes.push_back(b.getIndexAttr(size));
    } else if (isToken && ShapedType::isDynamic(size)) {
      Value rest = tensor::DimOp::create(b, rows, 0);
      if (known != 1)
        rest = arith::DivUIOp::create(b, rest,
                                      arith::ConstantIndexOp::create(b, known));
      sizes.push_back(rest);
    } else {
      size =
          i == static_cast<int64_t>(leading.size()) ? type.getDimSize(1) : size;
      sizes.push_back(b.getIndexAttr(size));
    }
    shape.push_back(size);
  }
  // The number of rows is as static as the sizes that it is made of.
  auto tokenSizes = ArrayRef(shape).take_front(leading.size());
  int64_t count = ShapedType::isDynamicShape(tokenSizes)
                      ? ShapedType::kDynamic
                      : getStaticProduct(tokenSizes);
  if (count != type.getDimSize(0))
    rows = tensor::CastOp::create(b, type.clone({count, type.getDimSize(1)}),
                                  rows);
  return tensor::ExpandShapeOp::create(b, type.clone(shape), rows, groups,
                                       sizes);
}

void LayerBuilder::replace(ImplicitLocOpBuilder &b, Value result) {
  auto target = cast<RankedTensorType>(replaced.getType());
  if (target.getRank() > 2)
    result = expandRows(b, result, layer.tokens, target, leading);
  result = castFloats(b, result, target.getElementType());
  if (result.getType() != target)
    result = tensor::CastOp::create(b, target, result);
  for (Value other : others)
    result = buildNode(b, "Add", {other, result}, target);
  replaced.replaceAllUsesWith(result);
}
