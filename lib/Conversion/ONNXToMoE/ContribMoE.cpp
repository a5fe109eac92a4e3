//===- ContribMoE.cpp - What a com.microsoft MoE or QMoE says ---*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The verifier of these nodes has checked attributes, types and sizes as far as
// they are known; here all sizes must be.
//
//===----------------------------------------------------------------------===//

#include "ContribMoE.h"
#include "moe/Dialect/ONNXIR/IR/Schemas.h"
#include "moe/Dialect/ONNXIR/Utils/NodeUtils.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::moe;
using onnxir::emitNodeError;
using onnxir::NodeOp;

/// An optional input, whose sizes must be known.
static LogicalResult readInput(NodeOp node, unsigned slot, Value &value) {
  value = node.getInput(slot);
  auto type =
      dyn_cast_or_null<RankedTensorType>(value ? value.getType() : Type());
  if (!value || (type && type.hasStaticShape()))
    return success();
  return emitNodeError(node) << "the sizes of input " << slot
                             << " must be known, got " << value.getType();
}

static LogicalResult readSizes(ContribMoE &layer) {
  NodeOp node = layer.node;
  onnxir::MoENodeSizes sizes = onnxir::getMoENodeSizes(node);
  layer.experts = sizes.experts;
  layer.hidden = sizes.hidden;
  layer.inter = sizes.inter;
  layer.fused = sizes.fusion;
  layer.inputType = dyn_cast<RankedTensorType>(node.getInput(0).getType());
  if (!layer.inputType ||
      layer.inputType.isDynamicDim(layer.inputType.getRank() - 1))
    return emitNodeError(node)
           << "the last size of the input must be known, got "
           << node.getInput(0).getType();
  if (!isa<RankedTensorType>(node.getInput(1).getType()))
    return emitNodeError(node) << "the rank of input 1 must be known, got "
                               << node.getInput(1).getType();
  if (layer.hidden < 1)
    return emitNodeError(node) << "the input has rows of 0 elements";
  if (layer.inter < 1)
    return emitNodeError(node) << "the experts have no inner elements";
  return success();
}

/// Reads matrix `number` of out×in per expert, which may be declared with `in`
/// and `out` exchanged.
static LogicalResult readMatrix(ContribMoE &layer, unsigned number, int64_t out,
                                int64_t in, ContribMoE::Matrix &matrix) {
  NodeOp node = layer.node;
  onnxir::MoENodeSlots slots = onnxir::getMoENodeSlots(node, number);
  if (failed(readInput(node, slots.weights, matrix.weights)) ||
      failed(readInput(node, slots.bias, matrix.bias)) ||
      (layer.isQuantized &&
       (failed(readInput(node, slots.scales, matrix.scales)) ||
        failed(readInput(node, slots.zeros, matrix.zeros)))))
    return failure();
  // fc3 is optional.
  if (!matrix.weights)
    return success();
  auto type = cast<RankedTensorType>(matrix.weights.getType());
  matrix.type = type.clone(
      {layer.experts, out,
       static_cast<int64_t>(llvm::divideCeil(in, matrix.getPack()))});
  if (type.getNumElements() != matrix.type.getNumElements())
    return emitNodeError(node) << "fc" << number << "_experts_weights must be "
                               << matrix.type << ", got " << type;
  return success();
}

static LogicalResult readMatrices(ContribMoE &layer) {
  for (unsigned slot : {onnxir::getMoENodeSlots(layer.node, 1).weights,
                        onnxir::getMoENodeSlots(layer.node, 2).weights})
    if (Value value; failed(readInput(layer.node, slot, value)))
      return failure();
  if (failed(readSizes(layer)))
    return failure();
  if (layer.isQuantized) {
    ContribMoE::Matrix *matrices[] = {&layer.fc1, &layer.fc2, &layer.fc3};
    for (auto [i, matrix] : llvm::enumerate(matrices))
      matrix->bits = onnxir::getQMoEBits(layer.node, i + 1);
  }
  int64_t inter = layer.inter, hidden = layer.hidden;
  return success(
      succeeded(readMatrix(layer, 1, inter * layer.fused, hidden, layer.fc1)) &&
      succeeded(readMatrix(layer, 2, hidden, inter, layer.fc2)) &&
      succeeded(readMatrix(layer, 3, inter, hidden, layer.fc3)));
}

/// Attributes that only QMoE has. `accuracy_level` allows less accurate
/// kernels; nothing here has to make use of that.
static LogicalResult readQuantization(ContribMoE &layer, bool acceptPrepacked) {
  NodeOp node = layer.node;
  StringRef type = node.getString("quant_type", "int");
  if (type != "int")
    return emitNodeError(node)
           << "quant_type \"" << type << "\" is not supported";
  if (node.getInt("weights_prepacked", -1) == 1 && !acceptPrepacked)
    return emitNodeError(node)
           << "weights_prepacked = 1: the weights are in the layout of one "
              "kernel, which the model does not describe";
  for (unsigned slot = 15; slot <= 20; ++slot)
    if (node.getInput(slot))
      return emitNodeError(node)
             << "input " << slot << " goes with a quant_type other than int, "
             << "which is not supported";
  layer.block = node.getInt("block_size", 0);
  layer.routerWeights = node.getInput(14);
  if (layer.routerWeights &&
      !isa<RankedTensorType>(layer.routerWeights.getType()))
    return emitNodeError(node) << "the rank of input 14 must be known, got "
                               << layer.routerWeights.getType();
  return success();
}

FailureOr<ContribMoE> moe::readContribMoE(NodeOp node, bool acceptPrepacked) {
  SymbolTableCollection symbolTables;
  if (failed(onnxir::verifySchema(node, symbolTables,
                                  /*allowUnregistered=*/false)) ||
      failed(onnxir::verifyMoENode(node)))
    return failure();
  ContribMoE layer;
  layer.node = node;
  layer.isQuantized = node.getOpType() == "QMoE";
  layer.k = node.getInt("k", 1);
  layer.normalize = node.getInt("normalize_routing_weights", 0) != 0;
  layer.sparseMixer = node.getInt("use_sparse_mixer", 0) != 0;
  layer.activation = node.getString("activation_type", "relu");
  layer.swigluFusion = node.getInt("swiglu_fusion", 0);
  // Without a limit there is nothing to apply later.
  if (node.getInt("swiglu_limit_after_activation", 0) == 1 &&
      node.getAttribute("swiglu_limit") &&
      !std::isinf(node.getFloat("swiglu_limit", 0.0))) {
    emitNodeError(node) << "swiglu_limit_after_activation = 1 is not supported";
    return failure();
  }
  if ((layer.isQuantized && failed(readQuantization(layer, acceptPrepacked))) ||
      failed(readMatrices(layer)))
    return failure();
  return layer;
}
