//===- PackWeights.cpp - moe.pack_weights -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/IR/MoE.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::moe;

/// Scales per row of weights: only the defining operation knows.
static int64_t getBlocks(Value weights) {
  if (auto op = weights.getDefiningOp<WeightsOp>())
    return op.getNumBlocks();
  return 1;
}

SmallVector<Type> PackWeightsOp::inferPackedTypes(WeightsType weights,
                                                  unsigned matrices,
                                                  int64_t panel,
                                                  int64_t blocks) {
  MLIRContext *context = weights.getContext();
  int64_t experts = weights.getNumExperts();
  int64_t panels = llvm::divideCeil(weights.getOutSize(), panel / matrices);
  Type f32 = Float32Type::get(context);
  if (!weights.isMatrix())
    return {RankedTensorType::get({experts, panels, panel}, f32)};
  int64_t pack = weights.getPackFactor();
  int64_t rows = llvm::divideCeil(weights.getInSize(), pack);
  Type element = isa<IntegerType>(weights.getStorage()) || pack > 1
                     ? Type(IntegerType::get(context, 8))
                     : weights.getStorage();
  int64_t columns = panel;
  if (int64_t group = element.isInteger(8) ? 4
                      : element.isBF16()   ? 2
                                           : 1;
      group > 1) {
    rows = llvm::divideCeil(rows, group);
    columns *= group;
  }
  SmallVector<Type> types = {
      RankedTensorType::get({experts, panels, rows, columns}, element)};
  if (isa<IntegerType>(weights.getStorage()))
    types.append(2,
                 RankedTensorType::get({experts, panels, blocks, panel}, f32));
  return types;
}

void PackWeightsOp::build(OpBuilder &builder, OperationState &state,
                          ValueRange weights, int64_t panel) {
  state.addOperands(weights);
  state.getOrAddProperties<Properties>().setPanel(
      builder.getI64IntegerAttr(panel));
  state.addTypes(inferPackedTypes(cast<WeightsType>(weights.front().getType()),
                                  weights.size(), panel,
                                  getBlocks(weights.front())));
}

LogicalResult PackWeightsOp::verify() {
  // (Q1)
  if (getWeights().empty())
    return emitOpError("needs at least one operand");
  auto type = cast<WeightsType>(getWeights().front().getType());
  for (Value weights : getWeights())
    if (weights.getType() != type ||
        getBlocks(weights) != getBlocks(getWeights().front()))
      return emitOpError("operands must have one type and block size");
  // (Q2)
  int64_t matrices = getWeights().size();
  if (getPanel() < 1 || getPanel() % matrices != 0)
    return emitOpError("panel must be a positive multiple of ") << matrices;
  // (Q3)
  SmallVector<Type> expected = inferPackedTypes(
      type, matrices, getPanel(), getBlocks(getWeights().front()));
  if (SmallVector<Type>(getResults().getTypes()) != expected)
    return emitOpError("results must be ") << expected;
  return success();
}
