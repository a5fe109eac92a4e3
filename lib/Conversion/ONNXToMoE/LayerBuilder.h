//===- LayerBuilder.h - Layers from terms -----------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOMOE_LAYERBUILDER_H
#define MOE_LIB_CONVERSION_ONNXTOMOE_LAYERBUILDER_H

#include "Layer.h"
#include "Terms.h"

namespace mlir::moe {

/// One expert of a layer: a term, and which of the experts that it stands for.
struct ExpertEntry {
  const Term *term = nullptr;
  int64_t index = 0;
};

/// Appends to `sets` the run of equal experts that `entries` starts with, and
/// returns how many they are; 0 where their weights cannot be referred to.
/// Entries without a term are zero experts.
size_t appendExpertSet(ImplicitLocOpBuilder &builder,
                       ArrayRef<ExpertEntry> entries,
                       SmallVectorImpl<ExpertSet> &sets);

/// Puts the terms of a sum together into a layer, and replaces the sum.
class LayerBuilder {
public:
  LayerBuilder(Facts &facts, AccessReader &reader, SumTree &tree,
               RemarkSink &remarks)
      : facts(facts), reader(reader), tree(tree), remarks(remarks) {}

  /// Replaces the part of `node`'s sum that is a layer; returns false, with
  /// remarks where it looks like one, if there is none.
  bool build(onnxir::NodeOp node);
  /// Whether there was none because the layer is a part of what the root passes
  /// on multiplied.
  bool isLayerInside() const { return isInside; }
  /// Whether remarks are about rows that are added one expert after the other.
  bool isScatterExplained() const { return isScatter; }

private:
  enum class Share { Zero, None, Mixed, All };

  bool chooseRouter();
  void explain();
  void explainScatter(const Term &term);
  int64_t countExperts() const;
  bool readRouting();
  bool readDispatched(ScoreFinder findScores);
  void readSimple(Term &term);
  bool collectExperts(onnxir::NodeOp node);
  void collectShared();
  bool fits(const Access &access) const;
  bool findReplaced(onnxir::NodeOp node);
  Value buildColumns(ImplicitLocOpBuilder &builder, Value value,
                     const Layout &layout);
  bool buildCoefficients(ImplicitLocOpBuilder &builder);
  /// Finds out where the sizes of the replaced value come from.
  bool planResult();
  void replace(ImplicitLocOpBuilder &builder, Value result);

  Facts &facts;
  AccessReader &reader;
  SumTree &tree;
  RemarkSink &remarks;

  Layer layer;
  TermGate router;
  bool isInside = false, isScatter = false;
  /// Whether given weights count only where they are greater than 0.
  bool positiveOnly = false;
  Access input;
  /// The type of its tensor, the features being the last dimension.
  RankedTensorType tokens;
  /// The routed experts by id, and the shared ones.
  SmallVector<ExpertEntry> entries;
  SmallVector<const Term *> shared;
  /// The term whose coefficients all routed experts have.
  const Term *routed = nullptr;
  llvm::DenseSet<const Term *> parts;
  /// What the layer takes the place of, and what is added to it.
  Value replaced;
  SmallVector<Value> others;
  /// For each of its dimensions that together are the tokens: the dimension of
  /// the layer's input of that size, or −1 for what static sizes leave.
  SmallVector<int64_t> leading;
};

/// Notes why nothing is known of the result of `node`, if it adds results of an
/// expert or multiplies them by numbers for each token. `scatters` are nodes
/// that have been explained, or add to the results of one that has.
void explainUnfollowed(Facts &facts, onnxir::NodeOp node, RemarkSink &remarks,
                       DenseSet<Operation *> &scatters);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_ONNXTOMOE_LAYERBUILDER_H
