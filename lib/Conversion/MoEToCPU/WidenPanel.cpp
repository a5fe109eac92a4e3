//===- WidenPanel.cpp - Packed panels as f32 -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WidenPanel.h"
#include "KernelUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::moe;

bool mlir::moe::canWiden(Type storage, int64_t block, int64_t depth) {
  if (isa<Float32Type, Float16Type, BFloat16Type>(storage))
    return true;
  auto integer = dyn_cast<IntegerType>(storage);
  if (!integer)
    return false;
  // The elements of one byte must share a scale.
  int64_t pack = integer.getWidth() < 8 ? 8 / integer.getWidth() : 1;
  return block >= depth || block % pack == 0;
}

Value mlir::moe::allocateWidePanel(ImplicitLocOpBuilder &b,
                                   const PackedStorage &storage,
                                   const TileShape &tile, int64_t depth) {
  if (!isa<IntegerType>(storage.element))
    return {};
  // Rows past the depth take the unused elements of the last byte.
  return memref::AllocOp::create(
      b, MemRefType::get(
             {static_cast<int64_t>(llvm::alignTo(depth, 4)), tile.columns},
             b.getF32Type()));
}

/// The element `index` of each byte of `bytes` as f32, before zero points.
static Value extractCodes(ImplicitLocOpBuilder &b, Value bytes,
                          IntegerType storage, unsigned index) {
  auto vector = cast<VectorType>(bytes.getType());
  auto i32 = vector.cloneWith({}, b.getI32Type());
  unsigned bits = storage.getWidth();
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(
        b, DenseElementsAttr::get(cast<ShapedType>(Type(i32)),
                                  b.getI32IntegerAttr(value)));
  };
  Value wide = arith::ExtUIOp::create(b, i32, bytes);
  if (storage.isUnsigned()) {
    if (index)
      wide = arith::ShRUIOp::create(b, wide, constant(index * bits));
    if (bits < 8)
      wide = arith::AndIOp::create(b, wide, constant((1 << bits) - 1));
  } else {
    // Move the code to the top and bring its sign back down.
    wide = arith::ShLIOp::create(b, wide, constant(32 - (index + 1) * bits));
    wide = arith::ShRSIOp::create(b, wide, constant(32 - bits));
  }
  return arith::SIToFPOp::create(b, vector.cloneWith({}, b.getF32Type()), wide);
}

/// Fills rows [begin, end) of bytes of one block with (code − zero) · scale.
static void widenCodes(ImplicitLocOpBuilder &b, IntegerType storage,
                       const TileShape &tile, Value source, Value scales,
                       Value zeros, Value block, Value begin, Value end,
                       Value scratch) {
  unsigned pack = storage.getWidth() < 8 ? 8 / storage.getWidth() : 1;
  SmallVector<Value> scale, zero;
  for (int64_t c = 0; c < tile.columns; c += tile.lanes) {
    Value column = constantIndex(b, c);
    scale.push_back(loadF32(b, scales, ValueRange{block, column}, tile.lanes));
    zero.push_back(loadF32(b, zeros, ValueRange{block, column}, tile.lanes));
  }
  emitFor(b, begin, end, 1, [&](Value row) {
    Value k = arith::MulIOp::create(b, row, constantIndex(b, pack));
    for (int64_t c = 0; c < tile.columns; c += tile.lanes) {
      Value column = constantIndex(b, c);
      Value bytes = vector::LoadOp::create(
          b, VectorType::get({tile.lanes}, b.getI8Type()), source,
          ValueRange{row, column});
      for (unsigned i = 0; i < pack; ++i) {
        Value code = extractCodes(b, bytes, storage, i);
        Value value = arith::MulFOp::create(
            b, arith::SubFOp::create(b, code, zero[c / tile.lanes]),
            scale[c / tile.lanes]);
        Value target = arith::AddIOp::create(b, k, constantIndex(b, i));
        storeF32(b, value, scratch, ValueRange{target, column});
      }
    }
  });
}

Value mlir::moe::emitWidePanel(ImplicitLocOpBuilder &b,
                               const PackedStorage &storage,
                               const TileShape &tile, int64_t depth,
                               ValueRange packed, Value expert, Value panel,
                               Value scratch) {
  Value source = slicePanel(b, packed[0], expert, panel);
  auto integer = dyn_cast<IntegerType>(storage.element);
  if (!integer)
    return source;

  int64_t bytes = cast<MemRefType>(source.getType()).getDimSize(0);
  Value scales = slicePanel(b, packed[1], expert, panel);
  Value zeros = slicePanel(b, packed[2], expert, panel);
  int64_t pack = integer.getWidth() < 8 ? 8 / integer.getWidth() : 1;
  int64_t blocks = cast<MemRefType>(scales.getType()).getDimSize(0);
  int64_t perBlock = blocks == 1 ? bytes : storage.block / pack;
  emitFor(
      b, constantIndex(b, 0), constantIndex(b, blocks), 1, [&](Value block) {
        Value size = constantIndex(b, perBlock);
        Value begin = arith::MulIOp::create(b, block, size);
        Value end = arith::MinUIOp::create(
            b, arith::AddIOp::create(b, begin, size), constantIndex(b, bytes));
        widenCodes(b, integer, tile, source, scales, zeros, block, begin, end,
                   scratch);
      });
  // The GEMM reads `depth` rows from any offset.
  OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
  Value view = memref::SubViewOp::create(
      b, scratch, ArrayRef<OpFoldResult>{zero, zero},
      ArrayRef<OpFoldResult>{b.getIndexAttr(depth),
                             b.getIndexAttr(tile.columns)},
      ArrayRef<OpFoldResult>{one, one});
  return memref::CastOp::create(
      b, getPanelType(b.getF32Type(), depth, tile.columns, tile.columns), view);
}
