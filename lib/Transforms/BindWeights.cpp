//===- BindWeights.cpp - Weights as arguments -------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"
#include "moe/Transforms/Passes.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::moe {
#define GEN_PASS_DEF_BINDWEIGHTSPASS
#include "moe/Transforms/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;
using bufferization::BufferizationDialect;

namespace {
struct BindWeightsPass : moe::impl::BindWeightsPassBase<BindWeightsPass> {
  using BindWeightsPassBase::BindWeightsPassBase;
  void runOnOperation() override;

private:
  LogicalResult bind(func::FuncOp func);
  bool makeConstant(onnxir::GetWeightOp get, onnxir::WeightOp weight);
};
} // namespace

/// Records the types of arguments and results, which the entry point keeps.
static void recordInterface(func::FuncOp func) {
  Builder builder(func.getContext());
  for (unsigned i = 0, e = func.getNumArguments(); i != e; ++i) {
    Type type = func.getArgumentTypes()[i];
    if (!isa<RankedTensorType>(type))
      continue;
    if (!func.getArgAttr(i, moe::kTypeAttrName))
      func.setArgAttr(i, moe::kTypeAttrName, TypeAttr::get(type));
    func.setArgAttr(i, BufferizationDialect::kWritableAttrName,
                    builder.getBoolAttr(false));
  }
  for (auto [i, type] : llvm::enumerate(func.getResultTypes()))
    if (isa<RankedTensorType>(type) &&
        !func.getResultAttr(i, moe::kTypeAttrName))
      func.setResultAttr(i, moe::kTypeAttrName, TypeAttr::get(type));
}

/// Whether a weight is small enough to be a constant, which is then put in
/// place of its use.
bool BindWeightsPass::makeConstant(onnxir::GetWeightOp get,
                                   onnxir::WeightOp weight) {
  ElementsAttr elements = weight.getElements();
  RankedTensorType type = weight.getType();
  if (!elements || !type.getElementType().isSignlessIntOrFloat())
    return false;
  int64_t bits = type.getElementTypeBitWidth();
  if (type.getNumElements() > constantBytes * 8 / bits)
    return false;
  OpBuilder builder(get);
  auto constant = arith::ConstantOp::create(builder, get.getLoc(), type,
                                            cast<TypedAttr>(elements));
  get.replaceAllUsesWith(constant.getResult());
  get.erase();
  return true;
}

LogicalResult BindWeightsPass::bind(func::FuncOp func) {
  recordInterface(func);
  llvm::MapVector<Attribute, SmallVector<onnxir::GetWeightOp>> uses;
  SmallVector<onnxir::GetWeightOp> gets;
  func.walk([&](onnxir::GetWeightOp get) { gets.push_back(get); });
  SymbolTableCollection symbolTables;
  for (onnxir::GetWeightOp get : gets) {
    onnxir::WeightOp weight = get.getWeightOp(&symbolTables);
    if (!weight)
      return get.emitError()
             << "weight " << get.getWeightAttr() << " does not exist";
    if (!makeConstant(get, weight))
      uses[get.getWeightAttr()].push_back(get);
  }
  Builder builder(func.getContext());
  for (auto &[symbol, users] : uses) {
    DictionaryAttr attrs = builder.getDictionaryAttr(
        {builder.getNamedAttr(BufferizationDialect::kWritableAttrName,
                              builder.getBoolAttr(false)),
         builder.getNamedAttr(moe::kWeightAttrName, symbol)});
    unsigned index = func.getNumArguments();
    if (failed(func.insertArgument(index, users.front().getType(), attrs,
                                   users.front().getLoc())))
      return failure();
    for (onnxir::GetWeightOp get : users) {
      get.replaceAllUsesWith(func.getArgument(index));
      get.erase();
    }
    ++numBound;
  }
  return success();
}

void BindWeightsPass::runOnOperation() {
  for (auto func : getOperation().getOps<func::FuncOp>())
    if (func.isPublic() && !func.isExternal() && failed(bind(func)))
      return signalPassFailure();
}
