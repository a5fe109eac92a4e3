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
  /// The tile for VNNI: as many rows as leave registers for the sum of a block
  /// and for that of the blocks before.
  TileShape getDotInt8() const { return {lanes, rows / 2, columns}; }
};

/// What kernels may use of the processor.
struct KernelTarget {
  TileShape tile;
  /// Whether it multiplies pairs of bf16 (AVX512-BF16).
  bool dotBF16 = false;
  /// Whether to round what meets integer codes to 8 bits, for the sums of
  /// products of four bytes that it has (VNNI).
  bool dotInt8 = false;
};

/// What a tile multiplies, and how.
enum class TileForm {
  /// f32 rows, panels of f32 or f16 with one k in a row.
  Plain,
  /// f32 rows, panels of bf16 with two k in a word, widened in registers.
  Pairs,
  /// bf16 rows and panels, two k at a time by AVX512-BF16.
  Dot,
  /// f32 rows, panels of integer codes with as many k in a word as fit, of
  /// which blocks share a scale and a zero point.
  Codes,
  /// The same panels with rows that were rounded to bytes, block by block,
  /// multiplied by VNNI. Bytes of a row stand in the order in which shifts
  /// bring forth the codes of a word.
  CodeDot,
  /// f32 rows, panels of f32 that codes were widened to, without their scales,
  /// which blocks of them share.
  Widened,
};

/// One kind of tile GEMM.
struct TileKernel {
  TileShape tile;
  TileForm form;
  /// Element type of the panels.
  Type element;
  /// Of codes: their type; inputs that share a scale; the one zero point, if
  /// there is only one.
  IntegerType codes = {};
  int64_t block = 0;
  std::optional<int64_t> zeroPoint = {};

  /// Element type of the rows.
  Type getRowType() const;
  /// How many k stand side by side in a word of a panel; 1 without words.
  int64_t getGroup() const;
  /// Elements in a row of a panel.
  int64_t getPanelWidth() const;
  /// How many k one step of the loop takes.
  int64_t getDepthPerStep() const {
    return form == TileForm::Dot ? 2 : form == TileForm::CodeDot ? 4 : 1;
  }
  bool hasCodes() const {
    return form == TileForm::Codes || form == TileForm::CodeDot ||
           form == TileForm::Widened;
  }
  /// Element type of what rounded rows have for each block beside their scale:
  /// with one zero point i32, the sum of the row's integers times what codes
  /// have too much, negative; else f32, the sum alone.
  Type getRowSumType() const;
};

/// Rows as tiles take them.
struct TileRows {
  Value elements;
  /// Of rounded rows, for each block: scales, and `getRowSumType`.
  SmallVector<Value> parameters;
};

/// A panel as tiles take it.
struct TilePanel {
  Value elements;
  /// Of codes, for each block: scales, and zero points if they differ.
  SmallVector<Value> parameters;
  /// Number of inputs.
  Value depth;
};

/// Returns the private function
///
///   (A: memref<?x?xR>, row: index, rows: index,
///    B: memref<?xWxT, strided<[?, 1], offset: ?>>, C: memref<MRxNRxf32>,
///    ahead: memref<?xT>, position: index, step: index, depth: index,
///    [scales: memref<?xNRxf32, …>, [zeros: memref<?xNRxf32, …>]],
///    [row scales: memref<?x?xf32>, row sums: memref<?x?xS>])
///
/// of `module`, created on the first call, that computes
/// C[i][j] = Σ_k A[row + i][k] · B[k][j], k < depth, for 1 ≤ rows ≤ MR in
/// registers, with one specialised loop for each number of rows. Where B has
/// words, A must have zeros behind its rows up to a whole one. The order of the
/// sum is that of k, of codes within a block, for every number of rows, so
/// results do not depend on the tiling. `ahead` holds bytes where panels hold
/// or held codes. On its way it fetches the elements of `ahead` from
/// `position`, `step` of them with each step in k.
func::FuncOp getTileGemm(ModuleOp module, Location loc,
                         const TileKernel &kernel);

/// What a tile fetches into the second-level cache on its way.
struct TileAhead {
  Value panels, position, step;
};

/// Calls it on an A and a B of any strides.
void callTileGemm(ImplicitLocOpBuilder &b, func::FuncOp gemm, const TileRows &a,
                  Value row, Value rows, const TilePanel &panel, Value c,
                  const TileAhead &ahead);

/// Calls a plain one of f32 on matrices that are read where they stand, with
/// nothing fetched ahead.
void callTileGemm(ImplicitLocOpBuilder &b, func::FuncOp gemm, Value a,
                  Value row, Value rows, Value panel, Value c);

/// One of the tiles that cover a range of rows.
struct RowTile {
  /// First row, number of rows.
  Value row, rows;
  /// Which of how many tiles it is.
  Value index, count;
};

/// Emits the loop over tiles of rows that covers rows [begin, end), of at most
/// `tile.rows` rows and nearly equal size.
void forEachRowTile(ImplicitLocOpBuilder &b, const TileShape &tile, Value begin,
                    Value end, function_ref<void(RowTile)> body);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_MOETOCPU_TILEGEMM_H
