//===- ExpertsLowering.h - moe.experts as calls of kernels -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_MOETOCPU_EXPERTSLOWERING_H
#define MOE_LIB_CONVERSION_MOETOCPU_EXPERTSLOWERING_H

#include "TileGemm.h"
#include "mlir/IR/PatternMatch.h"
#include "moe/Dialect/MoE/IR/MoE.h"

namespace mlir::moe {

/// Whether a projection, with its bias if there is one, can be packed and
/// multiplied by the kernels.
bool isSupportedProjection(Value weights, Value bias);

/// Replaces a moe.experts whose kinds and storage the kernels support by calls
/// of them. Fails without a change, giving the reason to `rewriter`, when they
/// do not.
LogicalResult lowerExperts(ExpertsOp op, const KernelTarget &target,
                           PatternRewriter &rewriter);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_MOETOCPU_EXPERTSLOWERING_H
