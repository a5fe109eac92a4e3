//===- ContribMoE.h - Operands of com.microsoft MoE and QMoE, checked -*- C++
//-*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_ONNXIR_UTILS_CONTRIBMOE_H
#define MOE_DIALECT_ONNXIR_UTILS_CONTRIBMOE_H

#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"

namespace mlir::onnxir {

/// What a MoE or QMoE node says, after its operands and attributes were
/// checked against the schema.
struct ContribMoE {
  NodeOp node;
  bool isQuantized = false;

  /// [T, H] or [B, S, H].
  RankedTensorType inputType;
  /// [T, E].
  RankedTensorType routerType;
  int64_t tokens = 0, hidden = 0, inter = 0, experts = 0, k = 0;
  /// Rows of fc1 per inner element: 2 where it holds gate and up.
  int64_t fused = 1;
  StringRef activation;
  int64_t swigluFusion = 0;
  bool normalize = false, sparseMixer = false;

  /// Elements along a row that share a scale, for QMoE; 0 for all.
  int64_t block = 0;

  /// One projection as the node gives it.
  struct Matrix {
    Value weights, scales, zeros, bias;
    /// The type that the schema gives the weights. Files of old exporters
    /// declare other dimensions for the same bytes.
    RankedTensorType type;
    /// Bits of an element of QMoE's, of which several share a byte.
    int64_t bits = 8;
    int64_t getPack() const { return 8 / bits; }
  };
  Matrix fc1, fc2, fc3;
  Value routerWeights;
};

/// Reads `node` and checks it; emits the first thing that is wrong. Weights in
/// a kernel's own layout are refused unless `acceptPrepacked`.
FailureOr<ContribMoE> readContribMoE(NodeOp node, bool acceptPrepacked = false);

/// Reads the matrices, whose slots differ between MoE and QMoE: a part of
/// readContribMoE.
LogicalResult readContribMatrices(ContribMoE &layer);

} // namespace mlir::onnxir

#endif // MOE_DIALECT_ONNXIR_UTILS_CONTRIBMOE_H
