//===- Combine.cpp - Lowering of moe.combine --------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PlanParts.h"
#include "PopulatePatterns.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "moe/Dialect/MoE/IR/Reference.h"

using namespace mlir;
using namespace mlir::moe;

namespace {
/// Builds the loops of moe.combine.
class CombineBuilder {
public:
  CombineBuilder(ImplicitLocOpBuilder &b, Value rows, const PlanParts &plan,
                 Value weights, const AffineTerm &term)
      : b(b), rows(rows), weights(weights), plan(plan), term(term),
        compute(getComputeType(getElementTypeOrSelf(rows))),
        width(tensor::getMixedSize(b, b.getLoc(), rows, 1)) {}

  Value build() {
    Value sums =
        createFilled(b, b.getLoc(), {OpFoldResult(plan.numTokens), width},
                     b.getFloatAttr(compute, 0.0));
    Value zero = arith::ConstantIndexOp::create(b, 0);
    Value one = arith::ConstantIndexOp::create(b, 1);
    Value outerSize = tensor::DimOp::create(b, plan.rows, 0);
    Value innerSize = tensor::DimOp::create(b, plan.rows, 1);
    // Over slots, not rows: the order of a token's sum is that of its slots.
    auto outer = scf::ForOp::create(
        b, zero, outerSize, one, sums,
        [&](OpBuilder &, Location, Value i, ValueRange outerState) {
          auto inner = scf::ForOp::create(
              b, zero, innerSize, one, outerState,
              [&](OpBuilder &, Location, Value j, ValueRange state) {
                scf::YieldOp::create(b, addSlot({i, j}, state[0]));
              });
          scf::YieldOp::create(b, inner.getResults());
        });
    return castElements(b, b.getLoc(), addTerm(outer.getResult(0)),
                        getElementTypeOrSelf(rows));
  }

private:
  /// Adds the weighted row of one slot, if it has one, to its token's sum.
  Value addSlot(ValueRange slot, Value sums) {
    Value row = extractElement(b, b.getLoc(), plan.rows, slot);
    Value none = arith::ConstantIntOp::create(b, b.getI64Type(), 0);
    Value used = arith::CmpIOp::create(b, arith::CmpIPredicate::sge, row, none);
    auto choice = scf::IfOp::create(
        b, used,
        [&](OpBuilder &, Location) {
          Value index = toIndex(b, b.getLoc(), row);
          Value token = toIndex(
              b, b.getLoc(), extractElement(b, b.getLoc(), plan.tokens, index));
          Value weight =
              castFloat(b, b.getLoc(),
                        extractElement(b, b.getLoc(), weights, slot), compute);
          scf::YieldOp::create(b, addRow(index, token, weight, sums));
        },
        [&](OpBuilder &, Location) { scf::YieldOp::create(b, sums); });
    return choice.getResult(0);
  }

  /// sums[token] + weight · rows[row], in place of sums[token].
  Value addRow(Value row, Value token, Value weight, Value sums) {
    SmallVector<OpFoldResult> sizes = {b.getIndexAttr(1), width};
    SmallVector<OpFoldResult> strides(2, b.getIndexAttr(1));
    auto slice = [&](Value tensor, Value place) -> Value {
      auto type = cast<RankedTensorType>(tensor.getType());
      return tensor::ExtractSliceOp::create(
          b, RankedTensorType::get({type.getDimSize(1)}, type.getElementType()),
          tensor, SmallVector<OpFoldResult>{place, b.getIndexAttr(0)}, sizes,
          strides);
    };
    Value sum = buildLoops(
        b, b.getLoc(), 1, slice(rows, row), slice(sums, token), {{0}, {0}},
        [&](OpBuilder &nested, Location loc, ValueRange elements) {
          Value x = castFloat(nested, loc, elements[0], compute);
          Value product = arith::MulFOp::create(nested, loc, weight, x);
          return arith::AddFOp::create(nested, loc, elements[1], product);
        });
    return tensor::InsertSliceOp::create(
        b, sum, sums, SmallVector<OpFoldResult>{token, b.getIndexAttr(0)},
        sizes, strides);
  }

  /// sums[t, h] + factor · value, where the factor is not 0. Both are read by
  /// functions of the builder, t and h.
  using Read = function_ref<Value(OpBuilder &, Location, Value, Value)>;
  Value addProduct(Value sums, Read readFactor, Read readValue) {
    return buildElementwise(
        b, b.getLoc(), sums, compute,
        [&](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
          Value token = linalg::IndexOp::create(nested, loc, 0);
          Value column = linalg::IndexOp::create(nested, loc, 1);
          Value factor = castFloat(
              nested, loc, readFactor(nested, loc, token, column), compute);
          Value value = castFloat(
              nested, loc, readValue(nested, loc, token, column), compute);
          Value zero = arith::ConstantOp::create(
              nested, loc, nested.getFloatAttr(compute, 0.0));
          Value absent = arith::CmpFOp::create(
              nested, loc, arith::CmpFPredicate::OEQ, factor, zero);
          Value product = arith::MulFOp::create(nested, loc, factor, value);
          Value sum = arith::AddFOp::create(nested, loc, elements[0], product);
          return arith::SelectOp::create(nested, loc, absent, elements[0], sum);
        });
  }

  /// Adds the affine term, (C8).
  Value addTerm(Value sums) {
    if (term.copyScale)
      sums = addProduct(
          sums,
          [&](OpBuilder &nested, Location loc, Value token, Value) {
            return extractElement(nested, loc, term.copyScale, token);
          },
          [&](OpBuilder &nested, Location loc, Value token, Value column) {
            return extractElement(nested, loc, term.copyInput, {token, column});
          });
    if (!term.coefficients)
      return sums;
    auto vectors = cast<WeightsOp>(term.vectors.getDefiningOp());
    for (int64_t i : llvm::seq(vectors.getType().getNumExperts())) {
      Value index = arith::ConstantIndexOp::create(b, i);
      ExpertWeights vector(b, b.getLoc(), vectors, index, compute);
      sums = addProduct(
          sums,
          [&](OpBuilder &nested, Location loc, Value token, Value) {
            return extractElement(nested, loc, term.coefficients,
                                  {token, index});
          },
          [&](OpBuilder &nested, Location loc, Value, Value column) {
            return vector.read(nested, loc, column);
          });
    }
    return sums;
  }

  ImplicitLocOpBuilder &b;
  Value rows, weights;
  const PlanParts &plan;
  const AffineTerm &term;
  FloatType compute;
  OpFoldResult width;
};

struct CombineOpLowering : OpConversionPattern<CombineOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(CombineOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Value result =
        buildCombine(rewriter, op.getLoc(), adaptor.getRows().front(),
                     PlanParts(adaptor.getPlan()), adaptor.getWeights().front(),
                     AffineTerm::get(adaptor));
    rewriter.replaceOp(op,
                       castShape(rewriter, op.getLoc(), result, op.getType()));
    return success();
  }
};
} // namespace

Value mlir::moe::buildCombine(OpBuilder &builder, Location loc, Value rows,
                              const PlanParts &plan, Value weights,
                              const AffineTerm &term) {
  ImplicitLocOpBuilder b(loc, builder);
  return CombineBuilder(b, rows, plan, weights, term).build();
}

void mlir::moe::populateCombineToLinalgPatterns(const TypeConverter &converter,
                                                RewritePatternSet &patterns) {
  patterns.add<CombineOpLowering>(converter, patterns.getContext());
}
