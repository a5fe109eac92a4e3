//===- ONNXOutput.cpp - ONNX models as output of moe-translate --*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ONNXOutput.h"
#include "../common/ONNXImport.h"
#include "mlir/InitAllDialects.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"
#include "moe/Target/ONNX/Export.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;

static llvm::cl::OptionCategory category("ONNX output");
static llvm::cl::opt<onnxir::ExternalDataMode> externalData(
    "export-external-data",
    llvm::cl::desc("What becomes of weights in files beside the model:"),
    llvm::cl::values(
        clEnumValN(onnxir::ExternalDataMode::Keep, "keep",
                   "the written model refers to them (the default)"),
        clEnumValN(onnxir::ExternalDataMode::Embed, "embed",
                   "their bytes go into the written model")),
    llvm::cl::init(onnxir::ExternalDataMode::Keep), llvm::cl::cat(category));

/// The file that the user asked for, "" for the standard output.
static std::string outputPath;

static LogicalResult exportONNX(ModuleOp module, llvm::raw_ostream &os) {
  ScopedDiagnosticHandler handler(
      module.getContext(), [&](Diagnostic &diagnostic) {
        printONNXDiagnostic(diagnostic, "moe-translate",
                            outputPath.empty() ? "-" : outputPath);
      });
  onnxir::ExportOptions options;
  options.externalData = externalData;
  if (!outputPath.empty())
    options.outputDir = llvm::sys::path::parent_path(outputPath).str();
  return onnxir::exportModel(module, options, os);
}

void registerExportONNX() {
  static TranslateFromMLIRRegistration registration(
      "export-onnx", "export the onnxir dialect as an ONNX model", exportONNX,
      [](DialectRegistry &registry) {
        // The module may hold anything; what is no model is an error.
        registerAllDialects(registry);
        registry.insert<onnxir::ONNXIRDialect, moe::MoEDialect>();
      });
}

/// The value of option `-o` in `args`, where it is written apart or behind '='.
static const char **findOutput(llvm::SmallVectorImpl<const char *> &args,
                               std::string &value) {
  const char **found = nullptr;
  for (size_t i = 1; i < args.size(); ++i) {
    StringRef arg = args[i];
    if (arg == "--")
      break;
    if (arg != "-" && arg.consume_front("-"))
      arg.consume_front("-");
    else
      continue;
    if (arg == "o" && i + 1 < args.size()) {
      found = &args[++i];
      value = *found;
    } else if (arg.consume_front("o=")) {
      found = &args[i];
      value = arg.str();
    }
  }
  return found;
}

int runWithONNXOutput(
    llvm::SmallVector<const char *> args,
    llvm::function_ref<int(llvm::SmallVectorImpl<const char *> &)> run) {
  bool exports = llvm::any_of(args, [](StringRef arg) {
    return arg == "--export-onnx" || arg == "-export-onnx";
  });
  std::string path;
  const char **output = exports ? findOutput(args, path) : nullptr;
  if (!output || path == "-" || path.empty())
    return run(args);
  // Devices and pipes are no files to replace.
  llvm::sys::fs::file_status status;
  bool exists = !llvm::sys::fs::status(path, status);
  outputPath = path;
  if (exists && !llvm::sys::fs::is_regular_file(status))
    return run(args);
  llvm::SmallString<256> real(path);
  if (exists)
    if (std::error_code error = llvm::sys::fs::real_path(path, real)) {
      llvm::errs() << "moe-translate: " << path << ": " << error.message()
                   << '\n';
      return 1;
    }
  llvm::SmallString<256> temporary;
  if (std::error_code error = llvm::sys::fs::createUniqueFile(
          Twine(real) + ".%%%%%%%%.tmp", temporary)) {
    llvm::errs() << "moe-translate: " << path << ": " << error.message()
                 << '\n';
    return 1;
  }
  std::string replaced = ("-o=" + temporary).str();
  if (StringRef(*output).starts_with("-"))
    *output = replaced.c_str();
  else
    *output = temporary.c_str();
  int result = run(args);
  std::error_code error;
  if (result == 0) {
    // Readable by whom the user's files are.
    unsigned mask = llvm::sys::fs::getUmask();
    error = llvm::sys::fs::setPermissions(
        temporary, static_cast<llvm::sys::fs::perms>(0666 & ~mask));
    if (!error)
      error = llvm::sys::fs::rename(temporary, real);
    if (error) {
      llvm::errs() << "moe-translate: " << path << ": " << error.message()
                   << '\n';
      result = 1;
    }
  }
  llvm::sys::fs::remove(temporary);
  return result;
}
