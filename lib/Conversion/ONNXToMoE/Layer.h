//===- Layer.h - A Mixture-of-Experts layer found in a model -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOMOE_LAYER_H
#define MOE_LIB_CONVERSION_ONNXTOMOE_LAYER_H

#include "Routing.h"

namespace mlir::moe {

/// Where the weights of a set of experts stand: what `moe.weights` bundles.
struct WeightSource {
  /// One tensor stacked over the experts, or one tensor per expert.
  SmallVector<Value> sources;
  /// Scales and zero points of quantised storage, as many as sources.
  SmallVector<Value> scales, zeros;
  /// How values are stored; null for the sources' element type.
  Type storage;
  /// Offset and step of the rows within the source.
  int64_t offset = 0, step = 1;
  bool transposed = false;
  int64_t block = 0, zeroPoint = 0;

  explicit operator bool() const { return !sources.empty(); }
};

/// One projection: out×in matrices, and biases of length out or none. With a
/// rank, `matrix` holds out×rank matrices, and what is meant is base + matrix ·
/// thin; the base is one for all experts if there is one, or none.
struct Projection {
  WeightSource matrix, bias, thin, base;
  int64_t out = 0, in = 0, rank = 0, bases = 1;

  explicit operator bool() const { return static_cast<bool>(matrix); }
};

/// A run of experts of one kind.
struct ExpertSet {
  enum class Kind { FFN, Zero, Copy, Constant };
  Kind kind = Kind::FFN;
  int64_t count = 0;
  /// FFN experts; `gate` may be empty.
  Projection up, gate, down;
  ActivationAttr activation;
  /// Constant experts: count×out, and count×2×in or nothing.
  WeightSource vectors, mix;
};

/// What every matcher finds out about a layer, whatever wrote it.
struct Layer {
  /// Who speaks in messages of the compiled code, as onnxir::getSubject says;
  /// nobody where the router's rows are known to be those of the tokens.
  std::string subject;
  /// …×H: the leading dimensions are the tokens.
  Value tokens;
  /// Routed experts in the order of their ids, then the shared ones.
  SmallVector<ExpertSet, 0> sets;
  int64_t experts = 0, shared = 0;
  int64_t out = 0;
  /// Whether weights multiply what the experts read, not what they give.
  bool weighsInput = false;
  /// T×S, or null for weights of 1.
  Value sharedWeights;
  /// T×1 numbers that the weights of routed experts are multiplied by, or null.
  Value coefficient;

  /// How many slots each expert admits of those whose weights are already
  /// normalised, or null.
  CapacityAttr capacity;
  /// What chooses the experts; without it, `ids` and `weights` …×k do.
  std::optional<Routing> routing;
  Value ids, weights;
};

/// Builds a node of the standard operator `type` with one result.
Value buildNode(ImplicitLocOpBuilder &builder, StringRef type,
                ValueRange inputs, Type result,
                ArrayRef<NamedAttribute> attributes = {});

/// `value` with another float type.
Value castFloats(ImplicitLocOpBuilder &b, Value value, Type element);

/// Builds the layer in its canonical form, T×H in and out: gate, plan,
/// dispatch, experts, combine. Sizes that must be equal and are not known to be
/// are compared at run time.
Value buildLayer(ImplicitLocOpBuilder &builder, const Layer &layer);

/// Builds code that ends the call with `message` unless two sizes are equal.
/// Nothing is built for sizes known to be equal.
void assertEqual(ImplicitLocOpBuilder &builder, OpFoldResult a, OpFoldResult b,
                 const Twine &message);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_ONNXTOMOE_LAYER_H
