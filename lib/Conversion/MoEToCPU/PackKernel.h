//===- PackKernel.h - Kernels that pack weights into panels -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_MOETOCPU_PACKKERNEL_H
#define MOE_LIB_CONVERSION_MOETOCPU_PACKKERNEL_H

#include "KernelUtils.h"
#include "moe/Dialect/MoE/IR/MoE.h"

namespace mlir::moe {

/// How elements of a source become elements of panels.
struct PackKernelConfig {
  /// One expert's source, rank 1 (one element per output) or 2; all experts'
  /// with a leading dimension of them when `stacked`.
  MemRefType source;
  bool stacked;
  /// Whether a table names the source's expert of each, when `stacked`.
  bool selected = false;
  /// Panels: E × P × ceil(K/g) × g·NR.
  MemRefType target;
  /// How many elements consecutive in k stand side by side (g), and how many
  /// the source has (K).
  int64_t group = 1, depth;
  /// Layout of each matrix in the source; they alternate inside a panel.
  SmallVector<LayoutAttr> layouts;
  /// Outputs of one matrix.
  int64_t out;
  /// Storage of codes to be spread out as f32 (zero points); null for copies
  /// and float conversions.
  IntegerType codes;
};

/// Returns the private function (source for each matrix…, target) that packs
/// all experts when their sources are stacked, with a table (matrices × E, i64)
/// of the source's experts before the target when `selected`; else the private
/// function (source for each matrix…, expert: index, target) that packs one.
/// All are parallel over panels.
func::FuncOp getPackKernel(ModuleOp module, Location loc,
                           const PackKernelConfig &config);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_MOETOCPU_PACKKERNEL_H
