//===- ExpertKeys.h - Which experts are the same ----------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_DIALECT_MOE_TRANSFORMS_EXPERTKEYS_H
#define MOE_LIB_DIALECT_MOE_TRANSFORMS_EXPERTKEYS_H

#include "moe/Dialect/MoE/IR/MoE.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::moe {

/// Words that are equal for two experts only if these compute the same.
using ExpertKey = SmallVector<uint64_t>;

/// Makes keys that can be compared with each other. Weights are the same when
/// their sources are: the same value, constants of the same bytes, or results
/// of equal operations without operands (a weight of a file is named by its
/// symbol; files are not read).
class ExpertKeys {
public:
  /// The key of an expert of `set`; nothing for kinds that may look at other
  /// rows than one at a time, or whose definition is not known.
  std::optional<ExpertKey> get(Value set, int64_t expert);

private:
  void addWeights(Value weights, int64_t expert, unsigned depth,
                  ExpertKey &key);
  void addSource(ValueRange tensors, bool stacked, int64_t expert,
                 ExpertKey &key);
  uint64_t identify(Value value);

  /// Operations without operands, one of each kind, by hash.
  DenseMap<unsigned, SmallVector<Operation *>> origins;
  DenseMap<Value, uint64_t> values;
  llvm::StringMap<uint64_t> contents;
};

} // namespace mlir::moe

#endif // MOE_LIB_DIALECT_MOE_TRANSFORMS_EXPERTKEYS_H
