//===- WeightArchiveTest.cpp - Weights at the end of a library --*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-runtime/WeightArchive.h"
#include "moe-runtime/Weights.h"
#include "gtest/gtest.h"
#include <fstream>
#include <unistd.h>

using namespace moe::rt;

namespace {
class WeightArchiveTest : public testing::Test {
protected:
  void SetUp() override {
    path = testing::TempDir() + "moe-archive-XXXXXX";
    close(mkstemp(path.data()));
  }
  void TearDown() override { unlink(path.c_str()); }

  /// A file of `front`, `index`, and a trailer that is `shift` off.
  std::unique_ptr<WeightArchive>
  open(std::string_view front, std::string_view index, int64_t shift = 0) {
    WeightArchive::Trailer trailer{front.size() + shift, index.size(), {}};
    std::copy(std::begin(trailer.expectedMagic),
              std::end(trailer.expectedMagic), trailer.magic);
    std::ofstream(path, std::ios::binary)
        << front << index
        << std::string_view(reinterpret_cast<char *>(&trailer),
                            sizeof(trailer));
    error.clear();
    return WeightArchive::open(path, error);
  }

  void expectError(std::unique_ptr<WeightArchive> archive,
                   const std::string &why) {
    EXPECT_FALSE(archive);
    EXPECT_EQ(error, path + ": embedded weights: " + why);
  }

  std::string path, error;
};

TEST_F(WeightArchiveTest, FindsStretches) {
  auto archive = open("program!abcd1234", R"({"stretches": [
    {"file": "w", "offset": 4, "length": 4, "at": 12},
    {"file": "w", "offset": 0, "length": 4, "at": 8},
    {"file": "v", "offset": 0, "length": 8, "at": 8}]})");
  ASSERT_TRUE(archive) << error;
  auto get = [&](const char *file, uint64_t offset, uint64_t length) {
    const uint8_t *data = archive->find(file, offset, length);
    return data ? std::string(data, data + length) : "none";
  };
  EXPECT_EQ(get("w", 0, 4), "abcd");
  EXPECT_EQ(get("w", 4, 4), "1234");
  EXPECT_EQ(get("v", 0, 8), "abcd1234");
  EXPECT_EQ(get("w", 0, 8), "none");
  EXPECT_EQ(get("u", 0, 4), "none");
}

TEST_F(WeightArchiveTest, StoreTakesFromArchiveFirst) {
  WeightStore store;
  store.setFolders({"/no/such/folder"});
  store.setArchive(open("program!abcd1234", R"({"stretches": [
    {"file": "w", "offset": 4, "length": 4, "at": 12}]})"));
  WeightSpec weight;
  weight.dims = {1};
  weight.file = "w";
  weight.offset = weight.length = 4;
  auto *data = static_cast<char *>(store.get(weight, error));
  ASSERT_TRUE(data) << error;
  EXPECT_EQ(std::string(data, data + 4), "1234");
  store.release(weight);
  weight.offset = 0;
  EXPECT_FALSE(store.get(weight, error));
  EXPECT_EQ(error, "/no/such/folder/w: No such file or directory");
}

TEST_F(WeightArchiveTest, OtherFilesHaveNone) {
  std::ofstream(path, std::ios::binary) << "a program and nothing else";
  EXPECT_FALSE(WeightArchive::open(path, error));
  EXPECT_EQ(error, "");
}

TEST_F(WeightArchiveTest, RefusesWhatLiesOutside) {
  expectError(open("", "{}", 1), "the index lies outside the file");
  expectError(open("", "{}", -1), "the index lies outside the file");
  expectError(open("", "{"), "the index has no list of stretches");
  expectError(open("", R"({"stretches": {}})"),
              "the index has no list of stretches");
  expectError(open("", R"({"stretches": [1]})"), "a stretch has no file");
  expectError(open("", R"({"stretches": [{"file": "w", "offset": -1}]})"),
              "a stretch has no offset");
  expectError(open("", R"({"stretches": [
      {"file": "w", "offset": 0, "length": 1, "at": 9223372036854775807}]})"),
              "a stretch of w lies outside the file");
  expectError(open("", R"({"stretches": [
      {"file": "w", "offset": 0, "length": 9223372036854775807, "at": 1}]})"),
              "a stretch of w lies outside the file");
}
} // namespace
