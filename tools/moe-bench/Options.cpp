//===- Options.cpp - The command line of moe-bench --------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"
#include "../common/CommandLine.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace moe;

/// Sizes stay far from where products of them overflow.
static bool readSize(StringRef text, int64_t &size) {
  return to_integer(text, size, 10) && size > 0 && size < (1 << 24);
}

template <int64_t LayerShape::*member>
static bool setSize(Options &options, StringRef value) {
  return readSize(value, options.shape.*member);
}

template <std::vector<int64_t> Options::*member>
static bool setSizes(Options &options, StringRef value) {
  (options.*member).clear();
  for (StringRef text : split(value, ','))
    if (!readSize(text, (options.*member).emplace_back()))
      return false;
  return true;
}

template <bool Options::*member>
static bool setFlag(Options &options, StringRef) {
  return (options.*member) = true;
}

static bool setShape(Options &options, StringRef value) {
  const LayerShape *shape = LayerShape::find(value);
  if (shape)
    options.shape = *shape;
  return shape;
}

static bool setTypes(Options &options, StringRef value) {
  options.types.clear();
  for (StringRef text : split(value, ','))
    if (!options.types.emplace_back(WeightType::find(text)))
      return false;
  return true;
}

static bool setCpus(Options &options, StringRef value) {
  options.cpus.clear();
  for (StringRef text : split(value, ','))
    options.cpus.push_back(text.str());
  return !value.empty();
}

static bool setSkew(Options &options, StringRef value) {
  options.skewName = value.str();
  Expected<Skew> skew = Skew::parse(value);
  if (skew)
    options.skew = *skew;
  else
    consumeError(skew.takeError());
  return bool(skew);
}

static constexpr OptionInfo<Options> infos[] = {
    {"shape", "NAME",
     "hidden, inter, experts and top-k of a model's layer: olmoe (default), "
     "qwen3-30b, mixtral/4, gpt-oss/2, deepseek-v2-lite; \"/n\" is a layer "
     "with sizes divided so that it fits",
     setShape},
    {"hidden", "N", "Size of a token", setSize<&LayerShape::hidden>},
    {"inter", "N", "Size between the projections of an expert",
     setSize<&LayerShape::inter>},
    {"experts", "N", "Number of experts", setSize<&LayerShape::experts>},
    {"top-k", "N", "Experts of a token", setSize<&LayerShape::topK>},
    {"tokens", "N,…", "Numbers of tokens (default: 1,16,128,512)",
     setSizes<&Options::tokens>},
    {"dtype", "TYPE,…",
     "Weights: f32, f16, bf16, int8, int4 (default: f32). Tokens are of the "
     "same type, and f32 for integers",
     setTypes},
    {"block", "N",
     "Inputs that share a scale of int8 and int4; 0: all of them (default: 32)",
     [](Options &options, StringRef value) {
       return value == "0" ? (options.block = 0, true)
                           : readSize(value, options.block);
     }},
    {"skew", "SKEW",
     "How tokens choose: uniform (default), zipf or zipf:S (expert i in "
     "proportion to i^-S), one (all choose the same experts)",
     setSkew},
    {"mcpu", "NAME,…",
     "Processors to compile for, by LLVM's names (default: host)", setCpus},
    {"threads", "N,…",
     "Numbers of threads (default: $MOE_NUM_THREADS, else one per processor)",
     setSizes<&Options::threads>},
    {"rounds", "N",
     "Times that each case is measured; the least is taken (default: 7)",
     [](Options &options, StringRef value) {
       return readSize(value, options.rounds);
     }},
    {"seed", "N", "Another choice of experts (default: 0)",
     [](Options &options, StringRef value) {
       return value == "0" || readSize(value, options.seed);
     }},
    {"warm", "", "Leave the caches as the call before left them",
     setFlag<&Options::warm>},
    {"round-activations", "",
     "Let integer weights meet activations of 8 bits, as moe-run does by the "
     "same option",
     setFlag<&Options::roundActivations>},
    {"json", "", "Print JSON", setFlag<&Options::json>},
    {"ceilings", "", "Measure the machine only",
     setFlag<&Options::ceilingsOnly>},
    {"help", "", "Print this", setFlag<&Options::help>},
};

void Options::printHelp(raw_ostream &os) {
  os << "Usage: moe-bench [options]\n\n"
        "Measures one Mixture-of-Experts layer (router, top-k, SwiGLU experts, "
        "combine)\ncompiled for this machine, and the machine: multiply-adds "
        "per second and bytes\nread per second, by generated code on as many "
        "threads. The floor of a case is the\ngreater of the experts' "
        "operations at that peak and of the weights of the experts\nthat "
        "tokens chose at that bandwidth. Lists are measured in turns, round "
        "by round.\n\nOptions:\n";
  printOptions<Options>(os, infos);
  os << "\nExit code: 0, or 2 on an error.\n";
}

Error Options::check() const {
  if (shape.topK > shape.experts)
    return createStringError(
        formatv("--top-k: {0} of {1} experts", shape.topK, shape.experts));
  for (const WeightType *type : types) {
    int64_t pack = type->bits < 8 ? 8 / type->bits : 1;
    if (shape.hidden % pack || shape.inter % pack ||
        (type->hasScales() && block % pack))
      return createStringError(
          formatv("--dtype={0}: --hidden, --inter and --block must be even",
                  type->name));
  }
  return Error::success();
}

Expected<Options> Options::parse(ArrayRef<const char *> args) {
  Options options;
  if (Error error = parseOptions<Options>(
          "moe-bench", args, infos, options, [](StringRef arg) -> Error {
            return createStringError("unexpected argument '" + arg +
                                     "'; see moe-bench --help");
          }))
    return error;
  if (!options.help)
    if (Error error = options.check())
      return error;
  return options;
}
