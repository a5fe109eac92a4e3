//===- ModelOptions.h - Options of tools that compile a model ---*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_COMMON_MODELOPTIONS_H
#define MOE_TOOLS_COMMON_MODELOPTIONS_H

#include "CommandLine.h"
#include "moe/ExecutionEngine/CompileModel.h"

namespace moe {

/// What every tool that compiles a model is told. A tool's own options derive
/// from this, with a member `check` that says what is wrong with them.
struct ModelOptions {
  std::string model;
  std::string target = "cpu";
  std::string mcpu = "host";
  std::string pipeline = "optimized";
  /// Passes of moe-optimize to leave out.
  std::vector<std::string> without;
  bool roundActivations = false;
  bool profile = false;
  bool help = false;

  /// Says what is wrong with the pipeline.
  llvm::Error checkPipeline() const;
  /// Sets all but the processor.
  void applyTo(CompileOptions &options) const;
};

template <bool ModelOptions::*member, typename OptionsT>
bool setModelFlag(OptionsT &options, llvm::StringRef) {
  return (options.*member) = true;
}

/// The options that say the same in every tool.
template <typename OptionsT>
constexpr OptionInfo<OptionsT> roundActivationsInfo = {
    "round-activations", "",
    "Round activations to 8 bits, with a scale for each block of weights, "
    "where they meet integer weights and the processor has VNNI: faster, and "
    "not exact",
    setModelFlag<&ModelOptions::roundActivations, OptionsT>};

template <typename OptionsT>
constexpr OptionInfo<OptionsT> pipelineInfo = {
    "pipeline", "optimized|unfused|reference",
    "Compile to fast kernels, to kernels for each step of a layer on its own, "
    "or by the operations' definitions (default: optimized)",
    [](OptionsT &options, llvm::StringRef value) {
      options.pipeline = value.str();
      return true;
    }};

template <typename OptionsT>
constexpr OptionInfo<OptionsT> withoutInfo = {
    "without", "PASS",
    "Leave out a pass of moe-optimize, by its name; once for each",
    [](OptionsT &options, llvm::StringRef value) {
      options.without.push_back(value.str());
      return !value.empty();
    }};

template <typename OptionsT>
constexpr OptionInfo<OptionsT> helpInfo = {
    "help", "", "Print this", setModelFlag<&ModelOptions::help, OptionsT>};

/// Reads and checks the command line of a tool that takes one model.
template <typename OptionsT>
llvm::Expected<OptionsT>
parseModelOptions(llvm::StringRef program, llvm::ArrayRef<const char *> args,
                  llvm::ArrayRef<OptionInfo<OptionsT>> infos) {
  OptionsT options;
  if (llvm::Error error =
          parseOptions<OptionsT>(program, args, infos, options,
                                 [&](llvm::StringRef arg) -> llvm::Error {
                                   if (!options.model.empty())
                                     return llvm::createStringError(
                                         "more than one model: '" +
                                         options.model + "' and '" + arg + "'");
                                   options.model = arg.str();
                                   return llvm::Error::success();
                                 }))
    return error;
  if (options.help)
    return options;
  if (options.model.empty())
    return llvm::createStringError("no model given; see " + program +
                                   " --help");
  if (llvm::Error error = options.check())
    return error;
  return options;
}

} // namespace moe

#endif // MOE_TOOLS_COMMON_MODELOPTIONS_H
