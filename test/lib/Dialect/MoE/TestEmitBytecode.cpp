//===- TestEmitBytecode.cpp - Bytecode of another version -------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Support/FileUtilities.h"
#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Dialect/MoE/IR/MoEBytecode.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;
using namespace mlir::moe;

namespace {
/// Writes the module as bytecode of a chosen version of the moe dialect.
struct TestEmitBytecodePass
    : PassWrapper<TestEmitBytecodePass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TestEmitBytecodePass)

  TestEmitBytecodePass() = default;
  TestEmitBytecodePass(const TestEmitBytecodePass &pass) : PassWrapper(pass) {}

  StringRef getArgument() const override { return "test-moe-emit-bytecode"; }
  StringRef getDescription() const override {
    return "Write the module as bytecode of a chosen dialect version";
  }

  void runOnOperation() override {
    std::string error;
    auto file = openOutputFile(output, &error);
    if (!file) {
      getOperation().emitError() << error;
      return signalPassFailure();
    }
    BytecodeWriterConfig config("moe-mlir");
    config.setDialectVersion<MoEDialect>(
        std::make_unique<MoEDialectVersion>(major, minor));
    if (failed(writeBytecodeToFile(getOperation(), file->os(), config)))
      return signalPassFailure();
    file->keep();
  }

  Option<std::string> output{*this, "output", llvm::cl::desc("File to write"),
                             llvm::cl::init("-")};
  Option<uint64_t> major{*this, "major", llvm::cl::desc("Major version"),
                         llvm::cl::init(1)};
  Option<uint64_t> minor{*this, "minor", llvm::cl::desc("Minor version"),
                         llvm::cl::init(0)};
};
} // namespace

namespace mlir::moe::test {
void registerTestEmitBytecodePass() {
  PassRegistration<TestEmitBytecodePass>();
}
} // namespace mlir::moe::test
