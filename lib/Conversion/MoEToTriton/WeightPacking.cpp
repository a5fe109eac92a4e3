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
  if (!storage.isF32() && !storage.isF16() && !storage.isBF16())
    return emitError() << "its weights are stored as " << storage;
  return success();
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
    int64_t chosen = op.getExperts().empty() ? e : op.getExperts()[e];
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

Value mlir::moe::packWeights(ImplicitLocOpBuilder &b, KernelFactory &factory,
                             ArrayRef<Value> weights) {
  SmallVector<WeightsOp> parts;
  for (Value value : weights)
    parts.push_back(value.getDefiningOp<WeightsOp>());
  if (Value source = getPackedSource(parts))
    return source;
  WeightsType type = parts.front().getType();
  int64_t count = parts.size();
  int64_t in = type.isMatrix() ? type.getInSize() : 1;
  SmallVector<int64_t> shape = {type.getNumExperts(),
                                count * type.getOutSize()};
  if (type.isMatrix())
    shape.push_back(in);
  Value packed = tensor::EmptyOp::create(b, shape, type.getStorage());
  for (auto [i, op] : llvm::enumerate(parts)) {
    PackConfig config;
    config.out = type.getOutSize();
    config.in = in;
    config.layout = op.getLayout();
    config.sourceRows = getSourceRows(op);
    config.source = getElementTypeOrSelf(op.getSources().front().getType());
    config.packed = type.getStorage();
    config.packedRows = count * config.out;
    config.offset = i;
    config.step = count;
    tt::FuncOp kernel = getPackKernel(factory, config);
    auto index = [&](int64_t value) -> Value {
      return arith::ConstantIndexOp::create(b, value);
    };
    int64_t depth = std::min<int64_t>(roundUpToPowerOf2(in), 32);
    for (const Run &run : getRuns(op)) {
      SmallVector<Value> grid = {index(run.count),
                                 index(llvm::divideCeil(config.out, 32)),
                                 index(llvm::divideCeil(in, depth))};
      auto integer = [&](int64_t value) -> Value {
        return arith::ConstantIntOp::create(b, b.getI32Type(), value);
      };
      Value source = op.getSources()[run.source];
      auto launch = LaunchOp::create(
          b, kernel.getSymName(), grid,
          ValueRange{source, integer(run.from), integer(run.to)},
          ValueRange(packed));
      packed = launch.getResult(0);
    }
  }
  return packed;
}

void mlir::moe::markWeightArguments(ValueRange operands) {
  for (Value operand : operands) {
    if (!operand)
      continue;
    auto weights = operand.getDefiningOp<WeightsOp>();
    for (Value source : weights.getSources()) {
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
