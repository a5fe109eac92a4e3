//===- Profile.cpp - Where the time of a model goes -------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Profile.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace moe;

static constexpr StringLiteral layerPhases[] = {
    "moe.gate", "moe.plan", "moe.dispatch", "moe.experts", "moe.combine"};
static constexpr unsigned numLayerPhases = std::size(layerPhases);

namespace {
/// Seconds in one MoE layer.
struct LayerTimes {
  double phases[numLayerPhases] = {};
  bool has[numLayerPhases] = {};
  /// Rows of the plan, and of experts with matrices, in all calls.
  bool countsRows = false;
  uint64_t rows = 0, products = 0;
};

/// Seconds in operations of one kind, and how many there are.
struct KindTimes {
  StringRef kind;
  double seconds = 0;
  unsigned nodes = 0;
};
} // namespace

static void printStart(const Session &session, raw_ostream &os) {
  const StartTimes &times = session.getStartTimes();
  auto line = [&](const char *what, double seconds) {
    os << format("%-28s %10.3f ms\n", what, seconds * 1e3);
  };
  if (times.cached) {
    line("read compiled code", times.read);
  } else if (times.generate > 0) {
    line("import", times.import);
    line("lower", times.lower);
    line("generate code", times.generate);
  }
  line("link", times.link);
  line("map and pack weights", times.load);
  line("first call", session.getCallTimes().first);
}

/// A name of any length and any bytes, in a column.
static void printName(StringRef name, raw_ostream &os) {
  constexpr size_t width = 28;
  std::string text;
  // Names of nodes differ at their ends.
  if (name.size() > width) {
    text = "...";
    name = name.take_back(width - 3);
  }
  for (char c : name)
    text += isPrint(c) ? c : '?';
  os << left_justify(text, width);
}

static void printRows(const MapVector<StringRef, LayerTimes> &layers,
                      unsigned calls, raw_ostream &os) {
  os << '\n';
  printName("rows per MoE layer", os);
  os << right_justify("planned", 10) << right_justify("computed", 10) << '\n';
  for (const auto &[name, layer] : layers) {
    printName(name, os);
    os << format("%10.1f%10.1f\n", double(layer.rows) / calls,
                 double(layer.products) / calls);
  }
}

static void printLayers(const MapVector<StringRef, LayerTimes> &layers,
                        double scale, double total, raw_ostream &os) {
  os << '\n';
  printName("ms per MoE layer", os);
  for (StringRef phase : layerPhases)
    os << right_justify(phase.split('.').second, 10);
  os << right_justify("all", 10) << right_justify("share", 8) << '\n';
  for (const auto &[name, layer] : layers) {
    printName(name, os);
    double sum = 0;
    for (unsigned i = 0; i < numLayerPhases; ++i) {
      sum += layer.phases[i];
      // A phase that another one has taken in has no time of its own.
      if (layer.has[i])
        os << format("%10.3f", layer.phases[i] * scale);
      else
        os << right_justify("-", 10);
    }
    os << format("%10.3f %6.1f%%\n", sum * scale, 100 * sum / total);
  }
}

static void printKinds(ArrayRef<KindTimes> kinds, double scale, double total,
                       raw_ostream &os) {
  os << '\n';
  printName("operations", os);
  os << right_justify("nodes", 10) << right_justify("ms", 10)
     << right_justify("share", 8) << '\n';
  for (const KindTimes &kind : kinds) {
    printName(kind.kind, os);
    os << format("%10u%10.3f %6.1f%%\n", kind.nodes, kind.seconds * scale,
                 100 * kind.seconds / total);
  }
}

void moe::printProfile(const Session &session, raw_ostream &os) {
  printStart(session, os);
  const CallTimes &calls = session.getCallTimes();
  if (calls.count == 0)
    return;
  MapVector<StringRef, LayerTimes> layers;
  MapVector<StringRef, KindTimes> byKind;
  double rest = calls.seconds;
  for (const rt::Profile::Phase &phase : session.getPhases()) {
    rest -= phase.seconds;
    StringRef kind = phase.kind;
    const auto *found = find(layerPhases, kind);
    if (found == std::end(layerPhases)) {
      KindTimes &times = byKind[kind];
      times.kind = kind;
      times.seconds += phase.seconds;
      ++times.nodes;
      continue;
    }
    LayerTimes &layer = layers[phase.node];
    layer.phases[found - layerPhases] += phase.seconds;
    layer.has[found - layerPhases] = true;
    layer.countsRows |= phase.countsRows;
    layer.rows += phase.rows;
    layer.products += phase.products;
  }
  SmallVector<KindTimes> kinds =
      to_vector(make_second_range(byKind.getArrayRef()));
  stable_sort(kinds, [](const KindTimes &a, const KindTimes &b) {
    return a.seconds > b.seconds;
  });
  double scale = 1e3 / calls.count;
  os << format("%-28s %10.3f ms\n",
               ("mean of " + Twine(calls.count) +
                (calls.count == 1 ? " call" : " calls"))
                   .str()
                   .c_str(),
               calls.seconds * scale);
  if (!layers.empty())
    printLayers(layers, scale, calls.seconds, os);
  // The reference pipeline does not count.
  if (any_of(make_second_range(layers.getArrayRef()),
             [](const LayerTimes &layer) { return layer.countsRows; }))
    printRows(layers, calls.count, os);
  if (kinds.empty())
    return;
  printKinds(kinds, scale, calls.seconds, os);
  printName("between operations", os);
  os << format("%10s%10.3f %6.1f%%\n", "", rest * scale,
               100 * rest / calls.seconds);
}
