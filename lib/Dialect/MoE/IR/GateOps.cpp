//===- GateOps.cpp - moe.gate -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/IR/MoE.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::moe;

int64_t GateOp::getNumExperts() {
  return cast<RankedTensorType>(getLogits().getType()).getDimSize(1);
}

/// Whether two sizes can be equal at run time.
static bool mayEqual(int64_t a, int64_t b) {
  return a == b || ShapedType::isDynamic(a) || ShapedType::isDynamic(b);
}

static int64_t dim(Value value, unsigned index) {
  return cast<RankedTensorType>(value.getType()).getDimSize(index);
}

/// Checks the operand that the mode of selection asks for, and no other.
static LogicalResult verifySelection(GateOp op) {
  SelectAttr select = op.getSelect();
  int64_t experts = op.getNumExperts();
  bool given = select.getMode() == SelectMode::Given;
  bool table = select.getMode() == SelectMode::Table;
  if ((given || table) != static_cast<bool>(op.getGivenIds()))
    return op.emitOpError("ids go with select given or table, and only there");
  if (table != static_cast<bool>(op.getTable()))
    return op.emitOpError("a table goes with select table, and only there");
  if (given || table) {
    auto type = cast<RankedTensorType>(op.getGivenIds().getType());
    if (given && (type.getRank() != 2 || !type.getElementType().isInteger(32) ||
                  !mayEqual(type.getDimSize(1), select.getK())))
      return op.emitOpError("ids must be tensor<?x")
             << select.getK() << "xi32>, got " << type;
    if (table && (type.getRank() != 1 || !type.getElementType().isInteger(32)))
      return op.emitOpError("ids must be tensor<?xi32>, got ") << type;
    if (table && !mayEqual(dim(op.getTable(), 1), select.getK()))
      return op.emitOpError("table must have k = ")
             << select.getK() << " columns";
    if (!mayEqual(type.getDimSize(0), dim(op.getLogits(), 0)))
      return op.emitOpError("ids and logits differ in tokens");
    return success();
  }
  if (select.getMode() == SelectMode::All && select.getK() != experts)
    return op.emitOpError("select all needs k = ") << experts;
  if (select.getMode() == SelectMode::RankK && select.getRank() > experts)
    return op.emitOpError("rank ")
           << select.getRank() << " exceeds " << experts << " experts";
  if (!op.isExpertChoice() && select.getK() > experts)
    return op.emitOpError("cannot choose k = ")
           << select.getK() << " of " << experts << " experts";
  return success();
}

static LogicalResult verifyRouting(GateOp op) {
  int64_t experts = op.getNumExperts();
  if (GroupLimitAttr groups = op.getGroupLimitAttr()) {
    if (experts % groups.getCount() != 0)
      return op.emitOpError() << experts << " experts do not form "
                              << groups.getCount() << " equal groups";
    int64_t perGroup = experts / groups.getCount();
    if (groups.getBy() == GroupReduce::Top2Sum && perGroup < 2)
      return op.emitOpError("top2_sum needs groups of at least 2 experts");
    if (op.getSelect().getMode() == SelectMode::TopK &&
        op.getSelect().getK() > perGroup * groups.getKeep())
      return op.emitOpError("the kept groups hold fewer than k = ")
             << op.getSelect().getK() << " experts";
  }
  if (op.getShared() < 0)
    return op.emitOpError("shared must be at least 0");
  if (op.isExpertChoice() && (op.getShared() || op.getCapacityAttr()))
    return op.emitOpError(
        "expert_choice takes neither shared experts nor a capacity");
  if (Value coefficients = op.getSharedWeights())
    if (!mayEqual(dim(coefficients, 1), op.getShared()) ||
        !mayEqual(dim(coefficients, 0), dim(op.getLogits(), 0)))
      return op.emitOpError("weights of shared experts must be T x ")
             << op.getShared();
  if (!std::isfinite(op.getScale().convertToDouble()))
    return op.emitOpError("scale must be finite");
  return success();
}

LogicalResult GateOp::verify() {
  int64_t experts = getNumExperts();
  if (ShapedType::isDynamic(experts) || experts < 1)
    return emitOpError("logits must have a static number of experts");
  if (getBias() && !mayEqual(dim(getBias(), 0), experts))
    return emitOpError("bias must have ") << experts << " elements";
  for (Value matrix : {getState(), getValues()})
    if (matrix && (!mayEqual(dim(matrix, 1), experts) ||
                   !mayEqual(dim(matrix, 0), dim(getLogits(), 0))))
      return emitOpError("state and values must have the shape of logits");
  if (failed(verifySelection(*this)) || failed(verifyRouting(*this)))
    return failure();
  int64_t rows = isExpertChoice() ? experts : dim(getLogits(), 0);
  int64_t width = getSelect().getK() + getShared();
  for (Value result : {getWeights(), getIds()})
    if (!mayEqual(dim(result, 0), rows) || dim(result, 1) != width)
      return emitOpError("results must be ")
             << (ShapedType::isDynamic(rows) ? "T" : std::to_string(rows))
             << " x " << width << ", got " << result.getType();
  return success();
}

LogicalResult
GateOp::reifyResultShapes(OpBuilder &builder,
                          ReifiedRankedShapedTypeDims &shapes) {
  OpFoldResult rows =
      isExpertChoice()
          ? OpFoldResult(builder.getIndexAttr(getNumExperts()))
          : tensor::getMixedSize(builder, getLoc(), getLogits(), 0);
  OpFoldResult width =
      builder.getIndexAttr(getSelect().getK() + getShared());
  shapes.assign(2, {rows, width});
  return success();
}

namespace {
/// Drops attributes that say nothing: `normalize<none>`, keeping all groups,
/// and sum-normalisation by zero epsilon of a single softmaxed choice stays,
/// because 0/0 there is NaN.
struct DropNeutralRouting : OpRewritePattern<GateOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(GateOp op,
                                PatternRewriter &rewriter) const override {
    NormalizeAttr normalize = op.getNormalizeAttr();
    GroupLimitAttr groups = op.getGroupLimitAttr();
    bool dropNormalize =
        normalize && normalize.getMode() == NormalizeMode::None;
    bool dropGroups = groups && groups.getKeep() == groups.getCount();
    if (!dropNormalize && !dropGroups)
      return rewriter.notifyMatchFailure(op, "every attribute has an effect");
    rewriter.modifyOpInPlace(op, [&] {
      if (dropNormalize)
        op.removeNormalizeAttr();
      if (dropGroups)
        op.removeGroupLimitAttr();
    });
    return success();
  }
};
} // namespace

void GateOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                         MLIRContext *context) {
  patterns.add<DropNeutralRouting>(context);
}
