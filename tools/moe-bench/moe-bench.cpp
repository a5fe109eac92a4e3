//===- moe-bench.cpp - Measures MoE layers against the machine --*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/ExecutionEngine/Session.h"
#include "Ceilings.h"
#include "Options.h"
#include "Report.h"
#include "moe-runtime/Parallel.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>
#include <numeric>
#include <random>

using namespace llvm;
using namespace moe;

namespace {
/// A directory that is gone in the end.
struct TemporaryDirectory {
  SmallString<128> path;
  ~TemporaryDirectory() {
    if (!path.empty())
      sys::fs::remove_directories(path);
  }
};

/// One line on a terminal that the next one overwrites.
class Progress {
public:
  ~Progress() { show(""); }
  void show(const Twine &text) {
    if (isTerminal)
      errs() << "\r\033[K" << text;
  }

private:
  bool isTerminal = sys::Process::StandardErrIsDisplayed();
};

/// One case in the making.
struct Case {
  Session *session;
  std::vector<uint8_t> *tokens;
  Routing *routing;
  Result result;
};

/// Everything that a run of the program loads and measures.
class Bench {
public:
  explicit Bench(const Options &options) : options(options) {}

  Error run();
  void print(raw_ostream &os) const;

private:
  Error loadTarget(StringRef cpu);
  Error addCases(int64_t threads);
  Error measureRound();
  Error measure(Case &unit, Ceilings &ceilings);

  struct Target {
    std::string cpu;
    CodeTarget code;
    std::vector<std::unique_ptr<Session>> sessions;
  };

  const Options &options;
  Progress progress;
  TemporaryDirectory directory;
  std::vector<std::string> layers;
  std::vector<Target> targets;
  /// For each type and number of tokens.
  std::vector<std::vector<std::vector<uint8_t>>> tokens;
  std::vector<Routing> routings;
  /// One for each target and number of threads, as machines.
  std::vector<std::unique_ptr<Ceilings>> ceilings;
  std::vector<Machine> machines;
  std::vector<Case> cases;
};
} // namespace

Error Bench::loadTarget(StringRef cpu) {
  Expected<CodeTarget> code = CodeTarget::get(cpu);
  if (!code)
    return createStringError("--mcpu: " + toString(code.takeError()));
  if (Error error = code->checkHost())
    return createStringError("--mcpu: " + toString(std::move(error)));
  if (options.roundActivations && !code->hasByteDot())
    errs() << "moe-bench: --round-activations: '" << code->cpu
           << "' has no VNNI; activations keep their precision\n";
  Target target{cpu == "host" ? code->cpu : cpu.str(), *code, {}};
  CompileOptions compile;
  compile.target = *code;
  compile.roundActivations = options.roundActivations;
  for (const std::string &layer : layers) {
    progress.show("compile and load for " + cpu);
    Expected<std::unique_ptr<Session>> session =
        Session::create(layer, "", compile);
    if (!session)
      return session.takeError();
    target.sessions.push_back(std::move(*session));
  }
  targets.push_back(std::move(target));
  return Error::success();
}

/// Adds all cases that run on a number of threads.
Error Bench::addCases(int64_t threads) {
  moe_set_num_threads(threads);
  int64_t actual = moe_get_num_threads();
  for (Target &target : targets) {
    Expected<std::unique_ptr<Ceilings>> limits =
        Ceilings::create(target.code, directory.path);
    if (!limits)
      return limits.takeError();
    machines.push_back({target.cpu, actual, limits->get()});
    ceilings.push_back(std::move(*limits));
    if (options.ceilingsOnly)
      continue;
    for (auto [i, type] : enumerate(options.types))
      for (auto [j, count] : enumerate(options.tokens))
        cases.push_back({target.sessions[i].get(),
                         &tokens[i][j],
                         &routings[j],
                         {type,
                          target.cpu,
                          actual,
                          count,
                          routings[j].touched,
                          {},
                          ceilings.back().get()}});
  }
  return Error::success();
}

/// The least time of a few calls.
Error Bench::measure(Case &unit, Ceilings &limits) {
  std::vector<int64_t> dims = {unit.result.tokens, options.shape.hidden};
  if (Error error = unit.session->setInput(0, unit.tokens->data(), dims))
    return error;
  dims[1] = options.shape.experts;
  if (Error error = unit.session->setInput(1, unit.routing->bias.data(), dims))
    return error;
  // The first call of a case finds its working memory.
  if (unit.result.seconds.empty() || options.warm)
    if (Error error = unit.session->run())
      return error;
  if (!options.warm)
    if (Error error = limits.measureBandwidth())
      return error;
  auto start = std::chrono::steady_clock::now();
  if (Error error = unit.session->run())
    return error;
  std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  unit.result.seconds.push_back(time.count());
  // Inputs of another number of tokens come next.
  unit.session->clearInputs();
  return Error::success();
}

Error Bench::measureRound() {
  for (Machine &machine : machines) {
    moe_set_num_threads(machine.threads);
    auto &limits = const_cast<Ceilings &>(*machine.ceilings);
    if (Error error = limits.measure())
      return error;
    for (Case &unit : cases)
      if (unit.result.ceilings == machine.ceilings)
        if (Error error = measure(unit, limits))
          return error;
  }
  return Error::success();
}

Error Bench::run() {
  if (std::error_code error =
          sys::fs::createUniqueDirectory("moe-bench", directory.path))
    return createStringError("cannot make a temporary directory: " +
                             error.message());
  if (!options.ceilingsOnly) {
    for (const WeightType *type : options.types) {
      progress.show("write weights of " + type->name);
      Expected<std::string> layer =
          writeLayer(options.shape, *type, options.block, directory.path);
      if (!layer)
        return layer.takeError();
      layers.push_back(std::move(*layer));
    }
    tokens.resize(options.types.size());
    std::mt19937 random(options.seed);
    std::uniform_real_distribution<float> values(-1, 1);
    for (int64_t count : options.tokens) {
      std::vector<float> reals(count * options.shape.hidden);
      for (float &value : reals)
        value = values(random);
      for (auto [i, type] : enumerate(options.types))
        tokens[i].push_back(type->makeTokens(reals));
      routings.emplace_back(count, options.shape.experts, options.shape.topK,
                            options.skew, options.seed);
    }
  }
  for (StringRef cpu : options.cpus)
    if (Error error = loadTarget(cpu))
      return error;
  for (int64_t threads : options.threads)
    if (Error error = addCases(threads))
      return error;
  for (int64_t round = 0; round < options.rounds; ++round) {
    progress.show(formatv("round {0} of {1}", round + 1, options.rounds));
    if (Error error = measureRound())
      return error;
  }
  return Error::success();
}

void Bench::print(raw_ostream &os) const {
  std::vector<Result> results;
  for (const Case &unit : cases)
    results.push_back(unit.result);
  if (options.json)
    printJson(options, machines, results, os);
  else
    printTable(options, machines, results, os);
}

static Error runBench(const Options &options) {
  Bench bench(options);
  if (Error error = bench.run())
    return error;
  bench.print(outs());
  return Error::success();
}

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  Expected<Options> options =
      Options::parse(ArrayRef<const char *>(argv + 1, argv + argc));
  Error error = options ? Error::success() : options.takeError();
  if (!error && options->help)
    Options::printHelp(outs());
  else if (!error)
    error = runBench(*options);
  if (!error)
    return 0;
  errs() << "moe-bench: " << toString(std::move(error)) << '\n';
  return 2;
}
