//===- InferTypesQuantization.cpp - Types of quantised operators ----------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InferTypes.h"

using namespace mlir;
using namespace mlir::onnxir;

/// The type of the zero point, else that of `output_dtype`, else ui8.
static LogicalResult inferQuantize(Inference &inference) {
  NodeOp node = inference.node;
  MLIRContext *context = inference.getContext();
  Type type = IntegerType::get(context, 8, IntegerType::Unsigned);
  if (int64_t given = node.getInt("output_dtype", 0)) {
    type = getElementTypeOf(context, given);
    if (!type || (inference.has(2) && inference.getElementType(2) != type))
      return inference.emitError()
             << "output_dtype " << given
             << " does not exist or is not the zero point's type";
  } else if (inference.has(2)) {
    type = inference.getElementType(2);
  }
  return inference.set(0, type, inference.getShape(0));
}

/// The type of the scale, or that of `output_dtype`.
static LogicalResult inferDequantize(Inference &inference) {
  NodeOp node = inference.node;
  Type type = inference.getElementType(1);
  if (int64_t given = node.getInt("output_dtype", 0)) {
    type = getElementTypeOf(inference.getContext(), given);
    if (!type)
      return inference.emitError()
             << "output_dtype " << given << " does not exist";
  }
  return inference.set(0, type, inference.getShape(0));
}

static LogicalResult inferDynamicQuantize(Inference &inference) {
  MLIRContext *context = inference.getContext();
  Type byte = IntegerType::get(context, 8, IntegerType::Unsigned);
  if (failed(inference.set(0, byte, inference.getShape(0))) ||
      failed(inference.set(1, Float32Type::get(context), {})))
    return failure();
  return inference.set(2, byte, {});
}

/// A product of inputs 0 and `rhs`.
static LogicalResult inferProduct(Inference &inference, unsigned rhs,
                                  Type type) {
  FailureOr<SmallVector<int64_t>> shape = getProductShape(inference, 0, rhs);
  if (failed(shape))
    return failure();
  return inference.set(0, type, *shape);
}

static LogicalResult inferMatMulInteger(Inference &inference) {
  return inferProduct(inference, 1,
                      IntegerType::get(inference.getContext(), 32));
}

static LogicalResult inferQLinearMatMul(Inference &inference) {
  return inferProduct(inference, 3, inference.getElementType(7));
}

static LogicalResult inferMatMulIntegerToFloat(Inference &inference) {
  return inferProduct(inference, 1, inference.getElementType(2));
}

static LogicalResult inferDynamicQuantizeMatMul(Inference &inference) {
  return inferProduct(inference, 1, inference.getElementType(0));
}

void onnxir::addQuantizationRules(InferRules &rules) {
  rules["QuantizeLinear"] =
      rules["com.microsoft::QuantizeLinear"] = {2, inferQuantize};
  rules["DequantizeLinear"] =
      rules["com.microsoft::DequantizeLinear"] = {2, inferDequantize};
  rules["DynamicQuantizeLinear"] = {1, inferDynamicQuantize};
  rules["MatMulInteger"] = {2, inferMatMulInteger};
  rules["QLinearMatMul"] = {8, inferQLinearMatMul};
  rules["com.microsoft::MatMulIntegerToFloat"] = {4, inferMatMulIntegerToFloat};
  rules["com.microsoft::DynamicQuantizeMatMul"] = {3,
                                                   inferDynamicQuantizeMatMul};
}
