//===- MoEToTriton.h - What conversion to Triton leaves on functions ------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_CONVERSION_MOETOTRITON_H
#define MOE_CONVERSION_MOETOTRITON_H

#include "mlir/Support/LLVM.h"

namespace mlir::moe {

/// Attributes of kernels: warps of a program, stages of software pipelining,
/// and what two kernels must share to be one.
constexpr llvm::StringLiteral kNumWarps = "moe.num_warps";
constexpr llvm::StringLiteral kNumStages = "moe.num_stages";
constexpr llvm::StringLiteral kKernelKey = "moe.kernel_key";
/// On kernels that may begin before those before them have ended.
constexpr llvm::StringLiteral kOverlap = "moe.overlap";

/// Attribute of a function's argument that only weights are made of.
constexpr llvm::StringLiteral kWeightArgument = "moe.weight";

} // namespace mlir::moe

#endif // MOE_CONVERSION_MOETOTRITON_H
