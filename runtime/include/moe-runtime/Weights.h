//===- Weights.h - Constant data of a model -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RUNTIME_WEIGHTS_H
#define MOE_RUNTIME_WEIGHTS_H

#include "moe-runtime/Manifest.h"
#include <memory>

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
  /// Lets the system take back the pages of a part.
  void release(uint64_t offset, uint64_t length);

private:
  MappedFile(uint8_t *data, uint64_t size) : data(data), size(size) {}
  uint8_t *data;
  uint64_t size;
};

/// The weights of a manifest, each file mapped once and no byte touched before
/// it is used.
class WeightStore {
public:
  void setBaseDirectory(const std::string &directory) {
    baseDirectory = directory;
  }

  /// The data of a weight, aligned for its elements: in the mapped file, or a
  /// copy if it is not aligned there. Null, and why in `error`, on failure.
  void *get(const WeightSpec &weight, std::string &error);
  /// Says that the data will not be used again.
  void release(const WeightSpec &weight);

private:
  struct File {
    std::string name;
    std::unique_ptr<MappedFile> mapping;
  };
  struct Copy {
    const WeightSpec *weight;
    std::unique_ptr<void, void (*)(void *)> data;
  };
  MappedFile *getFile(const std::string &name, std::string &error);

  std::string baseDirectory;
  std::vector<File> files;
  std::vector<Copy> copies;
};

} // namespace moe::rt

#endif // MOE_RUNTIME_WEIGHTS_H
