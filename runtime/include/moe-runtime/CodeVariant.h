//===- CodeVariant.h - Code of one processor in a library -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RUNTIME_CODEVARIANT_H
#define MOE_RUNTIME_CODEVARIANT_H

#include <cstdint>

namespace moe::rt {

/// A function, or the manifest, of compiled code.
struct CodeSymbol {
  const char *name;
  void *address;
};

/// What an object file of a compiled model puts into the section `moe_code`,
/// which the linker makes an array of. The compiler writes these fields; a
/// change here is one there (lib/ExecutionEngine/CodeVariant.cpp).
struct CodeVariant {
  /// By LLVM's name.
  const char *cpu;
  /// What the code may make use of, by LLVM's names: "avx2,bmi2,fma".
  const char *features;
  const CodeSymbol *symbols;
  uint64_t numSymbols;

  void *lookup(const char *name) const;
};

} // namespace moe::rt

#endif // MOE_RUNTIME_CODEVARIANT_H
