//===- TileEmitter.h - Emits the loops of tiles -----------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_MOETOCPU_TILEEMITTER_H
#define MOE_LIB_CONVERSION_MOETOCPU_TILEEMITTER_H

#include "KernelUtils.h"
#include "TileGemm.h"

namespace mlir::moe {

/// A vector of equal integers, of equal reals.
Value splatInteger(ImplicitLocOpBuilder &b, VectorType type, int64_t value);
Value splatReal(ImplicitLocOpBuilder &b, VectorType type, double value);

/// Codes of two's complement, with the sign bit inverted, are unsigned ones
/// above this.
int64_t getSignBit(IntegerType codes);

/// What `widenCode` has to take off codes: `zeros` is a vector of their zero
/// points, null if there is only one.
Value getExcess(ImplicitLocOpBuilder &b, const TileKernel &kernel, Value zeros);

/// The code in the lowest bits of each word as f32, less its zero point.
Value widenCode(ImplicitLocOpBuilder &b, const TileKernel &kernel, Value words,
                Value excess);

/// Words `index` of a panel of codes: one vector of its columns.
Value loadCodeWords(ImplicitLocOpBuilder &b, const TileKernel &kernel,
                    Value panel, Value index, int64_t column);

/// Emits the loop for one number of rows.
class TileEmitter {
public:
  TileEmitter(ImplicitLocOpBuilder &b, const TileKernel &kernel, int64_t rows,
              ValueRange args)
      : b(b), kernel(kernel), rows(rows),
        columns(kernel.tile.columns / kernel.tile.lanes), a(args[0]),
        panel(args[3]), c(args[4]), ahead(args[5]), position(args[6]),
        step(args[7]), depth(args[8]), parameters(args.drop_front(9)),
        vector(VectorType::get({kernel.tile.lanes}, b.getF32Type())) {
    for (int64_t i = 0; i < rows; ++i)
      rowIndices.push_back(
          arith::AddIOp::create(b, args[1], constantIndex(b, i)));
  }

  void emit() {
    if (kernel.hasCodes())
      emitBlocks();
    else
      emitWhole();
  }

private:
  void emitWhole();
  void emitBlocks();
  void emitBlock(Value block);
  void addToTotal(int64_t row, int64_t column, ValueRange at, Value sum,
                  Value scale);
  void emitLoop(Value begin, Value end, ValueRange init,
                function_ref<void(Value)> step);
  SmallVector<Value> getZeros(VectorType type);
  SmallVector<Value> getCorrections(Value block);
  void emitFetches(Value k);
  void emitStep(Value k);
  void emitPlainStep(Value k);
  void emitPairsStep(Value k);
  void emitDotStep(Value k);
  SmallVector<Value> loadWords(Value word);
  void emitCodeStep(Value k);
  void emitCodeWord(Value word);
  void addProducts(Value k, ArrayRef<Value> weights);
  void emitCodeDotWord(Value word);
  void addDots(Value k, ArrayRef<Value> weights);
  Value getCodeBytes(Value words, Value shift);
  void addBlock(Value block);
  void addDotBlock(Value block);
  Value spreadWord(Value row, Value word, int64_t elements);
  void forEachSum(function_ref<void(int64_t, int64_t, ValueRange)> body);
  Value loadWords(Value k, int64_t column);
  bool takesWholeWords() const;

  /// The accumulator of a row and a vector of columns.
  Value &getSum(int64_t row, int64_t column) {
    return sums[row * columns + column];
  }

  ImplicitLocOpBuilder &b;
  const TileKernel &kernel;
  int64_t rows, columns;
  Value a, panel, c, ahead, position, step, depth;
  ValueRange parameters;
  VectorType vector;
  SmallVector<Value> rowIndices;
  /// Accumulators, row by row.
  SmallVector<Value> sums;
  /// Sums of the blocks so far, if registers hold them; else C does.
  SmallVector<Value> totals;
  bool holdsTotals = false;
  /// What the codes of a block have too much, for each vector of columns.
  SmallVector<Value> excess;
};

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_MOETOCPU_TILEEMITTER_H
