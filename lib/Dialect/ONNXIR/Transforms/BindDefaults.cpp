//===- BindDefaults.cpp - Arguments with defaults to weights ----*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"
#include "moe/Dialect/ONNXIR/Transforms/Passes.h"

namespace mlir::onnxir {
#define GEN_PASS_DEF_BINDDEFAULTSPASS
#include "moe/Dialect/ONNXIR/Transforms/Passes.h.inc"
} // namespace mlir::onnxir

using namespace mlir;
using namespace mlir::onnxir;

namespace {
struct BindDefaultsPass
    : public onnxir::impl::BindDefaultsPassBase<BindDefaultsPass> {
  using BindDefaultsPassBase::BindDefaultsPassBase;

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal() && failed(bind(function)))
        return signalPassFailure();
  }

  LogicalResult bind(func::FuncOp function);
};
} // namespace

LogicalResult BindDefaultsPass::bind(func::FuncOp function) {
  OpBuilder builder = OpBuilder::atBlockBegin(&function.front());
  llvm::BitVector bound(function.getNumArguments());
  for (BlockArgument argument : function.getArguments()) {
    unsigned index = argument.getArgNumber();
    auto symbol = function.getArgAttrOfType<FlatSymbolRefAttr>(
        index, ONNXIRDialect::kDefault);
    if (!symbol)
      continue;
    auto weight =
        SymbolTable::lookupNearestSymbolFrom<WeightOp>(function, symbol);
    if (!weight)
      return function.emitError("default ")
             << symbol << " of argument " << index << " is no onnxir.weight";
    Value value = GetWeightOp::create(builder, argument.getLoc(),
                                      weight.getType(), symbol);
    argument.replaceAllUsesWith(value);
    bound.set(index);
    ++numBound;
  }
  if (bound.none())
    return success();
  if (failed(function.eraseArguments(bound)))
    return failure();
  // An argument may have been a result, and a weight's type is static.
  Operation *terminator = function.back().getTerminator();
  function.setType(builder.getFunctionType(function.getArgumentTypes(),
                                           terminator->getOperandTypes()));
  return success();
}
