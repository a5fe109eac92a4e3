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

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::moe;

/// Emits the loop over k for a tile of `rows` rows and its stores to C.
static void emitTile(ImplicitLocOpBuilder &b, const TileShape &tile,
                     int64_t rows, ValueRange args) {
  Value a = args[0], row = args[1], panel = args[3], c = args[4];
  auto vector = VectorType::get({tile.lanes}, b.getF32Type());
  int64_t columns = tile.columns / tile.lanes;
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(vector));
  SmallVector<Value> init(rows * columns, zero);
  SmallVector<Value> rowIndices;
  for (int64_t i = 0; i < rows; ++i)
    rowIndices.push_back(
        arith::AddIOp::create(b, row, constantIndex(b, i)));

  Value depth = memref::DimOp::create(b, panel, 0);
  auto loop = scf::ForOp::create(b, constantIndex(b, 0), depth,
                                 constantIndex(b, 1), init);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value k = loop.getInductionVar();
    SmallVector<Value> loaded;
    for (int64_t j = 0; j < columns; ++j)
      loaded.push_back(vector::LoadOp::create(
          b, vector, panel, ValueRange{k, constantIndex(b, j * tile.lanes)}));
    SmallVector<Value> next;
    for (int64_t i = 0; i < rows; ++i) {
      Value element =
          memref::LoadOp::create(b, a, ValueRange{rowIndices[i], k});
      Value spread = vector::BroadcastOp::create(b, vector, element);
      for (int64_t j = 0; j < columns; ++j)
        next.push_back(vector::FMAOp::create(
            b, spread, loaded[j], loop.getRegionIterArg(i * columns + j)));
    }
    scf::YieldOp::create(b, next);
  }
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j)
      vector::StoreOp::create(
          b, loop.getResult(i * columns + j), c,
          ValueRange{constantIndex(b, i), constantIndex(b, j * tile.lanes)});
}

func::FuncOp mlir::moe::getTileGemm(ModuleOp module, Location loc,
                                    const TileShape &tile) {
  std::string name =
      llvm::formatv("moe_tile_gemm_{0}x{1}", tile.rows, tile.columns);
  if (auto existing = module.lookupSymbol<func::FuncOp>(name))
    return existing;

  MLIRContext *context = module.getContext();
  Type f32 = Float32Type::get(context), index = IndexType::get(context);
  SmallVector<Type> types = {
      MemRefType::get({ShapedType::kDynamic, ShapedType::kDynamic}, f32), index,
      index,
      getPanelType(context, ShapedType::kDynamic, tile.columns,
                   ShapedType::kDynamic),
      MemRefType::get({tile.rows, tile.columns}, f32)};
  func::FuncOp func = createKernel(module, loc, name, types);
  ImplicitLocOpBuilder b(loc, context);
  b.setInsertionPointToStart(&func.getBody().front());

  SmallVector<int64_t> cases;
  for (int64_t rows = 1; rows < tile.rows; ++rows)
    cases.push_back(rows);
  auto choice = scf::IndexSwitchOp::create(
      b, TypeRange{}, func.getArgument(2), cases, cases.size());
  auto fill = [&](Region &region, int64_t rows) {
    OpBuilder::InsertionGuard guard(b);
    b.createBlock(&region);
    emitTile(b, tile, rows, func.getArguments());
    scf::YieldOp::create(b);
  };
  for (auto [region, rows] : llvm::zip(choice.getCaseRegions(), cases))
    fill(region, rows);
  fill(choice.getDefaultRegion(), tile.rows);
  func::ReturnOp::create(b);
  return func;
}

void mlir::moe::callTileGemm(ImplicitLocOpBuilder &b, func::FuncOp gemm,
                             Value a, Value row, Value rows, Value panel,
                             Value c) {
  ArrayRef<Type> types = gemm.getArgumentTypes();
  func::CallOp::create(
      b, gemm,
      ValueRange{memref::CastOp::create(b, types[0], a), row, rows,
                 memref::CastOp::create(b, types[3], panel), c});
}

void mlir::moe::forEachRowTile(ImplicitLocOpBuilder &b, const TileShape &tile,
                               Value begin, Value end,
                               function_ref<void(Value, Value)> body) {
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
  body(first, arith::SubIOp::create(b, last, first));
}
