//===- Activation.cpp - Activations as models write them --------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Body.h"

using namespace mlir;
using namespace mlir::moe;

/// Products of more factors are no activations.
static constexpr size_t kMaxFactors = 8;

Access moe::stripCasts(AccessReader &reader, Access access) {
  while (isFloatCast(access.expr))
    access = reader.open(access)[0];
  return access;
}

/// The shortest decimal number that is `value` as a float.
static double roundToDecimal(double value) {
  auto single = static_cast<float>(value);
  if (!std::isfinite(value))
    return value;
  for (int digits = 1; digits <= 9; ++digits) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.*g", digits, value);
    double read = std::strtod(text, nullptr);
    if (static_cast<float>(read) == single)
      return read;
  }
  return value;
}

/// Whether constants as exporters write them mean the same number.
static bool isAbout(double value, double expected) {
  return std::abs(value - expected) <= 1e-3 * std::abs(expected);
}

namespace {
/// A factor of a product; used ones are part of an activation.
struct Factors {
  AccessReader &reader;
  SmallVector<Access, 8> list;
  double scale = 1.0;

  explicit Factors(AccessReader &reader) : reader(reader) {}

  bool collect(const Access &product) {
    SmallVector<Access, 8> stack{product};
    while (!stack.empty()) {
      Access next = stripCasts(reader, stack.pop_back_val());
      if (next.expr->isMap("Mul")) {
        for (Access &operand : reader.open(next))
          stack.push_back(std::move(operand));
      } else if (next.expr->is(Expr::Kind::Splat)) {
        scale *= next.expr->number;
      } else {
        list.push_back(std::move(next));
      }
      if (stack.size() + list.size() > kMaxFactors)
        return false;
    }
    return true;
  }

  /// Removes the factor that is `access`, if there is one.
  bool take(const Access &access) {
    auto it = llvm::find(list, stripCasts(reader, access));
    if (it == list.end())
      return false;
    list.erase(it);
    return true;
  }
};
} // namespace

/// `z` as constant · rest.
static std::pair<double, Access> splitScale(AccessReader &reader, Access z) {
  double scale = 1.0;
  z = stripCasts(reader, z);
  while (z.expr->isMap("Mul") || z.expr->isMap("Div") || z.expr->isMap("Neg")) {
    SmallVector<Access, 2> operands = reader.open(z);
    if (z.expr->op == "Neg") {
      scale = -scale;
      z = stripCasts(reader, operands[0]);
      continue;
    }
    if (operands[1].expr->is(Expr::Kind::Splat)) {
      double c = operands[1].expr->number;
      scale = z.expr->op == "Mul" ? scale * c : scale / c;
      z = stripCasts(reader, operands[0]);
    } else if (z.expr->op == "Mul" && operands[0].expr->is(Expr::Kind::Splat)) {
      scale *= operands[0].expr->number;
      z = stripCasts(reader, operands[1]);
    } else {
      break;
    }
  }
  return {scale, z};
}

/// `sum` as constant + rest.
static std::optional<std::pair<double, Access>>
splitOffset(AccessReader &reader, const Access &sum) {
  if (!sum.expr->isMap("Add") && !sum.expr->isMap("Sub"))
    return std::nullopt;
  SmallVector<Access, 2> operands = reader.open(sum);
  bool minus = sum.expr->op == "Sub";
  if (operands[1].expr->is(Expr::Kind::Splat))
    return std::make_pair(minus ? -operands[1].expr->number
                                : operands[1].expr->number,
                          stripCasts(reader, operands[0]));
  if (!minus && operands[0].expr->is(Expr::Kind::Splat))
    return std::make_pair(operands[0].expr->number,
                          stripCasts(reader, operands[1]));
  return std::nullopt;
}

/// Finds z, where `factor` is 1 + erf(z/√2) or 1 + tanh(√(2/π)(z + 0.044715
/// z³)).
static std::optional<std::pair<ActivationFunction, Access>>
matchGeluFactor(AccessReader &reader, const Access &factor) {
  auto offset = splitOffset(reader, factor);
  if (!offset || offset->first != 1.0)
    return std::nullopt;
  const Access &inner = offset->second;
  if (inner.expr->isMap("Erf")) {
    auto [scale, z] = splitScale(reader, reader.open(inner)[0]);
    if (isAbout(scale, 0.70710678))
      return std::make_pair(ActivationFunction::Gelu, z);
    return std::nullopt;
  }
  if (!inner.expr->isMap("Tanh"))
    return std::nullopt;
  auto [scale, sum] = splitScale(reader, reader.open(inner)[0]);
  if (!isAbout(scale, 0.79788456) || !sum.expr->isMap("Add"))
    return std::nullopt;
  SmallVector<Access, 2> operands = reader.open(sum);
  for (int i : {0, 1}) {
    Access z = stripCasts(reader, operands[i]);
    auto [cubic, cube] = splitScale(reader, operands[1 - i]);
    if (cube.expr->isMap("Pow")) {
      SmallVector<Access, 2> power = reader.open(cube);
      if (isAbout(cubic, 0.044715) && power[1].expr->isSplat(3) &&
          stripCasts(reader, power[0]) == z)
        return std::make_pair(ActivationFunction::GeluTanh, z);
      continue;
    }
    Factors factors(reader);
    if (factors.collect(operands[1 - i]) && isAbout(factors.scale, 0.044715) &&
        factors.take(z) && factors.take(z) && factors.take(z) &&
        factors.list.empty())
      return std::make_pair(ActivationFunction::GeluTanh, z);
  }
  return std::nullopt;
}

/// Takes the activation among `factors`: sets its function and argument.
static bool takeActivation(AccessReader &reader, Factors &factors,
                           MatchedActivation &match, Access &argument) {
  for (size_t i = 0; i < factors.list.size(); ++i) {
    Access factor = factors.list[i];
    const Expr &expr = *factor.expr;
    if (expr.isMap("Sigmoid")) {
      auto [alpha, z] = splitScale(reader, reader.open(factor)[0]);
      Factors rest = factors;
      rest.list.erase(rest.list.begin() + i);
      if (rest.take(z)) {
        factors.list = rest.list;
        match.function = ActivationFunction::Silu;
        match.alpha = roundToDecimal(alpha);
        argument = z;
        return true;
      }
      if (alpha != 1.0)
        return false;
    }
    if (auto gelu = matchGeluFactor(reader, factor)) {
      Factors rest = factors;
      rest.list.erase(rest.list.begin() + i);
      if (!rest.take(gelu->second) || !isAbout(factors.scale, 0.5))
        return false;
      factors.list = rest.list;
      factors.scale = 1.0;
      match.function = gelu->first;
      argument = gelu->second;
      return true;
    }
    if (expr.isMap("Div")) {
      // z / (1 + e^−z).
      SmallVector<Access, 2> operands = reader.open(factor);
      auto offset = splitOffset(reader, operands[1]);
      if (offset && offset->first == 1.0 && offset->second.expr->isMap("Exp")) {
        auto [scale, z] = splitScale(reader, reader.open(offset->second)[0]);
        if (scale < 0 && z == stripCasts(reader, operands[0])) {
          match.function = ActivationFunction::Silu;
          match.alpha = roundToDecimal(-scale);
          argument = z;
          factors.list.erase(factors.list.begin() + i);
          return true;
        }
      }
      continue;
    }
    if (expr.isMap("Pow")) {
      SmallVector<Access, 2> power = reader.open(factor);
      if (power[1].expr->isSplat(2) && power[0].expr->isMap("Relu")) {
        match.function = ActivationFunction::Relu2;
        argument = stripCasts(reader, reader.open(power[0])[0]);
        factors.list.erase(factors.list.begin() + i);
        return true;
      }
      continue;
    }
    auto function = llvm::StringSwitch<std::optional<ActivationFunction>>(
                        expr.is(Expr::Kind::Map) ? expr.op.getValue() : "")
                        .Case("Relu", ActivationFunction::Relu)
                        .Case("Gelu", ActivationFunction::Gelu)
                        .Case("GeluTanh", ActivationFunction::GeluTanh)
                        .Case("Swish", ActivationFunction::Silu)
                        .Case("Sigmoid", ActivationFunction::Sigmoid)
                        .Case("Tanh", ActivationFunction::Tanh)
                        .Default(std::nullopt);
    if (!function)
      continue;
    match.function = *function;
    if (expr.op == "Swish")
      match.alpha = roundToDecimal(expr.number);
    argument = stripCasts(reader, reader.open(factor)[0]);
    factors.list.erase(factors.list.begin() + i);
    if (*function == ActivationFunction::Relu && factors.take(factor))
      match.function = ActivationFunction::Relu2;
    return true;
  }
  return false;
}

std::optional<MatchedActivation> moe::matchActivation(AccessReader &reader,
                                                      const Access &hidden) {
  Factors factors(reader);
  if (!factors.collect(hidden))
    return std::nullopt;
  MatchedActivation match;
  Access argument;
  bool found = takeActivation(reader, factors, match, argument);
  if (!found && !factors.list.empty()) {
    argument = factors.list.front();
    factors.list.erase(factors.list.begin());
  }
  if (!argument || factors.scale != 1.0 || factors.list.size() > 1)
    return std::nullopt;
  if (factors.list.empty()) {
    match.up = argument;
    return match;
  }

  match.gate = argument;
  match.up = factors.list.front();
  if (auto offset = splitOffset(reader, match.up)) {
    match.beta = roundToDecimal(offset->first);
    match.up = offset->second;
  }
  double infinity = std::numeric_limits<double>::infinity();
  double gateLimit = infinity, upLimit = infinity;
  if (match.gate.expr->isMap("Clip")) {
    if (match.gate.expr->number != -infinity)
      return std::nullopt;
    gateLimit = match.gate.expr->number2;
    match.gate = stripCasts(reader, reader.open(match.gate)[0]);
  }
  if (match.up.expr->isMap("Clip")) {
    if (match.up.expr->number != -match.up.expr->number2)
      return std::nullopt;
    upLimit = match.up.expr->number2;
    match.up = stripCasts(reader, reader.open(match.up)[0]);
  }
  if (gateLimit != upLimit || gateLimit < 0)
    return std::nullopt;
  match.limit = roundToDecimal(gateLimit);
  return match;
}
