//===- LayerView.cpp - Layers in moe operations -----------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerView.h"

using namespace mlir;
using namespace mlir::moe;

GateOp LayerView::getGate() const {
  auto gate = ids.getDefiningOp<GateOp>();
  return gate && gate.getIds() == ids && gate.getWeights() == weights
             ? gate
             : GateOp();
}

FailureOr<LayerView> moe::readLayer(Operation *root, Reason &reason) {
  LayerView layer;
  layer.root = root;
  Value plan;
  if (auto combine = dyn_cast<CombineOp>(root)) {
    layer.experts = combine.getRows().getDefiningOp<ExpertsOp>();
    layer.weights = combine.getWeights();
    plan = combine.getPlan();
    if (!layer.experts || layer.experts.getCombineWeights())
      return reason("its rows do not come from moe.experts");
  } else {
    layer.experts = cast<ExpertsOp>(root);
    layer.weights = layer.experts.getCombineWeights();
    plan = layer.experts.getPlan();
  }
  layer.tokens = layer.experts.getInput();
  if (!layer.experts.getGather()) {
    auto dispatch = layer.tokens.getDefiningOp<DispatchOp>();
    if (!dispatch || dispatch.getPlan() != plan)
      return reason("its experts' rows do not come from moe.dispatch");
    layer.tokens = dispatch.getInput();
  }
  layer.plan = plan.getDefiningOp<PlanOp>();
  if (!layer.plan || layer.experts.getPlan() != plan)
    return reason("its operations do not share one moe.plan");
  layer.isExpertChoice =
      layer.plan.getPlan().getType().getOwner() == PlanOwner::Experts;
  layer.ids = layer.plan.getIds();
  return layer;
}
