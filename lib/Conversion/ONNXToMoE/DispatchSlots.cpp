//===- DispatchSlots.cpp - Places of tokens in experts ----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DispatchSlots.h"
#include <cmath>

using namespace mlir;
using namespace mlir::moe;

/// Products and sums are not taken apart further.
static constexpr unsigned kMaxDepth = 16;
static constexpr size_t kMaxFactors = 32;

namespace {
/// A number of tokens: how many before a token chose its expert, if `own`,
/// those that did so in the slots of `before`, and `offset`.
struct Count {
  bool own = false;
  /// Comparisons of which one fails where it is 0 instead.
  SmallVector<Access, 1> limits;
  double offset = 0.0;
  SmallVector<Access, 2> before;
};

/// What a product of marks, places and weights is made of.
struct Slot {
  DispatchSlot slot;
  Access place;
  SmallVector<Access> limits;
  /// The ids of the slots whose tokens come first.
  SmallVector<Access, 2> before;
};

/// Reads tensors of tokens, experts and places.
class SlotReader {
public:
  SlotReader(AccessReader &reader, const DispatchVariables &variables)
      : reader(reader), variables(variables) {}

  std::optional<DispatchSlots> read(ArrayRef<Access> factors);
  std::optional<Count> readCount(Access access, const Access &ids,
                                 const Binding &expert, unsigned depth);

private:
  bool collectParts(Access access, SmallVectorImpl<Access> &parts,
                    unsigned depth);
  bool split(Access access, SmallVectorImpl<Access> &factors, unsigned depth);
  bool isLimit(const Access &access, unsigned depth);
  std::optional<Slot> readSlot(ArrayRef<Access> factors);
  bool addFactor(Slot &slot, const Access &factor);
  bool checkLimit(const Slot &slot, const Access &limit);
  bool splitAt(const Access &access, const Binding &at,
               SmallVectorImpl<Access> &factors, unsigned depth);
  /// Whether `access` marks the choice `ids` at the tokens `at` and `expert`;
  /// without `ids`, sets it.
  bool isMark(const Access &access, Access &ids, ArrayRef<int> at,
              const Binding &expert);
  Access strip(Access access);

  AccessReader &reader;
  const DispatchVariables &variables;
};
} // namespace

/// `access` without positions, casts and tests of what is 0 or 1 anyway.
Access SlotReader::strip(Access access) {
  for (;;) {
    access = reader.peel(access);
    if (!access.expr->isMap("Cast"))
      return access;
    access = reader.open(access)[0];
  }
}

bool SlotReader::isMark(const Access &access, Access &ids, ArrayRef<int> at,
                        const Binding &expert) {
  std::optional<ExpertTest> test = matchTest(reader, access);
  if (!test || !(test->expert == expert))
    return false;
  Access chosen = reader.peel(test->ids);
  for (Binding &binding : chosen.at) {
    // Read at the tokens of the term, whichever stand for them here.
    if (!binding.isPlain())
      continue;
    auto it = llvm::find(at, binding.var);
    if (it == at.end())
      return false;
    binding = Binding::variable(variables.tokens[it - at.begin()]);
  }
  if (!ids)
    ids = chosen;
  return ids == chosen;
}

/// Adds the parts of a sum to `parts`; whether any of them is not 0 is as good.
bool SlotReader::collectParts(Access access, SmallVectorImpl<Access> &parts,
                              unsigned depth) {
  access = strip(access);
  if (depth == 0 || parts.size() > kMaxFactors)
    return false;
  if (access.expr->isMap("NotZero"))
    return collectParts(reader.open(access)[0], parts, depth - 1);
  if (access.expr->isMap("Greater")) {
    SmallVector<Access, 2> operands = reader.open(access);
    if (operands[1].expr->isSplat(0))
      return collectParts(operands[0], parts, depth - 1);
  }
  if (!access.expr->isMap("Add") && !access.expr->isMap("Or") &&
      !access.expr->isMap("Max")) {
    parts.push_back(access);
    return true;
  }
  return llvm::all_of(reader.open(access), [&](const Access &part) {
    return collectParts(part, parts, depth - 1);
  });
}

/// Whether `access` is a comparison, or a product with one.
bool SlotReader::isLimit(const Access &access, unsigned depth) {
  Access inner = strip(access);
  if (inner.expr->isMap("Equal") || inner.expr->isMap(kWrappedEqual))
    return inner.expr->operands[1].expr->is(Expr::Kind::Splat);
  if (inner.expr->isMap("Less") || inner.expr->isMap("LessOrEqual") ||
      inner.expr->isMap("Greater") || inner.expr->isMap("GreaterOrEqual"))
    return true;
  return depth > 0 && inner.expr->isMap("Mul") &&
         llvm::any_of(reader.open(inner), [&](const Access &operand) {
           return isLimit(operand, depth - 1);
         });
}

/// Adds the factors of a product to `factors`. Weights stay whole.
bool SlotReader::split(Access access, SmallVectorImpl<Access> &factors,
                       unsigned depth) {
  Access inner = strip(access);
  bool varies =
      inner.dependsOn(variables.expert) || inner.dependsOn(variables.place);
  if (depth == 0 || factors.size() > kMaxFactors)
    return false;
  if (!varies && !isLimit(inner, depth)) {
    factors.push_back(access);
    return true;
  }
  SmallVector<Access, 2> operands;
  if (inner.expr->isMap("Mul") || inner.expr->isMap("And")) {
    operands = reader.open(inner);
  } else if (inner.expr->isMap("NotZero")) {
    operands = reader.open(inner);
  } else if (inner.expr->isMap("Where")) {
    operands = reader.open(inner);
    if (!operands[2].expr->isSplat(0))
      return false;
    operands.pop_back();
  }
  if (operands.empty()) {
    factors.push_back(inner);
    return true;
  }
  return llvm::all_of(operands, [&](const Access &operand) {
    return split(operand, factors, depth - 1);
  });
}

std::optional<Count> SlotReader::readCount(Access access, const Access &ids,
                                           const Binding &expert,
                                           unsigned depth) {
  access = strip(access);
  const Expr &expr = *access.expr;
  Count count;
  if (depth == 0)
    return std::nullopt;
  if (expr.is(Expr::Kind::Splat)) {
    count.offset = expr.number;
    return count;
  }
  auto isOwnMark = [&](const Access &mark, const Binding &at) {
    Access own = ids;
    return isMark(mark, own, variables.tokens, at);
  };
  if (expr.isMap("Add") || expr.isMap("Sub")) {
    SmallVector<Access, 2> operands = reader.open(access);
    auto a = readCount(operands[0], ids, expert, depth - 1),
         b = readCount(operands[1], ids, expert, depth - 1);
    bool subtracts = expr.isMap("Sub");
    if (!a || !b || (a->own && b->own) ||
        (subtracts && (b->own || !b->before.empty())))
      return std::nullopt;
    a->own |= b->own;
    a->limits.append(b->limits);
    a->offset += subtracts ? -b->offset : b->offset;
    a->before.append(b->before);
    return a;
  }
  if (expr.isMap("Clip"))
    return expr.number <= 0 && !std::isfinite(expr.number2)
               ? readCount(reader.open(access)[0], ids, expert, depth - 1)
               : std::nullopt;
  // Where an expert is not the token's, nothing looks at the count.
  if (expr.isMap("Mul")) {
    SmallVector<Access, 2> operands = reader.open(access);
    for (int i : {0, 1})
      if (isOwnMark(operands[i], expert))
        return readCount(operands[1 - i], ids, expert, depth - 1);
    return std::nullopt;
  }
  if (expr.is(Expr::Kind::Running)) {
    if (expr.indexed.size() != 1 ||
        expr.indexed[0].size() != variables.tokens.size())
      return std::nullopt;
    // In the order of the tokens.
    for (auto [axis, token] :
         llvm::zip_equal(expr.indexed[0], variables.tokens))
      if (!access.at[axis].isPlain(token))
        return std::nullopt;
    Access marks = reader.open(access)[0];
    // Read where the token's own expert stands.
    for (Binding &at : marks.at)
      if (at.kind == Binding::Kind::Computed &&
          at.position->sizes.size() == 1 &&
          reader.peel(at.position->index) == ids)
        at = expert;
    if (!isOwnMark(marks, expert))
      return std::nullopt;
    count.own = true;
    count.offset = expr.offset ? 0 : 1;
    return count;
  }
  if (!expr.is(Expr::Kind::Sum) && !expr.is(Expr::Kind::Contract))
    return std::nullopt;
  SmallVector<int> bound;
  for (size_t i = 0; i < expr.bound.size(); ++i)
    bound.push_back(reader.newVariable());
  SmallVector<Access, 2> operands = reader.open(access, bound);
  // All tokens that chose the expert in another slot.
  if (operands.size() == 1 && bound.size() == variables.tokens.size()) {
    Access other;
    if (isMark(operands[0], other, bound, expert)) {
      count.before.push_back(other);
      return count;
    }
  }
  // Σ over experts of mark · count: the count of the token's own.
  if (bound.size() != 1)
    return std::nullopt;
  Binding at = Binding::variable(bound[0]);
  if (operands.size() == 1) {
    Access product = strip(operands[0]);
    if (!product.expr->isMap("Mul") && !product.expr->isMap("Where"))
      return std::nullopt;
    operands = reader.open(product);
    if (product.expr->isMap("Where") &&
        !operands.pop_back_val().expr->isSplat(0))
      return std::nullopt;
  }
  // The marks may be those of experts that have a place left.
  SmallVector<Access> factors;
  SmallVector<Access, 1> limits;
  Access counted;
  bool marked = false;
  for (const Access &operand : operands)
    if (!splitAt(operand, at, factors, depth - 1))
      return std::nullopt;
  for (const Access &factor : factors) {
    if (isOwnMark(factor, at))
      marked = true;
    else if (isLimit(factor, 0))
      limits.push_back(strip(factor));
    else if (!counted)
      counted = factor;
    else
      return std::nullopt;
  }
  if (!marked || !counted)
    return std::nullopt;
  auto inner = readCount(counted, ids, at, depth - 1);
  if (inner)
    inner->limits.append(limits);
  return inner;
}

/// Adds the factors of a product that depend on `at` to `factors`.
bool SlotReader::splitAt(const Access &access, const Binding &at,
                         SmallVectorImpl<Access> &factors, unsigned depth) {
  Access inner = strip(access);
  if (depth == 0 || factors.size() > kMaxFactors)
    return false;
  if (!inner.expr->isMap("Mul")) {
    factors.push_back(inner);
    return true;
  }
  return llvm::all_of(reader.open(inner), [&](const Access &operand) {
    return splitAt(operand, at, factors, depth - 1);
  });
}

bool SlotReader::addFactor(Slot &slot, const Access &factor) {
  if (!factor.dependsOn(variables.place)) {
    Access ids = slot.slot.element;
    if (isMark(factor, ids, variables.tokens,
               Binding::variable(variables.expert))) {
      if (!slot.slot.ids)
        slot.slot.ids = matchTest(reader, factor)->ids;
      slot.slot.element = ids;
      return true;
    }
    if (isLimit(factor, 0)) {
      slot.limits.push_back(strip(factor));
      return true;
    }
    if (factor.dependsOn(variables.expert) || slot.slot.weights)
      return false;
    slot.slot.weights = factor;
    return true;
  }
  if (slot.place ||
      !(factor.expr->isMap("Equal") || factor.expr->isMap(kWrappedEqual)))
    return false;
  SmallVector<Access, 2> operands = reader.open(factor);
  for (int i : {0, 1}) {
    const Access &numbers = operands[i];
    if (!numbers.expr->is(Expr::Kind::Iota) || numbers.at.size() != 1 ||
        !numbers.at[0].isPlain(variables.place))
      continue;
    slot.place = operands[1 - i];
    return true;
  }
  return false;
}

/// Whether `limit` compares the place with the capacity.
bool SlotReader::checkLimit(const Slot &slot, const Access &limit) {
  SmallVector<Access, 2> operands = reader.open(limit);
  if (limit.expr->isMap("Equal") || limit.expr->isMap(kWrappedEqual)) {
    // Less than 1 is 0.
    auto count = readCount(operands[0], slot.slot.element,
                           Binding::variable(variables.expert), kMaxDepth);
    return variables.capacity == 1 && count && count->own &&
           count->before == slot.before &&
           operands[1].expr->number == count->offset;
  }
  bool orEqual =
      limit.expr->isMap("LessOrEqual") || limit.expr->isMap("GreaterOrEqual");
  bool swaps =
      limit.expr->isMap("Greater") || limit.expr->isMap("GreaterOrEqual");
  if (swaps)
    std::swap(operands[0], operands[1]);
  if (!operands[1].expr->is(Expr::Kind::Splat))
    return false;
  auto count = readCount(operands[0], slot.slot.element,
                         Binding::variable(variables.expert), kMaxDepth);
  return count && count->own && count->before == slot.before &&
         operands[1].expr->number + orEqual - count->offset ==
             static_cast<double>(variables.capacity);
}

std::optional<Slot> SlotReader::readSlot(ArrayRef<Access> factors) {
  Slot slot;
  for (const Access &factor : factors)
    if (!addFactor(slot, factor))
      return std::nullopt;
  if (!slot.slot.ids)
    return std::nullopt;
  // A place that was clipped to the last one says nothing of the others.
  double last = variables.capacity - 1;
  auto unclip = [&](Access place) {
    place = strip(place);
    bool isClipped = place.expr->isMap("Clip") && place.expr->number <= 0 &&
                     place.expr->number2 == last;
    return isClipped ? reader.open(place)[0] : Access();
  };
  llvm::erase_if(slot.limits, [&](const Access &limit) {
    return (limit.expr->isMap("Equal") || limit.expr->isMap(kWrappedEqual)) &&
           limit.expr->operands[1].expr->isSplat(last) &&
           unclip(reader.open(limit)[0]);
  });
  // Without a dimension of places the limit knows them.
  Access place = slot.place;
  if (!place && variables.place < 0 && !slot.limits.empty()) {
    SmallVector<Access, 2> operands = reader.open(slot.limits[0]);
    place = operands[operands[0].expr->is(Expr::Kind::Splat)];
  }
  if (!place)
    return std::nullopt;
  if (Access whole = unclip(place)) {
    if (slot.limits.empty())
      return std::nullopt;
    place = whole;
  }
  auto count = readCount(place, slot.slot.element,
                         Binding::variable(variables.expert), kMaxDepth);
  if (!count || !count->own || (slot.place && count->offset != 0.0))
    return std::nullopt;
  // Where the place is not counted the product must be 0 anyway.
  if (!count->limits.empty() && slot.limits.empty())
    return std::nullopt;
  slot.before = count->before;
  if (!llvm::all_of(slot.limits, [&](const Access &limit) {
        return checkLimit(slot, limit);
      }))
    return std::nullopt;
  return slot;
}

std::optional<DispatchSlots> SlotReader::read(ArrayRef<Access> given) {
  SmallVector<Access> parts;
  if (given.size() != 1)
    parts.assign(given.begin(), given.end());
  else if (!collectParts(given[0], parts, kMaxDepth))
    return std::nullopt;
  std::vector<Slot> slots;
  auto add = [&](ArrayRef<Access> product) {
    SmallVector<Access> factors;
    for (const Access &access : product)
      if (!split(access, factors, kMaxDepth))
        return false;
    auto slot = readSlot(factors);
    if (slot)
      slots.push_back(*slot);
    return slot.has_value();
  };
  // Several factors are one product, one is a sum.
  if (given.size() != 1) {
    if (!add(parts))
      return std::nullopt;
  } else if (!llvm::all_of(parts,
                           [&](const Access &part) { return add(part); })) {
    return std::nullopt;
  }
  // In each expert the tokens of a slot come behind those of all before.
  llvm::sort(slots, [](const Slot &a, const Slot &b) {
    return a.before.size() < b.before.size();
  });
  DispatchSlots result;
  for (auto [i, slot] : llvm::enumerate(slots)) {
    if (slot.before.size() != i)
      return std::nullopt;
    for (const DispatchSlot &earlier : result)
      if (!llvm::is_contained(slot.before, earlier.element) ||
          earlier.element == slot.slot.element)
        return std::nullopt;
    result.push_back(slot.slot);
  }
  return result;
}

std::optional<DispatchSlots>
moe::readDispatchSlots(AccessReader &reader, ArrayRef<Access> factors,
                       const DispatchVariables &variables) {
  return SlotReader(reader, variables).read(factors);
}

std::optional<double> moe::readPlace(AccessReader &reader, const Access &access,
                                     const Access &ids, const Binding &expert,
                                     ArrayRef<int> order) {
  DispatchVariables variables{order, expert.var, -1, 0};
  auto count =
      SlotReader(reader, variables).readCount(access, ids, expert, kMaxDepth);
  if (!count || !count->own || !count->before.empty() || !count->limits.empty())
    return std::nullopt;
  return count->offset;
}
