//===- Options.h - The command line of moe-bench ----------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_MOEBENCH_OPTIONS_H
#define MOE_TOOLS_MOEBENCH_OPTIONS_H

#include "LayerModel.h"
#include "Routing.h"

namespace moe {

struct Options {
  LayerShape shape;
  std::vector<int64_t> tokens = {1, 16, 128, 512};
  std::vector<const WeightType *> types = {WeightType::find("f32")};
  std::vector<std::string> cpus = {"host"};
  /// 0 stands for the default.
  std::vector<int64_t> threads = {0};
  /// Inputs that share a scale; 0: all.
  int64_t block = 32;
  Skew skew;
  std::string skewName = "uniform";
  int64_t rounds = 7;
  int64_t seed = 0;
  bool warm = false;
  bool roundActivations = false;
  bool json = false;
  bool ceilingsOnly = false;
  bool help = false;

  /// Reads and checks the command line.
  static llvm::Expected<Options> parse(llvm::ArrayRef<const char *> args);
  static void printHelp(llvm::raw_ostream &os);

private:
  llvm::Error check() const;
};

} // namespace moe

#endif // MOE_TOOLS_MOEBENCH_OPTIONS_H
