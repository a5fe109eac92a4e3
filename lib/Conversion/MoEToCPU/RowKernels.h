//===- RowKernels.h - Kernels that move and sum rows -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_MOETOCPU_ROWKERNELS_H
#define MOE_LIB_CONVERSION_MOETOCPU_ROWKERNELS_H

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

/// Returns the private function
///
///   ([input: memref<?xHxT>, [tokens: memref<?xi64>,]] offsets: memref<?xi64>,
///    first: index, last: index, rows: memref<?xRxf32>)
///
/// that sets the rows of experts [first, last): to their input with `input`,
/// which holds tokens when it `gather`s and rows otherwise; else, for `input`
/// null, to zero.
func::FuncOp getFillRowsKernel(ModuleOp module, Location loc,
                               const TileShape &tile, MemRefType input,
                               bool gather, int64_t width, MemRefType rows);

/// Returns the private function (rows: memref<?xRxf32>, result: memref<?xHxT>)
/// that copies and rounds rows.
func::FuncOp getCopyRowsKernel(ModuleOp module, Location loc,
                               const TileShape &tile, MemRefType rows,
                               MemRefType result);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_MOETOCPU_ROWKERNELS_H
