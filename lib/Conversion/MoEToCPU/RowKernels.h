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

/// Emits a parallel loop over blocks of the rows [first, last), or of all rows
/// of a buffer.
void forEachRow(ImplicitLocOpBuilder &b, Value first, Value last,
                function_ref<void(Value)> body);
void forEachRow(ImplicitLocOpBuilder &b, Value buffer,
                function_ref<void(Value)> body);

/// A name that tells apart kernels for buffers of different types.
std::string getKernelName(StringRef prefix, ArrayRef<MemRefType> types);

/// The buffers of a combine; null where there is none.
struct CombineTypes {
  /// memref<?xRxf32>, memref<?xkxW>, memref<?xHxT>.
  MemRefType rows, weights, result;
  /// memref<?xF>, memref<?xHxT>: scale[t] · input[t] is added.
  MemRefType copyScale, copyInput;
  /// memref<?xCxF>, and the C vectors as moe.pack_weights lays them out.
  MemRefType coefficients, vectors;
};

/// Returns the private function
///
///   (rows, slots: memref<?x?xi64>, weights, [copyScale, copyInput,]
///    [coefficients, vectors,] result)
///
/// with result[t] = Σ_j weights[t][j] · rows[slots[t][j]] over slots that are
/// not −1, plus scale[t] · input[t], plus Σ_i coefficients[t][i] · vectors[i].
/// Products with a factor 0 are left out.
func::FuncOp getCombineKernel(ModuleOp module, Location loc,
                              const TileShape &tile, const CombineTypes &types);

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
