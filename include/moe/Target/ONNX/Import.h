//===- Import.h - ONNX files to the onnxir dialect -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TARGET_ONNX_IMPORT_H
#define MOE_TARGET_ONNX_IMPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/MemoryBufferRef.h"
#include <string>

namespace mlir::onnxir {

struct ImportOptions {
  /// Accept operators that no operator set of their domain defines.
  bool allowUnregistered = false;
  /// Put the bytes of weights into the IR instead of references to the file.
  bool embedWeights = false;
};

/// Imports the ONNX model in file `path`. Errors are diagnostics whose location
/// names the file and the node. Bytes of weights above 1 KiB are not read,
/// unless they are to be embedded.
FailureOr<OwningOpRef<ModuleOp>>
importFile(StringRef path, const ImportOptions &options, MLIRContext *context);

/// Imports the model in `buffer`, whose identifier names it in errors. External
/// data is looked for in folder `baseDir`; data inside the model goes into the
/// IR.
FailureOr<OwningOpRef<ModuleOp>> importBuffer(llvm::MemoryBufferRef buffer,
                                              StringRef baseDir,
                                              const ImportOptions &options,
                                              MLIRContext *context);

/// Whether `path` is to be read as an ONNX model: because of its content, or
/// its ending where the content does not tell.
bool isModelFile(StringRef path);

/// One line for a diagnostic about the model in `file`: `FILE: node: reason`,
/// with the node where the location knows it.
std::string formatDiagnostic(Diagnostic &diagnostic, StringRef file);

} // namespace mlir::onnxir

#endif // MOE_TARGET_ONNX_IMPORT_H
