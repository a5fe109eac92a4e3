//===- GateLowering.cpp - moe.gate as one loop over tokens -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GateLowering.h"
#include "TokenBlocks.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::moe;

LogicalResult mlir::moe::lowerGate(GateOp op, PatternRewriter &rewriter) {
  if (comparesTokens(op))
    return rewriter.notifyMatchFailure(op, "tokens are compared");
  if (op->getParentOfType<scf::ForallOp>())
    return rewriter.notifyMatchFailure(op, "is in a parallel loop");
  // Enough that a block outweighs its start.
  constexpr int64_t tokensPerBlock = 32;
  rewriter.setInsertionPoint(op);
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  Value tokens = tensor::DimOp::create(b, op.getLogits(), 0);
  SmallVector<Value> results = forEachTokenBlock(
      b, tokens, tokensPerBlock, op->getResultTypes(),
      [&](Value first, Value count) {
        IRMapping mapping;
        for (Value operand : {op.getLogits(), op.getState(), op.getValues(),
                              op.getGivenIds(), op.getSharedWeights()})
          if (operand)
            mapping.map(operand, sliceRows(b, operand, first, count));
        Operation *gate = b.clone(*op, mapping);
        for (Value result : gate->getResults()) {
          auto type = cast<RankedTensorType>(result.getType());
          result.setType(
              type.clone({ShapedType::kDynamic, type.getDimSize(1)}));
        }
        return llvm::to_vector_of<Value>(gate->getResults());
      });
  rewriter.replaceOp(op, results);
  return success();
}
