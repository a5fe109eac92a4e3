//===- LoadedCode.h - Object code in this process ---------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_EXECUTIONENGINE_LOADEDCODE_H
#define MOE_EXECUTIONENGINE_LOADEDCODE_H

#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>

namespace llvm::orc {
class LLJIT;
} // namespace llvm::orc

namespace moe {

/// An object file of `compileToObject`, linked against the runtime and the
/// process's C library.
class LoadedCode {
public:
  static llvm::Expected<std::unique_ptr<LoadedCode>>
  load(std::unique_ptr<llvm::MemoryBuffer> object);
  ~LoadedCode();

  /// The address of a symbol, null if there is none.
  void *lookup(llvm::StringRef name) const;

private:
  explicit LoadedCode(std::unique_ptr<llvm::orc::LLJIT> jit);
  std::unique_ptr<llvm::orc::LLJIT> jit;
};

} // namespace moe

#endif // MOE_EXECUTIONENGINE_LOADEDCODE_H
