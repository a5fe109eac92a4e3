//===- Body.h - What one expert computes ------------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOMOE_BODY_H
#define MOE_LIB_CONVERSION_ONNXTOMOE_BODY_H

#include "Access.h"
#include "moe/Dialect/MoE/IR/MoE.h"

namespace mlir::moe {

/// Weights that a body reads.
struct BodyWeight {
  /// One tensor, or one for each expert.
  SmallVector<Value, 1> sources;
  /// Where along the experts of a stacked tensor, or of several ones, it is
  /// read; nothing for a tensor of one expert.
  std::optional<Binding> expert;
  int64_t experts = 1;
  int64_t offset = 0, step = 1;
  bool transposed = false;
  /// Sizes of the matrix, and how many outputs its tensor holds.
  int64_t out = 0, in = 0, rows = 0;
  /// Of quantised weights: the type of a code, scales and zero points, as many
  /// as sources, and how many codes of a row share a scale (0: all).
  Type storage;
  SmallVector<Value, 1> scales, zeros;
  /// The scale of all codes where there are no tensors of them.
  double scale = 1.0;
  /// The same for each expert, where these differ.
  SmallVector<double> expertScales;
  int64_t block = 0, zeroPoint = 0;
  /// Whether the model knows the numbers, whatever its inputs are.
  bool constant = false;

  explicit operator bool() const { return !sources.empty(); }
};

/// A matrix and its bias. Of low rank it is base + matrix · thin, the base
/// being there or not.
struct BodyProjection {
  BodyWeight matrix, bias, thin, base;

  int64_t getIn() const { return thin ? thin.in : matrix.in; }
  explicit operator bool() const { return static_cast<bool>(matrix); }
};

/// What the rows of an expert, or of all experts, are made of.
struct Body {
  enum class Kind { FFN, Copy, Constant };
  Kind kind = Kind::FFN;
  /// The tokens, their features being read at the variable `kFeature`.
  Access input;
  BodyProjection up, gate, down;
  ActivationAttr activation;
  BodyWeight vector, mix;
  /// Numbers that the hidden values are multiplied by, for all of them alike.
  SmallVector<Access> factors;
};

/// The variable that stands for the features of a body's input.
constexpr int kFeature = 0;

/// Reads `access` as weights: a tensor whose elements depend on the variables
/// `out` and, for a matrix, `in`, and on which expert it is.
std::optional<BodyWeight> matchWeight(AccessReader &reader, Access access,
                                      int out, std::optional<int> in);

/// Reads `rows` as the output of an expert, its features being read at the
/// variable `feature`.
std::optional<Body> matchBody(AccessReader &reader, const Access &rows,
                              int feature);

/// An activation, and what it is applied to.
struct MatchedActivation {
  ActivationFunction function = ActivationFunction::Identity;
  double alpha = 1.0, beta = 0.0;
  double limit = std::numeric_limits<double>::infinity();
  Access gate, up;
};

/// Reads `hidden` as h = f(gate) · up or f(up).
std::optional<MatchedActivation> matchActivation(AccessReader &reader,
                                                 const Access &hidden);

/// `access` without casts between floats around it.
Access stripCasts(AccessReader &reader, Access access);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_ONNXTOMOE_BODY_H
