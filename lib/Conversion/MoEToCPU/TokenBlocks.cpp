//===- TokenBlocks.cpp - A parallel loop over blocks of tokens -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TokenBlocks.h"
#include "KernelUtils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::moe;

Value mlir::moe::sliceRows(ImplicitLocOpBuilder &b, Value operand, Value first,
                           Value count) {
  if (!operand)
    return {};
  auto type = cast<RankedTensorType>(operand.getType());
  SmallVector<OpFoldResult> offsets(type.getRank(), b.getIndexAttr(0)),
      strides(type.getRank(), b.getIndexAttr(1)),
      sizes = tensor::getMixedSizes(b, b.getLoc(), operand);
  offsets[0] = first;
  sizes[0] = count;
  return tensor::ExtractSliceOp::create(b, operand, offsets, sizes, strides);
}

SmallVector<Value> mlir::moe::forEachTokenBlock(
    ImplicitLocOpBuilder &b, Value tokens, int64_t size, TypeRange results,
    function_ref<SmallVector<Value>(Value, Value)> body) {
  Value step = constantIndex(b, size);
  Value blocks = arith::CeilDivUIOp::create(b, tokens, step);
  SmallVector<Value> inits;
  for (Type result : results) {
    auto type = cast<RankedTensorType>(result);
    SmallVector<Value> sizes;
    if (type.isDynamicDim(0))
      sizes.push_back(tokens);
    inits.push_back(tensor::EmptyOp::create(b, type, sizes));
  }
  auto loop = scf::ForallOp::create(b, ArrayRef<OpFoldResult>{blocks}, inits,
                                    std::nullopt);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value first = arith::MulIOp::create(b, loop.getInductionVar(0), step);
  Value count =
      arith::MinUIOp::create(b, step, arith::SubIOp::create(b, tokens, first));
  SmallVector<Value> parts = body(first, count);
  b.setInsertionPointToStart(loop.getTerminator().getBody());
  for (auto [part, target] : llvm::zip_equal(parts, loop.getRegionIterArgs())) {
    auto type = cast<RankedTensorType>(part.getType());
    tensor::ParallelInsertSliceOp::create(
        b, part, target, ArrayRef<OpFoldResult>{first, b.getIndexAttr(0)},
        ArrayRef<OpFoldResult>{count, b.getIndexAttr(type.getDimSize(1))},
        ArrayRef<OpFoldResult>{b.getIndexAttr(1), b.getIndexAttr(1)});
  }
  return llvm::to_vector_of<Value>(loop.getResults());
}
