//===- SubgraphLoop.h - Sub-graphs as bodies of loops -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOLINALG_SUBGRAPHLOOP_H
#define MOE_LIB_CONVERSION_ONNXTOLINALG_SUBGRAPHLOOP_H

#include "Lowering.h"

namespace mlir::onnxtolinalg {

/// A loop whose body is a sub-graph: some of the body's arguments are made anew
/// in each iteration, the others are carried on. What the body gives is a
/// condition (if there is one), the carried values, and outputs, which are put
/// in a row.
struct SubgraphLoop {
  Region *body = nullptr;
  /// How often the body runs at most, an index; null where that is open.
  Value limit;
  /// Whether the body runs at all, i1; null where the body gives no condition.
  Value condition;
  /// What is carried at first.
  SmallVector<Value> carried;
  /// Arguments of the body before those that are carried.
  unsigned numLeading = 0;
  /// Makes the arguments that are not carried; gets the number of iterations
  /// before this one, an index.
  std::function<SmallVector<Value>(Value)> makeArguments;

  /// Gives the carried values and one tensor [iterations, ...] per output.
  Results build(Node &node) const;
};

} // namespace mlir::onnxtolinalg

#endif // MOE_LIB_CONVERSION_ONNXTOLINALG_SUBGRAPHLOOP_H
