//===- BodyWeights.cpp - Tensors that hold weights --------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Body.h"

using namespace mlir;
using namespace mlir::moe;

namespace {
/// A dimension of a tensor of weights: where it is read.
struct WeightDim {
  Binding at;
  Size size;
};

/// Tensors of weights, one or one for each expert, and their dimensions
/// besides those of size 1.
struct WeightTensor {
  SmallVector<Value, 1> sources;
  /// Several sources: the expert, and how many there are.
  std::optional<Binding> expert;
  int64_t experts = 1;
  SmallVector<WeightDim> dims;
};
} // namespace

/// The tensors that hold `access`: a tensor of the model, one of several, or,
/// if `computed`, one that the model computes from weights alone.
static std::optional<WeightTensor> getTensor(const Access &access,
                                             bool computed) {
  const Expr &expr = *access.expr;
  WeightTensor tensor;
  if (expr.is(Expr::Kind::Stack)) {
    tensor.expert = access.at[0];
    tensor.experts = expr.axes[0];
    // Tensors of one layout.
    ArrayRef<int> axes(expr.operands[0].axes);
    for (const Operand &operand : expr.operands) {
      if (!operand.expr->is(Expr::Kind::Leaf) ||
          ArrayRef<int>(operand.axes) != axes)
        return std::nullopt;
      tensor.sources.push_back(operand.expr->value);
    }
    for (int axis : axes) {
      if (axis < 1)
        return std::nullopt;
      tensor.dims.push_back({access.at[axis], expr.axes[axis]});
    }
  } else if (expr.is(Expr::Kind::Leaf)) {
    tensor.sources.push_back(expr.value);
    for (auto [at, size] : llvm::zip_equal(access.at, expr.axes))
      tensor.dims.push_back({at, size});
  } else if (computed && expr.constant && expr.origin) {
    tensor.sources.push_back(expr.origin);
    for (const auto &dim : expr.layout) {
      if (dim.empty())
        continue;
      if (dim.size() != 1 || dim[0].axis < 0)
        return std::nullopt;
      tensor.dims.push_back({access.at[dim[0].axis], dim[0].size});
    }
  } else {
    return std::nullopt;
  }
  for (Value source : tensor.sources) {
    auto type = dyn_cast<RankedTensorType>(source.getType());
    if (!type || !type.hasStaticShape())
      return std::nullopt;
  }
  return tensor;
}

/// Reads `access` as weights that a tensor holds.
static std::optional<BodyWeight> matchTensor(const Access &access, int out,
                                             std::optional<int> in,
                                             bool computed) {
  std::optional<WeightTensor> tensor = getTensor(access, computed);
  if (!tensor)
    return std::nullopt;
  BodyWeight weight;
  weight.sources = tensor->sources;
  weight.expert = tensor->expert;
  weight.experts = tensor->experts;
  int outDim = -1, inDim = -1, expertDim = -1;
  for (auto [i, dim] : llvm::enumerate(tensor->dims)) {
    bool isVariable = dim.at.kind == Binding::Kind::Variable;
    if (in && inDim < 0 && dim.at.isPlain(*in)) {
      inDim = i;
      weight.in = dim.size;
    } else if (outDim < 0 && isVariable && dim.at.var == out) {
      outDim = i;
      weight.offset = dim.at.offset;
      weight.step = dim.at.step;
      weight.out = weight.rows = dim.size;
    } else if (expertDim < 0 && !tensor->expert &&
               !(isVariable && in && dim.at.var == *in)) {
      expertDim = i;
      weight.expert = dim.at;
      weight.experts = dim.size;
    } else {
      return std::nullopt;
    }
  }
  // Experts come first: other orders have no layout.
  if (outDim < 0 || (in && inDim < 0) || expertDim > 0)
    return std::nullopt;
  weight.transposed = in && inDim < outDim;
  return weight;
}

//===----------------------------------------------------------------------===//
// Codes and scales
//===----------------------------------------------------------------------===//

/// How many bits a code has; 0 for types that are no codes.
static unsigned getCodeBits(Type type) {
  unsigned bits = type.isIntOrFloat() ? type.getIntOrFloatBitWidth() : 0;
  bool isInteger = isa<IntegerType>(type) && bits != 1;
  return (isInteger && bits <= 8) || (isa<FloatType>(type) && bits == 8) ? bits
                                                                         : 0;
}

/// Whether `at` is the block of `in` that the variable stands in; sets `block`.
static bool isBlockOf(const Binding &at, int in, int64_t &block) {
  if (at.kind != Binding::Kind::Computed || at.offset != 0 || at.step != 1 ||
      at.position->sizes.size() != 1)
    return false;
  const Access &index = at.position->index;
  if (!index.expr->isMap("Div") || index.expr->operands.size() != 2)
    return false;
  const Operand &count = index.expr->operands[0];
  const Expr *divisor = index.expr->operands[1].expr;
  if (!count.expr->is(Expr::Kind::Iota) || count.axes.size() != 1 ||
      count.axes[0] < 0 || !divisor->is(Expr::Kind::Splat) ||
      !index.at[count.axes[0]].isPlain(in))
    return false;
  block = static_cast<int64_t>(divisor->number);
  return block > 0;
}

/// Reads scales or zero points of the codes of `weight`: one for each row, or
/// for each block of it.
static bool matchScales(const BodyWeight &weight, const Access &access, int out,
                        int in, SmallVectorImpl<Value> &sources,
                        int64_t &block) {
  std::optional<WeightTensor> tensor = getTensor(access, /*computed=*/true);
  if (!tensor)
    return false;
  SmallVector<WeightDim> dims(tensor->dims);
  bool stacked = tensor->expert.has_value();
  if (stacked ? !weight.expert || !(*tensor->expert == *weight.expert)
              : weight.expert && weight.sources.size() == 1) {
    // The first dimension is that of the experts.
    if (stacked || dims.empty() || !(dims[0].at == *weight.expert) ||
        dims[0].size != weight.experts)
      return false;
    dims.erase(dims.begin());
  }
  if (tensor->sources.size() != weight.sources.size() || dims.empty() ||
      dims.size() > 2 || dims[0].size != weight.rows)
    return false;
  const Binding &row = dims[0].at;
  if (row.kind != Binding::Kind::Variable || row.var != out ||
      row.offset != weight.offset || row.step != weight.step)
    return false;
  block = 0;
  if (dims.size() == 2 && (!isBlockOf(dims[1].at, in, block) ||
                           dims[1].size != llvm::divideCeil(weight.in, block)))
    return false;
  sources.assign(tensor->sources.begin(), tensor->sources.end());
  return true;
}

/// Reads a number for each expert that all of its codes are scaled by.
static bool matchExpertScales(BodyWeight &weight, const Access &scale) {
  const Expr &expr = *scale.expr;
  if (!expr.is(Expr::Kind::Stack) || expr.element.isF64() || !weight.expert ||
      expr.axes[0] != weight.experts || !(scale.at[0] == *weight.expert))
    return false;
  for (const Operand &operand : expr.operands) {
    if (!operand.expr->is(Expr::Kind::Splat))
      return false;
    weight.expertScales.push_back(operand.expr->number);
  }
  return true;
}

/// Whether the bytes of `value` can be referred to as such: codes of less than
/// a byte in an initializer, none of whose bytes belongs to two rows.
static bool holdsBytes(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  unsigned bits = getCodeBits(type.getElementType());
  if (bits == 8)
    return true;
  if (bits == 0 || type.getRank() == 0)
    return false;
  return value.getDefiningOp<onnxir::GetWeightOp>() &&
         type.getDimSize(type.getRank() - 1) % (8 / bits) == 0;
}

/// Reads `access` as scale · (code − zero), code being a small number in a
/// tensor.
static std::optional<BodyWeight>
matchQuantized(AccessReader &reader, const Access &access, int out, int in) {
  if (!access.expr->isMap("Mul"))
    return std::nullopt;
  SmallVector<Access, 2> operands = reader.open(access);
  for (int i : {0, 1}) {
    Access codes = reader.peel(operands[i]);
    Access scale = reader.peel(operands[1 - i]);
    std::optional<Access> zero;
    if (codes.expr->isMap("Sub")) {
      SmallVector<Access, 2> parts = reader.open(codes);
      codes = reader.peel(parts[0]);
      zero = reader.peel(parts[1]);
    }
    auto stripCodes = [&](Access value) {
      if (value.expr->isMap("Cast"))
        value = reader.peel(reader.open(value)[0]);
      return value;
    };
    codes = stripCodes(codes);
    Type element = codes.expr->element;
    if (getCodeBits(element) == 0 || !isa<FloatType>(scale.expr->element))
      continue;
    auto weight = matchTensor(codes, out, in, /*computed=*/false);
    if (!weight || !llvm::all_of(weight->sources, holdsBytes))
      continue;
    if (scale.expr->is(Expr::Kind::Splat) && !scale.expr->element.isF64())
      weight->scale = scale.expr->number;
    else if (!matchExpertScales(*weight, scale) &&
             !matchScales(*weight, scale, out, in, weight->scales,
                          weight->block))
      continue;
    weight->storage = element;
    if (zero && zero->expr->is(Expr::Kind::Splat)) {
      weight->zeroPoint = static_cast<int64_t>(zero->expr->number);
      if (weight->zeroPoint != zero->expr->number || isa<FloatType>(element) ||
          !llvm::isUIntN(getCodeBits(element), weight->zeroPoint))
        continue;
    } else if (zero) {
      int64_t block;
      Access zeros = stripCodes(*zero);
      if (isa<FloatType>(element) || zeros.expr->element != element ||
          !matchScales(*weight, zeros, out, in, weight->zeros, block) ||
          block != weight->block || !llvm::all_of(weight->zeros, holdsBytes))
        continue;
    }
    return weight;
  }
  return std::nullopt;
}

/// Reads the second operand of a MatMulNBits, as `Facts` makes it.
static std::optional<BodyWeight> matchPacked(const Access &access, int out,
                                             int in) {
  const Expr &expr = *access.expr;
  if (!expr.isMap(kPackedWeights) || !access.at[1].isPlain(in) ||
      access.at[0].kind != Binding::Kind::Variable || access.at[0].var != out)
    return std::nullopt;
  BodyWeight weight;
  weight.offset = access.at[0].offset;
  weight.step = access.at[0].step;
  weight.out = weight.rows = expr.axes[0];
  weight.in = expr.axes[1];
  weight.block = static_cast<int64_t>(expr.number2);
  auto bits = static_cast<unsigned>(expr.number);
  weight.storage =
      IntegerType::get(expr.element.getContext(), bits, IntegerType::Unsigned);
  weight.sources.push_back(expr.operands[0].expr->value);
  weight.scales.push_back(expr.operands[1].expr->value);
  if (expr.operands.size() > 2)
    weight.zeros.push_back(expr.operands[2].expr->value);
  else
    weight.zeroPoint = int64_t(1) << (bits - 1);
  return weight;
}

std::optional<BodyWeight> moe::matchWeight(AccessReader &reader, Access access,
                                           int out, std::optional<int> in) {
  access = reader.peel(access);
  std::optional<BodyWeight> weight;
  if (in)
    weight = matchPacked(access, out, *in);
  if (in && !weight)
    weight = matchQuantized(reader, access, out, *in);
  if (!weight)
    weight = matchTensor(access, out, in, /*computed=*/true);
  if (weight)
    weight->constant = access.expr->constant;
  return weight;
}
