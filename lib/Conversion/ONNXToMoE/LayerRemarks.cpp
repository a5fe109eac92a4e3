//===- LayerRemarks.cpp - Why a sum is no layer -----------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerBuilder.h"
#include "Views.h"

using namespace mlir;
using namespace mlir::moe;
using onnxir::NodeOp;

/// How many factors around an expert are looked behind.
static constexpr unsigned kMaxFactors = 8;

static constexpr StringLiteral kUnknownPositions =
    "results of experts are added at positions that are not understood";
static constexpr StringLiteral kUnlikeSegments =
    "experts whose rows stand one behind the other are not alike but for "
    "their weights";
static constexpr StringLiteral kUnequalSizes =
    "the sizes of the tokens and of what they are weighed by are not known to "
    "be equal; dimensions of one name are";

/// Whether `rows` are those of an expert, times numbers.
static bool isWeighedBody(AccessReader &reader, Access rows, int feature) {
  for (unsigned i = 0; i < kMaxFactors; ++i) {
    if (matchBody(reader, rows, feature))
      return true;
    if (Access inner = reader.peelOnce(rows)) {
      rows = inner;
      continue;
    }
    if (!rows.expr->isMap("Mul"))
      return false;
    SmallVector<Access, 2> operands = reader.open(rows);
    bool second = operands[1].dependsOn(feature);
    if (operands[0].dependsOn(feature) == second)
      return false;
    rows = operands[second];
  }
  return false;
}

/// Whether `rows` are those of one of several tensors of weights, chosen by
/// what the model computes; codes are widened.
static bool picksWeights(AccessReader &reader, Access rows) {
  for (unsigned i = 0; i < kMaxFactors && rows.expr->isMap("Cast"); ++i)
    rows = reader.open(rows)[0];
  if (rows.expr->is(Expr::Kind::Index))
    return rows.expr->operands[0].expr->constant;
  return rows.expr->is(Expr::Kind::Stack) &&
         rows.at[0].kind == Binding::Kind::Computed &&
         llvm::all_of(rows.expr->operands, [](const Operand &operand) {
           return operand.expr->is(Expr::Kind::Leaf) && operand.expr->constant;
         });
}

/// Says why the results of an expert are not seen where they are added.
void LayerBuilder::explainScatter(const Term &term) {
  const Expr &expr = *term.rows.expr;
  if (!expr.is(Expr::Kind::Scatter) || expr.operands.size() != 3 ||
      expr.indexed.size() != 1)
    return;
  SmallVector<int> bound;
  for (size_t i = 0; i < expr.bound.size(); ++i)
    bound.push_back(reader.newVariable());
  SmallVector<Access, 2> operands = reader.open(term.rows, bound);
  if (!isWeighedBody(reader, operands[1], tree.feature))
    return;
  // Rows that a mask of another size chose.
  const Expr &index = *expr.operands[2].expr;
  bool isUnequal = false;
  if (index.is(Expr::Kind::Coordinate) && index.part >= 0) {
    ArrayRef<int> axes = index.indexed[index.part];
    isUnequal = axes.size() == 1 && expr.indexed[0].size() == 1 &&
                index.operands[0].expr->axes[axes[0]] < 0 &&
                expr.axes[expr.indexed[0][0]] < 0;
  }
  remarks.note(expr.origin, "accumulation",
               isUnequal ? kUnequalSizes : kUnknownPositions);
  isScatter = true;
}

/// The open size of a dimension, or 0.
static Size getOpenSize(ArrayRef<Factor> dim) {
  return dim.size() == 1 && dim[0].size < 0 ? dim[0].size : 0;
}

/// Whether `view` holds rows of an expert, times numbers.
static bool holdsBody(const View &view) {
  AccessReader reader;
  std::optional<SumTree> tree = SumTree::build(reader, view);
  return tree && llvm::any_of(tree->nodes, [&](const SumNode &part) {
           return isWeighedBody(reader, part.rows, tree->feature);
         });
}

void moe::explainUnfollowed(Facts &facts, NodeOp node, RemarkSink &remarks,
                            DenseSet<Operation *> &scatters) {
  bool isScatter = node.is("ScatterND") || node.is("ScatterElements");
  bool isConcat = node.is("Concat") && node.getInt("axis", 0) == 0;
  if (!node.is("Mul") && !isScatter && !isConcat)
    return;
  View result = facts.get(node.getResult(0));
  if (!result || !result.expr->is(Expr::Kind::Leaf))
    return;
  if (isScatter) {
    // The results of other experts that it adds to.
    bool isNext = scatters.contains(node.getInput(0).getDefiningOp());
    View updates = facts.get(node.getInput(2));
    if (!isNext && !(updates && holdsBody(updates)))
      return;
    scatters.insert(node);
    if (isNext)
      return;
    remarks.note(node, "accumulation", kUnknownPositions);
    remarks.emit();
    return;
  }
  if (isConcat) {
    unsigned bodies = 0;
    for (unsigned i = 0; i < node.getNumSlots(); ++i)
      if (View rows = facts.get(node.getInput(i)))
        bodies += holdsBody(rows);
    if (bodies > 1) {
      remarks.note(node, "expert", kUnlikeSegments);
      remarks.emit();
    }
    return;
  }
  View a = facts.get(node.getInput(0)), b = facts.get(node.getInput(1));
  if (!a || !b)
    return;
  for (auto [own, other] :
       llvm::zip(llvm::reverse(a.dims), llvm::reverse(b.dims))) {
    Size left = getOpenSize(own), right = getOpenSize(other);
    if (!left || !right || left == right || !(holdsBody(a) || holdsBody(b)))
      continue;
    remarks.note(node, "router", kUnequalSizes);
    return;
  }
}

/// Says what stopped the reading of terms that look like experts: at least two
/// bodies, or several in one, with factors.
void LayerBuilder::explain() {
  for (const Term &term : tree.terms)
    explainScatter(term);
  const Term *first = nullptr, *routedBody = nullptr, *weightedBody = nullptr;
  int64_t count = 0, routedBodies = 0, weightedBodies = 0;
  for (const Term &term : tree.terms) {
    bool routed = term.gate.kind != TermGate::Kind::None;
    if (!term.body && picksWeights(reader, term.rows)) {
      // What multiplies them was taken for a number.
      remarks.note(tree.nodes[0].rows.expr->origin, "expert",
                   "its matrices are made of weights in a way that is not "
                   "understood");
      continue;
    }
    if (!term.body && term.rows.expr->is(Expr::Kind::Stack)) {
      SmallVector<Access, 2> parts = reader.open(term.rows);
      if (llvm::count_if(parts, [&](const Access &part) {
            return matchBody(reader, part, tree.feature).has_value();
          }) > 1)
        remarks.note(term.rows.expr->origin, "accumulation",
                     "stacked results of experts are picked in a way that is "
                     "not understood");
      continue;
    }
    if (term.body) {
      bool weighted = !routed && !term.coefficients.empty();
      routedBodies += routed;
      weightedBodies += weighted;
      routedBody = routed ? &term : routedBody;
      weightedBody = weighted ? &term : weightedBody;
    }
    if (term.body || (term.role.empty() && !routed))
      continue;
    if (!first)
      first = &term;
    count += routed && !term.gate.expert ? 2 : 1;
    if (term.summed.size() > 0)
      ++count;
  }
  if (routedBodies > 1)
    remarks.note(routedBody->body->input.expr->origin, "expert",
                 "experts of one router read different inputs");
  if (weightedBodies > 1)
    remarks.note(weightedBody->coefficients[0].expr->origin, "router",
                 "the factors of an expert are no weights of a choice");
  if (count < 2)
    return;
  Value at = first->at ? first->at : first->rows.expr->origin;
  if (first->role.empty())
    remarks.note(at, "expert", "what it computes is no kind of expert");
  else
    remarks.note(at, first->role, first->reason);
}
