//===- Einsum.h - The equation of an Einsum node -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_ONNXIR_UTILS_EINSUM_H
#define MOE_DIALECT_ONNXIR_UTILS_EINSUM_H

#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"

namespace mlir::onnxir {

/// An Einsum's equation with loops in the place of letters. Dimensions of an
/// ellipsis are loops of their own, the last ones of all operands the same.
struct Einsum {
  /// The loop of each dimension of each operand.
  SmallVector<SmallVector<unsigned>> operands;
  /// The loop of each dimension of the result.
  SmallVector<unsigned> result;
  unsigned numLoops = 0;
};

/// Reads the equation of `node`, whose operands have ranked types. Reports one
/// that is malformed or does not fit the operands' ranks.
FailureOr<Einsum> readEinsum(NodeOp node);

} // namespace mlir::onnxir

#endif // MOE_DIALECT_ONNXIR_UTILS_EINSUM_H
