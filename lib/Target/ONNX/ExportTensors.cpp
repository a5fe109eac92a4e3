//===- ExportTensors.cpp - Tensors as messages, in place or by reference --===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Exporter.h"
#include "mlir/IR/Builders.h"
#include "moe/Target/ONNX/Tensor.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace mlir::onnxir;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

/// Bytes that are copied at a time.
static constexpr int64_t kCopyBytes = 1 << 20;

FailureOr<std::string> Exporter::getLocation(StringRef file, Location loc) {
  if (!options.outputDir)
    return file.str();
  llvm::SmallString<256> full(baseDir), realFile, realBase, realOutput;
  path::append(full, file);
  StringRef output = *options.outputDir;
  if (output.empty())
    output = ".";
  bool found = !fs::real_path(output, realOutput) &&
               !fs::real_path(baseDir.empty() ? "." : baseDir, realBase) &&
               !fs::real_path(full, realFile);
  if (found && realBase == realOutput)
    return file.str();
  if (!realOutput.ends_with("/"))
    realOutput += '/';
  StringRef location = realFile;
  if (!found || !location.consume_front(realOutput))
    return emitError(loc, "external data '")
           << realFile << "' is outside the folder that the model is written "
           << "to: write it there or embed the data";
  return location.str();
}

LogicalResult Exporter::addFileData(FileAttr file, Location loc,
                                    Message &tensor) {
  auto fail = [&] { return emitError(loc); };
  StringRef name = file.getPath();
  FailureOr<int64_t> size = files.getSize(name, fail);
  if (failed(size))
    return failure();
  auto known = module->getAttrOfType<DictionaryAttr>(ONNXIRDialect::kFiles);
  auto expected = known ? known.getAs<IntegerAttr>(name) : IntegerAttr();
  if (expected && expected.getValue().getSExtValue() != *size)
    return fail() << "file '" << name << "' has " << *size << " bytes instead "
                  << "of " << expected.getValue().getSExtValue()
                  << ": it has changed since the model was read";
  if (file.getOffset() > *size || file.getLength() > *size - file.getOffset())
    return fail() << "file '" << name << "' has " << *size
                  << " bytes and ends before the weight does";
  FileRange range{name.str(), file.getOffset(), file.getLength()};
  auto model = module->getAttrOfType<StringAttr>(ONNXIRDialect::kFile);
  if (options.externalData == ExternalDataMode::Embed ||
      (model && model.getValue() == name)) {
    tensor.file(9, range);
    return success();
  }
  FailureOr<std::string> location = getLocation(name, loc);
  if (failed(location))
    return failure();
  auto addEntry = [&](StringRef key, StringRef value) {
    Message entry;
    entry.text(1, key);
    entry.text(2, value);
    tensor.message(13, entry);
  };
  addEntry("location", *location);
  addEntry("offset", std::to_string(range.offset));
  addEntry("length", std::to_string(range.length));
  tensor.integer(14, 1);
  return success();
}

LogicalResult Exporter::copyFile(const FileRange &range,
                                 llvm::raw_ostream &os) {
  SmallVector<char> buffer;
  for (int64_t done = 0; done < range.length; done += kCopyBytes) {
    FileRange part{range.path, range.offset + done,
                   std::min(kCopyBytes, range.length - done)};
    if (failed(files.read(part, buffer, [&] { return module.emitError(); })))
      return failure();
    os.write(buffer.data(), buffer.size());
  }
  return success();
}

FailureOr<proto::Message> Exporter::makeTensor(StringRef name, Attribute value,
                                               Location loc) {
  auto typed = dyn_cast<TypedAttr>(value);
  auto type =
      typed ? dyn_cast<RankedTensorType>(typed.getType()) : RankedTensorType();
  bool isSupported =
      isa<FileAttr, DenseIntOrFPElementsAttr, DenseStringElementsAttr>(value);
  if (!type || !isSupported)
    return emitError(loc, "the elements of a tensor must stand in a file or be "
                          "dense, got ")
           << value;
  FailureOr<int64_t> dataType = getDataType(type.getElementType(), loc);
  if (failed(dataType))
    return failure();
  Message tensor;
  tensor.integers(1, type.getShape());
  tensor.integer(2, *dataType);
  if (auto strings = dyn_cast<DenseStringElementsAttr>(value)) {
    for (StringRef text : strings.getValues<StringRef>())
      tensor.text(6, text);
    tensor.optionalText(8, name);
    return tensor;
  }
  tensor.optionalText(8, name);
  if (auto file = dyn_cast<FileAttr>(value)) {
    if (failed(addFileData(file, loc, tensor)))
      return failure();
    return tensor;
  }
  SmallVector<char> storage;
  tensor.text(9, getBytes(cast<DenseElementsAttr>(value), storage));
  return tensor;
}

FailureOr<proto::Message> Exporter::makeSparseTensor(StringRef name,
                                                     SparseElementsAttr value,
                                                     Location loc) {
  FailureOr<Message> values = makeTensor(name, value.getValues(), loc);
  FailureOr<Message> indices = makeTensor("", value.getIndices(), loc);
  if (failed(values) || failed(indices))
    return failure();
  Message sparse;
  sparse.message(1, *values);
  sparse.message(2, *indices);
  sparse.integers(3, value.getType().getShape());
  return sparse;
}
