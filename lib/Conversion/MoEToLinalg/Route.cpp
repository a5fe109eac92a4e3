//===- Route.cpp - Lowering of moe.route and moe.project -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PopulatePatterns.h"
#include "moe/Dialect/MoE/IR/Reference.h"

using namespace mlir;
using namespace mlir::moe;

namespace {
struct RouteOpLowering : OpConversionPattern<RouteOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(RouteOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    // Weights are read at their definition, so any operand may be taken from
    // the operation itself.
    rewriter.replaceOp(
        op,
        unfuseRoute(op, rewriter, [&](Value weights, Value bias, Value result) {
          return buildProjected(rewriter, op.getLoc(), adaptor.getInput(),
                                weights, bias,
                                cast<RankedTensorType>(result.getType()));
        }));
    return success();
  }
};

struct ProjectOpLowering : OpConversionPattern<ProjectOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(ProjectOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOp(op,
                       buildProjected(rewriter, op.getLoc(), adaptor.getInput(),
                                      op.getWeights(), Value(),
                                      cast<RankedTensorType>(op.getType())));
    return success();
  }
};
} // namespace

void mlir::moe::populateRouteToLinalgPatterns(const TypeConverter &converter,
                                              RewritePatternSet &patterns) {
  patterns.add<RouteOpLowering, ProjectOpLowering>(converter,
                                                   patterns.getContext());
}
