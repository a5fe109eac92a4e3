//===- HoistWeightPacking.cpp - Move the packing of weights to load time --===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"
#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Dialect/MoE/Transforms/Passes.h"

namespace mlir::moe {
#define GEN_PASS_DEF_HOISTWEIGHTPACKINGPASS
#include "moe/Dialect/MoE/Transforms/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;
using namespace mlir::moe;

#define DEBUG_TYPE "moe-hoist-weight-packing"

/// Adds what `root` depends on to `slice`, `root` included; false when that is
/// more than the weights: an argument, or an operation with effects.
static bool collectSlice(Operation *root, SetVector<Operation *> &slice) {
  SmallVector<Operation *> worklist = {root};
  SetVector<Operation *> found;
  while (!worklist.empty()) {
    Operation *op = worklist.pop_back_val();
    if (slice.contains(op) || !found.insert(op))
      continue;
    // A tensor that is written anew has no effect beside the memory it takes.
    if (!isMemoryEffectFree(op) && !isa<bufferization::AllocTensorOp>(op))
      return false;
    SetVector<Value> operands(op->operand_begin(), op->operand_end());
    getUsedValuesDefinedAbove(op->getRegions(), operands);
    for (Value operand : operands) {
      Operation *definition = operand.getDefiningOp();
      if (!definition)
        return false;
      worklist.push_back(definition);
    }
  }
  slice.insert(found.begin(), found.end());
  return true;
}

/// Hoists the packings of one function; returns how many.
static unsigned hoist(func::FuncOp func) {
  SmallVector<Operation *> packings;
  SetVector<Operation *> slice;
  func.walk([&](Operation *op) {
    if ((isa<PackWeightsOp>(op) || op->hasAttr(MoEDialect::kDevice)) &&
        collectSlice(op, slice))
      packings.push_back(op);
  });
  if (packings.empty())
    return 0;
  // What is needed for other results alone is not kept.
  SmallVector<Value> results;
  for (Operation *op : packings)
    for (Value result : op->getResults())
      if (!llvm::all_of(result.getUsers(),
                        [&](Operation *user) { return slice.contains(user); }))
        results.push_back(result);

  OpBuilder builder(func);
  builder.setInsertionPointAfter(func);
  SmallVector<Type> types;
  for (Value result : results)
    types.push_back(result.getType());
  auto init = func::FuncOp::create(builder, func.getLoc(),
                                   (func.getName() + "_init").str(),
                                   builder.getFunctionType({}, types));
  SymbolTable(func->getParentOfType<ModuleOp>()).insert(init);
  builder.setInsertionPointToStart(init.addEntryBlock());
  SetVector<Operation *> sorted = topologicalSort(slice);
  IRMapping mapping;
  for (Operation *op : sorted)
    builder.clone(*op, mapping);
  SmallVector<Value> packed;
  for (Value result : results)
    packed.push_back(mapping.lookup(result));
  func::ReturnOp::create(builder, init.getLoc(), packed);

  func->setAttr("moe.init", FlatSymbolRefAttr::get(init));
  for (auto [resident, result] : llvm::enumerate(results)) {
    auto attributes = builder.getDictionaryAttr(builder.getNamedAttr(
        "moe.resident", builder.getI64IntegerAttr(resident)));
    unsigned index = func.getNumArguments();
    (void)func.insertArgument(index, result.getType(), attributes,
                              result.getLoc());
    result.replaceUsesWithIf(func.getArgument(index), [&](OpOperand &use) {
      return !slice.contains(use.getOwner());
    });
  }
  // Users stand after what they use, so this order leaves no user behind.
  for (Operation *op : llvm::reverse(sorted))
    if (op->use_empty())
      op->erase();
  return packings.size();
}

namespace {
struct HoistWeightPackingPass
    : moe::impl::HoistWeightPackingPassBase<HoistWeightPackingPass> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> functions;
    for (auto func : getOperation().getOps<func::FuncOp>())
      if (func.isPublic() && !func.isDeclaration())
        functions.push_back(func);
    for (func::FuncOp func : functions)
      numHoisted += hoist(func);
  }
};
} // namespace
