//===- GateOps.cpp - moe.gate and moe.route -*- C++ -*-===//
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
template <typename OpTy> static LogicalResult verifyScores(OpTy op) {
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
template <typename OpTy> static LogicalResult verifyGivenIds(OpTy op) {
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
template <typename OpTy> static LogicalResult verifySelection(OpTy op) {
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

template <typename OpTy>
static LogicalResult verifyGroups(OpTy op, GroupLimitAttr groups) {
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

template <typename OpTy> static LogicalResult verifySlots(OpTy op) {
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

/// Checks all but what the logits come from. Gate and route both have logits
/// T×E, as operand or as result.
template <typename OpTy> static LogicalResult verifyRouting(OpTy op) {
  if (failed(verifyScores(op)) || failed(verifySelection(op)))
    return failure();
  if (GroupLimitAttr groups = op.getGroupLimitAttr())
    if (failed(verifyGroups(op, groups)))
      return failure();
  if (failed(verifySlots(op)))
    return failure();
  // (G16)
  int64_t rows =
      op.isExpertChoice() ? op.getNumExperts() : dimOf(op.getLogits(), 0);
  int64_t width = op.getSelect().getK() + op.getShared();
  for (Value result : {op.getWeights(), op.getIds()})
    if (!mayEqual(dimOf(result, 0), rows) || dimOf(result, 1) != width)
      return op.emitOpError("results must be ")
             << (ShapedType::isDynamic(rows) ? "T" : std::to_string(rows))
             << " x " << width << ", got " << result.getType();
  return success();
}

LogicalResult GateOp::verify() { return verifyRouting(*this); }

/// Checks that `projected` may be the projections of `input` by `weights`.
static LogicalResult verifyProjected(Operation *op, Value input, StringRef name,
                                     WeightsType weights, Value projected) {
  // (H1)
  if (!weights.isMatrix() || !mayEqual(weights.getInSize(), dimOf(input, 1)))
    return op->emitOpError()
           << name << " " << weights << " cannot project " << input.getType();
  // (H2)
  if (dimOf(projected, 1) != weights.getNumExperts() * weights.getOutSize() ||
      !mayEqual(dimOf(projected, 0), dimOf(input, 0)))
    return op->emitOpError()
           << projected.getType() << " is not what " << name << " " << weights
           << " makes of " << input.getType();
  // (H3)
  if (isDouble(projected) != isDouble(input))
    return op->emitOpError("projections are f64 if and only if the input is");
  return success();
}

LogicalResult ProjectOp::verify() {
  return verifyProjected(*this, getInput(), "weights", getWeights().getType(),
                         getResult());
}

LogicalResult RouteOp::verify() {
  WeightsType router = getRouter().getType();
  // (H4)
  if (router.getNumExperts() != 1)
    return emitOpError("router must be one matrix, got ") << router;
  if (failed(verifyProjected(*this, getInput(), "router", router, getLogits())))
    return failure();
  if (Value bias = getRouterBias()) {
    auto type = cast<WeightsType>(bias.getType());
    if (type.getShape() != ArrayRef<int64_t>({1, getNumExperts()}))
      return emitOpError("router bias must be 1x")
             << getNumExperts() << ", got " << type;
  }
  // (H5)
  if (getExtra().size() != getProjected().size())
    return emitOpError("has ") << getExtra().size() << " extra weights for "
                               << getProjected().size() << " results";
  for (auto [weights, projected] : llvm::zip_equal(getExtra(), getProjected()))
    if (failed(verifyProjected(*this, getInput(), "extra",
                               cast<WeightsType>(weights.getType()),
                               projected)))
      return failure();
  // (H8)
  if (getSharedGate() &&
      (getExtra().empty() || getSharedWeights() || getShared() < 1 ||
       dimOf(getProjected().back(), 1) != getShared()))
    return emitOpError(
               "shared_gate needs shared experts without weights, and a "
               "last extra projection to ")
           << getShared() << " columns";
  return verifyRouting(*this);
}
