//===- MappedFile.h - A file in memory -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RUNTIME_MAPPEDFILE_H
#define MOE_RUNTIME_MAPPEDFILE_H

#include <cstdint>
#include <memory>
#include <string>

extern "C" {
/// Called by code that packs weights: what stands in these bytes will not be
/// read again, or only by few. Does nothing unless they are of a mapped file.
void moe_release_source(int64_t address, int64_t bytes);
}

namespace moe::rt {

/// A file's contents, read only, brought in by the system as they are touched.
class MappedFile {
public:
  /// Null, and why in `error`, if it is no regular file that can be read.
  static std::unique_ptr<MappedFile> open(const std::string &path,
                                          std::string &error);
  ~MappedFile();
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;

  const uint8_t *getData() const { return data; }
  uint64_t getSize() const { return size; }
  /// What tells its contents from others as long as nobody sets times back:
  /// size, time of the last change, number of the file.
  const std::string &getIdentity() const { return identity; }
  /// Lets the system take back the pages of a part.
  void release(uint64_t offset, uint64_t length);

private:
  MappedFile(uint8_t *data, uint64_t size, std::string identity)
      : data(data), size(size), identity(std::move(identity)) {}
  uint8_t *data;
  uint64_t size;
  std::string identity;
};

} // namespace moe::rt

#endif // MOE_RUNTIME_MAPPEDFILE_H
