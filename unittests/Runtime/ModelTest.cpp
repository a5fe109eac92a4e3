//===- ModelTest.cpp - Calls of compiled code -------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-runtime/Model.h"
#include "moe-runtime/Parallel.h"
#include "moe-runtime/Trap.h"
#include "gtest/gtest.h"
#include <cstring>
#include <pthread.h>

using namespace moe::rt;

namespace {
// Functions as the compiler makes them: y = x · packed, packed = 2 · w.

struct Vector {
  float *allocated, *aligned;
  int64_t offset, size, stride;
};

int initCalls = 0;

void init(void **args) {
  auto *w = static_cast<Vector *>(args[0]);
  auto *packed = static_cast<Vector *>(args[1]);
  ++initCalls;
  auto *data =
      static_cast<float *>(_mlir_memref_to_llvm_alloc(w->size * sizeof(float)));
  for (int64_t i = 0; i < w->size; ++i)
    data[i] = 2 * w->aligned[i];
  *packed = {data, data, 0, w->size, 1};
}

void entry(void **args) {
  auto *x = static_cast<Vector *>(args[0]);
  auto *packed = static_cast<Vector *>(args[1]);
  auto *y = static_cast<Vector *>(args[2]);
  void *scratch = _mlir_memref_to_llvm_alloc(4096);
  auto *data =
      static_cast<float *>(_mlir_memref_to_llvm_alloc(x->size * sizeof(float)));
  for (int64_t i = 0; i < x->size; ++i) {
    if (x->aligned[i] < 0)
      moe_raise("a negative number");
    data[i] = x->aligned[i] * packed->aligned[i % packed->size];
  }
  _mlir_memref_to_llvm_free(scratch);
  *y = {data, data, 0, x->size, 1};
}

const char *const manifest = R"({
  "version": 1,
  "weights": [{"name": "w", "type": "f32", "dims": [2],
               "data": "AACAPwAAAEA="}],
  "entries": [{
    "name": "f", "function": "moe_entry_f",
    "inputs": [{"name": "x", "type": "f32", "dims": [-1],
                "dim_names": ["n"]},
               {"name": "x2", "type": "f32", "dims": [-1],
                "dim_names": ["n"]}],
    "outputs": [{"name": "y", "type": "f32", "dims": [-1]}],
    "residents": [{"init": 0}],
    "init": {"function": "moe_init_f", "weights": [0],
             "results": [{"name": "", "type": "f32", "dims": [2]}]}}]})";

/// The entry point of `manifest`, which has a second input.
void entryOfTwo(void **args) {
  void *withoutSecond[] = {args[0], args[2], args[3]};
  entry(withoutSecond);
}

void *lookup(const char *name) {
  if (!strcmp(name, "moe_manifest"))
    return const_cast<char *>(manifest);
  if (!strcmp(name, "moe_entry_f"))
    return reinterpret_cast<void *>(entryOfTwo);
  return !strcmp(name, "moe_init_f") ? reinterpret_cast<void *>(init) : nullptr;
}

std::unique_ptr<Model> createModel() {
  std::string error;
  std::unique_ptr<Model> model = Model::create(lookup, {""}, nullptr, error);
  EXPECT_TRUE(model) << error;
  EXPECT_TRUE(model->load(0, error)) << error;
  return model;
}

TEST(Model, PacksOnceAndRuns) {
  initCalls = 0;
  std::unique_ptr<Model> model = createModel();
  std::string error;
  EXPECT_TRUE(model->load(0, error));
  EXPECT_EQ(initCalls, 1);
  EXPECT_EQ(model->findEntry("f"), 0);
  EXPECT_EQ(model->findEntry("g"), -1);
  Call call(*model, 0);
  float x[] = {1, 2, 3};
  ASSERT_TRUE(call.setInput(0, x, {3}, error));
  ASSERT_TRUE(call.setInput(1, x, {3}, error));
  ASSERT_TRUE(call.run(error)) << error;
  auto *y = reinterpret_cast<const float *>(call.getResultData(0));
  EXPECT_EQ(call.getResult(0).getSizes()[0], 3);
  EXPECT_EQ(y[0], 2);
  EXPECT_EQ(y[1], 8);
  EXPECT_EQ(y[2], 6);
}

TEST(Model, LaterCallsAskTheSystemForNothing) {
  std::unique_ptr<Model> model = createModel();
  Call call(*model, 0);
  std::string error;
  std::vector<float> x(1000, 1);
  ASSERT_TRUE(call.setInput(0, x.data(), {1000}, error));
  ASSERT_TRUE(call.setInput(1, x.data(), {1000}, error));
  ASSERT_TRUE(call.run(error));
  uint64_t before = call.getContext().getSystemAllocations();
  for (int i = 0; i < 50; ++i)
    ASSERT_TRUE(call.run(error));
  EXPECT_EQ(call.getContext().getSystemAllocations(), before);
}

TEST(Model, CallsThatRaiseSayWhyAndLeaveNothing) {
  std::unique_ptr<Model> model = createModel();
  Call call(*model, 0);
  float x[] = {1, -1};
  std::string error;
  ASSERT_TRUE(call.setInput(0, x, {2}, error));
  ASSERT_TRUE(call.setInput(1, x, {2}, error));
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(call.run(error));
    EXPECT_EQ(error, "a negative number");
  }
  EXPECT_EQ(call.getContext().getSystemAllocations(), 2u);
  x[1] = 1;
  EXPECT_TRUE(call.run(error));
}

TEST(Model, ChecksInputs) {
  std::unique_ptr<Model> model = createModel();
  Call call(*model, 0);
  float x[] = {1, 2, 3, 4};
  std::string error;
  EXPECT_FALSE(call.run(error));
  EXPECT_EQ(error, "input 'x' is missing");
  EXPECT_FALSE(call.setInput(0, x, {2, 2}, error));
  EXPECT_EQ(error, "input 'x' is 2x2xf32, the model expects ?xf32");
  EXPECT_TRUE(call.setInput(0, x, {4}, error));
  EXPECT_FALSE(call.setInput(1, x, {3}, error));
  EXPECT_EQ(error, "input 'x2' has n = 3, input 'x' has 4");
  EXPECT_TRUE(call.setInput(0, x, {3}, error));
  EXPECT_TRUE(call.setInput(1, x, {3}, error));
  EXPECT_FALSE(call.setInput(1, x, {INT64_MAX}, error));
}

TEST(Model, CallsAtTheSameTime) {
  std::unique_ptr<Model> model = createModel();
  auto caller = [](void *model) -> void * {
    Call call(*static_cast<Model *>(model), 0);
    std::string error;
    float x[] = {1, 2, 3, 4};
    call.setInput(0, x, {4}, error);
    call.setInput(1, x, {4}, error);
    for (int i = 0; i < 500; ++i) {
      EXPECT_TRUE(call.run(error));
      auto *y = reinterpret_cast<const float *>(call.getResultData(0));
      EXPECT_EQ(y[3], 16);
    }
    return nullptr;
  };
  pthread_t threads[4];
  for (pthread_t &thread : threads)
    ASSERT_EQ(pthread_create(&thread, nullptr, caller, model.get()), 0);
  for (pthread_t thread : threads)
    pthread_join(thread, nullptr);
}

TEST(Model, NamesMissingSymbols) {
  std::string error;
  EXPECT_FALSE(Model::create([](const char *) { return nullptr; }, {""},
                             nullptr, error));
  EXPECT_EQ(error, "the code has no manifest");
  auto onlyManifest = [](const char *name) {
    return strcmp(name, "moe_manifest") ? nullptr : lookup(name);
  };
  EXPECT_FALSE(Model::create(onlyManifest, {""}, nullptr, error));
  EXPECT_EQ(error, "the code has no function moe_entry_f");
}
} // namespace
