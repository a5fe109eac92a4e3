//===- moe-compile.cpp - Compiles a model to a library ----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EmbeddedWeights.h"
#include "Linker.h"
#include "Options.h"
#include "mlir/IR/BuiltinOps.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"
#include "moe/Target/ONNX/Import.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace moe;

/// Has the library know where the files of weights are, wherever it runs.
static Error makeFolderAbsolute(mlir::ModuleOp module) {
  constexpr StringLiteral name = mlir::onnxir::ONNXIRDialect::kBaseDir;
  auto folder = module->getAttrOfType<mlir::StringAttr>(name);
  if (!folder)
    return Error::success();
  SmallString<128> path(folder.getValue());
  if (std::error_code error = sys::fs::make_absolute(path))
    return createStringError(error.message());
  sys::path::remove_dots(path, /*remove_dot_dot=*/false);
  module->setAttr(name, mlir::StringAttr::get(module.getContext(), path));
  return Error::success();
}

/// Moves a whole file to where the user wants it, readable by whom the user's
/// files are.
static Error publish(StringRef from, StringRef to) {
  unsigned mask = sys::fs::getUmask();
  std::error_code error =
      sys::fs::setPermissions(from, static_cast<sys::fs::perms>(0777 & ~mask));
  if (!error)
    error = sys::fs::rename(from, to);
  return error ? createStringError(to + ": " + error.message())
               : Error::success();
}

static Error compileLibrary(const Options &options) {
  if (sys::fs::exists(options.output) &&
      !sys::fs::is_regular_file(options.output))
    return createStringError(options.output + ": is not a regular file");
  Expected<std::vector<CompileOptions>> variants = options.getCompileOptions();
  if (!variants)
    return variants.takeError();
  // Beside the output, so that it can be moved there.
  Expected<TemporaryFile> library =
      TemporaryFile::create(options.output + ".%%%%%%%%.tmp");
  if (!library)
    return createStringError(options.output + ": " +
                             toString(library.takeError()));
  std::vector<std::unique_ptr<MemoryBuffer>> objects;
  rt::Manifest manifest;
  for (CompileOptions &variant : *variants) {
    variant.prepare = makeFolderAbsolute;
    Expected<CompileResult> result = compileModel(options.model, variant);
    if (!result)
      return result.takeError();
    objects.push_back(std::move(result->object));
    std::string error;
    rt::Manifest parsed;
    if (!rt::Manifest::parse(result->manifest, parsed, error))
      return createStringError(options.model + ": " + error);
    manifest = std::move(parsed);
  }
  LinkOptions link;
  link.linker = options.linker;
  link.symbol = options.symbol;
  link.name = sys::path::filename(options.output);
  if (Error error = linkLibrary(objects, library->getPath(), link))
    return createStringError(options.model + ": " + toString(std::move(error)));
  if (options.embedWeights)
    if (Error error = embedWeights(manifest, library->getPath()))
      return createStringError(options.model + ": " +
                               toString(std::move(error)));
  return publish(library->getPath(), options.output);
}

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  auto fail = [](Error error) {
    errs() << "moe-compile: " << toString(std::move(error)) << '\n';
    return 1;
  };
  Expected<Options> options =
      Options::parse(ArrayRef<const char *>(argv + 1, argv + argc));
  if (!options)
    return fail(options.takeError());
  if (options->help) {
    Options::printHelp(outs());
    return 0;
  }
  if (Error error = compileLibrary(*options))
    return fail(std::move(error));
  return 0;
}
