//===- ThreadPool.cpp - The runtime's own threads -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ThreadPool.h"
#include <sched.h>

using namespace moe::rt;

/// About 50 µs: longer than the serial code between two loops of one layer.
static constexpr int spinsBeforeSleep = 2000;

static void pauseCpu() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

ThreadPool &ThreadPool::get() {
  static ThreadPool pool;
  return pool;
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard<std::mutex> lock(sleepMutex);
    stopping = true;
  }
  wake.notify_all();
  for (Worker *worker : workers) {
    pthread_join(worker->thread, nullptr);
    delete worker;
  }
}

void *ThreadPool::workerMain(void *worker) {
  static_cast<Worker *>(worker)->pool->serve(
      static_cast<Worker *>(worker)->index);
  return nullptr;
}

void ThreadPool::startWorkers(int count) {
  while (int(workers.size()) < count) {
    Worker *worker = new Worker{this, int(workers.size()), {}};
    // Without the thread the others do its share.
    if (pthread_create(&worker->thread, nullptr, workerMain, worker) != 0) {
      delete worker;
      return;
    }
    workers.push_back(worker);
  }
}

uint64_t ThreadPool::waitForJob(uint64_t seen) {
  auto isNew = [&](uint64_t now) {
    return (now & openBit) && now / jobUnit != seen / jobUnit;
  };
  for (int i = 0; i < spinsBeforeSleep && !stopping.load(); ++i) {
    uint64_t now = state.load(std::memory_order_acquire);
    if (isNew(now))
      return now;
    pauseCpu();
  }
  std::unique_lock<std::mutex> lock(sleepMutex);
  // Sequentially consistent against `run`, which opens a job and then looks
  // for sleepers: one of the two sees the other.
  ++sleepers;
  uint64_t now = state.load();
  while (!isNew(now) && !stopping) {
    wake.wait(lock);
    now = state.load();
  }
  --sleepers;
  return now;
}

void ThreadPool::serve(int index) {
  uint64_t seen = 0;
  for (;;) {
    uint64_t now = waitForJob(seen);
    if (stopping)
      return;
    seen = now;
    do {
      if (!(now & openBit) || now / jobUnit != seen / jobUnit)
        break;
    } while (!state.compare_exchange_weak(now, now + 1));
    if (!(now & openBit) || now / jobUnit != seen / jobUnit)
      continue;
    // Surplus threads of an earlier, wider job.
    if (index + 1 < jobThreads)
      fn(argument);
    state.fetch_sub(1, std::memory_order_release);
  }
}

void ThreadPool::run(void (*jobFn)(void *), void *jobArgument, int threads) {
  std::unique_lock<std::mutex> lock(callers, std::try_to_lock);
  if (!lock.owns_lock()) {
    jobFn(jobArgument);
    return;
  }
  startWorkers(threads - 1);
  fn = jobFn;
  argument = jobArgument;
  jobThreads = threads;
  state.store((state.load() / jobUnit + 1) * jobUnit + openBit);
  if (sleepers.load() > 0) {
    std::lock_guard<std::mutex> sleepLock(sleepMutex);
    wake.notify_all();
  }
  jobFn(jobArgument);
  state.fetch_and(~openBit);
  for (int i = 0; state.load(std::memory_order_acquire) & joinedMask; ++i) {
    if (i < spinsBeforeSleep)
      pauseCpu();
    else
      sched_yield();
  }
}
