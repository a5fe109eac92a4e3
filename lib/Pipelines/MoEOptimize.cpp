//===- MoEOptimize.cpp - The pipeline of the algebra ------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Pipelines/MoEOptimize.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "moe/Dialect/MoE/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::moe;

static constexpr StringRef kPasses[] = {
    "moe-fuse-expert-ffn",  "moe-fold-zero-computation-experts",
    "moe-simplify-experts", "moe-fuse-routing",
    "moe-hoist-gate",       "moe-fuse-dispatch",
    "moe-fuse-combine",
};

ArrayRef<StringRef> mlir::moe::getMoEOptimizePasses() { return kPasses; }

void mlir::moe::buildMoEOptimizePipeline(OpPassManager &pm,
                                         const MoEOptimizeOptions &options) {
  auto add = [&](std::unique_ptr<Pass> pass) {
    if (!llvm::is_contained(options.without, pass->getArgument()))
      pm.addPass(std::move(pass));
  };
  add(createFuseExpertFFNPass());
  FoldZeroComputationExpertsPassOptions fold;
  fold.readData = options.readData;
  add(createFoldZeroComputationExpertsPass(fold));
  // After folding, which leaves experts without rows, and which needs the
  // combine that a single expert loses here.
  add(createSimplifyExpertsPass());
  add(createFuseRoutingPass());
  add(createHoistGatePass());
  add(createFuseDispatchPass());
  add(createFuseCombinePass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void mlir::moe::registerMoEOptimizePipeline() {
  // Not PassPipelineRegistration, which knows no errors but of syntax.
  registerPassPipeline(
      "moe-optimize",
      "Simplify experts, fold those without matrices, and fuse routing, "
      "dispatch and combine",
      [](OpPassManager &pm, StringRef text,
         function_ref<LogicalResult(const Twine &)> error) -> LogicalResult {
        MoEOptimizeOptions options;
        if (failed(options.parseFromString(text)))
          return failure();
        for (StringRef name : options.without)
          if (!llvm::is_contained(kPasses, name))
            return error("moe-optimize has no pass '" + name + "'");
        buildMoEOptimizePipeline(pm, options);
        return success();
      },
      [](function_ref<void(const mlir::detail::PassOptions &)> print) {
        print(MoEOptimizeOptions());
      });
}
