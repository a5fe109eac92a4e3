//===- CostModel.cpp - Predicted time of experts ----------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Analysis/CostModel.h"
#include <cmath>
#include <numeric>

using namespace mlir;
using namespace mlir::moe;

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

/// Bytes of one expert's weights, with their scales and zero points.
static double getBytes(Value weights) {
  if (!weights)
    return 0.0;
  auto type = cast<WeightsType>(weights.getType());
  if (auto lowRank = weights.getDefiningOp<LowRankWeightsOp>()) {
    // A common matrix is read once for all experts.
    double base = getBytes(lowRank.getBase());
    if (lowRank.getBase().getType().getNumExperts() == 1)
      base /= static_cast<double>(type.getNumExperts());
    return base + getBytes(lowRank.getU()) + getBytes(lowRank.getV());
  }
  double elements = 1.0;
  for (int64_t size : type.getShape().drop_front())
    elements *= static_cast<double>(size);
  double bytes = elements * type.getStorageBits() / 8.0;
  auto op = weights.getDefiningOp<WeightsOp>();
  if (op && !op.getScales().empty()) {
    unsigned bits =
        getElementTypeOrSelf(op.getScales().front()).getIntOrFloatBitWidth();
    if (!op.getZeros().empty())
      bits += type.getStorageBits();
    bytes += static_cast<double>(type.getOutSize()) *
             static_cast<double>(op.getNumBlocks()) * bits / 8.0;
  }
  return bytes;
}

ExpertSizes mlir::moe::getExpertSizes(ExpertsOp op, int64_t expert) {
  ExpertSizes sizes;
  Type element = getElementTypeOrSelf(op.getInput());
  sizes.bits = element.getIntOrFloatBitWidth();
  sizes.elementBytes = sizes.bits / 8.0;
  sizes.in = cast<RankedTensorType>(op.getInput().getType()).getDimSize(1);
  sizes.out = cast<RankedTensorType>(op.getType()).getDimSize(1);
  for (Value set : op.getSets()) {
    int64_t count = cast<ExpertsType>(set.getType()).getCount();
    if (expert >= count) {
      expert -= count;
      continue;
    }
    auto ffn = set.getDefiningOp<FFNExpertsOp>();
    if (!ffn)
      break;
    sizes.inter = ffn.getUp().getType().getOutSize();
    sizes.projections = ffn.getGate() ? 2 : 1;
    for (Value weights : ffn.getOperands())
      sizes.weightBytes += getBytes(weights);
    break;
  }
  return sizes;
}

//===----------------------------------------------------------------------===//
// Chunks
//===----------------------------------------------------------------------===//

double CostModel::getPeak(unsigned bits) const {
  double f32 = target.getFlopsF32();
  if (bits > 32)
    return target.getFlopsF64() > 0.0 ? target.getFlopsF64().value : f32 / 2;
  if (bits > 16)
    return f32;
  double half = target.getFlops_16() > 0.0 ? target.getFlops_16().value : f32;
  if (bits > 8)
    return half;
  return target.getFlops_8() > 0.0 ? target.getFlops_8().value : half;
}

/// Tiles of a GEMM, each of the same time.
static double countTiles(double rows, int64_t out, TargetAttr target) {
  return std::ceil(rows / static_cast<double>(target.getTileRows())) *
         std::ceil(static_cast<double>(out) /
                   static_cast<double>(target.getTileColumns()));
}

/// Seconds that one unit takes for a tile over `in` inputs.
static double getTileTime(int64_t in, TargetAttr target, double peak) {
  return 2.0 * static_cast<double>(target.getTileRows()) *
         static_cast<double>(target.getTileColumns()) *
         static_cast<double>(in) * static_cast<double>(target.getUnits()) /
         peak;
}

static double countWaves(double tiles, TargetAttr target) {
  return std::ceil(tiles / static_cast<double>(target.getUnits()));
}

double CostModel::getGemmTime(double rows, int64_t in, int64_t out,
                              unsigned bits) const {
  return countWaves(countTiles(rows, out, target), target) *
         getTileTime(in, target, getPeak(bits));
}

CostModel::Chunk CostModel::getChunk(ArrayRef<ExpertLoad> loads,
                                     ArrayRef<ExpertSizes> sizes,
                                     GemmKind kind) const {
  Chunk chunk;
  // Tiles of the first and of the second product, and their times: experts of a
  // chunk are of one set, so all have the same sizes.
  double first = 0.0, second = 0.0, launches = 0.0;
  bool multiplies = false;
  for (auto [load, size] : llvm::zip_equal(loads, sizes)) {
    chunk.inputBytes +=
        load.rows * static_cast<double>(size.in) * size.elementBytes;
    chunk.outputBytes +=
        load.rows * static_cast<double>(size.out) * size.elementBytes;
    chunk.weightBytes += load.touched * size.weightBytes;
    if (size.inter == 0 || load.touched == 0.0)
      continue;
    multiplies = true;
    double rows = load.rowsIfTouched();
    int64_t columns = size.projections * size.inter;
    // Hidden rows that do not fit the cache are written and read.
    double hidden = rows * static_cast<double>(size.inter) * size.elementBytes;
    if (hidden > static_cast<double>(target.getCache()))
      chunk.bytes += load.touched * 2.0 * hidden;
    if (kind == GemmKind::Dense) {
      chunk.compute +=
          load.touched * (getGemmTime(rows, size.in, columns, size.bits) +
                          getGemmTime(rows, size.inter, size.out, size.bits));
      launches += 2.0 * load.touched;
    } else {
      first += load.touched * countTiles(rows, columns, target);
      second += load.touched * countTiles(rows, size.out, target);
    }
  }
  if (multiplies && kind == GemmKind::Grouped) {
    double peak = getPeak(sizes.front().bits) * target.getGrouped();
    chunk.compute += countWaves(first, target) *
                         getTileTime(sizes.front().in, target, peak) +
                     countWaves(second, target) *
                         getTileTime(sizes.front().inter, target, peak);
    launches = 2.0;
  }
  if (!multiplies)
    launches = 1.0;
  chunk.compute += launches * target.getLaunch();
  chunk.bytes += chunk.weightBytes + chunk.inputBytes + chunk.outputBytes;
  return chunk;
}

double CostModel::getTime(const Chunk &chunk) const {
  return std::max(chunk.compute, chunk.bytes / target.getMemory());
}

//===----------------------------------------------------------------------===//
// Pipelines
//===----------------------------------------------------------------------===//

SmallVector<unsigned>
mlir::moe::getPipelineOrder(ArrayRef<PipelineStage> stages) {
  SmallVector<unsigned> early, late;
  auto before = [&](unsigned i) {
    return stages[i].fetch + (stages[i].send > 0.0 ? stages[i].compute : 0.0);
  };
  auto after = [&](unsigned i) { return stages[i].compute + stages[i].send; };
  for (unsigned i = 0; i < stages.size(); ++i)
    (before(i) < after(i) ? early : late).push_back(i);
  llvm::sort(early, [&](unsigned a, unsigned b) {
    return std::make_pair(before(a), a) < std::make_pair(before(b), b);
  });
  llvm::sort(late, [&](unsigned a, unsigned b) {
    return std::make_pair(-after(a), a) < std::make_pair(-after(b), b);
  });
  early.append(late);
  return early;
}

double mlir::moe::getPipelineTime(ArrayRef<PipelineStage> stages,
                                  ArrayRef<unsigned> order) {
  double fetched = 0.0, computed = 0.0, sent = 0.0;
  for (unsigned i : order) {
    fetched += stages[i].fetch;
    computed = std::max(computed, fetched) + stages[i].compute;
    sent = std::max(sent, computed) + stages[i].send;
  }
  return sent;
}
