//===- ExpertOps.cpp - Kinds of experts and moe.experts -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VerifyUtils.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

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
  // (F1)
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
  // (F2)
  if (getGateBias())
    return emitOpError("a gate bias needs a gate projection");
  // (F3)
  if (getActivation().getBeta() != 0.0 ||
      !std::isinf(getActivation().getLimit()))
    return emitOpError("beta and limit need a gate projection");
  return success();
}

LogicalResult CopyExpertsOp::verify() {
  // (Y1)
  if (getType().getInSize() != getType().getOutSize())
    return emitOpError("copies cannot change the row size, got ") << getType();
  return success();
}

LogicalResult ConstantExpertsOp::verify() {
  // (K1)
  ExpertsType type = getType();
  ArrayRef<int64_t> vectors = getVectors().getType().getShape();
  if (vectors != ArrayRef<int64_t>({type.getCount(), type.getOutSize()}))
    return emitOpError("vectors must be ")
           << type.getCount() << "x" << type.getOutSize() << ", got "
           << getVectors().getType();
  if (!getMix())
    return success();
  // (K2)
  if (type.getInSize() != type.getOutSize())
    return emitOpError("mixed constants cannot change the row size, got ")
           << type;
  return verifyProjection(*this, "mix", getMix(), Value(), type.getCount(), 2,
                          type.getInSize());
}

/// Whether `type` is tensor<?x`size`xF>, F being a real type of the dialect.
static bool isRowsType(Type type, int64_t size) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getRank() == 2 && tensor.isDynamicDim(0) &&
         tensor.getDimSize(1) == size && !tensor.getEncoding() &&
         isa<Float16Type, BFloat16Type, Float32Type, Float64Type>(
             tensor.getElementType());
}

LogicalResult RegionExpertsOp::verifyRegions() {
  ExpertsType type = getType();
  Block &block = getBody().front();
  // (R1)
  if (block.getNumArguments() != 2 ||
      !block.getArgument(0).getType().isIndex() ||
      !isRowsType(block.getArgument(1).getType(), type.getInSize()))
    return emitOpError("the region must take (index, tensor<?x")
           << type.getInSize() << "xfloat>)";
  // (R2)
  Operation *yield = block.getTerminator();
  if (yield->getNumOperands() != 1 ||
      !isRowsType(yield->getOperand(0).getType(), type.getOutSize()))
    return emitOpError("the region must yield one tensor<?x")
           << type.getOutSize() << "xfloat>";
  // (R3): it runs where the experts are applied, any number of times.
  for (Operation &op : block)
    if (!isMemoryEffectFree(&op))
      return emitOpError("the region must be free of memory effects, found '")
             << op.getName() << "'";
  return success();
}

LogicalResult ExpertsOp::verify() {
  auto input = cast<RankedTensorType>(getInput().getType());
  auto result = cast<RankedTensorType>(getResult().getType());
  PlanType plan = getPlan().getType();
  int64_t count = 0;
  for (Value set : getSets()) {
    auto type = cast<ExpertsType>(set.getType());
    count += type.getCount();
    // (E1)
    if (type.getInSize() != input.getDimSize(1) ||
        type.getOutSize() != result.getDimSize(1))
      return emitOpError() << input << " -> " << result << " does not fit "
                           << type;
  }
  // (E2)
  if (count != plan.getExperts())
    return emitOpError("the sets hold ")
           << count << " experts, the plan " << plan.getExperts();
  // (E3)
  if (input.getElementType() != result.getElementType())
    return emitOpError("input and result must have one element type");
  // (E4): both hold the plan's rows, or both hold tokens.
  bool combined = static_cast<bool>(getCombineWeights());
  if (getGather() == combined &&
      !mayEqual(input.getDimSize(0), result.getDimSize(0)))
    return emitOpError("input and result differ in rows");
  // (E9)
  if (!combined && (getCopyScale() || getCoefficients()))
    return emitOpError("copy and constant terms go with combine");
  if (!combined)
    return success();
  if (failed(verifyCombineWeights(*this, getCombineWeights(), plan, getInput(),
                                  getResult())))
    return failure();
  return verifyAffineTerm(*this, getCopyScale(), getCopyInput(),
                          getCoefficients(), getVectors(), getResult());
}
