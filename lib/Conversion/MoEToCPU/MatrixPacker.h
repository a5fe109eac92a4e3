//===- MatrixPacker.h - Elements of a matrix into panels --------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_MOETOCPU_MATRIXPACKER_H
#define MOE_LIB_CONVERSION_MOETOCPU_MATRIXPACKER_H

#include "PackKernel.h"

namespace mlir::moe {

/// Packs the columns of one matrix of `expert`, which is `sourceExpert` of a
/// stacked source, into a panel.
class MatrixPacker {
public:
  MatrixPacker(ImplicitLocOpBuilder &b, const PackKernelConfig &config,
               unsigned position, Value source, Value sourceExpert,
               Value target, Value expert)
      : b(b), config(config), layout(config.layouts[position]),
        width(config.target.getDimSize(3) /
              (config.group * static_cast<int64_t>(config.layouts.size()))),
        firstColumn(position * width), source(source),
        sourceExpert(sourceExpert), target(target), expert(expert) {}

  /// Inputs [kBegin, kBegin + count) of panel `panel`; a multiple of `group`
  /// unless they are the last ones.
  void pack(Value panel, Value kBegin, int64_t count);
  /// Zeros behind the last input.
  void pad(Value panel);

private:
  /// Inputs to transpose at a time, each `group` elements of one output.
  static constexpr int64_t lanes = 8;

  Value index(int64_t value) { return constantIndex(b, value); }
  /// The row (or column, if transposed) of the source for column `c`.
  Value getRow(Value panel, Value c) {
    Value n = arith::AddIOp::create(
        b, arith::MulIOp::create(b, panel, index(width)), c);
    return arith::AddIOp::create(
        b, arith::MulIOp::create(b, n, index(layout.getStep())),
        index(layout.getOffset()));
  }
  /// How many columns of the panel the matrix has.
  Value countColumns(Value panel) {
    Value first = arith::MulIOp::create(b, panel, index(width));
    Value left = arith::SubIOp::create(b, index(config.out), first);
    left = arith::MaxSIOp::create(b, left, index(0));
    return arith::MinSIOp::create(b, left, index(width));
  }
  void store(Value value, Value panel, Value k, Value c) {
    Value row = arith::DivUIOp::create(b, k, index(config.group));
    Value place = arith::AddIOp::create(
        b, getPlace(c), arith::RemUIOp::create(b, k, index(config.group)));
    memref::StoreOp::create(b, value, target,
                            ValueRange{expert, panel, row, place});
  }
  Value getPlace(Value c) {
    return arith::MulIOp::create(
        b, arith::AddIOp::create(b, c, index(firstColumn)),
        index(config.group));
  }
  void copy(Value panel, Value k, Value c);
  /// Elements one after the other along k, the source's rows.
  void copyColumns(Value panel, Value cBegin, Value cEnd, Value kBegin,
                   Value kEnd);
  /// Elements one after the other along c, the rows of a transposed source.
  void copyRows(Value panel, Value cEnd, Value kBegin, int64_t count);
  void transposeTile(Value panel, Value k, Value c);
  void packTiles(Value panel, Value columns, Value kBegin, int64_t count);

  ImplicitLocOpBuilder &b;
  const PackKernelConfig &config;
  LayoutAttr layout;
  int64_t width, firstColumn;
  Value source, sourceExpert, target, expert;
};

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_MOETOCPU_MATRIXPACKER_H
