//===- PackedWeights.cpp - Packed weights on disk -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PackedWeights.h"
#include "Json.h"
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sys/stat.h>
#include <unistd.h>

using namespace moe::rt;

/// FNV-1a; the key itself, which is in the file, tells files of one hash apart.
static uint64_t hash(std::string_view text) {
  uint64_t value = 0xcbf29ce484222325;
  for (unsigned char c : text)
    value = (value ^ c) * 0x100000001b3;
  return value;
}

PackedWeights::PackedWeights(const std::string &prefix, std::string newKey)
    : key(std::move(newKey)) {
  char digits[17];
  snprintf(digits, sizeof(digits), "%016llx",
           static_cast<unsigned long long>(hash(key)));
  path = prefix + "." + digits + ".packed";
}

bool PackedWeights::read(const std::vector<TensorSpec> &specs,
                         std::vector<MemRefDescriptor> &results) {
  std::string error;
  archive = WeightArchive::open(path, error);
  if (!archive || archive->getKey() != key)
    return false;
  std::vector<MemRefDescriptor> found;
  for (size_t i = 0; i < specs.size(); ++i) {
    std::optional<uint64_t> bytes = getNumBytes(specs[i].type, specs[i].dims);
    const uint8_t *data = bytes ? archive->find("result", i, *bytes) : nullptr;
    if (!data)
      return false;
    // Mapped for reading, which is all that entry functions do.
    found.emplace_back(specs[i].dims.size())
        .setDense(const_cast<uint8_t *>(data), specs[i].dims.data());
  }
  results = std::move(found);
  return true;
}

namespace {
/// A file that is not there until it is whole.
class Writer {
public:
  explicit Writer(const std::string &path)
      : path(path), temporary(path + ".XXXXXX"),
        descriptor(mkstemp(temporary.data())), good(descriptor >= 0) {}
  ~Writer() {
    if (descriptor < 0)
      return;
    good &= fchmod(descriptor, 0644) == 0;
    good &= close(descriptor) == 0;
    if (!good || rename(temporary.c_str(), path.c_str()) != 0)
      unlink(temporary.c_str());
  }

  void write(const void *data, uint64_t size) {
    auto *bytes = static_cast<const char *>(data);
    at += size;
    while (good && size > 0) {
      ssize_t written = ::write(descriptor, bytes, size);
      good = written > 0;
      bytes += good ? written : 0;
      size -= good ? written : 0;
    }
  }
  void alignTo(uint64_t alignment) {
    static const char zeros[WeightArchive::alignment] = {};
    if (uint64_t rest = at % alignment)
      write(zeros, alignment - rest);
  }
  uint64_t getOffset() const { return at; }
  void giveUp() { good = false; }

private:
  std::string path, temporary;
  int descriptor;
  bool good;
  uint64_t at = 0;
};
} // namespace

void PackedWeights::write(const std::vector<TensorSpec> &specs,
                          const std::vector<MemRefDescriptor> &results) const {
  Writer writer(path);
  std::string index = "{\"key\":" + quoteJson(key) + ",\"stretches\":[";
  for (size_t i = 0; i < specs.size(); ++i) {
    std::optional<uint64_t> bytes = getNumBytes(specs[i].type, specs[i].dims);
    if (!bytes || !results[i].isDense() || results[i].getOffset() != 0)
      return writer.giveUp();
    writer.alignTo(WeightArchive::alignment);
    index += std::string(i ? "," : "") +
             "{\"file\":\"result\",\"offset\":" + std::to_string(i) +
             ",\"length\":" + std::to_string(*bytes) +
             ",\"at\":" + std::to_string(writer.getOffset()) + "}";
    writer.write(results[i].getAligned(), *bytes);
  }
  index += "]}";
  WeightArchive::Trailer trailer{writer.getOffset(), index.size(), {}};
  std::copy(std::begin(trailer.expectedMagic), std::end(trailer.expectedMagic),
            trailer.magic);
  writer.write(index.data(), index.size());
  writer.write(&trailer, sizeof(trailer));
}
