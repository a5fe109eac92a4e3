//===- WeightArchive.h - Weights at the end of a library -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RUNTIME_WEIGHTARCHIVE_H
#define MOE_RUNTIME_WEIGHTARCHIVE_H

#include "moe-runtime/MappedFile.h"
#include <memory>
#include <string_view>
#include <tuple>
#include <vector>

namespace moe::rt {

/// Stretches of files of weights, appended to another file or in one of their
/// own. After them stands an index, JSON
/// {"stretches":[{"file","offset","length", "at"}, …]} whose "at" counts from
/// the start of the file, perhaps with a "key", and at the very end a trailer.
class WeightArchive {
public:
  /// All numbers little-endian.
  struct Trailer {
    static constexpr char expectedMagic[8] = {'m', 'o', 'e', '-',
                                              'w', 't', 's', '1'};
    uint64_t indexOffset;
    uint64_t indexLength;
    char magic[8];
  };
  /// Of each stretch in the file.
  static constexpr uint64_t alignment = 4096;

  /// The archive at the end of file `path`. Null without an `error` if there is
  /// none, null and why in `error` if it cannot be read.
  static std::unique_ptr<WeightArchive> open(const std::string &path,
                                             std::string &error);

  const std::string &getIdentity() const { return mapping->getIdentity(); }
  /// What the index says that the contents depend on; "" if nothing.
  const std::string &getKey() const { return key; }
  /// The bytes of a stretch; null if it is not here.
  const uint8_t *find(const std::string &file, uint64_t offset,
                      uint64_t length) const;
  void release(const uint8_t *data, uint64_t length) {
    mapping->release(data - mapping->getData(), length);
  }

private:
  struct Stretch {
    std::string file;
    uint64_t offset, length, at;

    bool operator<(const Stretch &other) const {
      return std::tie(file, offset, length) <
             std::tie(other.file, other.offset, other.length);
    }
  };
  void readIndex(std::string_view text, std::string &error);

  std::unique_ptr<MappedFile> mapping;
  std::string key;
  std::vector<Stretch> stretches;
};

} // namespace moe::rt

#endif // MOE_RUNTIME_WEIGHTARCHIVE_H
