//===- Operands.h - Checks of a node's operands -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOLINALG_OPERANDS_H
#define MOE_LIB_CONVERSION_ONNXTOLINALG_OPERANDS_H

#include "Lowering.h"

namespace mlir::onnxtolinalg {

/// Whether input `slot` is left out or a tensor of floats of one of `ranks`.
inline bool isFloats(Node &node, unsigned slot, ArrayRef<int64_t> ranks) {
  return !node.get(slot) || (isa<FloatType>(node.getElementType(slot)) &&
                             llvm::is_contained(ranks, node.getRank(slot)));
}

/// Whether input `slot` is left out or a tensor of integers of one of `ranks`.
inline bool isIntegers(Node &node, unsigned slot, ArrayRef<int64_t> ranks) {
  return !node.get(slot) || (isa<IntegerType>(node.getElementType(slot)) &&
                             llvm::is_contained(ranks, node.getRank(slot)));
}

} // namespace mlir::onnxtolinalg

#endif // MOE_LIB_CONVERSION_ONNXTOLINALG_OPERANDS_H
