//===- ExpertMeaning.cpp - What an expert is known to compute ---*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Analysis/ExpertMeaning.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::moe;

/// Whether an operation puts +0 everywhere.
static bool isZeroSplat(Value tensor) {
  if (auto fill = tensor.getDefiningOp<linalg::FillOp>())
    return matchPattern(fill.getInputs()[0], m_PosZeroFloat());
  if (auto splat = tensor.getDefiningOp<tensor::SplatOp>())
    return matchPattern(splat.getInput(), m_PosZeroFloat());
  return false;
}

bool ExpertMeanings::isZero(Value tensor, int64_t first, int64_t count) {
  Operation *op = tensor.getDefiningOp();
  if (!op)
    return false;
  DenseElementsAttr elements;
  if (matchPattern(tensor, m_Constant(&elements)))
    return isZeroRange(elements, first, count);
  if (isZeroSplat(tensor))
    return true;
  if (isa<arith::ExtFOp, arith::TruncFOp, tensor::CastOp>(op))
    return isZero(op->getOperand(0), first, count);
  auto data = dyn_cast<ConstantDataOpInterface>(op);
  if (!readData || !data || !data.isZeroData(symbolTables, first, count))
    return false;
  foundInData = true;
  return true;
}

/// The elements of `values`, one tensor for all experts or one for each, that
/// belong to `expert`: a tensor, the first element, and their number.
static std::tuple<Value, int64_t, int64_t>
getExpertElements(WeightsOp op, ValueRange values, int64_t expert) {
  expert = op.getSourceExpert(expert);
  Value value = op.isStacked() ? values.front() : values[expert];
  auto type = cast<RankedTensorType>(value.getType());
  int64_t count = type.getNumElements();
  if (!op.isStacked())
    return {value, 0, count};
  count /= op.getNumSourceExperts();
  return {value, expert * count, count};
}

bool ExpertMeanings::isZeroWeights(Value weights, int64_t expert) {
  if (auto lowRank = weights.getDefiningOp<LowRankWeightsOp>()) {
    bool common = lowRank.getBase().getType().getNumExperts() == 1;
    return isZeroWeights(lowRank.getBase(), common ? 0 : expert) &&
           (isZeroWeights(lowRank.getU(), expert) ||
            isZeroWeights(lowRank.getV(), expert));
  }
  auto op = weights.getDefiningOp<WeightsOp>();
  if (!op)
    return false;
  // Zero scales make zeros of any codes; of codes alone nothing is said.
  ValueRange values = op.getSources();
  if (!op.getScales().empty())
    values = op.getScales();
  auto [tensor, first, count] = getExpertElements(op, values, expert);
  return isZero(tensor, first, count);
}

ExpertMeaning ExpertMeanings::getFFN(FFNExpertsOp op, int64_t expert) {
  if (!isZeroWeights(op.getDown(), expert))
    return {};
  if (!op.getDownBias() || isZeroWeights(op.getDownBias(), expert))
    return {ExpertMeaning::Zero};
  if (!op.getDownBias().getDefiningOp<WeightsOp>())
    return {};
  return {ExpertMeaning::Constant, op.getDownBias(), Value(), expert};
}

ExpertMeaning ExpertMeanings::getRegion(RegionExpertsOp op) {
  Block &body = op.getBody().front();
  Value result = body.getTerminator()->getOperand(0);
  if (result == body.getArgument(1))
    return {ExpertMeaning::Copy};
  if (isZeroSplat(result))
    return {ExpertMeaning::Zero};
  return {};
}

ExpertMeaning ExpertMeanings::get(Value set, int64_t expert) {
  Operation *op = set.getDefiningOp();
  if (isa_and_nonnull<ZeroExpertsOp>(op))
    return {ExpertMeaning::Zero};
  if (isa_and_nonnull<CopyExpertsOp>(op))
    return {ExpertMeaning::Copy};
  if (auto constant = dyn_cast_or_null<ConstantExpertsOp>(op)) {
    // What is made elsewhere cannot be read here.
    if (!constant.getVectors().getDefiningOp<WeightsOp>())
      return {};
    if (constant.getMix())
      return {ExpertMeaning::Mixed, constant.getVectors(), constant.getMix(),
              expert};
    if (isZeroWeights(constant.getVectors(), expert))
      return {ExpertMeaning::Zero};
    return {ExpertMeaning::Constant, constant.getVectors(), Value(), expert};
  }
  if (auto ffn = dyn_cast_or_null<FFNExpertsOp>(op))
    return getFFN(ffn, expert);
  if (auto region = dyn_cast_or_null<RegionExpertsOp>(op))
    return getRegion(region);
  return {};
}
