//===- ParallelTest.cpp - Parallel loops ------------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-runtime/Context.h"
#include "moe-runtime/Parallel.h"
#include "moe-runtime/Trap.h"
#include "gtest/gtest.h"
#include <algorithm>
#include <atomic>
#include <pthread.h>
#include <vector>

using namespace moe::rt;

namespace {
/// Runs a callable as a loop.
template <typename F>
void parallelFor(int64_t n, int64_t grain, F body) {
  moe_parallel_for(
      n,
      [](void *closure, int64_t begin, int64_t end) {
        (*static_cast<F *>(closure))(begin, end);
      },
      &body, grain);
}

class ParallelTest : public testing::Test {
protected:
  void SetUp() override { moe_set_num_threads(4); }
  void TearDown() override { moe_set_num_threads(0); }
};

TEST_F(ParallelTest, RunsEachIterationOnce) {
  for (int64_t n : {0, 1, 2, 7, 100, 12345})
    for (int64_t grain : {0, 1, 3, 64, 100000}) {
      std::vector<std::atomic<int>> counts(n);
      parallelFor(n, grain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i)
          ++counts[i];
      });
      EXPECT_TRUE(std::all_of(counts.begin(), counts.end(),
                              [](auto &count) { return count == 1; }))
          << n << " by " << grain;
    }
}

TEST_F(ParallelTest, NegativeCountRunsNothing) {
  parallelFor(-5, 1, [](int64_t, int64_t) { FAIL(); });
}

TEST_F(ParallelTest, HugeCountDoesNotOverflow) {
  std::atomic<int64_t> last{0};
  parallelFor(INT64_MAX, INT64_MAX / 3, [&](int64_t begin, int64_t end) {
    EXPECT_LT(begin, end);
    if (end == INT64_MAX)
      ++last;
  });
  EXPECT_EQ(last, 1);
}

TEST_F(ParallelTest, ChunksAreOfTheGrain) {
  std::atomic<int> chunks{0};
  parallelFor(10, 4, [&](int64_t begin, int64_t end) {
    EXPECT_EQ(begin % 4, 0);
    EXPECT_EQ(end, std::min<int64_t>(begin + 4, 10));
    ++chunks;
  });
  EXPECT_EQ(chunks, 3);
}

TEST_F(ParallelTest, NestedLoopsRunOnTheirThread) {
  std::atomic<int> total{0};
  parallelFor(8, 1, [&](int64_t, int64_t) {
    pthread_t thread = pthread_self();
    parallelFor(100, 1, [&](int64_t begin, int64_t end) {
      EXPECT_TRUE(pthread_equal(thread, pthread_self()));
      total += end - begin;
    });
  });
  EXPECT_EQ(total, 800);
}

TEST_F(ParallelTest, ManyShortLoops) {
  std::atomic<int64_t> total{0};
  for (int i = 0; i < 3000; ++i)
    parallelFor(16, 1, [&](int64_t begin, int64_t end) { total += end - begin; });
  EXPECT_EQ(total, 3000 * 16);
}

TEST_F(ParallelTest, ThreadCountsMayChange) {
  std::atomic<int64_t> total{0};
  for (int i = 0; i < 300; ++i) {
    moe_set_num_threads(1 + i % 6);
    parallelFor(64, 1, [&](int64_t begin, int64_t end) { total += end - begin; });
  }
  EXPECT_EQ(total, 300 * 64);
}

TEST_F(ParallelTest, CallersAtTheSameTime) {
  std::atomic<int64_t> total{0};
  auto caller = [](void *total) -> void * {
    for (int i = 0; i < 500; ++i)
      parallelFor(32, 1, [&](int64_t begin, int64_t end) {
        *static_cast<std::atomic<int64_t> *>(total) += end - begin;
      });
    return nullptr;
  };
  std::vector<pthread_t> threads(4);
  for (pthread_t &thread : threads)
    ASSERT_EQ(pthread_create(&thread, nullptr, caller, &total), 0);
  for (pthread_t thread : threads)
    pthread_join(thread, nullptr);
  EXPECT_EQ(total, 4 * 500 * 32);
}

TEST_F(ParallelTest, ThreadsShareTheContext) {
  Context context;
  Context::Scope scope(&context);
  parallelFor(64, 1, [&](int64_t, int64_t) {
    EXPECT_EQ(threadState().context, &context);
  });
}

TEST_F(ParallelTest, RaiseLeavesTheLoop) {
  for (int64_t raising : {0, 17, 99}) {
    Trap trap;
    bool finished = runTrapped(
        trap,
        [](void *raising) {
          moe_parallel_for(
              100,
              [](void *raising, int64_t begin, int64_t) {
                if (begin == *static_cast<int64_t *>(raising))
                  moe_raise("index out of range");
              },
              raising, 1);
        },
        &raising);
    EXPECT_FALSE(finished);
    EXPECT_STREQ(trap.message, "index out of range");
  }
  EXPECT_FALSE(threadState().inParallelLoop);
  EXPECT_EQ(threadState().trap, nullptr);
  std::atomic<int> total{0};
  parallelFor(100, 1, [&](int64_t, int64_t) { ++total; });
  EXPECT_EQ(total, 100);
}

TEST(NumThreads, ZeroMeansTheDefault) {
  moe_set_num_threads(3);
  EXPECT_EQ(moe_get_num_threads(), 3);
  moe_set_num_threads(0);
  EXPECT_GE(moe_get_num_threads(), 1);
}
} // namespace
