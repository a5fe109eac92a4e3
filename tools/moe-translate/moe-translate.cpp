//===- moe-translate.cpp - mlir-translate with ONNX models -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../common/LibraryOptions.h"
#include "../common/ONNXImport.h"
#include "ONNXOutput.h"
#include "TritonOutput.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/InitAllTranslations.h"
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;

static OwningOpRef<Operation *> importONNX(llvm::SourceMgr &sources,
                                           MLIRContext *context) {
  const llvm::MemoryBuffer *buffer =
      sources.getMemoryBuffer(sources.getMainFileID());
  StringRef path = buffer->getBufferIdentifier();
  ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
    printONNXDiagnostic(diagnostic, "moe-translate", path);
  });
  onnxir::ImportOptions options = getONNXImportOptions();
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
  hideLibraryOptions();
  registerAllTranslations();
  TranslateToMLIRRegistration registration(
      "import-onnx", "import an ONNX model into the onnxir dialect", importONNX,
      [](DialectRegistry &registry) {
        registry.insert<func::FuncDialect, onnxir::ONNXIRDialect>();
      });
  registerExportONNX();
  registerExportTriton();
  return runWithONNXOutput(
      {argv, argv + argc}, [](llvm::SmallVectorImpl<const char *> &args) {
        std::vector<char *> copy;
        for (const char *arg : args)
          copy.push_back(const_cast<char *>(arg));
        return static_cast<int>(failed(mlirTranslateMain(
            copy.size(), copy.data(),
            "Translates to and from MLIR, ONNX models among others\n")));
      });
}
