//===- ExternalData.cpp - Files with the weights of a model -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A model comes from anywhere: what it says about other files is checked before
// any of them is opened.
//
//===----------------------------------------------------------------------===//

#include "ExternalData.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace mlir::onnxir;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

FailureOr<int64_t> ExternalFiles::getSize(StringRef location,
                                          EmitError emitError) {
  auto known = sizes.find(location);
  if (known != sizes.end())
    return known->second;
  auto refuse = [&]() -> InFlightDiagnostic {
    return emitError() << "external data '" << location << "' ";
  };
  if (location.empty())
    return emitError() << "external data has no location";
  if (location.contains('\0'))
    return emitError() << "location of external data contains a zero byte";
  if (path::is_absolute(location))
    return refuse() << "is an absolute path";
  if (llvm::is_contained(
          llvm::make_range(path::begin(location), path::end(location)), ".."))
    return refuse() << "leaves the model's folder by '..'";

  llvm::SmallString<256> full(baseDir), real, realBase;
  path::append(full, location);
  if (std::error_code error = fs::real_path(full, real))
    return refuse() << "cannot be read: " << error.message();
  if (std::error_code error =
          fs::real_path(baseDir.empty() ? "." : baseDir, realBase))
    return refuse() << "cannot be read: " << error.message();
  // Compare whole components: /a/bc is not inside /a/b.
  if (!realBase.ends_with("/"))
    realBase += '/';
  if (!real.starts_with(realBase))
    return refuse() << "is a symbolic link that leaves the model's folder";
  fs::file_status status;
  if (std::error_code error = fs::status(real, status))
    return refuse() << "cannot be read: " << error.message();
  if (!fs::is_regular_file(status))
    return refuse() << "is not a regular file";
  add(location, static_cast<int64_t>(status.getSize()));
  return static_cast<int64_t>(status.getSize());
}

FailureOr<FileRange> ExternalFiles::locate(const proto::TensorProto &tensor,
                                           int64_t size, EmitError emitError) {
  FileRange range;
  std::optional<int64_t> length;
  for (const proto::StringStringEntry &entry : tensor.externalData) {
    if (entry.key == "location") {
      range.path = entry.value.str();
    } else if (entry.key == "offset" || entry.key == "length") {
      int64_t number;
      if (entry.value.empty() || !llvm::all_of(entry.value, llvm::isDigit) ||
          entry.value.getAsInteger(10, number))
        return emitError() << entry.key << " '" << entry.value
                           << "' of external data is no decimal number";
      if (entry.key == "offset")
        range.offset = number;
      else
        length = number;
    }
  }
  FailureOr<int64_t> fileSize = getSize(range.path, emitError);
  if (failed(fileSize))
    return failure();
  if (range.offset > *fileSize)
    return emitError() << "external data starts at byte " << range.offset
                       << " of '" << range.path << "', which has " << *fileSize
                       << " bytes";
  range.length = length.value_or(*fileSize - range.offset);
  if (range.length > *fileSize - range.offset)
    return emitError() << "external data runs past the end of '" << range.path
                       << "': " << range.length << " bytes from byte "
                       << range.offset << " of " << *fileSize;
  if (range.length != size)
    return emitError() << "external data has " << range.length
                       << " bytes where dimensions and type take " << size;
  return range;
}

LogicalResult ExternalFiles::read(const FileRange &range,
                                  SmallVectorImpl<char> &bytes,
                                  EmitError emitError) {
  llvm::SmallString<256> full(baseDir);
  path::append(full, range.path);
  llvm::Expected<fs::file_t> file = fs::openNativeFileForRead(full);
  if (!file)
    return emitError() << "external data '" << range.path
                       << "': " << llvm::toString(file.takeError());
  bytes.resize_for_overwrite(range.length);
  size_t done = 0;
  while (done < bytes.size()) {
    llvm::Expected<size_t> count = fs::readNativeFileSlice(
        *file, MutableArrayRef(bytes).drop_front(done), range.offset + done);
    if (!count || *count == 0) {
      if (!count)
        llvm::consumeError(count.takeError());
      fs::closeFile(*file);
      return emitError() << "external data '" << range.path
                         << "' ends early: it has changed while it was read";
    }
    done += *count;
  }
  fs::closeFile(*file);
  return success();
}
