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

/// The bits of 2²³. The sum of it and a small integer has that integer in its
/// lowest bits.
static constexpr int64_t magicBits = 0x4B000000;
static constexpr double magic = 0x1p23;

/// Codes of two's complement, with the sign bit inverted, are unsigned ones
/// above this.
static int64_t getSignBit(IntegerType codes) {
  return codes.isUnsigned() ? 0 : int64_t(1) << (codes.getWidth() - 1);
}

static Value splatReal(ImplicitLocOpBuilder &b, VectorType type, double value) {
  return arith::ConstantOp::create(
      b, DenseElementsAttr::get(cast<ShapedType>(Type(type)),
                                b.getF32FloatAttr(value)));
}

/// What `widenCode` has to take off the codes of a block.
Value TileEmitter::getExcess(Value block, int64_t column) {
  double constant = magic + getSignBit(kernel.codes);
  if (kernel.zeroPoint)
    return splatReal(b, vector, constant + *kernel.zeroPoint);
  Value zeros =
      loadF32(b, parameters[1],
              ValueRange{block, constantIndex(b, column * kernel.tile.lanes)},
              kernel.tile.lanes);
  return arith::AddFOp::create(b, splatReal(b, vector, constant), zeros);
}

/// The code in the lowest bits of `word` as f32, less its zero point. A
/// conversion of integers would take one instruction more.
Value TileEmitter::widenCode(Value word, Value excess) {
  auto words = cast<VectorType>(word.getType());
  Value mask =
      splatInteger(b, words, (int64_t(1) << kernel.codes.getWidth()) - 1);
  Value bits = arith::XOrIOp::create(
      b, arith::AndIOp::create(b, word, mask),
      splatInteger(b, words, magicBits | getSignBit(kernel.codes)));
  Value raised = vector::BitCastOp::create(b, vector, bits);
  return arith::SubFOp::create(b, raised, excess);
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
  for (int64_t j = 0; j < columns; ++j) {
    Value loaded = vector::BitCastOp::create(b, words, loadWords(word, j));
    weights.push_back(
        widenCode(arith::ShRUIOp::create(b, loaded, shift), excess[j]));
  }
  addProducts(k, weights);
}

/// All k of a word.
void TileEmitter::emitCodeWord(Value word) {
  auto words = vector.cloneWith({}, b.getI32Type());
  int64_t group = kernel.getGroup();
  SmallVector<Value> loaded;
  for (int64_t j = 0; j < columns; ++j)
    loaded.push_back(vector::BitCastOp::create(b, words, loadWords(word, j)));
  Value first = arith::MulIOp::create(b, word, constantIndex(b, group));
  for (int64_t n = 0; n < group; ++n) {
    SmallVector<Value> weights;
    for (int64_t j = 0; j < columns; ++j) {
      Value shifted = loaded[j];
      if (n)
        shifted = arith::ShRUIOp::create(
            b, shifted, splatInteger(b, words, n * kernel.codes.getWidth()));
      weights.push_back(widenCode(shifted, excess[j]));
    }
    addProducts(arith::AddIOp::create(b, first, constantIndex(b, n)), weights);
  }
}

/// Sums each block by itself and adds it to C, times its scale.
void TileEmitter::emitBlocks() {
  int64_t group = kernel.getGroup();
  Value scales = parameters[0], zeroRow = constantIndex(b, 0);
  // Few rows leave registers free, and are what bandwidth limits: a word at a
  // time needs fewer instructions.
  bool wholeWords = rows <= maxRowsOfWords && kernel.block % group == 0;
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(vector));
  forEachSum([&](int64_t, int64_t, ValueRange at) {
    vector::StoreOp::create(b, zero, c, at);
  });
  Value blocks = memref::DimOp::create(b, scales, 0);
  Value size = kernel.block ? constantIndex(b, kernel.block) : depth;
  emitFor(b, zeroRow, blocks, 1, [&](Value block) {
    Value begin = arith::MulIOp::create(b, block, size);
    Value end =
        arith::MinUIOp::create(b, arith::AddIOp::create(b, begin, size), depth);
    if (kernel.form == TileForm::CodeDot) {
      Value perStep = constantIndex(b, kernel.getDepthPerStep());
      emitLoop(arith::DivUIOp::create(b, begin, perStep),
               arith::DivUIOp::create(b, end, perStep),
               vector.cloneWith({}, b.getI32Type()),
               [&](Value k) { emitStep(k); });
      return addDotBlock(block);
    }
    excess.clear();
    for (int64_t j = 0; j < columns; ++j)
      excess.push_back(getExcess(block, j));
    if (wholeWords) {
      Value perWord = constantIndex(b, group);
      emitLoop(arith::DivUIOp::create(b, begin, perWord),
               arith::CeilDivUIOp::create(b, end, perWord), vector,
               [&](Value word) { emitCodeWord(word); });
    } else {
      emitLoop(begin, end, vector, [&](Value k) { emitStep(k); });
    }
    addBlock(block);
  });
}

/// Adds the accumulators of a block to C, times its scale.
void TileEmitter::addBlock(Value block) {
  int64_t lanes = kernel.tile.lanes;
  forEachSum([&](int64_t i, int64_t j, ValueRange at) {
    Value scale = loadF32(b, parameters[0], ValueRange{block, at[1]}, lanes);
    Value sum = vector::FMAOp::create(b, sums[i * columns + j], scale,
                                      loadF32(b, c, at, lanes));
    vector::StoreOp::create(b, sum, c, at);
  });
}

/// The same for integers: with row scale s and row sum q of the block, C grows
/// by s · scale · (sum − zero · q).
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
    Value zero = splatReal(b, vector, signBit + kernel.zeroPoint.value_or(0));
    if (!kernel.zeroPoint)
      zero = arith::AddFOp::create(
          b, zero, loadF32(b, parameters[1], ValueRange{block, at[1]}, lanes));
    Value sum = arith::SIToFPOp::create(b, vector, sums[i * columns + j]);
    sum = arith::SubFOp::create(
        b, sum, arith::MulFOp::create(b, zero, spread(rowSums)));
    Value scale = arith::MulFOp::create(
        b, loadF32(b, parameters[0], ValueRange{block, at[1]}, lanes),
        spread(rowScales));
    vector::StoreOp::create(
        b, vector::FMAOp::create(b, sum, scale, loadF32(b, c, at, lanes)), c,
        at);
  });
}

/// Step k of the codes of a vector of columns as unsigned bytes, four
/// consecutive in a word.
Value TileEmitter::loadCodeBytes(Value k, int64_t column) {
  auto words = vector.cloneWith({}, b.getI32Type());
  unsigned bits = kernel.codes.getWidth();
  Value perWord = constantIndex(b, 8 / bits);
  Value word = vector::BitCastOp::create(
      b, words, loadWords(arith::DivUIOp::create(b, k, perWord), column));
  // The same bits of all four bytes.
  int64_t each = 0x01010101;
  if (bits < 8) {
    Value place = arith::MulIOp::create(
        b, arith::RemUIOp::create(b, k, perWord), constantIndex(b, bits));
    Value shift = vector::BroadcastOp::create(
        b, words, arith::IndexCastOp::create(b, b.getI32Type(), place));
    word =
        arith::AndIOp::create(b, arith::ShRUIOp::create(b, word, shift),
                              splatInteger(b, words, each * ((1 << bits) - 1)));
  }
  if (int64_t sign = getSignBit(kernel.codes))
    word = arith::XOrIOp::create(
        b, word, splatInteger(b, words, static_cast<int32_t>(each * sign)));
  return vector::BitCastOp::create(
      b, VectorType::get({4 * kernel.tile.lanes}, b.getI8Type()), word);
}

/// LLVM's intrinsic for the sum of products of four unsigned and four signed
/// bytes, as a function: `llvm.call_intrinsic` does not say that it touches no
/// memory, which bufferization wants to know.
static func::FuncOp getByteDot(ImplicitLocOpBuilder &b, VectorType sums,
                               VectorType bytes) {
  auto module =
      b.getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
  std::string name =
      llvm::formatv("llvm.x86.avx512.vpdpbusd.{0}", 32 * sums.getNumElements());
  if (auto existing = module.lookupSymbol<func::FuncOp>(name))
    return existing;
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  auto func = func::FuncOp::create(
      builder, b.getLoc(), name,
      builder.getFunctionType({sums, bytes, bytes}, {sums}));
  func.setPrivate();
  return func;
}

void TileEmitter::emitCodeDotStep(Value k) {
  SmallVector<Value> weights;
  for (int64_t j = 0; j < columns; ++j)
    weights.push_back(loadCodeBytes(k, j));
  func::FuncOp dot = getByteDot(b, cast<VectorType>(sums.front().getType()),
                                cast<VectorType>(weights.front().getType()));
  for (int64_t i = 0; i < rows; ++i) {
    Value spread = spreadWord(rowIndices[i], k, 4);
    for (int64_t j = 0; j < columns; ++j) {
      Value &sum = sums[i * columns + j];
      sum = func::CallOp::create(b, dot, ValueRange{sum, weights[j], spread})
                .getResult(0);
    }
  }
}
