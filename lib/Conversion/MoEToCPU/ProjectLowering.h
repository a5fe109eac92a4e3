//===- ProjectLowering.h - moe.project by integer weights -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_MOETOCPU_PROJECTLOWERING_H
#define MOE_LIB_CONVERSION_MOETOCPU_PROJECTLOWERING_H

#include "TileGemm.h"
#include "mlir/IR/PatternMatch.h"
#include "moe/Dialect/MoE/IR/MoE.h"

namespace mlir::moe {

/// Replaces a moe.project by one matrix of integer codes by a call of a kernel
/// that keeps them as codes: the dense layers of a quantised model.
LogicalResult lowerQuantizedProject(ProjectOp op, const KernelTarget &target,
                                    PatternRewriter &rewriter);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_MOETOCPU_PROJECTLOWERING_H
