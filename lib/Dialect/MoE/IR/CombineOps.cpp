//===- CombineOps.cpp - moe.combine -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VerifyUtils.h"

using namespace mlir;
using namespace mlir::moe;

LogicalResult mlir::moe::verifyCombineWeights(Operation *op, Value weights,
                                              PlanType plan, Value input,
                                              Value result) {
  // (C2), (E5)
  if (plan.getOwner() == PlanOwner::Experts) {
    if (!mayEqual(dimOf(weights, 0), plan.getExperts()))
      return op->emitOpError("weights must have one row for each of ")
             << plan.getExperts() << " experts";
  } else if (!mayEqual(dimOf(weights, 0), dimOf(result, 0))) {
    return op->emitOpError("weights and result differ in tokens");
  }
  // (C3), (E6)
  if (isDouble(weights) && !isDouble(input))
    return op->emitOpError("f64 weights need f64 rows");
  return success();
}

LogicalResult mlir::moe::verifyAffineTerm(Operation *op, Value copyScale,
                                          Value copyInput, Value coefficients,
                                          Value vectors, Value result) {
  auto type = cast<RankedTensorType>(result.getType());
  // (C5)
  if (static_cast<bool>(copyScale) != static_cast<bool>(copyInput))
    return op->emitOpError("a copied input goes with its scale");
  if (copyInput) {
    auto input = cast<RankedTensorType>(copyInput.getType());
    if (input.getElementType() != type.getElementType() ||
        !mayEqual(input.getDimSize(0), type.getDimSize(0)) ||
        !mayEqual(input.getDimSize(1), type.getDimSize(1)))
      return op->emitOpError("the copied input must have the type of the "
                             "result, got ")
             << input << " and " << type;
    if (!mayEqual(dimOf(copyScale, 0), type.getDimSize(0)))
      return op->emitOpError("scale and result differ in tokens");
  }
  // (C6)
  if (static_cast<bool>(coefficients) != static_cast<bool>(vectors))
    return op->emitOpError("constant vectors go with their coefficients");
  if (vectors) {
    auto shape = cast<WeightsType>(vectors.getType()).getShape();
    if (shape.size() != 2 || !mayEqual(shape[1], type.getDimSize(1)))
      return op->emitOpError("constant vectors must have the width of the "
                             "result, got ")
             << vectors.getType() << " and " << type;
    if (!mayEqual(dimOf(coefficients, 0), type.getDimSize(0)) ||
        dimOf(coefficients, 1) != shape[0])
      return op->emitOpError("coefficients must be T x ") << shape[0];
  }
  // (C7)
  for (Value factor : {copyScale, coefficients})
    if (factor && isDouble(factor) && !isDouble(result))
      return op->emitOpError("f64 scales and coefficients need f64 rows");
  return success();
}

LogicalResult CombineOp::verify() {
  auto rows = cast<RankedTensorType>(getRows().getType());
  auto result = cast<RankedTensorType>(getResult().getType());
  // (C1)
  if (rows.getElementType() != result.getElementType() ||
      !mayEqual(rows.getDimSize(1), result.getDimSize(1)))
    return emitOpError("result must have the element type and width of the "
                       "rows, got ")
           << rows << " and " << result;
  if (failed(verifyCombineWeights(*this, getWeights(), getPlan().getType(),
                                  getRows(), getResult())))
    return failure();
  return verifyAffineTerm(*this, getCopyScale(), getCopyInput(),
                          getCoefficients(), getVectors(), getResult());
}
