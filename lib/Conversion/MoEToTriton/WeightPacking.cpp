//===- WeightPacking.cpp - Weights in the order in which kernels read them ===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WeightPacking.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace mlir::moe;

LogicalResult
mlir::moe::verifyWeights(Value weights,
                         function_ref<InFlightDiagnostic()> emitError) {
  auto op = weights.getDefiningOp<WeightsOp>();
  if (!op)
    return emitError() << "its weights are not made by moe.weights";
  Type storage = op.getType().getStorage();
  if (storage.isF32() || storage.isF16() || storage.isBF16())
    return success();
  unsigned bits = op.getType().getStorageBits();
  if (!isa<IntegerType>(storage) || !op.getType().isMatrix() ||
      op.getScales().empty() || bits > 8)
    return emitError() << "its weights are stored as " << storage;
  if (bits < 8 && op.getLayout().getTransposed())
    return emitError() << "codes of less than a byte are packed by output";
  if (op.getNumBlocks() > 1 && op.getEffectiveBlock() % kLeastDepth)
    return emitError() << "its weights have a scale for each "
                       << op.getEffectiveBlock() << " inputs";
  Type scale = getElementTypeOrSelf(op.getScales().front());
  if (!scale.isF32() && !scale.isF16() && !scale.isBF16())
    return emitError() << "its scales are " << scale;
  return success();
}

static QuantConfig getQuantizationOf(WeightsOp op) {
  QuantConfig quant;
  auto storage = dyn_cast<IntegerType>(op.getType().getStorage());
  if (!storage)
    return quant;
  quant.bits = op.getType().getStorageBits();
  quant.isSigned = !storage.isUnsigned();
  quant.block = op.getEffectiveBlock();
  quant.blocks = op.getNumBlocks();
  quant.hasZeros = !op.getZeros().empty();
  quant.zeroPoint = op.getZeroPoint();
  return quant;
}

std::optional<QuantConfig> mlir::moe::getQuantization(ArrayRef<Value> weights) {
  QuantConfig all = getQuantizationOf(weights[0].getDefiningOp<WeightsOp>());
  for (Value value : weights.drop_front()) {
    QuantConfig own = getQuantizationOf(value.getDefiningOp<WeightsOp>());
    // Different zero points for all become a tensor.
    bool hasZeros = all.hasZeros || own.hasZeros;
    all.hasZeros = hasZeros || all.zeroPoint != own.zeroPoint;
    own.hasZeros = all.hasZeros;
    own.zeroPoint = all.zeroPoint;
    if (own.key() != all.key())
      return std::nullopt;
  }
  if (all.hasZeros)
    all.zeroPoint = 0;
  return all;
}

/// Output rows of a source; `rank` is that of the logical shape of one expert.
static int64_t getSourceRows(WeightsOp op) {
  ArrayRef<int64_t> shape =
      cast<RankedTensorType>(op.getSources().front().getType()).getShape();
  if (!op.getType().isMatrix())
    return shape.back();
  return op.getLayout().getTransposed() ? shape.back()
                                        : shape[shape.size() - 2];
}

/// The source that already has the packed order, or null.
static Value getPackedSource(MutableArrayRef<WeightsOp> parts) {
  int64_t count = parts.size();
  Value source = parts.front().getSources().front();
  for (auto [i, part] : llvm::enumerate(parts)) {
    WeightsOp op = part;
    LayoutAttr layout = op.getLayout();
    if (!op.isStacked() || !op.getExperts().empty() ||
        op.getSources().front() != source || layout.getTransposed() ||
        layout.getStep() != count ||
        layout.getOffset() != static_cast<int64_t>(i) ||
        getSourceRows(op) != count * op.getType().getOutSize())
      return {};
  }
  return source;
}

namespace {
/// Consecutive experts that stand one after the other in a source, from expert
/// `from` of it on; they become experts `to` ….
struct Run {
  size_t source;
  int64_t from, to, count;
};
} // namespace

static SmallVector<Run> getRuns(WeightsOp op) {
  SmallVector<Run> runs;
  for (int64_t e = 0; e < op.getType().getNumExperts(); ++e) {
    int64_t chosen = op.getSourceExpert(e);
    if (!op.isStacked()) {
      runs.push_back({static_cast<size_t>(chosen), 0, e, 1});
      continue;
    }
    if (!runs.empty() && runs.back().from + runs.back().count == chosen)
      ++runs.back().count;
    else
      runs.push_back({0, chosen, e, 1});
  }
  return runs;
}

/// Packs `sources` of each part, which `configs` describe, into one tensor
/// E × n·out × in, or E × n·out.
static Value pack(ImplicitLocOpBuilder &b, KernelFactory &factory,
                  MutableArrayRef<WeightsOp> parts,
                  ArrayRef<PackConfig> configs, bool isMatrix,
                  function_ref<OperandRange(WeightsOp)> sources) {
  const PackConfig &common = configs.front();
  SmallVector<int64_t> shape = {parts.front().getType().getNumExperts(),
                                common.packedRows};
  if (isMatrix)
    shape.push_back(common.in);
  Value packed = tensor::EmptyOp::create(b, shape, common.packed);
  auto index = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(b, value);
  };
  auto integer = [&](int64_t value) -> Value {
    return arith::ConstantIntOp::create(b, b.getI32Type(), value);
  };
  for (auto [op, config] : llvm::zip_equal(parts, configs)) {
    tt::FuncOp kernel = getPackKernel(factory, config);
    int64_t depth = std::min<int64_t>(roundUpToPowerOf2(config.in), 32);
    for (const Run &run : getRuns(op)) {
      SmallVector<Value> grid = {index(run.count),
                                 index(llvm::divideCeil(config.out, 32)),
                                 index(llvm::divideCeil(config.in, depth))};
      auto launch =
          LaunchOp::create(b, kernel.getSymName(), grid,
                           ValueRange{sources(op)[run.source],
                                      integer(run.from), integer(run.to)},
                           ValueRange(packed));
      packed = launch.getResult(0);
    }
  }
  return packed;
}

/// What scales and zero points have in common with weights: they stand by
/// output, however elements are laid out.
static PackConfig getBlockConfig(WeightsOp op, const PackConfig &elements,
                                 Value source) {
  PackConfig config = elements;
  config.in = op.getNumBlocks();
  config.layout = LayoutAttr::get(op.getContext(), op.getLayout().getOffset(),
                                  op.getLayout().getStep(),
                                  /*transposed=*/false);
  config.source = getElementTypeOrSelf(source);
  config.packed = Float32Type::get(op.getContext());
  return config;
}

SmallVector<Value> mlir::moe::packWeights(ImplicitLocOpBuilder &b,
                                          KernelFactory &factory,
                                          ArrayRef<Value> weights) {
  SmallVector<WeightsOp> parts;
  for (Value value : weights)
    parts.push_back(value.getDefiningOp<WeightsOp>());
  WeightsType type = parts.front().getType();
  QuantConfig quant = *getQuantization(weights);
  int64_t count = parts.size();
  SmallVector<PackConfig> configs;
  for (auto [i, op] : llvm::enumerate(parts)) {
    PackConfig config;
    config.out = type.getOutSize();
    config.in = type.isMatrix() ? type.getInSize() : 1;
    config.layout = op.getLayout();
    config.sourceRows = getSourceRows(op);
    config.source = getElementTypeOrSelf(op.getSources().front());
    config.packed = type.getStorage();
    config.packedRows = count * config.out;
    config.offset = i;
    config.step = count;
    if (quant) {
      config.in = quant.rowBytes(config.in);
      config.source = config.packed = b.getI8Type();
    }
    configs.push_back(config);
  }
  SmallVector<Value> packed = {getPackedSource(parts)};
  if (!packed.front())
    packed.front() = pack(b, factory, parts, configs, type.isMatrix(),
                          [](WeightsOp op) { return op.getSources(); });
  if (!quant)
    return packed;
  SmallVector<PackConfig> scales, zeros;
  for (auto [op, config] : llvm::zip_equal(parts, configs)) {
    scales.push_back(getBlockConfig(op, config, op.getScales().front()));
    if (!quant.hasZeros)
      continue;
    Value source =
        op.getZeros().empty() ? op.getScales().front() : op.getZeros().front();
    PackConfig zero = getBlockConfig(op, config, source);
    if (op.getZeros().empty()) {
      zero.fill = op.getZeroPoint();
    } else {
      zero.source = b.getI8Type();
      zero.bits = quant.bits;
      zero.isSigned = quant.isSigned;
      // A row of zero points for each row of scales, or one for all of them.
      int64_t rank = cast<RankedTensorType>(source.getType()).getRank();
      zero.isVector = rank == (op.isStacked() ? 2 : 1);
    }
    zeros.push_back(zero);
  }
  packed.push_back(pack(b, factory, parts, scales, /*isMatrix=*/true,
                        [](WeightsOp op) { return op.getScales(); }));
  if (quant.hasZeros)
    packed.push_back(
        pack(b, factory, parts, zeros, /*isMatrix=*/true, [](WeightsOp op) {
          return op.getZeros().empty() ? op.getScales() : op.getZeros();
        }));
  return packed;
}

void mlir::moe::markWeightArguments(ValueRange operands) {
  for (Value operand : operands) {
    if (!operand)
      continue;
    auto weights = operand.getDefiningOp<WeightsOp>();
    for (Value source : weights->getOperands()) {
      auto argument = dyn_cast<BlockArgument>(source);
      auto function = argument ? dyn_cast<FunctionOpInterface>(
                                     argument.getOwner()->getParentOp())
                               : FunctionOpInterface();
      bool onlyWeights =
          llvm::all_of(source.getUsers(), llvm::IsaPred<WeightsOp>);
      if (function && onlyWeights)
        function.setArgAttr(argument.getArgNumber(), kWeightArgument,
                            UnitAttr::get(operand.getContext()));
    }
  }
}
