//===- Gate.cpp - The gate of a layer ---------------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Routing.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::moe;

Value moe::flattenTokens(ImplicitLocOpBuilder &b, Value value, unsigned rank) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getRank() <= rank)
    return value;
  int64_t leading = type.getRank() - rank + 1, tokens = 1;
  SmallVector<ReassociationIndices> groups(1);
  for (int64_t i = 0; i < type.getRank(); ++i) {
    if (i >= leading)
      groups.emplace_back();
    else
      tokens = type.isDynamicDim(i) || ShapedType::isDynamic(tokens)
                   ? ShapedType::kDynamic
                   : tokens * type.getDimSize(i);
    groups.back().push_back(i);
  }
  SmallVector<int64_t> shape{tokens};
  llvm::append_range(shape, type.getShape().drop_front(leading));
  return tensor::CollapseShapeOp::create(b, type.clone(shape), value, groups);
}

Value moe::castIds(ImplicitLocOpBuilder &b, Value ids) {
  auto type = cast<RankedTensorType>(ids.getType());
  unsigned width = type.getElementTypeBitWidth();
  auto narrow = type.clone(b.getI32Type());
  if (width < 32)
    return arith::ExtSIOp::create(b, narrow, ids);
  if (width == 32)
    return ids;
  // Truncating alone would make experts of ids that are none.
  auto bound = [&](int64_t value) -> Value {
    Attribute attr = b.getIntegerAttr(type.getElementType(), value);
    if (type.hasStaticShape())
      return arith::ConstantOp::create(b, DenseElementsAttr::get(type, attr));
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, b.getLoc(), ids);
    Value scalar = arith::ConstantOp::create(b, cast<TypedAttr>(attr));
    SmallVector<Value> dynamic;
    for (OpFoldResult size : sizes)
      if (auto value = dyn_cast<Value>(size))
        dynamic.push_back(value);
    return tensor::SplatOp::create(b, scalar, type, dynamic);
  };
  ids = arith::MinSIOp::create(b, ids, bound(INT32_MAX));
  ids = arith::MaxSIOp::create(b, ids, bound(-1));
  return arith::TruncIOp::create(b, narrow, ids);
}

GateOp moe::buildGate(ImplicitLocOpBuilder &b, const Routing &r, int64_t shared,
                      Value sharedWeights) {
  MLIRContext *context = b.getContext();
  auto flat = [&](Value value) {
    return value ? flattenTokens(b, value) : Value();
  };
  Value logits = flat(r.logits), ids, table;
  if (r.ids)
    ids = castIds(
        b, flattenTokens(b, r.ids,
                         r.select.getMode() == SelectMode::Table ? 1 : 2));
  if (r.table)
    table = castIds(b, r.table);
  bool expertChoice = r.select.getMode() == SelectMode::ExpertChoice;
  int64_t rows = expertChoice
                     ? r.experts
                     : cast<RankedTensorType>(logits.getType()).getDimSize(0);
  int64_t width = r.select.getK() + shared;
  auto weightType = RankedTensorType::get({rows, width}, b.getF32Type());
  NormalizeAttr normalize;
  if (r.normalize != NormalizeMode::None)
    normalize = NormalizeAttr::get(context, r.normalize, Real(r.epsilon));
  FloatAttr dropBelow;
  if (r.dropBelow)
    dropBelow = b.getF64FloatAttr(*r.dropBelow);
  return GateOp::create(
      b, weightType, weightType.clone(b.getI32Type()), logits, r.bias,
      flat(r.state), flat(r.values), ids, table, sharedWeights,
      ScoreAttr::get(context, r.score, Real(r.temperature)), r.groups, r.select,
      r.capacity, normalize, b.getF64FloatAttr(r.scale), dropBelow,
      b.getI64IntegerAttr(shared));
}
