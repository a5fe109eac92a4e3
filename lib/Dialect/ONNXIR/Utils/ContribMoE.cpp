//===- ContribMoE.cpp - Attributes and activations of MoE and QMoE -*- C++
//-*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/ONNXIR/Utils/ContribMoE.h"
#include "moe/Dialect/ONNXIR/IR/Schemas.h"
#include "moe/Dialect/ONNXIR/Utils/NodeUtils.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::onnxir;

/// A tensor type of known rank between `minRank` and `maxRank` at `slot`.
static FailureOr<RankedTensorType> getRanked(NodeOp node, unsigned slot,
                                             StringRef name, int64_t minRank,
                                             int64_t maxRank) {
  Value value = node.getInput(slot);
  if (!value) {
    emitNodeError(node) << "input " << slot << " (" << name << ") is missing";
    return failure();
  }
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getRank() < minRank || type.getRank() > maxRank) {
    InFlightDiagnostic diag = emitNodeError(node)
                              << name << " must have rank " << minRank;
    if (maxRank != minRank)
      diag << " or " << maxRank;
    diag << ", got " << value.getType();
    return failure();
  }
  return type;
}

static LogicalResult readInputs(ContribMoE &layer) {
  NodeOp node = layer.node;
  FailureOr<RankedTensorType> input = getRanked(node, 0, "input", 2, 3);
  if (failed(input))
    return failure();
  FailureOr<RankedTensorType> router = getRanked(node, 1, "router_probs", 2, 2);
  if (failed(router))
    return failure();
  layer.inputType = *input;
  layer.routerType = *router;
  Type element = input->getElementType();
  if (!element.isF32() && !element.isF16() && !element.isBF16())
    return emitNodeError(node)
           << "input must be of f32, f16 or bf16, got " << *input;
  if (!isa<FloatType>(router->getElementType()))
    return emitNodeError(node)
           << "router_probs must be floating-point, got " << *router;
  layer.hidden = input->getShape().back();
  if (ShapedType::isDynamic(layer.hidden))
    return emitNodeError(node)
           << "the last size of the input must be known, got " << *input;
  layer.experts = router->getDimSize(1);
  layer.tokens = 1;
  for (int64_t size : input->getShape().drop_back())
    layer.tokens = ShapedType::isDynamic(size) ||
                           ShapedType::isDynamic(layer.tokens) ||
                           llvm::MulOverflow(layer.tokens, size, layer.tokens)
                       ? ShapedType::kDynamic
                       : layer.tokens;
  if (!ShapedType::isDynamic(layer.tokens) && !router->isDynamicDim(0) &&
      layer.tokens != router->getDimSize(0))
    return emitNodeError(node) << "router_probs has " << router->getDimSize(0)
                               << " rows for " << layer.tokens << " tokens";
  return success();
}

static LogicalResult readRouting(ContribMoE &layer) {
  NodeOp node = layer.node;
  layer.k = node.getInt("k", 1);
  layer.normalize = node.getInt("normalize_routing_weights", 0) != 0;
  layer.sparseMixer = node.getInt("use_sparse_mixer", 0) != 0;
  if (layer.sparseMixer && layer.k != 2)
    return emitNodeError(node)
           << "use_sparse_mixer needs k = 2, got " << layer.k;
  if (!layer.isQuantized || !node.getInput(14))
    return success();
  auto type = dyn_cast<RankedTensorType>(node.getInput(14).getType());
  if (!type || type.getRank() != 2 || !isa<FloatType>(type.getElementType()) ||
      (!type.isDynamicDim(1) && type.getDimSize(1) != layer.experts) ||
      failed(verifyCompatibleShape(type, layer.routerType)))
    return emitNodeError(node)
           << "router_weights must have the shape of router_probs, "
           << layer.routerType << ", got " << node.getInput(14).getType();
  layer.routerWeights = node.getInput(14);
  return success();
}

static LogicalResult readActivation(ContribMoE &layer) {
  NodeOp node = layer.node;
  layer.activation = node.getString("activation_type", "relu");
  layer.swigluFusion = node.getInt("swiglu_fusion", 0);
  bool known = llvm::is_contained(
      {"relu", "gelu", "silu", "swiglu", "identity"}, layer.activation);
  if (!known)
    return emitNodeError(node)
           << "activation_type \"" << layer.activation << "\" is not supported";
  if (layer.swigluFusion < 0 || layer.swigluFusion > 2)
    return emitNodeError(node)
           << "swiglu_fusion must be 0, 1 or 2, got " << layer.swigluFusion;
  if (double limit = node.getFloat("swiglu_limit", 0.0);
      std::isnan(limit) || limit < 0.0)
    return emitNodeError(node) << "swiglu_limit must not be negative";
  if (!std::isfinite(node.getFloat("activation_alpha", 1.0)) ||
      !std::isfinite(node.getFloat("activation_beta", 0.0)))
    return emitNodeError(node)
           << "activation_alpha and activation_beta must be finite";
  bool isSwiglu = layer.activation == "swiglu";
  int64_t limitAfter = node.getInt("swiglu_limit_after_activation", 0);
  if (limitAfter != 0 && limitAfter != 1)
    return emitNodeError(node)
           << "swiglu_limit_after_activation must be 0 or 1, got "
           << limitAfter;
  if (limitAfter && !isSwiglu)
    return emitNodeError(node) << "swiglu_limit_after_activation goes with "
                                  "activation_type \"swiglu\"";
  // Without a limit there is nothing to apply later.
  if (limitAfter && node.getAttribute("swiglu_limit") &&
      !std::isinf(node.getFloat("swiglu_limit", 0.0)))
    return emitNodeError(node)
           << "swiglu_limit_after_activation = 1 is not supported";
  layer.fused = isSwiglu && layer.swigluFusion != 0 ? 2 : 1;
  return success();
}

/// Bits of the weights' elements, which the matrices may have of their own.
static LogicalResult readBits(ContribMoE &layer) {
  NodeOp node = layer.node;
  auto check = [&](StringRef name, int64_t bits) -> LogicalResult {
    if (bits == 2 || bits == 4 || bits == 8)
      return success();
    return emitNodeError(node) << name << " must be 2, 4 or 8, got " << bits;
  };
  if (failed(check("expert_weight_bits", node.getInt("expert_weight_bits", 4))))
    return failure();
  ContribMoE::Matrix *matrices[] = {&layer.fc1, &layer.fc2, &layer.fc3};
  for (auto [i, matrix] : llvm::enumerate(matrices)) {
    matrix->bits = getQMoEBits(node, i + 1);
    std::string name = "fc" + std::to_string(i + 1) + "_expert_weight_bits";
    if (failed(check(name, matrix->bits)))
      return failure();
  }
  if (layer.fused == 2 && node.getAttribute("fc3_expert_weight_bits") &&
      layer.fc3.bits != layer.fc1.bits)
    return emitNodeError(node)
           << "fc3_expert_weight_bits is " << layer.fc3.bits
           << ", but fc1 holds both projections with " << layer.fc1.bits;
  return success();
}

/// Attributes that only QMoE has. `accuracy_level` allows less accurate
/// kernels; nothing here has to make use of that.
static LogicalResult readQuantization(ContribMoE &layer, bool acceptPrepacked) {
  NodeOp node = layer.node;
  if (failed(readBits(layer)))
    return failure();
  StringRef type = node.getString("quant_type", "int");
  if (type != "int")
    return emitNodeError(node)
           << "quant_type \"" << type << "\" is not supported";
  layer.block = node.getInt("block_size", 0);
  if (layer.block != 0 &&
      (layer.block < 16 || !llvm::isPowerOf2_64(layer.block)))
    return emitNodeError(node)
           << "block_size must be a power of two, 16 or more, got "
           << layer.block;
  int64_t prepacked = node.getInt("weights_prepacked", -1);
  if (prepacked < -1 || prepacked > 1)
    return emitNodeError(node)
           << "weights_prepacked must be -1, 0 or 1, got " << prepacked;
  if (prepacked == 1 && !acceptPrepacked)
    return emitNodeError(node)
           << "weights_prepacked = 1: the weights are in the layout of one "
              "kernel, which the model does not describe";
  for (unsigned slot = 15; slot <= 20; ++slot)
    if (node.getInput(slot))
      return emitNodeError(node)
             << "input " << slot << " goes with a quant_type other than int, "
             << "which is not supported";
  return success();
}

FailureOr<ContribMoE> onnxir::readContribMoE(NodeOp node,
                                             bool acceptPrepacked) {
  ContribMoE layer;
  layer.node = node;
  layer.isQuantized = node.getOpType() == "QMoE";
  unsigned most = layer.isQuantized ? 21 : 8;
  if (node.getNumSlots() > most) {
    emitNodeError(node) << "takes at most " << most << " inputs, got "
                        << node.getNumSlots();
    return failure();
  }
  if (node.getNumResults() != 1) {
    emitNodeError(node) << "has one output, got " << node.getNumResults();
    return failure();
  }
  if (failed(readInputs(layer)) || failed(readActivation(layer)) ||
      (layer.isQuantized && failed(readQuantization(layer, acceptPrepacked))) ||
      failed(readContribMatrices(layer)) || failed(readRouting(layer)))
    return failure();
  if (layer.k < 1 || layer.k > layer.experts) {
    emitNodeError(node) << "k must be between 1 and the number of experts, "
                        << layer.experts << ", got " << layer.k;
    return failure();
  }
  return layer;
}
