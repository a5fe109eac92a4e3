//===- LaunchProducts.cpp - Launches of products and sums -----------------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LaunchBuilder.h"

using namespace mlir;
using namespace mlir::moe;

static void overrideTile(GemmConfig &config, ArrayRef<int64_t> tile) {
  if (tile.empty())
    return;
  config.tileColumns = tile[0];
  config.tileDepth = tile[1];
  config.warps = tile[2];
  config.stages = tile[3];
  config.groupRows = tile[4];
  if (tile.size() > 5)
    config.persistent = tile[5];
}

Value LaunchBuilder::buildProducts(const Regime &regime, const Set &set,
                                   Value parts) {
  GemmConfig up = set.first, down = set.second;
  chooseTile(up, regime.tileRows, options.machine);
  chooseTile(down, regime.tileRows, options.machine);
  overrideTile(up, options.tile1);
  overrideTile(down, options.tile2);
  Value allRows = mul(tokens, routing.slots);
  Value most = mostTiles(regime.tileRows);
  OpFoldResult rowSize = getAsOpFoldResult(allRows);
  Value h = empty({rowSize, b.getIndexAttr(up.resultColumns())}, up.result);
  SmallVector<Value> inputs = {op.getInput()};
  llvm::append_range(inputs, set.firstWeights);
  if (set.firstBias)
    inputs.push_back(set.firstBias);
  inputs.append({rows, tiles, numTiles});
  auto programs = [&](const GemmConfig &config) {
    Value all = mul(most, config.columnTiles());
    if (!config.persistent)
      return all;
    return b.createOrFold<arith::MinUIOp>(
        all, index(options.machine.multiprocessors));
  };
  Value rowsI32 = b.createOrFold<arith::IndexCastOp>(b.getI32Type(), allRows);
  if (up.persistent)
    inputs.push_back(rowsI32);
  h = launch(getGemmKernel(factory, up, routing.weightType), programs(up),
             inputs, h)[0];
  inputs = {h};
  llvm::append_range(inputs, set.secondWeights);
  if (set.secondBias)
    inputs.push_back(set.secondBias);
  inputs.append({rows, tiles, numTiles, weights});
  if (down.persistent)
    inputs.push_back(rowsI32);
  return launch(getGemmKernel(factory, down, routing.weightType),
                programs(down), inputs, parts)[0];
}

Value LaunchBuilder::buildCombine() {
  const GemmConfig &down = sets.front().second;
  int64_t width = std::min<int64_t>(roundUpToPowerOf2(down.out), 1024);
  Value y = empty({tokenSize, b.getIndexAttr(down.out)}, down.result);
  SmallVector<Value> inputs = {parts, ids};
  llvm::append_range(inputs, affineOperands);
  return launch(getCombineKernel(factory, routing, affine, down.out,
                                 down.result, down.result, width),
                mul(tokens, llvm::divideCeil(down.out, width)), inputs, y)[0];
}
