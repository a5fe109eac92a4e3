//===- CPUFeaturesTest.cpp - What this machine's processor has --*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-runtime/CPUFeatures.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"
#include "gtest/gtest.h"

using namespace moe::rt;

namespace {
#if defined(__x86_64__)
TEST(CPUFeaturesTest, AgreesWithLLVM) {
  llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
  unsigned known = 0;
  for (const char *name : {"cx8",
                           "cmov",
                           "mmx",
                           "sse",
                           "sse2",
                           "sse3",
                           "ssse3",
                           "fma",
                           "cx16",
                           "sse4.1",
                           "sse4.2",
                           "movbe",
                           "popcnt",
                           "avx",
                           "f16c",
                           "bmi",
                           "avx2",
                           "bmi2",
                           "avx512f",
                           "avx512dq",
                           "adx",
                           "avx512ifma",
                           "avx512cd",
                           "avx512bw",
                           "avx512vl",
                           "avx512vbmi",
                           "avx512vbmi2",
                           "gfni",
                           "avx512vnni",
                           "avx512bitalg",
                           "avx512vpopcntdq",
                           "avx512vp2intersect",
                           "amx-bf16",
                           "avx512fp16",
                           "amx-tile",
                           "amx-int8",
                           "avxvnni",
                           "avx512bf16",
                           "cmpccxadd",
                           "amx-fp16",
                           "avxifma",
                           "avxvnniint8",
                           "avxneconvert",
                           "amx-complex",
                           "avxvnniint16",
                           "sahf",
                           "lzcnt",
                           "sse4a",
                           "xop",
                           "fma4",
                           "tbm",
                           "64bit"}) {
    EXPECT_TRUE(host.contains(name)) << name;
    EXPECT_EQ(hasCPUFeature(name), host.lookup(name)) << name;
    known += hasCPUFeature(name);
  }
  EXPECT_GE(known, 8u);
}

TEST(CPUFeaturesTest, UnknownFeaturesAreMissing) {
  EXPECT_FALSE(hasCPUFeature("telepathy"));
  EXPECT_EQ(getMissingCPUFeatures("sse2,telepathy,sse,levitation"),
            "telepathy,levitation");
}
#endif

TEST(CPUFeaturesTest, NothingIsMissingOfNothing) {
  EXPECT_EQ(getMissingCPUFeatures(""), "");
}
} // namespace
