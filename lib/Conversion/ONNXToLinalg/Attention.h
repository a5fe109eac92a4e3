//===- Attention.h - Parts that attention operators share -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOLINALG_ATTENTION_H
#define MOE_LIB_CONVERSION_ONNXTOLINALG_ATTENTION_H

#include "Lowering.h"

namespace mlir::onnxtolinalg {

/// Changes one score, given in the compute type, or tells whether it counts;
/// `at` are the indices [batch, head, row, column].
using ScoreFn =
    std::function<Value(ImplicitLocOpBuilder &, ValueRange at, Value score)>;

/// softmax(scale · query · keyᵀ, masked) · value for N heads, of which
/// N / Nkv consecutive ones share a head of key and value.
struct AttentionParts {
  /// [B, N, S, H], [B, Nkv, T, H] and [B, Nkv, T, Hv].
  Value query, key, value;
  double scale = 1.0;
  /// c · tanh(score / c) where it is not 0.
  double softcap = 0.0;
  /// Whether the softmax is computed in f64, else in the compute type.
  bool softmaxInF64 = false;
  /// Adds what masks add; −∞ for what is not seen.
  ScoreFn mask;
  /// [N], scores of one more key whose value is 0; may be null.
  Value sinks;
};

/// Every stage that an operator may give away, [B, N, S, T] in the compute
/// type, and the output [B, N, S, Hv] in the type of `value`.
struct AttentionStages {
  Value scores, capped, masked, weights, output;
};

AttentionStages buildAttention(TensorBuilder &b, const AttentionParts &parts);

/// Reads the attribute `scale`, 1/√H where it is absent; operators of
/// com.microsoft mean that by 0.
LogicalResult readScale(Node &node, AttentionParts &parts);

/// Σ lhs · rhs over loops of the two and the result, in the compute type.
Value contract(TensorBuilder &b, Value lhs, Value rhs,
               ArrayRef<OpFoldResult> sizes, ArrayRef<unsigned> lhsLoops,
               ArrayRef<unsigned> rhsLoops, ArrayRef<unsigned> resultLoops);

/// [B, S, heads · H] as [B, heads, S, H], and back.
Value splitHeads(TensorBuilder &b, Value input, int64_t heads);
Value mergeHeads(TensorBuilder &b, Value input);

/// What a mask [B | 1, N | 1, S | 1, T], or one of lower rank, adds to a
/// score: its element, or −∞ where a boolean one is false or the mask ends.
Value readMask(ImplicitLocOpBuilder &b, Value mask, ValueRange sizes,
               ValueRange at, Type compute);
/// The sizes that `readMask` takes, having checked that all but the last fit.
SmallVector<Value> checkMask(TensorBuilder &b, Value mask,
                             ArrayRef<OpFoldResult> scores);

/// Cosine and sine for a position of a batch and one of the R / 2 angles.
using AngleFn = std::function<std::pair<Value, Value>(
    ImplicitLocOpBuilder &, Value batch, Value position, Value angle)>;

/// Rotates pairs among the first `rotated` elements of the last dimension of
/// a rank-4 tensor whose positions run along `sequenceAxis`.
Value rotatePairs(TensorBuilder &b, Value input, int64_t sequenceAxis,
                  int64_t rotated, bool interleaved, AngleFn angles);

} // namespace mlir::onnxtolinalg

#endif // MOE_LIB_CONVERSION_ONNXTOLINALG_ATTENTION_H
