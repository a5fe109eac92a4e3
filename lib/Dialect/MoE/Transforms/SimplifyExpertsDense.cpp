//===- SimplifyExpertsDense.cpp - Layers that are dense ---------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SimplifyExperts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "moe/Analysis/ChosenExperts.h"
#include "moe/Dialect/MoE/IR/Reference.h"

using namespace mlir;
using namespace mlir::moe;

static Value skipCasts(Value value) {
  while (auto cast = value.getDefiningOp<tensor::CastOp>())
    value = cast.getSource();
  return value;
}

/// The number that stands everywhere in a tensor.
template <typename AttrT>
static std::optional<typename AttrT::ValueType> getSplat(Value value) {
  value = skipCasts(value);
  Attribute constant;
  if (auto splat = value.getDefiningOp<tensor::SplatOp>())
    value = splat.getInput();
  if (!matchPattern(value, m_Constant(&constant)))
    return std::nullopt;
  if (auto dense = dyn_cast<DenseElementsAttr>(constant))
    constant = dense.isSplat() ? dense.getSplatValue<Attribute>() : Attribute();
  if (auto number = dyn_cast_or_null<AttrT>(constant))
    return number.getValue();
  return std::nullopt;
}

static bool isOne(Value weights) {
  std::optional<APFloat> weight = getSplat<FloatAttr>(weights);
  return weight && weight->isExactlyValue(1.0);
}

static bool hasAffineTerm(Operation *op) {
  if (auto combine = dyn_cast<CombineOp>(op))
    return combine.getCopyScale() || combine.getCoefficients();
  auto experts = cast<ExpertsOp>(op);
  return experts.getCopyScale() || experts.getCoefficients();
}

//===----------------------------------------------------------------------===//
// One expert that has all tokens
//===----------------------------------------------------------------------===//

/// `value` under the type of the result that it replaces.
static void replace(Operation *op, Value value, RewriterBase &rewriter) {
  rewriter.setInsertionPoint(op);
  Type type = op->getResult(0).getType();
  if (value.getType() != type)
    value = tensor::CastOp::create(rewriter, op->getLoc(), type, value);
  rewriter.replaceOp(op, value);
}

bool mlir::moe::foldIdentityPlan(PlanOp plan, RewriterBase &rewriter) {
  std::optional<APInt> id = getSplat<IntegerAttr>(plan.getIds());
  PlanType type = plan.getPlan().getType();
  auto ids = cast<RankedTensorType>(plan.getIds().getType());
  if (type.getOwner() != PlanOwner::Tokens || type.getExperts() != 1 ||
      ids.getDimSize(1) != 1 || !id || !id->isZero())
    return false;
  bool changed = false;
  for (Operation *user : llvm::make_early_inc_range(plan->getUsers())) {
    if (auto dispatch = dyn_cast<DispatchOp>(user)) {
      replace(dispatch, dispatch.getInput(), rewriter);
      changed = true;
    } else if (auto combine = dyn_cast<CombineOp>(user)) {
      if (hasAffineTerm(combine) || !isOne(combine.getWeights()))
        continue;
      replace(combine, combine.getRows(), rewriter);
      changed = true;
    } else if (auto experts = dyn_cast<ExpertsOp>(user)) {
      Value weights = experts.getCombineWeights();
      bool sums = weights && (hasAffineTerm(experts) || !isOne(weights));
      if (sums || (!weights && !experts.getGather()))
        continue;
      rewriter.modifyOpInPlace(experts, [&] {
        experts.setGather(false);
        experts.getCombineWeightsMutable().clear();
      });
      changed = true;
    }
  }
  return changed;
}

//===----------------------------------------------------------------------===//
// All experts with equal weights
//===----------------------------------------------------------------------===//

/// Whether each token has each expert in one slot.
static bool choosesAll(PlanOp plan) {
  Value ids = skipCasts(plan.getIds());
  int64_t experts = plan.getPlan().getType().getExperts();
  if (std::optional<Routing> routing = getRouting(ids.getDefiningOp())) {
    auto drops = [](auto op) {
      return op && (op.getDropBelow() || op.getCapacity());
    };
    return routing->ids == ids &&
           routing->select.getMode() == SelectMode::All &&
           routing->experts == experts && routing->shared == 0 &&
           !drops(ids.getDefiningOp<GateOp>()) &&
           !drops(ids.getDefiningOp<RouteOp>());
  }
  DenseIntElementsAttr constant;
  if (!matchPattern(ids, m_Constant(&constant)) ||
      cast<ShapedType>(ids.getType()).getDimSize(1) != experts)
    return false;
  llvm::BitVector seen(experts);
  int64_t slot = 0;
  for (const APInt &id : constant.getValues<APInt>()) {
    if (slot++ % experts == 0)
      seen.reset();
    if (id.isNegative() || id.uge(experts) || seen.test(id.getZExtValue()))
      return false;
    seen.set(id.getZExtValue());
  }
  return true;
}

namespace {
/// The operations of a layer whose experts have all tokens with one weight.
struct DenseLayer {
  DispatchOp dispatch;
  ExpertsOp experts;
  CombineOp combine;
  FFNExpertsOp ffn;
  Value input, weights;
};
} // namespace

static std::optional<DenseLayer> getDenseLayer(PlanOp plan) {
  DenseLayer layer;
  for (Operation *user : plan->getUsers()) {
    auto take = [&](auto &slot) {
      using OpT = std::remove_reference_t<decltype(slot)>;
      auto op = dyn_cast<OpT>(user);
      if (!op || slot)
        return false;
      slot = op;
      return true;
    };
    if (!take(layer.dispatch) && !take(layer.experts) && !take(layer.combine))
      return std::nullopt;
  }
  if (!layer.experts || layer.experts.getSets().size() != 1 ||
      hasAffineTerm(layer.experts))
    return std::nullopt;
  layer.ffn = layer.experts.getSets().front().getDefiningOp<FFNExpertsOp>();
  layer.input = layer.experts.getInput();
  layer.weights = layer.experts.getCombineWeights();
  if (layer.dispatch) {
    if (layer.experts.getGather() ||
        layer.experts.getInput() != layer.dispatch.getResult())
      return std::nullopt;
    layer.input = layer.dispatch.getInput();
  } else if (!layer.experts.getGather()) {
    return std::nullopt;
  }
  if (layer.combine) {
    if (layer.weights || hasAffineTerm(layer.combine) ||
        layer.combine.getRows() != layer.experts.getResult() ||
        !layer.experts->hasOneUse())
      return std::nullopt;
    layer.weights = layer.combine.getWeights();
  }
  // Who reads rows of single experts reads them in the plan's order.
  if (!layer.ffn || !layer.weights || !getSplat<FloatAttr>(layer.weights))
    return std::nullopt;
  return layer;
}

/// Whether weights are matrices or vectors of floats that stand as they are
/// meant, and are known when the model is loaded.
static bool canMerge(Value weights, bool sum, FloatType compute) {
  if (!weights)
    return true;
  auto op = weights.getDefiningOp<WeightsOp>();
  return op && !op.getType().isQuantized() && op.getExperts().empty() &&
         op.getLayout() == LayoutAttr::get(op.getContext(), 0, 1, false) &&
         (!sum || op.getType().getStorage() == compute) &&
         llvm::all_of(op.getSources(), isLoaded);
}

namespace {
/// Builds the weights of one expert out of those of all.
class WeightsMerger {
public:
  explicit WeightsMerger(ImplicitLocOpBuilder &b) : b(b) {}

  /// Outputs of all experts, one after the other.
  Value mergeOutputs(Value weights) {
    if (!weights)
      return {};
    auto type = cast<WeightsType>(weights.getType());
    SmallVector<ReassociationIndices> groups = {{0, 1}};
    if (type.isMatrix())
      groups.push_back({2});
    return finish(tensor::CollapseShapeOp::create(b, stack(weights), groups),
                  type);
  }

  /// Inputs of all experts, one after the other.
  Value mergeInputs(Value weights) {
    auto type = cast<WeightsType>(weights.getType());
    ArrayRef<int64_t> shape = type.getShape();
    Value init = tensor::EmptyOp::create(
        b, ArrayRef<int64_t>{shape[1], shape[0], shape[2]}, type.getStorage());
    Value exchanged = linalg::TransposeOp::create(b, stack(weights), init,
                                                  ArrayRef<int64_t>{1, 0, 2})
                          ->getResult(0);
    return finish(
        tensor::CollapseShapeOp::create(
            b, exchanged, SmallVector<ReassociationIndices>{{0}, {1, 2}}),
        type);
  }

  /// The sum of the vectors of all experts.
  Value sum(Value weights) {
    if (!weights)
      return {};
    auto type = cast<WeightsType>(weights.getType());
    Value init =
        createFilled(b, b.getLoc(), {b.getIndexAttr(type.getShape()[1])},
                     b.getFloatAttr(type.getStorage(), 0.0));
    Value sums = buildLoops(
        b, b.getLoc(), 2, stack(weights), init, {{0, 1}, {1}},
        [](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
          return arith::AddFOp::create(nested, loc, elements[1], elements[0]);
        });
    return finish(sums, type);
  }

private:
  Value stack(Value weights) {
    auto op = weights.getDefiningOp<WeightsOp>();
    OperandRange sources = op.getSources();
    auto first = cast<RankedTensorType>(sources.front().getType());
    ArrayRef<int64_t> shape = op.getType().getShape();
    if (first.getShape() == shape)
      return sources.front();
    Value all = tensor::EmptyOp::create(b, shape, first.getElementType());
    SmallVector<OpFoldResult> offsets(shape.size(), b.getIndexAttr(0)),
        sizes = getAsIndexOpFoldResult(b.getContext(), shape),
        strides(shape.size(), b.getIndexAttr(1));
    sizes[0] = b.getIndexAttr(1);
    for (auto [e, source] : llvm::enumerate(sources)) {
      offsets[0] = b.getIndexAttr(e);
      all = tensor::InsertSliceOp::create(b, source, all, offsets, sizes,
                                          strides);
    }
    return all;
  }

  /// The weights of one expert.
  Value finish(Value tensor, WeightsType type) {
    auto merged = cast<RankedTensorType>(tensor.getType());
    SmallVector<int64_t> shape = {1};
    llvm::append_range(shape, merged.getShape());
    SmallVector<ReassociationIndices> groups = {{0, 1}};
    if (merged.getRank() == 2)
      groups.push_back({2});
    Value expanded = tensor::ExpandShapeOp::create(
        b, RankedTensorType::get(shape, merged.getElementType()), tensor,
        groups);
    return WeightsOp::create(
        b, WeightsType::get(b.getContext(), shape, type.getStorage()), expanded,
        ValueRange(), ValueRange(),
        LayoutAttr::get(b.getContext(), 0, 1, false), 0, 0);
  }

  ImplicitLocOpBuilder &b;
};
} // namespace

/// A tensor of so many rows of one column with one number.
static Value buildColumn(ImplicitLocOpBuilder &b, Value like,
                         TypedAttr number) {
  auto rows = cast<RankedTensorType>(like.getType()).getDimSize(0);
  auto type = RankedTensorType::get({rows, 1}, number.getType());
  SmallVector<Value> sizes;
  if (type.isDynamicDim(0))
    sizes.push_back(tensor::DimOp::create(b, like, 0));
  Value scalar = arith::ConstantOp::create(b, number);
  return tensor::SplatOp::create(b, scalar, type, sizes);
}

bool mlir::moe::mergeEqualExperts(PlanOp plan, RewriterBase &rewriter) {
  PlanType type = plan.getPlan().getType();
  if (type.getOwner() != PlanOwner::Tokens || type.getExperts() == 1 ||
      !choosesAll(plan))
    return false;
  std::optional<DenseLayer> layer = getDenseLayer(plan);
  if (!layer)
    return false;
  FFNExpertsOp ffn = layer->ffn;
  FloatType compute = getComputeType(getElementTypeOrSelf(layer->input));
  for (Value weights : {ffn.getUp(), ffn.getUpBias(), ffn.getGate(),
                        ffn.getGateBias(), ffn.getDown()})
    if (!canMerge(weights, /*sum=*/false, compute))
      return false;
  if (!canMerge(ffn.getDownBias(), /*sum=*/true, compute))
    return false;

  ExpertsOp experts = layer->experts;
  Operation *last = layer->combine ? layer->combine : experts.getOperation();
  rewriter.setInsertionPoint(last);
  ImplicitLocOpBuilder b(experts.getLoc(), rewriter);
  WeightsMerger merger(b);
  ExpertsType own = ffn.getType();
  auto one =
      ExpertsType::get(b.getContext(), 1, own.getInSize(), own.getOutSize());
  Value dense = FFNExpertsOp::create(
      b, one, merger.mergeOutputs(ffn.getUp()),
      merger.mergeOutputs(ffn.getUpBias()), merger.mergeOutputs(ffn.getGate()),
      merger.mergeOutputs(ffn.getGateBias()), merger.mergeInputs(ffn.getDown()),
      merger.sum(ffn.getDownBias()), ffn.getActivation());
  Value ids = buildColumn(b, layer->weights, b.getI32IntegerAttr(0));
  Value weights =
      buildColumn(b, layer->weights,
                  b.getFloatAttr(getElementTypeOrSelf(layer->weights),
                                 *getSplat<FloatAttr>(layer->weights)));
  Value all = PlanOp::create(
      b, PlanType::get(b.getContext(), 1, PlanOwner::Tokens), ids, Value());
  auto fused = ExpertsOp::create(b, last->getResult(0).getType(), layer->input,
                                 all, dense, weights, Value(), Value(), Value(),
                                 Value(), /*gather=*/true);
  rewriter.replaceOp(last, fused.getResult());
  for (Operation *op : {experts.getOperation(), layer->dispatch.getOperation()})
    if (op && op != last && op->use_empty())
      rewriter.eraseOp(op);
  return true;
}
