//===- ShapeInference.cpp - Result shapes in terms of operands --*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VerifyUtils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::moe;

/// The size of dimension `dim` of `result`, which is `sourceDim` of `source`
/// where its own type does not say it.
static OpFoldResult sizeOf(OpBuilder &builder, Location loc, Value result,
                           unsigned dim, Value source, unsigned sourceDim) {
  int64_t size = dimOf(result, dim);
  if (!ShapedType::isDynamic(size))
    return builder.getIndexAttr(size);
  return tensor::getMixedSize(builder, loc, source, sourceDim);
}

/// The number of tokens of a combined result: null where only the plan knows.
static OpFoldResult tokensOf(OpBuilder &builder, Location loc, Value result,
                             Value plan, Value weights) {
  if (cast<PlanType>(plan.getType()).getOwner() == PlanOwner::Tokens)
    return sizeOf(builder, loc, result, 0, weights, 0);
  if (int64_t size = dimOf(result, 0); !ShapedType::isDynamic(size))
    return builder.getIndexAttr(size);
  if (auto op = plan.getDefiningOp<PlanOp>())
    return getAsOpFoldResult(op.getTokens());
  return {};
}

/// The number of rows of a plan, which no operation says: null, unless the
/// type of `result` does.
static OpFoldResult rowsOf(OpBuilder &builder, Value result) {
  int64_t size = dimOf(result, 0);
  if (ShapedType::isDynamic(size))
    return {};
  return builder.getIndexAttr(size);
}

/// Dimension `dim` of the operation's only result, null where it is not known;
/// nothing is built then.
static OpFoldResult dimOfResult(DispatchOp op, OpBuilder &builder, int dim) {
  if (dim == 0)
    return rowsOf(builder, op.getRows());
  return sizeOf(builder, op.getLoc(), op.getRows(), 1, op.getInput(), 1);
}

static OpFoldResult dimOfResult(CombineOp op, OpBuilder &builder, int dim) {
  if (dim == 0)
    return tokensOf(builder, op.getLoc(), op.getResult(), op.getPlan(),
                    op.getWeights());
  return sizeOf(builder, op.getLoc(), op.getResult(), 1, op.getRows(), 1);
}

static OpFoldResult dimOfResult(ExpertsOp op, OpBuilder &builder, int dim) {
  Value result = op.getResult(), weights = op.getCombineWeights();
  if (dim == 1)
    return builder.getIndexAttr(dimOf(result, 1));
  if (op.getGather() == static_cast<bool>(weights))
    return sizeOf(builder, op.getLoc(), result, 0, op.getInput(), 0);
  if (weights)
    return tokensOf(builder, op.getLoc(), result, op.getPlan(), weights);
  return rowsOf(builder, result);
}

template <typename OpTy>
static LogicalResult reifyResult(OpTy op, OpBuilder &builder,
                                 ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back({dimOfResult(op, builder, 0), dimOfResult(op, builder, 1)});
  return success();
}

template <typename OpTy>
static FailureOr<OpFoldResult> reifyDim(OpTy op, OpBuilder &builder, int dim) {
  OpFoldResult size = dimOfResult(op, builder, dim);
  if (!size)
    return failure();
  return size;
}

LogicalResult GateOp::reifyResultShapes(OpBuilder &builder,
                                        ReifiedRankedShapedTypeDims &shapes) {
  OpFoldResult width = builder.getIndexAttr(getSelect().getK() + getShared());
  for (Value result : {getWeights(), getIds()}) {
    OpFoldResult rows =
        isExpertChoice() ? OpFoldResult(builder.getIndexAttr(getNumExperts()))
                         : sizeOf(builder, getLoc(), result, 0, getLogits(), 0);
    shapes.push_back({rows, width});
  }
  return success();
}

LogicalResult RouteOp::reifyResultShapes(OpBuilder &builder,
                                         ReifiedRankedShapedTypeDims &shapes) {
  for (Value result : getResults()) {
    bool chosen = result == getWeights() || result == getIds();
    OpFoldResult rows =
        chosen && isExpertChoice()
            ? OpFoldResult(builder.getIndexAttr(getNumExperts()))
            : sizeOf(builder, getLoc(), result, 0, getInput(), 0);
    shapes.push_back({rows, builder.getIndexAttr(dimOf(result, 1))});
  }
  return success();
}

LogicalResult
ProjectOp::reifyResultShapes(OpBuilder &builder,
                             ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back({sizeOf(builder, getLoc(), getResult(), 0, getInput(), 0),
                    builder.getIndexAttr(dimOf(getResult(), 1))});
  return success();
}

LogicalResult
CoefficientsOp::reifyResultShapes(OpBuilder &builder,
                                  ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back({sizeOf(builder, getLoc(), getResult(), 0, getIds(), 0)});
  if (cast<RankedTensorType>(getType()).getRank() == 2)
    shapes.back().push_back(builder.getIndexAttr(dimOf(getResult(), 1)));
  return success();
}

LogicalResult MixOp::reifyResultShapes(OpBuilder &builder,
                                       ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back({sizeOf(builder, getLoc(), getScale(), 0, getSums(), 0)});
  shapes.push_back(
      {sizeOf(builder, getLoc(), getCoefficients(), 0, getSums(), 0),
       builder.getIndexAttr(dimOf(getCoefficients(), 1))});
  return success();
}

LogicalResult
DispatchOp::reifyResultShapes(OpBuilder &builder,
                              ReifiedRankedShapedTypeDims &shapes) {
  return reifyResult(*this, builder, shapes);
}

FailureOr<OpFoldResult> DispatchOp::reifyDimOfResult(OpBuilder &builder,
                                                     int resultIndex, int dim) {
  return reifyDim(*this, builder, dim);
}

LogicalResult
CombineOp::reifyResultShapes(OpBuilder &builder,
                             ReifiedRankedShapedTypeDims &shapes) {
  return reifyResult(*this, builder, shapes);
}

FailureOr<OpFoldResult> CombineOp::reifyDimOfResult(OpBuilder &builder,
                                                    int resultIndex, int dim) {
  return reifyDim(*this, builder, dim);
}

LogicalResult
ExpertsOp::reifyResultShapes(OpBuilder &builder,
                             ReifiedRankedShapedTypeDims &shapes) {
  return reifyResult(*this, builder, shapes);
}

FailureOr<OpFoldResult> ExpertsOp::reifyDimOfResult(OpBuilder &builder,
                                                    int resultIndex, int dim) {
  return reifyDim(*this, builder, dim);
}
