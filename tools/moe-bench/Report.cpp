//===- Report.cpp - What moe-bench prints -----------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Report.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"
#include <algorithm>

using namespace llvm;
using namespace moe;

namespace {
/// Numbers derived from one result.
struct Figures {
  double least, median, flops, bytes, floor;
  /// Shares of the peak and of the bandwidth (S-MFU, S-MBU).
  double peakShare, bandwidthShare;

  Figures(const Options &options, const Result &result) {
    std::vector<double> sorted = result.seconds;
    std::sort(sorted.begin(), sorted.end());
    size_t n = sorted.size();
    least = sorted.front();
    median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    flops = options.shape.getFlops(result.tokens);
    bytes = result.touched *
            options.shape.getExpertBytes(*result.type, options.block);
    floor = result.ceilings->getFloor(*result.type, flops, bytes);
    peakShare = flops / least / result.ceilings->getPeak(*result.type);
    bandwidthShare = bytes / least / result.ceilings->getBandwidth();
  }
};
} // namespace

void moe::printTable(const Options &options, ArrayRef<Machine> machines,
                     ArrayRef<Result> results, raw_ostream &os) {
  for (const Machine &machine : machines) {
    os << machine.cpu << ", " << machine.threads
       << (machine.threads == 1 ? " thread: " : " threads: ");
    for (auto &[kind, peak] : machine.ceilings->getPeaks())
      os << kind << format(" %.0f Gop/s, ", peak / 1e9);
    os << format("read %.1f GB/s\n", machine.ceilings->getBandwidth() / 1e9);
  }
  if (results.empty())
    return;
  os << "hidden " << options.shape.hidden << ", inter " << options.shape.inter
     << ", experts " << options.shape.experts << ", top-k "
     << options.shape.topK << ", routing " << options.skewName
     << (options.warm ? ", warm caches" : "")
     << (options.roundActivations ? ", activations of 8 bits\n\n" : "\n\n")
     << "type  processor     threads tokens experts    min ms median ms  "
        "Gop/s   GB/s S-MFU S-MBU floor ms  floor\n";
  for (const Result &result : results) {
    Figures f(options, result);
    os << format("%-5s %-13s %7lld %6lld %7lld %9.3f %9.3f",
                 result.type->name.data(), result.cpu.c_str(),
                 (long long)result.threads, (long long)result.tokens,
                 (long long)result.touched, f.least * 1e3, f.median * 1e3)
       << format(" %6.1f %6.1f %4.0f%% %4.0f%% %8.3f %5.1f%%\n",
                 f.flops / f.least / 1e9, f.bytes / f.least / 1e9,
                 100 * f.peakShare, 100 * f.bandwidthShare, f.floor * 1e3,
                 100 * f.floor / f.least);
  }
}

void moe::printJson(const Options &options, ArrayRef<Machine> machines,
                    ArrayRef<Result> results, raw_ostream &os) {
  json::OStream json(os, 1);
  json.object([&] {
    json.attribute("host", sys::getHostCPUName());
    json.attributeArray("ceilings", [&] {
      for (const Machine &machine : machines)
        json.object([&] {
          json.attribute("mcpu", machine.cpu);
          json.attribute("threads", machine.threads);
          json.attributeObject("ops_per_s", [&] {
            for (auto &[kind, peak] : machine.ceilings->getPeaks())
              json.attribute(kind, peak);
          });
          json.attribute("bytes_per_s", machine.ceilings->getBandwidth());
        });
    });
    json.attributeObject("layer", [&] {
      json.attribute("hidden", options.shape.hidden);
      json.attribute("inter", options.shape.inter);
      json.attribute("experts", options.shape.experts);
      json.attribute("top_k", options.shape.topK);
      json.attribute("block", options.block);
      json.attribute("skew", options.skewName);
      json.attribute("warm", options.warm);
      json.attribute("round_activations", options.roundActivations);
    });
    json.attributeArray("results", [&] {
      for (const Result &result : results)
        json.object([&] {
          Figures f(options, result);
          json.attribute("dtype", result.type->name);
          json.attribute("mcpu", result.cpu);
          json.attribute("threads", result.threads);
          json.attribute("tokens", result.tokens);
          json.attribute("experts_touched", result.touched);
          json.attribute("min_ms", f.least * 1e3);
          json.attribute("median_ms", f.median * 1e3);
          json.attribute("runs", int64_t(result.seconds.size()));
          json.attribute("ops_per_s", f.flops / f.least);
          json.attribute("bytes_per_s", f.bytes / f.least);
          json.attribute("s_mfu", f.peakShare);
          json.attribute("s_mbu", f.bandwidthShare);
          json.attribute("floor_ms", f.floor * 1e3);
          json.attribute("share_of_floor", f.floor / f.least);
        });
    });
  });
  os << '\n';
}
