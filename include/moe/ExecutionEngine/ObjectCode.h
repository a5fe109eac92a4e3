//===- ObjectCode.h - Machine code from the LLVM dialect --------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_EXECUTIONENGINE_OBJECTCODE_H
#define MOE_EXECUTIONENGINE_OBJECTCODE_H

#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>
#include <string>
#include <vector>

namespace llvm {
class TargetMachine;
} // namespace llvm

namespace mlir {
class ModuleOp;
} // namespace mlir

namespace moe {

/// The processor that code is made for.
struct CodeTarget {
  std::string triple;
  std::string cpu;
  /// LLVM's list, "+avx2,-avx512f,…"; empty means what `cpu` has.
  std::string features;

  /// The processor of the name `cpu`; "" or "host" is this machine's.
  static llvm::Expected<CodeTarget> get(llvm::StringRef cpu);
  /// What code for it may make use of by itself, by LLVM's names, sorted.
  std::vector<std::string> getRequiredFeatures() const;
  /// An error if code for it may use instructions that this machine lacks.
  llvm::Error checkHost() const;
  llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
  createTargetMachine() const;
  /// Whether it has a feature, by LLVM's name: "avx512bf16".
  bool hasFeature(llvm::StringRef feature) const;
  /// Whether it sums products of four bytes in vectors of that width (VNNI),
  /// without which activations are not rounded.
  bool hasByteDot() const;
  /// Bits of the widest vectors that it computes with: 256 or 512.
  unsigned getVectorBits() const;
};

enum class ObjectKind {
  /// Exports the entry points and the manifest.
  Exported,
  /// For a library: see `makeCodeVariant`.
  Variant,
};

/// Compiles a module of the LLVM dialect, optimised, to an object file. `quick`
/// code compiles about twice as fast and is not vectorised.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
compileToObject(mlir::ModuleOp module, const CodeTarget &target,
                bool quick = false, ObjectKind kind = ObjectKind::Exported);

} // namespace moe

#endif // MOE_EXECUTIONENGINE_OBJECTCODE_H
