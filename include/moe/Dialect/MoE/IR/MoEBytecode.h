//===- MoEBytecode.h - Bytecode versions of the moe dialect -----*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_MOE_IR_MOEBYTECODE_H
#define MOE_DIALECT_MOE_IR_MOEBYTECODE_H

#include "mlir/Bytecode/BytecodeImplementation.h"

namespace mlir::moe {
class MoEDialect;

/// A version of the encoding of the dialect's types and attributes. Bytecode
/// for an older one is written with
/// `BytecodeWriterConfig::setDialectVersion<MoEDialect>`.
///
/// - 1.0: `#moe.select` has mode, k, p and threshold.
/// - 1.1: `#moe.select` has tie, rank and jitter as well.
/// - 1.2: `#moe.group_limit` has fill, `#moe.normalize` has floor.
/// - 1.3: `moe.weights` has experts; there are targets and schedules.
struct MoEDialectVersion : DialectVersion {
  MoEDialectVersion(uint64_t major, uint64_t minor)
      : major(major), minor(minor) {}

  static MoEDialectVersion getCurrent() { return {1, 3}; }

  bool operator<(const MoEDialectVersion &other) const {
    return std::tie(major, minor) < std::tie(other.major, other.minor);
  }

  uint64_t major, minor;
};

/// Attaches the encoding to the dialect.
void addBytecodeInterface(MoEDialect &dialect);

} // namespace mlir::moe

#endif // MOE_DIALECT_MOE_IR_MOEBYTECODE_H
