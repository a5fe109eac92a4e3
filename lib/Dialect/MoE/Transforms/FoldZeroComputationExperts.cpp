//===- FoldZeroComputationExperts.cpp - Experts without matrices ----------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AffineTermBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "moe/Dialect/MoE/Transforms/Passes.h"

namespace mlir::moe {
#define GEN_PASS_DEF_FOLDZEROCOMPUTATIONEXPERTSPASS
#include "moe/Dialect/MoE/Transforms/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;
using namespace mlir::moe;

#define DEBUG_TYPE "moe-fold-zero-computation-experts"

namespace {
/// A layer from its plan to its tokens.
struct Layer {
  /// The operation that gives tokens: a moe.combine or `experts` itself.
  Operation *result = nullptr;
  ExpertsOp experts;
  PlanOp plan;
  /// T×H.
  Value input;
  /// T×k.
  Value weights;
  /// One for each expert of the plan.
  SmallVector<ExpertMeaning> meanings;
};
} // namespace

/// What combine and fused experts have alike.
template <typename OpTy> static bool hasTerm(OpTy op) {
  return op.getCopyScale() || op.getCoefficients();
}

/// Fills in the operations around `layer.result`, or says what is in the way.
static StringRef findParts(Layer &layer) {
  ExpertsOp experts = layer.experts;
  layer.plan = experts.getPlan().getDefiningOp<PlanOp>();
  if (!layer.plan)
    return "the plan comes from elsewhere";
  if (layer.plan.getType().getOwner() != PlanOwner::Tokens)
    return "experts choose tokens";
  layer.input = experts.getInput();
  if (!experts.getGather()) {
    auto dispatch = layer.input.getDefiningOp<DispatchOp>();
    if (!dispatch || dispatch.getPlan() != experts.getPlan())
      return "the rows come from elsewhere";
    layer.input = dispatch.getInput();
  }
  if (layer.result == experts) {
    layer.weights = experts.getCombineWeights();
    return hasTerm(experts) ? "there is an affine term already" : "";
  }
  auto combine = cast<CombineOp>(layer.result);
  layer.weights = combine.getWeights();
  if (!experts->hasOneUse())
    return "the rows of the experts have other uses";
  return hasTerm(combine) ? "there is an affine term already" : "";
}

/// Erases operations that nothing uses any more, in this order.
static void eraseUnused(ArrayRef<Operation *> ops) {
  for (Operation *op : ops)
    if (op && op->use_empty())
      op->erase();
}

/// Replaces `layer` by one without its zero-computation experts.
static void rewriteLayer(Layer &layer) {
  ExpertsOp experts = layer.experts;
  OpBuilder builder(layer.result);
  ImplicitLocOpBuilder b(layer.result->getLoc(), builder);
  Value ids = layer.plan.getIds();

  // Sets without any other expert go; of others, experts lose their rows.
  SmallVector<int32_t> table;
  SmallVector<Value> sets;
  int32_t next = 0;
  ArrayRef<ExpertMeaning> rest = layer.meanings;
  for (Value set : experts.getSets()) {
    int64_t count = cast<ExpertsType>(set.getType()).getCount();
    ArrayRef<ExpertMeaning> own = rest.take_front(count);
    rest = rest.drop_front(count);
    bool goes = llvm::all_of(own, [](const ExpertMeaning &meaning) {
      return meaning.isZeroComputation();
    });
    for (const ExpertMeaning &meaning : own) {
      table.push_back(meaning.isZeroComputation() ? -1 : next);
      next += !goes;
    }
    if (!goes)
      sets.push_back(set);
  }
  auto type = cast<RankedTensorType>(layer.result->getResult(0).getType());
  auto input = cast<RankedTensorType>(layer.input.getType());
  if (sets.empty()) {
    // A layer has experts; this one never gets a row.
    sets.push_back(ZeroExpertsOp::create(
        b, ExpertsType::get(b.getContext(), 1, input.getDimSize(1),
                            type.getDimSize(1))));
    next = 1;
  }

  AffineTermBuilder term(b, layer.meanings, layer.weights, ids, layer.input);
  Value scale = term.getCopyScale(), coefficients = term.getCoefficients();
  Value vectors = term.buildVectors();
  Value copied = scale ? layer.input : Value();

  Value remapped = RemapIdsOp::create(b, ids.getType(), ids, table);
  Value plan =
      PlanOp::create(b, PlanType::get(b.getContext(), next, PlanOwner::Tokens),
                     remapped, Value());
  Value rows = layer.input;
  if (!experts.getGather())
    rows = DispatchOp::create(
        b, input.clone({ShapedType::kDynamic, input.getDimSize(1)}), rows,
        plan);
  Value result;
  if (layer.result == experts) {
    result =
        ExpertsOp::create(b, type, rows, plan, sets, layer.weights, scale,
                          copied, coefficients, vectors, experts.getGather());
  } else {
    Value out = ExpertsOp::create(
        b, type.clone({ShapedType::kDynamic, type.getDimSize(1)}), rows, plan,
        sets, Value(), experts.getGather());
    result = CombineOp::create(b, type, out, plan, layer.weights, scale, copied,
                               coefficients, vectors);
  }
  layer.result->getResult(0).replaceAllUsesWith(result);
  Operation *dispatch = experts.getInput().getDefiningOp<DispatchOp>();
  SmallVector<Operation *> unused = {layer.result};
  if (layer.result != experts)
    unused.push_back(experts);
  llvm::append_range(unused, ArrayRef<Operation *>{dispatch, layer.plan});
  eraseUnused(unused);
}

namespace {
struct FoldZeroComputationExpertsPass
    : moe::impl::FoldZeroComputationExpertsPassBase<
          FoldZeroComputationExpertsPass> {
  using FoldZeroComputationExpertsPassBase::FoldZeroComputationExpertsPassBase;

  void runOnOperation() override {
    SmallVector<Layer> layers;
    getOperation()->walk([&](Operation *op) {
      Layer layer;
      layer.result = op;
      layer.experts = dyn_cast<ExpertsOp>(op);
      auto combine = dyn_cast<CombineOp>(op);
      if (combine)
        layer.experts = combine.getRows().getDefiningOp<ExpertsOp>();
      // Fused experts are a layer of their own, whoever reads their tokens.
      bool fused = layer.experts && layer.experts.getCombineWeights();
      if (layer.experts && fused != static_cast<bool>(combine))
        layers.push_back(layer);
    });
    SymbolTableCollection symbolTables;
    for (Layer &layer : layers)
      fold(layer, symbolTables);
  }

private:
  void fold(Layer &layer, SymbolTableCollection &symbolTables) {
    ExpertMeanings known(symbolTables, readData);
    for (Value set : layer.experts.getSets())
      for (int64_t i : llvm::seq(cast<ExpertsType>(set.getType()).getCount()))
        layer.meanings.push_back(known.get(set, i));
    auto count = [&](ExpertMeaning::Kind kind) {
      return llvm::count_if(layer.meanings, [&](const ExpertMeaning &meaning) {
        return meaning.kind == kind;
      });
    };
    unsigned others = count(ExpertMeaning::Unknown);
    if (others == layer.meanings.size() || isFolded(layer))
      return;
    if (StringRef reason = findParts(layer); !reason.empty()) {
      layer.result->emitRemark("zero-computation experts are not folded: ")
          << reason;
      return;
    }
    rewriteLayer(layer);
    ++numLayers;
    numZero += count(ExpertMeaning::Zero);
    numCopy += count(ExpertMeaning::Copy);
    numConstant += count(ExpertMeaning::Constant) + count(ExpertMeaning::Mixed);
    if (known.usedData())
      getOperation()->setAttr(MoEDialect::kReadsWeights,
                              UnitAttr::get(&getContext()));
  }

  /// Whether no id reaches a zero-computation expert.
  static bool isFolded(Layer &layer) {
    auto plan = layer.experts.getPlan().getDefiningOp<PlanOp>();
    auto remap =
        plan ? plan.getIds().getDefiningOp<RemapIdsOp>() : RemapIdsOp();
    if (!remap)
      return false;
    return llvm::none_of(remap.getTable(), [&](int32_t id) {
      return id >= 0 && id < static_cast<int64_t>(layer.meanings.size()) &&
             layer.meanings[id].isZeroComputation();
    });
  }
};
} // namespace
