//===- ManifestTest.cpp - What a compiled model says of itself --*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-runtime/Manifest.h"
#include "gtest/gtest.h"

using namespace moe::rt;

namespace {
const char *const valid = R"({
  "version": 1, "base_dir": "models",
  "weights": [
    {"name": "w", "type": "bf16", "dims": [2, 3], "file": "m.data",
     "offset": 64, "length": 12, "file_size": 100},
    {"name": "b\u00e9\"\n", "type": "i1", "dims": [3], "data": "AQAB"}],
  "entries": [{
    "name": "main", "function": "moe_entry_main",
    "inputs": [{"name": "x", "type": "f32", "dims": [-1, 16],
                "dim_names": ["batch", ""]},
               {"name": "y", "type": "i1", "dims": [3], "default": 1}],
    "outputs": [{"name": "z", "type": "ui4", "dims": []}],
    "residents": [{"weight": 0}, {"init": 0}],
    "init": {"function": "moe_init_main", "weights": [0],
             "results": [{"name": "", "type": "i8", "dims": [4, 2]}]}}]})";

std::string replace(std::string text, std::string_view from,
                    std::string_view to) {
  return text.replace(text.find(from), from.size(), to);
}

std::string errorOf(std::string_view text) {
  Manifest manifest;
  std::string error;
  EXPECT_FALSE(Manifest::parse(text, manifest, error));
  return error;
}

TEST(Manifest, ReadsAll) {
  Manifest manifest;
  std::string error;
  ASSERT_TRUE(Manifest::parse(valid, manifest, error)) << error;
  EXPECT_EQ(manifest.baseDirectory, "models");
  ASSERT_EQ(manifest.weights.size(), 2u);
  EXPECT_EQ(manifest.weights[0].file, "m.data");
  EXPECT_EQ(manifest.weights[0].offset, 64u);
  EXPECT_EQ(manifest.weights[0].fileSize, 100);
  EXPECT_EQ(manifest.weights[1].name, "b\xc3\xa9\"\n");
  EXPECT_EQ(manifest.weights[1].data, (std::vector<uint8_t>{1, 0, 1}));
  ASSERT_EQ(manifest.entries.size(), 1u);
  const EntrySpec &entry = manifest.entries[0];
  EXPECT_EQ(entry.inputs[0].dims, (std::vector<int64_t>{-1, 16}));
  EXPECT_EQ(entry.inputs[0].dimNames[0], "batch");
  EXPECT_EQ(entry.inputs[0].defaultWeight, -1);
  EXPECT_EQ(entry.inputs[1].defaultWeight, 1);
  EXPECT_EQ(entry.outputs[0].type, ElementType::UI4);
  EXPECT_FALSE(entry.residents[0].fromInit);
  EXPECT_TRUE(entry.residents[1].fromInit);
  EXPECT_EQ(entry.initFunction, "moe_init_main");
  ASSERT_EQ(entry.initResults.size(), 1u);
  EXPECT_EQ(entry.initResults[0].type, ElementType::I8);
  EXPECT_EQ(entry.initResults[0].dims, (std::vector<int64_t>{4, 2}));
}

TEST(Manifest, RefusesWhatIsNotJson) {
  for (const char *text :
       {"", "{", "[]", "{\"version\": 1.5}", "{\"version\": 1,}", "nul",
        "{\"a\": \"\\x\"}", "{\"a\": \"\\ud800\"}", "{} {}", "{\"a\" 1}",
        "{\"version\": 99999999999999999999}"})
    EXPECT_EQ(errorOf(text), "manifest: not a JSON object") << text;
  EXPECT_EQ(errorOf(std::string(100000, '[')), "manifest: not a JSON object");
}

TEST(Manifest, SaysWhatIsWrong) {
  EXPECT_EQ(errorOf("{}"), "manifest: 'version' is missing");
  EXPECT_EQ(errorOf(R"({"version": "1"})"),
            "manifest: 'version' is of the wrong kind");
  EXPECT_EQ(errorOf(R"({"version": 2})"), "manifest: 'version' is out of range");
  EXPECT_EQ(errorOf(replace(valid, "bf16", "f17")),
            "manifest: 'type' is not known: f17");
  EXPECT_EQ(errorOf(replace(valid, "\"length\": 12", "\"length\": 13")),
            "manifest: 'length' of weight w does not fit its type");
  EXPECT_EQ(errorOf(replace(valid, "[2, 3]", "[4611686018427387904, 4]")),
            "manifest: 'dims' of weight w are impossible");
  EXPECT_EQ(errorOf(replace(valid, "AQAB", "AQ")),
            "manifest: 'data' of weight b\xc3\xa9\"\n is wrong");
  EXPECT_EQ(errorOf(replace(valid, "\"offset\": 64", "\"offset\": -1")),
            "manifest: 'offset' is out of range");
  EXPECT_EQ(errorOf(replace(valid, "{\"init\": 0}", "{\"init\": 1}")),
            "manifest: 'init' is out of range");
  EXPECT_EQ(errorOf(replace(valid, "{\"weight\": 0}", "{\"weight\": 2}")),
            "manifest: 'weight' is out of range");
  EXPECT_EQ(errorOf(replace(valid, "[-1, 16]", "[-2, 16]")),
            "manifest: 'dims' holds a wrong element");
  EXPECT_EQ(errorOf(replace(valid, "[\"batch\", \"\"]", "[\"batch\"]")),
            "manifest: 'dim_names' is of the wrong length");
}

TEST(Tensor, SizesAreChecked) {
  EXPECT_EQ(getNumBytes(ElementType::UI4, {3, 3}), 5u);
  EXPECT_EQ(getNumBytes(ElementType::I1, {3}), 3u);
  EXPECT_EQ(getNumBytes(ElementType::F32, {}), 4u);
  EXPECT_EQ(getNumBytes(ElementType::F64, {0, 7}), 0u);
  EXPECT_EQ(getNumBytes(ElementType::F32, {INT64_MAX, 2}), std::nullopt);
  EXPECT_EQ(getNumBytes(ElementType::F32, {INT64_MAX}), std::nullopt);
  EXPECT_EQ(getNumBytes(ElementType::F32, {-1}), std::nullopt);
  EXPECT_EQ(formatType(ElementType::BF16, {-1, 4}), "?x4xbf16");
}

TEST(Tensor, DescriptorsKnowDenseOnes) {
  int64_t dims[] = {2, 1, 3};
  float data[6];
  MemRefDescriptor descriptor(3);
  descriptor.setDense(data, dims);
  EXPECT_TRUE(descriptor.isDense());
  EXPECT_EQ(descriptor.getStrides()[0], 3);
  EXPECT_EQ(descriptor.getAligned(), data);
  static_cast<int64_t *>(descriptor.getRaw())[3 + 3] = 4;
  EXPECT_FALSE(descriptor.isDense());
}
} // namespace
