//===- Layer.h - A Mixture-of-Experts layer found in a model -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOMOE_LAYER_H
#define MOE_LIB_CONVERSION_ONNXTOMOE_LAYER_H

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "moe/Dialect/MoE/IR/MoE.h"
#include <optional>

namespace mlir::moe {

/// One projection of the experts, stacked over them: E×out×in in `source`, at
/// the rows that `layout` names.
struct Projection {
  Value source;
  /// Scales and zero points of quantised storage; null when there are none.
  Value scales, zeros;
  /// E×rows at the same layout, or null.
  Value bias;
  int64_t out = 0, in = 0;
  Type storage;
  /// Offset and step of the rows within the source.
  int64_t offset = 0, step = 1;
  int64_t block = 0, zeroPoint = 0;
};

/// What every matcher finds out about a layer, whatever wrote it.
struct Layer {
  /// T×H and T×E.
  Value tokens, logits;
  /// T×E weights that the choice is weighed by instead of its scores, or null.
  Value values;
  ScoreFunction score = ScoreFunction::Softmax;
  SelectAttr select;
  NormalizeMode normalize = NormalizeMode::None;
  std::optional<double> dropBelow;

  int64_t experts = 0;
  Projection up, down;
  std::optional<Projection> gate;
  ActivationAttr activation;
};

/// Builds the layer in its canonical form, T×H in and out: gate, plan,
/// dispatch, experts, combine.
Value buildLayer(ImplicitLocOpBuilder &builder, const Layer &layer);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_ONNXTOMOE_LAYER_H
