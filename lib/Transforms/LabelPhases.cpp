//===- LabelPhases.cpp - Marks locations with nodes and kinds ---*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PhaseLabel.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"
#include "moe/Transforms/Passes.h"

namespace mlir::moe {
#define GEN_PASS_DEF_LABELPHASESPASS
#include "moe/Transforms/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;
using namespace mlir::moe;

namespace {
struct LabelPhasesPass : mlir::moe::impl::LabelPhasesPassBase<LabelPhasesPass> {
  void runOnOperation() override;
};

/// Labels the operations of one function, in their order.
class Labeler {
public:
  void label(Operation &op);

private:
  StringAttr getLayer(Operation &op);
  /// The layers of phases that were labelled already.
  llvm::DenseMap<Operation *, StringAttr> layers;
  unsigned numUnnamed = 0;
};
} // namespace

/// The layer of a phase is that of its plan, and a plan's that of its ids.
StringAttr Labeler::getLayer(Operation &op) {
  for (Value operand : op.getOperands()) {
    if (!isa<PlanOp>(op) && !isa<PlanType>(operand.getType()))
      continue;
    if (StringAttr layer = layers.lookup(operand.getDefiningOp()))
      return layer;
  }
  if (PhaseLabel label = PhaseLabel::find(op.getLoc()))
    return label.node;
  if (StringRef name = findName(op.getLoc()); !name.empty())
    return StringAttr::get(op.getContext(), name);
  return StringAttr::get(op.getContext(), "layer " + Twine(numUnnamed++));
}

void Labeler::label(Operation &op) {
  MLIRContext *context = op.getContext();
  PhaseLabel label;
  label.kind = op.getName().getIdentifier();
  if (isa<GateOp, PlanOp, DispatchOp, ExpertsOp, CombineOp>(op)) {
    label.node = layers[&op] = getLayer(op);
  } else if (PhaseLabel::find(op.getLoc())) {
    return;
  } else if (auto node = dyn_cast<onnxir::NodeOp>(op)) {
    label.node = StringAttr::get(context, node.getDisplayName());
    label.kind = StringAttr::get(context, node.getOpType());
  } else {
    label.node = StringAttr::get(context, findName(op.getLoc()));
  }
  op.setLoc(label.attach(op.getLoc()));
}

void LabelPhasesPass::runOnOperation() {
  for (auto func : getOperation().getOps<func::FuncOp>()) {
    if (!func.isPublic())
      continue;
    Labeler labeler;
    for (Block &block : func.getBody())
      for (Operation &op : block.without_terminator())
        labeler.label(op);
  }
}
