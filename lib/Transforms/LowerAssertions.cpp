//===- LowerAssertions.cpp - Assertions as calls of the runtime -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "moe/Transforms/Passes.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::moe {
#define GEN_PASS_DEF_LOWERASSERTIONSPASS
#include "moe/Transforms/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;

namespace {
struct LowerAssertionsPass
    : moe::impl::LowerAssertionsPassBase<LowerAssertionsPass> {
  void runOnOperation() override;

private:
  LLVM::LLVMFuncOp getRaise();
  LLVM::GlobalOp getMessage(StringRef text);
  llvm::StringMap<LLVM::GlobalOp> messages;
};
} // namespace

static constexpr llvm::StringLiteral raiseName = "moe_raise";

LLVM::LLVMFuncOp LowerAssertionsPass::getRaise() {
  if (auto raise = getOperation().lookupSymbol<LLVM::LLVMFuncOp>(raiseName))
    return raise;
  auto builder = ImplicitLocOpBuilder::atBlockBegin(getOperation().getLoc(),
                                                    getOperation().getBody());
  auto type =
      LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(&getContext()),
                                  {LLVM::LLVMPointerType::get(&getContext())});
  auto raise = LLVM::LLVMFuncOp::create(builder, raiseName, type);
  raise.setPassthroughAttr(builder.getStrArrayAttr({"noreturn", "cold"}));
  return raise;
}

LLVM::GlobalOp LowerAssertionsPass::getMessage(StringRef text) {
  LLVM::GlobalOp &global = messages[text];
  if (global)
    return global;
  auto builder = ImplicitLocOpBuilder::atBlockBegin(getOperation().getLoc(),
                                                    getOperation().getBody());
  std::string bytes = (text + Twine('\0')).str();
  auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), bytes.size());
  std::string name;
  for (unsigned i = messages.size() - 1;; ++i) {
    name = "moe_message_" + std::to_string(i);
    if (!getOperation().lookupSymbol(name))
      break;
  }
  global = LLVM::GlobalOp::create(builder, type, /*isConstant=*/true,
                                  LLVM::Linkage::Internal, name,
                                  builder.getStringAttr(bytes));
  return global;
}

void LowerAssertionsPass::runOnOperation() {
  messages.clear();
  SmallVector<cf::AssertOp> asserts;
  getOperation().walk([&](cf::AssertOp op) { asserts.push_back(op); });
  for (cf::AssertOp op : asserts) {
    LLVM::LLVMFuncOp raise = getRaise();
    LLVM::GlobalOp message = getMessage(op.getMsg());
    ImplicitLocOpBuilder builder(op.getLoc(), op);
    Value yes = arith::ConstantIntOp::create(builder, 1, 1);
    Value failed = arith::XOrIOp::create(builder, op.getArg(), yes);
    auto branch = scf::IfOp::create(builder, failed, /*withElse=*/false);
    builder.setInsertionPointToStart(branch.thenBlock());
    Value address = LLVM::AddressOfOp::create(builder, message);
    LLVM::CallOp::create(builder, raise, address);
    op.erase();
  }
}
