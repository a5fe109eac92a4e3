//===- Ids.cpp - Lowering of operations on ids ------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PopulatePatterns.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "moe/Dialect/MoE/IR/Activation.h"
#include "moe/Dialect/MoE/IR/Reference.h"

using namespace mlir;
using namespace mlir::moe;

/// Builds the entry of `table` for an id (i32), −1 for one outside it. One more
/// entry, of −1, is what such an id reads, so that no loop has a branch.
static Value buildEntry(OpBuilder &builder, Location loc, Value table,
                        int64_t size, Value id) {
  Value bound = arith::ConstantIntOp::create(builder, loc, id.getType(), size);
  // As unsigned numbers, negative ids are beyond the table.
  Value place = arith::MinUIOp::create(builder, loc, id, bound);
  return extractElement(builder, loc, table, toIndex(builder, loc, place));
}

static Value buildTable(OpBuilder &builder, Location loc,
                        ArrayRef<int32_t> entries) {
  SmallVector<int32_t> table(entries);
  table.push_back(-1);
  return arith::ConstantOp::create(builder, loc,
                                   builder.getI32TensorAttr(table));
}

namespace {
struct RemapIdsOpLowering : OpConversionPattern<RemapIdsOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(RemapIdsOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    int64_t size = op.getTable().size();
    Value table = buildTable(rewriter, loc, op.getTable());
    rewriter.replaceOp(
        op, buildElementwise(
                rewriter, loc, adaptor.getIds(), rewriter.getI32Type(),
                [&](OpBuilder &nested, Location loc, ValueRange elements) {
                  return buildEntry(nested, loc, table, size, elements[0]);
                }));
    return success();
  }
};

struct CoefficientsOpLowering : OpConversionPattern<CoefficientsOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(CoefficientsOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    int64_t size = op.getTable().size();
    Value table = buildTable(rewriter, loc, op.getTable());
    auto type = cast<RankedTensorType>(op.getType());
    bool matrix = type.getRank() == 2;
    FloatType compute = getComputeType(type.getElementType());
    SmallVector<OpFoldResult> sizes = {
        tensor::getMixedSize(rewriter, loc, adaptor.getIds(), 0)};
    if (matrix)
      sizes.push_back(rewriter.getIndexAttr(type.getDimSize(1)));
    Value init =
        createFilled(rewriter, loc, sizes, rewriter.getFloatAttr(compute, 0.0));
    SmallVector<unsigned> out = {0};
    unsigned slot = 1;
    if (matrix)
      out.push_back(slot++);
    Value sums = buildLoops(
        rewriter, loc, slot + 1, {adaptor.getWeights(), adaptor.getIds()}, init,
        {{0, slot}, {0, slot}, out},
        [&](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
          Value entry = buildEntry(nested, loc, table, size, elements[1]);
          Value column =
              arith::ConstantIntOp::create(nested, loc, nested.getI32Type(), 0);
          if (matrix)
            column = arith::IndexCastOp::create(
                nested, loc, nested.getI32Type(),
                linalg::IndexOp::create(nested, loc, 1));
          Value counts = arith::CmpIOp::create(
              nested, loc, arith::CmpIPredicate::eq, entry, column);
          Value weight = castFloat(nested, loc, elements[0], compute);
          Value sum = arith::AddFOp::create(nested, loc, elements[2], weight);
          return arith::SelectOp::create(nested, loc, counts, sum, elements[2]);
        });
    Value result = castElements(rewriter, loc, sums, type.getElementType());
    if (result.getType() != type)
      result = tensor::CastOp::create(rewriter, loc, type, result);
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// Builds the lowering of moe.mix.
class MixBuilder {
public:
  MixBuilder(OpBuilder &builder, MixOp op, MixOp::Adaptor adaptor)
      : builder(builder), loc(op.getLoc()), op(op), adaptor(adaptor),
        compute(getComputeType(getElementTypeOrSelf(op.getSums()))) {}

  Value buildScale() {
    auto type = cast<RankedTensorType>(op.getScale().getType());
    Value init = createFilled(
        builder, loc, tensor::getMixedSize(builder, loc, adaptor.getSums(), 0),
        builder.getFloatAttr(compute, 0.0));
    SmallVector<Value> inputs;
    if (adaptor.getCopies())
      inputs.push_back(adaptor.getCopies());
    Value scale = buildLoops(
        builder, loc, 1, inputs, init,
        SmallVector<SmallVector<unsigned>>(inputs.size() + 1, {0}),
        [&](OpBuilder &nested, Location loc, ValueRange elements) {
          Value token = linalg::IndexOp::create(nested, loc, 0);
          Value total = castFloat(nested, loc, elements.front(), compute);
          for (auto [i, start] : llvm::enumerate(op.getStarts())) {
            if (start < 0)
              continue;
            Value column = arith::ConstantIndexOp::create(nested, loc, i);
            Value sum =
                extractElement(nested, loc, adaptor.getSums(), {token, column});
            Value part = buildPart(nested, loc, token, start, sum, 0);
            total = arith::AddFOp::create(nested, loc, total, part);
          }
          return total;
        });
    return finish(scale, type);
  }

  Value buildCoefficients() {
    Value coefficients = adaptor.getSums();
    OpFoldResult tokens = tensor::getMixedSize(builder, loc, coefficients, 0);
    OpFoldResult one = builder.getIndexAttr(1), zero = builder.getIndexAttr(0);
    for (size_t i : llvm::seq(op.getStarts().size())) {
      int32_t start = op.getStarts()[i];
      if (start < 0)
        continue;
      SmallVector<OpFoldResult> at = {zero, builder.getIndexAttr(i)},
                                size = {tokens, one}, stride = {one, one};
      Value column = tensor::ExtractSliceOp::create(builder, loc, coefficients,
                                                    at, size, stride);
      column = buildElementwise(
          builder, loc, column, getElementTypeOrSelf(coefficients),
          [&](OpBuilder &nested, Location loc, ValueRange elements) {
            Value token = linalg::IndexOp::create(nested, loc, 0);
            Value part = buildPart(nested, loc, token, start, elements[0], 1);
            return castFloat(nested, loc, part,
                             getElementTypeOrSelf(coefficients));
          });
      coefficients = tensor::InsertSliceOp::create(
          builder, loc, column, coefficients, at, size, stride);
    }
    return finish(coefficients,
                  cast<RankedTensorType>(op.getCoefficients().getType()));
  }

private:
  /// sum · softmax(z[t, start], z[t, start + 1])[which], 0 for a sum of 0: of a
  /// softmax over two, σ of the difference.
  Value buildPart(OpBuilder &nested, Location loc, Value token, int64_t start,
                  Value sum, int64_t which) {
    auto read = [&](int64_t column) {
      Value index = arith::ConstantIndexOp::create(nested, loc, column);
      Value logit =
          extractElement(nested, loc, adaptor.getLogits(), {token, index});
      return castFloat(nested, loc, logit, compute);
    };
    Value difference = arith::SubFOp::create(nested, loc, read(start + which),
                                             read(start + 1 - which));
    Value share = buildSigmoid(nested, loc, difference);
    Value wide = castFloat(nested, loc, sum, compute);
    Value zero = arith::ConstantOp::create(nested, loc,
                                           nested.getFloatAttr(compute, 0.0));
    Value absent = arith::CmpFOp::create(nested, loc, arith::CmpFPredicate::OEQ,
                                         wide, zero);
    Value product = arith::MulFOp::create(nested, loc, wide, share);
    return arith::SelectOp::create(nested, loc, absent, zero, product);
  }

  Value finish(Value value, RankedTensorType type) {
    value = castElements(builder, loc, value, type.getElementType());
    if (value.getType() == type)
      return value;
    return tensor::CastOp::create(builder, loc, type, value);
  }

  OpBuilder &builder;
  Location loc;
  MixOp op;
  MixOp::Adaptor adaptor;
  FloatType compute;
};

struct MixOpLowering : OpConversionPattern<MixOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(MixOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    MixBuilder builder(rewriter, op, adaptor);
    rewriter.replaceOp(op, {builder.buildScale(), builder.buildCoefficients()});
    return success();
  }
};
} // namespace

void mlir::moe::populateIdsToLinalgPatterns(const TypeConverter &converter,
                                            RewritePatternSet &patterns) {
  patterns.add<RemapIdsOpLowering, CoefficientsOpLowering, MixOpLowering>(
      converter, patterns.getContext());
}
