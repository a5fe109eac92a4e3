//===- Experts.cpp - Lowering of moe.experts --------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PlanParts.h"
#include "PopulatePatterns.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "moe/Dialect/MoE/IR/Reference.h"

using namespace mlir;
using namespace mlir::moe;

/// A tensor slice of whole rows: [begin, begin + count).
static void getRowSlice(OpBuilder &builder, Value begin, Value count,
                        int64_t width, SmallVector<OpFoldResult> &offsets,
                        SmallVector<OpFoldResult> &sizes,
                        SmallVector<OpFoldResult> &strides) {
  offsets = {begin, builder.getIndexAttr(0)};
  sizes = {count, builder.getIndexAttr(width)};
  strides.assign(2, builder.getIndexAttr(1));
}

/// Builds what expert `expert` of `set`, which is expert `base` + `expert` of
/// the plan, makes of its rows of `input`, in place of these rows of `output`.
static FailureOr<Value> buildExpert(ImplicitLocOpBuilder &b,
                                    ExpertSetOpInterface set, int64_t base,
                                    Value expert, Value input, Value output,
                                    Value offsets) {
  auto read = [&](int64_t distance) {
    Value shift = arith::ConstantIndexOp::create(b, distance);
    Value place = arith::AddIOp::create(b, expert, shift);
    return toIndex(b, b.getLoc(),
                   extractElement(b, b.getLoc(), offsets, place));
  };
  Value begin = read(base), end = read(base + 1);
  Value count = arith::SubIOp::create(b, end, begin);
  auto type = cast<ExpertsType>(set->getResult(0).getType());
  Type element = getElementTypeOrSelf(input);

  SmallVector<OpFoldResult> at, sizes, strides;
  getRowSlice(b, begin, count, type.getInSize(), at, sizes, strides);
  Value rows = tensor::ExtractSliceOp::create(
      b,
      RankedTensorType::get({ShapedType::kDynamic, type.getInSize()}, element),
      input, at, sizes, strides);
  FailureOr<Value> result = set.buildRows(b, b.getLoc(), expert, rows);
  if (failed(result))
    return failure();
  getRowSlice(b, begin, count, type.getOutSize(), at, sizes, strides);
  return Value(
      tensor::InsertSliceOp::create(b, *result, output, at, sizes, strides));
}

/// Builds a loop over the experts of each set.
static FailureOr<Value> buildSets(ImplicitLocOpBuilder &b, ValueRange sets,
                                  Value input, Value output, Value offsets) {
  int64_t base = 0;
  for (Value value : sets) {
    int64_t count = cast<ExpertsType>(value.getType()).getCount();
    auto set = value.getDefiningOp<ExpertSetOpInterface>();
    if (!set)
      return failure();
    bool built = true;
    auto loop = scf::ForOp::create(
        b, arith::ConstantIndexOp::create(b, 0),
        arith::ConstantIndexOp::create(b, count),
        arith::ConstantIndexOp::create(b, 1), output,
        [&](OpBuilder &nested, Location loc, Value expert, ValueRange state) {
          ImplicitLocOpBuilder body(loc, nested);
          FailureOr<Value> next =
              buildExpert(body, set, base, expert, input, state[0], offsets);
          built &= succeeded(next);
          scf::YieldOp::create(body, built ? *next : state[0]);
        });
    if (!built)
      return failure();
    output = loop.getResult(0);
    base += count;
  }
  return output;
}

namespace {
struct ExpertsOpLowering : OpConversionPattern<ExpertsOp> {
  using OpConversionPattern::OpConversionPattern;

  /// A region of experts may hold layers, which are converted where it is
  /// inlined; what it is made of is finite.
  void initialize() { setHasBoundedRewriteRecursion(); }

  LogicalResult
  matchAndRewrite(ExpertsOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    PlanParts plan(adaptor.getPlan());
    Value input = adaptor.getInput().front();
    if (op.getGather())
      input = buildDispatch(b, op.getLoc(), input, plan);
    auto type = cast<RankedTensorType>(op.getResult().getType());
    Value output = createEmpty(b, op.getLoc(),
                               {tensor::getMixedSize(b, op.getLoc(), input, 0),
                                b.getIndexAttr(type.getDimSize(1))},
                               type.getElementType());
    FailureOr<Value> result =
        buildSets(b, op.getSets(), input, output, plan.offsets);
    if (failed(result))
      return rewriter.notifyMatchFailure(
          op, "a set of experts cannot be read in this function");
    if (op.getCombineWeights())
      result = buildCombine(b, op.getLoc(), *result, plan,
                            adaptor.getCombineWeights().front(),
                            AffineTerm::get(adaptor));
    rewriter.replaceOp(op, castShape(b, op.getLoc(), *result, type));
    return success();
  }
};
} // namespace

void mlir::moe::populateExpertsToLinalgPatterns(const TypeConverter &converter,
                                                RewritePatternSet &patterns) {
  patterns.add<ExpertsOpLowering>(converter, patterns.getContext());
}
