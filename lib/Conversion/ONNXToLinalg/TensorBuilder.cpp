//===- TensorBuilder.cpp - Tensor computations with run-time sizes --------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TensorBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

//===----------------------------------------------------------------------===//
// Scalars
//===----------------------------------------------------------------------===//

Type onnxtolinalg::getComputeType(Type type) {
  auto floating = dyn_cast<FloatType>(type);
  return floating && floating.getWidth() < 32
             ? Type(Float32Type::get(type.getContext()))
             : type;
}

TypedAttr onnxtolinalg::constantAttr(Type type, double value) {
  if (isa<FloatType>(type))
    return FloatAttr::get(type, value);
  return IntegerAttr::get(type, static_cast<int64_t>(value));
}

Value onnxtolinalg::constant(ImplicitLocOpBuilder &b, Type type, double value) {
  return arith::ConstantOp::create(b, constantAttr(type, value));
}

TypedAttr onnxtolinalg::lowestAttr(Type type, bool isUnsigned) {
  if (auto floating = dyn_cast<FloatType>(type))
    return FloatAttr::get(
        type, APFloat::getInf(floating.getFloatSemantics(), /*Negative=*/true));
  unsigned width = type.getIntOrFloatBitWidth();
  return IntegerAttr::get(type, isUnsigned || width == 1
                                    ? APInt::getZero(width)
                                    : APInt::getSignedMinValue(width));
}

TypedAttr onnxtolinalg::highestAttr(Type type, bool isUnsigned) {
  if (auto floating = dyn_cast<FloatType>(type))
    return FloatAttr::get(type, APFloat::getInf(floating.getFloatSemantics()));
  unsigned width = type.getIntOrFloatBitWidth();
  return IntegerAttr::get(type, isUnsigned || width == 1
                                    ? APInt::getAllOnes(width)
                                    : APInt::getSignedMaxValue(width));
}

Value onnxtolinalg::convertFloatScalar(ImplicitLocOpBuilder &b, Value value,
                                       Type type) {
  auto from = dyn_cast<FloatType>(value.getType());
  auto to = dyn_cast<FloatType>(type);
  if (!from || !to || from == to)
    return value;
  if (from.getWidth() < to.getWidth())
    return arith::ExtFOp::create(b, type, value);
  if (from.getWidth() > to.getWidth())
    return arith::TruncFOp::create(b, type, value);
  // f16 and bf16 meet in f32.
  Value wide = arith::ExtFOp::create(b, b.getF32Type(), value);
  return arith::TruncFOp::create(b, type, wide);
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

Value TensorBuilder::finish(Value tensor, ArrayRef<OpFoldResult> sizes) {
  setSizes(tensor, sizes);
  return tensor;
}

RankedTensorType TensorBuilder::getType(ArrayRef<OpFoldResult> sizes,
                                        Type elementType) {
  SmallVector<int64_t> shape;
  for (OpFoldResult size : sizes)
    shape.push_back(getConstantIntValue(size).value_or(ShapedType::kDynamic));
  return RankedTensorType::get(shape, elementType);
}

Value TensorBuilder::sharpen(Value tensor) {
  Sizes sizes = getSizes(tensor);
  auto type = cast<RankedTensorType>(tensor.getType());
  RankedTensorType known = getType(sizes, type.getElementType());
  if (known == type)
    return tensor;
  return finish(tensor::CastOp::create(*this, known, tensor), sizes);
}

Value TensorBuilder::empty(ArrayRef<OpFoldResult> sizes, Type elementType) {
  return finish(tensor::EmptyOp::create(*this, sizes, elementType), sizes);
}

Value TensorBuilder::fill(ArrayRef<OpFoldResult> sizes, Value scalar) {
  Value init = empty(sizes, scalar.getType());
  return finish(linalg::FillOp::create(*this, scalar, init).getResult(0),
                sizes);
}

Value TensorBuilder::fill(ArrayRef<OpFoldResult> sizes, TypedAttr scalar) {
  return fill(sizes, Value(arith::ConstantOp::create(*this, scalar)));
}

Value TensorBuilder::getScalar(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<Value> zeros(type.getRank(), getIndex(index(0)));
  return tensor::ExtractOp::create(*this, tensor, zeros);
}

Sizes TensorBuilder::getIndices(Value tensor, bool isUnsigned) {
  auto type = cast<RankedTensorType>(tensor.getType());
  Sizes indices;
  int64_t count = type.getRank() == 0 ? 1 : type.getDimSize(0);
  for (int64_t i = 0; i < count; ++i) {
    SmallVector<Value> at;
    if (type.getRank() == 1)
      at.push_back(getIndex(index(i)));
    Value element = tensor::ExtractOp::create(*this, tensor, at);
    indices.push_back(
        arith::IndexCastOp::create(*this, getIndexType(), element).getResult());
  }
  return indices;
}

Value TensorBuilder::convertFloat(Value tensor, Type elementType) {
  if (cast<RankedTensorType>(tensor.getType()).getElementType() == elementType)
    return tensor;
  return map(tensor, elementType,
             [](ImplicitLocOpBuilder &, ValueRange x) { return x[0]; });
}

/// Calls `body` on widened operands and narrows its result.
static void buildBody(OpBuilder &builder, Location loc, ValueRange operands,
                      Type elementType, TensorBuilder::Body body) {
  ImplicitLocOpBuilder b(loc, builder);
  SmallVector<Value> wide;
  for (Value operand : operands)
    wide.push_back(
        convertFloatScalar(b, operand, getComputeType(operand.getType())));
  Value result = convertFloatScalar(b, body(b, wide), elementType);
  linalg::YieldOp::create(b, result);
}

Value TensorBuilder::stretch(Value input, ArrayRef<OpFoldResult> sizes) {
  Sizes from = getSizes(input);
  size_t offset = sizes.size() - from.size();
  SmallVector<Value> isOne(from.size());
  for (auto [i, size] : llvm::enumerate(from))
    isOne[i] = assertBroadcast(size, sizes[offset + i]);
  Value zero = getIndex(index(0));
  Type type = cast<RankedTensorType>(input.getType()).getElementType();
  return generate(sizes, type, [&](ImplicitLocOpBuilder &b, ValueRange at) {
    SmallVector<Value> indices;
    for (size_t i = 0; i < from.size(); ++i) {
      Value index = at[offset + i];
      if (getConstantIntValue(from[i]) == 1)
        index = zero;
      else if (isOne[i])
        index = arith::SelectOp::create(b, isOne[i], zero, index);
      indices.push_back(index);
    }
    return tensor::ExtractOp::create(b, input, indices).getResult();
  });
}

AffineMap TensorBuilder::getBroadcastMap(Value &input,
                                         ArrayRef<OpFoldResult> sizes) {
  Sizes from = getSizes(input);
  size_t offset = sizes.size() - from.size();
  SmallVector<AffineExpr> exprs;
  for (auto [i, size] : llvm::enumerate(from)) {
    OpFoldResult out = sizes[offset + i];
    std::optional<int64_t> known = getConstantIntValue(size);
    if (size == out) {
      exprs.push_back(getAffineDimExpr(offset + i));
    } else if (known == 1) {
      exprs.push_back(getAffineConstantExpr(0));
    } else {
      input = stretch(input, sizes);
      return getMultiDimIdentityMap(sizes.size());
    }
  }
  return AffineMap::get(sizes.size(), 0, exprs, getContext());
}

Value TensorBuilder::map(ValueRange inputs, Type elementType, Body body) {
  SmallVector<Value> operands(inputs);
  SmallVector<Sizes> all;
  for (Value input : operands)
    all.push_back(getSizes(input));
  Sizes sizes = broadcastSizes(all);
  SmallVector<AffineMap> maps;
  for (Value &input : operands)
    maps.push_back(getBroadcastMap(input, sizes));
  maps.push_back(getMultiDimIdentityMap(sizes.size()));
  Value init = empty(sizes, elementType);
  SmallVector<utils::IteratorType> loops(sizes.size(),
                                         utils::IteratorType::parallel);
  auto generic = linalg::GenericOp::create(
      *this, init.getType(), operands, init, maps, loops,
      [&](OpBuilder &builder, Location loc, ValueRange args) {
        buildBody(builder, loc, args.drop_back(), elementType, body);
      });
  return finish(generic.getResult(0), sizes);
}

Value TensorBuilder::generate(ArrayRef<OpFoldResult> sizes, Type elementType,
                              Body body) {
  Value init = empty(sizes, elementType);
  SmallVector<utils::IteratorType> loops(sizes.size(),
                                         utils::IteratorType::parallel);
  auto generic = linalg::GenericOp::create(
      *this, init.getType(), ValueRange(), init,
      getMultiDimIdentityMap(sizes.size()), loops,
      [&](OpBuilder &builder, Location loc, ValueRange) {
        SmallVector<Value> indices;
        for (size_t i = 0; i < sizes.size(); ++i)
          indices.push_back(linalg::IndexOp::create(builder, loc, i));
        buildBody(builder, loc, indices, elementType, body);
      });
  return finish(generic.getResult(0), sizes);
}

SmallVector<Value> onnxtolinalg::buildLoops(ImplicitLocOpBuilder &b,
                                            ValueRange bounds, ValueRange init,
                                            LoopBody body) {
  Value zero = arith::ConstantIndexOp::create(b, 0);
  Value one = arith::ConstantIndexOp::create(b, 1);
  SmallVector<Value> lower(bounds.size(), zero), steps(bounds.size(), one);
  scf::LoopNest nest = scf::buildLoopNest(
      b, b.getLoc(), lower, bounds, steps, init,
      [&](OpBuilder &builder, Location loc, ValueRange at, ValueRange carried) {
        ImplicitLocOpBuilder inner(loc, builder);
        return scf::ValueVector(body(inner, at, carried));
      });
  return SmallVector<Value>(nest.results);
}

SmallVector<Value> TensorBuilder::loop(ArrayRef<OpFoldResult> bounds,
                                       ValueRange init, LoopBody body) {
  SmallVector<Value> limits;
  for (OpFoldResult bound : bounds)
    limits.push_back(getIndex(bound));
  SmallVector<Value> results = buildLoops(*this, limits, init, body);
  for (auto [before, after] : llvm::zip_equal(init, results))
    if (isa<RankedTensorType>(after.getType()))
      setSizes(after, getSizes(before));
  return results;
}

Value TensorBuilder::reduce(Value input, ArrayRef<int64_t> axes, bool keepDims,
                            TypedAttr init, Body body) {
  Sizes from = getSizes(input), kept, sizes;
  SmallVector<AffineExpr> exprs;
  SmallVector<utils::IteratorType> loops;
  for (auto [i, size] : llvm::enumerate(from)) {
    bool reduced = llvm::is_contained(axes, static_cast<int64_t>(i));
    loops.push_back(reduced ? utils::IteratorType::reduction
                            : utils::IteratorType::parallel);
    if (!reduced) {
      exprs.push_back(getAffineDimExpr(i));
      sizes.push_back(size);
    }
    kept.push_back(reduced ? index(1) : size);
  }
  Type type = init.getType();
  Value start = fill(sizes, init);
  SmallVector<AffineMap> maps{
      getMultiDimIdentityMap(from.size()),
      AffineMap::get(from.size(), 0, exprs, getContext())};
  auto generic = linalg::GenericOp::create(
      *this, start.getType(), input, start, maps, loops,
      [&](OpBuilder &builder, Location loc, ValueRange args) {
        buildBody(builder, loc, args, type, body);
      });
  Value result = finish(generic.getResult(0), sizes);
  return keepDims ? reshape(result, kept) : result;
}

Value TensorBuilder::sumProducts(ValueRange inputs,
                                 ArrayRef<OpFoldResult> sizes,
                                 ArrayRef<AffineMap> maps, Type type) {
  AffineMap result = maps.back();
  SmallVector<utils::IteratorType> loops;
  for (unsigned i = 0, e = result.getNumDims(); i < e; ++i)
    loops.push_back(result.isFunctionOfDim(i) ? utils::IteratorType::parallel
                                              : utils::IteratorType::reduction);
  Value init = fill(sizes, constantAttr(type, 0.0));
  bool isFloat = isa<FloatType>(type);
  auto generic = linalg::GenericOp::create(
      *this, init.getType(), inputs, init, maps, loops,
      [&](OpBuilder &builder, Location loc, ValueRange args) {
        ImplicitLocOpBuilder b(loc, builder);
        Value term;
        for (Value arg : args.drop_back()) {
          arg = convertFloatScalar(b, arg, type);
          if (!term)
            term = arg;
          else if (isFloat)
            term = arith::MulFOp::create(b, term, arg);
          else
            term = arith::MulIOp::create(b, term, arg);
        }
        Value sum = args.back();
        if (isFloat)
          sum = arith::AddFOp::create(b, sum, term);
        else
          sum = arith::AddIOp::create(b, sum, term);
        linalg::YieldOp::create(b, sum);
      });
  return finish(generic.getResult(0), sizes);
}

Value TensorBuilder::multiply(Value lhs, Value rhs, bool transLhs,
                              bool transRhs) {
  Type type = cast<RankedTensorType>(lhs.getType()).getElementType();
  Sizes x = getSizes(lhs), y = getSizes(rhs);
  assertEqual(x[transLhs ? 0 : 1], y[transRhs ? 1 : 0], "inner sizes differ");
  Sizes sizes{x[transLhs ? 1 : 0], y[transRhs ? 0 : 1]};
  Value init = fill(sizes, constantAttr(getComputeType(type), 0.0));
  AffineExpr m, n, k;
  bindDims(getContext(), m, n, k);
  auto map = [&](AffineExpr first, AffineExpr second) {
    return AffineMapAttr::get(
        AffineMap::get(3, 0, {first, second}, getContext()));
  };
  SmallVector<Attribute> maps{transLhs ? map(k, m) : map(m, k),
                              transRhs ? map(n, k) : map(k, n), map(m, n)};
  auto op = linalg::MatmulOp::create(*this, ValueRange{lhs, rhs}, init);
  if (transLhs || transRhs)
    op.setIndexingMapsAttr(getArrayAttr(maps));
  return convertFloat(finish(op.getResult(0), sizes), type);
}

Value TensorBuilder::broadcast(Value input, ArrayRef<OpFoldResult> sizes) {
  if (getSizes(input) == Sizes(sizes))
    return input;
  Type type = cast<RankedTensorType>(input.getType()).getElementType();
  SmallVector<AffineMap> maps{getBroadcastMap(input, sizes),
                              getMultiDimIdentityMap(sizes.size())};
  Value init = empty(sizes, type);
  SmallVector<utils::IteratorType> loops(sizes.size(),
                                         utils::IteratorType::parallel);
  auto generic = linalg::GenericOp::create(
      *this, init.getType(), input, init, maps, loops,
      [&](OpBuilder &builder, Location loc, ValueRange args) {
        linalg::YieldOp::create(builder, loc, args[0]);
      });
  return finish(generic.getResult(0), sizes);
}

Value TensorBuilder::transpose(Value input, ArrayRef<int64_t> permutation) {
  input = sharpen(input);
  Sizes from = getSizes(input), sizes;
  for (int64_t axis : permutation)
    sizes.push_back(from[axis]);
  Value init =
      empty(sizes, cast<RankedTensorType>(input.getType()).getElementType());
  auto op = linalg::TransposeOp::create(*this, input, init, permutation);
  return finish(op->getResult(0), sizes);
}

Value TensorBuilder::slice(Value input, ArrayRef<OpFoldResult> offsets,
                           ArrayRef<OpFoldResult> sizes,
                           ArrayRef<OpFoldResult> strides) {
  // Slice operations may not start where the input ends, as empty ones do.
  for (auto [size, from] : llvm::zip_equal(sizes, getSizes(input)))
    if (getConstantIntValue(size) == 0 || getConstantIntValue(from) == 0)
      return empty(sizes,
                   cast<RankedTensorType>(input.getType()).getElementType());
  return finish(
      tensor::ExtractSliceOp::create(*this, input, offsets, sizes, strides),
      sizes);
}
