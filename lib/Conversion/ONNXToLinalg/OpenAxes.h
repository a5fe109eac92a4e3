//===- OpenAxes.h - Axes that only the run knows -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOLINALG_OPENAXES_H
#define MOE_LIB_CONVERSION_ONNXTOLINALG_OPENAXES_H

#include "Lowering.h"

namespace mlir::onnxtolinalg {

/// The axes that input `slot` holds, counted from the front. Ends the call and
/// reports as `readAxes` does.
FailureOr<SmallVector<Value>> readAxisIndices(Node &node, unsigned slot,
                                              int64_t rank);

/// For each of `rank` dimensions whether input `slot` names it, i1. Ends the
/// call where an axis is out of range or repeated; reports an input whose
/// number of axes is not known.
FailureOr<SmallVector<Value>> readAxes(Node &node, unsigned slot, int64_t rank);

/// Where `mask` holds `on`, else `off`.
OpFoldResult select(TensorBuilder &b, Value mask, OpFoldResult on,
                    OpFoldResult off);

/// The first `count` of those of `sizes` that `mask` does not name.
Sizes dropMasked(TensorBuilder &b, ArrayRef<Value> mask,
                 ArrayRef<OpFoldResult> sizes, int64_t count);

/// `sizes`, which `mask` does not name, with 1 at the dimensions that it names.
Sizes insertMasked(TensorBuilder &b, ArrayRef<Value> mask,
                   ArrayRef<OpFoldResult> sizes);

/// Folds the elements of `input` along the dimensions that `mask` names into
/// `init`, and keeps these dimensions as 1. Elements and `init` have one type.
Value reduceMasked(TensorBuilder &b, Value input, ArrayRef<Value> mask,
                   TypedAttr init, TensorBuilder::Body body);

} // namespace mlir::onnxtolinalg

#endif // MOE_LIB_CONVERSION_ONNXTOLINALG_OPENAXES_H
