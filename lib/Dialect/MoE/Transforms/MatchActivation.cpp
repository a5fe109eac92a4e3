//===- MatchActivation.cpp - Activations as expressions ---------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MatchActivation.h"
#include <cmath>

using namespace mlir;
using namespace mlir::moe;

namespace {
/// Spells activations (A18) as expressions.
struct Speller {
  ExprPool &pool;

  Expr real(double value) const { return pool.constant(value); }
  Expr sigmoid(Expr z) const {
    Expr exp = pool.function("exp", {pool.neg(z)});
    return pool.div(real(1.0), pool.add(real(1.0), exp));
  }
  Expr relu(Expr z) const { return pool.function("max", {z, real(0.0)}); }
  /// z/2 · (1 + inner).
  Expr half(Expr z, Expr inner) const {
    return pool.mul(pool.mul(real(0.5), z), pool.add(real(1.0), inner));
  }
  /// The forms in which f_α(z) is written.
  SmallVector<Expr> spell(ActivationFunction function, double alpha,
                          Expr z) const;
  /// The forms of max(min(z, limit), −limit).
  SmallVector<Expr> clamp(Expr z, double limit) const;
};
} // namespace

SmallVector<Expr> Speller::spell(ActivationFunction function, double alpha,
                                 Expr z) const {
  switch (function) {
  case ActivationFunction::Identity:
    return {z};
  case ActivationFunction::Relu:
    return {relu(z)};
  case ActivationFunction::Relu2:
    return {pool.power(relu(z), 2.0)};
  case ActivationFunction::Gelu:
    return {half(z, pool.function("erf", {pool.mul(real(std::sqrt(0.5)), z)}))};
  case ActivationFunction::GeluTanh: {
    Expr root = real(std::sqrt(2.0 / M_PI)), c = real(0.044715);
    Expr sum = pool.add(z, pool.mul(c, pool.power(z, 3.0)));
    Expr factored =
        pool.mul(z, pool.add(real(1.0), pool.mul(c, pool.power(z, 2.0))));
    return {half(z, pool.function("tanh", {pool.mul(root, sum)})),
            half(z, pool.function("tanh", {pool.mul(root, factored)}))};
  }
  case ActivationFunction::Silu:
    return {pool.mul(z, sigmoid(pool.mul(real(alpha), z)))};
  case ActivationFunction::Sigmoid:
    return {sigmoid(z)};
  case ActivationFunction::Tanh:
    return {pool.function("tanh", {z})};
  }
  llvm_unreachable("unknown activation");
}

SmallVector<Expr> Speller::clamp(Expr z, double limit) const {
  if (std::isinf(limit))
    return {z};
  Expr high = real(limit), low = real(-limit);
  return {pool.function("max", {pool.function("min", {z, high}), low}),
          pool.function("min", {pool.function("max", {z, low}), high})};
}

/// The numbers that may be parameters of an activation written as `hidden`.
static void collectParameters(Expr hidden, SmallVector<double> &alphas,
                              SmallVector<double> &betas,
                              SmallVector<double> &limits) {
  walk(hidden, [&](Expr expr) {
    if (expr->kind == ExprNode::Function && expr->function == "exp") {
      Expr argument = expr->parts[0].first;
      alphas.push_back(argument->kind == ExprNode::Product ? -argument->value
                                                           : 1.0);
    }
    if (expr->kind == ExprNode::Function && expr->function == "min")
      for (auto [argument, _] : expr->parts)
        if (argument->kind == ExprNode::Constant && argument->value >= 0.0)
          limits.push_back(argument->value);
    if (expr->kind == ExprNode::Sum)
      for (auto [_, coefficient] : expr->parts)
        betas.push_back(expr->value / coefficient);
  });
}

/// Drops repeated numbers, and those of an expression that is no activation:
/// one has a few.
static void shorten(SmallVector<double> &numbers) {
  SmallVector<double> unique;
  for (double number : numbers)
    if (unique.size() < 8 && !llvm::is_contained(unique, number))
      unique.push_back(number);
  numbers = unique;
}

ActivationAttr mlir::moe::matchActivation(ExprPool &pool, MLIRContext *context,
                                          Expr hidden, Expr gate, Expr up) {
  Speller speller{pool};
  SmallVector<double> alphas = {1.0}, betas = {0.0},
                      limits = {std::numeric_limits<double>::infinity()};
  collectParameters(hidden, alphas, betas, limits);
  if (!gate) {
    betas = {0.0};
    limits.resize(1);
  }
  for (SmallVector<double> *numbers : {&alphas, &betas, &limits})
    shorten(*numbers);
  for (unsigned f = 0; f <= getMaxEnumValForActivationFunction(); ++f) {
    auto function = static_cast<ActivationFunction>(f);
    ArrayRef<double> alphasOfFunction = alphas;
    if (function != ActivationFunction::Silu)
      alphasOfFunction = alphasOfFunction.take_front();
    for (double limit : limits)
      for (double beta : betas)
        for (double alpha : alphasOfFunction) {
          if (!std::isfinite(alpha) || !std::isfinite(beta))
            continue;
          SmallVector<Expr> forms;
          if (gate) {
            Expr g = gate;
            if (!std::isinf(limit))
              g = pool.function("min", {gate, pool.constant(limit)});
            for (Expr value : speller.spell(function, alpha, g))
              for (Expr linear : speller.clamp(up, limit))
                forms.push_back(
                    pool.mul(value, pool.add(linear, pool.constant(beta))));
          } else {
            forms = speller.spell(function, alpha, up);
          }
          for (Expr form : forms)
            if (isSame(form, hidden))
              return ActivationAttr::get(context, function, alpha, beta, limit);
        }
  }
  return {};
}
