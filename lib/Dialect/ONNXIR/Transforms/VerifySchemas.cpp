//===- VerifySchemas.cpp - Check nodes against their operators -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/ONNXIR/IR/Schemas.h"
#include "moe/Dialect/ONNXIR/Transforms/Passes.h"

namespace mlir::onnxir {
#define GEN_PASS_DEF_VERIFYSCHEMASPASS
#include "moe/Dialect/ONNXIR/Transforms/Passes.h.inc"
} // namespace mlir::onnxir

using namespace mlir;
using namespace mlir::onnxir;

namespace {
struct VerifySchemasPass
    : public onnxir::impl::VerifySchemasPassBase<VerifySchemasPass> {
  using VerifySchemasPassBase::VerifySchemasPassBase;

  void runOnOperation() override {
    if (failed(verifySchemas(getOperation(), allowUnregistered)))
      return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
