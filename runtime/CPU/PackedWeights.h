//===- PackedWeights.h - Packed weights on disk -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RUNTIME_CPU_PACKEDWEIGHTS_H
#define MOE_RUNTIME_CPU_PACKEDWEIGHTS_H

#include "moe-runtime/Manifest.h"
#include "moe-runtime/WeightArchive.h"

namespace moe::rt {

/// A file of what an init function made: an archive whose stretches are called
/// "result", with their numbers for offsets, and whose key names everything that
/// went into it. What cannot be read or written is as if it were not there.
class PackedWeights {
public:
  PackedWeights(const std::string &prefix, std::string key);

  /// Maps the results; false if the file does not have them.
  bool read(const std::vector<TensorSpec> &specs,
            std::vector<MemRefDescriptor> &results);
  void write(const std::vector<TensorSpec> &specs,
             const std::vector<MemRefDescriptor> &results) const;

private:
  std::string key;
  std::string path;
  std::unique_ptr<WeightArchive> archive;
};

} // namespace moe::rt

#endif // MOE_RUNTIME_CPU_PACKEDWEIGHTS_H
