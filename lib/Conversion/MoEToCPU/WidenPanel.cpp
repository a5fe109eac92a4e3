//===- WidenPanel.cpp - Panels of codes as panels of f32 --------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WidenPanel.h"
#include "KernelUtils.h"
#include "TileEmitter.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::moe;

bool mlir::moe::canWidenPanels(const TileKernel &kernel) {
  return kernel.form == TileForm::Codes &&
         (kernel.zeroPoint || kernel.block % kernel.getGroup() == 0);
}

TileKernel mlir::moe::getWidenedKernel(const TileKernel &kernel) {
  TileKernel widened = kernel;
  widened.form = TileForm::Widened;
  widened.element = Float32Type::get(kernel.element.getContext());
  return widened;
}

Value mlir::moe::allocateWidenedPanel(ImplicitLocOpBuilder &b,
                                      const TileKernel &kernel, int64_t depth) {
  int64_t whole = llvm::alignTo(depth, kernel.getGroup());
  return memref::AllocOp::create(
      b, MemRefType::get({whole, kernel.tile.columns}, b.getF32Type()));
}

TilePanel mlir::moe::emitWidenPanel(ImplicitLocOpBuilder &b,
                                    const TileKernel &kernel,
                                    const TilePanel &panel, Value target) {
  int64_t group = kernel.getGroup(), lanes = kernel.tile.lanes;
  Value perWord = constantIndex(b, group);
  auto words = VectorType::get({lanes}, b.getI32Type());
  int64_t columns = kernel.tile.columns / lanes;
  auto widenWord = [&](Value word, ArrayRef<Value> excess) {
    Value first = arith::MulIOp::create(b, word, perWord);
    for (int64_t j = 0; j < columns; ++j) {
      Value loaded = loadCodeWords(b, kernel, panel.elements, word, j);
      for (int64_t n = 0; n < group; ++n) {
        Value shifted = loaded;
        if (n)
          shifted = arith::ShRUIOp::create(
              b, loaded, splatInteger(b, words, n * kernel.codes.getWidth()));
        Value k = arith::AddIOp::create(b, first, constantIndex(b, n));
        vector::StoreOp::create(b, widenCode(b, kernel, shifted, excess[j]),
                                target,
                                ValueRange{k, constantIndex(b, j * lanes)});
      }
    }
  };
  Value zero = constantIndex(b, 0);
  Value end = arith::CeilDivUIOp::create(b, panel.depth, perWord);
  if (kernel.zeroPoint) {
    SmallVector<Value> excess(columns, getExcess(b, kernel, Value()));
    emitFor(b, zero, end, 1, [&](Value word) { widenWord(word, excess); });
  } else {
    Value zeros = panel.parameters[1];
    Value size = kernel.block ? constantIndex(b, kernel.block / group) : end;
    emitFor(b, zero, memref::DimOp::create(b, zeros, 0), 1, [&](Value block) {
      SmallVector<Value> excess;
      for (int64_t j = 0; j < columns; ++j)
        excess.push_back(getExcess(
            b, kernel,
            loadF32(b, zeros, ValueRange{block, constantIndex(b, j * lanes)},
                    lanes)));
      Value first = arith::MulIOp::create(b, block, size);
      Value last =
          arith::MinUIOp::create(b, arith::AddIOp::create(b, first, size), end);
      emitFor(b, first, last, 1, [&](Value word) { widenWord(word, excess); });
    });
  }
  return {target, {panel.parameters[0]}, panel.depth};
}
