//===- MatmulLowering.h - linalg.matmul as a call of a kernel -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_MOETOCPU_MATMULLOWERING_H
#define MOE_LIB_CONVERSION_MOETOCPU_MATMULLOWERING_H

#include "TileGemm.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::moe {

/// Replaces a linalg.matmul of f32 into zeros, with static K and N, by a call
/// of a register-tiled kernel that reads both operands where they stand.
LogicalResult lowerMatmul(linalg::MatmulOp op, const TileShape &tile,
                          PatternRewriter &rewriter);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_MOETOCPU_MATMULLOWERING_H
