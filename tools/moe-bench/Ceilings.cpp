//===- Ceilings.cpp - What the machine can do at most -----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ceilings.h"
#include "CeilingsCode.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>
#include <cstring>
#include <sys/mman.h>

using namespace llvm;
using namespace moe;

/// Memory that one measurement of the bandwidth reads. No cache holds a
/// noticeable part of it.
static constexpr uint64_t readBytes = uint64_t(512) << 20;
/// Seconds that one measurement of a peak takes.
static constexpr double peakSeconds = 0.01;

static double getSeconds() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// Runs a session; the seconds that it took.
static Expected<double> timeRun(Session &session) {
  double start = getSeconds();
  if (Error error = session.run())
    return error;
  return getSeconds() - start;
}

static Expected<std::unique_ptr<Session>>
createSession(StringRef module, StringRef name, const CodeTarget &target,
              StringRef directory) {
  SmallString<128> path(directory);
  sys::path::append(path, name + "-" + target.cpu + ".mlir");
  std::error_code error;
  raw_fd_ostream os(path, error);
  if (error)
    return createStringError(path + ": " + error.message());
  os << module;
  os.close();
  CompileOptions options;
  options.target = target;
  return Session::create(path, "", options);
}

Expected<std::unique_ptr<Ceilings>> Ceilings::create(const CodeTarget &target,
                                                     StringRef directory) {
  std::unique_ptr<Ceilings> ceilings(new Ceilings);
  // As many bytes as the widest type takes; ones are ordinary numbers for all.
  ceilings->operand.assign(peakTasks * sizeof(float), 1);
  for (PeakLoop &loop : getPeakLoops(target)) {
    Expected<std::unique_ptr<Session>> session =
        createSession(loop.module, "peak-" + loop.name, target, directory);
    if (!session)
      return session.takeError();
    if (Error error =
            (*session)->setInput(0, ceilings->operand.data(), {peakTasks}))
      return error;
    if (Error error = (*session)->setInput(1, &ceilings->steps, {}))
      return error;
    ceilings->kinds.push_back(
        {loop.name, loop.operations * peakTasks, std::move(*session)});
  }
  Expected<std::unique_ptr<Session>> reader =
      createSession(getReadLoop(target), "read", target, directory);
  if (!reader)
    return reader.takeError();
  ceilings->reader = std::move(*reader);
  constexpr uint64_t hugePage = 2 << 20;
  ceilings->memory = aligned_alloc(hugePage, readBytes);
  if (!ceilings->memory)
    return createStringError("not enough memory to measure its bandwidth");
  madvise(ceilings->memory, readBytes, MADV_HUGEPAGE);
  // Pages never written to are all the same zeros.
  memset(ceilings->memory, 1, readBytes);
  if (Error error = ceilings->reader->setInput(
          0, ceilings->memory,
          {int64_t(readBytes / sizeof(float)) / readChunk, readChunk}))
    return error;
  return ceilings;
}

Ceilings::~Ceilings() { free(memory); }

void Ceilings::clear() {
  peaks.clear();
  bandwidth = 0;
}

Error Ceilings::measureBandwidth() {
  Expected<double> seconds = timeRun(*reader);
  if (!seconds)
    return seconds.takeError();
  bandwidth = std::max(bandwidth, readBytes / *seconds);
  return Error::success();
}

Error Ceilings::measure() {
  for (Kind &kind : kinds) {
    // Find out how many steps take the time, then measure those.
    double &peak = peaks[kind.name];
    double expected = peak ? peak : 1e10;
    for (bool last = peak != 0;; last = true) {
      steps = std::max<int64_t>(1000, peakSeconds * expected /
                                          kind.operationsPerStep);
      Expected<double> seconds = timeRun(*kind.session);
      if (!seconds)
        return seconds.takeError();
      expected = kind.operationsPerStep * steps / *seconds;
      peak = std::max(peak, expected);
      if (last)
        break;
    }
  }
  return measureBandwidth();
}

double Ceilings::getPeak(const WeightType &type) const {
  double best = peaks.at("f32");
  auto consider = [&](const char *kind) {
    if (auto found = peaks.find(kind); found != peaks.end())
      best = std::max(best, found->second);
  };
  if (type.name == "bf16" || type.bits <= 8)
    consider("bf16");
  if (type.bits <= 8)
    consider("int8");
  return best;
}

double Ceilings::getFloor(const WeightType &type, double flops,
                          double bytes) const {
  return std::max(flops / getPeak(type), bytes / bandwidth);
}
