//===- Terms.cpp - The roles of the factors of a term -----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Terms.h"

using namespace mlir;
using namespace mlir::moe;

/// Factors are not taken apart further.
static constexpr unsigned kMaxDepth = 8;

std::optional<ExpertTest> moe::matchTest(AccessReader &reader, Access access) {
  access = reader.peel(access);
  if (access.expr->isMap("Greater") &&
      access.expr->operands[0].expr->element.isInteger(1) &&
      access.expr->operands[1].expr->isSplat(0))
    access = reader.peel(reader.open(access)[0]);
  // A truth value that was made a number, and one again.
  if (access.expr->isMap("NotZero"))
    do
      access = reader.peel(reader.open(access)[0]);
    while (access.expr->isMap("Cast"));
  if (!access.expr->isMap("Equal"))
    return std::nullopt;
  SmallVector<Access, 2> operands = reader.open(access);
  for (int i : {0, 1}) {
    const Access &other = operands[1 - i];
    if (!isa<IntegerType>(operands[i].expr->element) ||
        operands[i].expr->element.isInteger(1) ||
        operands[i].expr->is(Expr::Kind::Splat) ||
        operands[i].expr->is(Expr::Kind::Iota))
      continue;
    if (other.expr->is(Expr::Kind::Splat))
      return ExpertTest{operands[i], Binding::constant(other.expr->number), 0};
    if (other.expr->is(Expr::Kind::Iota) && other.expr->axes.size() == 1)
      return ExpertTest{operands[i], other.at[0], other.expr->axes[0]};
  }
  return std::nullopt;
}

/// Takes `access`, a product or a sum of products, apart into factors if one of
/// them is a test of ids; adds nothing and returns false otherwise.
static bool splitFactor(AccessReader &reader, const Access &access,
                        SmallVectorImpl<Access> &factors,
                        SmallVectorImpl<int> &summed, unsigned depth) {
  if (matchTest(reader, access)) {
    factors.push_back(access);
    return true;
  }
  if (depth == 0)
    return false;
  Access inner = reader.peel(access);
  SmallVector<int> bound;
  for (size_t i = 0; i < inner.expr->bound.size(); ++i)
    bound.push_back(reader.newVariable());
  SmallVector<Access, 2> parts;
  if (inner.expr->isMap("Where")) {
    parts = reader.open(inner);
    if (!parts[2].expr->isSplat(0) || !matchTest(reader, parts[0]))
      return false;
    parts.pop_back();
  } else if (inner.expr->isMap("Mul") || inner.expr->is(Expr::Kind::Sum) ||
             inner.expr->is(Expr::Kind::Contract)) {
    parts = reader.open(inner, bound);
  }
  SmallVector<Access> own;
  SmallVector<int> ownSummed(bound);
  bool tests = false;
  for (const Access &part : parts)
    if (splitFactor(reader, part, own, ownSummed, depth - 1))
      tests = true;
    else
      own.push_back(part);
  // A sum over experts reads what is at an id; it tests nothing.
  auto testsBound = [&](const Access &factor) {
    std::optional<ExpertTest> test = matchTest(reader, factor);
    return test && test->expert.kind == Binding::Kind::Variable &&
           llvm::is_contained(bound, test->expert.var);
  };
  if (!tests || llvm::any_of(own, testsBound))
    return false;
  factors.append(own);
  summed.append(ownSummed);
  return true;
}

/// Adds the factors of `access` to `factors`, taking it apart where a test of
/// ids is inside.
static void expandFactor(AccessReader &reader, const Access &access,
                         SmallVectorImpl<Access> &factors,
                         SmallVectorImpl<int> &summed) {
  SmallVector<Access> parts;
  if (!splitFactor(reader, access, parts, summed, kMaxDepth))
    parts.push_back(access);
  for (Access &part : parts) {
    while (reader.readsRows(part))
      if (Access inner = reader.peelOnce(part))
        part = inner;
      else
        break;
    factors.push_back(part);
  }
}

/// Whether `access` reads tokens at `tokens`, in this order, and is read at
/// most at one other axis; the binding of that one.
static bool readsTokens(const Access &access, ArrayRef<int> tokens,
                        std::optional<Binding> &other) {
  size_t next = 0;
  // In the order in which a tensor holds them.
  if (!access.expr->origin)
    return false;
  for (const auto &dim : access.expr->layout)
    for (const Factor &factor : dim) {
      if (factor.axis < 0)
        return false;
      const Binding &at = access.at[factor.axis];
      if (next < tokens.size() && at.isPlain(tokens[next])) {
        ++next;
        continue;
      }
      if (other || next != tokens.size())
        return false;
      other = at;
    }
  return next == tokens.size();
}

Access moe::findTensor(AccessReader &reader, Access access,
                       ArrayRef<int> tokens) {
  Access found;
  for (Access next = access; next; next = reader.peelOnce(next)) {
    std::optional<Binding> slot;
    if (readsTokens(next, tokens, slot) && (!slot || slot->isPlain()))
      found = next;
    // Beneath it values are not rounded yet.
    if (found && isFloatCast(next.expr))
      break;
  }
  return found ? found : access;
}

/// What `access` is a test of: whether it is not 0, or greater than 0.
static Access getTested(AccessReader &reader, const Access &access,
                        bool &positive) {
  Access test = reader.peel(access);
  positive = test.expr->isMap("Greater");
  if (!positive && !test.expr->isMap("NotZero"))
    return {};
  SmallVector<Access, 2> operands = reader.open(test);
  if (!isa<FloatType>(operands[0].expr->element) ||
      (positive && !operands[1].expr->isSplat(0)))
    return {};
  return reader.peel(operands[0]);
}

/// The experts that the body's weights are read at: nothing when it has
/// weights of its own; fails when they disagree.
static FailureOr<std::optional<Binding>> getSelector(AccessReader &reader,
                                                     const Body &body) {
  std::optional<Binding> selector;
  bool differs = false, mixed = false;
  auto add = [&](const BodyWeight &weight) {
    if (!weight)
      return;
    if (!weight.expert)
      return;
    auto isSame = [&](const Binding &a, const Binding &b) {
      if (a == b)
        return true;
      // Sorted ids and the segments that they stand in are one choice.
      if (a.kind != Binding::Kind::Computed ||
          b.kind != Binding::Kind::Computed)
        return false;
      auto x = reader.getChoice(*a.position), y = reader.getChoice(*b.position);
      return x && y && reader.peel(*x) == reader.peel(*y);
    };
    if (!selector)
      selector = weight.expert;
    else if (!isSame(*selector, *weight.expert))
      differs = true;
    if (selector->kind != weight.expert->kind)
      mixed = true;
  };
  for (const BodyProjection *projection : {&body.up, &body.gate, &body.down}) {
    add(projection->matrix);
    add(projection->bias);
    add(projection->thin);
    add(projection->base);
  }
  add(body.vector);
  add(body.mix);
  if (mixed || (differs && selector->kind != Binding::Kind::Constant))
    return failure();
  return selector;
}

/// `access`, read at the features, as the innermost tensor that holds it for
/// each token; null if there is none.
static Access findInput(AccessReader &reader, const Access &access,
                        ArrayRef<int> tokens) {
  Access found;
  for (Access next = access; next; next = reader.peelOnce(next)) {
    std::optional<Binding> feature;
    if (readsTokens(next, tokens, feature) && feature &&
        feature->isPlain(kFeature))
      found = next;
  }
  return found;
}

/// Splits x[t] · gate[t, e], which an expert reads, into its input and a
/// factor.
static void splitInput(AccessReader &reader, const SumTree &tree, Term &term) {
  Access input = reader.peel(term.body->input);
  if (!input.expr->isMap("Mul"))
    return;
  SmallVector<Access, 2> operands = reader.open(input);
  for (int i : {0, 1}) {
    const Access &factor = operands[1 - i];
    // What only the token decides is a part of the input.
    bool isGate = !factor.dependsOn(kFeature) &&
                  llvm::any_of(factor.at, [&](const Binding &at) {
                    return !llvm::any_of(tree.tokens, [&](int token) {
                      return at.isPlain(token);
                    });
                  });
    if (!isGate || !findInput(reader, operands[i], tree.tokens))
      continue;
    term.body->input = operands[i];
    term.factors.push_back(factor);
    term.weighsInput = true;
    return;
  }
}

void moe::classify(AccessReader &reader, const SumTree &tree, Term &term) {
  if (!term.body)
    term.body = matchBody(reader, term.rows, tree.feature);
  if (term.body && term.body->kind == Body::Kind::FFN)
    splitInput(reader, tree, term);
  if (term.body)
    term.factors.append(term.body->factors);
  bool dispatched = term.body && classifyDispatch(reader, tree, term);
  if (term.body) {
    Access whole = findInput(reader, term.body->input, tree.tokens);
    term.body->input = whole ? whole : reader.peel(term.body->input);
  }
  if (term.body) {
    std::optional<Binding> other;
    bool isExplained = !term.role.empty();
    if (!readsTokens(term.body->input, tree.tokens, other) || !other ||
        !other->isPlain(kFeature)) {
      if (!isExplained) {
        term.role = "expert";
        term.reason = "what it reads is no row of the layer's input";
        term.at = term.body->input.expr->origin;
      }
      term.body.reset();
    }
  }
  std::optional<Binding> selector;
  if (term.body) {
    FailureOr<std::optional<Binding>> found = getSelector(reader, *term.body);
    if (failed(found)) {
      term.role = "expert";
      term.reason = "its weights are those of different experts";
      term.at = term.rows.expr->origin;
      term.body.reset();
      return;
    }
    selector = *found;
  }
  TermGate gate = term.gate;
  // Whether an expert is among the choices, beside the weight that it has then.
  SmallVector<ExpertTest> present;
  SmallVector<Access> factors;
  SmallVector<int> summed(term.summed);
  for (size_t i = 0; i < term.factors.size(); ++i) {
    bool positive;
    Access weight = getTested(reader, term.factors[i], positive);
    // Where a weight is 0 it makes no difference that it is tested.
    SmallVector<Access> marks;
    SmallVector<int> slots;
    if (weight && llvm::any_of(term.factors, [&](const Access &other) {
          return reader.peel(other) == weight;
        }))
      gate.positiveOnly |= positive;
    else if (weight && splitFactor(reader, weight, marks, slots, kMaxDepth) &&
             marks.size() == 1)
      present.push_back(*matchTest(reader, marks[0]));
    else
      expandFactor(reader, term.factors[i], factors, summed);
  }

  auto giveUp = [&]() {
    if (term.body) {
      term.role = "router";
      term.reason = "the factors of an expert are no weights of a choice";
      term.at = factors.empty() ? Value() : factors[0].expr->origin;
      if (!term.at)
        term.at = term.rows.expr->origin;
    }
    term.body.reset();
    term.unread = true;
  };
  // Tests of ids, or the choice that weights are gathered by.
  SmallVector<Access> rest;
  Access ids;
  std::optional<Binding> expert;
  if (dispatched) {
    // Its weights are a number for each token, found below.
  } else if (selector && selector->kind == Binding::Kind::Computed) {
    auto choice = reader.getChoice(*selector->position);
    if (!choice)
      return giveUp();
    ids = findTensor(reader, *choice, tree.tokens);
    gate.kind = TermGate::Kind::Choice;
    const BodyWeight &matrix = term.body->up.matrix;
    gate.experts = matrix.experts;
  }
  for (const Access &factor : factors) {
    auto test = matchTest(reader, factor);
    if (!test) {
      rest.push_back(factor);
      continue;
    }
    test->ids = findTensor(reader, test->ids, tree.tokens);
    // The same test twice is one.
    if (ids && ids == test->ids && expert && *expert == test->expert)
      continue;
    if (ids)
      return giveUp();
    ids = test->ids;
    expert = test->expert;
    gate.kind = TermGate::Kind::Choice;
    gate.experts = test->experts;
  }
  for (const ExpertTest &test : present)
    if (!ids || !expert || !(*expert == test.expert) ||
        findTensor(reader, test.ids, tree.tokens).expr != ids.expr)
      return giveUp();
  auto usesSummed = [&](const Access &access) {
    return llvm::any_of(summed, [&](int var) { return access.dependsOn(var); });
  };
  if (dispatched) {
    if (ids)
      return giveUp();
    // A slot's weight may multiply its result.
    DispatchSlot &first = gate.slots[0];
    if (gate.slots.size() == 1 && !first.weights && rest.size() == 1 &&
        !rest[0].expr->is(Expr::Kind::Splat)) {
      first.weights = rest[0];
      rest.clear();
    }
    for (DispatchSlot &slot : gate.slots) {
      std::optional<Binding> at;
      if (!slot.weights) {
        term.body.reset();
        term.unread = true;
        term.role = "router";
        term.reason = "dispatched tokens have no weights";
        term.at = gate.dense->origin;
        return;
      }
      slot.ids = findTensor(reader, slot.ids, tree.tokens);
      slot.weights = findTensor(reader, slot.weights, tree.tokens);
      if (!readsTokens(slot.weights, tree.tokens, at) || at)
        return giveUp();
    }
  } else if (ids) {
    std::optional<Binding> slot;
    if (!readsTokens(ids, tree.tokens, slot))
      return giveUp();
    if (slot && (!slot->isPlain() || !llvm::is_contained(summed, slot->var)))
      return giveUp();
    gate.ids = ids.expr;
    // Everything that varies with the slot or expert is a weight.
    SmallVector<Access> others;
    for (const Access &factor : rest) {
      bool perSlot = slot ? factor.dependsOn(slot->var) : false;
      if (!perSlot) {
        others.push_back(factor);
        continue;
      }
      Access weights = findTensor(reader, factor, tree.tokens);
      std::optional<Binding> at;
      if (gate.weights || !readsTokens(weights, tree.tokens, at) || !at ||
          !(*at == *slot))
        return giveUp();
      gate.weights = weights.expr;
    }
    rest = others;
    // With one slot, the weight is a number for each token like others: the one
    // next to the expert.
    for (size_t i = rest.size(); !slot && !gate.weights && i-- > 0;) {
      if (rest[i].expr->is(Expr::Kind::Splat))
        continue;
      Access weights = findTensor(reader, rest[i], tree.tokens);
      std::optional<Binding> at;
      if (!readsTokens(weights, tree.tokens, at) || at)
        break;
      gate.weights = weights.expr;
      rest.erase(rest.begin() + i);
    }
    if (slot)
      llvm::erase(summed, slot->var);
    if (expert) {
      if (expert->kind == Binding::Kind::Constant) {
        gate.expert = expert->offset;
      } else if (expert->kind == Binding::Kind::Variable && selector &&
                 selector->isPlain() && expert->var == selector->var &&
                 expert->step == 1) {
        gate.offset = expert->offset;
        llvm::erase(summed, selector->var);
      } else {
        return giveUp();
      }
    }
  } else {
    // Dense gates: a column for each expert. A number for each token that is
    // a column, too, is not told from them here.
    SmallVector<Access> others;
    std::optional<Binding> column;
    for (const Access &factor : rest) {
      Access base = reader.peel(factor);
      std::optional<Binding> at;
      bool perExpert = readsTokens(base, tree.tokens, at) && at &&
                       at->kind != Binding::Kind::Computed && at->step == 1;
      if (selector && selector->kind == Binding::Kind::Variable)
        perExpert &= at && selector->isPlain() &&
                     at->kind == Binding::Kind::Variable &&
                     at->var == selector->var;
      else
        perExpert &= at && at->kind == Binding::Kind::Constant;
      if (!perExpert) {
        others.push_back(factor);
        continue;
      }
      if (gate.dense && (gate.dense != base.expr || !(*column == *at)))
        return giveUp();
      gate.kind = TermGate::Kind::Dense;
      gate.dense = base.expr;
      column = at;
      if (term.gateFactor)
        return giveUp();
      term.gateFactor = factor;
    }
    rest = others;
    if (gate.dense) {
      gate.experts = gate.dense->layout.back().size() == 1
                         ? gate.dense->layout.back()[0].size
                         : 0;
      if (gate.experts <= 0)
        return giveUp();
      if (column->kind == Binding::Kind::Constant)
        gate.expert = column->offset;
      else
        gate.offset = column->offset;
      if (column->kind == Binding::Kind::Variable)
        llvm::erase(summed, column->var);
    }
  }
  for (const Access &factor : rest) {
    if (factor.expr->is(Expr::Kind::Splat)) {
      term.scale *= factor.expr->number;
      continue;
    }
    if (usesSummed(factor))
      return giveUp();
    std::optional<Binding> at;
    if (!readsTokens(factor, tree.tokens, at) || at)
      return giveUp();
    term.coefficients.push_back(factor);
  }
  // Whatever else is summed over would multiply the term.
  if (!summed.empty())
    return giveUp();
  if (selector && gate.kind == TermGate::Kind::None &&
      selector->kind != Binding::Kind::Constant)
    return giveUp();
  term.gate = gate;
}
