//===- NarrowFloatTest.cpp - Conversions to 16-bit floats -------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-runtime/NarrowFloat.h"
#include "gtest/gtest.h"
#include <cmath>
#include <cstdint>
#include <cstring>

namespace {
uint16_t bitsOf(__bf16 value) {
  uint16_t bits;
  memcpy(&bits, &value, sizeof(bits));
  return bits;
}

TEST(NarrowFloat, RoundsToNearestTiesToEven) {
  EXPECT_EQ(bitsOf(moe_truncsfbf2(1.0f)), 0x3f80);
  EXPECT_EQ(bitsOf(moe_truncsfbf2(0x1.01p0f)), 0x3f80);
  EXPECT_EQ(bitsOf(moe_truncsfbf2(0x1.03p0f)), 0x3f82);
  EXPECT_EQ(bitsOf(moe_truncsfbf2(0x1.0102p0f)), 0x3f81);
  EXPECT_EQ(bitsOf(moe_truncsfbf2(-0.0f)), 0x8000);
  EXPECT_EQ(bitsOf(moe_truncsfbf2(3.4e38f)), 0x7f80);
  EXPECT_EQ(bitsOf(moe_truncsfbf2(INFINITY)), 0x7f80);
  EXPECT_EQ(bitsOf(moe_truncsfbf2(NAN)) & 0x7fc0, 0x7fc0);
}

TEST(NarrowFloat, RoundsDoublesOnce) {
  // In two roundings the first would make a tie of it.
  EXPECT_EQ(bitsOf(moe_truncdfbf2(0x1.01000001p0)), 0x3f81);
  EXPECT_EQ(bitsOf(moe_truncdfbf2(0x1.00ffffffp0)), 0x3f80);
  EXPECT_EQ(bitsOf(moe_truncdfbf2(0x1.01p0)), 0x3f80);
  EXPECT_EQ(bitsOf(moe_truncdfbf2(-1e300)), 0xff80);
  EXPECT_EQ(bitsOf(moe_truncdfbf2(1e-300)), 0);
  EXPECT_EQ(bitsOf(moe_truncdfbf2(NAN)) & 0x7fc0, 0x7fc0);
}
} // namespace
