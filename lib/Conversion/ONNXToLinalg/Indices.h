//===- Indices.h - Indices that tensors hold -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOLINALG_INDICES_H
#define MOE_LIB_CONVERSION_ONNXTOLINALG_INDICES_H

#include "Lowering.h"

namespace mlir::onnxtolinalg {

/// `index`, an integer, as an index counted from the front; negative ones count
/// from the end of `size` elements.
Value wrapIndex(ImplicitLocOpBuilder &b, Value index, Value size);

/// Ends the call when an index of input `slot` lies outside [−size, size).
/// With several sizes, the last dimension of the input runs over them. Reports
/// constants that lie outside.
LogicalResult checkIndices(Node &node, unsigned slot,
                           ArrayRef<OpFoldResult> sizes);

/// The indices that `indices[at, 0]`, …, `indices[at, n − 1]` hold, each into
/// a dimension of one of the n `sizes`.
SmallVector<Value> readIndexTuple(ImplicitLocOpBuilder &b, Value indices,
                                  ValueRange at, ValueRange sizes);

} // namespace mlir::onnxtolinalg

#endif // MOE_LIB_CONVERSION_ONNXTOLINALG_INDICES_H
