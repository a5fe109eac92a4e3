//===- ContribNode.cpp - Layers as com.microsoft MoE and QMoE ---*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerView.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace mlir;
using namespace mlir::moe;

namespace {
/// Finds out whether a kernel computes a layer, then builds its node.
class ContribNode {
public:
  ContribNode(const LayerView &layer, const ExportTargetOptions &options,
              Reason &reason)
      : layer(layer), options(options), reason(reason), nodes(layer.root),
        element(getElementTypeOrSelf(layer.tokens.getType())) {}

  LogicalResult build();

private:
  bool onCPU() const { return options.target == ExportTarget::ORTCPU; }
  void set(StringRef name, Attribute value) {
    attrs.emplace_back(StringAttr::get(nodes.getContext(), name), value);
  }
  void setInt(StringRef name, int64_t value) {
    attrs.push_back(nodes.attr(name, value));
  }
  void setFloat(StringRef name, double value) {
    set(name, Builder(nodes.getContext()).getF32FloatAttr(value));
  }

  /// Each of these only checks and notes attributes.
  LogicalResult checkExperts();
  LogicalResult checkRouting();
  LogicalResult checkCPURouting(bool isSoftmaxOverChosen);
  LogicalResult checkActivation();
  LogicalResult checkMatrix(Value weights);
  LogicalResult checkBias(Value weights);
  LogicalResult checkQuantization(WeightsOp weights);

  /// One of fc1, fc2, fc3 as inputs.
  struct Projection {
    Value weights, scales, zeros, bias;
  };
  Projection getProjection(Value matrix, Value bias);
  /// fc1 of gate and up in alternating rows.
  Projection getFused();
  Value interleave(Value gate, Value up);

  LayerView layer;
  const ExportTargetOptions &options;
  Reason &reason;
  NodeBuilder nodes;
  Type element;
  FFNExpertsOp ffn;
  GateOp gate;
  bool isQuantized = false, isFused = false;
  int64_t block = 0;
  unsigned bits = 0;
  SmallVector<NamedAttribute> attrs;
};
} // namespace

LogicalResult ContribNode::checkQuantization(WeightsOp weights) {
  WeightsType type = weights.getType();
  auto storage = dyn_cast<IntegerType>(type.getStorage());
  auto source = cast<RankedTensorType>(weights.getSources().front().getType());
  if (!storage || !storage.isUnsigned() ||
      !source.getElementType().isUnsignedInteger(8))
    return reason("QMoE holds unsigned codes in ui8");
  if (weights.getLayout().getTransposed())
    return reason("QMoE takes no transposed weights");
  if (bits && (bits != storage.getWidth() ||
               block != static_cast<int64_t>(weights.getBlock())))
    return reason("the matrices are quantised in different ways");
  bits = storage.getWidth();
  block = weights.getBlock();
  if (block && (block < 16 || !llvm::isPowerOf2_64(block)))
    return reason("QMoE takes blocks of a power of two, 16 or more");
  if (weights.getZeros().empty() && weights.getZeroPoint() != int64_t(1)
                                                                  << (bits - 1))
    return reason("QMoE's codes stand around the middle of their range");
  if (!weights.isStacked() && block == 0 && !weights.getZeros().empty())
    return reason("zero points of separate experts cannot be stacked");
  return success();
}

LogicalResult ContribNode::checkMatrix(Value value) {
  auto weights = value.getDefiningOp<WeightsOp>();
  if (!weights)
    return reason("low-rank weights are not those of MoE");
  bool isInteger = weights.getType().isQuantized();
  if (isInteger)
    isQuantized = true;
  if (isInteger != isQuantized)
    return reason("some matrices are quantised and some not");
  if (isInteger)
    return checkQuantization(weights);
  if (weights.getType().getStorage() != element)
    return reason("the weights are of another type than the tokens");
  return success();
}

LogicalResult ContribNode::checkBias(Value value) {
  if (!value)
    return success();
  auto weights = value.getDefiningOp<WeightsOp>();
  if (!weights || !isa<FloatType>(weights.getType().getStorage()))
    return reason("a bias is not of floating-point numbers");
  return success();
}

LogicalResult ContribNode::checkExperts() {
  if (layer.experts.getSets().size() != 1)
    return reason("MoE has one set of experts");
  ffn = layer.experts.getSets().front().getDefiningOp<FFNExpertsOp>();
  if (!ffn)
    return reason("MoE has feed-forward experts");
  ExpertsType type = ffn.getResult().getType();
  if (type.getInSize() != type.getOutSize())
    return reason("MoE's experts give rows of the size that they take");
  bool isKnownType =
      element.isF32() || element.isF16() || (!onCPU() && element.isBF16());
  if (!isKnownType)
    return reason("the kernel does not take the tokens' type");
  SmallVector<Value> matrices{ffn.getUp(), ffn.getDown()};
  if (ffn.getGate())
    matrices.push_back(ffn.getGate());
  for (Value matrix : matrices)
    isQuantized |= cast<WeightsType>(matrix.getType()).isQuantized();
  for (Value matrix : matrices)
    if (failed(checkMatrix(matrix)))
      return failure();
  for (Value bias : {ffn.getUpBias(), ffn.getGateBias(), ffn.getDownBias()})
    if (failed(checkBias(bias)))
      return failure();
  return success();
}

LogicalResult ContribNode::checkActivation() {
  ActivationAttr activation = ffn.getActivation();
  ActivationFunction function = activation.getFunction();
  auto setType = [&](StringRef type) {
    set("activation_type", StringAttr::get(nodes.getContext(), type));
  };
  double alpha = activation.getAlpha(), beta = activation.getBeta();
  double limit = activation.getLimit();
  if (ffn.getGate() && function == ActivationFunction::Silu) {
    isFused = true;
    setType("swiglu");
    setInt("swiglu_fusion", 1);
    setFloat("activation_alpha", alpha);
    setFloat("activation_beta", beta);
    if (std::isfinite(limit))
      setFloat("swiglu_limit", limit);
    return success();
  }
  if (ffn.getGate()) {
    bool isGated = function == ActivationFunction::GeluTanh && beta == 0.0 &&
                   !std::isfinite(limit);
    if (onCPU() || !isGated)
      return reason("the kernel has no such gated activation");
    setType("gelu");
    return success();
  }
  if (function == ActivationFunction::Relu)
    setType("relu");
  else if (function == ActivationFunction::GeluTanh)
    setType("gelu");
  else if (function == ActivationFunction::Silu && alpha == 1.0)
    setType("silu");
  else if (function == ActivationFunction::Identity)
    setType("identity");
  else
    return reason("the kernel has no such activation");
  return success();
}

LogicalResult ContribNode::checkCPURouting(bool isSoftmaxOverChosen) {
  NormalizeAttr normalize = gate.getNormalizeAttr();
  bool isSum = normalize && normalize.getMode() == NormalizeMode::Sum;
  bool isIdentity = gate.getScore().getFunction() == ScoreFunction::Identity;
  if (gate.getValues()) {
    if (!isQuantized)
      return reason("MoE has no input for routing weights");
    std::optional<APFloat> least = gate.getDropBelow();
    if (!isIdentity || (normalize && !isSum))
      return reason(
          "QMoE takes routing weights as they are, or over their sum");
    if (!least || least->convertToDouble() != 1e-8)
      return reason("QMoE drops experts of weights of 1e-8 and less");
    setInt("normalize_routing_weights", isSum);
    return success();
  }
  if (gate.getDropBelow())
    return reason("MoE drops no experts");
  if (isQuantized && !isSoftmaxOverChosen)
    return reason("QMoE on the CPU always renormalises");
  return success();
}

LogicalResult ContribNode::checkRouting() {
  gate = layer.getGate();
  if (!gate)
    return reason("ids and weights do not come from one moe.gate");
  bool hasMore = gate.getBias() || gate.getState() || gate.getGroupLimit() ||
                 gate.getCapacity() || gate.getShared() != 0;
  if (hasMore)
    return reason("MoE's routing has no bias, state, groups, capacity or "
                  "shared experts");
  if (gate.getScale().convertToDouble() != 1.0)
    return reason("MoE does not scale its routing weights");
  SelectAttr select = gate.getSelect();
  setInt("k", select.getK());
  ScoreAttr score = gate.getScore();
  NormalizeAttr normalize = gate.getNormalizeAttr();
  NormalizeMode mode = normalize ? normalize.getMode() : NormalizeMode::None;
  if (score.getTemperature() != 1.0)
    return reason("MoE's routing has no temperature");
  if (!onCPU() && select.getMode() == SelectMode::SparseMixer) {
    int64_t experts = gate.getNumExperts();
    if (double(select.getJitter()) != 0.01 || (experts != 8 && experts != 16) ||
        mode != NormalizeMode::None)
      return reason("the kernel's sparse mixer has a jitter of 0.01 and 8 or "
                    "16 experts");
    setInt("use_sparse_mixer", 1);
    return success();
  }
  if (select.getMode() != SelectMode::TopK)
    return reason("MoE chooses by top_k");
  TieBreak tie = onCPU() ? TieBreak::Higher : TieBreak::Lower;
  if (select.getTie() != tie && !options.ignoreTies)
    return reason("the kernel chooses the other one of equal experts; "
                  "ignore-ties accepts that");
  if (normalize &&
      (normalize.getEpsilon() != 0.0 || normalize.getFloor() != 0.0))
    return reason("MoE divides by the sum of weights alone");
  // Both are e^z over its sum for the chosen.
  bool isSoftmax = score.getFunction() == ScoreFunction::Softmax;
  bool isSoftmaxOverChosen = (score.getFunction() == ScoreFunction::Identity &&
                              mode == NormalizeMode::Softmax) ||
                             (isSoftmax && mode == NormalizeMode::Sum);
  if (onCPU()) {
    if (failed(checkCPURouting(isSoftmaxOverChosen)))
      return failure();
  } else if (gate.getValues() || gate.getDropBelow()) {
    return reason("the kernel reads no routing weights");
  }
  if (gate.getValues())
    return success();
  if (!isSoftmaxOverChosen && !(isSoftmax && mode == NormalizeMode::None))
    return reason("MoE scores by softmax");
  setInt("normalize_routing_weights", isSoftmaxOverChosen);
  return success();
}

/// Whether the tensors that `weights` refers to are laid out as the node wants
/// them already.
static bool isDirect(WeightsOp weights) {
  auto source = cast<RankedTensorType>(weights.getSources().front().getType());
  return weights.isStacked() && weights.getExperts().empty() &&
         weights.getLayout().isIdentity() &&
         source.getDimSize(1) == weights.getType().getOutSize();
}

ContribNode::Projection ContribNode::getProjection(Value matrix, Value bias) {
  auto weights = matrix.getDefiningOp<WeightsOp>();
  Projection result;
  auto get = [&](ValueRange parts, WeightsOp op) -> Value {
    if (parts.empty())
      return {};
    return isDirect(op) ? parts.front() : buildStacked(nodes, parts, op);
  };
  result.weights = get(weights.getSources(), weights);
  result.scales = get(weights.getScales(), weights);
  result.zeros = get(weights.getZeros(), weights);
  if (bias) {
    auto op = bias.getDefiningOp<WeightsOp>();
    result.bias = get(op.getSources(), op);
    if (op.getType().getStorage() != element)
      result.bias = nodes.cast(result.bias, element);
  }
  return result;
}

/// E×I×… and E×I×… as E×2I×…, row by row.
Value ContribNode::interleave(Value gate, Value up) {
  return nodes.concat({nodes.unsqueeze(gate, {2}), nodes.unsqueeze(up, {2})},
                      2);
}

/// The one tensor of which `gate` and `up` are the even and the odd rows.
static Value getAlternating(WeightsOp gate, WeightsOp up) {
  if (!gate || !up || gate.getSources() != up.getSources() ||
      gate.getScales() != up.getScales() || gate.getZeros() != up.getZeros() ||
      !gate.getExperts().empty() || !up.getExperts().empty() ||
      !gate.isStacked())
    return {};
  LayoutAttr even = gate.getLayout(), odd = up.getLayout();
  auto source = cast<RankedTensorType>(gate.getSources().front().getType());
  bool fits = even.getOffset() == 0 && odd.getOffset() == 1 &&
              even.getStep() == 2 && odd.getStep() == 2 &&
              !even.getTransposed() && !odd.getTransposed() &&
              source.getDimSize(1) == 2 * gate.getType().getOutSize();
  return fits ? gate.getSources().front() : Value();
}

ContribNode::Projection ContribNode::getFused() {
  auto gateOp = ffn.getGate().getDefiningOp<WeightsOp>();
  auto upOp = ffn.getUp().getDefiningOp<WeightsOp>();
  Projection result;
  WeightsType type = gateOp.getType();
  int64_t experts = type.getNumExperts(), rows = 2 * type.getOutSize();
  result.weights = getAlternating(gateOp, upOp);
  auto merge = [&](ValueRange gateParts, ValueRange upParts,
                   WeightsOp gateWeights, WeightsOp upWeights,
                   ArrayRef<int64_t> shape) -> Value {
    Value both = interleave(buildStacked(nodes, gateParts, gateWeights),
                            buildStacked(nodes, upParts, upWeights));
    return nodes.reshape(both, shape);
  };
  if (result.weights) {
    if (!gateOp.getScales().empty())
      result.scales = gateOp.getScales().front();
    if (!gateOp.getZeros().empty())
      result.zeros = gateOp.getZeros().front();
  } else {
    // 0 keeps a size of the operand, −1 is what remains.
    result.weights = merge(gateOp.getSources(), upOp.getSources(), gateOp, upOp,
                           {experts, rows, -1});
    if (!gateOp.getScales().empty()) {
      SmallVector<int64_t> shape{experts, rows};
      if (block)
        shape.push_back(-1);
      result.scales =
          merge(gateOp.getScales(), upOp.getScales(), gateOp, upOp, shape);
    }
    if (!gateOp.getZeros().empty())
      result.zeros = merge(gateOp.getZeros(), upOp.getZeros(), gateOp, upOp,
                           {experts, rows, -1});
  }
  if (!ffn.getGateBias() && !ffn.getUpBias())
    return result;
  WeightsOp gateBias, upBias;
  if (ffn.getGateBias())
    gateBias = ffn.getGateBias().getDefiningOp<WeightsOp>();
  if (ffn.getUpBias())
    upBias = ffn.getUpBias().getDefiningOp<WeightsOp>();
  result.bias = getAlternating(gateBias, upBias);
  if (!result.bias) {
    auto get = [&](WeightsOp op) -> Value {
      if (op)
        return nodes.cast(buildStacked(nodes, op.getSources(), op), element);
      auto zeros = RankedTensorType::get({experts, type.getOutSize()}, element);
      return nodes.constant(DenseElementsAttr::get(
          zeros, Builder(nodes.getContext()).getFloatAttr(element, 0.0)));
    };
    result.bias =
        nodes.reshape(interleave(get(gateBias), get(upBias)), {experts, rows});
  } else if (gateBias.getType().getStorage() != element) {
    result.bias = nodes.cast(result.bias, element);
  }
  return result;
}

LogicalResult ContribNode::build() {
  if (options.target == ExportTarget::Standard)
    return reason("the target has standard operators only");
  if (failed(checkExperts()) || failed(checkActivation()) ||
      failed(checkRouting()))
    return failure();
  // Zero points of rows share bytes across rows.
  auto upOp = ffn.getUp().getDefiningOp<WeightsOp>();
  bool alternates =
      isFused && getAlternating(ffn.getGate().getDefiningOp<WeightsOp>(), upOp);
  for (Value matrix : {ffn.getUp(), ffn.getDown(), ffn.getGate()}) {
    auto op = matrix ? matrix.getDefiningOp<WeightsOp>() : WeightsOp();
    bool isPart =
        op && !isDirect(op) && !(alternates && matrix != ffn.getDown());
    bool isUneven = isFused && !alternates && matrix != ffn.getDown();
    if (op && !op.getZeros().empty() && !block && (isPart || isUneven))
      return reason("zero points of rows cannot be put in another order");
  }
  if (isFused && !alternates && isQuantized &&
      upOp.getZeros().empty() !=
          ffn.getGate().getDefiningOp<WeightsOp>().getZeros().empty())
    return reason("one matrix has zero points and the other not");

  Projection fc1 = isFused ? getFused()
                   : ffn.getGate()
                       ? getProjection(ffn.getGate(), ffn.getGateBias())
                       : getProjection(ffn.getUp(), ffn.getUpBias());
  Projection fc2 = getProjection(ffn.getDown(), ffn.getDownBias());
  Projection fc3;
  if (ffn.getGate() && !isFused)
    fc3 = getProjection(ffn.getUp(), ffn.getUpBias());
  Value router = nodes.cast(gate.getLogits(), element);

  // Tokens that were flattened for the layer alone need not be.
  Value tokens = layer.tokens, result = layer.getResult();
  if (auto collapse = tokens.getDefiningOp<tensor::CollapseShapeOp>()) {
    auto expand = result.hasOneUse()
                      ? dyn_cast<tensor::ExpandShapeOp>(*result.user_begin())
                      : tensor::ExpandShapeOp();
    Value source = collapse.getSrc();
    if (expand && expand.getType() == source.getType() &&
        expand.getType().getRank() == 3 &&
        expand.getReassociationIndices() ==
            collapse.getReassociationIndices()) {
      tokens = source;
      result = expand.getResult();
    }
  }
  SmallVector<Value> inputs;
  if (isQuantized) {
    setInt("expert_weight_bits", bits);
    if (block)
      setInt("block_size", block);
    Value values = gate.getValues();
    if (values)
      values = nodes.cast(values, element);
    inputs = {tokens,      router,     fc1.weights, fc1.scales,  fc1.bias,
              fc2.weights, fc2.scales, fc2.bias,    fc3.weights, fc3.scales,
              fc3.bias,    fc1.zeros,  fc2.zeros,   fc3.zeros,   values};
  } else {
    inputs = {tokens,      router,   fc1.weights, fc1.bias,
              fc2.weights, fc2.bias, fc3.weights, fc3.bias};
  }
  Value made = nodes.contrib(isQuantized ? "QMoE" : "MoE", inputs, attrs,
                             result.getType());
  result.replaceAllUsesWith(made);
  return success();
}

LogicalResult moe::convertToContrib(const LayerView &layer,
                                    const ExportTargetOptions &options,
                                    Reason &reason) {
  return ContribNode(layer, options, reason).build();
}
