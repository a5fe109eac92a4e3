//===- LayerRouter.cpp - The router that terms share ------------*- C++ -*-===//
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

/// Finds the router that most terms share, and their input.
bool LayerBuilder::chooseRouter() {
  int64_t best = 0;
  SmallVector<std::pair<const Term *, int64_t>> counts;
  for (const Term &term : tree.terms) {
    if (!term.body || term.gate.kind == TermGate::Kind::None)
      continue;
    auto it = llvm::find_if(counts, [&](const auto &entry) {
      return entry.first->gate.sameRouter(term.gate) &&
             entry.first->body->input == term.body->input;
    });
    if (it == counts.end()) {
      counts.push_back({&term, 0});
      it = counts.end() - 1;
    }
    it->second += term.gate.expert ? 1 : term.body->up.matrix.experts;
    if (it->second > best) {
      best = it->second;
      router = term.gate;
      input = term.body->input;
    }
  }
  if (best != 1)
    return best > 1;
  // One network is an expert among others of another kind, or the only one of a
  // choice. A number for each token that it is multiplied by makes no layer,
  // and networks of other inputs are no experts beside it.
  if (llvm::any_of(tree.terms, [&](const Term &term) {
        return term.body && term.gate.sameRouter(router) &&
               !(term.body->input == input);
      }))
    return false;
  if (router.kind != TermGate::Kind::Dense)
    return true;
  return llvm::count_if(tree.terms, [&](const Term &term) {
           return term.gate.sameRouter(router);
         }) > 1;
}

/// How many experts the terms of the router, or its gates, speak of.
int64_t LayerBuilder::countExperts() const {
  int64_t count = router.experts;
  for (const Term &term : tree.terms)
    if (term.gate.sameRouter(router) && term.gate.expert)
      count = std::max(count, *term.gate.expert + 1);
  return count;
}

/// The tensor of tokens × slots whose columns the picks are, in their order.
static const Expr *findColumns(AccessReader &reader, ArrayRef<Access> picks) {
  // The slots are the last axis of the tensor.
  auto isColumn = [&](const Access &access, int64_t i) {
    const Layout &dims = access.expr->layout;
    return access.expr->origin && !dims.empty() && dims.back().size() == 1 &&
           dims.back()[0].axis >= 0 &&
           dims.back()[0].size == static_cast<Size>(picks.size()) &&
           access.at[dims.back()[0].axis] == Binding::constant(i);
  };
  const Expr *found = nullptr;
  for (auto [i, pick] : llvm::enumerate(picks)) {
    Access access = pick;
    while (access && !isColumn(access, i))
      access = reader.peelOnce(access);
    if (!access || (found && found != access.expr))
      return nullptr;
    found = access.expr;
  }
  return found;
}

/// Reads the choices that tokens are dispatched by.
bool LayerBuilder::readDispatched(ScoreFinder findScores) {
  SmallVector<Access> ids, weights;
  SmallVector<RouterPick> picks;
  for (const DispatchSlot &slot : router.slots) {
    ids.push_back(slot.ids);
    weights.push_back(slot.weights);
    picks.push_back({slot.ids.expr->origin, slot.weights.expr->origin, {}});
  }
  FailureOr<Routing> found = failure();
  const Expr *allIds = picks.size() > 1 ? findColumns(reader, ids) : nullptr;
  const Expr *allWeights = allIds ? findColumns(reader, weights) : nullptr;
  if (allWeights)
    found = matchRouting(allIds->origin, allWeights->origin, remarks,
                         /*experts=*/0, findScores);
  else
    found = matchDispatchRouting(picks, router.experts, remarks, findScores);
  if (failed(found))
    return false;
  auto capacity = CapacityAttr::get(allIds ? allIds->element.getContext()
                                           : ids[0].expr->element.getContext(),
                                    router.capacity, Real(0.0));
  // A gate normalises what is left. Here what was chosen is.
  if (found->normalize == NormalizeMode::None)
    found->capacity = capacity;
  else
    layer.capacity = capacity;
  layer.routing = *found;
  return true;
}

/// Reads what the router computes; falls back on its results alone.
bool LayerBuilder::readRouting() {
  bool choice = router.kind == TermGate::Kind::Choice;
  auto findScores = [&](Value ids, Value picked) {
    return findGatheredScores(facts, ids, picked);
  };
  if (router.kind == TermGate::Kind::Dispatch)
    return readDispatched(findScores);
  FailureOr<Routing> found = failure();
  if (!choice)
    found = matchDenseRouting(router.dense->origin, remarks, findScores);
  else if (router.weights)
    found = matchRouting(router.ids->origin, router.weights->origin, remarks,
                         /*experts=*/0, findScores,
                         [&](Value condition, int64_t experts) {
                           return findAdmission(facts, condition, experts);
                         });
  else
    found = matchRouting(router.ids->origin, Value(), remarks, countExperts());
  // Gates that may be negative count here only where they are not.
  bool any = false, all = true;
  for (const Term &term : tree.terms)
    if (term.gate.sameRouter(router)) {
      any |= term.gate.positiveOnly;
      all &= term.gate.positiveOnly;
    }
  const Expr *gates = choice ? router.weights : router.dense;
  bool mayDiffer = false;
  if (succeeded(found) && any && gates && !isNonNegative(gates)) {
    bool positive = !found->logits ||
                    (found->score != ScoreFunction::Identity &&
                     found->score != ScoreFunction::Tanh) ||
                    found->normalize == NormalizeMode::Softmax;
    bool mayBeZero = found->score == ScoreFunction::Relu;
    if (found->values) {
      NodeOp last =
          found->functions.empty() ? NodeOp() : found->functions.back();
      positive = last ? getNode(last.getResult(0),
                                {"Sigmoid", "Relu", "Softplus", "Sqrt", "Exp"})
                      : isNonNegative(facts.get(found->values).expr);
      mayBeZero = last ? last.getOpType() == "Relu"
                       : facts.get(found->values).expr->isMap("Relu");
    } else if (!positive && found->score == ScoreFunction::Identity) {
      // What no score function computes alike, for it is rounded, say.
      View logits = facts.get(found->logits);
      positive = mayBeZero = logits && isNonNegative(logits.expr);
    }
    // 0 / 0 is not greater than 0 either.
    positive &= !mayBeZero || found->normalize != NormalizeMode::Sum ||
                found->epsilon > 0.0 || found->floor > 0.0;
    if (!positive || found->scale < 0) {
      mayDiffer = true;
      found = failure();
    }
  }
  if (succeeded(found)) {
    layer.routing = *found;
    return true;
  }
  if (any != all && (!choice || router.weights)) {
    remarks.note(choice ? router.weights->origin : router.dense->origin,
                 "router", "only some experts ask for gates greater than 0");
    return false;
  }
  if (mayDiffer)
    remarks.note(gates->origin, "router",
                 "experts ask for weights greater than 0, and weights may be "
                 "negative or no numbers");
  if (choice) {
    layer.ids = router.ids->origin;
    positiveOnly = any;
    return true;
  }
  // Any dense gates are the scores of a choice of all, or of those above 0.
  const Layout &dims = router.dense->layout;
  if (dims.back().size() != 1 || !isa<FloatType>(router.dense->element))
    return false;
  Routing &routing = layer.routing.emplace();
  routing.logits = router.dense->origin;
  routing.experts = router.experts;
  routing.score = ScoreFunction::Identity;
  routing.select = SelectAttr::get(
      routing.logits.getContext(),
      any ? SelectMode::Threshold : SelectMode::All, router.experts,
      TieBreak::Lower, Real(0.0), Real(0.0), 0, Real(0.0));
  return true;
}
