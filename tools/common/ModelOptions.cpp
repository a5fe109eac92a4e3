//===- ModelOptions.cpp - Options of tools that compile a model -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ModelOptions.h"
#include "moe/Pipelines/MoEOptimize.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace moe;

Error ModelOptions::checkPipeline() const {
  if (pipeline != "optimized" && pipeline != "unfused" &&
      pipeline != "reference")
    return createStringError("--pipeline=" + pipeline +
                             ": not optimized, unfused or reference");
  ArrayRef<StringRef> passes = mlir::moe::getMoEOptimizePasses();
  for (const std::string &name : without)
    if (!is_contained(passes, name))
      return createStringError("--without=" + name + ": not one of " +
                               join(passes.begin(), passes.end(), ", "));
  return Error::success();
}

void ModelOptions::applyTo(CompileOptions &options) const {
  options.reference = pipeline == "reference";
  options.unfused = pipeline == "unfused";
  options.without = without;
  options.roundActivations = roundActivations;
  options.profile = profile;
}
