//===- Reference.cpp - Building blocks of the reference lowering ----------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/IR/Reference.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::moe;

FloatType mlir::moe::getComputeType(Type type) {
  MLIRContext *context = type.getContext();
  if (type.isF64())
    return Float64Type::get(context);
  return Float32Type::get(context);
}

Value mlir::moe::castFloat(OpBuilder &builder, Location loc, Value value,
                           Type type) {
  unsigned from = value.getType().getIntOrFloatBitWidth();
  unsigned to = type.getIntOrFloatBitWidth();
  if (value.getType() == type)
    return value;
  if (from == to) {
    // f16 and bf16 do not hold each other; f32 holds both.
    Value wide =
        arith::ExtFOp::create(builder, loc, builder.getF32Type(), value);
    return arith::TruncFOp::create(builder, loc, type, wide);
  }
  if (from < to)
    return arith::ExtFOp::create(builder, loc, type, value);
  return arith::TruncFOp::create(builder, loc, type, value);
}

Value mlir::moe::createEmpty(OpBuilder &builder, Location loc,
                             ArrayRef<OpFoldResult> sizes, Type element) {
  return tensor::EmptyOp::create(builder, loc, sizes, element);
}

Value mlir::moe::createFilled(OpBuilder &builder, Location loc,
                              ArrayRef<OpFoldResult> sizes, TypedAttr value) {
  Value empty = createEmpty(builder, loc, sizes, value.getType());
  Value scalar = arith::ConstantOp::create(builder, loc, value);
  return linalg::FillOp::create(builder, loc, scalar, empty).getResult(0);
}

Value mlir::moe::buildLoops(OpBuilder &builder, Location loc, unsigned numLoops,
                            ValueRange inputs, Value init,
                            ArrayRef<SmallVector<unsigned>> maps,
                            LoopBody body) {
  MLIRContext *context = builder.getContext();
  SmallVector<AffineMap> affineMaps;
  for (ArrayRef<unsigned> loops : maps) {
    SmallVector<AffineExpr> dims;
    for (unsigned loop : loops)
      dims.push_back(getAffineDimExpr(loop, context));
    affineMaps.push_back(AffineMap::get(numLoops, 0, dims, context));
  }
  SmallVector<utils::IteratorType> iterators(numLoops,
                                             utils::IteratorType::reduction);
  for (unsigned loop : maps.back())
    iterators[loop] = utils::IteratorType::parallel;
  return linalg::GenericOp::create(
             builder, loc, init.getType(), inputs, init, affineMaps, iterators,
             [&](OpBuilder &nested, Location loc, ValueRange elements) {
               linalg::YieldOp::create(nested, loc,
                                       body(nested, loc, elements));
             })
      .getResult(0);
}

Value mlir::moe::buildElementwise(OpBuilder &builder, Location loc,
                                  ValueRange inputs, Type resultElement,
                                  LoopBody body) {
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(builder, loc, inputs.front());
  SmallVector<unsigned> loops =
      llvm::to_vector(llvm::seq<unsigned>(0, sizes.size()));
  SmallVector<SmallVector<unsigned>> maps(inputs.size() + 1, loops);
  Value init = createEmpty(builder, loc, sizes, resultElement);
  return buildLoops(builder, loc, sizes.size(), inputs, init, maps, body);
}

Value mlir::moe::castElements(OpBuilder &builder, Location loc, Value tensor,
                              Type element) {
  if (getElementTypeOrSelf(tensor) == element)
    return tensor;
  return buildElementwise(
      builder, loc, tensor, element,
      [&](OpBuilder &nested, Location loc, ValueRange elements) {
        return castFloat(nested, loc, elements[0], element);
      });
}

Value mlir::moe::extractElement(OpBuilder &builder, Location loc, Value tensor,
                                ValueRange indices) {
  return tensor::ExtractOp::create(builder, loc, tensor, indices);
}

Value mlir::moe::toIndex(OpBuilder &builder, Location loc, Value value) {
  if (value.getType().isIndex())
    return value;
  return arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                    value);
}
