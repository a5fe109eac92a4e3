//===- Activation.cpp - The arithmetic of activations -----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/IR/Activation.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include <cmath>

using namespace mlir;
using namespace mlir::moe;

Value mlir::moe::buildReal(OpBuilder &builder, Location loc, Type type,
                           double value) {
  auto element = cast<FloatType>(getElementTypeOrSelf(type));
  TypedAttr attr = builder.getFloatAttr(element, value);
  if (auto shaped = dyn_cast<ShapedType>(type))
    attr = DenseElementsAttr::get(shaped, Attribute(attr));
  return arith::ConstantOp::create(builder, loc, attr);
}

Value mlir::moe::buildSigmoid(OpBuilder &builder, Location loc, Value z) {
  Value one = buildReal(builder, loc, z.getType(), 1.0);
  Value negative = arith::NegFOp::create(builder, loc, z);
  Value exp = math::ExpOp::create(builder, loc, negative);
  Value sum = arith::AddFOp::create(builder, loc, exp, one);
  return arith::DivFOp::create(builder, loc, one, sum);
}

namespace {
/// Spells arithmetic on values of one type.
struct Arithmetic {
  OpBuilder &builder;
  Location loc;
  Type type;

  Value real(double value) const {
    return buildReal(builder, loc, type, value);
  }
  Value add(Value a, Value b) const {
    return arith::AddFOp::create(builder, loc, a, b);
  }
  Value mul(Value a, Value b) const {
    return arith::MulFOp::create(builder, loc, a, b);
  }
};
} // namespace

/// f_α(z).
static Value buildFunction(const Arithmetic &a, ActivationAttr activation,
                           Value z) {
  OpBuilder &builder = a.builder;
  Location loc = a.loc;
  switch (activation.getFunction()) {
  case ActivationFunction::Identity:
    return z;
  case ActivationFunction::Relu:
    return arith::MaximumFOp::create(builder, loc, z, a.real(0.0));
  case ActivationFunction::Relu2: {
    Value positive = arith::MaximumFOp::create(builder, loc, z, a.real(0.0));
    return a.mul(positive, positive);
  }
  case ActivationFunction::Gelu: {
    // z · Φ(z), Φ(z) = (1 + erf(z/√2)) / 2.
    Value erf =
        math::ErfOp::create(builder, loc, a.mul(z, a.real(std::sqrt(0.5))));
    return a.mul(a.mul(z, a.real(0.5)), a.add(erf, a.real(1.0)));
  }
  case ActivationFunction::GeluTanh: {
    // Hendrycks and Gimpel, "Gaussian Error Linear Units", section 2:
    // z/2 · (1 + tanh(√(2/π) · (z + 0.044715 z³))).
    Value cube = a.mul(a.mul(z, z), z);
    Value inner = a.add(z, a.mul(cube, a.real(0.044715)));
    Value tanh = math::TanhOp::create(
        builder, loc, a.mul(inner, a.real(std::sqrt(2.0 / M_PI))));
    return a.mul(a.mul(z, a.real(0.5)), a.add(tanh, a.real(1.0)));
  }
  case ActivationFunction::Silu: {
    double alpha = activation.getAlpha();
    Value scaled = alpha == 1.0 ? z : a.mul(z, a.real(alpha));
    return a.mul(z, buildSigmoid(builder, loc, scaled));
  }
  case ActivationFunction::Sigmoid:
    return buildSigmoid(builder, loc, z);
  case ActivationFunction::Tanh:
    return math::TanhOp::create(builder, loc, z);
  }
  llvm_unreachable("unknown activation");
}

Value mlir::moe::buildActivation(OpBuilder &builder, Location loc,
                                 ActivationAttr activation, Value gate,
                                 Value up) {
  Arithmetic a{builder, loc, up.getType()};
  if (!gate)
    return buildFunction(a, activation, up);
  double limit = activation.getLimit();
  if (!std::isinf(limit)) {
    Value high = a.real(limit), low = a.real(-limit);
    gate = arith::MinimumFOp::create(builder, loc, gate, high);
    up = arith::MinimumFOp::create(builder, loc, up, high);
    up = arith::MaximumFOp::create(builder, loc, up, low);
  }
  if (double beta = activation.getBeta())
    up = a.add(up, a.real(beta));
  return a.mul(buildFunction(a, activation, gate), up);
}
