//===- Export.cpp - Entry point of the exporter -----------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Target/ONNX/Export.h"
#include "Exporter.h"

using namespace mlir;
using namespace mlir::onnxir;

/// What protobuf's readers accept.
static constexpr uint64_t kMaxModelBytes = INT32_MAX;

static std::string getBaseDir(ModuleOp module) {
  auto dir = module->getAttrOfType<StringAttr>(ONNXIRDialect::kBaseDir);
  return dir ? dir.getValue().str() : "";
}

Location mlir::onnxir::getNamedLoc(StringRef name, Location loc) {
  bool isNamed = false;
  loc->walk([&](Location part) {
    isNamed |= isa<NameLoc>(part);
    return WalkResult::advance();
  });
  if (isNamed || name.empty())
    return loc;
  return NameLoc::get(StringAttr::get(loc.getContext(), name), loc);
}

Exporter::Exporter(ModuleOp module, const ExportOptions &options)
    : module(module), options(options), symbols(module),
      baseDir(getBaseDir(module)), files(baseDir) {}

LogicalResult Exporter::exportTo(llvm::raw_ostream &os) {
  FailureOr<Message> model = makeModel();
  if (failed(model))
    return failure();
  if (model->size() > kMaxModelBytes)
    return module.emitError("the model would take ")
           << model->size() << " bytes, and a file of this format at most "
           << kMaxModelBytes << ": its weights must stay in other files";
  return model->write(
      os, [&](const FileRange &range) { return copyFile(range, os); });
}

LogicalResult mlir::onnxir::exportModel(ModuleOp module,
                                        const ExportOptions &options,
                                        llvm::raw_ostream &os) {
  return Exporter(module, options).exportTo(os);
}
