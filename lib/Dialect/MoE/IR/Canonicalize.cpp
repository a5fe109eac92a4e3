//===- Canonicalize.cpp - Rewrites that are always right --------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CastFolding.h"
#include "VerifyUtils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::moe;

/// Whether the picks do not depend on the choice values.
static bool ignoresChoiceValues(SelectMode mode) {
  return mode == SelectMode::All || mode == SelectMode::Given ||
         mode == SelectMode::Table;
}

/// Whether no expert can get more rows than the capacity admits.
static bool neverDrops(GateOp op, CapacityAttr capacity) {
  int64_t tokens = dimOf(op.getLogits(), 0);
  int64_t k = op.getSelect().getK();
  // Ids from elsewhere may name an expert more than once for a token.
  bool distinct = op.getSelect().getMode() != SelectMode::Given &&
                  op.getSelect().getMode() != SelectMode::Table;
  int64_t perToken = distinct ? 1 : k;
  if (capacity.getCount() > 0) {
    // Both factors are below 2^31 or the comparison fails.
    return !ShapedType::isDynamic(tokens) && tokens <= kMaxIds &&
           tokens * perToken <= capacity.getCount();
  }
  // ceil(factor · T · k / E) ≥ T · perToken for any T. Rounding does not
  // matter: the ceiling of what is within an ulp of T is at least T.
  return capacity.getFactor() * static_cast<double>(k) >=
         static_cast<double>(op.getNumExperts()) *
             static_cast<double>(perToken);
}

/// Whether a value is a constant with 1 everywhere.
static bool isOne(Value value) {
  DenseFPElementsAttr constant;
  return value && matchPattern(value, m_Constant(&constant)) &&
         constant.isSplat() &&
         constant.getSplatValue<APFloat>().isExactlyValue(1.0);
}

namespace {
/// Drops what has no effect on a gate: `normalize<none>`, a limit that keeps
/// all groups, a bias and a tie-break where nothing is compared, a capacity
/// that no expert reaches, and shared weights of 1. A normalisation of a
/// single choice stays: of a zero weight it makes NaN.
struct DropNeutralRouting : OpRewritePattern<GateOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(GateOp op,
                                PatternRewriter &rewriter) const override {
    SelectAttr select = op.getSelect();
    NormalizeAttr normalize = op.getNormalizeAttr();
    GroupLimitAttr groups = op.getGroupLimitAttr();
    CapacityAttr capacity = op.getCapacityAttr();
    bool ignoresChoice = ignoresChoiceValues(select.getMode());
    bool dropNormalize =
        normalize && normalize.getMode() == NormalizeMode::None;
    bool dropGroups = groups && groups.getKeep() == groups.getCount();
    bool dropBias = ignoresChoice && op.getBias();
    bool dropTie = ignoresChoice && select.getTie() != TieBreak::Lower;
    bool dropCapacity = capacity && neverDrops(op, capacity);
    bool dropSharedWeights = isOne(op.getSharedWeights());
    if (!dropNormalize && !dropGroups && !dropBias && !dropTie &&
        !dropCapacity && !dropSharedWeights)
      return rewriter.notifyMatchFailure(op, "every option has an effect");
    rewriter.modifyOpInPlace(op, [&] {
      if (dropNormalize)
        op.removeNormalizeAttr();
      if (dropGroups)
        op.removeGroupLimitAttr();
      if (dropBias)
        op.getBiasMutable().clear();
      if (dropTie)
        op.setSelectAttr(SelectAttr::get(op.getContext(), select.getMode(),
                                         select.getK(), TieBreak::Lower,
                                         select.getP(), select.getThreshold(),
                                         select.getRank(), select.getJitter()));
      if (dropCapacity)
        op.removeCapacityAttr();
      if (dropSharedWeights)
        op.getSharedWeightsMutable().clear();
    });
    return success();
  }
};

/// Replaces experts that all copy their rows by the rows, dispatched and
/// combined as the operation says.
struct FoldCopies : OpRewritePattern<ExpertsOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ExpertsOp op,
                                PatternRewriter &rewriter) const override {
    if (!llvm::all_of(op.getSets(), [](Value set) {
          return static_cast<bool>(set.getDefiningOp<CopyExpertsOp>());
        }))
      return rewriter.notifyMatchFailure(op, "some expert does not copy");
    Value weights = op.getCombineWeights();
    Value rows = op.getInput();
    auto result = cast<RankedTensorType>(op.getType());
    if (op.getGather()) {
      RankedTensorType type = result;
      if (weights)
        type =
            RankedTensorType::get({ShapedType::kDynamic, result.getDimSize(1)},
                                  result.getElementType());
      rows =
          DispatchOp::create(rewriter, op.getLoc(), type, rows, op.getPlan());
    }
    if (weights)
      rows =
          CombineOp::create(rewriter, op.getLoc(), result, rows, op.getPlan(),
                            weights, op.getCopyScale(), op.getCopyInput(),
                            op.getCoefficients(), op.getVectors());
    if (rows.getType() != result)
      rows = tensor::CastOp::create(rewriter, op.getLoc(), result, rows);
    rewriter.replaceOp(op, rows);
    return success();
  }
};
/// Makes two remappings one.
struct ComposeRemaps : OpRewritePattern<RemapIdsOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(RemapIdsOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getIds().getDefiningOp<RemapIdsOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "ids are not remapped before");
    SmallVector<int32_t> table;
    for (int32_t id : inner.getTable())
      table.push_back(id >= 0 && id < static_cast<int64_t>(op.getTable().size())
                          ? op.getTable()[id]
                          : -1);
    rewriter.replaceOpWithNewOp<RemapIdsOp>(op, op.getType(), inner.getIds(),
                                            table);
    return success();
  }
};
} // namespace

void GateOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                         MLIRContext *context) {
  patterns.add<DropNeutralRouting, FoldCasts<GateOp>>(context);
}

void PlanOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                         MLIRContext *context) {
  patterns.add<FoldCasts<PlanOp>>(context);
}

void RemapIdsOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                             MLIRContext *context) {
  patterns.add<ComposeRemaps, FoldCasts<RemapIdsOp>>(context);
}

void DispatchOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                             MLIRContext *context) {
  patterns.add<FoldCasts<DispatchOp>>(context);
}

void ExpertsOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add<FoldCopies, FoldCasts<ExpertsOp>>(context);
}

void ProjectOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add<FoldCasts<ProjectOp>>(context);
}

void RouteOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                          MLIRContext *context) {
  patterns.add<FoldCasts<RouteOp>>(context);
}

void CoefficientsOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                                 MLIRContext *context) {
  patterns.add<FoldCasts<CoefficientsOp>>(context);
}

void MixOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                        MLIRContext *context) {
  patterns.add<FoldCasts<MixOp>>(context);
}

void CombineOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add<FoldCasts<CombineOp>>(context);
}
