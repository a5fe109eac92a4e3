//===- ONNXImport.h - How tools read ONNX models ----------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_COMMON_ONNXIMPORT_H
#define MOE_TOOLS_COMMON_ONNXIMPORT_H

#include "moe/Target/ONNX/Import.h"

/// What the command line says about ONNX models. Tools that link this have the
/// options --allow-unregistered-onnx and --embed-weights.
mlir::onnxir::ImportOptions getONNXImportOptions();

/// Prints a diagnostic about the model in `file` as one line,
/// `TOOL: FILE: node: reason`.
void printONNXDiagnostic(mlir::Diagnostic &diagnostic, llvm::StringRef tool,
                         llvm::StringRef file);

#endif // MOE_TOOLS_COMMON_ONNXIMPORT_H
