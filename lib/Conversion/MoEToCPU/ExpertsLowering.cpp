//===- ExpertsLowering.cpp - moe.experts as calls of kernels -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExpertsLowering.h"
#include "CombineKernel.h"
#include "FFNKernel.h"
#include "KernelUtils.h"
#include "WidenPanel.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::moe;

/// Whether a projection can be packed and widened by the kernels.
static bool isSupportedProjection(Value weights, Value bias) {
  auto op = weights.getDefiningOp<WeightsOp>();
  if (!op || !canWiden(op.getType().getStorage(), op.getEffectiveBlock(),
                       op.getType().getInSize()))
    return false;
  // Of small floats, arith can only widen powers of two.
  if (!op.getScales().empty()) {
    Type scale = getElementTypeOrSelf(op.getScales().front());
    if (scale.getIntOrFloatBitWidth() < 16 && !isa<Float8E8M0FNUType>(scale))
      return false;
  }
  // Bytes of codes are copied as they are, so a byte's elements must be
  // consecutive inputs.
  if (op.getType().getPackFactor() > 1 && op.getLayout().getTransposed())
    return false;
  if (!bias)
    return true;
  auto biasOp = bias.getDefiningOp<WeightsOp>();
  return biasOp && !biasOp.getType().isQuantized();
}

static bool isSupportedFFN(FFNExpertsOp op) {
  if (!isSupportedProjection(op.getUp(), op.getUpBias()) ||
      !isSupportedProjection(op.getDown(), op.getDownBias()))
    return false;
  if (!op.getGate())
    return true;
  auto up = op.getUp().getDefiningOp<WeightsOp>();
  auto gate = op.getGate().getDefiningOp<WeightsOp>();
  // One panel holds both, so they are stored alike.
  if (!gate || !isSupportedProjection(op.getGate(), op.getGateBias()) ||
      gate.getType() != up.getType() ||
      gate.getEffectiveBlock() != up.getEffectiveBlock() ||
      gate.getZeroPoint() != up.getZeroPoint() ||
      gate.getZeros().empty() != up.getZeros().empty() ||
      gate.getSources().getTypes() != up.getSources().getTypes() ||
      gate.getScales().getTypes() != up.getScales().getTypes())
    return false;
  if (static_cast<bool>(op.getUpBias()) != static_cast<bool>(op.getGateBias()))
    return false;
  if (!op.getUpBias())
    return true;
  return op.getUpBias().getDefiningOp<WeightsOp>().getSources().getTypes() ==
         op.getGateBias().getDefiningOp<WeightsOp>().getSources().getTypes();
}

namespace {
/// Builds the calls for one moe.experts.
class ExpertsBuilder {
public:
  ExpertsBuilder(ExpertsOp op, const TileShape &tile, OpBuilder &builder)
      : op(op), tile(tile), module(op->getParentOfType<ModuleOp>()),
        b(op.getLoc(), builder) {}

  Value build();

private:
  Value toBuffer(Value tensor);
  void readPlan();
  void buildFFN(FFNExpertsOp set, int64_t first);
  PackedStorage pack(ArrayRef<Value> matrices, SmallVector<Value> &arguments);
  void packBias(ArrayRef<Value> biases, SmallVector<Value> &arguments);
  void buildFill(int64_t first, int64_t count, bool copy);
  Value buildResult();

  ExpertsOp op;
  TileShape tile;
  ModuleOp module;
  ImplicitLocOpBuilder b;

  Value input, offsets, tokens, slots;
  /// Output rows of all experts, f32, of whole panels.
  Value rows;
};
} // namespace

Value ExpertsBuilder::toBuffer(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  return bufferization::ToBufferOp::create(
      b, MemRefType::get(type.getShape(), type.getElementType()), tensor,
      /*read_only=*/true);
}

/// Takes the plan apart into the values that convert-moe-to-linalg gives it.
void ExpertsBuilder::readPlan() {
  Type i64 = b.getI64Type();
  constexpr int64_t dynamic = ShapedType::kDynamic;
  int64_t experts = op.getPlan().getType().getExperts();
  auto parts = UnrealizedConversionCastOp::create(
      b,
      TypeRange{RankedTensorType::get({experts + 1}, i64),
                RankedTensorType::get({dynamic}, i64),
                RankedTensorType::get({dynamic, dynamic}, i64),
                b.getIndexType()},
      op.getPlan());
  Value fixed = toBuffer(parts.getResult(0));
  offsets =
      memref::CastOp::create(b, MemRefType::get({dynamic}, i64), fixed);
  tokens = toBuffer(parts.getResult(1));
  slots = toBuffer(parts.getResult(2));
}

PackedStorage ExpertsBuilder::pack(ArrayRef<Value> matrices,
                                   SmallVector<Value> &arguments) {
  auto op = PackWeightsOp::create(b, ValueRange(matrices), tile.columns);
  auto weights = matrices.front().getDefiningOp<WeightsOp>();
  PackedStorage storage;
  storage.element = weights.getType().getStorage();
  storage.types = SmallVector<Type>(op.getResultTypes());
  if (isa<IntegerType>(storage.element))
    storage.block = weights.getEffectiveBlock();
  for (Value result : op.getResults())
    arguments.push_back(toBuffer(result));
  return storage;
}

void ExpertsBuilder::packBias(ArrayRef<Value> biases,
                              SmallVector<Value> &arguments) {
  auto op = PackWeightsOp::create(b, ValueRange(biases), tile.columns);
  arguments.push_back(toBuffer(op.getResult(0)));
}

void ExpertsBuilder::buildFFN(FFNExpertsOp set, int64_t first) {
  FFNKernelConfig config;
  config.experts = set.getType().getCount();
  config.hidden = set.getType().getInSize();
  config.inter = set.getUp().getType().getOutSize();
  config.out = set.getType().getOutSize();
  config.gated = static_cast<bool>(set.getGate());
  config.activation = set.getActivation();
  config.element = getElementTypeOrSelf(op.getInput());
  config.gather = op.getGather();
  config.firstBias = static_cast<bool>(set.getUpBias());
  config.secondBias = static_cast<bool>(set.getDownBias());
  config.tile = tile;

  SmallVector<Value> arguments = {input, offsets, constantIndex(b, first)};
  if (config.gather)
    arguments.push_back(tokens);
  SmallVector<Value> matrices = {set.getUp()}, biases = {set.getUpBias()};
  if (config.gated) {
    matrices.insert(matrices.begin(), set.getGate());
    biases.insert(biases.begin(), set.getGateBias());
  }
  config.first = pack(matrices, arguments);
  if (config.firstBias)
    packBias(biases, arguments);
  config.second = pack({set.getDown()}, arguments);
  if (config.secondBias)
    packBias({set.getDownBias()}, arguments);
  arguments.push_back(rows);
  func::CallOp::create(b, getFFNKernel(module, b.getLoc(), config), arguments);
}

/// Emits the rows of zero experts, or of copy experts.
void ExpertsBuilder::buildFill(int64_t first, int64_t count, bool copy) {
  Value begin = loadIndex(b, offsets, constantIndex(b, first));
  Value end = loadIndex(b, offsets, constantIndex(b, first + count));
  int64_t width = cast<RankedTensorType>(op.getResult().getType()).getDimSize(1);
  emitFor(b, begin, end, 1, [&](Value row) {
    Value source = copy && op.getGather() ? loadIndex(b, tokens, row) : row;
    emitVectorFor(b, width, tile.lanes, [&](Value i, int64_t lanes) {
      Value value;
      if (copy) {
        value = loadF32(b, input, ValueRange{source, i}, lanes);
      } else {
        Type type = b.getF32Type();
        if (lanes > 1)
          type = VectorType::get({lanes}, type);
        value = arith::ConstantOp::create(b, b.getZeroAttr(type));
      }
      storeF32(b, value, rows, ValueRange{row, i});
    });
  });
}

/// Emits the result from `rows`: combined, or rounded to the element type.
Value ExpertsBuilder::buildResult() {
  auto type = cast<RankedTensorType>(op.getResult().getType());
  auto bufferType = MemRefType::get(
      {ShapedType::kDynamic, type.getDimSize(1)}, type.getElementType());
  auto rowsType = cast<MemRefType>(rows.getType());
  Value result;
  if (Value weights = op.getCombineWeights()) {
    Value count = memref::DimOp::create(b, slots, 0);
    result = memref::AllocOp::create(b, bufferType, ValueRange{count});
    Value buffer = toBuffer(weights);
    auto weightsType = cast<MemRefType>(buffer.getType());
    auto anyTokens =
        MemRefType::get({ShapedType::kDynamic, weightsType.getDimSize(1)},
                        weightsType.getElementType());
    if (weightsType != anyTokens)
      buffer = memref::CastOp::create(b, anyTokens, buffer);
    func::CallOp::create(b,
                         getCombineKernel(module, b.getLoc(), tile, rowsType,
                                          anyTokens, bufferType),
                         ValueRange{rows, slots, buffer, result});
  } else {
    Value count = memref::DimOp::create(b, rows, 0);
    result = memref::AllocOp::create(b, bufferType, ValueRange{count});
    func::CallOp::create(
        b, getCopyRowsKernel(module, b.getLoc(), tile, rowsType, bufferType),
        ValueRange{rows, result});
  }
  Value tensor = bufferization::ToTensorOp::create(
      b, type.clone({ShapedType::kDynamic, type.getDimSize(1)}), result,
      /*restrict=*/true, /*writable=*/true);
  if (tensor.getType() == type)
    return tensor;
  return tensor::CastOp::create(b, type, tensor);
}

Value ExpertsBuilder::build() {
  auto inputType = cast<RankedTensorType>(op.getInput().getType());
  auto anyRows =
      MemRefType::get({ShapedType::kDynamic, inputType.getDimSize(1)},
                      inputType.getElementType());
  input = toBuffer(op.getInput());
  if (input.getType() != anyRows)
    input = memref::CastOp::create(b, anyRows, input);
  readPlan();

  int64_t out = cast<RankedTensorType>(op.getResult().getType()).getDimSize(1);
  int64_t padded = llvm::alignTo(out, tile.columns);
  int64_t experts = op.getPlan().getType().getExperts();
  Value count = loadIndex(b, offsets, constantIndex(b, experts));
  rows = memref::AllocOp::create(
      b, MemRefType::get({ShapedType::kDynamic, padded}, b.getF32Type()),
      ValueRange{count});

  int64_t first = 0;
  for (Value set : op.getSets()) {
    int64_t size = cast<ExpertsType>(set.getType()).getCount();
    if (auto ffn = set.getDefiningOp<FFNExpertsOp>())
      buildFFN(ffn, first);
    else
      buildFill(first, size, set.getDefiningOp<CopyExpertsOp>() != nullptr);
    first += size;
  }
  return buildResult();
}

LogicalResult mlir::moe::lowerExperts(ExpertsOp op, const TileShape &tile,
                                      PatternRewriter &rewriter) {
  Type element = getElementTypeOrSelf(op.getInput());
  if (!isa<Float32Type, Float16Type, BFloat16Type>(element))
    return rewriter.notifyMatchFailure(op, "kernels take f32, f16 and bf16");
  if (op.getPlan().getType().getOwner() != PlanOwner::Tokens)
    return rewriter.notifyMatchFailure(op, "kernels take plans by token");
  if (Value weights = op.getCombineWeights())
    if (!isa<Float32Type, Float16Type, BFloat16Type>(
            getElementTypeOrSelf(weights)))
      return rewriter.notifyMatchFailure(op, "weights are f64");
  for (Value set : op.getSets()) {
    Operation *kind = set.getDefiningOp();
    if (isa_and_nonnull<ZeroExpertsOp, CopyExpertsOp>(kind))
      continue;
    auto ffn = dyn_cast_or_null<FFNExpertsOp>(kind);
    if (!ffn)
      return rewriter.notifyMatchFailure(op, "kind without a kernel");
    if (!isSupportedFFN(ffn))
      return rewriter.notifyMatchFailure(op, "storage without a kernel");
  }
  rewriter.setInsertionPoint(op);
  rewriter.replaceOp(op, ExpertsBuilder(op, tile, rewriter).build());
  return success();
}
