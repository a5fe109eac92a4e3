//===- CodeTiles.cpp - Tiles of integer codes -------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileEmitter.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::moe;

/// Up to how many rows codes are widened a word at a time.
static constexpr int64_t maxRowsOfWords = 4;

/// How many vectors of totals registers hold beside those of a block's sums.
static constexpr int64_t maxTotals = 8;

/// The bits of 2²³. The sum of it and a small integer has that integer in its
/// lowest bits.
static constexpr int64_t magicBits = 0x4B000000;
static constexpr double magic = 0x1p23;

int64_t mlir::moe::getSignBit(IntegerType codes) {
  return codes.isUnsigned() ? 0 : int64_t(1) << (codes.getWidth() - 1);
}

Value mlir::moe::splatReal(ImplicitLocOpBuilder &b, VectorType type,
                           double value) {
  return arith::ConstantOp::create(
      b, DenseElementsAttr::get(cast<ShapedType>(Type(type)),
                                b.getF32FloatAttr(value)));
}

Value mlir::moe::getExcess(ImplicitLocOpBuilder &b, const TileKernel &kernel,
                           Value zeros) {
  auto vector = VectorType::get({kernel.tile.lanes}, b.getF32Type());
  double constant = magic + getSignBit(kernel.codes);
  if (!zeros)
    return splatReal(b, vector, constant + *kernel.zeroPoint);
  return arith::AddFOp::create(b, splatReal(b, vector, constant), zeros);
}

/// An intrinsic of LLVM as a function: `llvm.call_intrinsic` does not say that
/// it touches no memory, which bufferization wants to know.
static func::FuncOp getIntrinsic(ImplicitLocOpBuilder &b, const Twine &name,
                                 TypeRange operands, Type result) {
  auto module =
      b.getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
  return declareFunction(module, name.str(), operands, result);
}

/// Whether one register holds the f32 of all codes.
static bool fitsTable(const TileKernel &kernel) {
  return kernel.tile.lanes == 16 && kernel.codes.getWidth() <= 4 &&
         kernel.zeroPoint;
}

/// The f32 of each code by a permutation of the table of all, for which bits
/// above the lowest four do not count.
static Value lookUpCode(ImplicitLocOpBuilder &b, const TileKernel &kernel,
                        Value words) {
  auto type = VectorType::get({kernel.tile.lanes}, b.getF32Type());
  int64_t count = int64_t(1) << kernel.codes.getWidth();
  SmallVector<float> table;
  for (int64_t i = 0; i < kernel.tile.lanes; ++i) {
    int64_t code = i % count;
    if (kernel.codes.isSigned() || kernel.codes.isSignless())
      code = code < count / 2 ? code : code - count;
    table.push_back(code - *kernel.zeroPoint);
  }
  Value values = arith::ConstantOp::create(
      b, DenseElementsAttr::get(type, ArrayRef<float>(table)));
  func::FuncOp permute =
      getIntrinsic(b, "llvm.x86.avx512.permvar.sf.512",
                   {type, type.cloneWith({}, b.getI32Type())}, type);
  return func::CallOp::create(b, permute, ValueRange{values, words})
      .getResult(0);
}

/// A conversion of integers would take one instruction more.
Value mlir::moe::widenCode(ImplicitLocOpBuilder &b, const TileKernel &kernel,
                           Value words, Value excess) {
  if (fitsTable(kernel))
    return lookUpCode(b, kernel, words);
  auto type = cast<VectorType>(words.getType());
  Value mask =
      splatInteger(b, type, (int64_t(1) << kernel.codes.getWidth()) - 1);
  Value bits = arith::XOrIOp::create(
      b, arith::AndIOp::create(b, words, mask),
      splatInteger(b, type, magicBits | getSignBit(kernel.codes)));
  Value raised =
      vector::BitCastOp::create(b, type.cloneWith({}, b.getF32Type()), bits);
  return arith::SubFOp::create(b, raised, excess);
}

Value mlir::moe::loadCodeWords(ImplicitLocOpBuilder &b,
                               const TileKernel &kernel, Value panel,
                               Value index, int64_t column) {
  int64_t bytes = 4 * kernel.tile.lanes;
  Value loaded = vector::LoadOp::create(
      b, VectorType::get({bytes}, b.getI8Type()), panel,
      ValueRange{index, constantIndex(b, column * bytes)});
  return vector::BitCastOp::create(
      b, VectorType::get({kernel.tile.lanes}, b.getI32Type()), loaded);
}

/// The codes of a word for each of columns.
SmallVector<Value> TileEmitter::loadWords(Value word) {
  SmallVector<Value> loaded;
  for (int64_t j = 0; j < columns; ++j)
    loaded.push_back(loadCodeWords(b, kernel, panel, word, j));
  return loaded;
}

/// One k at a time, for the reason of `TileEmitter::emitPairsStep`.
void TileEmitter::emitCodeStep(Value k) {
  auto words = vector.cloneWith({}, b.getI32Type());
  Value group = constantIndex(b, kernel.getGroup());
  Value place =
      arith::MulIOp::create(b, arith::RemUIOp::create(b, k, group),
                            constantIndex(b, kernel.codes.getWidth()));
  Value shift = vector::BroadcastOp::create(
      b, words, arith::IndexCastOp::create(b, b.getI32Type(), place));
  Value word = arith::DivUIOp::create(b, k, group);
  SmallVector<Value> weights;
  for (auto [j, loaded] : llvm::enumerate(loadWords(word)))
    weights.push_back(widenCode(
        b, kernel, arith::ShRUIOp::create(b, loaded, shift), excess[j]));
  addProducts(k, weights);
}

/// All k of a word.
void TileEmitter::emitCodeWord(Value word) {
  auto words = vector.cloneWith({}, b.getI32Type());
  int64_t group = kernel.getGroup();
  SmallVector<Value> loaded = loadWords(word);
  Value first = arith::MulIOp::create(b, word, constantIndex(b, group));
  for (int64_t n = 0; n < group; ++n) {
    SmallVector<Value> weights;
    for (int64_t j = 0; j < columns; ++j) {
      Value shifted = loaded[j];
      if (n)
        shifted = arith::ShRUIOp::create(
            b, shifted, splatInteger(b, words, n * kernel.codes.getWidth()));
      weights.push_back(widenCode(b, kernel, shifted, excess[j]));
    }
    addProducts(arith::AddIOp::create(b, first, constantIndex(b, n)), weights);
  }
}

/// Few rows leave registers free, and are what bandwidth limits: a word at a
/// time needs fewer instructions. Tiles of VNNI always have some left.
bool TileEmitter::takesWholeWords() const {
  switch (kernel.form) {
  case TileForm::CodeDot:
    return true;
  case TileForm::Codes:
    return rows <= maxRowsOfWords && kernel.block % kernel.getGroup() == 0;
  default:
    return false;
  }
}

/// Sums each block by itself and adds it to the totals, times its scale.
void TileEmitter::emitBlocks() {
  // The tile of VNNI is chosen so that both fit.
  holdsTotals = kernel.form == TileForm::CodeDot || rows * columns <= maxTotals;
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(vector));
  totals.clear();
  if (holdsTotals)
    totals.assign(rows * columns, zero);
  else
    forEachSum([&](int64_t, int64_t, ValueRange at) {
      vector::StoreOp::create(b, zero, c, at);
    });
  auto loop = scf::ForOp::create(b, constantIndex(b, 0),
                                 memref::DimOp::create(b, parameters[0], 0),
                                 constantIndex(b, 1), totals);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    totals.assign(loop.getRegionIterArgs().begin(),
                  loop.getRegionIterArgs().end());
    emitBlock(loop.getInductionVar());
    if (holdsTotals)
      scf::YieldOp::create(b, totals);
  }
  if (holdsTotals)
    forEachSum([&](int64_t i, int64_t j, ValueRange at) {
      vector::StoreOp::create(b, loop.getResult(i * columns + j), c, at);
    });
}

/// Adds a vector of a block's sums, times their scale, to the totals.
void TileEmitter::addToTotal(int64_t i, int64_t j, ValueRange at, Value sum,
                             Value scale) {
  if (holdsTotals) {
    Value &total = totals[i * columns + j];
    total = vector::FMAOp::create(b, sum, scale, total);
    return;
  }
  Value total = loadF32(b, c, at, kernel.tile.lanes);
  vector::StoreOp::create(b, vector::FMAOp::create(b, sum, scale, total), c,
                          at);
}

/// Sums a block and adds it to the totals.
void TileEmitter::emitBlock(Value block) {
  bool dot = kernel.form == TileForm::CodeDot;
  bool words = takesWholeWords();
  Value size = kernel.block ? constantIndex(b, kernel.block) : depth;
  Value begin = arith::MulIOp::create(b, block, size);
  Value end =
      arith::MinUIOp::create(b, arith::AddIOp::create(b, begin, size), depth);
  excess.clear();
  if (kernel.form == TileForm::Codes)
    for (int64_t j = 0; j < columns; ++j) {
      Value zeros;
      if (!kernel.zeroPoint)
        zeros =
            loadF32(b, parameters[1],
                    ValueRange{block, constantIndex(b, j * kernel.tile.lanes)},
                    kernel.tile.lanes);
      excess.push_back(getExcess(b, kernel, zeros));
    }
  int64_t perStep = words ? kernel.getGroup() : kernel.getDepthPerStep();
  Value unit = constantIndex(b, perStep);
  emitLoop(arith::DivUIOp::create(b, begin, unit),
           arith::CeilDivUIOp::create(b, end, unit),
           dot ? getCorrections(block) : getZeros(vector), [&](Value k) {
             if (!words)
               return emitStep(k);
             emitFetches(arith::MulIOp::create(
                 b, k, constantIndex(b, perStep / kernel.getDepthPerStep())));
             dot ? emitCodeDotWord(k) : emitCodeWord(k);
           });
  dot ? addDotBlock(block) : addBlock(block);
}

/// What the accumulators of VNNI start with.
SmallVector<Value> TileEmitter::getCorrections(Value block) {
  auto type = vector.cloneWith({}, b.getI32Type());
  if (!kernel.zeroPoint)
    return getZeros(type);
  SmallVector<Value> init;
  for (int64_t i = 0; i < rows; ++i) {
    Value correction = vector::BroadcastOp::create(
        b, type,
        memref::LoadOp::create(b, parameters.back(),
                               ValueRange{rowIndices[i], block}));
    init.append(columns, correction);
  }
  return init;
}

/// Adds the accumulators of a block to C, times its scale.
void TileEmitter::addBlock(Value block) {
  forEachSum([&](int64_t i, int64_t j, ValueRange at) {
    addToTotal(
        i, j, at, getSum(i, j),
        loadF32(b, parameters[0], ValueRange{block, at[1]}, kernel.tile.lanes));
  });
}

/// The same for integers: with row scale s and row sum q of the block, C grows
/// by s · scale · (sum − zero · q). One zero point for all is taken off from
/// the start.
void TileEmitter::addDotBlock(Value block) {
  int64_t lanes = kernel.tile.lanes;
  Value rowScales = parameters[parameters.size() - 2],
        rowSums = parameters.back();
  double signBit = getSignBit(kernel.codes);
  forEachSum([&](int64_t i, int64_t j, ValueRange at) {
    auto spread = [&](Value of) -> Value {
      return vector::BroadcastOp::create(
          b, vector,
          memref::LoadOp::create(b, of, ValueRange{rowIndices[i], block}));
    };
    Value sum = arith::SIToFPOp::create(b, vector, getSum(i, j));
    if (!kernel.zeroPoint) {
      Value zero = arith::AddFOp::create(
          b, splatReal(b, vector, signBit),
          loadF32(b, parameters[1], ValueRange{block, at[1]}, lanes));
      sum = arith::SubFOp::create(
          b, sum, arith::MulFOp::create(b, zero, spread(rowSums)));
    }
    sum = arith::MulFOp::create(b, sum, spread(rowScales));
    Value scale = loadF32(b, parameters[0], ValueRange{block, at[1]}, lanes);
    addToTotal(i, j, at, sum, scale);
  });
}

/// The lowest codes of each byte of words, shifted, as unsigned bytes.
Value TileEmitter::getCodeBytes(Value words, Value shift) {
  auto type = cast<VectorType>(words.getType());
  unsigned bits = kernel.codes.getWidth();
  // The same bits of all four bytes.
  int64_t each = 0x01010101;
  if (shift)
    words = arith::ShRUIOp::create(b, words, shift);
  if (bits < 8)
    words = arith::AndIOp::create(
        b, words, splatInteger(b, type, each * ((1 << bits) - 1)));
  if (int64_t sign = getSignBit(kernel.codes))
    words = arith::XOrIOp::create(
        b, words, splatInteger(b, type, static_cast<int32_t>(each * sign)));
  return vector::BitCastOp::create(
      b, VectorType::get({4 * kernel.tile.lanes}, b.getI8Type()), words);
}

/// The sum of products of four unsigned and four signed bytes.
static func::FuncOp getByteDot(ImplicitLocOpBuilder &b, VectorType sums,
                               VectorType bytes) {
  return getIntrinsic(
      b, "llvm.x86.avx512.vpdpbusd." + Twine(32 * sums.getNumElements()),
      {sums, bytes, bytes}, sums);
}

/// Adds four k, of which `weights` holds a vector for each of columns.
void TileEmitter::addDots(Value k, ArrayRef<Value> weights) {
  func::FuncOp dot = getByteDot(b, cast<VectorType>(sums.front().getType()),
                                cast<VectorType>(weights.front().getType()));
  for (int64_t i = 0; i < rows; ++i) {
    Value spread = spreadWord(rowIndices[i], k, 4);
    for (int64_t j = 0; j < columns; ++j) {
      Value &sum = getSum(i, j);
      sum = func::CallOp::create(b, dot, ValueRange{sum, weights[j], spread})
                .getResult(0);
    }
  }
}

/// All steps of a word.
void TileEmitter::emitCodeDotWord(Value word) {
  int64_t bits = kernel.codes.getWidth(), steps = 8 / bits;
  SmallVector<Value> loaded = loadWords(word);
  Value first = arith::MulIOp::create(b, word, constantIndex(b, steps));
  for (int64_t n = 0; n < steps; ++n) {
    SmallVector<Value> weights;
    for (Value words : loaded)
      weights.push_back(getCodeBytes(
          words,
          n ? splatInteger(b, cast<VectorType>(words.getType()), n * bits)
            : Value()));
    addDots(arith::AddIOp::create(b, first, constantIndex(b, n)), weights);
  }
}
