//===- CodeVariant.cpp - Code that a library may hold several of ----------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/ExecutionEngine/CodeVariant.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;

static GlobalVariable *addConstant(llvm::Module &module, Constant *value,
                                   const Twine &name) {
  auto *global =
      new GlobalVariable(module, value->getType(), /*isConstant=*/true,
                         GlobalValue::PrivateLinkage, value, name);
  global->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
  return global;
}

static Constant *addText(llvm::Module &module, StringRef text) {
  return addConstant(module,
                     ConstantDataArray::getString(module.getContext(), text),
                     "moe.text");
}

void moe::makeCodeVariant(llvm::Module &module, const CodeTarget &target) {
  LLVMContext &context = module.getContext();
  auto *pointer = PointerType::get(context, 0);
  // The layouts of moe::rt::CodeSymbol and moe::rt::CodeVariant.
  auto *symbolType = StructType::get(context, {pointer, pointer});
  auto *number = Type::getInt64Ty(context);
  auto *variantType =
      StructType::get(context, {pointer, pointer, pointer, number});

  SmallVector<Constant *> symbols;
  for (GlobalValue &value : module.global_values()) {
    if (value.isDeclaration() || !value.hasExternalLinkage())
      continue;
    symbols.push_back(ConstantStruct::get(
        symbolType, {addText(module, value.getName()), &value}));
    value.setLinkage(GlobalValue::InternalLinkage);
  }
  auto *tableType = ArrayType::get(symbolType, symbols.size());
  GlobalVariable *table = addConstant(
      module, ConstantArray::get(tableType, symbols), "moe.symbols");
  Constant *variant = ConstantStruct::get(
      variantType, {addText(module, target.cpu),
                    addText(module, join(target.getRequiredFeatures(), ",")),
                    table, ConstantInt::get(number, symbols.size())});
  auto *global =
      new GlobalVariable(module, variantType, /*isConstant=*/true,
                         GlobalValue::InternalLinkage, variant, "moe.variant");
  global->setSection("moe_code");
  global->setAlignment(Align(8));
  appendToUsed(module, {global});
}
