//===- Binary.cpp - Elementwise operators of several operands -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Lowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

using B = ImplicitLocOpBuilder;

/// A divisor that does not end the process: ONNX gives division of integers by
/// zero no result, the machine a signal.
static Value safeDivisor(B &b, Value y) {
  Value isZero = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, y,
                                       constant(b, y.getType(), 0.0));
  return arith::SelectOp::create(b, isZero, constant(b, y.getType(), 1.0), y);
}

/// One step of an operator on two scalars of one type; null where the operator
/// is not defined for the type.
static Value apply(B &b, StringRef op, Value x, Value y, bool isUnsigned) {
  bool isFloat = isa<FloatType>(x.getType());
  if (op == "Add" || op == "Sum" || op == "Mean")
    return isFloat ? arith::AddFOp::create(b, x, y).getResult()
                   : arith::AddIOp::create(b, x, y).getResult();
  if (op == "Sub")
    return isFloat ? arith::SubFOp::create(b, x, y).getResult()
                   : arith::SubIOp::create(b, x, y).getResult();
  if (op == "Mul")
    return isFloat ? arith::MulFOp::create(b, x, y).getResult()
                   : arith::MulIOp::create(b, x, y).getResult();
  if (op == "Div") {
    if (isFloat)
      return arith::DivFOp::create(b, x, y);
    y = safeDivisor(b, y);
    return isUnsigned ? arith::DivUIOp::create(b, x, y).getResult()
                      : arith::DivSIOp::create(b, x, y).getResult();
  }
  if (op == "Max") {
    if (isFloat)
      return arith::MaximumFOp::create(b, x, y);
    return isUnsigned ? arith::MaxUIOp::create(b, x, y).getResult()
                      : arith::MaxSIOp::create(b, x, y).getResult();
  }
  if (op == "Min") {
    if (isFloat)
      return arith::MinimumFOp::create(b, x, y);
    return isUnsigned ? arith::MinUIOp::create(b, x, y).getResult()
                      : arith::MinSIOp::create(b, x, y).getResult();
  }
  if (isFloat)
    return {};
  if (op == "And" || op == "BitwiseAnd")
    return arith::AndIOp::create(b, x, y);
  if (op == "Or" || op == "BitwiseOr")
    return arith::OrIOp::create(b, x, y);
  if (op == "Xor" || op == "BitwiseXor")
    return arith::XOrIOp::create(b, x, y);
  return {};
}

/// Whether an arithmetic operator is defined for elements of `type`.
static bool isDefined(StringRef op, Type type) {
  bool isLogical = op == "And" || op == "Or" || op == "Xor";
  if (isLogical || type.isInteger(1))
    return isLogical && type.isInteger(1);
  if (op.starts_with("Bitwise"))
    return isa<IntegerType>(type);
  return op != "Mean" || isa<FloatType>(type);
}

static FailureOr<Value> lowerArithmetic(Node &node) {
  Type type = node.getElementType(0);
  StringRef op = node.op.getOpType();
  if (!isDefined(op, type))
    return node.fail("is not defined for these elements");
  bool isUnsigned = node.isUnsigned(0);
  return node.b.map(
      node.op.getInputs(), type, [&](B &b, ValueRange args) -> Value {
        Value result = args[0];
        for (Value arg : args.drop_front())
          result = apply(b, op, result, arg, isUnsigned);
        if (op == "Mean")
          result = arith::DivFOp::create(
              b, result, constant(b, result.getType(), args.size()));
        return result;
      });
}

static FailureOr<Value> lowerMod(Node &node) {
  Type type = node.getElementType(0);
  bool truncated = node.op.getInt("fmod", 0);
  if (type.isInteger(1))
    return node.fail("is not defined for these elements");
  bool isUnsigned = node.isUnsigned(0);
  return node.b.map(
      {node.get(0), node.get(1)}, type, [&](B &b, ValueRange args) -> Value {
        Value x = args[0], y = args[1];
        Value zero = constant(b, x.getType(), 0.0);
        if (isa<FloatType>(x.getType())) {
          Value rest = arith::RemFOp::create(b, x, y);
          if (truncated)
            return rest;
          // The sign of the divisor.
          Value other =
              arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, rest, zero);
          Value below =
              arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, rest, zero);
          Value yBelow =
              arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, y, zero);
          Value signs = arith::XOrIOp::create(b, below, yBelow);
          Value moved =
              arith::SelectOp::create(b, arith::AndIOp::create(b, other, signs),
                                      arith::AddFOp::create(b, rest, y), rest);
          // A zero has it too.
          return arith::SelectOp::create(b, other, moved,
                                         math::CopySignOp::create(b, rest, y));
        }
        y = safeDivisor(b, y);
        if (isUnsigned)
          return arith::RemUIOp::create(b, x, y);
        Value rest = arith::RemSIOp::create(b, x, y);
        if (truncated)
          return rest;
        Value other =
            arith::CmpIOp::create(b, arith::CmpIPredicate::ne, rest, zero);
        Value signs =
            arith::CmpIOp::create(b, arith::CmpIPredicate::slt,
                                  arith::XOrIOp::create(b, rest, y), zero);
        return arith::SelectOp::create(b,
                                       arith::AndIOp::create(b, other, signs),
                                       arith::AddIOp::create(b, rest, y), rest);
      });
}

/// The exponent where it is one known number.
static std::optional<double> getConstantExponent(Node &node) {
  auto elements = dyn_cast_or_null<DenseElementsAttr>(node.getConstant(1));
  if (!elements || elements.getNumElements() != 1)
    return std::nullopt;
  if (isa<FloatType>(elements.getElementType())) {
    APFloat value = *elements.value_begin<APFloat>();
    bool lossy;
    value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lossy);
    return value.convertToDouble();
  }
  return static_cast<double>((*elements.value_begin<APInt>()).getSExtValue());
}

static FailureOr<Value> lowerPow(Node &node) {
  Type type = node.getElementType(0), exponent = node.getElementType(1);
  if (type.isInteger(1) || exponent.isInteger(1))
    return node.fail("is not defined for these elements");
  std::optional<double> known = getConstantExponent(node);
  bool isInteger = isa<IntegerType>(type);
  Type compute = isInteger || exponent.isF64() ? Type(node.b.getF64Type())
                                               : getComputeType(type);
  Type from =
      node.isUnsigned(0)
          ? IntegerType::get(type.getContext(), type.getIntOrFloatBitWidth(),
                             IntegerType::Unsigned)
          : type;
  return node.b.map(
      {node.get(0), node.get(1)}, type, [&](B &b, ValueRange args) -> Value {
        if (known == 2.0)
          return isInteger
                     ? arith::MulIOp::create(b, args[0], args[0]).getResult()
                     : arith::MulFOp::create(b, args[0], args[0]).getResult();
        Value x = castScalar(b, args[0], isInteger ? from : args[0].getType(),
                             compute);
        Value y = castScalar(b, args[1], args[1].getType(), compute);
        Value power = known == 0.5 ? math::SqrtOp::create(b, x).getResult()
                                   : math::PowFOp::create(b, x, y).getResult();
        return castScalar(b, power, compute,
                          isInteger ? from : getComputeType(type));
      });
}

static FailureOr<Value> lowerComparison(Node &node) {
  using F = arith::CmpFPredicate;
  using I = arith::CmpIPredicate;
  StringRef op = node.op.getOpType();
  bool isUnsigned = node.isUnsigned(0) || node.getElementType(0).isInteger(1);
  F floats = llvm::StringSwitch<F>(op)
                 .Case("Equal", F::OEQ)
                 .Case("Greater", F::OGT)
                 .Case("GreaterOrEqual", F::OGE)
                 .Case("Less", F::OLT)
                 .Default(F::OLE);
  I integers = llvm::StringSwitch<I>(op)
                   .Case("Equal", I::eq)
                   .Case("Greater", isUnsigned ? I::ugt : I::sgt)
                   .Case("GreaterOrEqual", isUnsigned ? I::uge : I::sge)
                   .Case("Less", isUnsigned ? I::ult : I::slt)
                   .Default(isUnsigned ? I::ule : I::sle);
  return node.b.map(
      {node.get(0), node.get(1)}, node.b.getI1Type(),
      [&](B &b, ValueRange args) -> Value {
        if (isa<FloatType>(args[0].getType()))
          return arith::CmpFOp::create(b, floats, args[0], args[1]);
        return arith::CmpIOp::create(b, integers, args[0], args[1]);
      });
}

static FailureOr<Value> lowerWhere(Node &node) {
  if (!node.getElementType(0).isInteger(1))
    return node.fail("the condition must be boolean");
  return node.b.map({node.get(0), node.get(1), node.get(2)},
                    node.getElementType(1), [](B &b, ValueRange args) -> Value {
                      return arith::SelectOp::create(b, args[0], args[1],
                                                     args[2]);
                    });
}

static FailureOr<Value> lowerClip(Node &node) {
  Type type = node.getElementType(0);
  if (type.isInteger(1))
    return node.fail("is not defined for these elements");
  bool isUnsigned = node.isUnsigned(0);
  SmallVector<Value> operands{node.get(0)};
  Value low = node.get(1), high = node.get(2);
  for (Value bound : {low, high})
    if (bound)
      operands.push_back(bound);
  onnxir::NodeOp op = node.op;
  return node.b.map(operands, type, [&](B &b, ValueRange args) -> Value {
    Value x = args[0];
    args = args.drop_front();
    if (low) {
      x = apply(b, "Max", x, args.front(), isUnsigned);
      args = args.drop_front();
    } else if (op.getAttribute("min")) { // opsets below 11
      x = apply(b, "Max", x, constant(b, x.getType(), op.getFloat("min", 0)),
                isUnsigned);
    }
    if (high)
      x = apply(b, "Min", x, args.front(), isUnsigned);
    else if (op.getAttribute("max"))
      x = apply(b, "Min", x, constant(b, x.getType(), op.getFloat("max", 0)),
                isUnsigned);
    return x;
  });
}

/// A shift by more bits than there are leaves what the sign says.
static FailureOr<Value> lowerBitShift(Node &node) {
  Type type = node.getElementType(0);
  StringRef direction = node.op.getString("direction", "");
  if (direction != "LEFT" && direction != "RIGHT")
    return node.fail("direction '" + direction + "' does not exist");
  bool isUnsigned = node.isUnsigned(0);
  unsigned width = type.getIntOrFloatBitWidth();
  return node.b.map(
      {node.get(0), node.get(1)}, type, [&](B &b, ValueRange x) -> Value {
        // As unsigned numbers, negative ones are too large.
        Value most = constant(b, type, width - 1);
        Value fits =
            arith::CmpIOp::create(b, arith::CmpIPredicate::ule, x[1], most);
        Value amount = arith::SelectOp::create(b, fits, x[1], most);
        if (direction == "RIGHT" && !isUnsigned)
          return arith::ShRSIOp::create(b, x[0], amount);
        Value shifted =
            direction == "LEFT"
                ? arith::ShLIOp::create(b, x[0], amount).getResult()
                : arith::ShRUIOp::create(b, x[0], amount).getResult();
        return arith::SelectOp::create(b, fits, shifted,
                                       constant(b, type, 0.0));
      });
}

void onnxtolinalg::populateBinaryLowerings(Lowerings &lowerings) {
  for (StringRef op :
       {"Add", "And", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Div", "Max",
        "Mean", "Min", "Mul", "Or", "Sub", "Sum", "Xor"}) {
    bool variadic = op == "Max" || op == "Min" || op == "Sum" || op == "Mean";
    lowerings[op] = Lowering(single(lowerArithmetic));
    if (variadic)
      lowerings[op].takes(1, Lowering::kVariadic);
    else
      lowerings[op].takes(2);
    bool isLogical = op == "And" || op == "Or" || op == "Xor";
    lowerings[op].of(isLogical                   ? Elements::Booleans
                     : op.starts_with("Bitwise") ? Elements::Integers
                     : op == "Mean"              ? Elements::Floats
                                                 : Elements::Numbers);
  }
  for (StringRef op :
       {"Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"})
    lowerings[op] = Lowering(single(lowerComparison)).takes(2);
  lowerings["Mod"] =
      Lowering(single(lowerMod)).takes(2).reads("fmod").of(Elements::Numbers);
  lowerings["Pow"] = Lowering(single(lowerPow)).takes(2).of(Elements::Numbers);
  lowerings["Where"] =
      Lowering(single(lowerWhere)).takes(3).of(Elements::Booleans);
  lowerings["Clip"] = Lowering(single(lowerClip))
                          .takes(1, 3)
                          .reads("max min")
                          .of(Elements::Numbers);
  lowerings["BitShift"] = Lowering(single(lowerBitShift))
                              .takes(2)
                              .reads("direction")
                              .of(Elements::Integers);
}
