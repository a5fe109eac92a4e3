//===- ProfileTest.cpp - Where the time of calls goes -----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-runtime/Profile.h"
#include "gtest/gtest.h"

using namespace moe::rt;

TEST(ProfileTest, AddsUpPhasesOfAllCalls) {
  static const char node[] = "n", other[] = "o", kind[] = "k";
  Profile profile;
  for (int call = 0; call < 3; ++call) {
    Profile::Scope scope(&profile);
    moe_profile_enter(node, kind);
    moe_profile_enter(other, kind);
    moe_profile_enter(node, kind);
    moe_profile_enter(nullptr, nullptr);
  }
  ASSERT_EQ(profile.getPhases().size(), 2u);
  EXPECT_EQ(profile.getPhases()[0].node, node);
  EXPECT_EQ(profile.getPhases()[0].count, 6u);
  EXPECT_EQ(profile.getPhases()[1].node, other);
  EXPECT_EQ(profile.getPhases()[1].count, 3u);
  EXPECT_GE(profile.getPhases()[0].seconds, 0);
}

TEST(ProfileTest, EndsWhatACallLeftOpen) {
  Profile profile;
  {
    Profile::Scope scope(&profile);
    moe_profile_enter("n", "k");
  }
  ASSERT_EQ(profile.getPhases().size(), 1u);
  EXPECT_EQ(profile.getPhases()[0].count, 1u);
  // Outside of a profile nothing is collected.
  moe_profile_enter("n", "k");
  EXPECT_EQ(profile.getPhases()[0].count, 1u);
}
