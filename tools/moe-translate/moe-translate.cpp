//===- moe-translate.cpp - mlir-translate with ONNX models -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/InitAllTranslations.h"
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"
#include "moe/Target/ONNX/Import.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;

static llvm::cl::OptionCategory onnxCategory("ONNX input");
static llvm::cl::opt<bool> allowUnregistered(
    "allow-unregistered-onnx",
    llvm::cl::desc("Accept operators that no operator set defines"),
    llvm::cl::cat(onnxCategory));
static llvm::cl::opt<bool> embedWeights(
    "embed-weights",
    llvm::cl::desc("Put the bytes of a model's weights into the output instead "
                   "of references to its files"),
    llvm::cl::cat(onnxCategory));

static OwningOpRef<Operation *> importONNX(llvm::SourceMgr &sources,
                                           MLIRContext *context) {
  const llvm::MemoryBuffer *buffer =
      sources.getMemoryBuffer(sources.getMainFileID());
  StringRef path = buffer->getBufferIdentifier();
  ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
    llvm::errs() << "moe-translate: "
                 << onnxir::formatDiagnostic(diagnostic, path) << '\n';
  });
  onnxir::ImportOptions options;
  options.allowUnregistered = allowUnregistered;
  options.embedWeights = embedWeights;
  // What comes through a pipe has no file to refer to.
  FailureOr<OwningOpRef<ModuleOp>> module =
      llvm::sys::fs::is_regular_file(path)
          ? onnxir::importFile(path, options, context)
          : onnxir::importBuffer(buffer->getMemBufferRef(), /*baseDir=*/".",
                                 options, context);
  if (failed(module))
    return {};
  return OwningOpRef<Operation *>(module->release().getOperation());
}

int main(int argc, char **argv) {
  registerAllTranslations();
  TranslateToMLIRRegistration registration(
      "import-onnx", "import an ONNX model into the onnxir dialect", importONNX,
      [](DialectRegistry &registry) {
        registry.insert<func::FuncDialect, onnxir::ONNXIRDialect>();
      });
  return failed(mlirTranslateMain(argc, argv, "moe-mlir translation driver\n"));
}
