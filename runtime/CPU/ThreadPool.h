//===- ThreadPool.h - The runtime's own threads -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RUNTIME_CPU_THREADPOOL_H
#define MOE_RUNTIME_CPU_THREADPOOL_H

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <pthread.h>
#include <vector>

namespace moe::rt {

/// Threads that wait for work, spinning for a moment before they sleep: the
/// loops of a model follow each other closely.
class ThreadPool {
public:
  static constexpr int maxThreads = 1024;

  static ThreadPool &get();
  ~ThreadPool();

  /// Calls `fn(argument)` on this thread and on those of up to `threads` − 1
  /// others that are awake in time; returns when none is in it any more. If the
  /// pool serves another caller, only this thread calls it.
  void run(void (*fn)(void *), void *argument, int threads);

private:
  struct Worker {
    ThreadPool *pool;
    int index;
    pthread_t thread;
  };
  static void *workerMain(void *worker);
  void serve(int index);
  void startWorkers(int count);
  /// Waits for a job other than that of `seen`; returns the new state.
  uint64_t waitForJob(uint64_t seen);

  // `state` holds the job's number, whether threads may still join it, and how
  // many are in it. A job's fields are written before it opens and not again
  // before the last thread that joined has left.
  static constexpr uint64_t joinedMask = 0xffff;
  static constexpr uint64_t openBit = 0x10000;
  static constexpr uint64_t jobUnit = 0x20000;
  alignas(64) std::atomic<uint64_t> state{0};
  void (*fn)(void *) = nullptr;
  void *argument = nullptr;
  int jobThreads = 0;

  alignas(64) std::mutex callers;
  std::vector<Worker *> workers;
  std::atomic<bool> stopping{false};
  std::mutex sleepMutex;
  std::condition_variable wake;
  std::atomic<int> sleepers{0};
};

} // namespace moe::rt

#endif // MOE_RUNTIME_CPU_THREADPOOL_H
