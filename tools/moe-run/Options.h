//===- Options.h - The command line of moe-run ------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_MOERUN_OPTIONS_H
#define MOE_TOOLS_MOERUN_OPTIONS_H

#include "../common/ModelOptions.h"
#include "Comparison.h"

namespace moe {

struct Options : ModelOptions {
  /// Compute capability to compile kernels for; 0: the device's.
  unsigned arch = 0;
  std::string entry;
  std::vector<std::string> inputs;
  std::string outputDir;
  std::string testData;
  /// Make up the inputs that are not given; with this seed, integers below
  /// `randomBelow`, and these values of sizes that vary.
  bool randomInputs = false;
  uint64_t seed = 0;
  unsigned randomBelow = 0;
  std::vector<std::pair<std::string, int64_t>> dims;
  Tolerance tolerance{1e-3, 1e-5};
  unsigned threads = 0;
  unsigned time = 0;
  bool cold = false;
  bool noCache = false;
  bool packedCache = false;
  std::vector<std::string> dump;
  bool bisect = false;

  /// Reads and checks the command line.
  static llvm::Expected<Options> parse(llvm::ArrayRef<const char *> args);
  static void printHelp(llvm::raw_ostream &os);
  /// Says what is wrong with them.
  llvm::Error check() const;
};

} // namespace moe

#endif // MOE_TOOLS_MOERUN_OPTIONS_H
