//===- InferTypesElementwise.cpp - Types of elementwise operators ---------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InferTypes.h"

using namespace mlir;
using namespace mlir::onnxir;

/// The shape of all inputs from `first` on, broadcast.
static FailureOr<SmallVector<int64_t>> broadcastInputs(Inference &inference,
                                                       unsigned first = 0) {
  SmallVector<int64_t> shape;
  for (unsigned slot = first, e = inference.node.getNumSlots(); slot < e;
       ++slot) {
    if (!inference.has(slot))
      continue;
    FailureOr<SmallVector<int64_t>> merged =
        broadcastShapes(shape, inference.getShape(slot));
    if (failed(merged)) {
      inference.emitError() << "shapes cannot be broadcast: input " << slot
                            << " is " << inference.getType(slot);
      return failure();
    }
    shape = std::move(*merged);
  }
  return shape;
}

/// Checks that inputs from `first` on have one element type.
static LogicalResult checkSameElementType(Inference &inference,
                                          unsigned first = 0) {
  for (unsigned slot = first + 1, e = inference.node.getNumSlots(); slot < e;
       ++slot)
    if (inference.has(slot) &&
        inference.getElementType(slot) != inference.getElementType(first))
      return inference.emitError()
             << "inputs differ in element type: " << inference.getType(first)
             << " and " << inference.getType(slot);
  return success();
}

static LogicalResult inferUnary(Inference &inference) {
  return inference.setLike(0, 0);
}

static LogicalResult inferPredicate(Inference &inference) {
  return inference.set(0, IntegerType::get(inference.getContext(), 1),
                       inference.getShape(0));
}

static LogicalResult inferNary(Inference &inference) {
  FailureOr<SmallVector<int64_t>> shape = broadcastInputs(inference);
  if (failed(shape) || failed(checkSameElementType(inference)))
    return failure();
  return inference.set(0, inference.getElementType(0), *shape);
}

/// The exponent may have a type of its own.
static LogicalResult inferPow(Inference &inference) {
  FailureOr<SmallVector<int64_t>> shape = broadcastInputs(inference);
  if (failed(shape))
    return failure();
  return inference.set(0, inference.getElementType(0), *shape);
}

static LogicalResult inferComparison(Inference &inference) {
  FailureOr<SmallVector<int64_t>> shape = broadcastInputs(inference);
  if (failed(shape) || failed(checkSameElementType(inference)))
    return failure();
  return inference.set(0, IntegerType::get(inference.getContext(), 1), *shape);
}

static LogicalResult inferWhere(Inference &inference) {
  FailureOr<SmallVector<int64_t>> shape = broadcastInputs(inference);
  if (failed(shape) || failed(checkSameElementType(inference, 1)))
    return failure();
  if (!inference.getElementType(0).isInteger(1))
    return inference.emitError()
           << "the condition must be of i1, got " << inference.getType(0);
  return inference.set(0, inference.getElementType(1), *shape);
}

static LogicalResult inferClip(Inference &inference) {
  for (unsigned slot : {1u, 2u})
    if (inference.has(slot) &&
        inference.getElementType(slot) != inference.getElementType(0))
      return inference.emitError()
             << "bounds must have the element type of the input, got "
             << inference.getType(slot);
  return inference.setLike(0, 0);
}

static LogicalResult inferCast(Inference &inference) {
  int64_t to = inference.node.getInt("to", 0);
  Type type = getElementTypeOf(inference.getContext(), to);
  if (!type)
    return inference.emitError() << "cannot cast to element type " << to;
  return inference.set(0, type, inference.getShape(0));
}

static LogicalResult inferCastLike(Inference &inference) {
  return inference.set(0, inference.getElementType(1), inference.getShape(0));
}

/// The mask of what is left is boolean since operator set 10.
static LogicalResult inferDropout(Inference &inference) {
  int64_t version = inference.node.getOpsetVersion();
  Type mask = version != 0 && version < 10
                  ? inference.getElementType(0)
                  : Type(IntegerType::get(inference.getContext(), 1));
  if (failed(inference.set(1, mask, inference.getShape(0))))
    return failure();
  return inference.setLike(0, 0);
}

void onnxir::addElementwiseRules(InferRules &rules) {
  for (StringRef op : {"Abs",
                       "Acos",
                       "Acosh",
                       "Asin",
                       "Asinh",
                       "Atan",
                       "Atanh",
                       "BitwiseNot",
                       "Ceil",
                       "Celu",
                       "Cos",
                       "Cosh",
                       "Elu",
                       "Erf",
                       "Exp",
                       "Floor",
                       "Gelu",
                       "Hardmax",
                       "HardSigmoid",
                       "HardSwish",
                       "Identity",
                       "LeakyRelu",
                       "Log",
                       "LogSoftmax",
                       "Mish",
                       "Neg",
                       "Not",
                       "Relu",
                       "Reciprocal",
                       "Round",
                       "Selu",
                       "Shrink",
                       "Sigmoid",
                       "Sign",
                       "Sin",
                       "Sinh",
                       "Softmax",
                       "Softplus",
                       "Softsign",
                       "Sqrt",
                       "Swish",
                       "Tan",
                       "Tanh",
                       "ThresholdedRelu",
                       "com.microsoft::BiasGelu",
                       "com.microsoft::FastGelu",
                       "com.microsoft::QuickGelu",
                       "com.microsoft::Gelu"})
    rules[op] = {1, inferUnary};
  rules["IsNaN"] = rules["IsInf"] = {1, inferPredicate};
  for (StringRef op :
       {"Add", "And", "BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor",
        "Div", "Mod", "Mul", "Or", "PRelu", "Sub", "SwiGLU", "Xor"})
    rules[op] = {2, inferNary};
  for (StringRef op : {"Max", "Mean", "Min", "Sum"})
    rules[op] = {1, inferNary};
  for (StringRef op :
       {"Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"})
    rules[op] = {2, inferComparison};
  rules["Pow"] = {2, inferPow};
  rules["Where"] = {3, inferWhere};
  rules["Clip"] = {1, inferClip};
  rules["Cast"] = rules["BitCast"] = {1, inferCast};
  rules["Dropout"] = {1, inferDropout};
  rules["CastLike"] = {2, inferCastLike};
}
