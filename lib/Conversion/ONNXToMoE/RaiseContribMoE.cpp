//===- RaiseContribMoE.cpp - com.microsoft MoE and QMoE as layers -===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContribMoE.h"
#include "Layer.h"
#include "Raise.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "moe/Dialect/ONNXIR/Utils/NodeUtils.h"

using namespace mlir;
using namespace mlir::moe;

/// What the kernels of ONNX Runtime do with the router's logits. Its CUDA
/// kernels follow the schema, but do not read router_weights.
static void setRouting(const ContribMoE &node, ContribSemantics semantics,
                       Routing &routing) {
  MLIRContext *context = node.node->getContext();
  bool onCPU = semantics == ContribSemantics::ORTCPU;
  auto select = [&](SelectMode mode, Real jitter) {
    // The CPU kernels sort ties by descending index.
    return SelectAttr::get(context, mode, node.k,
                           onCPU ? TieBreak::Higher : TieBreak::Lower,
                           Real(0.0), Real(0.0), 0, jitter);
  };
  routing.select = select(SelectMode::TopK, Real(0.0));

  bool ignored = node.routerWeights && semantics == ContribSemantics::ORTCUDA;
  if (ignored)
    onnxir::emitNodeRemark(node.node)
        << "ort-cuda semantics: router_weights are ignored; schema "
           "and ort-cpu weigh experts by them";
  if (node.routerWeights && !ignored) {
    routing.score = ScoreFunction::Identity;
    routing.values = node.routerWeights;
    if (node.normalize)
      routing.normalize = NormalizeMode::Sum;
    if (onCPU) {
      routing.dropBelow = 1e-8;
      onnxir::emitNodeRemark(node.node)
          << "ort-cpu semantics: experts with router_weights of "
             "1e-8 or less are dropped; schema keeps them";
    }
    return;
  }
  if (node.sparseMixer && !onCPU) {
    routing.score = ScoreFunction::Identity;
    routing.select = select(SelectMode::SparseMixer, Real(0.01));
    onnxir::emitNodeRemark(node.node)
        << "the sparse mixer chooses and weighs experts; ort-cpu "
           "semantics would ignore use_sparse_mixer";
    return;
  }
  if (node.sparseMixer)
    onnxir::emitNodeRemark(node.node)
        << "ort-cpu semantics: use_sparse_mixer is ignored; schema "
           "and ort-cuda choose by the sparse mixer";
  if (node.isQuantized && onCPU) {
    routing.score = ScoreFunction::Identity;
    routing.normalize = NormalizeMode::Softmax;
    if (!node.normalize)
      onnxir::emitNodeRemark(node.node)
          << "ort-cpu semantics: the chosen weights are renormalised though "
             "normalize_routing_weights is 0; schema and ort-cuda keep them";
    return;
  }
  routing.score = ScoreFunction::Softmax;
  if (node.normalize)
    routing.normalize = NormalizeMode::Sum;
}

/// A float attribute as the double that its shortest decimal text denotes: the
/// number that the producer wrote, 1.702 and not 1.7020000219345093.
static Real getReal(onnxir::NodeOp node, StringRef name, double otherwise) {
  double value = node.getFloat(name, otherwise);
  auto single = static_cast<float>(value);
  if (!std::isfinite(value) || single != value)
    return Real(value);
  for (int digits = 1; digits <= 9; ++digits) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.*g", digits, value);
    double read = std::strtod(text, nullptr);
    if (static_cast<float>(read) == single)
      return Real(read);
  }
  return Real(value);
}

static ActivationAttr getActivation(const ContribMoE &node) {
  MLIRContext *context = node.node->getContext();
  double infinity = std::numeric_limits<double>::infinity();
  if (node.activation == "swiglu") {
    onnxir::NodeOp op = node.node;
    return ActivationAttr::get(context, ActivationFunction::Silu,
                               getReal(op, "activation_alpha", 1.0),
                               getReal(op, "activation_beta", 0.0),
                               getReal(op, "swiglu_limit", infinity));
  }
  auto function = llvm::StringSwitch<ActivationFunction>(node.activation)
                      .Case("relu", ActivationFunction::Relu)
                      // ONNX Runtime's experts use the tanh form.
                      .Case("gelu", ActivationFunction::GeluTanh)
                      .Case("silu", ActivationFunction::Silu)
                      .Default(ActivationFunction::Identity);
  return ActivationAttr::get(context, function, Real(1.0), Real(0.0),
                             Real(infinity));
}

static Projection getProjection(OpBuilder &builder, const ContribMoE &node,
                                const ContribMoE::Matrix &matrix, int64_t out,
                                int64_t in, int64_t offset = 0,
                                int64_t step = 1) {
  Projection projection;
  projection.out = out;
  projection.in = in;
  WeightSource &weights = projection.matrix;
  weights.sources = {reinterpret(builder, onnxir::NodeOp(node.node).getLoc(),
                                 matrix.weights, matrix.type)};
  weights.offset = offset;
  weights.step = step;
  if (matrix.bias) {
    projection.bias.sources = {matrix.bias};
    projection.bias.offset = offset;
    projection.bias.step = step;
  }
  if (!node.isQuantized) {
    weights.storage = node.inputType.getElementType();
    return projection;
  }
  if (matrix.scales)
    weights.scales = {matrix.scales};
  if (matrix.zeros)
    weights.zeros = {matrix.zeros};
  weights.storage = IntegerType::get(node.inputType.getContext(), matrix.bits,
                                     IntegerType::Unsigned);
  weights.block = node.block;
  // Codes stand around the middle of their range.
  if (!matrix.zeros)
    weights.zeroPoint = int64_t(1) << (matrix.bits - 1);
  return projection;
}

/// fc1, fc2 and fc3 in their roles.
static void setProjections(OpBuilder &builder, const ContribMoE &node,
                           ExpertSet &set) {
  int64_t inter = node.inter, hidden = node.hidden;
  set.down = getProjection(builder, node, node.fc2, hidden, inter);
  if (node.fused == 2) {
    bool interleaved = node.swigluFusion == 1;
    set.gate = getProjection(builder, node, node.fc1, inter, hidden, 0,
                             interleaved ? 2 : 1);
    set.up = getProjection(builder, node, node.fc1, inter, hidden,
                           interleaved ? 1 : inter, interleaved ? 2 : 1);
  } else if (node.fc3.weights) {
    set.gate = getProjection(builder, node, node.fc1, inter, hidden);
    set.up = getProjection(builder, node, node.fc3, inter, hidden);
  } else {
    set.up = getProjection(builder, node, node.fc1, inter, hidden);
  }
  set.activation = getActivation(node);
}

/// Gives rows the sizes of the input back.
static Value unflatten(ImplicitLocOpBuilder &builder, Value rows, Value input,
                       const ContribMoE &node) {
  if (node.inputType.getRank() == 2)
    return rows;
  SmallVector<ReassociationIndices> groups{{0, 1}, {2}};
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(builder, builder.getLoc(), input);
  return tensor::ExpandShapeOp::create(builder, node.inputType, rows, groups,
                                       sizes);
}

/// The router's scores with as many columns as there are experts, which the
/// type of `scores` may not say.
static Value getColumns(ImplicitLocOpBuilder &b, const Layer &layer,
                        Value scores, const ContribMoE &node) {
  auto type = cast<RankedTensorType>(scores.getType());
  if (!type.isDynamicDim(1))
    return scores;
  assertEqual(b, tensor::getMixedSize(b, b.getLoc(), scores, 1),
              b.getIndexAttr(node.experts),
              layer.subject + ": the router's columns are not " +
                  Twine(node.experts) + " experts");
  return tensor::CastOp::create(
      b, type.clone({type.getDimSize(0), node.experts}), scores);
}

LogicalResult moe::raiseContribMoE(onnxir::NodeOp node,
                                   const ContribOptions &options) {
  FailureOr<ContribMoE> read =
      readContribMoE(node, options.qmoeLayout == QMoELayout::Raw);
  if (failed(read))
    return failure();
  ImplicitLocOpBuilder builder(node.getLoc(), node);
  Value input = node.getInput(0);
  Layer layer;
  layer.subject = onnxir::getSubject(node);
  layer.tokens = input;
  layer.experts = read->experts;
  layer.out = read->hidden;
  Routing &routing = layer.routing.emplace();
  routing.logits = getColumns(builder, layer, node.getInput(1), *read);
  routing.experts = read->experts;
  if (read->routerWeights)
    read->routerWeights =
        getColumns(builder, layer, read->routerWeights, *read);
  setRouting(*read, options.semantics, routing);
  ExpertSet &set = layer.sets.emplace_back();
  set.count = read->experts;
  setProjections(builder, *read, set);
  Value result = unflatten(builder, buildLayer(builder, layer), input, *read);

  // Inference has made sure that the two types agree where both are known.
  Type declared = node.getResult(0).getType();
  if (auto type = dyn_cast<RankedTensorType>(declared);
      type && type != result.getType()) {
    for (int64_t i = 0; i < type.getRank(); ++i)
      if (!type.isDynamicDim(i))
        assertEqual(
            builder, tensor::getMixedSize(builder, builder.getLoc(), input, i),
            builder.getIndexAttr(type.getDimSize(i)),
            layer.subject + ": a size of the result is not as declared");
    result = tensor::CastOp::create(builder, type, result);
  }
  node.getResult(0).replaceAllUsesWith(result);
  SmallVector<Value> inputs(node.getInputs());
  node.erase();
  // Weights that have got other dimensions are used no more.
  for (Value value : inputs)
    if (auto get = value.getDefiningOp<onnxir::GetWeightOp>();
        get && get->use_empty())
      get.erase();
  return success();
}
