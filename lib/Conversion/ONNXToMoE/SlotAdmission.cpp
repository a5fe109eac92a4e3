//===- SlotAdmission.cpp - Slots that experts have no place for -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DispatchSlots.h"
#include "Views.h"
#include <cmath>

using namespace mlir;
using namespace mlir::moe;
using onnxir::NodeOp;

/// Whether two tensors have the same dimensions.
static bool haveSameSizes(Facts &facts, Value a, Value b) {
  auto getSizes = [&](Value value) {
    SmallVector<SmallVector<Size>> sizes;
    for (const auto &dim : facts.get(value).dims)
      sizes.push_back(llvm::map_to_vector(
          dim, [](const Factor &factor) { return factor.size; }));
    return sizes;
  };
  return facts.get(a) && facts.get(b) && getSizes(a) == getSizes(b);
}

/// ⌈factor · (number of slots) / experts⌉, the number being the size of a
/// tensor like `ids`.
static std::optional<double> readShare(Facts &facts, Value limit, Value ids,
                                       int64_t experts) {
  auto strip = [](Value value) {
    for (;;) {
      value = stripLayout(value);
      NodeOp cast = getNode(value, {"Cast", "CastLike"});
      if (!cast)
        return value;
      value = cast.getInput(0);
    }
  };
  NodeOp ceil = getNode(strip(limit), "Ceil");
  NodeOp div = ceil ? getNode(strip(ceil.getInput(0)), "Div") : NodeOp();
  if (!div || !getElementTypeOrSelf(div.getResult(0).getType()).isF64() ||
      getUniform(div.getInput(1)) != static_cast<double>(experts))
    return std::nullopt;
  NodeOp mul = getNode(strip(div.getInput(0)), "Mul");
  for (unsigned i = 0; mul && i < 2; ++i) {
    std::optional<double> factor = getUniform(mul.getInput(i));
    NodeOp size = getNode(strip(mul.getInput(1 - i)), "Size");
    if (factor && size && *factor > 0.0 && std::isfinite(*factor) &&
        haveSameSizes(facts, size.getInput(0), ids))
      return factor;
  }
  return std::nullopt;
}

/// The tensor that `ids` is an element of, read at a token and a slot.
static Value getSlotTensor(const Access &ids, int token, int slot) {
  Value origin = ids.expr->origin;
  const Layout &dims = ids.expr->layout;
  auto isAt = [&](const SmallVector<Factor, 2> &dim, int variable) {
    return dim.size() == 1 && dim[0].axis >= 0 &&
           ids.at[dim[0].axis].isPlain(variable);
  };
  bool fits =
      origin && dims.size() == 2 && isAt(dims[0], token) && isAt(dims[1], slot);
  return fits ? origin : Value();
}

std::optional<Admission> moe::findAdmission(Facts &facts, Value condition,
                                            int64_t experts) {
  View view = facts.get(condition);
  if (!view || view.dims.size() != 2)
    return std::nullopt;
  AccessReader reader;
  int variables[2];
  Access access{view.expr, SmallVector<Binding, 4>(view.expr->axes.size())};
  for (auto [i, dim] : llvm::enumerate(view.dims)) {
    if (dim.size() != 1 || dim[0].axis < 0)
      return std::nullopt;
    variables[i] = reader.newVariable();
    access.at[dim[0].axis] = Binding::variable(variables[i]);
  }
  auto [token, slot] = variables;
  access = reader.peel(access);
  // place < limit.
  bool swaps =
      access.expr->isMap("Greater") || access.expr->isMap("GreaterOrEqual");
  bool orEqual =
      access.expr->isMap("LessOrEqual") || access.expr->isMap("GreaterOrEqual");
  if (!swaps && !orEqual && !access.expr->isMap("Less"))
    return std::nullopt;
  SmallVector<Access, 2> operands = reader.open(access);
  if (swaps)
    std::swap(operands[0], operands[1]);
  Access place = stripCasts(reader, operands[0]);
  Access limit = stripCasts(reader, operands[1]);
  // Σ over experts of (id = e) · place[e].
  if (!(place.expr->is(Expr::Kind::Sum) ||
        place.expr->is(Expr::Kind::Contract)) ||
      place.expr->bound.size() != 1 || place.expr->bound[0] != experts)
    return std::nullopt;
  int expert = reader.newVariable();
  SmallVector<Access, 2> factors = reader.open(place, {expert});
  if (factors.size() == 1) {
    Access product = stripCasts(reader, factors[0]);
    if (!product.expr->isMap("Mul"))
      return std::nullopt;
    factors = reader.open(product);
  }
  for (int i : {0, 1}) {
    std::optional<ExpertTest> test =
        matchTest(reader, stripCasts(reader, factors[i]));
    if (!test || !test->expert.isPlain(expert))
      continue;
    Access ids = reader.peel(test->ids);
    Value tensor = getSlotTensor(ids, token, slot);
    std::optional<double> offset =
        readPlace(reader, factors[1 - i], ids, test->expert, {slot, token});
    if (!tensor || !offset)
      continue;
    MLIRContext *context = condition.getContext();
    if (limit.expr->is(Expr::Kind::Splat)) {
      double count = limit.expr->number + orEqual - *offset;
      if (!(count >= 1.0) || count > INT32_MAX || count != std::floor(count))
        return std::nullopt;
      return Admission{
          tensor,
          CapacityAttr::get(context, static_cast<int64_t>(count), Real(0.0))};
    }
    std::optional<double> factor =
        limit.expr->origin && *offset == 0.0 && !orEqual
            ? readShare(facts, limit.expr->origin, tensor, experts)
            : std::nullopt;
    if (factor)
      return Admission{tensor, CapacityAttr::get(context, 0, Real(*factor))};
  }
  return std::nullopt;
}
