//===- TileModel.cpp - Sizes of tiles from the limits of a machine --------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileModel.h"
#include "QuantizedWeights.h"

using namespace mlir;
using namespace mlir::moe;

Machine Machine::get(int64_t capability) {
  Machine machine;
  machine.hasBulkCopy = capability >= 90 && capability < 120;
  machine.multiprocessors = capability >= 90 ? 132 : 108;
  // Shared memory per program in KB, of the CUDA programming guide's table of
  // compute capabilities.
  int64_t kilobytes = 227;
  if (capability == 80 || capability == 87)
    kilobytes = 163;
  else if (capability < 90 || capability >= 120)
    kilobytes = 99;
  machine.sharedMemory = kilobytes << 10;
  return machine;
}

static int64_t bytesOf(Type element) {
  return llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
}

SmallVector<Regime> mlir::moe::chooseRegimes(const RoutingConfig &routing,
                                             Type operand) {
  int64_t slots = routing.slots, experts = routing.experts;
  SmallVector<Regime> regimes;
  regimes.push_back({Regime::Vector, 1});
  // One program compares all its slots with each other, and ranks all experts
  // for all its tokens; what it holds in registers is the limit.
  constexpr int64_t mostSlots = 128, mostScores = 1 << 13;
  int64_t planTokens = 64;
  while (planTokens > 1 && (planTokens * routing.paddedSlots() > mostSlots ||
                            planTokens * routing.paddedExperts() > mostScores))
    planTokens /= 2;
  // A tile of rows is as high as what most experts get, so that weights are
  // read once; low tiles waste less of the matrix units, while these are what
  // takes time an expert's mean share is enough. Sums of a tile are in
  // registers, and so are three parts of each f32.
  int64_t highest = bytesOf(operand) > 2 ? 64 : 128;
  auto shareOf = [](int64_t rows) {
    return rows <= 32 ? rows / 2 : rows * 3 / 4;
  };
  for (int64_t rows = 16; rows <= highest; rows *= 2) {
    bool last = rows == highest;
    int64_t most = last ? std::numeric_limits<int64_t>::max()
                        : std::max<int64_t>(shareOf(rows) * experts / slots, 1);
    if (most <= regimes.back().maxTokens)
      continue;
    if (regimes.back().maxTokens < planTokens) {
      int64_t here = std::min(most, planTokens);
      regimes.push_back(
          {Regime::OneProgram, here, rows, roundUpToPowerOf2(here), 0});
      if (here == most)
        continue;
    }
    int64_t chunk = 8;
    while (chunk > 1 && (chunk * routing.paddedSlots() > mostSlots ||
                         chunk * routing.paddedExperts() > mostScores / 2))
      chunk /= 2;
    regimes.push_back({Regime::Blocks, most, rows, chunk, chunk});
  }
  return regimes;
}

void mlir::moe::chooseTile(GemmConfig &config, int64_t tileRows,
                           const Machine &machine) {
  int64_t bytes = bytesOf(config.operandType());
  config.tileRows = tileRows;
  bool isWide = bytes > 2;
  if (isWide) {
    config.tileColumns = 64;
    config.tileDepth = tileRows <= 32 ? 64 : 32;
    config.warps = 4;
    config.groupRows = tileRows <= 32 ? 1 : 8;
  } else if (tileRows <= 32) {
    // Weights stream once: a tile is a long piece of a row of each column.
    config.tileColumns = 128;
    config.tileDepth = 128;
    config.warps = 4;
    config.groupRows = 1;
  } else {
    // Sums of 64 or 128 rows by 256 columns are the most that two warpgroups
    // hold, and need the fewest operands for their products. Where warps feed
    // the matrix units, operands are in registers as well.
    config.tileColumns = machine.hasBulkCopy ? 256 : 128;
    config.tileDepth = 64;
    config.warps = 8;
    config.groupRows = 8;
    // The copy engine moves rows of whole 16 bytes.
    auto isWhole = [&](Type element) {
      return config.in * bytesOf(element) % 16 == 0;
    };
    config.persistent =
        machine.hasBulkCopy && isWhole(config.weights) && isWhole(config.rows);
  }
  config.tileColumns = std::clamp<int64_t>(roundUpToPowerOf2(config.out), 16,
                                           config.tileColumns);
  config.tileDepth =
      std::clamp<int64_t>(roundUpToPowerOf2(config.in), 16, config.tileDepth);
  if (config.quant) {
    // Codes are widened in registers.
    config.tileColumns = std::min<int64_t>(config.tileColumns, 128);
    config.tileDepth = getDepthInBlock(config.quant, config.tileDepth);
    config.persistent = false;
  }
  int64_t stageBytes = (config.tileRows * bytesOf(config.rows) +
                        config.tileColumns * bytesOf(config.weights)) *
                       config.tileDepth;
  // What is left of shared memory is for the epilogue.
  int64_t budget = machine.sharedMemory - (16 << 10);
  config.stages = std::clamp<int64_t>(budget / stageBytes, 1, 4);
}

void mlir::moe::chooseVectorTile(GemmConfig &config, int64_t vectors,
                                 const Machine &machine) {
  // Long pieces of few rows, and several programs for each multiprocessor, so
  // that weights of some are under way while others add.
  config.tileRows = 1;
  config.tileDepth = std::min<int64_t>(roundUpToPowerOf2(config.in), 1024);
  // Blocks of scales are whole in a tile, or a tile is in one.
  if (config.quant.blocks > 1 &&
      config.tileDepth % std::min(config.quant.block, config.tileDepth))
    config.tileDepth = getDepthInBlock(config.quant, config.tileDepth);
  int64_t columns = 16;
  auto programs = [&]() -> int64_t {
    return vectors * llvm::divideCeil(config.out, columns);
  };
  while (columns > 2 && programs() < 4 * machine.multiprocessors)
    columns /= 2;
  config.tileColumns = columns;
  config.warps = 4;
  config.stages = 1;
  config.groupRows = 1;
}
