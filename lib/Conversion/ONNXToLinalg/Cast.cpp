//===- Cast.cpp - Conversions of element types -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Lowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

using B = ImplicitLocOpBuilder;

static bool isUnsignedInteger(Type type) {
  return type.isUnsignedInteger() || type.isInteger(1);
}

static Type getSignlessElement(Type type) {
  auto integer = dyn_cast<IntegerType>(type);
  return integer ? Type(IntegerType::get(type.getContext(), integer.getWidth()))
                 : type;
}

Value onnxtolinalg::castScalar(B &b, Value value, Type from, Type to) {
  Type target = getSignlessElement(to);
  if (from == to)
    return value;
  if (isa<FloatType>(from)) {
    if (isa<FloatType>(to))
      return convertFloatScalar(b, value, to);
    // Narrow floats may have been widened on the way here.
    if (to.isInteger(1))
      return arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, value,
                                   constant(b, value.getType(), 0.0));
    return isUnsignedInteger(to)
               ? arith::FPToUIOp::create(b, target, value).getResult()
               : arith::FPToSIOp::create(b, target, value).getResult();
  }
  if (isa<FloatType>(to)) {
    Type compute = getComputeType(to);
    Value wide = isUnsignedInteger(from)
                     ? arith::UIToFPOp::create(b, compute, value).getResult()
                     : arith::SIToFPOp::create(b, compute, value).getResult();
    return convertFloatScalar(b, wide, to);
  }
  if (to.isInteger(1))
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, value,
                                 constant(b, value.getType(), 0.0));
  unsigned width = target.getIntOrFloatBitWidth();
  unsigned have = value.getType().getIntOrFloatBitWidth();
  if (width == have)
    return value;
  if (width < have)
    return arith::TruncIOp::create(b, target, value);
  return isUnsignedInteger(from)
             ? arith::ExtUIOp::create(b, target, value).getResult()
             : arith::ExtSIOp::create(b, target, value).getResult();
}

static FailureOr<Value> lowerCast(Node &node) {
  Type to = node.getResultONNXType(0), from = node.getElementType(0);
  if (node.isUnsigned(0))
    from = IntegerType::get(from.getContext(), from.getIntOrFloatBitWidth(),
                            IntegerType::Unsigned);
  if (from == to)
    return node.get(0);
  return node.b.map(node.get(0), node.getResultElementType(0),
                    [&](B &b, ValueRange x) {
                      // The element comes in its compute type.
                      Type have = isa<FloatType>(from) ? x[0].getType() : from;
                      return castScalar(b, x[0], have, to);
                    });
}

/// The same bits as another type of the same width.
static FailureOr<Value> lowerBitCast(Node &node) {
  Type from = node.getElementType(0), to = node.getResultElementType(0);
  bool isBool = from.isInteger(1) && to.isInteger(8);
  if (!isBool && from.getIntOrFloatBitWidth() != to.getIntOrFloatBitWidth())
    return node.fail("the element types differ in width");
  if (from == to)
    return node.get(0);
  Value input = node.get(0);
  return node.b.generate(node.b.getSizes(input), to,
                         [&](B &b, ValueRange at) -> Value {
                           Value x = tensor::ExtractOp::create(b, input, at);
                           if (isBool)
                             return arith::ExtUIOp::create(b, to, x);
                           return arith::BitcastOp::create(b, to, x);
                         });
}

/// The identity: what a model in use does. That it does so is checked where
/// inputs decide.
static Results lowerDropout(Node &node) {
  TensorBuilder &b = node.b;
  int64_t version = node.op.getOpsetVersion();
  if (version != 0 && version < 7 && !node.op.getInt("is_test", 0)) {
    node.emitError() << "training is not supported";
    return failure();
  }
  if (node.get(2)) {
    FailureOr<Value> training = node.readCondition(node.get(2));
    if (failed(training))
      return failure();
    Value keeps =
        arith::XOrIOp::create(b, *training, constant(b, b.getI1Type(), 1.0));
    if (node.get(1)) {
      if (!isa<FloatType>(node.getElementType(1)) || node.getRank(1) != 0) {
        node.emitError() << "the ratio must be one number";
        return failure();
      }
      Value ratio = b.getScalar(node.get(1));
      keeps = arith::OrIOp::create(
          b, keeps,
          arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, ratio,
                                constant(b, ratio.getType(), 0.0)));
    }
    b.assertTrue(keeps, "training is not supported");
  }
  SmallVector<Value> results{node.get(0), Value()};
  if (node.wants(1))
    results[1] = b.fill(b.getSizes(node.get(0)),
                        constantAttr(node.getResultElementType(1), 1.0));
  return results;
}

static FailureOr<Value> lowerIdentity(Node &node) { return node.get(0); }

void onnxtolinalg::populateCastLowerings(Lowerings &lowerings) {
  // `saturate` and `round_mode` are of types of fewer than 16 bits.
  lowerings["Cast"] =
      Lowering(single(lowerCast)).takes(1).reads("round_mode saturate to");
  lowerings["CastLike"] =
      Lowering(single(lowerCast)).takes(2).reads("round_mode saturate");
  lowerings["BitCast"] =
      Lowering(single(lowerBitCast)).takes(1).reads("to").except("to booleans");
  lowerings["Dropout"] = Lowering(lowerDropout)
                             .takes(1, 3)
                             .reads("is_test ratio seed")
                             .of(Elements::Floats)
                             .except("training");
  lowerings["Identity"] = Lowering(single(lowerIdentity)).takes(1);
}
