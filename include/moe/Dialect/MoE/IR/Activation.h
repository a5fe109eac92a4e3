//===- Activation.h - The arithmetic of activations -------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_MOE_IR_ACTIVATION_H
#define MOE_DIALECT_MOE_IR_ACTIVATION_H

#include "moe/Dialect/MoE/IR/MoE.h"

namespace mlir::moe {

/// Builds h = f(gate, up) of `#moe.activation` with arith and math operations;
/// `gate` is null without a gate projection. The operands are floats or
/// vectors of floats of one type, which is also the result's.
Value buildActivation(OpBuilder &builder, Location loc,
                      ActivationAttr activation, Value gate, Value up);

/// Builds the logistic function 1 / (1 + exp(−z)) of a float or a vector.
Value buildSigmoid(OpBuilder &builder, Location loc, Value z);

/// Builds the float or splat vector constant `value` of type `type`.
Value buildReal(OpBuilder &builder, Location loc, Type type, double value);

} // namespace mlir::moe

#endif // MOE_DIALECT_MOE_IR_ACTIVATION_H
