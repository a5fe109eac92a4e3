//===- WeightPacking.h - Weights in the order in which kernels read them --===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_CONVERSION_MOETOTRITON_WEIGHTPACKING_H
#define MOE_CONVERSION_MOETOTRITON_WEIGHTPACKING_H

#include "Kernels.h"

namespace mlir::moe {

/// Succeeds where `weights` can be packed, else says why not.
LogicalResult verifyWeights(Value weights,
                            function_ref<InFlightDiagnostic()> emitError);

/// How weights that can be packed, and are packed together, are quantised;
/// nothing where they differ in more than their zero points.
std::optional<QuantConfig> getQuantization(ArrayRef<Value> weights);

/// What kernels read of n weights of one type whose rows alternate: one tensor
/// E × n·out × in (E × n·out for vectors), the source itself where it is that,
/// else the result of packing kernels; of quantised ones the bytes of the
/// codes, scales, and zero points if they are tensors.
SmallVector<Value> packWeights(ImplicitLocOpBuilder &b, KernelFactory &factory,
                               ArrayRef<Value> weights);

/// Marks those arguments of the function that nothing but `weights` is made of.
void markWeightArguments(ValueRange weights);

} // namespace mlir::moe

#endif // MOE_CONVERSION_MOETOTRITON_WEIGHTPACKING_H
