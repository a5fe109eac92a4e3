//===- Parallel.cpp - Parallel loops of compiled code -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-runtime/Parallel.h"
#include "ThreadPool.h"
#include "moe-runtime/Trap.h"
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <link.h>
#include <sched.h>

using namespace moe::rt;

namespace {
/// A loop that threads work on together.
struct Loop {
  moe_loop_body body;
  void *closure;
  int64_t n;
  int64_t grain;
  Context *context;
  std::atomic<int64_t> next{0};
  std::atomic<bool> failed{false};
  char message[maxMessage];

  static void takeChunks(void *self) {
    Loop &loop = *static_cast<Loop *>(self);
    for (;;) {
      int64_t begin = loop.next.load(std::memory_order_relaxed);
      do {
        if (begin >= loop.n)
          return;
      } while (!loop.next.compare_exchange_weak(
          begin, begin + std::min(loop.grain, loop.n - begin),
          std::memory_order_relaxed));
      loop.body(loop.closure, begin, begin + std::min(loop.grain, loop.n - begin));
    }
  }

  /// One thread's share. Nothing may leave it: what is raised is kept for the
  /// thread that called.
  static void work(void *self) {
    Loop &loop = *static_cast<Loop *>(self);
    ThreadState saved = threadState();
    threadState().context = loop.context;
    threadState().inParallelLoop = true;
    Trap trap;
    if (!runTrapped(trap, takeChunks, self)) {
      loop.next.store(loop.n, std::memory_order_relaxed);
      if (!loop.failed.exchange(true))
        memcpy(loop.message, trap.message, sizeof(loop.message));
    }
    threadState() = saved;
  }
};

using GompParallel = void (*)(void (*)(void *), void *, unsigned, unsigned);
} // namespace

static int findOpenMP(dl_phdr_info *info, size_t, void *handle) {
  const char *slash = strrchr(info->dlpi_name, '/');
  const char *name = slash ? slash + 1 : info->dlpi_name;
  for (const char *known : {"libgomp", "libomp.", "libiomp5"}) {
    if (strncmp(name, known, strlen(known)) != 0)
      continue;
    *static_cast<void **>(handle) =
        dlopen(info->dlpi_name, RTLD_LAZY | RTLD_NOLOAD);
    return 1;
  }
  return 0;
}

/// The entry point that every OpenMP runtime has, if one is loaded when the
/// first loop runs: two pools of threads in one process would fight.
static GompParallel openMP() {
  static const GompParallel parallel = [] {
    void *handle = nullptr;
    dl_iterate_phdr(findOpenMP, &handle);
    return reinterpret_cast<GompParallel>(
        handle ? dlsym(handle, "GOMP_parallel") : nullptr);
  }();
  return parallel;
}

static int defaultNumThreads() {
  if (const char *text = getenv("MOE_NUM_THREADS"))
    if (int n = atoi(text); n > 0)
      return std::min(n, ThreadPool::maxThreads);
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0)
    return std::clamp(CPU_COUNT(&set), 1, ThreadPool::maxThreads);
  return 1;
}

static std::atomic<int> chosenNumThreads{0};

extern "C" void moe_set_num_threads(int n) {
  chosenNumThreads = std::clamp(n, 0, ThreadPool::maxThreads);
}

extern "C" int moe_get_num_threads(void) {
  static const int byDefault = defaultNumThreads();
  int n = chosenNumThreads.load(std::memory_order_relaxed);
  return n ? n : byDefault;
}

extern "C" void moe_parallel_for(int64_t n, moe_loop_body body, void *closure,
                                 int64_t grain) {
  if (n <= 0)
    return;
  int64_t threads = moe_get_num_threads();
  // Four chunks per thread balance unequal iterations.
  if (grain <= 0)
    grain = std::max<int64_t>(1, n / (4 * threads));
  int64_t chunks = n / grain + (n % grain != 0);
  threads = std::min(threads, chunks);
  if (threads <= 1 || threadState().inParallelLoop) {
    body(closure, 0, n);
    return;
  }
  Loop loop{body, closure, n, grain, threadState().context, {}, {}, {}};
  if (GompParallel parallel = openMP())
    parallel(Loop::work, &loop, threads, 0);
  else
    ThreadPool::get().run(Loop::work, &loop, threads);
  if (loop.failed)
    moe_raise(loop.message);
}
