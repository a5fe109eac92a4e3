//===- Report.h - What moe-bench prints -------------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_MOEBENCH_REPORT_H
#define MOE_TOOLS_MOEBENCH_REPORT_H

#include "Ceilings.h"
#include "Options.h"

namespace moe {

/// What was measured of one case.
struct Result {
  const WeightType *type;
  std::string cpu;
  int64_t threads, tokens, touched;
  std::vector<double> seconds;
  const Ceilings *ceilings;
};

/// What the machine can do, with code for a processor.
struct Machine {
  std::string cpu;
  int64_t threads;
  const Ceilings *ceilings;
};

void printTable(const Options &options, llvm::ArrayRef<Machine> machines,
                llvm::ArrayRef<Result> results, llvm::raw_ostream &os);
void printJson(const Options &options, llvm::ArrayRef<Machine> machines,
               llvm::ArrayRef<Result> results, llvm::raw_ostream &os);

} // namespace moe

#endif // MOE_TOOLS_MOEBENCH_REPORT_H
