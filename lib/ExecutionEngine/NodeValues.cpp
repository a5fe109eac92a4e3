//===- NodeValues.cpp - Values within a model, made its outputs -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/ExecutionEngine/NodeValues.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"
#include "moe/Dialect/ONNXIR/Transforms/Passes.h"

using namespace llvm;
using namespace mlir;

static func::FuncOp findEntry(ModuleOp module, StringRef name) {
  if (!name.empty())
    return module.lookupSymbol<func::FuncOp>(name);
  if (auto main = module.lookupSymbol<func::FuncOp>("main"))
    return main;
  for (auto func : module.getOps<func::FuncOp>())
    if (func.isPublic())
      return func;
  return nullptr;
}

static StringRef getNodeName(Operation &op) {
  if (auto node = dyn_cast<onnxir::NodeOp>(op))
    return node.getDisplayName();
  StringRef name;
  op.getLoc()->walk([&](Location loc) {
    auto nameLoc = dyn_cast<NameLoc>(loc);
    if (!nameLoc)
      return WalkResult::advance();
    name = nameLoc.getName();
    return WalkResult::interrupt();
  });
  return name;
}

static bool canBeOutput(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && (tensor.getElementType().isIntOrFloat() ||
                    isa<ComplexType>(tensor.getElementType()));
}

namespace moe {

Expected<std::vector<std::string>>
exposeNodeValues(ModuleOp module, StringRef entry,
                 llvm::function_ref<bool(StringRef)> wanted) {
  PassManager pm(module.getContext());
  pm.addPass(onnxir::createInlineFunctionsPass());
  pm.addPass(onnxir::createInferTypesPass());
  if (failed(pm.run(module)))
    return createStringError("the types of values cannot be inferred");
  func::FuncOp func = findEntry(module, entry);
  if (!func || func.isExternal() || !func.getBody().hasOneBlock())
    return createStringError("has no function '" + entry + "'");

  std::vector<std::string> names;
  SmallVector<Value> values;
  for (Operation &op : func.getBody().front()) {
    StringRef name = getNodeName(op);
    if (name.empty() || !wanted(name))
      continue;
    for (auto [i, result] : enumerate(op.getResults())) {
      if (!canBeOutput(result.getType()))
        continue;
      values.push_back(result);
      names.push_back(op.getNumResults() == 1 ? name.str()
                                              : (name + ":" + Twine(i)).str());
    }
  }
  Operation *terminator = func.getBody().front().getTerminator();
  unsigned numResults = func.getNumResults();
  terminator->insertOperands(terminator->getNumOperands(), values);
  func.setType(FunctionType::get(func.getContext(), func.getArgumentTypes(),
                                 terminator->getOperandTypes()));
  for (auto [i, name] : enumerate(names))
    func.setResultAttr(numResults + i, onnxir::ONNXIRDialect::kName,
                       StringAttr::get(func.getContext(), name));
  return names;
}

} // namespace moe
