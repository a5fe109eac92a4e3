//===- ConvertONNXToMoE.cpp - The pass convert-onnx-to-moe -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Raise.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/PassManager.h"
#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Dialect/ONNXIR/Transforms/Passes.h"

namespace mlir::moe {
#define GEN_PASS_DEF_CONVERTONNXTOMOEPASS
#include "moe/Conversion/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;
using namespace mlir::moe;

namespace {
struct ConvertONNXToMoEPass
    : public moe::impl::ConvertONNXToMoEPassBase<ConvertONNXToMoEPass> {
  using ConvertONNXToMoEPassBase::ConvertONNXToMoEPassBase;

  void runOnOperation() override {
    OpPassManager prepare(ModuleOp::getOperationName());
    // Axes and the like are not known while a caller may give others.
    if (!keepDefaults)
      prepare.addPass(onnxir::createBindDefaultsPass());
    prepare.addPass(onnxir::createInlineFunctionsPass());
    prepare.addPass(onnxir::createInferTypesPass());
    if (failed(runPipeline(prepare, getOperation())))
      return signalPassFailure();

    // While contributed operators still say that they keep their input's sizes.
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      FailureOr<unsigned> raised = raiseLayers(function);
      if (failed(raised))
        return signalPassFailure();
      numLayers += *raised;
    }
    SmallVector<onnxir::NodeOp> contrib;
    getOperation().walk([&](onnxir::NodeOp node) {
      // What is left of model-local functions has no types.
      if (node->getParentOfType<onnxir::FunctionOp>())
        return;
      if (node.is("MoE", "com.microsoft") || node.is("QMoE", "com.microsoft"))
        contrib.push_back(node);
    });
    ContribOptions options{semantics, qmoeLayout};
    for (onnxir::NodeOp node : contrib) {
      // One error is what the user reads; the module is given up anyway.
      if (failed(raiseContribMoE(node, options)))
        return signalPassFailure();
      ++numLayers;
    }
  }
};
} // namespace
