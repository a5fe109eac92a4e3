//===- FFNKernel.h - The kernel of a set of feed-forward experts ----------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_MOETOCPU_FFNKERNEL_H
#define MOE_LIB_CONVERSION_MOETOCPU_FFNKERNEL_H

#include "PanelProduct.h"
#include "moe/Dialect/MoE/IR/MoE.h"

namespace mlir::moe {

/// All that distinguishes one feed-forward kernel from another. Layers that
/// agree in it share one function.
struct FFNKernelConfig {
  /// Experts of the set; row sizes in, between and out.
  int64_t experts, hidden, inter, out;
  bool gated;
  ActivationAttr activation;
  /// Element type of the tokens.
  Type element;
  /// Storage of up (with the gate's columns beside them) and down.
  PackedStorage first, second;
  bool firstBias, secondBias;
  /// Whether the input holds tokens that the kernel gathers, or rows.
  bool gather;
  KernelTarget target;

  /// Row length of the output buffer: `out` rounded up to whole panels.
  int64_t getPaddedOut() const {
    return llvm::alignTo(out, target.tile.columns);
  }
  /// A text that two configurations share only if they are equal.
  std::string getKey() const;
};

/// Returns the private function
///
///   (input: memref<?xHxT>, offsets: memref<?xi64>, first: index,
///    begin: index, end: index, [tokens: memref<?xi64>,] up panels…, [up bias,]
///    down panels…, [down bias,] rows: memref<?xPaddedOutxf32>)
///
/// that computes the output rows of experts begin … end−1 of the set, whose
/// experts are first … first+experts−1 of the plan. `offsets[e]` is the first
/// row of expert e, `tokens[r]` the token of row r.
func::FuncOp getFFNKernel(ModuleOp module, Location loc,
                          const FFNKernelConfig &config);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_MOETOCPU_FFNKERNEL_H
