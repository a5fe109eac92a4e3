//===- Dispatch.cpp - Lowering of moe.plan and moe.dispatch -----*- C++ -*-===//
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

SmallVector<Type> PlanParts::getTypes(PlanType type) {
  MLIRContext *context = type.getContext();
  Type i64 = IntegerType::get(context, 64);
  constexpr int64_t dynamic = ShapedType::kDynamic;
  return {RankedTensorType::get({type.getExperts() + 1}, i64),
          RankedTensorType::get({dynamic}, i64),
          RankedTensorType::get({dynamic, dynamic}, i64),
          IndexType::get(context)};
}

Value mlir::moe::castShape(OpBuilder &builder, Location loc, Value value,
                           Type type) {
  if (value.getType() == type)
    return value;
  return tensor::CastOp::create(builder, loc, type, value);
}

namespace {
/// One slot of a plan that is being made.
struct Slot {
  /// Where it stands: (token, slot) or (expert, place).
  Value outer, inner;
  /// The expert and the token that it brings together.
  Value expert, token;
};

/// Builds the loops that make a plan out of ids.
class PlanBuilder {
public:
  PlanBuilder(ImplicitLocOpBuilder &b, Value ids, Value tokens, PlanType type)
      : b(b), ids(ids), type(type) {
    zero = arith::ConstantIndexOp::create(b, 0);
    one = arith::ConstantIndexOp::create(b, 1);
    outerSize = tensor::DimOp::create(b, ids, 0);
    innerSize = tensor::DimOp::create(b, ids, 1);
    numTokens = tokens ? tokens : outerSize;
  }

  PlanParts build() {
    PlanParts plan;
    plan.numTokens = numTokens;
    plan.offsets = buildOffsets();
    Value experts = constant(type.getExperts());
    Value numRows = toIndex(b, b.getLoc(), extract(plan.offsets, experts));
    Value tokens =
        createEmpty(b, b.getLoc(), {OpFoldResult(numRows)}, b.getI64Type());
    Value rows = createFilled(
        b, b.getLoc(), {OpFoldResult(outerSize), OpFoldResult(innerSize)},
        b.getI64IntegerAttr(-1));
    // Slots are met in the order of the rows of each expert, so that a place
    // per expert, which moves on, sorts them.
    SmallVector<Value> placed = forEachSlot(
        {plan.offsets, tokens, rows}, [&](const Slot &slot, ValueRange state) {
          Value row = extract(state[0], slot.expert);
          Value next = arith::AddIOp::create(b, row, i64(1));
          Value token = toI64(slot.token);
          return SmallVector<Value>{
              insert(next, state[0], slot.expert),
              insert(token, state[1], toIndex(b, b.getLoc(), row)),
              insert(row, state[2], {slot.outer, slot.inner})};
        });
    plan.tokens = placed[1];
    plan.rows =
        castShape(b, b.getLoc(), placed[2], PlanParts::getTypes(type)[2]);
    return plan;
  }

private:
  /// Counts the rows of each expert and sums them up.
  Value buildOffsets() {
    Value offsets =
        createFilled(b, b.getLoc(), {b.getIndexAttr(type.getExperts() + 1)},
                     b.getI64IntegerAttr(0));
    offsets = forEachSlot({offsets}, [&](const Slot &slot, ValueRange state) {
      Value place = arith::AddIOp::create(b, slot.expert, one);
      Value count = extract(state[0], place);
      count = arith::AddIOp::create(b, count, i64(1));
      return SmallVector<Value>{insert(count, state[0], place)};
    })[0];
    auto sum = scf::ForOp::create(
        b, zero, constant(type.getExperts()), one, offsets,
        [&](OpBuilder &, Location, Value expert, ValueRange state) {
          Value next = arith::AddIOp::create(b, expert, one);
          Value begin = extract(state[0], expert);
          Value end = arith::AddIOp::create(b, begin, extract(state[0], next));
          scf::YieldOp::create(b, insert(end, state[0], next));
        });
    return sum.getResult(0);
  }

  /// Builds loops over all slots in order; `body` updates the state for one
  /// that holds an id.
  SmallVector<Value>
  forEachSlot(ArrayRef<Value> state,
              function_ref<SmallVector<Value>(const Slot &, ValueRange)> body) {
    bool byExperts = type.getOwner() == PlanOwner::Experts;
    Value limit = byExperts ? numTokens : constant(type.getExperts());
    auto outer = scf::ForOp::create(
        b, zero, outerSize, one, state,
        [&](OpBuilder &, Location, Value i, ValueRange outerState) {
          auto inner = scf::ForOp::create(
              b, zero, innerSize, one, outerState,
              [&](OpBuilder &, Location, Value j, ValueRange innerState) {
                Value id = toIndex(b, b.getLoc(), extract(ids, {i, j}));
                // As unsigned numbers, negative ids too are too great.
                Value used = arith::CmpIOp::create(b, arith::CmpIPredicate::ult,
                                                   id, limit);
                auto choice = scf::IfOp::create(
                    b, used,
                    [&](OpBuilder &, Location) {
                      Slot slot{i, j, byExperts ? i : id, byExperts ? id : i};
                      scf::YieldOp::create(b, body(slot, innerState));
                    },
                    [&](OpBuilder &, Location) {
                      scf::YieldOp::create(b, innerState);
                    });
                scf::YieldOp::create(b, choice.getResults());
              });
          scf::YieldOp::create(b, inner.getResults());
        });
    return outer.getResults();
  }

  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  Value i64(int64_t value) {
    return arith::ConstantIntOp::create(b, b.getI64Type(), value);
  }
  Value toI64(Value index) {
    return arith::IndexCastOp::create(b, b.getI64Type(), index);
  }
  Value extract(Value tensor, ValueRange indices) {
    return extractElement(b, b.getLoc(), tensor, indices);
  }
  Value insert(Value value, Value tensor, ValueRange indices) {
    return tensor::InsertOp::create(b, value, tensor, indices);
  }

  ImplicitLocOpBuilder &b;
  Value ids;
  PlanType type;
  Value zero, one, outerSize, innerSize, numTokens;
};

struct PlanOpLowering : OpConversionPattern<PlanOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(PlanOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    PlanBuilder builder(b, adaptor.getIds(), adaptor.getTokens(),
                        op.getPlan().getType());
    rewriter.replaceOpWithMultiple(
        op, SmallVector<SmallVector<Value>>{builder.build().getValues()});
    return success();
  }
};

struct DispatchOpLowering : OpConversionPattern<DispatchOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(DispatchOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Value rows =
        buildDispatch(rewriter, op.getLoc(), adaptor.getInput().front(),
                      PlanParts(adaptor.getPlan()));
    rewriter.replaceOp(op,
                       castShape(rewriter, op.getLoc(), rows, op.getType()));
    return success();
  }
};

/// Serves lowerings that take a plan apart by a cast into its parts.
struct PlanCastLowering : OpConversionPattern<UnrealizedConversionCastOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(UnrealizedConversionCastOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (op.getNumOperands() != 1 || !isa<PlanType>(op.getOperandTypes()[0]))
      return rewriter.notifyMatchFailure(op, "does not take a plan apart");
    ValueRange parts = adaptor.getOperands().front();
    if (parts.getTypes() != op.getResultTypes())
      return rewriter.notifyMatchFailure(op, "expects other parts of a plan");
    rewriter.replaceOp(op, parts);
    return success();
  }
};
} // namespace

Value mlir::moe::buildDispatch(OpBuilder &builder, Location loc, Value input,
                               const PlanParts &plan) {
  SmallVector<OpFoldResult> sizes = {
      tensor::getMixedSize(builder, loc, plan.tokens, 0),
      tensor::getMixedSize(builder, loc, input, 1)};
  Value init = createEmpty(builder, loc, sizes, getElementTypeOrSelf(input));
  return buildLoops(builder, loc, 2, plan.tokens, init, {{0}, {0, 1}},
                    [&](OpBuilder &nested, Location loc, ValueRange elements) {
                      Value token = toIndex(nested, loc, elements[0]);
                      Value column = linalg::IndexOp::create(nested, loc, 1);
                      return extractElement(nested, loc, input,
                                            {token, column});
                    });
}

void mlir::moe::populateDispatchToLinalgPatterns(const TypeConverter &converter,
                                                 RewritePatternSet &patterns) {
  patterns.add<DispatchOpLowering, PlanCastLowering, PlanOpLowering>(
      converter, patterns.getContext());
}
