//===- Linker.h - From object files to a shared library ---------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_MOECOMPILE_LINKER_H
#define MOE_TOOLS_MOECOMPILE_LINKER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

namespace moe {

/// A file that is removed with this, if it is still there.
class TemporaryFile {
public:
  /// Makes an empty one of the name `model`, a pattern with % for digits.
  static llvm::Expected<TemporaryFile> create(const llvm::Twine &model);
  ~TemporaryFile();
  TemporaryFile(TemporaryFile &&other) : path(std::move(other.path)) {
    other.path.clear();
  }
  TemporaryFile &operator=(TemporaryFile &&) = delete;

  const std::string &getPath() const { return path; }

private:
  explicit TemporaryFile(std::string path) : path(std::move(path)) {}
  std::string path;
};

struct LinkOptions {
  /// The C++ compiler that links; "" for the first one in PATH.
  std::string linker;
  /// The function to export.
  std::string symbol;
  /// The library's own name, which programs that link with it look for.
  std::string name;
};

/// Links objects with the runtime to the shared library `path`.
llvm::Error
linkLibrary(llvm::ArrayRef<std::unique_ptr<llvm::MemoryBuffer>> objects,
            llvm::StringRef path, const LinkOptions &options);

} // namespace moe

#endif // MOE_TOOLS_MOECOMPILE_LINKER_H
