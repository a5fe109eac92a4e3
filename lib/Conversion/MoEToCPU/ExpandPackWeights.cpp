//===- ExpandPackWeights.cpp - Lower moe.pack_weights to loops -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PackKernel.h"
#include "moe/Conversion/Passes.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

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
  Value packOperands(function_ref<OperandRange(WeightsOp)> operands,
                     Type resultType, IntegerType codes);
  Value fillZeroPoint(Type resultType);
  Value getExpert(Value buffer, OpFoldResult expert);
  void packExpert(ArrayRef<Value> sources, Value result, OpFoldResult expert,
                  bool elements, IntegerType codes);

  PackWeightsOp op;
  ModuleOp module;
  ImplicitLocOpBuilder b;
  IRRewriter &rewriter;
  SmallVector<WeightsOp> weights;
};
} // namespace

/// The slice of one expert of a stacked buffer, its offset unknown to its type
/// so that all experts share one packing function.
Value PackExpander::getExpert(Value buffer, OpFoldResult expert) {
  auto type = cast<MemRefType>(buffer.getType());
  SmallVector<OpFoldResult> offsets(type.getRank(), b.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(type.getRank(), b.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes =
      getAsIndexOpFoldResult(b.getContext(), type.getShape());
  offsets[0] = expert;
  sizes[0] = b.getIndexAttr(1);
  auto reduced = cast<MemRefType>(memref::SubViewOp::inferRankReducedResultType(
      type.getShape().drop_front(), type, offsets, sizes, strides));
  return memref::SubViewOp::create(b, reduced, buffer, offsets, sizes,
                                   strides);
}

/// Gives a buffer the type with the same strides and any offset.
static Value forgetOffset(ImplicitLocOpBuilder &b, Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  auto [strides, offset] = type.getStridesAndOffset();
  auto layout = StridedLayoutAttr::get(type.getContext(),
                                       ShapedType::kDynamic, strides);
  auto result =
      MemRefType::get(type.getShape(), type.getElementType(), layout);
  return type == result ? buffer
                        : memref::CastOp::create(b, result, buffer).getResult();
}

void PackExpander::packExpert(ArrayRef<Value> sources, Value result,
                              OpFoldResult expert, bool elements,
                              IntegerType codes) {
  PackKernelConfig config;
  config.out = weights.front().getType().getOutSize();
  config.codes = codes;
  SmallVector<Value> arguments;
  for (auto [weight, source] : llvm::zip(weights, sources)) {
    // Scales and zero points stand by output, however elements are laid out.
    LayoutAttr layout = weight.getLayout();
    if (!elements)
      layout = LayoutAttr::get(layout.getContext(), layout.getOffset(),
                               layout.getStep(), /*transposed=*/false);
    config.layouts.push_back(layout);
    arguments.push_back(forgetOffset(b, source));
  }
  config.source = cast<MemRefType>(arguments.front().getType());
  arguments.push_back(forgetOffset(b, getExpert(result, expert)));
  config.target = cast<MemRefType>(arguments.back().getType());
  func::CallOp::create(b, getPackKernel(module, op.getLoc(), config),
                       arguments);
}

Value PackExpander::packOperands(
    function_ref<OperandRange(WeightsOp)> operands, Type resultType,
    IntegerType codes) {
  auto tensor = cast<RankedTensorType>(resultType);
  SmallVector<int64_t> shape(tensor.getShape());
  // A vector packs as a matrix with one input.
  if (shape.size() == 3)
    shape.insert(shape.begin() + 2, 1);
  Value result = memref::AllocOp::create(
      b, MemRefType::get(shape, tensor.getElementType()));

  SmallVector<SmallVector<Value>> buffers;
  for (WeightsOp weight : weights) {
    SmallVector<Value> &sources = buffers.emplace_back();
    for (Value source : operands(weight)) {
      auto type = cast<RankedTensorType>(source.getType());
      auto memref = MemRefType::get(type.getShape(), type.getElementType());
      sources.push_back(bufferization::ToBufferOp::create(
          b, memref, source, /*read_only=*/true));
    }
  }
  bool elements = operands(weights.front()) == weights.front().getSources();
  if (weights.front().isStacked()) {
    emitFor(b, constantIndex(b, 0), constantIndex(b, shape[0]), 1,
            [&](Value expert) {
              SmallVector<Value> sources;
              for (ArrayRef<Value> buffer : buffers)
                sources.push_back(getExpert(buffer.front(), expert));
              packExpert(sources, result, expert, elements, codes);
            });
  } else {
    for (int64_t expert = 0; expert < shape[0]; ++expert) {
      SmallVector<Value> sources;
      for (ArrayRef<Value> buffer : buffers)
        sources.push_back(buffer[expert]);
      packExpert(sources, result, b.getIndexAttr(expert), elements, codes);
    }
  }
  Value packed = bufferization::ToTensorOp::create(
      b, RankedTensorType::get(shape, tensor.getElementType()), result,
      /*restrict=*/true, /*writable=*/true);
  if (packed.getType() == resultType)
    return packed;
  return tensor::CollapseShapeOp::create(
      b, resultType, packed, SmallVector<ReassociationIndices>{{0}, {1}, {2, 3}});
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
  SmallVector<Value> results;
  results.push_back(packOperands([](WeightsOp w) { return w.getSources(); },
                                 op.getResultTypes()[0], IntegerType()));
  if (op.getNumResults() > 1) {
    auto storage =
        cast<IntegerType>(weights.front().getType().getStorage());
    results.push_back(packOperands([](WeightsOp w) { return w.getScales(); },
                                   op.getResultTypes()[1], IntegerType()));
    results.push_back(weights.front().getZeros().empty()
                          ? fillZeroPoint(op.getResultTypes()[2])
                          : packOperands(
                                [](WeightsOp w) { return w.getZeros(); },
                                op.getResultTypes()[2], storage));
  }
  rewriter.replaceOp(op, results);
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
