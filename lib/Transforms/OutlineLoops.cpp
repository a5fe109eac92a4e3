//===- OutlineLoops.cpp - The pass moe-outline-loops -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"
#include "moe/Transforms/Passes.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::moe {
#define GEN_PASS_DEF_OUTLINELOOPSPASS
#include "moe/Transforms/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;

namespace {
struct OutlineLoopsPass : moe::impl::OutlineLoopsPassBase<OutlineLoopsPass> {
  using OutlineLoopsPassBase::OutlineLoopsPassBase;

  void runOnOperation() override;

private:
  void outline(scf::ForOp loop);
  /// A function of the loop, new or one that does the same.
  func::FuncOp getFunction(func::FuncOp function);

  /// Functions made so far, by what they do.
  llvm::StringMap<func::FuncOp> functions;
  SymbolTable *symbols = nullptr;
};
} // namespace

func::FuncOp OutlineLoopsPass::getFunction(func::FuncOp function) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  function.print(stream, OpPrintingFlags().useLocalScope());
  auto [it, isNew] = functions.try_emplace(text, function);
  if (!isNew) {
    function.erase();
    ++numShared;
    return it->second;
  }
  symbols->insert(function);
  return function;
}

/// Moves a loop into a function whose arguments are all that it uses, but for
/// constants, which it gets copies of.
void OutlineLoopsPass::outline(scf::ForOp loop) {
  llvm::SetVector<Value> used(loop->operand_begin(), loop->operand_end());
  getUsedValuesDefinedAbove(loop.getRegion(), used);
  SmallVector<Value> captured;
  SmallVector<Operation *> constants;
  for (Value value : used) {
    Operation *def = value.getDefiningOp();
    if (def && def->hasTrait<OpTrait::ConstantLike>())
      constants.push_back(def);
    else
      captured.push_back(value);
  }
  OpBuilder builder(&getContext());
  auto function = func::FuncOp::create(
      loop.getLoc(), "loop",
      builder.getFunctionType(TypeRange(captured), loop.getResultTypes()));
  function.setPrivate();
  // A caller of hundreds of loops is what outlining avoids. The conversion to
  // LLVM drops no_inline.
  function->setAttr("passthrough", builder.getStrArrayAttr({"noinline"}));
  Block *body = function.addEntryBlock();
  builder.setInsertionPointToStart(body);
  IRMapping mapping;
  mapping.map(captured, body->getArguments());
  for (Operation *constant : constants)
    builder.clone(*constant, mapping);
  Operation *inside = builder.clone(*loop, mapping);
  func::ReturnOp::create(builder, loop.getLoc(), inside->getResults());

  function = getFunction(function);
  builder.setInsertionPoint(loop);
  auto call = func::CallOp::create(builder, loop.getLoc(), function, captured);
  loop.replaceAllUsesWith(call.getResults());
  loop.erase();
  ++numOutlined;
}

void OutlineLoopsPass::runOnOperation() {
  SymbolTable table(getOperation());
  symbols = &table;
  functions.clear();
  SmallVector<scf::ForOp> loops;
  for (auto function : getOperation().getOps<func::FuncOp>()) {
    if (function.isExternal())
      continue;
    SmallVector<scf::ForOp> own;
    for (Block &block : function.getBody())
      llvm::append_range(own, block.getOps<scf::ForOp>());
    if (own.size() >= minLoops)
      llvm::append_range(loops, own);
  }
  for (scf::ForOp loop : loops)
    outline(loop);
}
