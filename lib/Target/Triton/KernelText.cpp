//===- KernelText.cpp - Kernels as Triton IR text -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Target/Triton/KernelText.h"
#include "mlir/IR/Builders.h"
#include "moe/Target/Triton/Export.h"

using namespace mlir;
using namespace mlir::moe;

std::string mlir::moe::getKernelText(tt::FuncOp kernel) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(kernel.getLoc());
  auto copy = cast<tt::FuncOp>(kernel->clone());
  module->push_back(copy);
  // Triton knows no attributes of other dialects.
  SmallVector<StringAttr> foreign;
  for (NamedAttribute attr : copy->getDiscardableAttrs())
    foreign.push_back(attr.getName());
  for (StringAttr name : foreign)
    copy->removeDiscardableAttr(name);
  std::string text;
  llvm::raw_string_ostream os(text);
  module->print(os);
  os << "\n";
  return text;
}

LogicalResult mlir::moe::exportTriton(ModuleOp module, llvm::raw_ostream &os) {
  bool first = true;
  for (auto kernel : module.getOps<tt::FuncOp>()) {
    if (!first)
      os << "// -----\n";
    os << getKernelText(kernel);
    first = false;
  }
  if (first)
    return module.emitError("there is no tt.func to translate; "
                            "convert-moe-to-triton makes them");
  return success();
}
