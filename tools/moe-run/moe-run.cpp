//===- moe-run.cpp - Runs a model -------------------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Bisection.h"
#include "Comparison.h"
#include "Options.h"
#include "Profile.h"
#include "RandomInputs.h"
#include "Timing.h"
#include "mlir/IR/BuiltinOps.h"
#include "moe-runtime/CUDADevice.h"
#include "moe-runtime/Parallel.h"
#include "moe/ExecutionEngine/NodeValues.h"
#include "moe/ExecutionEngine/ObjectCache.h"
#include "moe/ExecutionEngine/Session.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace moe;

/// An exit code for errors, which are one line on stderr.
static int fail(Error error) {
  errs() << "moe-run: " << toString(std::move(error)) << '\n';
  return 2;
}

namespace {
/// What the command line gives a model.
struct Given {
  /// The tensors of --input, under their inputs' names.
  std::vector<HostTensor> inputs;
  std::vector<DataSet> dataSets;

  Error read(const Options &options);
  /// Whether the model has no input for something.
  bool exceeds(const Session &session) const;
};
} // namespace

Error Given::read(const Options &options) {
  for (StringRef option : options.inputs) {
    auto [name, file] = option.rsplit('=');
    Expected<HostTensor> tensor = readTensorFile(file);
    if (!tensor)
      return createStringError(file + ": " + toString(tensor.takeError()));
    tensor->name = name.str();
    if (is_contained(map_range(inputs, [](auto &t) { return t.name; }),
                     tensor->name))
      return createStringError("--input: '" + name + "' is given twice");
    inputs.push_back(std::move(*tensor));
  }
  if (options.testData.empty())
    return Error::success();
  return DataSet::readAll(options.testData).moveInto(dataSets);
}

bool Given::exceeds(const Session &session) const {
  auto exceeds = [&](ArrayRef<HostTensor> tensors) {
    return tensors.size() > session.getSpec().inputs.size() ||
           any_of(tensors, [&](const HostTensor &tensor) {
             return !tensor.name.empty() && !session.hasInput(tensor.name);
           });
  };
  return exceeds(inputs) || any_of(dataSets, [&](const DataSet &data) {
           return exceeds(data.inputs);
         });
}

/// Prints a tensor, of a large one only the first elements.
static void print(const HostTensor &tensor) {
  constexpr int64_t maxPrinted = 64;
  int64_t n = tensor.getNumElements();
  outs() << tensor.name << ": "
         << rt::formatType(tensor.getType(), tensor.getDims()) << " [";
  for (int64_t i = 0; i < std::min(n, maxPrinted); ++i)
    outs() << (i ? ", " : "") << format("%.7g", tensor.getElement(i));
  outs() << (n > maxPrinted ? ", …]\n" : "]\n");
}

static Error writeOutputs(Session &session, StringRef outputDir) {
  for (size_t i = 0; i < session.getSpec().outputs.size(); ++i) {
    Expected<HostTensor> tensor = session.getOutput(i);
    if (!tensor)
      return tensor.takeError();
    if (outputDir.empty())
      print(*tensor);
    else if (Error error = writeTensorFile(*tensor, outputDir, tensor->name))
      return error;
  }
  return Error::success();
}

/// --time and --profile, on inputs that have been run.
static Error measure(Session &session, const Options &options) {
  if (options.time)
    if (Error error = timeCalls(session, options.time, options.cold))
      return error;
  if (options.profile)
    printProfile(session, errs());
  return Error::success();
}

/// The whole work on a loaded model; an exit code.
static Expected<int> runModel(Session &session, const Given &given,
                              const Options &options) {
  if (!given.dataSets.empty()) {
    Expected<bool> matches =
        runTestData(session, given.dataSets, options.tolerance);
    if (!matches)
      return matches.takeError();
    // The last data set's inputs are still in place.
    if (Error error = measure(session, options))
      return error;
    return *matches ? 0 : 1;
  }
  for (const HostTensor &tensor : given.inputs) {
    Expected<size_t> index = session.findInput(tensor.name);
    if (!index)
      return index.takeError();
    if (Error error = session.setInput(*index, tensor))
      return error;
  }
  if (Error error = session.run())
    return error;
  if (!options.time || !options.outputDir.empty())
    if (Error error = writeOutputs(session, options.outputDir))
      return error;
  if (Error error = measure(session, options))
    return error;
  return 0;
}

/// Has the program return the values of --dump.
static Error exposeDumped(mlir::ModuleOp module, const Options &options) {
  for (const std::string &node : options.dump) {
    Expected<std::vector<std::string>> names = exposeNodeValues(
        module, options.entry, [&](StringRef name) { return name == node; });
    if (!names)
      return names.takeError();
    if (names->empty())
      return createStringError("has no node '" + node +
                               "' with a tensor of numbers");
  }
  return Error::success();
}

/// --bisect on the given inputs, or on the first data set.
static Expected<int> runBisection(const Options &options,
                                  const CompileOptions &compileOptions,
                                  const Given &given) {
  ArrayRef<HostTensor> inputs =
      given.dataSets.empty() ? given.inputs : given.dataSets.front().inputs;
  Expected<bool> same = bisect(options.model, options.entry, compileOptions,
                               inputs, options.tolerance);
  if (!same)
    return same.takeError();
  return *same ? 0 : 1;
}

/// Says what cannot be asked of a library.
static Error checkLibraryOptions(const Options &options) {
  const Options defaults;
  for (auto [given, name] :
       {std::pair(!options.dump.empty(), "dump"),
        std::pair(options.bisect, "bisect"),
        std::pair(options.mcpu != defaults.mcpu, "mcpu"),
        std::pair(options.target != defaults.target, "target"),
        std::pair(options.pipeline != defaults.pipeline, "pipeline"),
        std::pair(!options.without.empty(), "without"),
        std::pair(options.roundActivations, "round-activations")})
    if (given)
      return createStringError("--" + Twine(name) + ": " + options.model +
                               " is compiled already");
  return Error::success();
}

static Expected<int> run(const Options &options) {
  bool isLibrary = isLibraryFile(options.model);
  if (isLibrary)
    if (Error error = checkLibraryOptions(options))
      return error;
  CompileOptions compileOptions;
  Expected<CodeTarget> code = CodeTarget::get(options.mcpu);
  if (!code)
    return createStringError("--mcpu: " + toString(code.takeError()));
  if (Error error = code->checkHost())
    return createStringError("--mcpu: " + toString(std::move(error)));
  if (options.roundActivations && !code->hasByteDot())
    errs() << "moe-run: --round-activations: '" << code->cpu
           << "' has no VNNI; activations keep their precision\n";
  compileOptions.target = std::move(*code);
  options.applyTo(compileOptions);
  if (options.target == "cuda") {
    // Without a device nothing runs, but kernels can be compiled ahead.
    std::string error;
    int capability = options.arch ? 0 : rt::cuda::getCapability(error);
    if (!options.arch && !capability)
      return createStringError("--target=cuda: " + error);
    compileOptions.cudaCapability = options.arch ? options.arch : capability;
  }
  compileOptions.keepPacked = options.packedCache;
  if (!options.noCache)
    compileOptions.cacheDirectory = ObjectCache::getDefaultDirectory();
  if (options.threads)
    moe_set_num_threads(options.threads);
  Given given;
  if (Error error = given.read(options))
    return error;
  if (!options.dump.empty())
    compileOptions.prepare = [&](mlir::ModuleOp module) {
      return exposeDumped(module, options);
    };
  Expected<std::unique_ptr<Session>> session =
      Session::create(options.model, options.entry, compileOptions);
  if (!session)
    return session.takeError();
  // Values that the model has for inputs are constants, to be packed like any
  // weight, unless the caller wants to replace one.
  if (!isLibrary && given.exceeds(**session)) {
    compileOptions.keepDefaults = true;
    session = Session::create(options.model, options.entry, compileOptions);
    if (!session)
      return session.takeError();
  }
  if (options.randomInputs) {
    Expected<std::vector<HostTensor>> random =
        makeRandomInputs((*session)->getSpec(), given.inputs, options);
    if (!random)
      return createStringError(options.model + ": " +
                               toString(random.takeError()));
    std::move(random->begin(), random->end(), std::back_inserter(given.inputs));
  }
  if (options.bisect)
    return runBisection(options, compileOptions, given);
  return runModel(**session, given, options);
}

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  Expected<Options> options =
      Options::parse(ArrayRef<const char *>(argv + 1, argv + argc));
  if (!options)
    return fail(options.takeError());
  if (options->help) {
    Options::printHelp(outs());
    return 0;
  }
  Expected<int> exitCode = run(*options);
  return exitCode ? *exitCode : fail(exitCode.takeError());
}
