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

static FailureOr<Value> lowerIdentity(Node &node) { return node.get(0); }

void onnxtolinalg::populateCastLowerings(Lowerings &lowerings) {
  lowerings["Cast"] = {1, single(lowerCast)};
  lowerings["CastLike"] = {2, single(lowerCast)};
  lowerings["Identity"] = {1, single(lowerIdentity)};
}
