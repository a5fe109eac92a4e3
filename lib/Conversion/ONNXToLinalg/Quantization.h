//===- Quantization.h - Parts of quantised operators -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOLINALG_QUANTIZATION_H
#define MOE_LIB_CONVERSION_ONNXTOLINALG_QUANTIZATION_H

#include "Lowering.h"

namespace mlir::onnxtolinalg {

/// The integer, of up to 16 bits, that is nearest to `x` (f32, already divided
/// by its scale) plus `zero`, i32; ends of the range for what lies beyond it.
Value quantizeScalar(ImplicitLocOpBuilder &b, Value x, Value zero, Type type,
                     bool isUnsigned);

/// `value`, an integer, as i32 or i64.
Value widenInteger(ImplicitLocOpBuilder &b, Value value, bool isUnsigned,
                   Type type);

/// What DynamicQuantizeLinear gives: a tensor of ui8, its scale (f32) and its
/// zero point (ui8).
struct DynamicallyQuantized {
  Value codes, scale, zero;
};
DynamicallyQuantized quantizeDynamically(TensorBuilder &b, Value input);

/// The matrix product of tensors of any rank but 0, as MatMul has it.
Value multiplyAny(TensorBuilder &b, Value lhs, Value rhs);

} // namespace mlir::onnxtolinalg

#endif // MOE_LIB_CONVERSION_ONNXTOLINALG_QUANTIZATION_H
