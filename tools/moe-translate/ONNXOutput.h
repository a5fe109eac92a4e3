//===- ONNXOutput.h - ONNX models as output of moe-translate ----*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_MOETRANSLATE_ONNXOUTPUT_H
#define MOE_TOOLS_MOETRANSLATE_ONNXOUTPUT_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"

/// Registers --export-onnx.
void registerExportONNX();

/// Calls `run` with the command line `args`. An output file that --export-onnx
/// writes is put in place only when `run` succeeds, so that a model can be
/// written over the one that it refers to.
int runWithONNXOutput(
    llvm::SmallVector<const char *> args,
    llvm::function_ref<int(llvm::SmallVectorImpl<const char *> &)> run);

#endif // MOE_TOOLS_MOETRANSLATE_ONNXOUTPUT_H
