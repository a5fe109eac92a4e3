//===- CombineKernel.h - The kernel that sums weighted rows -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_MOETOCPU_COMBINEKERNEL_H
#define MOE_LIB_CONVERSION_MOETOCPU_COMBINEKERNEL_H

#include "TileGemm.h"

namespace mlir::moe {

/// Returns the private function
///
///   (rows: memref<?xRf32>, slots: memref<?x?xi64>, weights: memref<?xkxW>,
///    result: memref<?xHxT>)
///
/// with result[t] = Σ_j weights[t][j] · rows[slots[t][j]] over slots that are
/// not −1, for the given types of rows, weights and result.
func::FuncOp getCombineKernel(ModuleOp module, Location loc,
                              const TileShape &tile, MemRefType rows,
                              MemRefType weights, MemRefType result);

/// Returns the private function (rows: memref<?xRxf32>, result: memref<?xHxT>)
/// that copies and rounds rows.
func::FuncOp getCopyRowsKernel(ModuleOp module, Location loc,
                               const TileShape &tile, MemRefType rows,
                               MemRefType result);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_MOETOCPU_COMBINEKERNEL_H
