//===- moe-onnx-fuzzer.cpp - libFuzzer target of the ONNX importer --------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Imports bytes as a model. What is accepted must verify, survive inlining,
// and print as text that reads back and prints the same.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"
#include "moe/Dialect/ONNXIR/Transforms/Passes.h"
#include "moe/Target/ONNX/Import.h"

using namespace mlir;

/// Stops the fuzzer with a finding.
static void report(const char *what, StringRef text) {
  llvm::errs() << what << ":\n" << text << '\n';
  abort();
}

static std::string print(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  module->print(os);
  return text;
}

static void import(llvm::MemoryBufferRef buffer, bool allowUnregistered) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.loadDialect<func::FuncDialect, onnxir::ONNXIRDialect>();
  unsigned errors = 0;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    std::string line = onnxir::formatDiagnostic(diagnostic, "model.onnx");
    if (line.find('\n') != std::string::npos)
      report("a message of several lines", line);
    ++errors;
  });
  onnxir::ImportOptions options;
  options.allowUnregistered = allowUnregistered;
  FailureOr<OwningOpRef<ModuleOp>> module = onnxir::importBuffer(
      buffer, /*baseDir=*/"/nonexistent", options, &context);
  if (failed(module)) {
    if (errors == 0)
      report("refused without a reason", "");
    return;
  }
  if (errors != 0)
    report("accepted with an error", print(**module));

  std::string text = print(**module);
  OwningOpRef<ModuleOp> again =
      parseSourceString<ModuleOp>(text, ParserConfig(&context));
  if (!again)
    report("text that does not read back", text);
  if (print(*again) != text)
    report("text that reads back as another module", text);

  PassManager passes(&context);
  onnxir::InlineFunctionsPassOptions inlining;
  inlining.maxNodes = 10000;
  passes.addPass(onnxir::createInlineFunctionsPass(inlining));
  passes.addPass(onnxir::createBindDefaultsPass());
  errors = 0;
  if (failed(passes.run(**module)) && errors == 0)
    report("passes failed without a reason", text);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  StringRef bytes(reinterpret_cast<const char *>(data), size);
  // Most changed models hold an operator that does not exist.
  import(llvm::MemoryBufferRef(bytes, "model.onnx"),
         /*allowUnregistered=*/size % 2 == 0);
  return 0;
}
