//===- Import.cpp - Entry points of the importer -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Target/ONNX/Import.h"
#include "Importer.h"
#include "moe/Target/ONNX/Reader.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace mlir::onnxir;

static FailureOr<OwningOpRef<ModuleOp>>
importBytes(llvm::MemoryBufferRef buffer, StringRef modelFile,
            StringRef baseDir, const ImportOptions &options,
            MLIRContext *context) {
  Location loc =
      FileLineColLoc::get(context, buffer.getBufferIdentifier(), 0, 0);
  llvm::Expected<proto::ModelProto> model =
      proto::readModel(buffer.getBuffer());
  if (!model)
    return emitError(loc) << llvm::toString(model.takeError());
  return Importer(context, options, buffer.getBufferIdentifier(), modelFile,
                  baseDir, buffer.getBuffer())
      .import(*model);
}

FailureOr<OwningOpRef<ModuleOp>>
mlir::onnxir::importBuffer(llvm::MemoryBufferRef buffer, StringRef baseDir,
                           const ImportOptions &options, MLIRContext *context) {
  return importBytes(buffer, /*modelFile=*/"", baseDir, options, context);
}

FailureOr<OwningOpRef<ModuleOp>>
mlir::onnxir::importFile(StringRef path, const ImportOptions &options,
                         MLIRContext *context) {
  Location loc = FileLineColLoc::get(context, path, 0, 0);
  llvm::sys::fs::file_status status;
  if (std::error_code error = llvm::sys::fs::status(path, status))
    return emitError(loc) << error.message();
  if (!llvm::sys::fs::is_regular_file(status))
    return emitError(loc) << "not a regular file";
  // Without a terminator the buffer is always a mapping of the file.
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return emitError(loc) << buffer.getError().message();
  llvm::SmallString<256> baseDir(path);
  if (std::error_code error = llvm::sys::fs::make_absolute(baseDir))
    return emitError(loc) << error.message();
  llvm::sys::path::remove_dots(baseDir);
  llvm::sys::path::remove_filename(baseDir);
  return importBytes((*buffer)->getMemBufferRef(),
                     llvm::sys::path::filename(path), baseDir, options,
                     context);
}

bool mlir::onnxir::isModelFile(StringRef path) {
  if (path.ends_with(".onnx"))
    return true;
  llvm::sys::fs::file_status status;
  if (llvm::sys::fs::status(path, status) ||
      !llvm::sys::fs::is_regular_file(status))
    return false;
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  return buffer && proto::looksLikeModel((*buffer)->getBuffer());
}

std::string mlir::onnxir::formatDiagnostic(Diagnostic &diagnostic,
                                           StringRef file) {
  StringRef node;
  diagnostic.getLocation()->walk([&](Location loc) {
    auto name = dyn_cast<NameLoc>(loc);
    if (!name)
      return WalkResult::advance();
    node = name.getName();
    return WalkResult::interrupt();
  });
  std::string text;
  llvm::raw_string_ostream os(text);
  os << file << ": ";
  if (!node.empty())
    os << node << ": ";
  os << diagnostic;
  // A name or a value may hold anything; the message stays one line.
  for (char &c : text)
    if (!llvm::isPrint(c) && !(c & 0x80))
      c = ' ';
  return text;
}
