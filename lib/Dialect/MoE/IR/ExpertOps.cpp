//===- ExpertOps.cpp - Kinds of experts and moe.experts -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/IR/MoE.h"

using namespace mlir;
using namespace mlir::moe;

/// Checks a projection experts×out×in and its bias experts×out.
static LogicalResult verifyProjection(Operation *op, StringRef name,
                                      Value weights, Value bias,
                                      int64_t experts, int64_t out,
                                      int64_t in) {
  auto type = cast<WeightsType>(weights.getType());
  if (type.getShape() != ArrayRef<int64_t>({experts, out, in}))
    return op->emitOpError() << name << " must be " << experts << "x" << out
                             << "x" << in << ", got " << type;
  if (!bias)
    return success();
  auto biasType = cast<WeightsType>(bias.getType());
  if (biasType.getShape() != ArrayRef<int64_t>({experts, out}))
    return op->emitOpError() << name << " bias must be " << experts << "x"
                             << out << ", got " << biasType;
  return success();
}

LogicalResult FFNExpertsOp::verify() {
  ExpertsType type = getType();
  if (!getUp().getType().isMatrix())
    return emitOpError("up must be a matrix, got ") << getUp().getType();
  int64_t count = type.getCount(), inter = getUp().getType().getOutSize();
  if (failed(verifyProjection(*this, "up", getUp(), getUpBias(), count, inter,
                              type.getInSize())) ||
      failed(verifyProjection(*this, "down", getDown(), getDownBias(), count,
                              type.getOutSize(), inter)))
    return failure();
  if (getGate())
    return verifyProjection(*this, "gate", getGate(), getGateBias(), count,
                            inter, type.getInSize());
  if (getActivation().getBeta() != 0.0 ||
      !std::isinf(getActivation().getLimit()))
    return emitOpError("beta and limit need a gate projection");
  return success();
}

LogicalResult CopyExpertsOp::verify() {
  if (getType().getInSize() != getType().getOutSize())
    return emitOpError("copies cannot change the row size, got ") << getType();
  return success();
}

LogicalResult ConstantExpertsOp::verify() {
  ExpertsType type = getType();
  ArrayRef<int64_t> vectors = getVectors().getType().getShape();
  if (vectors != ArrayRef<int64_t>({type.getCount(), type.getOutSize()}))
    return emitOpError("vectors must be ")
           << type.getCount() << "x" << type.getOutSize() << ", got "
           << getVectors().getType();
  if (!getMix())
    return success();
  if (type.getInSize() != type.getOutSize())
    return emitOpError("mixed constants cannot change the row size, got ")
           << type;
  return verifyProjection(*this, "mix", getMix(), Value(), type.getCount(), 2,
                          type.getInSize());
}

LogicalResult RegionExpertsOp::verify() {
  ExpertsType type = getType();
  Block &block = getBody().front();
  auto isRows = [](Type rows, int64_t size) {
    auto tensor = dyn_cast<RankedTensorType>(rows);
    return tensor && tensor.getRank() == 2 && tensor.isDynamicDim(0) &&
           tensor.getDimSize(1) == size && isa<FloatType>(tensor.getElementType());
  };
  if (block.getNumArguments() != 2 ||
      !block.getArgument(0).getType().isIndex() ||
      !isRows(block.getArgument(1).getType(), type.getInSize()))
    return emitOpError("the region must take (index, tensor<?x")
           << type.getInSize() << "xfloat>)";
  Operation *yield = block.getTerminator();
  if (yield->getNumOperands() != 1 ||
      !isRows(yield->getOperand(0).getType(), type.getOutSize()))
    return emitOpError("the region must yield one tensor<?x")
           << type.getOutSize() << "xfloat>";
  return success();
}

LogicalResult ExpertsOp::verify() {
  auto input = cast<RankedTensorType>(getInput().getType());
  auto result = cast<RankedTensorType>(getResult().getType());
  int64_t count = 0;
  for (Value set : getSets()) {
    auto type = cast<ExpertsType>(set.getType());
    count += type.getCount();
    if (type.getInSize() != input.getDimSize(1) ||
        type.getOutSize() != result.getDimSize(1))
      return emitOpError("rows of ")
             << input.getDimSize(1) << " -> " << result.getDimSize(1)
             << " elements do not fit " << type;
  }
  if (count != getPlan().getType().getExperts())
    return emitOpError("the sets hold ")
           << count << " experts, the plan "
           << getPlan().getType().getExperts();
  if (input.getElementType() != result.getElementType())
    return emitOpError("input and result must have one element type");
  if (!getGather() && !getCombineWeights() && !input.isDynamicDim(0) &&
      !result.isDynamicDim(0) && input.getDimSize(0) != result.getDimSize(0))
    return emitOpError("input and result differ in rows");
  return success();
}
