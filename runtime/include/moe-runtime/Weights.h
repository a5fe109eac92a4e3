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
#include "moe-runtime/WeightArchive.h"
#include <memory>

namespace moe::rt {

/// The weights of a manifest, each file mapped once and no byte touched before
/// it is used.
class WeightStore {
public:
  /// Files are taken from the first of these folders that has them; "" is the
  /// working directory.
  void setFolders(std::vector<std::string> names) {
    folders = std::move(names);
  }
  /// What is in an archive is taken from there.
  void setArchive(std::unique_ptr<WeightArchive> newArchive) {
    archive = std::move(newArchive);
  }

  /// The data of a weight, aligned for its elements: in the mapped file, or a
  /// copy if it is not aligned there. Null, and why in `error`, on failure.
  void *get(const WeightSpec &weight, std::string &error);
  /// Names the contents of the file that a weight is in; "" if it is in none,
  /// or cannot be read.
  std::string getIdentity(const WeightSpec &weight);
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
  const uint8_t *getBytes(const WeightSpec &weight, std::string &error);

  std::vector<std::string> folders;
  std::unique_ptr<WeightArchive> archive;
  std::vector<File> files;
  std::vector<Copy> copies;
};

} // namespace moe::rt

#endif // MOE_RUNTIME_WEIGHTS_H
