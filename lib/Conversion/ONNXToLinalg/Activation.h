//===- Activation.h - Scalar activation functions -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOLINALG_ACTIVATION_H
#define MOE_LIB_CONVERSION_ONNXTOLINALG_ACTIVATION_H

#include "Lowering.h"

namespace mlir::onnxtolinalg {

/// 1 / (1 + exp(−x)).
Value sigmoid(ImplicitLocOpBuilder &b, Value x);
/// x · Φ(x), and its approximation by tanh.
Value geluErf(ImplicitLocOpBuilder &b, Value x);
Value geluTanh(ImplicitLocOpBuilder &b, Value x);
Value scaled(ImplicitLocOpBuilder &b, Value x, double factor);

} // namespace mlir::onnxtolinalg

#endif // MOE_LIB_CONVERSION_ONNXTOLINALG_ACTIVATION_H
