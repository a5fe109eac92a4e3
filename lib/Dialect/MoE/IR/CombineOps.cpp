//===- CombineOps.cpp - moe.combine -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/IR/MoE.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::moe;

LogicalResult CombineOp::verify() {
  auto rows = cast<RankedTensorType>(getRows().getType());
  auto result = cast<RankedTensorType>(getResult().getType());
  if (rows.getElementType() != result.getElementType() ||
      rows.getDimSize(1) != result.getDimSize(1))
    return emitOpError("result must have the element type and width of the "
                       "rows, got ")
           << rows << " and " << result;
  auto weights = cast<RankedTensorType>(getWeights().getType());
  bool byExperts = getPlan().getType().getOwner() == PlanOwner::Experts;
  if (!byExperts && !weights.isDynamicDim(0) && !result.isDynamicDim(0) &&
      weights.getDimSize(0) != result.getDimSize(0))
    return emitOpError("weights and result differ in tokens");
  return success();
}

/// The number of tokens of a combined result.
static FailureOr<OpFoldResult> getTokens(OpBuilder &builder, Location loc,
                                         Value plan, Value weights) {
  if (cast<PlanType>(plan.getType()).getOwner() == PlanOwner::Tokens)
    return tensor::getMixedSize(builder, loc, weights, 0);
  if (auto op = plan.getDefiningOp<PlanOp>())
    return getAsOpFoldResult(op.getTokens());
  return failure();
}

LogicalResult
CombineOp::reifyResultShapes(OpBuilder &builder,
                             ReifiedRankedShapedTypeDims &shapes) {
  FailureOr<OpFoldResult> tokens =
      getTokens(builder, getLoc(), getPlan(), getWeights());
  if (failed(tokens))
    return failure();
  shapes.push_back(
      {*tokens, tensor::getMixedSize(builder, getLoc(), getRows(), 1)});
  return success();
}

LogicalResult
ExpertsOp::reifyResultShapes(OpBuilder &builder,
                             ReifiedRankedShapedTypeDims &shapes) {
  int64_t outSize = cast<RankedTensorType>(getResult().getType()).getDimSize(1);
  OpFoldResult width = builder.getIndexAttr(outSize);
  if (Value weights = getCombineWeights()) {
    FailureOr<OpFoldResult> tokens =
        getTokens(builder, getLoc(), getPlan(), weights);
    if (failed(tokens))
      return failure();
    shapes.push_back({*tokens, width});
    return success();
  }
  // With gather, the number of rows is known to the plan alone.
  if (getGather())
    return failure();
  shapes.push_back(
      {tensor::getMixedSize(builder, getLoc(), getInput(), 0), width});
  return success();
}
