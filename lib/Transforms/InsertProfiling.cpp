//===- InsertProfiling.cpp - Tells the runtime the phase of the code ------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PhaseLabel.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "moe/Transforms/Passes.h"

namespace mlir::moe {
#define GEN_PASS_DEF_INSERTPROFILINGPASS
#include "moe/Transforms/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;
using namespace mlir::moe;

namespace {
struct InsertProfilingPass
    : mlir::moe::impl::InsertProfilingPassBase<InsertProfilingPass> {
  void runOnOperation() override;

private:
  void instrument(func::FuncOp func);
  PhaseLabel getLabel(Operation &op);
  /// Calls the runtime before `op`; an empty label ends the phase.
  void emitEnter(Operation *op, PhaseLabel label);
  LLVM::LLVMFuncOp getEnter();
  LLVM::GlobalOp getString(StringAttr text);
  llvm::DenseMap<StringAttr, LLVM::GlobalOp> strings;
};
} // namespace

static constexpr llvm::StringLiteral enterName = "moe_profile_enter";

LLVM::LLVMFuncOp InsertProfilingPass::getEnter() {
  if (auto enter = getOperation().lookupSymbol<LLVM::LLVMFuncOp>(enterName))
    return enter;
  auto builder = ImplicitLocOpBuilder::atBlockBegin(getOperation().getLoc(),
                                                    getOperation().getBody());
  auto pointer = LLVM::LLVMPointerType::get(&getContext());
  auto type = LLVM::LLVMFunctionType::get(
      LLVM::LLVMVoidType::get(&getContext()), {pointer, pointer});
  return LLVM::LLVMFuncOp::create(builder, enterName, type);
}

LLVM::GlobalOp InsertProfilingPass::getString(StringAttr text) {
  LLVM::GlobalOp &global = strings[text];
  if (global)
    return global;
  auto builder = ImplicitLocOpBuilder::atBlockBegin(getOperation().getLoc(),
                                                    getOperation().getBody());
  std::string bytes = (text.getValue() + Twine('\0')).str();
  auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), bytes.size());
  global = LLVM::GlobalOp::create(
      builder, type, /*isConstant=*/true, LLVM::Linkage::Internal,
      "moe_phase_" + std::to_string(strings.size() - 1),
      builder.getStringAttr(bytes));
  return global;
}

void InsertProfilingPass::emitEnter(Operation *op, PhaseLabel label) {
  ImplicitLocOpBuilder builder(op->getLoc(), op);
  auto pointer = LLVM::LLVMPointerType::get(&getContext());
  auto getAddress = [&](StringAttr text) -> Value {
    if (!text)
      return LLVM::ZeroOp::create(builder, pointer);
    return LLVM::AddressOfOp::create(builder, getString(text));
  };
  Value node = getAddress(label.node), kind = getAddress(label.kind);
  LLVM::CallOp::create(builder, getEnter(), ValueRange{node, kind});
  ++numEntered;
}

/// Whether running `op` takes no time worth measuring.
static bool isFree(Operation &op) {
  return isMemoryEffectFree(&op) || isa<cf::AssertOp>(op) ||
         hasSingleEffect<MemoryEffects::Allocate>(&op) ||
         hasSingleEffect<MemoryEffects::Free>(&op);
}

/// The label that `op` has, with the kind of the kernel that it calls, if that
/// has one of its own.
PhaseLabel InsertProfilingPass::getLabel(Operation &op) {
  PhaseLabel label = PhaseLabel::find(op.getLoc());
  auto call = dyn_cast<func::CallOp>(op);
  if (!label || !call)
    return label;
  auto callee = getOperation().lookupSymbol<func::FuncOp>(call.getCallee());
  if (auto kind = callee->getAttrOfType<StringAttr>(kKindAttrName))
    label.kind = kind;
  return label;
}

void InsertProfilingPass::instrument(func::FuncOp func) {
  for (Block &block : func.getBody()) {
    PhaseLabel current;
    for (Operation &op : llvm::make_early_inc_range(block)) {
      if (op.hasTrait<OpTrait::IsTerminator>()) {
        if (isa<func::ReturnOp>(op))
          emitEnter(&op, {});
        continue;
      }
      PhaseLabel label = getLabel(op);
      // What has no label serves what is around it.
      if (!label || label == current || isFree(op))
        continue;
      current = label;
      emitEnter(&op, label);
    }
  }
}

void InsertProfilingPass::runOnOperation() {
  strings.clear();
  llvm::SmallPtrSet<Attribute, 4> inits;
  for (auto func : getOperation().getOps<func::FuncOp>())
    if (auto init = func->getAttrOfType<FlatSymbolRefAttr>(kInitAttrName))
      inits.insert(init.getAttr());
  for (auto func : getOperation().getOps<func::FuncOp>())
    if (func.isPublic() && !inits.contains(func.getNameAttr()))
      instrument(func);
}
