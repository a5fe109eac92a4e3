//===- CastFolding.h - Static sizes through tensor.cast ---------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_DIALECT_MOE_IR_CASTFOLDING_H
#define MOE_LIB_DIALECT_MOE_IR_CASTFOLDING_H

#include "mlir/IR/PatternMatch.h"
#include "moe/Dialect/MoE/IR/MoE.h"

namespace mlir::moe {

/// Lets `op` take what casts hide static sizes of, and gives it the most
/// static result types that its operands allow, with casts back. Fails if
/// there is nothing to gain or if the sizes contradict each other, which is a
/// fault that only run time can show.
LogicalResult foldCasts(Operation *op, PatternRewriter &rewriter);

template <typename OpTy> struct FoldCasts : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    return foldCasts(op, rewriter);
  }
};

} // namespace mlir::moe

#endif // MOE_LIB_DIALECT_MOE_IR_CASTFOLDING_H
