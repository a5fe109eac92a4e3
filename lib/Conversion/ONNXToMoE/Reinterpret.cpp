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

/// Another initializer that holds the elements of `weight` as `attr` says them,
/// read beside `get`.
static Value buildView(OpBuilder &builder, Location loc,
                       onnxir::GetWeightOp get, onnxir::WeightOp weight,
                       TypedAttr attr) {
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
    symbol = (weight.getSymName() + "_view" + (i ? Twine(i) : Twine(""))).str();
  view.setSymName(symbol);
  builder.setInsertionPoint(get);
  return onnxir::GetWeightOp::create(builder, loc, attr.getType(), symbol);
}

Value moe::getBytes(OpBuilder &builder, Location loc, Value codes) {
  auto from = cast<RankedTensorType>(codes.getType());
  unsigned bits = from.getElementTypeBitWidth();
  auto get = codes.getDefiningOp<onnxir::GetWeightOp>();
  onnxir::WeightOp weight = get ? get.getWeightOp() : onnxir::WeightOp();
  if (!weight || bits >= 8)
    return codes;
  SmallVector<int64_t> shape(from.getShape());
  shape.back() /= 8 / bits;
  auto type = RankedTensorType::get(
      shape, IntegerType::get(builder.getContext(), 8, IntegerType::Unsigned));
  if (onnxir::FileAttr file = weight.getFile())
    return buildView(builder, loc, get, weight,
                     onnxir::FileAttr::get(builder.getContext(), type,
                                           file.getPath(), file.getOffset(),
                                           file.getLength()));
  SmallVector<uint8_t> bytes(type.getNumElements());
  auto dense = cast<DenseElementsAttr>(weight.getElements());
  for (auto [i, code] : llvm::enumerate(dense.getValues<APInt>()))
    bytes[i * bits / 8] |= code.getZExtValue() << (i * bits % 8);
  return buildView(builder, loc, get, weight,
                   DenseElementsAttr::get(type, ArrayRef(bytes)));
}

Value moe::reinterpret(OpBuilder &builder, Location loc, Value value,
                       RankedTensorType type) {
  if (value.getType() == type)
    return value;
  auto get = value.getDefiningOp<onnxir::GetWeightOp>();
  onnxir::WeightOp weight = get ? get.getWeightOp() : onnxir::WeightOp();
  if (weight) {
    if (onnxir::FileAttr file = weight.getFile())
      return buildView(builder, loc, get, weight,
                       onnxir::FileAttr::get(builder.getContext(), type,
                                             file.getPath(), file.getOffset(),
                                             file.getLength()));
    if (auto dense = dyn_cast<DenseElementsAttr>(weight.getElements()))
      return buildView(builder, loc, get, weight, dense.reshape(type));
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
