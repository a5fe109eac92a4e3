//===- MatmulLowering.cpp - linalg.matmul as a call of a kernel -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MatmulLowering.h"
#include "KernelUtils.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::moe;

/// Copies the last columns of B, fewer than a panel, beside zeros.
static Value emitLastPanel(ImplicitLocOpBuilder &b, const TileShape &tile,
                           Value matrix, int64_t depth, int64_t columns) {
  int64_t first = columns / tile.columns * tile.columns;
  Value panel = memref::AllocOp::create(
      b, MemRefType::get({depth, tile.columns}, b.getF32Type()));
  Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0.0));
  emitFor(b, constantIndex(b, 0), constantIndex(b, depth), 1, [&](Value k) {
    for (int64_t c = 0; c < tile.columns; ++c) {
      Value value = zero;
      if (first + c < columns)
        value = memref::LoadOp::create(
            b, matrix, ValueRange{k, constantIndex(b, first + c)});
      memref::StoreOp::create(b, value, panel,
                              ValueRange{k, constantIndex(b, c)});
    }
  });
  return panel;
}

void mlir::moe::emitPanel(ImplicitLocOpBuilder &b, const TileShape &tile,
                          func::FuncOp gemm, Value a, Value panel,
                          Value accumulators, Value c, Value firstColumn,
                          int64_t columns, Value begin, Value end) {
  forEachRowTile(b, tile, begin, end, [&](RowTile rows) {
    callTileGemm(b, gemm, a, rows.row, rows.rows, panel, accumulators);
    emitFor(b, constantIndex(b, 0), rows.rows, 1, [&](Value i) {
      Value target = arith::AddIOp::create(b, rows.row, i);
      emitVectorFor(b, columns, tile.lanes, [&](Value j, int64_t lanes) {
        Value value = loadF32(b, accumulators, ValueRange{i, j}, lanes);
        Value column = arith::AddIOp::create(b, firstColumn, j);
        storeF32(b, value, c, ValueRange{target, column});
      });
    });
  });
}

Value mlir::moe::allocateTile(ImplicitLocOpBuilder &b, const TileShape &tile) {
  return memref::AllocOp::create(
      b, MemRefType::get({tile.rows, tile.columns}, b.getF32Type()));
}

/// Returns the private function (A: memref<?xKxf32>, B: memref<KxNxf32>,
/// C: memref<?xNxf32>) with C = A·B.
static func::FuncOp getMatmulKernel(ModuleOp module, Location loc,
                                    const TileShape &tile, int64_t depth,
                                    int64_t columns) {
  std::string name = llvm::formatv("moe_matmul_k{0}_n{1}", depth, columns);
  if (auto existing = module.lookupSymbol<func::FuncOp>(name))
    return existing;
  MLIRContext *context = module.getContext();
  Type f32 = Float32Type::get(context);
  constexpr int64_t dynamic = ShapedType::kDynamic;
  func::FuncOp func = createKernel(module, loc, name,
                                   {MemRefType::get({dynamic, depth}, f32),
                                    MemRefType::get({depth, columns}, f32),
                                    MemRefType::get({dynamic, columns}, f32)});
  ImplicitLocOpBuilder b(loc, context);
  b.setInsertionPointToStart(&func.getBody().front());
  Value matrixA = func.getArgument(0), matrixB = func.getArgument(1),
        matrixC = func.getArgument(2);

  // Rows of a task: enough that its panel of B is reused from the cache.
  int64_t rowsPerTask = 4 * tile.rows;
  Value step = constantIndex(b, rowsPerTask);
  Value rows = memref::DimOp::create(b, matrixA, 0);
  Value rowBlocks = arith::CeilDivUIOp::create(b, rows, step);
  auto rowRange = [&](Value block) -> std::pair<Value, Value> {
    Value begin = arith::MulIOp::create(b, block, step);
    Value end =
        arith::MinUIOp::create(b, arith::AddIOp::create(b, begin, step), rows);
    return {begin, end};
  };

  func::FuncOp gemm = getTileGemm(module, loc, {tile, TileForm::Plain, f32});
  int64_t whole = columns / tile.columns;
  if (whole) {
    Value panels = constantIndex(b, whole);
    Value tasks = arith::MulIOp::create(b, rowBlocks, panels);
    emitParallelFor(b, tasks, [&](Value task) {
      Value panelIndex = arith::RemUIOp::create(b, task, panels);
      auto [begin, end] = rowRange(arith::DivUIOp::create(b, task, panels));
      Value column =
          arith::MulIOp::create(b, panelIndex, constantIndex(b, tile.columns));
      OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
      Value panel = memref::SubViewOp::create(
          b, getPanelType(f32, depth, tile.columns, columns), matrixB,
          ArrayRef<OpFoldResult>{zero, column},
          ArrayRef<OpFoldResult>{b.getIndexAttr(depth),
                                 b.getIndexAttr(tile.columns)},
          ArrayRef<OpFoldResult>{one, one});
      emitPanel(b, tile, gemm, matrixA, panel, allocateTile(b, tile), matrixC,
                column, tile.columns, begin, end);
    });
  }
  if (columns % tile.columns) {
    Value last = emitLastPanel(b, tile, matrixB, depth, columns);
    Value panel = memref::CastOp::create(
        b, getPanelType(f32, depth, tile.columns, tile.columns), last);
    emitParallelFor(b, rowBlocks, [&](Value block) {
      auto [begin, end] = rowRange(block);
      emitPanel(b, tile, gemm, matrixA, panel, allocateTile(b, tile), matrixC,
                constantIndex(b, whole * tile.columns), columns % tile.columns,
                begin, end);
    });
  }
  func::ReturnOp::create(b);
  return func;
}

LogicalResult mlir::moe::lowerMatmul(linalg::MatmulOp op, const TileShape &tile,
                                     PatternRewriter &rewriter) {
  auto typeA = dyn_cast<RankedTensorType>(op.getInputs()[0].getType());
  auto typeB = dyn_cast<RankedTensorType>(op.getInputs()[1].getType());
  if (!typeA || !typeB || op.hasUserDefinedMaps())
    return rewriter.notifyMatchFailure(op, "not a plain matmul of tensors");
  auto result = cast<RankedTensorType>(op.getResult(0).getType());
  if (!typeA.getElementType().isF32() || !typeB.getElementType().isF32() ||
      !result.getElementType().isF32())
    return rewriter.notifyMatchFailure(op, "not f32");
  if (!typeB.hasStaticShape() || typeB.getNumElements() == 0 ||
      typeA.isDynamicDim(1) || result.isDynamicDim(1))
    return rewriter.notifyMatchFailure(op, "K and N are not static");
  auto fill = op.getOutputs()[0].getDefiningOp<linalg::FillOp>();
  if (!fill || !matchPattern(fill.getInputs()[0], m_AnyZeroFloat()))
    return rewriter.notifyMatchFailure(op, "accumulates into a matrix");

  auto module = op->getParentOfType<ModuleOp>();
  int64_t depth = typeB.getDimSize(0), columns = typeB.getDimSize(1);
  func::FuncOp kernel =
      getMatmulKernel(module, op.getLoc(), tile, depth, columns);
  rewriter.setInsertionPoint(op);
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  rewriter.replaceOp(
      op, callKernel(b, kernel, op.getInputs(), fill.getOutputs()[0]));
  if (fill->use_empty())
    rewriter.eraseOp(fill);
  return success();
}
