//===- ErrorKeeper.cpp - MLIR's errors as one line --------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/ExecutionEngine/ErrorKeeper.h"
#include "mlir/IR/Location.h"
#include "moe/Target/ONNX/Import.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace moe;

ErrorKeeper::ErrorKeeper(mlir::MLIRContext &context, StringRef path)
    : context(context), path(path),
      id(context.getDiagEngine().registerHandler(
          [this](mlir::Diagnostic &diagnostic) { handle(diagnostic); })) {}

ErrorKeeper::~ErrorKeeper() { context.getDiagEngine().eraseHandler(id); }

Error ErrorKeeper::take() const {
  return createStringError(message.empty() ? path + ": cannot be compiled"
                                           : message);
}

void ErrorKeeper::handle(mlir::Diagnostic &diagnostic) {
  if (diagnostic.getSeverity() != mlir::DiagnosticSeverity::Error ||
      !message.empty())
    return;
  auto position = dyn_cast<mlir::FileLineColLoc>(diagnostic.getLocation());
  if (!position || position.getLine() == 0) {
    message = mlir::onnxir::formatDiagnostic(diagnostic, path);
    return;
  }
  raw_string_ostream os(message);
  os << position.getFilename().getValue() << ':' << position.getLine() << ':'
     << position.getColumn() << ": " << diagnostic;
  std::replace(message.begin(), message.end(), '\n', ' ');
}
