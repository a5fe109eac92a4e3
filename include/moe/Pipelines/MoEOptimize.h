//===- MoEOptimize.h - The pipeline of the algebra --------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_PIPELINES_MOEOPTIMIZE_H
#define MOE_PIPELINES_MOEOPTIMIZE_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace mlir::moe {

struct MoEOptimizeOptions : PassPipelineOptions<MoEOptimizeOptions> {
  ListOption<std::string> without{
      *this, "without",
      llvm::cl::desc("Passes of this pipeline to leave out, by their names")};
  PassOptions::Option<bool> readData{
      *this, "read-data",
      llvm::cl::desc("Look at the values of weights that are not in the IR"),
      llvm::cl::init(true)};
};

/// The names of the passes of the pipeline that `without` may list, in order.
ArrayRef<StringRef> getMoEOptimizePasses();

/// The rewrites of the moe dialect in the order in which each finds most to do:
/// regions become feed-forward experts, those that need no matrices fold,
/// experts that make no difference go, routers fuse with their gates, dispatch
/// and combine with their experts. Anything may stand around the layers.
void buildMoEOptimizePipeline(OpPassManager &pm,
                              const MoEOptimizeOptions &options);

/// Registers `moe-optimize`.
void registerMoEOptimizePipeline();

} // namespace mlir::moe

#endif // MOE_PIPELINES_MOEOPTIMIZE_H
