//===- DispatchOps.cpp - moe.plan and moe.dispatch -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VerifyUtils.h"

using namespace mlir;
using namespace mlir::moe;

LogicalResult PlanOp::verify() {
  bool byExperts = getPlan().getType().getOwner() == PlanOwner::Experts;
  // (P1)
  if (byExperts != static_cast<bool>(getTokens()))
    return emitOpError("a number of tokens goes with a plan by expert choice, "
                       "and only there");
  // (P2)
  int64_t experts = getPlan().getType().getExperts();
  if (byExperts && !mayEqual(dimOf(getIds(), 0), experts))
    return emitOpError("ids must have one row for each of ")
           << experts << " experts";
  return success();
}

LogicalResult DispatchOp::verify() {
  auto input = cast<RankedTensorType>(getInput().getType());
  auto rows = cast<RankedTensorType>(getRows().getType());
  // (D1)
  if (input.getElementType() != rows.getElementType() ||
      !mayEqual(input.getDimSize(1), rows.getDimSize(1)))
    return emitOpError("rows must have the element type and width of the "
                       "input, got ")
           << input << " and " << rows;
  return success();
}
