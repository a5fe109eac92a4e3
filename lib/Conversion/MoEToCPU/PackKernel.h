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
  /// One expert's source, rank 1 (one element per output) or 2.
  MemRefType source;
  /// Panels of one expert: P × K × NR.
  MemRefType target;
  /// Layout of each matrix in the source; they alternate inside a panel.
  SmallVector<LayoutAttr> layouts;
  /// Outputs of one matrix.
  int64_t out;
  /// Storage of codes to be spread out as f32 (zero points); null for copies
  /// and float conversions.
  IntegerType codes;
};

/// Returns the private function (source for each matrix…, target) that packs
/// one expert, in parallel over panels.
func::FuncOp getPackKernel(ModuleOp module, Location loc,
                           const PackKernelConfig &config);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_MOETOCPU_PACKKERNEL_H
