//===- Export.h - The onnxir dialect to ONNX files --------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TARGET_ONNX_EXPORT_H
#define MOE_TARGET_ONNX_EXPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/raw_ostream.h"
#include <optional>
#include <string>

namespace mlir::onnxir {

/// What becomes of weights that stand in files beside the model.
enum class ExternalDataMode {
  /// They stay there, and the written model refers to them.
  Keep,
  /// Their bytes go into the written model.
  Embed,
};

struct ExportOptions {
  ExternalDataMode externalData = ExternalDataMode::Keep;
  /// The folder that the model is written to, which references start from;
  /// nothing when it is that of the model that was read.
  std::optional<std::string> outputDir;
};

/// Writes `module`, whose functions hold operations of the onnxir dialect, to
/// `os` as a serialized ModelProto. Bytes of weights inside the model that was
/// read are copied from its file. Nothing is written when there is an error,
/// except where a file ends or changes while it is copied.
LogicalResult exportModel(ModuleOp module, const ExportOptions &options,
                          llvm::raw_ostream &os);

} // namespace mlir::onnxir

#endif // MOE_TARGET_ONNX_EXPORT_H
