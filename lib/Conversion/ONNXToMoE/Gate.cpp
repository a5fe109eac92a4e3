//===- Gate.cpp - The gate of a layer ---------------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Layer.h"
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

/// A tensor of the type and sizes of `like` that holds `value` everywhere.
static Value splatLike(ImplicitLocOpBuilder &b, Value like, int64_t value) {
  auto type = cast<RankedTensorType>(like.getType());
  auto attr = b.getIntegerAttr(type.getElementType(), value);
  if (type.hasStaticShape())
    return arith::ConstantOp::create(b, DenseElementsAttr::get(type, attr));
  Value scalar = arith::ConstantOp::create(b, attr);
  SmallVector<Value> sizes;
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (type.isDynamicDim(i))
      sizes.push_back(tensor::DimOp::create(b, like, i));
  return tensor::SplatOp::create(b, scalar, type, sizes);
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
  ids = arith::MinSIOp::create(b, ids, splatLike(b, ids, INT32_MAX));
  ids = arith::MaxSIOp::create(b, ids, splatLike(b, ids, -1));
  return arith::TruncIOp::create(b, narrow, ids);
}

/// Adds `rows` to negative ids, which ONNX counts from the back.
static Value wrapIds(ImplicitLocOpBuilder &b, Value ids, int64_t rows) {
  if (rows == 0 || !getElementTypeOrSelf(ids.getType()).isSignlessInteger())
    return ids;
  Value isNegative = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, ids,
                                           splatLike(b, ids, 0));
  Value wrapped = arith::AddIOp::create(b, ids, splatLike(b, ids, rows));
  return arith::SelectOp::create(b, isNegative, wrapped, ids);
}

/// Logits of 1 for every token of `ids`, so that each pick weighs 1.
static Value buildOnes(ImplicitLocOpBuilder &b, Value ids, int64_t experts) {
  int64_t tokens = cast<RankedTensorType>(ids.getType()).getDimSize(0);
  auto type = RankedTensorType::get({tokens, experts}, b.getF32Type());
  SmallVector<Value> sizes;
  if (type.isDynamicDim(0))
    sizes.push_back(tensor::DimOp::create(b, ids, 0));
  Value one = arith::ConstantOp::create(b, b.getF32FloatAttr(1.0));
  return tensor::SplatOp::create(b, one, type, sizes);
}

/// Ids of one pick per row as a matrix.
static Value asColumns(ImplicitLocOpBuilder &b, Value ids) {
  auto type = cast<RankedTensorType>(ids.getType());
  if (type.getRank() != 1)
    return ids;
  auto matrix = type.clone({type.getDimSize(0), 1});
  SmallVector<ReassociationIndices> groups{{0, 1}};
  return tensor::ExpandShapeOp::create(b, matrix, ids, groups);
}

GateOp moe::buildGate(ImplicitLocOpBuilder &b, const Routing &r, int64_t shared,
                      Value sharedWeights) {
  MLIRContext *context = b.getContext();
  auto flat = [&](Value value) {
    return value ? flattenTokens(b, value) : Value();
  };
  Value logits = flat(r.logits), values = flat(r.values), ids, table, bias;
  for (onnxir::NodeOp function : r.functions) {
    auto type = cast<RankedTensorType>(values.getType());
    values = buildNode(b, function.getOpType(), values,
                       type.clone(getElementTypeOrSelf(
                           function.getResult(0).getType())));
  }
  bool isTable = r.select.getMode() == SelectMode::Table;
  if (r.ids) {
    ids = flattenTokens(b, r.ids, isTable ? 1 : 2);
    ids = castIds(b, wrapIds(b, isTable ? ids : asColumns(b, ids), r.idsWrap));
  }
  if (r.table)
    table = castIds(b, asColumns(b, r.table));
  if (r.bias)
    bias = flattenTokens(b, r.bias, 1);
  if (!logits)
    logits = buildOnes(b, ids, r.experts);
  bool expertChoice = r.select.getMode() == SelectMode::ExpertChoice;
  int64_t rows = expertChoice
                     ? r.experts
                     : cast<RankedTensorType>(logits.getType()).getDimSize(0);
  int64_t width = r.select.getK() + shared;
  auto idType = RankedTensorType::get({rows, width}, b.getI32Type());
  Type weightType = idType.clone(r.weightType ? r.weightType : b.getF32Type());
  NormalizeAttr normalize;
  if (r.normalize != NormalizeMode::None)
    normalize = NormalizeAttr::get(context, r.normalize, Real(r.epsilon),
                                   Real(r.floor));
  FloatAttr dropBelow;
  if (r.dropBelow)
    dropBelow = b.getF64FloatAttr(*r.dropBelow);
  return GateOp::create(b, weightType, idType, logits, bias, flat(r.state),
                        values, ids, table, sharedWeights,
                        ScoreAttr::get(context, r.score, Real(r.temperature)),
                        r.groups, r.select, r.capacity, normalize,
                        b.getF64FloatAttr(r.scale), dropBelow,
                        b.getI64IntegerAttr(shared));
}
