//===- PanelProduct.cpp - Products of rows by packed panels -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PanelProduct.h"
#include "KernelUtils.h"
#include "RoundRows.h"
#include "WidenPanel.h"

using namespace mlir;
using namespace mlir::moe;

PackedStorage mlir::moe::packMatrices(ImplicitLocOpBuilder &b,
                                      ArrayRef<Value> matrices,
                                      const TileShape &tile,
                                      SmallVectorImpl<Value> &arguments) {
  auto op = PackWeightsOp::create(b, ValueRange(matrices), tile.columns);
  auto weights = matrices.front().getDefiningOp<WeightsOp>();
  PackedStorage storage;
  storage.element = weights.getType().getStorage();
  SmallVector<Value> packed(op.getResults());
  if (isa<IntegerType>(storage.element)) {
    // Blocks of a row differ only if there is more than one.
    int64_t block = weights.getEffectiveBlock();
    storage.block = block < weights.getType().getInSize() ? block : 0;
    if (weights.getZeros().empty()) {
      storage.zeroPoint = weights.getZeroPoint();
      packed.pop_back();
    }
  }
  storage.types = SmallVector<Type>(ValueRange(packed).getTypes());
  llvm::append_range(arguments, packed);
  return storage;
}

void mlir::moe::addPanelTypes(const PackedStorage &storage,
                              SmallVectorImpl<Type> &types) {
  for (Type type : storage.types) {
    auto tensor = cast<RankedTensorType>(type);
    types.push_back(
        MemRefType::get(tensor.getShape(), tensor.getElementType()));
  }
}

/// bf16 rows go to AVX512-BF16 where there is one; other rows keep their
/// precision.
static TileKernel getTileKernel(const KernelTarget &target,
                                const PackedStorage &storage, Type rows,
                                int64_t depth) {
  const TileShape &tile = target.tile;
  if (auto codes = dyn_cast<IntegerType>(storage.element)) {
    bool dot = target.dotInt8 &&
               canRoundRows(tile, depth, storage.block, codes.getWidth());
    return {dot ? tile.getDotInt8() : tile,
            dot ? TileForm::CodeDot : TileForm::Codes,
            IntegerType::get(codes.getContext(), 8),
            codes,
            storage.block,
            storage.zeroPoint};
  }
  if (!storage.element.isBF16())
    return {tile, TileForm::Plain, storage.element};
  bool dot = target.dotBF16 && rows.isBF16();
  return {tile, dot ? TileForm::Dot : TileForm::Pairs, storage.element};
}

PanelProduct PanelProduct::get(ModuleOp module, Location loc,
                               const KernelTarget &target,
                               const PackedStorage &storage, Type rows,
                               int64_t depth, ArrayRef<Value> panels) {
  TileKernel kernel = getTileKernel(target, storage, rows, depth);
  PanelProduct product{SmallVector<Value>(panels),
                       depth,
                       kernel,
                       getTileGemm(module, loc, kernel),
                       {}};
  if (canWidenPanels(kernel))
    product.widenedGemm = getTileGemm(module, loc, getWidenedKernel(kernel));
  return product;
}

/// Rows are rounded once they are whole.
Type PanelProduct::getSourceType() const {
  return kernel.form == TileForm::CodeDot
             ? Type(Float32Type::get(kernel.element.getContext()))
             : kernel.getRowType();
}

TileRows PanelProduct::takeRows(ImplicitLocOpBuilder &b, Value rows,
                                Value count) const {
  if (kernel.form != TileForm::CodeDot)
    return {rows, {}};
  TileRows rounded = allocateRoundedRows(b, kernel, count, depth);
  emitParallelFor(b, count, [&](Value row) {
    emitRoundRow(b, kernel, rows, row, depth, rounded);
  });
  return rounded;
}

/// Where the elements of a panel start among those of all.
Value PanelProduct::getPosition(ImplicitLocOpBuilder &b, Place place) const {
  auto type = cast<MemRefType>(panels.front().getType());
  Value before = arith::MulIOp::create(b, place.expert,
                                       constantIndex(b, type.getDimSize(1)));
  return arith::MulIOp::create(
      b, arith::AddIOp::create(b, before, place.panel),
      constantIndex(b, type.getDimSize(2) * type.getDimSize(3)));
}

/// The last tiles of a panel share in fetching the next one, which starts at
/// `position`: what the first of many fetched would have left the cache by
/// then. A single tile, which memory keeps waiting, fetches what it will meet
/// itself a few thousand bytes later: a page, where the processor's own
/// prefetching stops. `current` is where its panel starts.
TileAhead PanelProduct::getTileAhead(ImplicitLocOpBuilder &b, Value all,
                                     Value current, Value position,
                                     const RowTile &rows) const {
  constexpr int64_t bytesAhead = 4096;
  auto type = cast<MemRefType>(panels.front().getType());
  int64_t steps = llvm::divideCeil(depth, kernel.getDepthPerStep());
  int64_t size = type.getDimSize(2) * type.getDimSize(3);
  // Tiles whose rows fill a quarter of a second-level cache of 1 MiB.
  constexpr int64_t rowBytes = 1 << 18;
  int64_t tileBytes = kernel.tile.rows * depth * int64_t(sizeof(float));
  Value most = constantIndex(b, std::max<int64_t>(2, rowBytes / tileBytes));
  Value sharing = arith::MinUIOp::create(b, rows.count, most);
  Value first = arith::SubIOp::create(b, rows.count, sharing);
  Value step = arith::CeilDivUIOp::create(
      b, constantIndex(b, llvm::divideCeil(size, steps)), sharing);
  Value idle =
      arith::CmpIOp::create(b, arith::CmpIPredicate::ult, rows.index, first);
  Value fetched = arith::SelectOp::create(b, idle, constantIndex(b, 0), step);
  Value share = arith::MulIOp::create(b, step, constantIndex(b, steps));
  Value start = arith::AddIOp::create(
      b, position,
      arith::MulIOp::create(b, arith::SubIOp::create(b, rows.index, first),
                            share));
  int64_t ahead = bytesAhead * 8 / type.getElementTypeBitWidth();
  Value near = arith::AddIOp::create(b, current, constantIndex(b, ahead));
  Value single = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, rows.count,
                                       constantIndex(b, 1));
  start = arith::SelectOp::create(b, single, near, start);
  return {all, start, fetched};
}

void PanelProduct::emit(
    ImplicitLocOpBuilder &b, const TileRows &rowsIn, Place first, Value last,
    Place after, Value begin, Value end,
    function_ref<void(Value, Value, Value, Value)> epilogue) const {
  const TileShape &tile = kernel.tile;
  Value expert = first.expert;
  Value accumulators = memref::AllocOp::create(
      b, MemRefType::get({tile.rows, tile.columns}, b.getF32Type()));
  // One tile widens codes in registers; several share a widened panel.
  Value widened, manyRows;
  if (widenedGemm) {
    widened = allocateWidenedPanel(b, kernel, depth);
    manyRows = arith::CmpIOp::create(b, arith::CmpIPredicate::ugt,
                                     arith::SubIOp::create(b, end, begin),
                                     constantIndex(b, tile.rows));
  }
  Value all = memref::CollapseShapeOp::create(
      b, panels.front(), SmallVector<ReassociationIndices>{{0, 1, 2, 3}});
  Value positionAfter = getPosition(b, after);
  emitFor(b, first.panel, last, 1, [&](Value panel) {
    TilePanel weights = {
        slicePanel(b, panels[0], expert, panel), {}, constantIndex(b, depth)};
    for (Value parameter : llvm::drop_begin(panels))
      weights.parameters.push_back(slicePanel(b, parameter, expert, panel));
    Value next = arith::AddIOp::create(b, panel, constantIndex(b, 1));
    Value isLast =
        arith::CmpIOp::create(b, arith::CmpIPredicate::uge, next, last);
    Value current = getPosition(b, {expert, panel});
    Value position = arith::SelectOp::create(b, isLast, positionAfter,
                                             getPosition(b, {expert, next}));
    auto emitTiles = [&](func::FuncOp gemm, const TilePanel &weights) {
      forEachRowTile(b, tile, begin, end, [&](RowTile rows) {
        callTileGemm(b, gemm, rowsIn, rows.row, rows.rows, weights,
                     accumulators,
                     getTileAhead(b, all, current, position, rows));
        epilogue(panel, rows.row, rows.rows, accumulators);
      });
    };
    if (!widenedGemm)
      return emitTiles(gemm, weights);
    auto choice = scf::IfOp::create(b, manyRows, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(choice.thenBlock());
    emitTiles(widenedGemm, emitWidenPanel(b, kernel, weights, widened));
    b.setInsertionPointToStart(choice.elseBlock());
    emitTiles(gemm, weights);
  });
}
