//===- LowerStridedCopies.cpp - Copies between strided buffers --*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Utils/MemRefUtils.h"
#include "moe/Transforms/Passes.h"

namespace mlir::moe {
#define GEN_PASS_DEF_LOWERSTRIDEDCOPIESPASS
#include "moe/Transforms/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;

/// Whether upstream copies such buffers by memcpy.
static bool isContiguous(Type type) {
  auto buffer = dyn_cast<MemRefType>(type);
  return buffer && !llvm::is_contained(buffer.getShape(), 0) &&
         (buffer.getLayout().isIdentity() ||
          memref::isStaticShapeAndContiguousRowMajor(buffer));
}

namespace {
struct LowerStridedCopiesPass
    : moe::impl::LowerStridedCopiesPassBase<LowerStridedCopiesPass> {
  void runOnOperation() override {
    SmallVector<memref::CopyOp> copies;
    getOperation()->walk([&](memref::CopyOp copy) {
      Type source = copy.getSource().getType();
      Type target = copy.getTarget().getType();
      if (isa<MemRefType>(source) && isa<MemRefType>(target) &&
          !(isContiguous(source) && isContiguous(target)))
        copies.push_back(copy);
    });
    for (memref::CopyOp copy : copies)
      lower(copy);
    numLowered += copies.size();
  }

private:
  static void lower(memref::CopyOp copy) {
    OpBuilder builder(copy);
    int64_t rank = cast<MemRefType>(copy.getTarget().getType()).getRank();
    AffineMap map = builder.getMultiDimIdentityMap(rank);
    SmallVector<utils::IteratorType> iterators(rank,
                                               utils::IteratorType::parallel);
    linalg::GenericOp::create(
        builder, copy.getLoc(), copy.getSource(), copy.getTarget(),
        ArrayRef<AffineMap>{map, map}, iterators,
        [](OpBuilder &nested, Location loc, ValueRange elements) {
          linalg::YieldOp::create(nested, loc, elements[0]);
        });
    copy.erase();
  }
};
} // namespace
