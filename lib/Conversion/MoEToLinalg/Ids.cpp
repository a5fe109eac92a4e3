//===- Ids.cpp - Lowering of operations on ids ------------------ -*- C++ -*-===//
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
    Value init = createFilled(rewriter, loc, sizes,
                              rewriter.getFloatAttr(compute, 0.0));
    SmallVector<unsigned> out = {0};
    unsigned slot = 1;
    if (matrix)
      out.push_back(slot++);
    Value sums = buildLoops(
        rewriter, loc, slot + 1, {adaptor.getWeights(), adaptor.getIds()}, init,
        {{0, slot}, {0, slot}, out},
        [&](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
          Value entry = buildEntry(nested, loc, table, size, elements[1]);
          Value column = arith::ConstantIntOp::create(
              nested, loc, nested.getI32Type(), 0);
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
} // namespace

void mlir::moe::populateIdsToLinalgPatterns(const TypeConverter &converter,
                                            RewritePatternSet &patterns) {
  patterns.add<RemapIdsOpLowering, CoefficientsOpLowering>(
      converter, patterns.getContext());
}
