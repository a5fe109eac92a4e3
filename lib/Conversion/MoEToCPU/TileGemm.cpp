//===- TileGemm.cpp - Register-tiled GEMM kernels ---------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileGemm.h"
#include "KernelUtils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::moe;

Type TileKernel::getRowType() const {
  MLIRContext *context = element.getContext();
  return form == TileForm::Dot ? Type(BFloat16Type::get(context))
                               : Type(Float32Type::get(context));
}

int64_t TileKernel::getGroup() const {
  switch (form) {
  case TileForm::Plain:
    return 1;
  case TileForm::Pairs:
  case TileForm::Dot:
    return 2;
  case TileForm::Codes:
    return 32 / codes.getWidth();
  }
}

int64_t TileKernel::getPanelWidth() const {
  if (form == TileForm::Plain)
    return tile.columns;
  return tile.columns * 32 / element.getIntOrFloatBitWidth();
}

namespace {
/// Up to how many rows codes are widened a word at a time.
constexpr int64_t maxRowsOfWords = 4;

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
    if (kernel.form == TileForm::Codes)
      emitBlocks();
    else
      emitWhole();
  }

private:
  void emitWhole();
  void emitBlocks();
  void emitLoop(Value begin, Value end, function_ref<void(Value)> step);
  void emitFetches(Value k);
  void emitStep(Value k);
  void emitPlainStep(Value k);
  void emitPairsStep(Value k);
  void emitDotStep(Value k);
  void emitCodeStep(Value k);
  void emitCodeWord(Value word);
  Value getExcess(Value block, int64_t column);
  Value widenCode(Value word, Value excess);
  void addProducts(Value k, ArrayRef<Value> weights);
  Value spreadPair(Value row, Value k);
  Value loadWords(Value k, int64_t column);

  ImplicitLocOpBuilder &b;
  const TileKernel &kernel;
  int64_t rows, columns;
  Value a, panel, c, ahead, position, step, depth;
  ValueRange parameters;
  VectorType vector;
  SmallVector<Value> rowIndices;
  /// Accumulators, row by row.
  SmallVector<Value> sums;
  /// What the codes of a block have too much, for each vector of columns.
  SmallVector<Value> excess;
};
} // namespace

/// Fetches two cache lines ahead: with fewer, some come too late, since
/// processors drop fetches when too many loads are under way.
void TileEmitter::emitFetches(Value k) {
  int64_t line = 64 * 8 / kernel.element.getIntOrFloatBitWidth();
  Value at =
      arith::AddIOp::create(b, position, arith::MulIOp::create(b, k, step));
  for (int64_t offset : {int64_t(0), line})
    memref::PrefetchOp::create(
        b, ahead,
        ValueRange{arith::AddIOp::create(b, at, constantIndex(b, offset))},
        /*isWrite=*/false, /*localityHint=*/2, /*isDataCache=*/true);
}

/// Adds column k of A times `weights`, one vector for each of columns.
void TileEmitter::addProducts(Value k, ArrayRef<Value> weights) {
  for (int64_t i = 0; i < rows; ++i) {
    Value element = memref::LoadOp::create(b, a, ValueRange{rowIndices[i], k});
    Value spread = vector::BroadcastOp::create(b, vector, element);
    for (int64_t j = 0; j < columns; ++j) {
      Value &sum = sums[i * columns + j];
      sum = vector::FMAOp::create(b, spread, weights[j], sum);
    }
  }
}

void TileEmitter::emitPlainStep(Value k) {
  SmallVector<Value> weights;
  for (int64_t j = 0; j < columns; ++j)
    weights.push_back(loadF32(
        b, panel, ValueRange{k, constantIndex(b, j * kernel.tile.lanes)},
        kernel.tile.lanes));
  addProducts(k, weights);
}

/// The words `index` of a vector of columns, as elements.
Value TileEmitter::loadWords(Value index, int64_t column) {
  int64_t lanes = kernel.getPanelWidth() / columns;
  return vector::LoadOp::create(
      b, VectorType::get({lanes}, kernel.element), panel,
      ValueRange{index, constantIndex(b, column * lanes)});
}

/// One k at a time: with both of a pair, LLVM's scheduler would load the rows
/// of A for both at once and spill.
void TileEmitter::emitPairsStep(Value k) {
  auto words = vector.cloneWith({}, b.getI32Type());
  Value two = constantIndex(b, 2);
  Value pair = arith::DivUIOp::create(b, k, two);
  // A bf16 is the upper half of an f32.
  Value isEven = arith::CmpIOp::create(b, arith::CmpIPredicate::eq,
                                       arith::RemUIOp::create(b, k, two),
                                       constantIndex(b, 0));
  Value shift = vector::BroadcastOp::create(
      b, words,
      arith::SelectOp::create(b, isEven,
                              arith::ConstantIntOp::create(b, 16, 32),
                              arith::ConstantIntOp::create(b, 0, 32)));
  Value mask = arith::ConstantOp::create(
      b, DenseElementsAttr::get(cast<ShapedType>(Type(words)),
                                b.getI32IntegerAttr(-65536)));
  SmallVector<Value> weights;
  for (int64_t j = 0; j < columns; ++j) {
    Value loaded = vector::BitCastOp::create(b, words, loadWords(pair, j));
    Value upper =
        arith::AndIOp::create(b, arith::ShLIOp::create(b, loaded, shift), mask);
    weights.push_back(vector::BitCastOp::create(b, vector, upper));
  }
  addProducts(k, weights);
}

/// The bits of 2²³. The sum of it and a small integer has that integer in its
/// lowest bits.
static constexpr int64_t magicBits = 0x4B000000;
static constexpr double magic = 0x1p23;

/// Codes of two's complement, with the sign bit inverted, are unsigned ones
/// above this.
static int64_t getSignBit(IntegerType codes) {
  return codes.isUnsigned() ? 0 : int64_t(1) << (codes.getWidth() - 1);
}

static Value splat(ImplicitLocOpBuilder &b, VectorType type, int64_t value) {
  return arith::ConstantOp::create(
      b, DenseElementsAttr::get(cast<ShapedType>(Type(type)),
                                b.getI32IntegerAttr(value)));
}

/// What `widenCode` has to take off the codes of a block.
Value TileEmitter::getExcess(Value block, int64_t column) {
  double constant = magic + getSignBit(kernel.codes);
  auto spread = [&](double value) -> Value {
    return arith::ConstantOp::create(
        b, DenseElementsAttr::get(cast<ShapedType>(Type(vector)),
                                  b.getF32FloatAttr(value)));
  };
  if (kernel.zeroPoint)
    return spread(constant + *kernel.zeroPoint);
  Value zeros =
      loadF32(b, parameters[1],
              ValueRange{block, constantIndex(b, column * kernel.tile.lanes)},
              kernel.tile.lanes);
  return arith::AddFOp::create(b, spread(constant), zeros);
}

/// The code in the lowest bits of `word` as f32, less its zero point. A
/// conversion of integers would take one instruction more.
Value TileEmitter::widenCode(Value word, Value excess) {
  auto words = cast<VectorType>(word.getType());
  Value mask = splat(b, words, (int64_t(1) << kernel.codes.getWidth()) - 1);
  Value bits = arith::XOrIOp::create(
      b, arith::AndIOp::create(b, word, mask),
      splat(b, words, magicBits | getSignBit(kernel.codes)));
  Value raised = vector::BitCastOp::create(b, vector, bits);
  return arith::SubFOp::create(b, raised, excess);
}

/// One k at a time, for the reason of `emitPairsStep`.
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
            b, shifted, splat(b, words, n * kernel.codes.getWidth()));
      weights.push_back(widenCode(shifted, excess[j]));
    }
    addProducts(arith::AddIOp::create(b, first, constantIndex(b, n)), weights);
  }
}

/// A row's elements 2k and 2k + 1, as often as a vector holds them.
Value TileEmitter::spreadPair(Value row, Value k) {
  auto pair = VectorType::get({2}, kernel.element);
  Value loaded = vector::LoadOp::create(
      b, pair, a,
      ValueRange{row, arith::MulIOp::create(b, k, constantIndex(b, 2))});
  Value word = vector::BitCastOp::create(
      b, VectorType::get({1}, b.getI32Type()), loaded);
  Value spread = vector::BroadcastOp::create(
      b, vector.cloneWith({}, b.getI32Type()),
      vector::ExtractOp::create(b, word, int64_t(0)));
  return vector::BitCastOp::create(
      b, VectorType::get({2 * kernel.tile.lanes}, kernel.element), spread);
}

void TileEmitter::emitDotStep(Value k) {
  SmallVector<Value> weights;
  for (int64_t j = 0; j < columns; ++j)
    weights.push_back(loadWords(k, j));
  for (int64_t i = 0; i < rows; ++i) {
    Value spread = spreadPair(rowIndices[i], k);
    for (int64_t j = 0; j < columns; ++j) {
      Value &sum = sums[i * columns + j];
      sum = x86vector::DotBF16Op::create(b, vector, sum, spread, weights[j]);
    }
  }
}

void TileEmitter::emitStep(Value k) {
  emitFetches(k);
  switch (kernel.form) {
  case TileForm::Plain:
    return emitPlainStep(k);
  case TileForm::Pairs:
    return emitPairsStep(k);
  case TileForm::Dot:
    return emitDotStep(k);
  case TileForm::Codes:
    return emitCodeStep(k);
  }
}

/// Emits `for k in [begin, end)` with the accumulators in registers, which
/// start at zero.
void TileEmitter::emitLoop(Value begin, Value end,
                           function_ref<void(Value)> step) {
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(vector));
  SmallVector<Value> init(rows * columns, zero);
  auto loop = scf::ForOp::create(b, begin, end, constantIndex(b, 1), init);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  sums.assign(loop.getRegionIterArgs().begin(), loop.getRegionIterArgs().end());
  step(loop.getInductionVar());
  scf::YieldOp::create(b, sums);
  sums.assign(loop.getResults().begin(), loop.getResults().end());
}

void TileEmitter::emitWhole() {
  Value steps = depth;
  if (kernel.getDepthPerStep() > 1)
    steps = arith::CeilDivUIOp::create(
        b, depth, constantIndex(b, kernel.getDepthPerStep()));
  emitLoop(constantIndex(b, 0), steps, [&](Value k) { emitStep(k); });
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j)
      vector::StoreOp::create(
          b, sums[i * columns + j], c,
          ValueRange{constantIndex(b, i),
                     constantIndex(b, j * kernel.tile.lanes)});
}

/// Sums each block by itself and adds it to C, times its scale.
void TileEmitter::emitBlocks() {
  int64_t lanes = kernel.tile.lanes, group = kernel.getGroup();
  Value scales = parameters[0], zeroRow = constantIndex(b, 0);
  // Few rows leave registers free, and are what bandwidth limits: a word at a
  // time needs fewer instructions.
  bool wholeWords = rows <= maxRowsOfWords && kernel.block % group == 0;
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(vector));
  auto forEachSum = [&](function_ref<void(int64_t, int64_t, ValueRange)> body) {
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j)
        body(i, j, {constantIndex(b, i), constantIndex(b, j * lanes)});
  };
  forEachSum([&](int64_t, int64_t, ValueRange at) {
    vector::StoreOp::create(b, zero, c, at);
  });
  Value blocks = memref::DimOp::create(b, scales, 0);
  Value size = kernel.block ? constantIndex(b, kernel.block) : depth;
  emitFor(b, zeroRow, blocks, 1, [&](Value block) {
    Value begin = arith::MulIOp::create(b, block, size);
    Value end =
        arith::MinUIOp::create(b, arith::AddIOp::create(b, begin, size), depth);
    excess.clear();
    for (int64_t j = 0; j < columns; ++j)
      excess.push_back(getExcess(block, j));
    if (wholeWords) {
      Value perWord = constantIndex(b, group);
      emitLoop(arith::DivUIOp::create(b, begin, perWord),
               arith::CeilDivUIOp::create(b, end, perWord),
               [&](Value word) { emitCodeWord(word); });
    } else {
      emitLoop(begin, end, [&](Value k) { emitStep(k); });
    }
    forEachSum([&](int64_t i, int64_t j, ValueRange at) {
      Value scale = loadF32(b, scales, ValueRange{block, at[1]}, lanes);
      Value sum = vector::FMAOp::create(b, sums[i * columns + j], scale,
                                        loadF32(b, c, at, lanes));
      vector::StoreOp::create(b, sum, c, at);
    });
  });
}

/// A name that tells the kinds apart.
static std::string getName(const TileKernel &kernel) {
  std::string name = llvm::formatv("moe_tile_gemm_{0}x{1}", kernel.tile.rows,
                                   kernel.tile.columns);
  llvm::raw_string_ostream os(name);
  if (kernel.form == TileForm::Dot)
    os << "_dot";
  if (kernel.form == TileForm::Codes) {
    os << '_' << kernel.codes << 'b' << kernel.block;
    if (kernel.zeroPoint)
      os << 'z' << *kernel.zeroPoint;
  } else if (!kernel.element.isF32()) {
    os << '_' << kernel.element;
  }
  return name;
}

func::FuncOp mlir::moe::getTileGemm(ModuleOp module, Location loc,
                                    const TileKernel &kernel) {
  std::string name = getName(kernel);
  if (auto existing = module.lookupSymbol<func::FuncOp>(name))
    return existing;

  const TileShape &tile = kernel.tile;
  MLIRContext *context = module.getContext();
  constexpr int64_t dynamic = ShapedType::kDynamic;
  Type f32 = Float32Type::get(context), index = IndexType::get(context);
  SmallVector<Type> types = {
      MemRefType::get({dynamic, dynamic}, kernel.getRowType()),
      index,
      index,
      getPanelType(kernel.element, dynamic, kernel.getPanelWidth(), dynamic),
      MemRefType::get({tile.rows, tile.columns}, f32),
      MemRefType::get({dynamic}, kernel.element),
      index,
      index,
      index};
  if (kernel.form == TileForm::Codes)
    types.append(kernel.zeroPoint ? 1 : 2,
                 getPanelType(f32, dynamic, tile.columns, dynamic));
  func::FuncOp func = createKernel(module, loc, name, types);
  ImplicitLocOpBuilder b(loc, context);
  b.setInsertionPointToStart(&func.getBody().front());

  SmallVector<int64_t> cases;
  for (int64_t rows = 1; rows < tile.rows; ++rows)
    cases.push_back(rows);
  auto choice = scf::IndexSwitchOp::create(b, TypeRange{}, func.getArgument(2),
                                           cases, cases.size());
  auto fill = [&](Region &region, int64_t rows) {
    OpBuilder::InsertionGuard guard(b);
    b.createBlock(&region);
    TileEmitter(b, kernel, rows, func.getArguments()).emit();
    scf::YieldOp::create(b);
  };
  for (auto [region, rows] : llvm::zip(choice.getCaseRegions(), cases))
    fill(region, rows);
  fill(choice.getDefaultRegion(), tile.rows);
  func::ReturnOp::create(b);
  return func;
}

void mlir::moe::callTileGemm(ImplicitLocOpBuilder &b, func::FuncOp gemm,
                             Value a, Value row, Value rows,
                             const TilePanel &panel, Value c,
                             const TileAhead &ahead) {
  ArrayRef<Type> types = gemm.getArgumentTypes();
  SmallVector<Value> arguments = {
      memref::CastOp::create(b, types[0], a),
      row,
      rows,
      memref::CastOp::create(b, types[3], panel.elements),
      c,
      memref::CastOp::create(b, types[5], ahead.panels),
      ahead.position,
      ahead.step,
      panel.depth};
  for (Value parameter : panel.parameters)
    arguments.push_back(
        memref::CastOp::create(b, types[arguments.size()], parameter));
  func::CallOp::create(b, gemm, arguments);
}

void mlir::moe::forEachRowTile(ImplicitLocOpBuilder &b, const TileShape &tile,
                               Value begin, Value end,
                               function_ref<void(RowTile)> body) {
  Value rows = arith::SubIOp::create(b, end, begin);
  Value tiles =
      arith::CeilDivUIOp::create(b, rows, constantIndex(b, tile.rows));
  Value zero = constantIndex(b, 0), one = constantIndex(b, 1);
  auto loop = scf::ForOp::create(b, zero, tiles, one);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  // Tile t covers rows [t·rows/tiles, (t+1)·rows/tiles).
  auto bound = [&](Value t) -> Value {
    Value scaled = arith::MulIOp::create(b, t, rows);
    Value offset = arith::DivUIOp::create(b, scaled, tiles);
    return arith::AddIOp::create(b, begin, offset);
  };
  Value t = loop.getInductionVar();
  Value first = bound(t);
  Value last = bound(arith::AddIOp::create(b, t, one));
  body({first, arith::SubIOp::create(b, last, first), t, tiles});
}
