//===- Options.h - The command line of moe-compile --------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_MOECOMPILE_OPTIONS_H
#define MOE_TOOLS_MOECOMPILE_OPTIONS_H

#include "../common/ModelOptions.h"

namespace moe {

/// `mcpu` is a list of processors, separated by commas.
struct Options : ModelOptions {
  /// Default: the model's name with .so, in the working directory.
  std::string output;
  bool embedWeights = false;
  bool keepDefaults = false;
  /// The C++ compiler that links; "" for the first one in PATH.
  std::string linker;
  /// The function that the library exports.
  std::string symbol;

  /// Reads and checks the command line.
  static llvm::Expected<Options> parse(llvm::ArrayRef<const char *> args);
  static void printHelp(llvm::raw_ostream &os);

  /// What is compiled for each processor that is named.
  llvm::Expected<std::vector<CompileOptions>> getCompileOptions() const;

  /// Says what is wrong, and fills in what was left out.
  llvm::Error check();
};

} // namespace moe

#endif // MOE_TOOLS_MOECOMPILE_OPTIONS_H
