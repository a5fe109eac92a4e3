//===- RoundRows.cpp - Rows rounded to bytes --------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RoundRows.h"
#include "KernelUtils.h"
#include "TileEmitter.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::moe;

bool mlir::moe::canRoundRows(const TileShape &tile, int64_t depth,
                             int64_t block, unsigned bits) {
  // The greatest sum is that of 255 · 127 in each of a block.
  constexpr int64_t maxBlock =
      std::numeric_limits<int32_t>::max() / (255 * 127);
  return tile.lanes % (32 / bits) == 0 && depth % tile.lanes == 0 &&
         block % tile.lanes == 0 && (block ? block : depth) <= maxBlock;
}

TileRows mlir::moe::allocateRoundedRows(ImplicitLocOpBuilder &b,
                                        const TileKernel &kernel, Value rows,
                                        int64_t depth) {
  auto allocate = [&](int64_t width, Type element) -> Value {
    return memref::AllocOp::create(
        b, MemRefType::get({ShapedType::kDynamic, width}, element),
        ValueRange{rows});
  };
  int64_t blocks = kernel.block ? llvm::divideCeil(depth, kernel.block) : 1;
  // A cache line more, so that rows do not all fall into the same sets.
  return {allocate(llvm::alignTo(depth, 64) + 64, b.getI8Type()),
          {allocate(blocks, b.getF32Type()),
           allocate(blocks, kernel.getRowSumType())}};
}

/// Where bytes of a vector come from: those that stand at the same place in
/// the bytes of a word go side by side.
static SmallVector<int64_t> getOrder(int64_t lanes, unsigned bits) {
  int64_t pack = 8 / bits, group = 4 * pack;
  SmallVector<int64_t> order;
  for (int64_t i = 0; i < lanes; ++i) {
    int64_t place = i % group / 4, byte = i % 4;
    order.push_back(i / group * group + byte * pack + place);
  }
  return order;
}

void mlir::moe::emitRoundRow(ImplicitLocOpBuilder &b, const TileKernel &kernel,
                             Value source, Value row, int64_t depth,
                             const TileRows &target) {
  int64_t lanes = kernel.tile.lanes;
  int64_t size = kernel.block ? kernel.block : depth;
  auto vector = VectorType::get({lanes}, b.getF32Type());
  auto words = vector.cloneWith({}, b.getI32Type());
  Value step = constantIndex(b, lanes);
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(vector));
  Value noSum = arith::ConstantOp::create(b, b.getZeroAttr(words));
  auto real = [&](double value) -> Value {
    return arith::ConstantOp::create(b, b.getF32FloatAttr(value));
  };
  Value blocks = constantIndex(b, llvm::divideCeil(depth, size));
  emitFor(b, constantIndex(b, 0), blocks, 1, [&](Value block) {
    Value begin = arith::MulIOp::create(b, block, constantIndex(b, size));
    Value end = arith::MinUIOp::create(
        b, arith::AddIOp::create(b, begin, constantIndex(b, size)),
        constantIndex(b, depth));
    auto reduce = [&](Value init, function_ref<Value(Value, Value)> body) {
      auto loop = scf::ForOp::create(b, begin, end, step, ValueRange{init});
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      Value next = body(loop.getInductionVar(), loop.getRegionIterArg(0));
      scf::YieldOp::create(b, next);
      return loop.getResult(0);
    };
    Value greatest = vector::ReductionOp::create(
        b, vector::CombiningKind::MAXIMUMF,
        reduce(zero, [&](Value k, Value sum) -> Value {
          Value value = loadF32(b, source, ValueRange{row, k}, lanes);
          return arith::MaximumFOp::create(b, sum,
                                           math::AbsFOp::create(b, value));
        }));
    Value scale = arith::DivFOp::create(b, greatest, real(127));
    // A block of zeros stays zeros.
    Value none =
        arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, greatest, real(0));
    Value inverse = arith::SelectOp::create(
        b, none, real(0), arith::DivFOp::create(b, real(127), greatest));
    Value factor = vector::BroadcastOp::create(b, vector, inverse);
    Value sum = reduce(noSum, [&](Value k, Value sum) -> Value {
      Value value = loadF32(b, source, ValueRange{row, k}, lanes);
      Value whole = arith::FPToSIOp::create(
          b, words,
          math::RoundEvenOp::create(b,
                                    arith::MulFOp::create(b, value, factor)));
      Value bytes = arith::TruncIOp::create(
          b, VectorType::get({lanes}, b.getI8Type()), whole);
      if (kernel.codes.getWidth() < 8)
        bytes = vector::ShuffleOp::create(
            b, bytes, bytes, getOrder(lanes, kernel.codes.getWidth()));
      vector::StoreOp::create(b, bytes, target.elements, ValueRange{row, k});
      return arith::AddIOp::create(b, sum, whole);
    });
    Value total =
        vector::ReductionOp::create(b, vector::CombiningKind::ADD, sum);
    memref::StoreOp::create(b, scale, target.parameters[0],
                            ValueRange{row, block});
    // What tiles take off the sum of products for what codes have too much.
    if (kernel.zeroPoint)
      total = arith::MulIOp::create(
          b, total,
          arith::ConstantIntOp::create(
              b, -(*kernel.zeroPoint + getSignBit(kernel.codes)), 32));
    else
      total = arith::SIToFPOp::create(b, b.getF32Type(), total);
    memref::StoreOp::create(b, total, target.parameters[1],
                            ValueRange{row, block});
  });
}
