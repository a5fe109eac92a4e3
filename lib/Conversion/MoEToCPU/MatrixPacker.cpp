//===- MatrixPacker.cpp - Elements of a matrix into panels ------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MatrixPacker.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::moe;

/// Element (row, k) of an expert's source as an element of the target.
static Value loadElement(ImplicitLocOpBuilder &b,
                         const PackKernelConfig &config, LayoutAttr layout,
                         Value source, Value expert, Value row, Value k) {
  Type to = config.target.getElementType();
  bool vector = config.source.getRank() == (config.stacked ? 2 : 1);
  Value column = vector ? row : k;
  Value shift;
  if (config.codes && config.codes.getWidth() < 8) {
    // Codes lie side by side along the last dimension.
    unsigned pack = 8 / config.codes.getWidth();
    Value size = constantIndex(b, pack);
    Value place = arith::RemUIOp::create(b, column, size);
    shift = arith::IndexCastOp::create(
        b, b.getI32Type(),
        arith::MulIOp::create(b, place,
                              constantIndex(b, config.codes.getWidth())));
    column = arith::DivUIOp::create(b, column, size);
  }
  SmallVector<Value> at;
  if (config.stacked)
    at.push_back(expert);
  if (vector)
    at.push_back(column);
  else if (layout.getTransposed())
    at.append({column, row});
  else
    at.append({row, column});
  Value value = memref::LoadOp::create(b, source, at);
  // Arithmetic knows signless integers only; the lowering to LLVM makes this
  // cast disappear.
  if (value.getType().isUnsignedInteger())
    value =
        UnrealizedConversionCastOp::create(
            b, b.getIntegerType(value.getType().getIntOrFloatBitWidth()), value)
            .getResult(0);
  if (!config.codes) {
    if (value.getType() == to)
      return value;
    return value.getType().getIntOrFloatBitWidth() > 32
               ? Value(arith::TruncFOp::create(b, to, value))
               : Value(arith::ExtFOp::create(b, to, value));
  }
  auto constant = [&](int64_t c) -> Value {
    return arith::ConstantIntOp::create(b, c, 32);
  };
  unsigned bits = config.codes.getWidth();
  Value wide = arith::ExtUIOp::create(b, b.getI32Type(), value);
  if (shift)
    wide = arith::ShRUIOp::create(b, wide, shift);
  wide = arith::ShLIOp::create(b, wide, constant(32 - bits));
  wide = config.codes.isUnsigned()
             ? Value(arith::ShRUIOp::create(b, wide, constant(32 - bits)))
             : Value(arith::ShRSIOp::create(b, wide, constant(32 - bits)));
  return arith::SIToFPOp::create(b, to, wide);
}

/// Whether the kernel only moves elements of matrices, which is all that the
/// vectors below do.
static bool onlyMoves(const PackKernelConfig &config) {
  Type from = config.source.getElementType();
  Type to = config.target.getElementType();
  bool same = from == to ||
              (isa<IntegerType>(from) && isa<IntegerType>(to) &&
               from.getIntOrFloatBitWidth() == to.getIntOrFloatBitWidth());
  return same && !config.codes &&
         config.source.getRank() == (config.stacked ? 3 : 2);
}

/// Exchanges rows and columns of as many vectors as each has lanes.
static void transpose(ImplicitLocOpBuilder &b, SmallVectorImpl<Value> &rows) {
  auto lanes = static_cast<int64_t>(rows.size());
  // Each step exchanges the off-diagonal blocks of all pairs of blocks of
  // `size`.
  for (int64_t size = 1; size < lanes; size *= 2) {
    SmallVector<int64_t> low, high;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      bool second = lane & size;
      low.push_back(second ? lanes + lane - size : lane);
      high.push_back(second ? lanes + lane : lane + size);
    }
    for (int64_t row = 0; row < lanes; ++row) {
      if (row & size)
        continue;
      Value a = rows[row], c = rows[row + size];
      rows[row] = vector::ShuffleOp::create(b, a, c, low);
      rows[row + size] = vector::ShuffleOp::create(b, a, c, high);
    }
  }
}

void MatrixPacker::copy(Value panel, Value k, Value c) {
  Value value =
      loadElement(b, config, layout, source, sourceExpert, getRow(panel, c), k);
  store(value, panel, k, c);
}

void MatrixPacker::copyColumns(Value panel, Value cBegin, Value cEnd,
                               Value kBegin, Value kEnd) {
  emitFor(b, cBegin, cEnd, 1, [&](Value c) {
    emitFor(b, kBegin, kEnd, 1, [&](Value k) { copy(panel, k, c); });
  });
}

void MatrixPacker::copyRows(Value panel, Value cEnd, Value kBegin,
                            int64_t count) {
  int64_t whole = count / config.group * config.group;
  auto copyGroups = [&](Value first, Value last, int64_t size) {
    emitFor(b, first, last, config.group, [&](Value k) {
      emitFor(b, index(0), cEnd, 1, [&](Value c) {
        for (int64_t g = 0; g < size; ++g)
          copy(panel, arith::AddIOp::create(b, k, index(g)), c);
      });
    });
  };
  Value middle = arith::AddIOp::create(b, kBegin, index(whole));
  copyGroups(kBegin, middle, config.group);
  if (whole != count)
    copyGroups(middle, arith::AddIOp::create(b, kBegin, index(count)),
               count - whole);
}

void MatrixPacker::transposeTile(Value panel, Value k, Value c) {
  Type element = config.target.getElementType();
  auto elements = VectorType::get({lanes * config.group}, element);
  auto units = elements;
  if (config.group > 1)
    units = VectorType::get(
        {lanes},
        b.getIntegerType(config.group * element.getIntOrFloatBitWidth()));
  auto loaded =
      VectorType::get({lanes * config.group}, config.source.getElementType());
  SmallVector<Value> rows;
  for (int64_t i = 0; i < lanes; ++i) {
    SmallVector<Value> at;
    if (config.stacked)
      at.push_back(sourceExpert);
    Value column = arith::AddIOp::create(b, c, index(i));
    at.append({getRow(panel, column), k});
    Value row = vector::LoadOp::create(b, loaded, source, at);
    // Arithmetic knows signless integers only; the lowering to LLVM makes this
    // cast disappear.
    if (loaded != elements)
      row = UnrealizedConversionCastOp::create(b, elements, row).getResult(0);
    rows.push_back(
        units == elements ? row : vector::BitCastOp::create(b, units, row));
  }
  transpose(b, rows);
  Value first = arith::DivUIOp::create(b, k, index(config.group));
  Value place = getPlace(c);
  for (auto [i, row] : llvm::enumerate(rows)) {
    if (units != elements)
      row = vector::BitCastOp::create(b, elements, row);
    Value at = arith::AddIOp::create(b, first, index(i));
    vector::StoreOp::create(b, row, target,
                            ValueRange{expert, panel, at, place});
  }
}

/// Tiles of `lanes` outputs by `lanes` groups of inputs, transposed in
/// registers, then what is left of both.
void MatrixPacker::packTiles(Value panel, Value columns, Value kBegin,
                             int64_t count) {
  int64_t step = lanes * config.group, whole = count / step * step;
  Value tiled = arith::MulIOp::create(
      b, arith::DivUIOp::create(b, columns, index(lanes)), index(lanes));
  Value kMiddle = arith::AddIOp::create(b, kBegin, index(whole));
  Value kEnd = arith::AddIOp::create(b, kBegin, index(count));
  if (whole)
    emitFor(b, index(0), tiled, lanes, [&](Value c) {
      emitFor(b, kBegin, kMiddle, step,
              [&](Value k) { transposeTile(panel, k, c); });
    });
  copyColumns(panel, tiled, columns, kBegin, kMiddle);
  copyColumns(panel, index(0), columns, kMiddle, kEnd);
}

void MatrixPacker::pack(Value panel, Value kBegin, int64_t count) {
  Value columns = countColumns(panel);
  Value kEnd = arith::AddIOp::create(b, kBegin, index(count));
  if (layout.getTransposed())
    copyRows(panel, columns, kBegin, count);
  else if (onlyMoves(config))
    packTiles(panel, columns, kBegin, count);
  else
    copyColumns(panel, index(0), columns, kBegin, kEnd);
  Value zero = arith::ConstantOp::create(
      b, b.getZeroAttr(config.target.getElementType()));
  emitFor(b, columns, index(width), 1, [&](Value c) {
    emitFor(b, kBegin, kEnd, 1, [&](Value k) { store(zero, panel, k, c); });
  });
}

void MatrixPacker::pad(Value panel) {
  int64_t padded = config.target.getDimSize(2) * config.group;
  Value zero = arith::ConstantOp::create(
      b, b.getZeroAttr(config.target.getElementType()));
  emitFor(b, index(config.depth), index(padded), 1, [&](Value k) {
    emitFor(b, index(0), index(width), 1,
            [&](Value c) { store(zero, panel, k, c); });
  });
}
