//===- ContribMoE.h - What a com.microsoft MoE or QMoE says -----*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOMOE_CONTRIBMOE_H
#define MOE_LIB_CONVERSION_ONNXTOMOE_CONTRIBMOE_H

#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"

namespace mlir::moe {

/// What a MoE or QMoE node says, with all sizes but the number of tokens.
struct ContribMoE {
  onnxir::NodeOp node;
  bool isQuantized = false;

  /// [T, H] or [B, S, H].
  RankedTensorType inputType;
  int64_t hidden = 0, inter = 0, experts = 0, k = 0;
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

/// Reads `node`, having checked it against the schema. Emits the first thing
/// that is wrong, not known or not supported. Weights in a kernel's own layout
/// are refused unless `acceptPrepacked`.
FailureOr<ContribMoE> readContribMoE(onnxir::NodeOp node, bool acceptPrepacked);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_ONNXTOMOE_CONTRIBMOE_H
