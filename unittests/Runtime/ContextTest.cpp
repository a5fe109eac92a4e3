//===- ContextTest.cpp - Memory of calls ------------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-runtime/Context.h"
#include "moe-runtime/Trap.h"
#include "gtest/gtest.h"
#include <cstring>
#include <vector>

using namespace moe::rt;

namespace {
TEST(Context, BlocksAreAlignedAndDistinct) {
  Context context;
  std::vector<std::pair<uint8_t *, size_t>> blocks;
  for (size_t size : {0, 1, 63, 64, 65, 320, 321, 1000, 4096, 100000, 5000000})
    for (uint64_t alignment : {1, 64, 128, 4096}) {
      auto *block =
          static_cast<uint8_t *>(context.allocate(size, alignment));
      EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % alignment, 0u);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % 64, 0u);
      memset(block, blocks.size(), size);
      blocks.push_back({block, size});
    }
  for (size_t i = 0; i < blocks.size(); ++i)
    for (size_t j = 0; j < blocks[i].second; ++j)
      ASSERT_EQ(blocks[i].first[j], uint8_t(i));
  for (auto &block : blocks)
    Context::deallocate(block.first);
}

TEST(Context, RepeatedCallsAskTheSystemForNothing) {
  Context context;
  auto call = [&] {
    void *a = context.allocate(1000);
    void *b = context.allocate(1 << 20);
    Context::deallocate(a);
    void *c = context.allocate(900);
    Context::deallocate(b);
    Context::deallocate(c);
  };
  call();
  uint64_t before = context.getSystemAllocations();
  EXPECT_EQ(before, 2u);
  for (int i = 0; i < 100; ++i)
    call();
  EXPECT_EQ(context.getSystemAllocations(), before);
}

TEST(Context, ResetTakesBackWhatIsInUse) {
  Context context;
  for (int i = 0; i < 10; ++i) {
    context.allocate(5000);
    context.allocate(6000);
    context.reset();
  }
  EXPECT_EQ(context.getSystemAllocations(), 2u);
  context.trim();
  EXPECT_EQ(context.getHeldBytes(), 0u);
}

TEST(Context, DeallocatingNullOrTwiceDoesNothing) {
  Context context;
  Context::deallocate(nullptr);
  void *block = context.allocate(10);
  Context::deallocate(block);
  Context::deallocate(block);
  EXPECT_NE(context.allocate(10), context.allocate(10));
}

TEST(Context, SmallerRequestsMayShareASizeClass) {
  Context context;
  void *block = context.allocate(1 << 20);
  Context::deallocate(block);
  EXPECT_EQ(context.allocate((1 << 20) - 100), block);
}

/// What raising says; "" if it does not raise.
std::string messageOf(Context &context, uint64_t size, uint64_t alignment) {
  struct Request {
    uint64_t size, alignment;
  } request{size, alignment};
  Context::Scope scope(&context);
  Trap trap;
  runTrapped(
      trap,
      [](void *self) {
        auto *request = static_cast<Request *>(self);
        _mlir_memref_to_llvm_aligned_alloc(request->alignment, request->size);
      },
      &request);
  return trap.message;
}

TEST(Context, AbsurdRequestsRaise) {
  Context context;
  EXPECT_EQ(messageOf(context, uint64_t(1) << 60, 64),
            "out of memory: a tensor needs 1152921504606846976 bytes");
  EXPECT_EQ(messageOf(context, UINT64_MAX, 64),
            "out of memory: a tensor needs 18446744073709551615 bytes");
  EXPECT_EQ(messageOf(context, 100, 1 << 20), "unsupported alignment 1048576");
  EXPECT_EQ(messageOf(context, 100, 96), "unsupported alignment 96");
  EXPECT_EQ(messageOf(context, 100, 64), "");
}

TEST(Context, CompiledCodeNeedsOne) {
  Trap trap;
  EXPECT_FALSE(runTrapped(
      trap, [](void *) { _mlir_memref_to_llvm_alloc(1); }, nullptr));
  EXPECT_STREQ(trap.message, "compiled code was called without a context");
}

TEST(Context, ScopesNest) {
  Context outer, inner;
  Context::Scope outerScope(&outer);
  {
    Context::Scope innerScope(&inner);
    EXPECT_EQ(threadState().context, &inner);
  }
  EXPECT_EQ(threadState().context, &outer);
}
} // namespace
