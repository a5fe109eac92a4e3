//===- ExpertLoadTests.cpp - Expected loads of experts ----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Analysis/ExpertLoad.h"
#include <gtest/gtest.h>

using namespace mlir::moe;

TEST(ExpertLoad, Uniform) {
  // Each of 10 tokens chooses an expert with probability 2 / 4.
  auto loads = getExpertLoads(10, 2, 4);
  ASSERT_EQ(loads.size(), 4u);
  for (const ExpertLoad &load : loads) {
    EXPECT_DOUBLE_EQ(load.rows, 5.0);
    EXPECT_DOUBLE_EQ(load.touched, 1.0 - 1.0 / 1024.0);
    EXPECT_DOUBLE_EQ(load.rowsIfTouched(), 5.0 * 1024.0 / 1023.0);
  }
}

TEST(ExpertLoad, OneToken) {
  for (const ExpertLoad &load : getExpertLoads(1, 2, 8)) {
    EXPECT_DOUBLE_EQ(load.rows, 0.25);
    EXPECT_DOUBLE_EQ(load.touched, 0.25);
    EXPECT_DOUBLE_EQ(load.rowsIfTouched(), 1.0);
  }
}

TEST(ExpertLoad, Shares) {
  auto loads = getExpertLoads(4, 1, 3, {3.0, 1.0, 0.0});
  EXPECT_DOUBLE_EQ(loads[0].rows, 3.0);
  EXPECT_DOUBLE_EQ(loads[0].touched, 0.99609375);
  EXPECT_DOUBLE_EQ(loads[1].rows, 1.0);
  EXPECT_DOUBLE_EQ(loads[1].touched, 0.68359375);
  EXPECT_DOUBLE_EQ(loads[2].rows, 0.0);
  EXPECT_DOUBLE_EQ(loads[2].touched, 0.0);
  EXPECT_DOUBLE_EQ(loads[2].rowsIfTouched(), 0.0);
}

TEST(ExpertLoad, AnExpertHasATokenOnce) {
  // 3 slots, of which three quarters would be the first expert's.
  auto loads = getExpertLoads(8, 3, 2, {3.0, 1.0});
  EXPECT_DOUBLE_EQ(loads[0].rows, 8.0);
  EXPECT_DOUBLE_EQ(loads[0].touched, 1.0);
}

TEST(ExpertLoad, NoTokens) {
  auto loads = getExpertLoads(0, 2, 2);
  EXPECT_DOUBLE_EQ(loads[0].rows, 0.0);
  EXPECT_DOUBLE_EQ(loads[0].touched, 0.0);
}
