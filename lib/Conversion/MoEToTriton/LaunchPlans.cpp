//===- LaunchPlans.cpp - Launches that plan a layer -----------------------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LaunchBuilder.h"

using namespace mlir;
using namespace mlir::moe;

void LaunchBuilder::buildPlan(const Regime &regime) {
  SmallVector<Value> inputs = sources;
  inputs.push_back(tokensI32);
  SmallVector<Value> outputs;
  if (routing.gate)
    outputs = {weights, ids};
  outputs.append({rows, tiles, numTiles});
  SmallVector<Value> results =
      launch(getPlanKernel(factory, routing, regime.planTokens, regime.tileRows,
                           /*warps=*/8),
             index(1), inputs, outputs);
  ArrayRef<Value> rest = results;
  if (routing.gate) {
    weights = rest[0];
    ids = rest[1];
    rest = rest.drop_front(2);
  }
  rows = rest[0];
  tiles = rest[1];
  numTiles = rest[2];
}

void LaunchBuilder::buildBlockPlan(const Regime &regime) {
  Value blocks = ceilDiv(tokens, regime.planTokens);
  Value blocksI32 = b.createOrFold<arith::IndexCastOp>(b.getI32Type(), blocks);
  OpFoldResult experts = b.getIndexAttr(routing.experts);
  Value ranks =
      empty({tokenSize, b.getIndexAttr(routing.slots)}, b.getI32Type());
  Value histograms =
      empty({getAsOpFoldResult(blocks), experts}, b.getI32Type());
  SmallVector<Value> inputs = sources, outputs;
  inputs.push_back(tokensI32);
  if (routing.gate)
    outputs = {weights, ids};
  outputs.append({ranks, histograms});
  SmallVector<Value> results =
      launch(getCountKernel(factory, routing, regime.planChunk,
                            regime.planTokens / regime.planChunk,
                            /*warps=*/4),
             blocks, inputs, outputs);
  histograms = results.pop_back_val();
  ranks = results.pop_back_val();
  if (routing.gate) {
    weights = results[0];
    ids = results[1];
  }
  Value bases = empty({getAsOpFoldResult(blocks), experts}, b.getI32Type());
  Value totals = empty(ArrayRef(experts), b.getI32Type());
  results = launch(getSumKernel(factory, routing), index(routing.experts),
                   {histograms, blocksI32}, {bases, totals});
  bases = results[0];
  totals = results[1];
  Value programs =
      b.createOrFold<arith::MaxUIOp>(blocks, index(routing.experts));
  results = launch(
      getScatterKernel(factory, routing, regime.planTokens, regime.tileRows),
      programs, {ids, ranks, bases, totals, tokensI32, blocksI32},
      {rows, tiles, numTiles});
  rows = results[0];
  tiles = results[1];
  numTiles = results[2];
}
