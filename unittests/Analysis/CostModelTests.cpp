//===- CostModelTests.cpp - Predicted times by hand -------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/MLIRContext.h"
#include "moe/Analysis/CostModel.h"
#include <gtest/gtest.h>

using namespace mlir;
using namespace mlir::moe;

namespace {
class CostModelTest : public testing::Test {
protected:
  CostModelTest() { context.loadDialect<MoEDialect>(); }

  /// 1 MFLOP/s on four units with tiles of 10×10, 100 kB/s, half a second a
  /// launch, grouped at half of the peak.
  TargetAttr getTarget(int64_t cache = 0, double f16 = 0.0, double f8 = 0.0) {
    return TargetAttr::get(&context, 0.0, 1e6, f16, f8, 1e5, 0.0, 0.5, 4, cache,
                           10, 10, 0.5);
  }

  static ExpertSizes getSizes() {
    ExpertSizes sizes;
    sizes.in = 5;
    sizes.inter = 10;
    sizes.out = 20;
    sizes.projections = 2;
    sizes.weightBytes = 100;
    return sizes;
  }

  MLIRContext context;
};
} // namespace

TEST_F(CostModelTest, PeakOfTypes) {
  CostModel plain(getTarget());
  EXPECT_DOUBLE_EQ(plain.getPeak(64), 5e5);
  EXPECT_DOUBLE_EQ(plain.getPeak(32), 1e6);
  EXPECT_DOUBLE_EQ(plain.getPeak(16), 1e6);
  CostModel halves(getTarget(0, 3e6));
  EXPECT_DOUBLE_EQ(halves.getPeak(16), 3e6);
  EXPECT_DOUBLE_EQ(halves.getPeak(8), 3e6);
  EXPECT_DOUBLE_EQ(CostModel(getTarget(0, 3e6, 7e6)).getPeak(8), 7e6);
}

TEST_F(CostModelTest, GemmInWaves) {
  CostModel model(getTarget());
  // 3 × 3 tiles are three waves of four; a tile is 2·10·10·5 operations of a
  // unit, which does 250 kFLOP/s.
  EXPECT_DOUBLE_EQ(model.getGemmTime(25, 5, 30, 32), 3 * 0.004);
  // Half-filled tiles take as long as full ones, an expectation of 0.1 rows
  // too.
  EXPECT_DOUBLE_EQ(model.getGemmTime(0.1, 5, 1, 32), 0.004);
  EXPECT_DOUBLE_EQ(model.getGemmTime(0, 5, 30, 32), 0.0);
}

TEST_F(CostModelTest, GroupedSharesWaves) {
  ExpertLoad load{10.0, 1.0};
  CostModel model(getTarget());
  CostModel::Chunk chunk =
      model.getChunk({load, load}, {getSizes(), getSizes()}, GemmKind::Grouped);
  // First product: 1 × 2 tiles of each, one wave of 0.004 s at half the peak;
  // second: the same number, 0.008 s. Two launches.
  EXPECT_DOUBLE_EQ(chunk.compute, 0.008 + 0.016 + 2 * 0.5);
  EXPECT_DOUBLE_EQ(chunk.weightBytes, 200);
  EXPECT_DOUBLE_EQ(chunk.inputBytes, 2 * 10 * 5 * 4);
  EXPECT_DOUBLE_EQ(chunk.outputBytes, 2 * 10 * 20 * 4);
  // Hidden rows of 400 bytes are written and read.
  EXPECT_DOUBLE_EQ(chunk.bytes, 200 + 400 + 1600 + 2 * 2 * 400);
  EXPECT_DOUBLE_EQ(model.getTime(chunk), chunk.compute);
}

TEST_F(CostModelTest, DenseFollowEachOther) {
  ExpertLoad load{10.0, 1.0};
  CostModel model(getTarget());
  CostModel::Chunk chunk =
      model.getChunk({load, load}, {getSizes(), getSizes()}, GemmKind::Dense);
  EXPECT_DOUBLE_EQ(chunk.compute, 2 * (0.004 + 0.008) + 4 * 0.5);
}

TEST_F(CostModelTest, UntouchedExpertsCostNothing) {
  CostModel model(getTarget());
  CostModel::Chunk chunk = model.getChunk(
      {ExpertLoad{}, {2.0, 0.5}}, {getSizes(), getSizes()}, GemmKind::Dense);
  // Half of the time there is a tile of four rows.
  EXPECT_DOUBLE_EQ(chunk.compute, 0.5 * 0.012 + 0.5 * 2 * 0.5);
  EXPECT_DOUBLE_EQ(chunk.weightBytes, 50);
}

TEST_F(CostModelTest, CacheHoldsHiddenRows) {
  ExpertLoad load{10.0, 1.0};
  EXPECT_DOUBLE_EQ(CostModel(getTarget(/*cache=*/400))
                       .getChunk({load}, {getSizes()}, GemmKind::Grouped)
                       .bytes,
                   100 + 200 + 800);
}

TEST_F(CostModelTest, ExpertsWithoutMatrices) {
  ExpertSizes copy;
  copy.in = copy.out = 5;
  CostModel model(getTarget());
  CostModel::Chunk chunk =
      model.getChunk({{10.0, 1.0}}, {copy}, GemmKind::Grouped);
  EXPECT_DOUBLE_EQ(chunk.compute, 0.5);
  EXPECT_DOUBLE_EQ(chunk.bytes, 400);
}

TEST_F(CostModelTest, MemoryBounds) {
  CostModel::Chunk chunk;
  chunk.compute = 1.0;
  chunk.bytes = 3e5;
  EXPECT_DOUBLE_EQ(CostModel(getTarget()).getTime(chunk), 3.0);
}

TEST(Pipeline, JohnsonsRule) {
  SmallVector<PipelineStage> stages = {{3, 2, 0}, {1, 4, 0}};
  SmallVector<unsigned> order = getPipelineOrder(stages);
  EXPECT_EQ(order, (SmallVector<unsigned>{1, 0}));
  // 1 to fetch, 4 to compute, in which the other is fetched, 2 to compute.
  EXPECT_DOUBLE_EQ(getPipelineTime(stages, order), 7.0);
  EXPECT_DOUBLE_EQ(getPipelineTime(stages, {0, 1}), 9.0);
}

TEST(Pipeline, Sending) {
  SmallVector<PipelineStage> stages = {{1, 2, 3}, {1, 2, 3}};
  EXPECT_DOUBLE_EQ(getPipelineTime(stages, {0}), 6.0);
  // The second is sent when the first is, from 6 on.
  EXPECT_DOUBLE_EQ(getPipelineTime(stages, {0, 1}), 9.0);
  EXPECT_EQ(getPipelineOrder(stages), (SmallVector<unsigned>{0, 1}));
}

TEST(Pipeline, OrderIsTheBestOfAll) {
  SmallVector<PipelineStage> stages = {
      {4, 1, 0}, {2, 6, 0}, {3, 3, 0}, {7, 2, 0}};
  double found = getPipelineTime(stages, getPipelineOrder(stages));
  SmallVector<unsigned> order = {0, 1, 2, 3};
  do
    EXPECT_LE(found, getPipelineTime(stages, order));
  while (std::next_permutation(order.begin(), order.end()));
}
