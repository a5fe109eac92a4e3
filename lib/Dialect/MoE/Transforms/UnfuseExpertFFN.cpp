//===- UnfuseExpertFFN.cpp - Feed-forward experts as a region ---*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/Transforms/Transforms.h"

using namespace mlir;
using namespace mlir::moe;

FailureOr<RegionExpertsOp>
mlir::moe::unfuseExpertFFN(OpBuilder &builder, FFNExpertsOp op, Type element) {
  ExpertsType type = op.getResult().getType();
  Location loc = op.getLoc();
  auto region = RegionExpertsOp::create(builder, loc, type);
  OpBuilder::InsertionGuard guard(builder);
  auto rows =
      RankedTensorType::get({ShapedType::kDynamic, type.getInSize()}, element);
  Block *block = builder.createBlock(
      &region.getBody(), {}, {builder.getIndexType(), rows}, {loc, loc});
  FailureOr<Value> result =
      op.buildRows(builder, loc, block->getArgument(0), block->getArgument(1));
  if (failed(result)) {
    region.erase();
    return failure();
  }
  YieldOp::create(builder, loc, *result);
  return region;
}
