//===- CompileKernels.cpp - Machine code for kernels in Triton IR ---------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DeviceCalls.h"
#include "KernelCompiler.h"
#include "moe/Conversion/MoEToTriton.h"
#include "moe/Conversion/Passes.h"
#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Dialect/Triton/IR/Triton.h"
#include "moe/Target/Triton/KernelText.h"

namespace mlir::moe {
#define GEN_PASS_DEF_COMPILEKERNELSPASS
#include "moe/Conversion/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;
using namespace mlir::moe;

#define DEBUG_TYPE "moe-compile-kernels"

namespace {
struct CompileKernelsPass
    : moe::impl::CompileKernelsPassBase<CompileKernelsPass> {
  using CompileKernelsPassBase::CompileKernelsPassBase;

  void runOnOperation() override {
    llvm::DenseSet<StringAttr> launched;
    getOperation().walk(
        [&](LaunchOp op) { launched.insert(op.getKernelAttr().getAttr()); });
    KernelCache cache(cacheDirectory);
    SmallVector<tt::FuncOp> missing;
    std::vector<KernelSource> sources;
    for (auto kernel : getOperation().getOps<tt::FuncOp>()) {
      if (!launched.contains(kernel.getSymNameAttr()) ||
          kernel->hasAttr(kImage))
        continue;
      auto warps = kernel->getAttrOfType<IntegerAttr>(kNumWarps);
      auto stages = kernel->getAttrOfType<IntegerAttr>(kNumStages);
      if (!warps || !stages) {
        kernel.emitOpError("has no ") << (warps ? kNumStages : kNumWarps);
        return signalPassFailure();
      }
      KernelSource source{kernel.getSymName().str(), getKernelText(kernel),
                          warps.getInt(), stages.getInt(),
                          kernel->hasAttr(kOverlap)};
      if (std::optional<CompiledKernel> found = cache.get(source, capability)) {
        attach(kernel, *found);
        ++numFound;
        continue;
      }
      missing.push_back(kernel);
      sources.push_back(std::move(source));
    }
    if (missing.empty())
      return;
    llvm::Expected<std::vector<CompiledKernel>> compiled =
        compileKernels(sources, capability);
    if (!compiled) {
      getOperation().emitError(llvm::toString(compiled.takeError()));
      return signalPassFailure();
    }
    for (auto [kernel, source, result] :
         llvm::zip_equal(missing, sources, *compiled)) {
      cache.put(source, capability, result);
      attach(kernel, result);
      ++numCompiled;
    }
  }

private:
  void attach(tt::FuncOp kernel, const CompiledKernel &compiled) {
    Builder builder(&getContext());
    kernel->setAttr(kImage, builder.getStringAttr(compiled.image));
    kernel->setAttr(kShared, builder.getI64IntegerAttr(compiled.shared));
    kernel->setAttr(kScratch, builder.getI64IntegerAttr(compiled.scratch));
    kernel->setAttr(kCapability, builder.getI64IntegerAttr(capability));
  }
};
} // namespace
