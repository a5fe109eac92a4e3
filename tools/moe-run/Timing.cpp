//===- Timing.cpp - How long calls take -------------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Timing.h"
#include "moe-runtime/Parallel.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>

using namespace llvm;
using namespace moe;

/// Bytes of the largest cache of the first processor, by sysfs.
static uint64_t getLastLevelCacheSize() {
  uint64_t greatest = 0;
  for (unsigned i = 0; i < 8; ++i) {
    auto file = MemoryBuffer::getFileAsStream(
        "/sys/devices/system/cpu/cpu0/cache/index" + Twine(i) + "/size");
    if (!file)
      continue;
    StringRef text = (*file)->getBuffer().trim();
    uint64_t size;
    if (text.consumeInteger(10, size))
      continue;
    size <<= text == "M" ? 20 : text == "K" ? 10 : 0;
    greatest = std::max(greatest, size);
  }
  return greatest ? greatest : uint64_t(64) << 20;
}

namespace {
/// Memory to read so that no cache holds anything else.
class CacheEvictor {
public:
  /// False if there is not enough memory.
  bool allocate() {
    constexpr uint64_t line = 64;
    bytes = 4 * getLastLevelCacheSize() / line * line;
    data.reset(static_cast<uint64_t *>(aligned_alloc(line, bytes)));
    if (!data)
      return false;
    // Pages never written to are all the same zeros.
    memset(data.get(), 1, bytes);
    return true;
  }

  void evict() {
    moe_parallel_for(bytes / sizeof(uint64_t), read, this, 1 << 17);
  }

private:
  static void read(void *self, int64_t begin, int64_t end) {
    auto *evictor = static_cast<CacheEvictor *>(self);
    uint64_t sum = 0;
    for (int64_t i = begin; i < end; ++i)
      sum += evictor->data.get()[i];
    evictor->sink += sum;
  }

  uint64_t bytes = 0;
  std::unique_ptr<uint64_t, void (*)(void *)> data{nullptr, free};
  std::atomic<uint64_t> sink{0};
};
} // namespace

Error moe::timeCalls(Session &session, unsigned runs, bool cold) {
  CacheEvictor evictor;
  if (cold && !evictor.allocate())
    return createStringError("--cold: not enough memory to fill the caches");
  if (Error error = session.run())
    return error;
  session.clearCallTimes();
  std::vector<double> times;
  for (unsigned i = 0; i < runs; ++i) {
    if (cold)
      evictor.evict();
    auto start = std::chrono::steady_clock::now();
    if (Error error = session.run())
      return error;
    std::chrono::duration<double, std::milli> time =
        std::chrono::steady_clock::now() - start;
    times.push_back(time.count());
  }
  std::sort(times.begin(), times.end());
  double median = (times[(runs - 1) / 2] + times[runs / 2]) / 2;
  outs() << format("{\"min_ms\":%.6g,\"median_ms\":%.6g,\"runs\":%u}\n",
                   times.front(), median, runs);
  return Error::success();
}
