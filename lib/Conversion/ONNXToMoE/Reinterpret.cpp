//===- Reinterpret.cpp - Tensors with other dimensions ----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Raise.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::moe;

Value moe::reinterpret(OpBuilder &builder, Location loc, Value value,
                       RankedTensorType type) {
  if (value.getType() == type)
    return value;
  auto get = value.getDefiningOp<onnxir::GetWeightOp>();
  onnxir::WeightOp weight = get ? get.getWeightOp() : onnxir::WeightOp();
  if (weight) {
    TypedAttr attr;
    if (onnxir::FileAttr file = weight.getFile())
      attr = onnxir::FileAttr::get(builder.getContext(), type, file.getPath(),
                                   file.getOffset(), file.getLength());
    else if (auto dense = dyn_cast<DenseElementsAttr>(weight.getElements()))
      attr = dense.reshape(type);
    if (attr) {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointAfter(weight);
      auto view = cast<onnxir::WeightOp>(builder.clone(*weight));
      view.setValueAttr(attr);
      view.setName(weight.getDisplayName());
      Operation *table = weight->getParentOp();
      // Symbols count up from the first free name.
      std::string symbol;
      for (unsigned i = 0;
           symbol.empty() || SymbolTable::lookupSymbolIn(table, symbol); ++i)
        symbol =
            (weight.getSymName() + "_view" + (i ? Twine(i) : Twine(""))).str();
      view.setSymName(symbol);
      builder.setInsertionPoint(get);
      return onnxir::GetWeightOp::create(builder, loc, type, symbol);
    }
  }
  auto source = cast<RankedTensorType>(value.getType());
  SmallVector<ReassociationIndices> all{
      llvm::to_vector(llvm::seq<int64_t>(source.getRank()))};
  auto flat =
      RankedTensorType::get({source.getNumElements()}, source.getElementType());
  value = tensor::CollapseShapeOp::create(builder, loc, flat, value, all);
  all = {llvm::to_vector(llvm::seq<int64_t>(type.getRank()))};
  return tensor::ExpandShapeOp::create(builder, loc, type, value, all);
}
