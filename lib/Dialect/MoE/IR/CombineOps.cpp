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

LogicalResult CombineOp::verify() {
  auto rows = cast<RankedTensorType>(getRows().getType());
  auto result = cast<RankedTensorType>(getResult().getType());
  // (C1)
  if (rows.getElementType() != result.getElementType() ||
      !mayEqual(rows.getDimSize(1), result.getDimSize(1)))
    return emitOpError("result must have the element type and width of the "
                       "rows, got ")
           << rows << " and " << result;
  return verifyCombineWeights(*this, getWeights(), getPlan().getType(),
                              getRows(), getResult());
}
