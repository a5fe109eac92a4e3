//===- GateOps.cpp - moe.gate -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VerifyUtils.h"

using namespace mlir;
using namespace mlir::moe;

int64_t GateOp::getNumExperts() { return dimOf(getLogits(), 1); }

/// Whether experts are chosen by comparing choice values, so that groups of
/// experts can be excluded from the comparison.
static bool comparesExperts(SelectMode mode) {
  return mode == SelectMode::TopK || mode == SelectMode::TopP ||
         mode == SelectMode::Threshold || mode == SelectMode::RankK;
}

/// Checks the shapes and element types of bias, state and values.
static LogicalResult verifyScores(GateOp op) {
  // (G1)
  int64_t experts = op.getNumExperts();
  if (ShapedType::isDynamic(experts) || experts < 1)
    return op.emitOpError("logits must have a static number of experts");
  // (G2)
  if (op.getBias() && !mayEqual(dimOf(op.getBias(), 0), experts))
    return op.emitOpError("bias must have ") << experts << " elements";
  // (G3)
  for (Value matrix : {op.getState(), op.getValues()})
    if (matrix && (!mayEqual(dimOf(matrix, 1), experts) ||
                   !mayEqual(dimOf(matrix, 0), dimOf(op.getLogits(), 0))))
      return op.emitOpError("state and values must have the shape of logits");
  // (G4)
  for (Value operand :
       {op.getBias(), op.getState(), op.getValues(), op.getSharedWeights()})
    if (operand && isDouble(operand) && !isDouble(op.getLogits()))
      return op.emitOpError("f64 operands need f64 logits");
  return success();
}

/// Checks the ids and the table of a choice that is made elsewhere.
static LogicalResult verifyGivenIds(GateOp op) {
  int64_t k = op.getSelect().getK();
  auto type = cast<RankedTensorType>(op.getGivenIds().getType());
  bool table = static_cast<bool>(op.getTable());
  bool isI32 = type.getElementType().isSignlessInteger(32);
  // (G6)
  if (!table &&
      (type.getRank() != 2 || !isI32 || !mayEqual(type.getDimSize(1), k)))
    return op.emitOpError("ids must be tensor<?x")
           << k << "xi32>, got " << type;
  // (G7)
  if (table && (type.getRank() != 1 || !isI32))
    return op.emitOpError("ids must be tensor<?xi32>, got ") << type;
  if (table && !mayEqual(dimOf(op.getTable(), 1), k))
    return op.emitOpError("table must have k = ") << k << " columns";
  if (!mayEqual(type.getDimSize(0), dimOf(op.getLogits(), 0)))
    return op.emitOpError("ids and logits differ in tokens");
  return success();
}

/// Checks the operands that the mode of selection asks for, and no other.
static LogicalResult verifySelection(GateOp op) {
  SelectAttr select = op.getSelect();
  SelectMode mode = select.getMode();
  int64_t experts = op.getNumExperts();
  bool given = mode == SelectMode::Given, table = mode == SelectMode::Table;
  // (G5)
  if ((given || table) != static_cast<bool>(op.getGivenIds()))
    return op.emitOpError("ids go with select given or table, and only there");
  if (table != static_cast<bool>(op.getTable()))
    return op.emitOpError("a table goes with select table, and only there");
  if (given || table)
    return verifyGivenIds(op);
  // (G8)
  if (mode == SelectMode::All && select.getK() != experts)
    return op.emitOpError("select all needs k = ") << experts;
  // (G9)
  if (mode == SelectMode::RankK && select.getRank() > experts)
    return op.emitOpError("rank ")
           << select.getRank() << " exceeds " << experts << " experts";
  if (!op.isExpertChoice() && select.getK() > experts)
    return op.emitOpError("cannot choose k = ")
           << select.getK() << " of " << experts << " experts";
  // (G12)
  if (mode == SelectMode::SparseMixer &&
      (op.getScore().getFunction() != ScoreFunction::Identity || op.getBias() ||
       op.getValues()))
    return op.emitOpError("sparse_mixer takes the identity score, and neither "
                          "bias nor values");
  // (G13)
  if (op.isExpertChoice() &&
      (op.getShared() != 0 || op.getCapacityAttr() || op.getNormalizeAttr()))
    return op.emitOpError("expert_choice takes neither shared experts, nor "
                          "capacity, nor normalisation");
  return success();
}

static LogicalResult verifyGroups(GateOp op, GroupLimitAttr groups) {
  SelectAttr select = op.getSelect();
  int64_t experts = op.getNumExperts();
  // (G10)
  if (experts % groups.getCount() != 0)
    return op.emitOpError() << experts << " experts do not form "
                            << groups.getCount() << " equal groups";
  int64_t perGroup = experts / groups.getCount();
  if (groups.getBy() == GroupReduce::Top2Sum && perGroup < 2)
    return op.emitOpError("top2_sum needs groups of at least 2 experts");
  // (G11)
  if (!comparesExperts(select.getMode()))
    return op.emitOpError("groups go with top_k, top_p, threshold and rank_k");
  int64_t needed = std::max<int64_t>(select.getK(), select.getRank());
  if (needed > perGroup * groups.getKeep())
    return op.emitOpError("the kept groups hold fewer than ")
           << needed << " experts";
  return success();
}

static LogicalResult verifySlots(GateOp op) {
  // (G14)
  if (op.getShared() < 0 || op.getShared() > kMaxIds - op.getNumExperts())
    return op.emitOpError("shared must be at least 0, and all experts fewer "
                          "than 2^31");
  if (Value weights = op.getSharedWeights()) {
    if (op.getShared() == 0)
      return op.emitOpError("weights of shared experts need shared experts");
    if (!mayEqual(dimOf(weights, 1), op.getShared()) ||
        !mayEqual(dimOf(weights, 0), dimOf(op.getLogits(), 0)))
      return op.emitOpError("weights of shared experts must be T x ")
             << op.getShared();
  }
  // (G15)
  if (!op.getScale().isFinite())
    return op.emitOpError("scale must be finite");
  if (op.getDropBelow() && op.getDropBelow()->isNaN())
    return op.emitOpError("drop_below must be a number");
  return success();
}

LogicalResult GateOp::verify() {
  if (failed(verifyScores(*this)) || failed(verifySelection(*this)))
    return failure();
  if (GroupLimitAttr groups = getGroupLimitAttr())
    if (failed(verifyGroups(*this, groups)))
      return failure();
  if (failed(verifySlots(*this)))
    return failure();
  // (G16)
  int64_t rows = isExpertChoice() ? getNumExperts() : dimOf(getLogits(), 0);
  int64_t width = getSelect().getK() + getShared();
  for (Value result : {getWeights(), getIds()})
    if (!mayEqual(dimOf(result, 0), rows) || dimOf(result, 1) != width)
      return emitOpError("results must be ")
             << (ShapedType::isDynamic(rows) ? "T" : std::to_string(rows))
             << " x " << width << ", got " << result.getType();
  return success();
}
