//===- TileGemm.h - Register-tiled GEMM kernels -----------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_MOETOCPU_TILEGEMM_H
#define MOE_LIB_CONVERSION_MOETOCPU_TILEGEMM_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::moe {

/// The register tile of the host: how many rows of A by how many columns of B
/// one accumulator tile holds.
struct TileShape {
  /// f32 lanes of a vector register.
  int64_t lanes;
  /// Greatest number of rows of a tile.
  int64_t rows;
  /// Columns of a tile, and of a packed panel: two registers.
  int64_t columns;

  /// The tile for vector registers of `bits` bits: 12×32 with 32 registers of
  /// 512 bits, 6×16 with 16 registers of 256 bits.
  static TileShape get(int64_t bits) {
    int64_t lanes = bits / 32;
    return {lanes, bits >= 512 ? 12 : 6, 2 * lanes};
  }
};

/// Returns the private function
///
///   (A: memref<?x?xf32>, row: index, rows: index,
///    B: memref<?xNRxf32, strided<[?, 1], offset: ?>>, C: memref<MRxNRxf32>)
///
/// of `module`, created on the first call, that computes
/// C[i][j] = Σ_k A[row + i][k] · B[k][j], k over the rows of B, for
/// 1 ≤ rows ≤ MR in registers, with one specialised loop for each number of
/// rows. The order of the sum is that of k for every number of rows, so results
/// do not depend on the tiling.
func::FuncOp getTileGemm(ModuleOp module, Location loc, const TileShape &tile);

/// Calls it on an A and a B of any strides.
void callTileGemm(ImplicitLocOpBuilder &b, func::FuncOp gemm, Value a,
                  Value row, Value rows, Value panel, Value c);

/// Emits the loop over tiles of rows that covers rows [begin, end): calls
/// `body(firstRow, numRows)` with tiles of at most `tile.rows` rows, of nearly
/// equal size.
void forEachRowTile(ImplicitLocOpBuilder &b, const TileShape &tile,
                    Value begin, Value end,
                    function_ref<void(Value, Value)> body);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_MOETOCPU_TILEGEMM_H
