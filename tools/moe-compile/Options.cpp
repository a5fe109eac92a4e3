//===- Options.cpp - The command line of moe-compile ------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"
#include "moe-runtime/Library.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"
#include <set>

using namespace llvm;
using namespace moe;

template <auto member>
static bool setString(Options &options, StringRef value) {
  (options.*member) = value.str();
  return !value.empty();
}

template <auto member> static bool setFlag(Options &options, StringRef) {
  return (options.*member) = true;
}

static constexpr OptionInfo<Options> infos[] = {
    {"o", "FILE",
     "The library to write (default: the model's name with .so, in the working "
     "directory)",
     setString<&Options::output>},
    {"target", "cpu|cuda", "Where the library runs (default: cpu)",
     setString<&Options::target>},
    {"mcpu", "NAME,…",
     "Processors to compile for, by LLVM's names, for example "
     "x86-64-v3,x86-64-v4,sapphirerapids. The library holds code for each, and "
     "runs the last one that the machine can run (default: host)",
     setString<&Options::mcpu>},
    {"embed-weights", "",
     "Put the weights that stand in files into the library. Without it they "
     "are looked for beside the library, then where they are now",
     setFlag<&Options::embedWeights>},
    {"keep-defaults", "",
     "Let callers set inputs for which the model has a value; else that value "
     "is a constant",
     setFlag<&Options::keepDefaults>},
    roundActivationsInfo<Options>,
    {"profile", "",
     "Make code that can tell where its time goes: moe-run --profile",
     setFlag<&Options::profile>},
    pipelineInfo<Options>,
    withoutInfo<Options>,
    {"symbol", "NAME",
     "The function that the library exports, for programs that are linked with "
     "several of them (default: " MOE_GET_LIBRARY ")",
     setString<&Options::symbol>},
    {"linker", "PROGRAM",
     "The C++ compiler that links the library (default: the first of c++, g++ "
     "and clang++ in $PATH)",
     setString<&Options::linker>},
    helpInfo<Options>,
};

void Options::printHelp(raw_ostream &os) {
  os << "Usage: moe-compile MODEL [-o FILE] [options]\n\n"
        "Compiles a model, an ONNX file or an MLIR module, to a shared library "
        "that runs\non machines without LLVM: by moe-run, or by the C "
        "interface "
        "in\nmoe-runtime/Library.h.\n\nOptions:\n";
  printOptions<Options>(os, infos);
}

static bool isIdentifier(StringRef name) {
  return !name.empty() && !isDigit(name.front()) &&
         all_of(name, [](char c) { return isAlnum(c) || c == '_'; });
}

Error Options::check() {
  if (target == "cuda")
    return createStringError("--target=cuda: this build has no GPU support");
  if (target != "cpu")
    return createStringError("--target=" + target + ": not cpu or cuda");
  if (Error error = checkPipeline())
    return error;
  if (symbol.empty())
    symbol = MOE_GET_LIBRARY;
  if (!isIdentifier(symbol))
    return createStringError("--symbol=" + symbol + ": not a name in C");
  if (output.empty())
    output = (sys::path::stem(model) + ".so").str();
  return Error::success();
}

Expected<Options> Options::parse(ArrayRef<const char *> args) {
  return parseModelOptions<Options>("moe-compile", args, infos);
}

Expected<std::vector<CompileOptions>> Options::getCompileOptions() const {
  std::vector<CompileOptions> list;
  std::set<std::string> seen;
  for (StringRef name : split(mcpu, ',')) {
    Expected<CodeTarget> code = CodeTarget::get(name);
    if (!code)
      return createStringError("--mcpu: " + toString(code.takeError()));
    if (!seen.insert(name.str()).second)
      return createStringError("--mcpu: '" + name + "' is given twice");
    CompileOptions &options = list.emplace_back();
    options.target = std::move(*code);
    options.kind = ObjectKind::Variant;
    applyTo(options);
    // Nothing would tell a library that its files have other values now.
    options.readData = embedWeights;
    options.keepDefaults = keepDefaults;
  }
  return list;
}
