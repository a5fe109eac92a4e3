//===- ONNXInput.cpp - ONNX files as input of moe-opt -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ONNXInput.h"
#include "../common/ONNXImport.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;

namespace {
/// Fills an empty module with an ONNX model, then runs the passes that the
/// command line asks for. A pass leaves that command line, its printing and its
/// timing as they are.
class ImportONNXPass
    : public PassWrapper<ImportONNXPass, OperationPass<ModuleOp>> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ImportONNXPass)

  ImportONNXPass(StringRef path, const onnxir::ImportOptions &options,
                 const OpPassManager &pipeline)
      : path(path), options(options), pipeline(pipeline) {}

  StringRef getName() const override { return "ImportONNX"; }

  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<func::FuncDialect, onnxir::ONNXIRDialect>();
    pipeline.getDependentDialects(registry);
  }

  void runOnOperation() override {
    // Holds for the passes that follow, too: it lives as long as the context.
    getContext().getDiagEngine().registerHandler(
        [path = path](Diagnostic &diagnostic) {
          printONNXDiagnostic(diagnostic, "moe-opt", path);
        });
    FailureOr<OwningOpRef<ModuleOp>> imported =
        onnxir::importFile(path, options, &getContext());
    if (failed(imported))
      return signalPassFailure();
    ModuleOp module = getOperation(), from = **imported;
    module->setAttrs(from->getAttrDictionary());
    module->setLoc(from->getLoc());
    module.getBody()->getOperations().splice(module.getBody()->end(),
                                             from.getBody()->getOperations());
    if (failed(runPipeline(pipeline, module)))
      signalPassFailure();
  }

private:
  std::string path;
  onnxir::ImportOptions options;
  /// What runs after the import.
  OpPassManager pipeline;
};
} // namespace

LogicalResult optimizeModel(StringRef input, StringRef output,
                            const onnxir::ImportOptions &options,
                            DialectRegistry &registry) {
  MlirOptMainConfig given = MlirOptMainConfig::createFromCLOptions();
  MlirOptMainConfig config = given;
  config.setPassPipelineSetupFn([&](PassManager &pm) {
    // --pass-pipeline replaces what stands in the pass manager.
    if (failed(given.setupPassPipeline(pm)))
      return failure();
    OpPassManager pipeline = pm;
    pm.clear();
    pm.addPass(std::make_unique<ImportONNXPass>(input, options, pipeline));
    return success();
  });
  std::string error;
  std::unique_ptr<llvm::ToolOutputFile> file = openOutputFile(output, &error);
  if (!file) {
    llvm::errs() << "moe-opt: " << error << '\n';
    return failure();
  }
  if (failed(MlirOptMain(file->os(),
                         llvm::MemoryBuffer::getMemBuffer("", input), registry,
                         config)))
    return failure();
  file->keep();
  return success();
}
