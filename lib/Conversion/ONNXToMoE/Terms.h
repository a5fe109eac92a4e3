//===- Terms.h - Sums of experts taken apart --------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOMOE_TERMS_H
#define MOE_LIB_CONVERSION_ONNXTOMOE_TERMS_H

#include "Body.h"
#include "Routing.h"

namespace mlir::moe {

/// One of the choices that a dispatch tensor makes for a token: an id for each
/// token, as the model reads it and as the element of a tensor that it is, and
/// a weight, null for 1.
struct DispatchSlot {
  Access ids, element, weights;
};
using DispatchSlots = SmallVector<DispatchSlot, 1>;

/// What decides how much of an expert a token gets.
struct TermGate {
  enum class Kind {
    /// The term is not routed: a shared expert, or no expert at all.
    None,
    /// Σ_j (ids[t, j] = e) · weights[t, j].
    Choice,
    /// dense[t, e].
    Dense,
    /// The weight of a slot whose place of e is not beyond the capacity.
    Dispatch,
  };
  Kind kind = Kind::None;
  /// Choice: read at the tokens and at one slot variable (or none, for one
  /// slot). No weights stand for 1.
  const Expr *ids = nullptr, *weights = nullptr;
  /// Dense: an expression of tokens and experts. Dispatch: of tokens, experts
  /// and places.
  const Expr *dense = nullptr;
  DispatchSlots slots;
  int64_t capacity = 0;
  /// Only gates greater than 0 count.
  bool positiveOnly = false;
  /// Which expert, or that it is all of them, from `offset` on.
  std::optional<int64_t> expert;
  int64_t offset = 0;
  /// How many experts there are, if the gate says so; 0 otherwise.
  int64_t experts = 0;

  bool sameRouter(const TermGate &other) const {
    return kind == other.kind && ids == other.ids && weights == other.weights &&
           dense == other.dense;
  }
};

/// A part of a sum: rows of features times factors of tokens.
struct Term {
  /// The rows, and the factors and summed variables around them.
  Access rows;
  SmallVector<Access> factors;
  SmallVector<int> summed;
  /// Found by classification.
  std::optional<Body> body;
  TermGate gate;
  /// The dense gate as the model reads it.
  Access gateFactor;
  /// Whether the gate multiplies what the expert reads, not what it gives.
  bool weighsInput = false;
  /// Whether factors were found that have no role, and which role was not
  /// understood, where and why, of a term that has a body.
  bool unread = false;
  StringRef role, reason;
  Value at;
  /// What is left: a number for each token, and a number.
  SmallVector<Access> coefficients;
  double scale = 1.0;
};

/// One step from a sum to its parts. The value of a node with children is
/// made of theirs alone.
struct SumNode {
  int parent = -1;
  SmallVector<int, 2> children;
  Access rows;
  /// Whether the parent is a sum of which this is a part.
  bool additive = true;
  int term = -1;
};

/// A tensor of tokens × features as a sum of terms.
class SumTree {
public:
  /// Takes apart `view`, whose last dimension holds the features.
  static std::optional<SumTree> build(AccessReader &reader, const View &view);

  std::vector<SumNode> nodes;
  std::vector<Term> terms;
  /// The variables of the tokens, in the order of the dimensions.
  SmallVector<int, 2> tokens;
  SmallVector<Size, 2> tokenSizes;
  int feature = 0;
  int64_t featureSize = 0;

private:
  bool step(AccessReader &reader, int node, const Term &term);
  void addChild(int node, Term term, bool additive);

  std::vector<std::pair<int, Term>> worklist;
};

/// ids = e, and how many experts are compared with (0: one).
struct ExpertTest {
  Access ids;
  Binding expert;
  int64_t experts = 0;
};

/// Reads `access` as a comparison of ids with an expert.
std::optional<ExpertTest> matchTest(AccessReader &reader, Access access);

/// The tensor, tokens × experts, whose elements at `ids` are `picked`; null
/// where there is none.
Value findGatheredScores(Facts &facts, Value ids, Value picked);

/// Reads a condition T×k that holds for slots whose expert, one of so many, has
/// room for them: as many as were before them, in all tokens' earlier slots and
/// in earlier tokens' own, are less than a number.
std::optional<Admission> findAdmission(Facts &facts, Value condition,
                                       int64_t experts);

/// Finds the gate of a term whose rows are dispatched by a one-hot tensor.
bool classifyDispatch(AccessReader &reader, const SumTree &tree, Term &term);

/// Finds the body and gate of `term`. The body of a copy expert is not found
/// here, since any term looks like one.
void classify(AccessReader &reader, const SumTree &tree, Term &term);

/// `access` as the innermost tensor that holds it for each token and slot;
/// casts that round stay.
Access findTensor(AccessReader &reader, Access access, ArrayRef<int> tokens);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_ONNXTOMOE_TERMS_H
