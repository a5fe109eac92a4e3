//===- RouteReference.cpp - A route as projections and a gate ---*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "moe/Dialect/MoE/IR/Activation.h"
#include "moe/Dialect/MoE/IR/Reference.h"

using namespace mlir;
using namespace mlir::moe;

/// Builds the projections by all matrices of `weights` side by side.
static Value buildProjections(OpBuilder &builder, Location loc, Value input,
                              Value weights) {
  auto type = cast<WeightsType>(weights.getType());
  auto index = [&](int64_t i) -> Value {
    return arith::ConstantIndexOp::create(builder, loc, i);
  };
  if (type.getNumExperts() == 1)
    return buildProjection(builder, loc, input, weights, index(0));
  int64_t width = type.getOutSize();
  OpFoldResult tokens = tensor::getMixedSize(builder, loc, input, 0);
  Value result =
      createEmpty(builder, loc,
                  {tokens, builder.getIndexAttr(width * type.getNumExperts())},
                  getComputeType(getElementTypeOrSelf(input)));
  for (int64_t e : llvm::seq(type.getNumExperts())) {
    Value part = buildProjection(builder, loc, input, weights, index(e));
    OpFoldResult zero = builder.getIndexAttr(0), one = builder.getIndexAttr(1);
    result = tensor::InsertSliceOp::create(
        builder, loc, part, result,
        ArrayRef<OpFoldResult>{zero, builder.getIndexAttr(e * width)},
        ArrayRef<OpFoldResult>{tokens, builder.getIndexAttr(width)},
        ArrayRef<OpFoldResult>{one, one});
  }
  return result;
}

Value mlir::moe::buildProjected(OpBuilder &builder, Location loc, Value input,
                                Value weights, Value bias,
                                RankedTensorType type) {
  FloatType compute = getComputeType(getElementTypeOrSelf(input));
  Value logits = buildProjections(builder, loc, input, weights);
  if (bias) {
    Value expert = arith::ConstantIndexOp::create(builder, loc, 0);
    ExpertWeights vector(builder, loc, cast<WeightsOp>(bias.getDefiningOp()),
                         expert, compute);
    logits = buildElementwise(
        builder, loc, logits, compute,
        [&](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
          Value column = linalg::IndexOp::create(nested, loc, 1);
          return arith::AddFOp::create(nested, loc, elements[0],
                                       vector.read(nested, loc, column));
        });
  }
  logits = castElements(builder, loc, logits, type.getElementType());
  if (logits.getType() != type)
    logits = tensor::CastOp::create(builder, loc, type, logits);
  return logits;
}

GateOp mlir::moe::buildGate(OpBuilder &builder, RouteOp op, Type weights,
                            Type ids, const GateOperands &operands) {
  return GateOp::create(
      builder, op.getLoc(), weights, ids, operands.logits, op.getBias(),
      operands.state, operands.values, operands.givenIds, op.getTable(),
      operands.sharedWeights, op.getScoreAttr(), op.getGroupLimitAttr(),
      op.getSelectAttr(), op.getCapacityAttr(), op.getNormalizeAttr(),
      op.getScaleAttr(), op.getDropBelowAttr(), op.getSharedAttr());
}

Value mlir::moe::buildSharedGate(OpBuilder &builder, Location loc,
                                 Value projected) {
  FloatType compute = getComputeType(getElementTypeOrSelf(projected));
  return buildElementwise(
      builder, loc, projected, compute,
      [&](OpBuilder &nested, Location loc, ValueRange elements) {
        return buildSigmoid(nested, loc,
                            castFloat(nested, loc, elements[0], compute));
      });
}

SmallVector<Value>
mlir::moe::unfuseRoute(RouteOp op, OpBuilder &builder,
                       function_ref<Value(Value, Value, Value)> project) {
  Value logits = project(op.getRouter(), op.getRouterBias(), op.getLogits());
  SmallVector<Value> projected;
  for (auto [weights, result] :
       llvm::zip_equal(op.getExtra(), op.getProjected()))
    projected.push_back(project(weights, Value(), result));
  GateOperands operands = {logits, op.getState(), op.getValues(),
                           op.getGivenIds(), op.getSharedWeights()};
  if (op.getSharedGate())
    operands.sharedWeights =
        buildSharedGate(builder, op.getLoc(), projected.back());
  GateOp gate = buildGate(builder, op, op.getWeights().getType(),
                          op.getIds().getType(), operands);
  SmallVector<Value> results = {gate.getWeights(), gate.getIds(), logits};
  llvm::append_range(results, projected);
  return results;
}
