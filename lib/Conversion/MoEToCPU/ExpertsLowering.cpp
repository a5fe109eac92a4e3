//===- ExpertsLowering.cpp - moe.experts as calls of kernels -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExpertsLowering.h"
#include "FFNKernel.h"
#include "KernelUtils.h"
#include "RowKernels.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace mlir::moe;

/// Whether vectors, one for each expert, can be packed and read by the kernels.
static bool isSupportedVector(Value vectors) {
  auto op = vectors.getDefiningOp<WeightsOp>();
  return op && !op.getType().isQuantized();
}

bool mlir::moe::isSupportedProjection(Value weights, Value bias) {
  auto op = weights.getDefiningOp<WeightsOp>();
  if (!op || !isa<Float32Type, Float16Type, BFloat16Type, IntegerType>(
                 op.getType().getStorage()))
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
  return !bias || isSupportedVector(bias);
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
  ExpertsBuilder(ExpertsOp op, const KernelTarget &target, OpBuilder &builder)
      : op(op), target(target), tile(target.tile),
        module(op->getParentOfType<ModuleOp>()), b(op.getLoc(), builder) {}

  Value build();

private:
  /// Experts of one set that are computed together, counted in the set, which
  /// starts with expert `first` of the plan.
  struct Piece {
    Value set;
    int64_t first, begin, end;
    /// Whether each expert has a call of its own.
    bool dense;
  };
  /// A kernel for a set, and its arguments but for the range of experts.
  struct FFNCall {
    func::FuncOp kernel;
    SmallVector<Value> before, after;
  };

  void readPlan();
  SmallVector<Piece> getPieces();
  FFNCall prepareFFN(FFNExpertsOp set, int64_t first);
  void buildPiece(const Piece &piece);
  void packBias(ArrayRef<Value> biases, SmallVector<Value> &arguments);
  void buildFill(int64_t first, int64_t count, bool copy);
  Value buildResult();

  ExpertsOp op;
  KernelTarget target;
  TileShape tile;
  ModuleOp module;
  ImplicitLocOpBuilder b;

  /// The parts of the plan that convert-moe-to-linalg gives it.
  Value offsets, tokens, slots;
  /// The kernels of sets so far, by the set and its place in the plan.
  llvm::MapVector<std::pair<FFNExpertsOp, int64_t>, FFNCall> calls;
  /// Output rows of the experts so far, f32, of whole panels.
  Value rows;
};
} // namespace

/// Takes the plan apart.
void ExpertsBuilder::readPlan() {
  ResultRange parts = takePlanApart(b, op.getPlan());
  offsets = parts[0];
  tokens = parts[1];
  slots = parts[2];
}

void ExpertsBuilder::packBias(ArrayRef<Value> biases,
                              SmallVector<Value> &arguments) {
  auto op = PackWeightsOp::create(b, ValueRange(biases), tile.columns);
  arguments.push_back(op.getResult(0));
}

/// The order of computation: that of the schedule if there is one of these
/// experts, else all at once.
SmallVector<ExpertsBuilder::Piece> ExpertsBuilder::getPieces() {
  int64_t experts = op.getPlan().getType().getExperts();
  auto all = ChunkAttr::get(b.getContext(), 0, experts, GemmKind::Grouped);
  SmallVector<ChunkAttr> chunks = {all};
  if (auto schedule = op->getAttrOfType<ScheduleAttr>("moe.schedule")) {
    int64_t count = 0;
    for (ChunkAttr chunk : schedule.getChunks())
      count += chunk.getEnd() - chunk.getBegin();
    // (N8)
    if (count == experts)
      chunks = llvm::to_vector(schedule.getChunks());
  }
  SmallVector<Piece> pieces;
  for (ChunkAttr chunk : chunks) {
    int64_t first = 0;
    for (Value set : op.getSets()) {
      int64_t size = cast<ExpertsType>(set.getType()).getCount();
      int64_t begin = std::max(chunk.getBegin(), first);
      int64_t end = std::min(chunk.getEnd(), first + size);
      if (begin < end)
        pieces.push_back({set, first, begin - first, end - first,
                          chunk.getGemm() == GemmKind::Dense});
      first += size;
    }
  }
  return pieces;
}

ExpertsBuilder::FFNCall ExpertsBuilder::prepareFFN(FFNExpertsOp set,
                                                   int64_t first) {
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
  config.target = target;

  FFNCall call;
  call.before = {op.getInput(), offsets, constantIndex(b, first)};
  if (config.gather)
    call.after.push_back(tokens);
  SmallVector<Value> matrices = {set.getUp()}, biases = {set.getUpBias()};
  if (config.gated) {
    matrices.insert(matrices.begin(), set.getGate());
    biases.insert(biases.begin(), set.getGateBias());
  }
  config.first = packMatrices(b, matrices, tile, call.after);
  if (config.firstBias)
    packBias(biases, call.after);
  config.second = packMatrices(b, {set.getDown()}, tile, call.after);
  if (config.secondBias)
    packBias({set.getDownBias()}, call.after);
  call.kernel = getFFNKernel(module, b.getLoc(), config);
  return call;
}

void ExpertsBuilder::buildPiece(const Piece &piece) {
  auto ffn = piece.set.getDefiningOp<FFNExpertsOp>();
  if (!ffn)
    return buildFill(piece.first + piece.begin, piece.end - piece.begin,
                     piece.set.getDefiningOp<CopyExpertsOp>() != nullptr);
  // A set may stand twice among the operands, at another place of the plan.
  auto [entry, isNew] = calls.try_emplace({ffn, piece.first});
  if (isNew)
    entry->second = prepareFFN(ffn, piece.first);
  const FFNCall &call = entry->second;
  int64_t step = piece.dense ? 1 : piece.end - piece.begin;
  for (int64_t begin = piece.begin; begin < piece.end; begin += step) {
    SmallVector<Value> arguments(call.before);
    arguments.push_back(constantIndex(b, begin));
    arguments.push_back(constantIndex(b, begin + step));
    llvm::append_range(arguments, call.after);
    rows = callKernel(b, call.kernel, arguments, rows);
  }
}

/// The buffer type of a kernel's argument for `tensor`, with any number of
/// rows.
static MemRefType getAnyRows(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  return MemRefType::get({ShapedType::kDynamic, type.getDimSize(1)},
                         type.getElementType());
}

/// Emits the rows of zero experts, or of copy experts.
void ExpertsBuilder::buildFill(int64_t first, int64_t count, bool copy) {
  SmallVector<Value> arguments;
  if (copy)
    arguments.push_back(op.getInput());
  if (copy && op.getGather())
    arguments.push_back(tokens);
  arguments.append(
      {offsets, constantIndex(b, first), constantIndex(b, first + count)});
  int64_t width =
      cast<RankedTensorType>(op.getResult().getType()).getDimSize(1);
  func::FuncOp kernel = getFillRowsKernel(
      module, b.getLoc(), tile, copy ? getAnyRows(op.getInput()) : MemRefType(),
      op.getGather(), width, getAnyRows(rows));
  rows = callKernel(b, kernel, arguments, rows);
}

/// Emits the result from `rows`: combined, or rounded to the element type.
Value ExpertsBuilder::buildResult() {
  auto type = cast<RankedTensorType>(op.getResult().getType());
  Value weights = op.getCombineWeights();
  SmallVector<Value> sizes;
  if (type.isDynamicDim(0))
    sizes.push_back(tensor::DimOp::create(b, weights ? slots : rows, 0));
  Value result = tensor::EmptyOp::create(b, type, sizes);
  if (!weights)
    return callKernel(b,
                      getCopyRowsKernel(module, b.getLoc(), tile,
                                        getAnyRows(rows), getAnyRows(result)),
                      rows, result);
  CombineTypes types;
  types.rows = getAnyRows(rows);
  types.weights = getAnyRows(weights);
  types.result = getAnyRows(result);
  SmallVector<Value> arguments = {rows, slots, weights};
  if (Value scale = op.getCopyScale()) {
    types.copyScale =
        MemRefType::get({ShapedType::kDynamic}, getElementTypeOrSelf(scale));
    types.copyInput = getAnyRows(op.getCopyInput());
    arguments.append({scale, op.getCopyInput()});
  }
  if (Value coefficients = op.getCoefficients()) {
    types.coefficients = getAnyRows(coefficients);
    arguments.push_back(coefficients);
    packBias(op.getVectors(), arguments);
    auto packed = cast<RankedTensorType>(arguments.back().getType());
    types.vectors = MemRefType::get(packed.getShape(), packed.getElementType());
  }
  func::FuncOp kernel = getCombineKernel(module, b.getLoc(), tile, types);
  return callKernel(b, kernel, arguments, result);
}

Value ExpertsBuilder::build() {
  readPlan();
  int64_t out = cast<RankedTensorType>(op.getResult().getType()).getDimSize(1);
  Value experts = constantIndex(b, op.getPlan().getType().getExperts());
  Value count = arith::IndexCastOp::create(
      b, b.getIndexType(),
      tensor::ExtractOp::create(b, offsets, ValueRange{experts}));
  rows = tensor::EmptyOp::create(
      b,
      {OpFoldResult(count), b.getIndexAttr(llvm::alignTo(out, tile.columns))},
      b.getF32Type());

  for (const Piece &piece : getPieces())
    buildPiece(piece);
  return buildResult();
}

LogicalResult mlir::moe::lowerExperts(ExpertsOp op, const KernelTarget &target,
                                      PatternRewriter &rewriter) {
  Type element = getElementTypeOrSelf(op.getInput());
  if (!isa<Float32Type, Float16Type, BFloat16Type>(element))
    return rewriter.notifyMatchFailure(op, "kernels take f32, f16 and bf16");
  if (op.getPlan().getType().getOwner() != PlanOwner::Tokens)
    return rewriter.notifyMatchFailure(op, "kernels take plans by token");
  for (Value factors :
       {op.getCombineWeights(), op.getCopyScale(), op.getCoefficients()})
    if (factors && !isa<Float32Type, Float16Type, BFloat16Type>(
                       getElementTypeOrSelf(factors)))
      return rewriter.notifyMatchFailure(op, "weights are f64");
  if (op.getVectors() && !isSupportedVector(op.getVectors()))
    return rewriter.notifyMatchFailure(op, "storage without a kernel");
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
  rewriter.replaceOp(op, ExpertsBuilder(op, target, rewriter).build());
  return success();
}
