//===- ObjectCache.h - Compiled models on disk ------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_EXECUTIONENGINE_OBJECTCACHE_H
#define MOE_EXECUTIONENGINE_OBJECTCACHE_H

#include "moe/ExecutionEngine/ObjectCode.h"

namespace moe {

/// A directory of object files under names made from all that went into them.
/// Several processes may use it at once; what cannot be read or written there
/// is as if it were not there.
class ObjectCache {
public:
  /// $MOE_CACHE_DIR, else moe-mlir in the user's cache directory.
  static std::string getDefaultDirectory();

  explicit ObjectCache(std::string directory)
      : directory(std::move(directory)) {}

  /// The name for the code of the model in file `path`, compiled with
  /// `options` for `target` by this program. Weights in files beside the model
  /// are not looked at: the code refers to them.
  static llvm::Expected<std::string> computeKey(llvm::StringRef path,
                                                llvm::StringRef options,
                                                const CodeTarget &target);

  /// The object of that name, or null.
  std::unique_ptr<llvm::MemoryBuffer> get(llvm::StringRef key) const;
  void put(llvm::StringRef key, llvm::MemoryBufferRef object) const;
  void remove(llvm::StringRef key) const;

private:
  std::string getPath(llvm::StringRef key) const;
  std::string directory;
};

} // namespace moe

#endif // MOE_EXECUTIONENGINE_OBJECTCACHE_H
