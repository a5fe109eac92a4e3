//===- Activation.cpp - Activations of several operands -*- C++ -*-===//
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

Value onnxtolinalg::sigmoid(B &b, Value x) {
  Value one = constant(b, x.getType(), 1.0);
  Value e = math::ExpOp::create(b, arith::NegFOp::create(b, x));
  return arith::DivFOp::create(b, one, arith::AddFOp::create(b, one, e));
}

Value onnxtolinalg::scaled(B &b, Value x, double factor) {
  return arith::MulFOp::create(b, x, constant(b, x.getType(), factor));
}

Value onnxtolinalg::geluTanh(B &b, Value x) {
  Value cube = arith::MulFOp::create(b, x, arith::MulFOp::create(b, x, x));
  Value inner =
      scaled(b, arith::AddFOp::create(b, x, scaled(b, cube, 0.044715)),
             std::sqrt(2.0 / M_PI));
  Value one = constant(b, x.getType(), 1.0);
  Value sum = arith::AddFOp::create(b, one, math::TanhOp::create(b, inner));
  return arith::MulFOp::create(b, scaled(b, x, 0.5), sum);
}

Value onnxtolinalg::geluErf(B &b, Value x) {
  Value one = constant(b, x.getType(), 1.0);
  Value erf = math::ErfOp::create(b, scaled(b, x, std::sqrt(0.5)));
  return arith::MulFOp::create(b, scaled(b, x, 0.5),
                               arith::AddFOp::create(b, one, erf));
}

static FailureOr<Value> lowerPRelu(Node &node) {
  Type type = node.getElementType(0);
  return node.b.map(
      {node.get(0), node.get(1)}, type, [](B &b, ValueRange args) -> Value {
        Value below =
            arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, args[0],
                                  constant(b, args[0].getType(), 0.0));
        return arith::SelectOp::create(
            b, below, arith::MulFOp::create(b, args[0], args[1]), args[0]);
      });
}

/// x + gate · y; the product is rounded as two operators would round it.
static FailureOr<Value> lowerGatedAdd(Node &node) {
  Type type = node.getElementType(0);
  return node.b.map({node.get(0), node.get(1), node.get(2)}, type,
                    [type](B &b, ValueRange x) -> Value {
                      Value product = arith::MulFOp::create(b, x[1], x[2]);
                      Type compute = product.getType();
                      product = convertFloatScalar(b, product, type);
                      product = convertFloatScalar(b, product, compute);
                      return arith::AddFOp::create(b, x[0], product);
                    });
}

/// Swish(gate) · linear.
static FailureOr<Value> lowerSwiGLU(Node &node) {
  TensorBuilder &b = node.b;
  if (node.getRank(0) != node.getRank(1))
    return node.fail("operands differ in rank");
  for (auto [x, y] :
       llvm::zip_equal(b.getSizes(node.get(0)), b.getSizes(node.get(1))))
    b.assertEqual(x, y, "operands differ in size");
  double alpha = node.op.getFloat("alpha", 1.0);
  return b.map({node.get(0), node.get(1)}, node.getElementType(0),
               [&](B &b, ValueRange x) -> Value {
                 Value gate = sigmoid(b, scaled(b, x[0], alpha));
                 return arith::MulFOp::create(
                     b, arith::MulFOp::create(b, x[0], gate), x[1]);
               });
}

/// Gelu(x + bias), where a bias is given.
static FailureOr<Value> lowerBiasGelu(Node &node) {
  SmallVector<Value> operands(node.op.getInputs());
  bool byTanh = node.op.getOpType() == "FastGelu";
  return node.b.map(operands, node.getElementType(0),
                    [&](B &b, ValueRange x) -> Value {
                      Value sum = x[0];
                      if (x.size() > 1)
                        sum = arith::AddFOp::create(b, x[0], x[1]);
                      return byTanh ? geluTanh(b, sum) : geluErf(b, sum);
                    });
}

void onnxtolinalg::populateActivationLowerings(Lowerings &lowerings) {
  lowerings["PRelu"] =
      Lowering(single(lowerPRelu)).takes(2).of(Elements::Floats);
  lowerings["SwiGLU"] = Lowering(single(lowerSwiGLU))
                            .takes(2)
                            .reads("alpha")
                            .of(Elements::Floats);
  lowerings["com.microsoft::GatedAdd"] = Lowering(single(lowerGatedAdd))
                                             .takes(3)
                                             .of(Elements::Floats)
                                             .except("gate_weight");
  lowerings["com.microsoft::BiasGelu"] =
      Lowering(single(lowerBiasGelu)).takes(2).of(Elements::Floats);
  lowerings["com.microsoft::FastGelu"] =
      Lowering(single(lowerBiasGelu)).takes(1, 2).of(Elements::Floats);
}
