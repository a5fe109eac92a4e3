//===- RaiseLayers.cpp - Layers written in plain operators ------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerBuilder.h"
#include "Raise.h"
#include "moe/Dialect/ONNXIR/Utils/NodeUtils.h"

using namespace mlir;
using namespace mlir::moe;
using onnxir::NodeOp;

/// How often a sum is taken apart again in one function.
static constexpr unsigned kMaxRetries = 64;

/// Whether sums of experts can end in this operator.
static bool mayEndLayer(NodeOp node) {
  if (!node.getDomain().empty() || node.getNumResults() != 1)
    return false;
  auto type = dyn_cast<RankedTensorType>(node.getResult(0).getType());
  return type && isa<FloatType>(type.getElementType()) && type.getRank() >= 2 &&
         llvm::StringSwitch<bool>(node.getOpType())
             .Cases({"Add", "Sum", "ScatterND", "ScatterElements"}, true)
             .Cases({"ReduceSum", "MatMul", "Einsum", "Mul", "Cast"}, true)
             // Rows of one expert for each token, in their order again.
             .Case("Gather", true)
             .Default(false);
}

namespace {
/// Finds the layers of one function, the last one first: what is built refers
/// to values before it only, which are replaced later.
class LayerFinder {
public:
  LayerFinder(func::FuncOp function) : function(function), facts(function) {}

  unsigned run() {
    SmallVector<NodeOp> nodes;
    for (Operation &op : function.getBody().front())
      if (auto node = dyn_cast<NodeOp>(op))
        nodes.push_back(node);
    // Parts of a layer that was found have no users but each other.
    llvm::DenseSet<Operation *> dead;
    auto isDead = [&](NodeOp node) {
      return llvm::all_of(node->getUsers(),
                          [&](Operation *user) { return dead.contains(user); });
    };
    for (NodeOp node : llvm::reverse(nodes)) {
      if (!isDead(node) && mayEndLayer(node))
        raise(node);
      if (isDead(node))
        dead.insert(node);
    }
    // What has no facts is in no sum that was looked at.
    RemarkSink remarks;
    DenseSet<Operation *> scatters;
    for (NodeOp node : nodes)
      if (!isDead(node))
        explainUnfollowed(facts, node, remarks, scatters);
    remarks.emit();
    if (numLayers)
      eraseDead();
    return numLayers;
  }

private:
  void raise(NodeOp node);
  void eraseDead();

  func::FuncOp function;
  Facts facts;
  /// Sums that were taken apart as a part of another.
  llvm::DenseSet<const Expr *> visited;
  /// Sums of experts' rows that a remark speaks of.
  llvm::DenseSet<const Expr *> explained;
  unsigned numLayers = 0, numRetries = 0;
};
} // namespace

void LayerFinder::raise(NodeOp node) {
  View view = facts.get(node.getResult(0));
  if (!view || view.expr->is(Expr::Kind::Leaf) || visited.contains(view.expr) ||
      node->use_empty())
    return;
  // Copies of a value that was replaced.
  if (view.expr->origin != node.getResult(0))
    return;
  AccessReader reader;
  std::optional<SumTree> tree = SumTree::build(reader, view);
  if (!tree)
    return;
  for (Term &term : tree->terms)
    classify(reader, *tree, term);
  // What others use as well may be a sum of its own.
  for (const SumNode &part : tree->nodes)
    if (part.term < 0 || tree->terms[part.term].body ||
        part.rows.expr->users <= 1)
      visited.insert(part.rows.expr);
  RemarkSink remarks;
  LayerBuilder builder(facts, reader, *tree, remarks);
  if (builder.build(node)) {
    ++numLayers;
  } else if (builder.isLayerInside() && numRetries < kMaxRetries) {
    // Its operand is looked at by itself.
    ++numRetries;
    for (const SumNode &part : llvm::drop_begin(tree->nodes))
      visited.erase(part.rows.expr);
    return;
  }
  // What other experts' rows are added to has been explained with them.
  if (builder.isScatterExplained()) {
    if (explained.contains(view.expr))
      return;
    for (const Expr *expr = view.expr; expr->is(Expr::Kind::Scatter);
         expr = expr->operands[0].expr)
      explained.insert(expr);
  }
  // Of a layer that was found, what stays outside.
  remarks.emit();
}

/// Erases nodes whose results nobody uses any more.
void LayerFinder::eraseDead() {
  for (Operation &op :
       llvm::make_early_inc_range(llvm::reverse(function.getBody().front())))
    if (isa<NodeOp, onnxir::GetWeightOp>(op) && op.use_empty())
      op.erase();
}

FailureOr<unsigned> moe::raiseLayers(func::FuncOp function) {
  if (function.isExternal() || !function.getBody().hasOneBlock())
    return 0u;
  return LayerFinder(function).run();
}
