//===- ONNXImport.cpp - How tools read ONNX models --------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ONNXImport.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/CommandLine.h"

using namespace mlir;

static llvm::cl::OptionCategory category("ONNX input");
static llvm::cl::opt<bool> allowUnregistered(
    "allow-unregistered-onnx",
    llvm::cl::desc("Accept operators that no ONNX operator set defines; by "
                   "default they are errors"),
    llvm::cl::cat(category));
static llvm::cl::opt<bool> embedWeights(
    "embed-weights",
    llvm::cl::desc("Put the bytes of the weights into the output; by default "
                   "it refers to the model's files"),
    llvm::cl::cat(category));

onnxir::ImportOptions getONNXImportOptions() {
  onnxir::ImportOptions options;
  options.allowUnregistered = allowUnregistered;
  options.embedWeights = embedWeights;
  return options;
}

void printONNXDiagnostic(Diagnostic &diagnostic, llvm::StringRef tool,
                         llvm::StringRef file) {
  llvm::errs() << tool << ": ";
  if (diagnostic.getSeverity() == DiagnosticSeverity::Warning)
    llvm::errs() << "warning: ";
  if (diagnostic.getSeverity() == DiagnosticSeverity::Remark)
    llvm::errs() << "remark: ";
  llvm::errs() << onnxir::formatDiagnostic(diagnostic, file) << '\n';
}
