//===- WeightsTest.cpp - Constant data of a model ---------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-runtime/Weights.h"
#include "gtest/gtest.h"
#include <cstring>
#include <fstream>
#include <unistd.h>

using namespace moe::rt;

namespace {
class WeightsTest : public testing::Test {
protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "moe-weights-XXXXXX";
    ASSERT_TRUE(mkdtemp(name.data()));
    folder = name;
    std::ofstream(folder + "/w.data", std::ios::binary)
        << std::string_view("\0\0\0\0\0\0\x80\x3f\0\0\0\x40", 12);
    std::ofstream(folder + "/empty").flush();
    store.setFolders({folder});
  }
  void TearDown() override {
    unlink((folder + "/w.data").c_str());
    unlink((folder + "/empty").c_str());
    rmdir(folder.c_str());
  }

  WeightSpec spec(uint64_t offset, int64_t n) {
    WeightSpec weight;
    weight.name = "w";
    weight.dims = {n};
    weight.file = "w.data";
    weight.offset = offset;
    weight.length = 4 * n;
    return weight;
  }

  std::string folder;
  WeightStore store;
  std::string error;
};

TEST_F(WeightsTest, AlignedDataStaysInTheFile) {
  WeightSpec a = spec(0, 3), b = spec(4, 2);
  auto *first = static_cast<uint8_t *>(store.get(a, error));
  auto *second = static_cast<uint8_t *>(store.get(b, error));
  ASSERT_TRUE(first && second) << error;
  EXPECT_EQ(second, first + 4);
  store.release(a);
  float value;
  memcpy(&value, first + 8, sizeof(value));
  EXPECT_EQ(value, 2.0f);
}

TEST_F(WeightsTest, MisalignedDataIsCopiedOnce) {
  WeightSpec weight = spec(2, 1);
  void *copy = store.get(weight, error);
  ASSERT_TRUE(copy) << error;
  EXPECT_EQ(reinterpret_cast<uintptr_t>(copy) % 4, 0u);
  EXPECT_EQ(store.get(weight, error), copy);
  uint32_t bits;
  memcpy(&bits, copy, sizeof(bits));
  EXPECT_EQ(bits, 0u);
}

TEST_F(WeightsTest, EmptyWeights) {
  WeightSpec weight = spec(12, 0);
  EXPECT_TRUE(store.get(weight, error)) << error;
  weight.file = "empty";
  weight.offset = 0;
  EXPECT_TRUE(store.get(weight, error)) << error;
}

TEST_F(WeightsTest, SaysWhatIsWrong) {
  WeightSpec weight = spec(8, 2);
  EXPECT_FALSE(store.get(weight, error));
  EXPECT_EQ(error, "w.data: too short for weight 'w': it has 12 bytes, the "
                   "weight is at 8 with 8");
  weight = spec(UINT64_MAX, 1);
  EXPECT_FALSE(store.get(weight, error));
  weight = spec(0, 1);
  weight.fileSize = 13;
  EXPECT_FALSE(store.get(weight, error));
  EXPECT_EQ(error, "w.data: has changed: it has 12 bytes, the model was made "
                   "for 13");
  weight.file = "gone";
  EXPECT_FALSE(store.get(weight, error));
  EXPECT_EQ(error, folder + "/gone: No such file or directory");
  weight.file = ".";
  EXPECT_FALSE(store.get(weight, error));
  EXPECT_EQ(error, folder + "/.: not a regular file");
}

TEST_F(WeightsTest, ReleasedSourcesStayReadable) {
  WeightSpec a = spec(0, 3);
  auto *data = static_cast<uint8_t *>(store.get(a, error));
  ASSERT_TRUE(data) << error;
  moe_release_source(reinterpret_cast<intptr_t>(data), 12);
  moe_release_source(reinterpret_cast<intptr_t>(data), INT64_MAX);
  EXPECT_EQ(memcmp(data, "\0\0\0\0\0\0\x80\x3f\0\0\0\x40", 12), 0);
  // Memory of no mapped file is left alone.
  std::vector<uint8_t> own(3 * 4096, 7);
  moe_release_source(reinterpret_cast<intptr_t>(own.data()), own.size());
  EXPECT_EQ(own, std::vector<uint8_t>(3 * 4096, 7));
}
} // namespace
