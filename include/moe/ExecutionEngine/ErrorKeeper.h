//===- ErrorKeeper.h - MLIR's errors as one line ----------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_EXECUTIONENGINE_ERRORKEEPER_H
#define MOE_EXECUTIONENGINE_ERRORKEEPER_H

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/Error.h"
#include <string>

namespace moe {

/// Keeps the first error that MLIR reports, as one line.
class ErrorKeeper {
public:
  /// `path` names what is worked on.
  ErrorKeeper(mlir::MLIRContext &context, llvm::StringRef path);
  ~ErrorKeeper();
  ErrorKeeper(const ErrorKeeper &) = delete;
  ErrorKeeper &operator=(const ErrorKeeper &) = delete;

  /// The error; one of its own if none was reported.
  llvm::Error take() const;

private:
  void handle(mlir::Diagnostic &diagnostic);

  mlir::MLIRContext &context;
  std::string path;
  std::string message;
  mlir::DiagnosticEngine::HandlerID id;
};

} // namespace moe

#endif // MOE_EXECUTIONENGINE_ERRORKEEPER_H
