//===- ONNXInput.h - ONNX files as input of moe-opt -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_MOE_OPT_ONNXINPUT_H
#define MOE_TOOLS_MOE_OPT_ONNXINPUT_H

#include "moe/Target/ONNX/Import.h"

namespace mlir {
class DialectRegistry;
} // namespace mlir

/// Does what MlirOptMain does for the ONNX model in file `input`: imports it,
/// runs the passes of the command line, prints to `output`. Diagnostics are one
/// line each, `moe-opt: FILE: node: reason`.
mlir::LogicalResult optimizeModel(llvm::StringRef input, llvm::StringRef output,
                                  const mlir::onnxir::ImportOptions &options,
                                  mlir::DialectRegistry &registry);

#endif // MOE_TOOLS_MOE_OPT_ONNXINPUT_H
