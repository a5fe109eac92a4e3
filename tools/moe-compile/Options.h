//===- Options.h - The command line of moe-compile --------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_MOECOMPILE_OPTIONS_H
#define MOE_TOOLS_MOECOMPILE_OPTIONS_H

#include "moe/ExecutionEngine/CompileModel.h"
#include "llvm/ADT/ArrayRef.h"

namespace moe {

struct Options {
  std::string model;
  /// Default: the model's name with .so, in the working directory.
  std::string output;
  std::string target = "cpu";
  /// Names of processors, separated by commas.
  std::string mcpu = "host";
  std::string pipeline = "optimized";
  std::vector<std::string> without;
  bool embedWeights = false;
  bool keepDefaults = false;
  bool roundActivations = false;
  bool profile = false;
  /// The C++ compiler that links; "" for the first one in PATH.
  std::string linker;
  /// The function that the library exports.
  std::string symbol;
  bool help = false;

  /// Reads and checks the command line.
  static llvm::Expected<Options> parse(llvm::ArrayRef<const char *> args);
  static void printHelp(llvm::raw_ostream &os);

  /// What is compiled for each processor that is named.
  llvm::Expected<std::vector<CompileOptions>> getCompileOptions() const;

private:
  llvm::Error check();
};

} // namespace moe

#endif // MOE_TOOLS_MOECOMPILE_OPTIONS_H
