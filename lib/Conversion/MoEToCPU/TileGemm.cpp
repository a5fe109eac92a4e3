//===- TileGemm.cpp - Register-tiled GEMM kernels ---------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileGemm.h"
#include "TileEmitter.h"
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
  switch (form) {
  case TileForm::Dot:
    return BFloat16Type::get(context);
  case TileForm::CodeDot:
    return IntegerType::get(context, 8);
  default:
    return Float32Type::get(context);
  }
}

Type TileKernel::getRowSumType() const {
  MLIRContext *context = element.getContext();
  return zeroPoint ? Type(IntegerType::get(context, 32))
                   : Type(Float32Type::get(context));
}

int64_t TileKernel::getGroup() const {
  switch (form) {
  case TileForm::Plain:
  case TileForm::Widened:
    return 1;
  case TileForm::Pairs:
  case TileForm::Dot:
    return 2;
  case TileForm::Codes:
  case TileForm::CodeDot:
    return 32 / codes.getWidth();
  }
}

int64_t TileKernel::getPanelWidth() const {
  if (form == TileForm::Plain || form == TileForm::Widened)
    return tile.columns;
  return tile.columns * 32 / element.getIntOrFloatBitWidth();
}

/// Fetches two cache lines ahead in each step: with one, less of the next panel
/// was in the cache when its turn came (docs/Performance.md). A step of codes
/// takes less than a line.
void TileEmitter::emitFetches(Value k) {
  int64_t size = getElementTypeOrSelf(ahead).getIntOrFloatBitWidth();
  int64_t line = 64 * 8 / size;
  Value at =
      arith::AddIOp::create(b, position, arith::MulIOp::create(b, k, step));
  SmallVector<int64_t> offsets = {0};
  if (!kernel.hasCodes() || takesWholeWords())
    offsets.push_back(line);
  for (int64_t offset : offsets)
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
      Value &sum = getSum(i, j);
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
  Value mask = splatInteger(b, words, -65536);
  SmallVector<Value> weights;
  for (int64_t j = 0; j < columns; ++j) {
    Value loaded = vector::BitCastOp::create(b, words, loadWords(pair, j));
    Value upper =
        arith::AndIOp::create(b, arith::ShLIOp::create(b, loaded, shift), mask);
    weights.push_back(vector::BitCastOp::create(b, vector, upper));
  }
  addProducts(k, weights);
}

/// A word of a row, of so many elements, as often as a vector holds it.
Value TileEmitter::spreadWord(Value row, Value word, int64_t elements) {
  Type element = getElementTypeOrSelf(a);
  Value first = arith::MulIOp::create(b, word, constantIndex(b, elements));
  Value loaded = vector::LoadOp::create(b, VectorType::get({elements}, element),
                                        a, ValueRange{row, first});
  Value whole = vector::BitCastOp::create(
      b, VectorType::get({1}, b.getI32Type()), loaded);
  Value spread = vector::BroadcastOp::create(
      b, vector.cloneWith({}, b.getI32Type()),
      vector::ExtractOp::create(b, whole, int64_t(0)));
  return vector::BitCastOp::create(
      b, VectorType::get({elements * kernel.tile.lanes}, element), spread);
}

void TileEmitter::emitDotStep(Value k) {
  SmallVector<Value> weights;
  for (int64_t j = 0; j < columns; ++j)
    weights.push_back(loadWords(k, j));
  for (int64_t i = 0; i < rows; ++i) {
    Value spread = spreadWord(rowIndices[i], k, 2);
    for (int64_t j = 0; j < columns; ++j) {
      Value &sum = getSum(i, j);
      sum = x86vector::DotBF16Op::create(b, vector, sum, spread, weights[j]);
    }
  }
}

void TileEmitter::emitStep(Value k) {
  emitFetches(k);
  switch (kernel.form) {
  case TileForm::Plain:
  case TileForm::Widened:
    return emitPlainStep(k);
  case TileForm::Pairs:
    return emitPairsStep(k);
  case TileForm::Dot:
    return emitDotStep(k);
  case TileForm::Codes:
    return emitCodeStep(k);
  case TileForm::CodeDot:
    llvm_unreachable("takes whole words");
  }
}

SmallVector<Value> TileEmitter::getZeros(VectorType type) {
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(type));
  return SmallVector<Value>(rows * columns, zero);
}

/// Emits `for k in [begin, end)` with the accumulators in registers.
void TileEmitter::emitLoop(Value begin, Value end, ValueRange init,
                           function_ref<void(Value)> step) {
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
  emitLoop(constantIndex(b, 0), steps, getZeros(vector),
           [&](Value k) { emitStep(k); });
  forEachSum([&](int64_t i, int64_t j, ValueRange at) {
    vector::StoreOp::create(b, getSum(i, j), c, at);
  });
}

/// Calls `body` with row, vector of columns, and where they stand in C.
void TileEmitter::forEachSum(
    function_ref<void(int64_t, int64_t, ValueRange)> body) {
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j)
      body(i, j,
           {constantIndex(b, i), constantIndex(b, j * kernel.tile.lanes)});
}

Value mlir::moe::splatInteger(ImplicitLocOpBuilder &b, VectorType type,
                              int64_t value) {
  return arith::ConstantOp::create(
      b, DenseElementsAttr::get(cast<ShapedType>(Type(type)),
                                b.getI32IntegerAttr(value)));
}

/// A name that tells the kinds apart.
static std::string getName(const TileKernel &kernel) {
  std::string name = llvm::formatv("moe_tile_gemm_{0}x{1}", kernel.tile.rows,
                                   kernel.tile.columns);
  llvm::raw_string_ostream os(name);
  if (kernel.form == TileForm::Dot || kernel.form == TileForm::CodeDot)
    os << "_dot";
  if (kernel.form == TileForm::Widened)
    os << "_widened";
  if (kernel.hasCodes()) {
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
      MemRefType::get({dynamic}, kernel.hasCodes()
                                     ? Type(IntegerType::get(context, 8))
                                     : kernel.element),
      index,
      index,
      index};
  if (kernel.hasCodes())
    types.append(kernel.zeroPoint || kernel.form == TileForm::Widened ? 1 : 2,
                 getPanelType(f32, dynamic, tile.columns, dynamic));
  if (kernel.form == TileForm::CodeDot)
    types.append({MemRefType::get({dynamic, dynamic}, f32),
                  MemRefType::get({dynamic, dynamic}, kernel.getRowSumType())});
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
                             const TileRows &a, Value row, Value rows,
                             const TilePanel &panel, Value c,
                             const TileAhead &ahead) {
  ArrayRef<Type> types = gemm.getArgumentTypes();
  SmallVector<Value> arguments = {
      memref::CastOp::create(b, types[0], a.elements),
      row,
      rows,
      memref::CastOp::create(b, types[3], panel.elements),
      c,
      memref::CastOp::create(b, types[5], ahead.panels),
      ahead.position,
      ahead.step,
      panel.depth};
  for (Value parameter :
       llvm::concat<const Value>(panel.parameters, a.parameters))
    arguments.push_back(
        memref::CastOp::create(b, types[arguments.size()], parameter));
  func::CallOp::create(b, gemm, arguments);
}

void mlir::moe::callTileGemm(ImplicitLocOpBuilder &b, func::FuncOp gemm,
                             Value a, Value row, Value rows, Value panel,
                             Value c) {
  Value zero = constantIndex(b, 0);
  Value flat = memref::CollapseShapeOp::create(
      b, c, SmallVector<ReassociationIndices>{{0, 1}});
  callTileGemm(b, gemm, TileRows{a, {}}, row, rows,
               TilePanel{panel, {}, memref::DimOp::create(b, panel, 0)}, c,
               TileAhead{flat, zero, zero});
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
