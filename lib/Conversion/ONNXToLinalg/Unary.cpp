//===- Unary.cpp - Elementwise operators of one operand -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Activation.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include <cmath>

using namespace mlir;
using namespace mlir::onnxtolinalg;

using B = ImplicitLocOpBuilder;

/// A float function of one operand, which may read the node's attributes.
using FloatFn = Value (*)(B &, Value, onnxir::NodeOp);

/// log(1 + exp(x)) without overflow.
static Value softplus(B &b, Value x) {
  Value zero = constant(b, x.getType(), 0.0);
  Value e = math::ExpOp::create(
      b, arith::NegFOp::create(b, math::AbsFOp::create(b, x)));
  return arith::AddFOp::create(b, arith::MaximumFOp::create(b, x, zero),
                               math::Log1pOp::create(b, e));
}

/// `x` where it is above 0, else `otherwise`.
static Value positiveOr(B &b, Value x, Value otherwise) {
  Value above = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x,
                                      constant(b, x.getType(), 0.0));
  return arith::SelectOp::create(b, above, x, otherwise);
}

static Value clamp(B &b, Value x, double low, double high) {
  x = arith::MaximumFOp::create(b, x, constant(b, x.getType(), low));
  return arith::MinimumFOp::create(b, x, constant(b, x.getType(), high));
}

template <typename OpTy> static Value direct(B &b, Value x, onnxir::NodeOp) {
  return OpTy::create(b, x);
}

/// Functions of floats alone.
static const struct {
  const char *name;
  FloatFn function;
  const char *attributes = "";
} kFloatFunctions[] = {
    {"Acos", direct<math::AcosOp>},
    {"Acosh", direct<math::AcoshOp>},
    {"Asin", direct<math::AsinOp>},
    {"Asinh", direct<math::AsinhOp>},
    {"Atan", direct<math::AtanOp>},
    {"Atanh", direct<math::AtanhOp>},
    {"Ceil", direct<math::CeilOp>},
    {"Cos", direct<math::CosOp>},
    {"Cosh", direct<math::CoshOp>},
    {"Erf", direct<math::ErfOp>},
    {"Exp", direct<math::ExpOp>},
    {"Floor", direct<math::FloorOp>},
    {"Log", direct<math::LogOp>},
    {"Round", direct<math::RoundEvenOp>},
    {"Sin", direct<math::SinOp>},
    {"Sinh", direct<math::SinhOp>},
    {"Sqrt", direct<math::SqrtOp>},
    {"Tan", direct<math::TanOp>},
    {"Tanh", direct<math::TanhOp>},
    {"Sigmoid", [](B &b, Value x, onnxir::NodeOp) { return sigmoid(b, x); }},
    {"Softplus", [](B &b, Value x, onnxir::NodeOp) { return softplus(b, x); }},
    {"Reciprocal",
     [](B &b, Value x, onnxir::NodeOp) -> Value {
       return arith::DivFOp::create(b, constant(b, x.getType(), 1.0), x);
     }},
    {"Softsign",
     [](B &b, Value x, onnxir::NodeOp) -> Value {
       Value one = constant(b, x.getType(), 1.0);
       return arith::DivFOp::create(
           b, x, arith::AddFOp::create(b, one, math::AbsFOp::create(b, x)));
     }},
    {"Swish",
     [](B &b, Value x, onnxir::NodeOp op) -> Value {
       Value gate = sigmoid(b, scaled(b, x, op.getFloat("alpha", 1.0)));
       return arith::MulFOp::create(b, x, gate);
     },
     "alpha"},
    {"com.microsoft::QuickGelu",
     [](B &b, Value x, onnxir::NodeOp op) -> Value {
       Value gate = sigmoid(b, scaled(b, x, op.getFloat("alpha", 1.702)));
       return arith::MulFOp::create(b, x, gate);
     },
     "alpha"},
    {"com.microsoft::Gelu",
     [](B &b, Value x, onnxir::NodeOp) { return geluErf(b, x); }},
    {"Gelu",
     [](B &b, Value x, onnxir::NodeOp op) {
       return op.getString("approximate", "none") == "tanh" ? geluTanh(b, x)
                                                            : geluErf(b, x);
     },
     "approximate"},
    {"HardSigmoid",
     [](B &b, Value x, onnxir::NodeOp op) {
       Value line = arith::AddFOp::create(
           b, scaled(b, x, op.getFloat("alpha", 0.2)),
           constant(b, x.getType(), op.getFloat("beta", 0.5)));
       return clamp(b, line, 0.0, 1.0);
     },
     "alpha beta"},
    {"HardSwish",
     [](B &b, Value x, onnxir::NodeOp) -> Value {
       Value line = arith::AddFOp::create(b, scaled(b, x, 1.0 / 6.0),
                                          constant(b, x.getType(), 0.5));
       return arith::MulFOp::create(b, x, clamp(b, line, 0.0, 1.0));
     }},
    {"LeakyRelu",
     [](B &b, Value x, onnxir::NodeOp op) {
       return positiveOr(b, x, scaled(b, x, op.getFloat("alpha", 0.01)));
     },
     "alpha"},
    {"Elu",
     [](B &b, Value x, onnxir::NodeOp op) {
       return positiveOr(
           b, x,
           scaled(b, math::ExpM1Op::create(b, x), op.getFloat("alpha", 1.0)));
     },
     "alpha"},
    {"Selu",
     [](B &b, Value x, onnxir::NodeOp op) {
       Value below = scaled(b, math::ExpM1Op::create(b, x),
                            op.getFloat("alpha", 1.67326319217681884765625));
       return scaled(b, positiveOr(b, x, below),
                     op.getFloat("gamma", 1.05070102214813232421875));
     },
     "alpha gamma"},
    {"Celu",
     [](B &b, Value x, onnxir::NodeOp op) -> Value {
       double alpha = op.getFloat("alpha", 1.0);
       Value below = scaled(
           b, math::ExpM1Op::create(b, scaled(b, x, 1.0 / alpha)), alpha);
       return positiveOr(b, x, below);
     },
     "alpha"},
    {"Shrink",
     [](B &b, Value x, onnxir::NodeOp op) -> Value {
       double limit = op.getFloat("lambd", 0.5);
       Value bias = constant(b, x.getType(), op.getFloat("bias", 0.0));
       Value above = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x,
                                           constant(b, x.getType(), limit));
       Value below = arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x,
                                           constant(b, x.getType(), -limit));
       Value middle =
           arith::SelectOp::create(b, below, arith::AddFOp::create(b, x, bias),
                                   constant(b, x.getType(), 0.0));
       return arith::SelectOp::create(
           b, above, arith::SubFOp::create(b, x, bias), middle);
     },
     "bias lambd"},
    {"Mish",
     [](B &b, Value x, onnxir::NodeOp) -> Value {
       return arith::MulFOp::create(b, x,
                                    math::TanhOp::create(b, softplus(b, x)));
     }},
    {"ThresholdedRelu",
     [](B &b, Value x, onnxir::NodeOp op) -> Value {
       Value above = arith::CmpFOp::create(
           b, arith::CmpFPredicate::OGT, x,
           constant(b, x.getType(), op.getFloat("alpha", 1.0)));
       return arith::SelectOp::create(b, above, x,
                                      constant(b, x.getType(), 0.0));
     },
     "alpha"},
};

/// Applies a function of floats.
static FailureOr<Value> lowerFloat(Node &node, FloatFn function) {
  Type type = node.getElementType(0);
  if (node.op.is("Celu") && node.op.getFloat("alpha", 1.0) == 0.0)
    return node.fail("alpha is 0");
  StringRef approximate = node.op.getString("approximate", "none");
  if (approximate != "none" && approximate != "tanh")
    return node.fail("approximate '" + approximate + "' does not exist");
  return node.b.map(node.get(0), type, [&](B &b, ValueRange x) {
    return function(b, x[0], node.op);
  });
}

/// Functions that integers have too.
static FailureOr<Value> lowerNumeric(Node &node) {
  Type type = node.getElementType(0);
  StringRef op = node.op.getOpType();
  bool isUnsigned = node.isUnsigned(0);
  return node.b.map(node.get(0), type, [&](B &b, ValueRange args) -> Value {
    Value x = args[0];
    Value zero = constant(b, x.getType(), 0.0);
    if (isa<FloatType>(x.getType())) {
      if (op == "Abs")
        return math::AbsFOp::create(b, x);
      if (op == "Neg")
        return arith::NegFOp::create(b, x);
      if (op == "Relu")
        return arith::MaximumFOp::create(b, x, zero);
      // Sign: ±1, 0 for 0, NaN for NaN.
      Value one = constant(b, x.getType(), 1.0);
      Value sign = math::CopySignOp::create(b, one, x);
      Value other =
          arith::CmpFOp::create(b, arith::CmpFPredicate::ONE, x, zero);
      return arith::SelectOp::create(b, other, sign, x);
    }
    if (op == "Abs")
      return isUnsigned ? x : math::AbsIOp::create(b, x).getResult();
    if (op == "Neg")
      return arith::SubIOp::create(b, zero, x);
    if (op == "Relu")
      return isUnsigned ? x : arith::MaxSIOp::create(b, x, zero).getResult();
    Value one = constant(b, x.getType(), 1.0);
    Value minus = constant(b, x.getType(), -1.0);
    Value isZero = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, x, zero);
    Value below = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, x, zero);
    Value sign =
        isUnsigned ? one
                   : arith::SelectOp::create(b, below, minus, one).getResult();
    return arith::SelectOp::create(b, isZero, zero, sign);
  });
}

static FailureOr<Value> lowerNot(Node &node) {
  Type type = node.getElementType(0);
  return node.b.map(node.get(0), type, [&](B &b, ValueRange x) -> Value {
    return arith::XOrIOp::create(b, x[0], constant(b, type, -1.0));
  });
}

static FailureOr<Value> lowerPredicate(Node &node) {
  bool isNaN = node.op.getOpType() == "IsNaN";
  bool up = node.op.getInt("detect_positive", 1);
  bool down = node.op.getInt("detect_negative", 1);
  return node.b.map(
      node.get(0), node.b.getI1Type(), [&](B &b, ValueRange args) -> Value {
        Value x = args[0];
        if (isNaN)
          return arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, x, x);
        double infinity = std::numeric_limits<double>::infinity();
        Value high = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, x,
                                           constant(b, x.getType(), infinity));
        Value low = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, x,
                                          constant(b, x.getType(), -infinity));
        Value no = constant(b, b.getI1Type(), 0);
        return arith::OrIOp::create(b, up ? high : no, down ? low : no);
      });
}

void onnxtolinalg::populateUnaryLowerings(Lowerings &lowerings) {
  for (auto [op, function, attributes] : kFloatFunctions)
    lowerings[op] = Lowering(single([function = function](Node &node) {
                      return lowerFloat(node, function);
                    }))
                        .takes(1)
                        .reads(attributes)
                        .of(Elements::Floats);
  for (StringRef op : {"Abs", "Neg", "Relu", "Sign"})
    lowerings[op] =
        Lowering(single(lowerNumeric)).takes(1).of(Elements::Numbers);
  lowerings["Not"] = Lowering(single(lowerNot)).takes(1).of(Elements::Booleans);
  lowerings["BitwiseNot"] =
      Lowering(single(lowerNot)).takes(1).of(Elements::Integers);
  lowerings["IsNaN"] =
      Lowering(single(lowerPredicate)).takes(1).of(Elements::Floats);
  lowerings["IsInf"] = Lowering(single(lowerPredicate))
                           .takes(1)
                           .reads("detect_negative detect_positive")
                           .of(Elements::Floats);
}
