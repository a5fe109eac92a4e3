//===- ObjectCache.cpp - Compiled models on disk ----------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/ExecutionEngine/ObjectCache.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"
#include <dlfcn.h>

using namespace llvm;
using moe::ObjectCache;

/// Cached files start with this and the checksum of the rest.
static constexpr StringLiteral magic = "moe-obj1";
static constexpr size_t headerSize = 16;

/// Larger files are not read whole to name them: the head, which in an ONNX
/// file holds the graph, and the time of the last change stand for them.
static constexpr uint64_t maxHashedBytes = 64 << 20;

std::string ObjectCache::getDefaultDirectory() {
  if (std::optional<std::string> set = sys::Process::GetEnv("MOE_CACHE_DIR"))
    return *set;
  SmallString<128> path;
  if (!sys::path::cache_directory(path))
    return "";
  sys::path::append(path, "moe-mlir");
  return path.str().str();
}

namespace {
class KeyBuilder {
public:
  void add(StringRef text) {
    add(uint64_t(text.size()));
    hash.update(text);
  }
  void add(uint64_t number) {
    uint8_t bytes[8];
    support::endian::write64le(bytes, number);
    hash.update(bytes);
  }
  void addStatus(const sys::fs::file_status &status) {
    add(status.getSize());
    add(status.getLastModificationTime().time_since_epoch().count());
  }
  std::string finish() { return toHex(hash.final(), /*LowerCase=*/true); }

private:
  SHA256 hash;
};
} // namespace

/// This program: code that another build of it made is not the same.
static void addBuild(KeyBuilder &key) {
  key.add(LLVM_VERSION_STRING);
  void *here = reinterpret_cast<void *>(addBuild);
  Dl_info info;
  std::string path = dladdr(here, &info) ? info.dli_fname : "";
  // A program that the shell found by its name is known by that name alone.
  if (!sys::path::is_absolute(path))
    path = sys::fs::getMainExecutable(nullptr, here);
  sys::fs::file_status status;
  if (!sys::fs::status(path, status))
    key.addStatus(status);
}

Expected<std::string> ObjectCache::computeKey(StringRef path, StringRef options,
                                              const CodeTarget &target) {
  KeyBuilder key;
  addBuild(key);
  key.add(options);
  key.add(target.triple);
  key.add(target.cpu);
  key.add(target.features);
  sys::fs::file_status status;
  if (std::error_code error = sys::fs::status(path, status))
    return createStringError(error, error.message());
  if (status.type() != sys::fs::file_type::regular_file)
    return createStringError("not a regular file");
  uint64_t size = status.getSize();
  if (size > maxHashedBytes)
    key.addStatus(status);
  // An empty slice cannot be mapped.
  if (size == 0)
    return key.finish();
  ErrorOr<std::unique_ptr<MemoryBuffer>> contents =
      MemoryBuffer::getFileSlice(path, std::min(size, maxHashedBytes), 0);
  if (!contents)
    return createStringError(contents.getError(),
                             contents.getError().message());
  key.add((*contents)->getBuffer());
  return key.finish();
}

std::string ObjectCache::getPath(StringRef key) const {
  SmallString<128> path(directory);
  sys::path::append(path, key + ".o");
  return path.str().str();
}

std::unique_ptr<MemoryBuffer> ObjectCache::get(StringRef key) const {
  if (directory.empty())
    return nullptr;
  ErrorOr<std::unique_ptr<MemoryBuffer>> file = MemoryBuffer::getFile(
      getPath(key), /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file)
    return nullptr;
  StringRef contents = (*file)->getBuffer();
  if (contents.size() < headerSize || !contents.starts_with(magic))
    return nullptr;
  StringRef object = contents.drop_front(headerSize);
  if (support::endian::read64le(contents.data() + magic.size()) !=
      xxh3_64bits(object))
    return nullptr;
  return MemoryBuffer::getMemBufferCopy(object, "model");
}

void ObjectCache::put(StringRef key, MemoryBufferRef object) const {
  if (directory.empty() || sys::fs::create_directories(directory))
    return;
  std::string path = getPath(key);
  Expected<sys::fs::TempFile> file =
      sys::fs::TempFile::create(path + ".%%%%%%%%.tmp");
  if (!file) {
    consumeError(file.takeError());
    return;
  }
  char checksum[8];
  support::endian::write64le(checksum, xxh3_64bits(object.getBuffer()));
  raw_fd_ostream stream(file->FD, /*shouldClose=*/false);
  stream << magic << StringRef(checksum, sizeof(checksum))
         << object.getBuffer();
  stream.flush();
  bool written = !stream.has_error();
  stream.clear_error();
  consumeError(written ? file->keep(path) : file->discard());
}

void ObjectCache::remove(StringRef key) const {
  if (!directory.empty())
    sys::fs::remove(getPath(key));
}
