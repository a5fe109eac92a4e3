//===- HoistGate.cpp - Choose experts a layer ahead -------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"
#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Dialect/MoE/Transforms/Passes.h"

namespace mlir::moe {
#define GEN_PASS_DEF_HOISTGATEPASS
#include "moe/Dialect/MoE/Transforms/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;
using namespace mlir::moe;

#define DEBUG_TYPE "moe-hoist-gate"

/// Whether experts are applied in `op` or in what it holds.
static bool appliesExperts(Operation *op) {
  return op->walk([](ExpertsOp) { return WalkResult::interrupt(); })
      .wasInterrupted();
}

namespace {
/// What has to move with a gate to stand before `target`.
struct Slice {
  Operation *target;
  SetVector<Operation *> ops;
  /// What cannot move; null if all can.
  Operation *obstacle = nullptr;

  /// Collects what `gate` depends on of the operations from `target` on.
  Slice(Operation *gate, Operation *target);

private:
  bool canMove(Operation *op) const;
};
} // namespace

Slice::Slice(Operation *gate, Operation *target) : target(target) {
  Block *block = gate->getBlock();
  SmallVector<Operation *> pending = {gate};
  while (!pending.empty()) {
    Operation *op = pending.pop_back_val();
    if (op->isBeforeInBlock(target) || !ops.insert(op))
      continue;
    if (op == target || !canMove(op)) {
      obstacle = op;
      return;
    }
    SetVector<Value> operands(op->operand_begin(), op->operand_end());
    getUsedValuesDefinedAbove(op->getRegions(), operands);
    for (Value operand : operands)
      // What comes from around the block, or into it, is there already.
      if (Operation *definition = operand.getDefiningOp())
        if (definition->getBlock() == block)
          pending.push_back(definition);
  }
}

/// Whether `op` may run before `target` and what stands between.
bool Slice::canMove(Operation *op) const {
  if (!isMemoryEffectFree(op))
    return false;
  if (isSpeculatable(op))
    return true;
  // What is undefined for some operands must not pass what may check them.
  for (Operation *between = target; between != op;
       between = between->getNextNode())
    if (!isMemoryEffectFree(between))
      return false;
  return true;
}

namespace {
struct HoistGatePass : moe::impl::HoistGatePassBase<HoistGatePass> {
  using HoistGatePassBase::HoistGatePassBase;

  void runOnOperation() override {
    SmallVector<Operation *> gates;
    getOperation()->walk([&](Operation *op) {
      if (isa<GateOp, RouteOp>(op))
        gates.push_back(op);
    });
    for (Operation *gate : gates)
      hoist(gate);
  }

private:
  void hoist(Operation *gate);
};
} // namespace

void HoistGatePass::hoist(Operation *gate) {
  // The layers before, the nearest first.
  SmallVector<Operation *> layers;
  for (Operation *op = gate->getPrevNode(); op; op = op->getPrevNode())
    if (appliesExperts(op)) {
      layers.push_back(op);
      if (layers.size() == layersAhead)
        break;
    }
  if (layers.empty())
    return;
  std::optional<Slice> slice;
  unsigned passed = layers.size();
  for (; passed > 0; --passed) {
    slice.emplace(gate, layers[passed - 1]);
    if (!slice->obstacle)
      break;
  }
  auto name = remark::RemarkOpts::name("gate").category(DEBUG_TYPE);
  if (slice->obstacle) {
    remark::missed(gate->getLoc(), name) << remark::reason(
        slice->obstacle == slice->target
            ? "the gate depends on the experts of the layer before it"
            : "the gate depends on {0}, which cannot move before the "
              "experts of the layer before it",
        slice->obstacle->getName().getStringRef());
    return;
  }
  unsigned distance = 0;
  for (Operation *op = slice->target; op != gate; op = op->getNextNode())
    distance += !slice->ops.contains(op);
  // In the order that they have, which is one of dependence.
  SmallVector<Operation *> ops = slice->ops.takeVector();
  llvm::sort(ops,
             [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  for (Operation *op : ops)
    op->moveBefore(slice->target);
  ++numHoisted;
  numMoved += ops.size();
  remark::passed(gate->getLoc(), name) << remark::reason(
      "moved up over {0} operations and the experts of {1} layers, with {2} "
      "operations that it depends on",
      distance, passed, ops.size() - 1);
}
