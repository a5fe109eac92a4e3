//===- WeightData.cpp - Reads of initializers in files ----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace mlir::moe;
using namespace mlir::onnxir;

/// The path of the file that `file` names, if it is a regular file of the size
/// that the module remembers; else an empty string.
static std::string findFile(ModuleOp module, FileAttr file) {
  auto folder = module->getAttrOfType<StringAttr>(ONNXIRDialect::kBaseDir);
  auto sizes = module->getAttrOfType<DictionaryAttr>(ONNXIRDialect::kFiles);
  auto size = sizes ? sizes.getAs<IntegerAttr>(file.getPath()) : IntegerAttr();
  if (!folder || !size)
    return {};
  SmallString<128> path(folder.getValue());
  llvm::sys::path::append(path, file.getPath());
  llvm::sys::fs::file_status status;
  if (llvm::sys::fs::status(path, status) ||
      status.type() != llvm::sys::fs::file_type::regular_file ||
      static_cast<int64_t>(status.getSize()) != size.getInt())
    return {};
  return std::string(path);
}

/// Whether `length` bytes at `offset` of a file are 0.
static bool isZeroFileRange(StringRef path, int64_t offset, int64_t length) {
  constexpr int64_t chunk = 1 << 20;
  // Most matrices have another byte among the first.
  for (int64_t size = 64; length > 0; size = chunk) {
    size = std::min(size, length);
    auto buffer = llvm::MemoryBuffer::getFileSlice(path, size, offset);
    if (!buffer || static_cast<int64_t>((*buffer)->getBufferSize()) != size ||
        (*buffer)->getBuffer().find_first_not_of('\0') != StringRef::npos)
      return false;
    offset += size;
    length -= size;
  }
  return true;
}

bool GetWeightOp::isZeroData(SymbolTableCollection &symbolTables, int64_t first,
                             int64_t count) {
  WeightOp weight = getWeightOp(&symbolTables);
  if (!weight)
    return false;
  if (count == 0)
    return true;
  int64_t elements = weight.getType().getNumElements();
  if (FileAttr file = weight.getFile()) {
    // Elements of less than a byte share bytes: only whole tensors are told.
    int64_t bytes = file.getLength() / elements;
    if (bytes * elements != file.getLength() && count != elements)
      return false;
    std::string path = findFile((*this)->getParentOfType<ModuleOp>(), file);
    if (path.empty())
      return false;
    if (count == elements)
      return isZeroFileRange(path, file.getOffset(), file.getLength());
    return isZeroFileRange(path, file.getOffset() + first * bytes,
                           count * bytes);
  }
  auto dense = dyn_cast<DenseElementsAttr>(weight.getElements());
  return dense && isZeroRange(dense, first, count);
}
