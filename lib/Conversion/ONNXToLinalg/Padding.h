//===- Padding.h - Tensors with more at their ends -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOLINALG_PADDING_H
#define MOE_LIB_CONVERSION_ONNXTOLINALG_PADDING_H

#include "Lowering.h"

namespace mlir::onnxtolinalg {

/// `input` with `low` elements before and `high` after it in each dimension,
/// fewer where they are negative. The new ones are `scalar`.
Value pad(TensorBuilder &b, Value input, ArrayRef<OpFoldResult> low,
          ArrayRef<OpFoldResult> high, Value scalar);

} // namespace mlir::onnxtolinalg

#endif // MOE_LIB_CONVERSION_ONNXTOLINALG_PADDING_H
