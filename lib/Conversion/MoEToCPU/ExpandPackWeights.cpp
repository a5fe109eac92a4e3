//===- ExpandPackWeights.cpp - Lower moe.pack_weights to loops -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PackKernel.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "moe/Conversion/Passes.h"

namespace mlir::moe {
#define GEN_PASS_DEF_EXPANDPACKWEIGHTSPASS
#include "moe/Conversion/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;
using namespace mlir::moe;

namespace {
/// Expands one moe.pack_weights.
class PackExpander {
public:
  PackExpander(PackWeightsOp op, IRRewriter &rewriter)
      : op(op), module(op->getParentOfType<ModuleOp>()),
        b(op.getLoc(), rewriter), rewriter(rewriter) {}

  LogicalResult expand();

private:
  Value buildSelection();
  Value packOperands(function_ref<OperandRange(WeightsOp)> operands,
                     Type resultType, IntegerType codes);
  Value fillZeroPoint(Type resultType);

  PackWeightsOp op;
  ModuleOp module;
  ImplicitLocOpBuilder b;
  IRRewriter &rewriter;
  SmallVector<WeightsOp> weights;
};
} // namespace

/// The source's expert of each expert of each matrix.
Value PackExpander::buildSelection() {
  auto matrices = static_cast<int64_t>(weights.size());
  int64_t experts = weights.front().getType().getNumExperts();
  SmallVector<int64_t> table;
  for (WeightsOp weight : weights)
    for (int64_t expert = 0; expert < experts; ++expert)
      table.push_back(weight.getSourceExpert(expert));
  auto type = RankedTensorType::get({matrices, experts}, b.getI64Type());
  return arith::ConstantOp::create(
      b, DenseElementsAttr::get(type, ArrayRef<int64_t>(table)));
}

/// Packs `operands` of all weights into one tensor of `resultType`.
Value PackExpander::packOperands(function_ref<OperandRange(WeightsOp)> operands,
                                 Type resultType, IntegerType codes) {
  auto type = cast<RankedTensorType>(resultType);
  SmallVector<int64_t> shape(type.getShape());
  // A vector packs as a matrix with one input.
  if (shape.size() == 3)
    shape.insert(shape.begin() + 2, 1);
  Value packed = tensor::EmptyOp::create(b, shape, type.getElementType());

  bool elements = operands(weights.front()) == weights.front().getSources();
  PackKernelConfig config;
  auto source =
      cast<RankedTensorType>(operands(weights.front()).front().getType());
  config.source = MemRefType::get(source.getShape(), source.getElementType());
  config.stacked = weights.front().isStacked();
  config.selected = config.stacked && llvm::any_of(weights, [](WeightsOp w) {
                      return !w.getExperts().empty();
                    });
  config.target = MemRefType::get(shape, type.getElementType());
  config.out = weights.front().getType().getOutSize();
  config.codes = codes;
  config.depth = shape[2];
  WeightsType weightsType = weights.front().getType();
  if (elements && weightsType.isMatrix()) {
    config.group = shape[3] / op.getPanel();
    config.depth =
        llvm::divideCeil(weightsType.getInSize(), weightsType.getPackFactor());
  }
  for (WeightsOp weight : weights) {
    // Scales and zero points stand by output, however elements are laid out.
    LayoutAttr layout = weight.getLayout();
    if (!elements)
      layout = LayoutAttr::get(layout.getContext(), layout.getOffset(),
                               layout.getStep(), /*transposed=*/false);
    config.layouts.push_back(layout);
  }
  func::FuncOp kernel = getPackKernel(module, op.getLoc(), config);
  int64_t calls = config.stacked ? 1 : shape[0];
  for (int64_t expert = 0; expert < calls; ++expert) {
    SmallVector<Value> arguments;
    for (WeightsOp weight : weights)
      arguments.push_back(operands(
          weight)[config.stacked ? 0 : weight.getSourceExpert(expert)]);
    if (!config.stacked)
      arguments.push_back(constantIndex(b, expert));
    if (config.selected)
      arguments.push_back(buildSelection());
    packed = callKernel(b, kernel, arguments, packed);
  }
  if (packed.getType() == resultType)
    return packed;
  return tensor::CollapseShapeOp::create(
      b, resultType, packed,
      SmallVector<ReassociationIndices>{{0}, {1}, {2, 3}});
}

/// Zero points that are one constant.
Value PackExpander::fillZeroPoint(Type resultType) {
  auto type = cast<RankedTensorType>(resultType);
  double value = static_cast<double>(weights.front().getZeroPoint());
  Value constant = arith::ConstantOp::create(
      b, b.getFloatAttr(type.getElementType(), value));
  Value empty =
      tensor::EmptyOp::create(b, type.getShape(), type.getElementType());
  return linalg::FillOp::create(b, constant, empty).getResult(0);
}

LogicalResult PackExpander::expand() {
  for (Value value : op.getWeights()) {
    auto weight = value.getDefiningOp<WeightsOp>();
    if (!weight)
      return op.emitError("weights to pack must come from moe.weights in the "
                          "same function");
    if (!weights.empty() && (weight.isStacked() != weights.front().isStacked()))
      return op.emitError("weights to pack together must all be stacked or all "
                          "be separate");
    weights.push_back(weight);
  }
  b.setInsertionPoint(op);
  auto replace = [&](unsigned result, function_ref<Value(Type)> build) {
    if (result < op.getNumResults() && !op.getResult(result).use_empty())
      rewriter.replaceAllUsesWith(op.getResult(result),
                                  build(op.getResult(result).getType()));
  };
  auto storage = dyn_cast<IntegerType>(weights.front().getType().getStorage());
  replace(0, [&](Type type) {
    return packOperands([](WeightsOp w) { return w.getSources(); }, type,
                        IntegerType());
  });
  replace(1, [&](Type type) {
    return packOperands([](WeightsOp w) { return w.getScales(); }, type,
                        IntegerType());
  });
  replace(2, [&](Type type) {
    if (weights.front().getZeros().empty())
      return fillZeroPoint(type);
    return packOperands([](WeightsOp w) { return w.getZeros(); }, type,
                        storage);
  });
  rewriter.eraseOp(op);
  for (WeightsOp weight : weights)
    if (weight->use_empty())
      rewriter.eraseOp(weight);
  return success();
}

namespace {
struct ExpandPackWeightsPass
    : moe::impl::ExpandPackWeightsPassBase<ExpandPackWeightsPass> {
  void runOnOperation() override {
    SmallVector<PackWeightsOp> ops;
    getOperation().walk([&](PackWeightsOp op) { ops.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (PackWeightsOp op : ops)
      if (failed(PackExpander(op, rewriter).expand()))
        return signalPassFailure();
  }
};
} // namespace
