//===- DispatchOps.cpp - Plan, dispatch, and operations on ids -*- C++ -*-===//
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

LogicalResult RemapIdsOp::verify() {
  // (M1)
  if (getTable().empty())
    return emitOpError("the table must have an entry for each expert");
  for (int32_t id : getTable())
    if (id < -1)
      return emitOpError("entries must be ids or -1, got ") << id;
  return success();
}

/// Whether a table leaves every id of its range as it is.
static bool isIdentity(ArrayRef<int32_t> table) {
  return llvm::all_of(llvm::enumerate(table), [](auto entry) {
    return entry.value() == static_cast<int32_t>(entry.index());
  });
}

OpFoldResult RemapIdsOp::fold(FoldAdaptor adaptor) {
  // What is out of range must become −1, so the ids must be known to be in it.
  auto result = dyn_cast<OpResult>(getIds());
  if (!result || !isIdentity(getTable()))
    return {};
  if (auto gate = dyn_cast<GateOp>(result.getOwner()))
    if (gate.getNumSlots() == static_cast<int64_t>(getTable().size()) &&
        !gate.isExpertChoice())
      return getIds();
  return {};
}

LogicalResult MixOp::verify() {
  // (X1)
  int64_t tokens = dimOf(getSums(), 0), columns = dimOf(getSums(), 1);
  if (columns != static_cast<int64_t>(getStarts().size()))
    return emitOpError("has ")
           << getStarts().size() << " starts for " << getSums().getType();
  for (int32_t start : getStarts())
    if (start < -1 || start > dimOf(getLogits(), 1) - 2)
      return emitOpError("starts must be -1 or leave two of the logits, got ")
             << start;
  // (X2)
  for (Value value : {getLogits(), getCopies(), getScale(), getCoefficients()})
    if (value && !mayEqual(dimOf(value, 0), tokens))
      return emitOpError("operands and results differ in tokens");
  if (dimOf(getCoefficients(), 1) != columns)
    return emitOpError("coefficients must be T x ") << columns;
  // (X3)
  Type element = getElementTypeOrSelf(getSums());
  for (Value value : {getCopies(), getScale(), getCoefficients()})
    if (value && getElementTypeOrSelf(value) != element)
      return emitOpError("sums, copies and results must have one element type");
  return success();
}

LogicalResult CoefficientsOp::verify() {
  auto result = cast<RankedTensorType>(getResult().getType());
  auto weights = cast<RankedTensorType>(getWeights().getType());
  // (U1)
  if (!mayEqual(weights.getDimSize(0), dimOf(getIds(), 0)) ||
      !mayEqual(weights.getDimSize(1), dimOf(getIds(), 1)))
    return emitOpError("weights and ids differ in shape");
  if (!mayEqual(weights.getDimSize(0), result.getDimSize(0)))
    return emitOpError("weights and result differ in tokens");
  // (U2)
  int64_t columns = result.getRank() == 1 ? 1 : result.getDimSize(1);
  if (ShapedType::isDynamic(columns))
    return emitOpError("the number of columns must be static");
  for (int32_t column : getTable())
    if (column < -1 || column >= columns)
      return emitOpError("entries must be columns of the result or -1, got ")
             << column;
  // (U3)
  if (result.getElementType().isF64() != isDouble(getWeights()))
    return emitOpError("the result is f64 if and only if the weights are");
  return success();
}
