//===- WeightReference.cpp - Reads of expert weights ------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "moe/Dialect/MoE/IR/Reference.h"
#include "llvm/ADT/APFloat.h"

using namespace mlir;
using namespace mlir::moe;

/// Picks what belongs to `expert` out of one stacked tensor or one tensor per
/// expert; null if there is none.
static Value pickExpert(OpBuilder &builder, Location loc, ValueRange values,
                        bool stacked, Value expert) {
  if (values.empty())
    return {};
  if (!stacked && values.size() == 1)
    return values.front();
  if (!stacked) {
    SmallVector<int64_t> cases = llvm::to_vector(
        llvm::seq<int64_t>(0, static_cast<int64_t>(values.size()) - 1));
    auto choice = scf::IndexSwitchOp::create(
        builder, loc, values.front().getType(), expert, cases, cases.size());
    OpBuilder::InsertionGuard guard(builder);
    for (auto [region, value] :
         llvm::zip_equal(choice.getCaseRegions(), values.drop_back())) {
      builder.createBlock(&region);
      scf::YieldOp::create(builder, loc, value);
    }
    builder.createBlock(&choice.getDefaultRegion());
    scf::YieldOp::create(builder, loc, values.back());
    return choice.getResult(0);
  }
  auto type = cast<RankedTensorType>(values.front().getType());
  SmallVector<OpFoldResult> offsets(type.getRank(), builder.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(type.getRank(), builder.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes =
      getAsIndexOpFoldResult(builder.getContext(), type.getShape());
  offsets.front() = expert;
  sizes.front() = builder.getIndexAttr(1);
  auto slice = RankedTensorType::get(type.getShape().drop_front(),
                                     type.getElementType());
  return tensor::ExtractSliceOp::create(builder, loc, slice, values.front(),
                                        offsets, sizes, strides);
}

/// The values that the codes 0, 1, … of a small float type stand for, as a
/// constant of `compute`; null for wider types. A table is exact for every
/// format, and lowers on targets without conversions from it.
static Value buildCodeTable(OpBuilder &builder, Location loc, Type type,
                            FloatType compute) {
  auto small = dyn_cast<FloatType>(type);
  if (!small || small.getWidth() > 8)
    return {};
  SmallVector<APFloat> values;
  for (unsigned code = 0, end = 1u << small.getWidth(); code < end; ++code) {
    APFloat value(small.getFloatSemantics(), APInt(small.getWidth(), code));
    bool losesInfo;
    value.convert(compute.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                  &losesInfo);
    values.push_back(value);
  }
  auto tableType =
      RankedTensorType::get({static_cast<int64_t>(values.size())}, compute);
  return arith::ConstantOp::create(builder, loc,
                                   DenseElementsAttr::get(tableType, values));
}

/// The expert of the sources that `expert` is.
static Value buildSourceExpert(OpBuilder &builder, Location loc, WeightsOp op,
                               Value expert) {
  ArrayRef<int64_t> experts = op.getExperts();
  if (experts.empty())
    return expert;
  auto type = RankedTensorType::get({static_cast<int64_t>(experts.size())},
                                    builder.getI64Type());
  Value table = arith::ConstantOp::create(
      builder, loc, DenseElementsAttr::get(type, experts));
  return toIndex(builder, loc, extractElement(builder, loc, table, expert));
}

ExpertWeights::ExpertWeights(OpBuilder &builder, Location loc, WeightsOp op,
                             Value expert, FloatType compute)
    : op(op), compute(compute) {
  bool stacked = op.isStacked();
  expert = buildSourceExpert(builder, loc, op, expert);
  source = pickExpert(builder, loc, op.getSources(), stacked, expert);
  scales = pickExpert(builder, loc, op.getScales(), stacked, expert);
  zeros = pickExpert(builder, loc, op.getZeros(), stacked, expert);
  sourceTable =
      buildCodeTable(builder, loc, op.getType().getStorage(), compute);
  if (scales)
    scaleTable =
        buildCodeTable(builder, loc, getElementTypeOrSelf(scales), compute);
}

Value ExpertWeights::getPlainMatrix(OpBuilder &builder, Location loc) const {
  if (op.getType().isQuantized())
    return {};
  LayoutAttr layout = op.getLayout();
  if (layout.getOffset() == 0 && layout.getStep() == 1 &&
      cast<RankedTensorType>(source.getType())
              .getDimSize(layout.getTransposed() ? 1 : 0) ==
          op.getType().getOutSize())
    return source;
  int64_t out = op.getType().getOutSize(), in = op.getType().getInSize();
  bool transposed = layout.getTransposed();
  SmallVector<int64_t> offsets = {layout.getOffset(), 0}, sizes = {out, in},
                       strides = {layout.getStep(), 1};
  if (transposed)
    for (SmallVector<int64_t> *list : {&offsets, &sizes, &strides})
      std::swap((*list)[0], (*list)[1]);
  MLIRContext *context = builder.getContext();
  return tensor::ExtractSliceOp::create(
      builder, loc, source, getAsIndexOpFoldResult(context, offsets),
      getAsIndexOpFoldResult(context, sizes),
      getAsIndexOpFoldResult(context, strides));
}

namespace {
/// Spells index arithmetic with constants.
struct IndexMath {
  OpBuilder &builder;
  Location loc;

  Value constant(int64_t value) const {
    return arith::ConstantIndexOp::create(builder, loc, value);
  }
  Value add(Value a, int64_t b) const {
    return b == 0 ? a : arith::AddIOp::create(builder, loc, a, constant(b));
  }
  Value mul(Value a, int64_t b) const {
    return b == 1 ? a : arith::MulIOp::create(builder, loc, a, constant(b));
  }
  Value div(Value a, int64_t b) const {
    return b == 1 ? a : arith::DivUIOp::create(builder, loc, a, constant(b));
  }
  Value rem(Value a, int64_t b) const {
    return arith::RemUIOp::create(builder, loc, a, constant(b));
  }
};
} // namespace

/// The bits of a byte or of an 8-bit float as i32.
static Value toCode(OpBuilder &builder, Location loc, Value value) {
  Type byte = builder.getI8Type();
  if (isa<FloatType>(value.getType()))
    value = arith::BitcastOp::create(builder, loc, byte, value);
  else if (value.getType() != byte)
    // arith has no operation on unsigned types; in LLVM both are i8.
    value = UnrealizedConversionCastOp::create(builder, loc, byte, value)
                .getResult(0);
  return arith::ExtUIOp::create(builder, loc, builder.getI32Type(), value);
}

/// Reads one code of `bits` bits, as i32, from a tensor that packs them along
/// its last dimension.
static Value readCode(OpBuilder &builder, Location loc, Value tensor,
                      SmallVector<Value> indices, unsigned bits) {
  IndexMath math{builder, loc};
  int64_t pack = bits < 8 ? 8 / bits : 1;
  Value place = indices.back();
  indices.back() = math.div(place, pack);
  Value code =
      toCode(builder, loc, extractElement(builder, loc, tensor, indices));
  if (pack == 1)
    return code;
  Type i32 = builder.getI32Type();
  Value shift = math.mul(math.rem(place, pack), bits);
  shift = arith::IndexCastOp::create(builder, loc, i32, shift);
  code = arith::ShRUIOp::create(builder, loc, code, shift);
  Value mask = arith::ConstantIntOp::create(builder, loc, i32, (1 << bits) - 1);
  return arith::AndIOp::create(builder, loc, code, mask);
}

/// The number that a code of integer storage stands for.
static Value decodeInteger(OpBuilder &builder, Location loc, Value code,
                           IntegerType storage, FloatType compute) {
  if (storage.isUnsigned())
    return arith::UIToFPOp::create(builder, loc, compute, code);
  // Sign extension: two's complement codes stand in the low bits.
  Value shift = arith::ConstantIntOp::create(builder, loc, code.getType(),
                                             32 - storage.getWidth());
  code = arith::ShLIOp::create(builder, loc, code, shift);
  code = arith::ShRSIOp::create(builder, loc, code, shift);
  return arith::SIToFPOp::create(builder, loc, compute, code);
}

/// The value that an f8 or f4 code stands for.
static Value lookUp(OpBuilder &builder, Location loc, Value table, Value code) {
  Value index =
      arith::IndexCastUIOp::create(builder, loc, builder.getIndexType(), code);
  return extractElement(builder, loc, table, index);
}

Value ExpertWeights::readScale(OpBuilder &builder, Location loc, Value row,
                               Value block) const {
  SmallVector<Value> indices = {row};
  if (cast<RankedTensorType>(scales.getType()).getRank() == 2)
    indices.push_back(block);
  Value scale = extractElement(builder, loc, scales, indices);
  if (scaleTable)
    return lookUp(builder, loc, scaleTable, toCode(builder, loc, scale));
  return castFloat(builder, loc, scale, compute);
}

Value ExpertWeights::readZero(OpBuilder &builder, Location loc, Value row,
                              Value block) const {
  auto storage = cast<IntegerType>(op.getType().getStorage());
  if (!zeros)
    return arith::ConstantOp::create(
        builder, loc,
        builder.getFloatAttr(compute, static_cast<double>(op.getZeroPoint())));
  SmallVector<Value> indices = {row};
  if (cast<RankedTensorType>(zeros.getType()).getRank() == 2)
    indices.push_back(block);
  Value code = readCode(builder, loc, zeros, indices, storage.getWidth());
  return decodeInteger(builder, loc, code, storage, compute);
}

Value ExpertWeights::read(OpBuilder &builder, Location loc, Value row,
                          Value column) const {
  IndexMath math{builder, loc};
  LayoutAttr layout = op.getLayout();
  Value sourceRow =
      math.add(math.mul(row, layout.getStep()), layout.getOffset());
  SmallVector<Value> indices = {sourceRow};
  if (column)
    indices.insert(layout.getTransposed() ? indices.begin() : indices.end(),
                   column);
  Type storage = op.getType().getStorage();
  if (!op.getType().isQuantized())
    return castFloat(builder, loc,
                     extractElement(builder, loc, source, indices), compute);

  Value code =
      readCode(builder, loc, source, indices, op.getType().getStorageBits());
  Value block = math.constant(0);
  if (column && op.getNumBlocks() > 1)
    block = math.div(column, op.getEffectiveBlock());
  Value value;
  if (auto integer = dyn_cast<IntegerType>(storage)) {
    value = decodeInteger(builder, loc, code, integer, compute);
    if (zeros || op.getZeroPoint() != 0)
      value = arith::SubFOp::create(builder, loc, value,
                                    readZero(builder, loc, sourceRow, block));
  } else {
    value = lookUp(builder, loc, sourceTable, code);
  }
  if (!scales)
    return value;
  return arith::MulFOp::create(builder, loc, value,
                               readScale(builder, loc, sourceRow, block));
}

LogicalResult mlir::moe::verifyVisibleWeights(Operation *user, Value weights) {
  SmallVector<std::pair<Value, unsigned>> pending = {{weights, 0}};
  while (!pending.empty()) {
    auto [value, depth] = pending.pop_back_val();
    if (value.getDefiningOp<WeightsOp>())
      continue;
    auto lowRank = value.getDefiningOp<LowRankWeightsOp>();
    if (!lowRank)
      return user->emitOpError(
          "needs weights made by moe.weights in the same function");
    if (depth == kMaxLowRankDepth)
      return user->emitOpError("low-rank weights build on each other more "
                               "than ")
             << kMaxLowRankDepth << " deep";
    for (Value operand : lowRank->getOperands())
      pending.push_back({operand, depth + 1});
  }
  return success();
}

/// Builds init + rows · Wᵀ. Recursion goes as deep as low-rank weights do.
static Value accumulateProjection(OpBuilder &builder, Location loc, Value rows,
                                  Value weights, Value expert, Value init);

/// Builds a zero tensor M×n for M rows.
static Value createAccumulator(OpBuilder &builder, Location loc, Value rows,
                               int64_t n) {
  FloatType compute = getComputeType(getElementTypeOrSelf(rows));
  return createFilled(
      builder, loc,
      {tensor::getMixedSize(builder, loc, rows, 0), builder.getIndexAttr(n)},
      builder.getFloatAttr(compute, 0.0));
}

static Value accumulateLowRank(OpBuilder &builder, Location loc, Value rows,
                               LowRankWeightsOp op, Value expert, Value init) {
  Value baseExpert = expert;
  if (op.getBase().getType().getNumExperts() == 1)
    baseExpert = arith::ConstantIndexOp::create(builder, loc, 0);
  init =
      accumulateProjection(builder, loc, rows, op.getBase(), baseExpert, init);
  // W_e is never formed: x·(U·V)ᵀ = (x·Vᵀ)·Uᵀ.
  Value inner =
      createAccumulator(builder, loc, rows, op.getV().getType().getOutSize());
  inner = accumulateProjection(builder, loc, rows, op.getV(), expert, inner);
  return accumulateProjection(builder, loc, inner, op.getU(), expert, init);
}

static Value accumulateProjection(OpBuilder &builder, Location loc, Value rows,
                                  Value weights, Value expert, Value init) {
  if (auto lowRank = weights.getDefiningOp<LowRankWeightsOp>())
    return accumulateLowRank(builder, loc, rows, lowRank, expert, init);
  auto op = cast<WeightsOp>(weights.getDefiningOp());
  auto compute = cast<FloatType>(getElementTypeOrSelf(init));
  ExpertWeights slice(builder, loc, op, expert, compute);

  SmallVector<Value> inputs = {rows};
  SmallVector<SmallVector<unsigned>> maps = {{0, 2}};
  if (Value plain = slice.getPlainMatrix(builder, loc)) {
    inputs.push_back(plain);
    maps.push_back({1, 2});
    if (op.getLayout().getTransposed())
      std::swap(maps.back()[0], maps.back()[1]);
  }
  maps.push_back({0, 1});
  return buildLoops(
      builder, loc, 3, inputs, init, maps,
      [&](OpBuilder &nested, Location loc, ValueRange elements) -> Value {
        Value x = castFloat(nested, loc, elements.front(), compute), w;
        if (inputs.size() == 2)
          w = castFloat(nested, loc, elements[1], compute);
        else
          w = slice.read(nested, loc, linalg::IndexOp::create(nested, loc, 1),
                         linalg::IndexOp::create(nested, loc, 2));
        Value product = arith::MulFOp::create(nested, loc, x, w);
        return arith::AddFOp::create(nested, loc, elements.back(), product);
      });
}

Value mlir::moe::buildProjection(OpBuilder &builder, Location loc, Value rows,
                                 Value weights, Value expert) {
  auto type = cast<WeightsType>(weights.getType());
  Value init = createAccumulator(builder, loc, rows, type.getOutSize());
  return accumulateProjection(builder, loc, rows, weights, expert, init);
}
