//===- InferTypesContraction.cpp - Types of matrix products -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InferTypes.h"
#include "moe/Dialect/ONNXIR/Utils/Einsum.h"

using namespace mlir;
using namespace mlir::onnxir;

/// Reports sizes that must be equal and cannot be.
static LogicalResult checkInner(Inference &inference, int64_t a, int64_t b) {
  if (a == b || ShapedType::isDynamic(a) || ShapedType::isDynamic(b))
    return success();
  return inference.emitError() << "inner sizes differ: " << inference.getType(0)
                               << " and " << inference.getType(1);
}

FailureOr<SmallVector<int64_t>>
onnxir::getProductShape(Inference &inference, unsigned lhs, unsigned rhs) {
  SmallVector<int64_t> a(inference.getShape(lhs)), b(inference.getShape(rhs));
  auto fail = [&](StringRef reason) {
    inference.emitError() << reason << inference.getType(lhs) << " and "
                          << inference.getType(rhs);
    return failure();
  };
  if (a.empty() || b.empty()) {
    inference.emitError() << "operands must not be scalars";
    return failure();
  }
  bool isRow = a.size() == 1, isColumn = b.size() == 1;
  if (isRow)
    a.insert(a.begin(), 1);
  if (isColumn)
    b.push_back(1);
  int64_t inner = a.back(), other = b[b.size() - 2];
  if (inner != other && !ShapedType::isDynamic(inner) &&
      !ShapedType::isDynamic(other))
    return fail("inner sizes differ: ");
  FailureOr<SmallVector<int64_t>> shape =
      broadcastShapes(ArrayRef(a).drop_back(2), ArrayRef(b).drop_back(2));
  if (failed(shape))
    return fail("batches cannot be broadcast: ");
  if (!isRow)
    shape->push_back(a[a.size() - 2]);
  if (!isColumn)
    shape->push_back(b.back());
  return shape;
}

static LogicalResult inferMatMul(Inference &inference) {
  if (inference.getElementType(0) != inference.getElementType(1))
    return inference.emitError()
           << "inputs differ in element type: " << inference.getType(0)
           << " and " << inference.getType(1);
  FailureOr<SmallVector<int64_t>> shape = getProductShape(inference, 0, 1);
  if (failed(shape))
    return failure();
  return inference.set(0, inference.getElementType(0), *shape);
}

static LogicalResult inferGemm(Inference &inference) {
  NodeOp node = inference.node;
  if (inference.getRank(0) != 2 || inference.getRank(1) != 2)
    return inference.emitError()
           << "operands must be matrices, got " << inference.getType(0)
           << " and " << inference.getType(1);
  ArrayRef<int64_t> a = inference.getShape(0), b = inference.getShape(1);
  bool transA = node.getInt("transA", 0), transB = node.getInt("transB", 0);
  if (failed(checkInner(inference, a[transA ? 0 : 1], b[transB ? 1 : 0])))
    return failure();
  SmallVector<int64_t> shape{a[transA ? 1 : 0], b[transB ? 0 : 1]};
  if (inference.has(2)) {
    FailureOr<SmallVector<int64_t>> sum =
        broadcastShapes(shape, inference.getShape(2));
    if (failed(sum) || sum->size() != 2)
      return inference.emitError()
             << "C does not fit the product: " << inference.getType(2);
    shape = *sum;
  }
  return inference.set(0, inference.getElementType(0), shape);
}

static LogicalResult inferEinsum(Inference &inference) {
  for (unsigned slot = 0; slot < inference.node.getNumSlots(); ++slot)
    if (!inference.has(slot))
      return inference.emitError() << "input " << slot << " is missing";
    else if (inference.getElementType(slot) != inference.getElementType(0))
      return inference.emitError()
             << "inputs differ in element type: " << inference.getType(0)
             << " and " << inference.getType(slot);
  FailureOr<Einsum> einsum = readEinsum(inference.node);
  if (failed(einsum))
    return failure();
  SmallVector<int64_t> loops(einsum->numLoops, 1), shape;
  for (auto [slot, dims] : llvm::enumerate(einsum->operands))
    for (auto [loop, size] : llvm::zip_equal(dims, inference.getShape(slot))) {
      FailureOr<SmallVector<int64_t>> merged =
          broadcastShapes(loops[loop], size);
      if (failed(merged))
        return inference.emitError() << "sizes " << loops[loop] << " and "
                                     << size << " of one letter differ";
      loops[loop] = merged->front();
    }
  for (unsigned loop : einsum->result)
    shape.push_back(loops[loop]);
  return inference.set(0, inference.getElementType(0), shape);
}

/// The sizes of a convolution: those of its windows.
static LogicalResult inferConv(Inference &inference) {
  NodeOp node = inference.node;
  ArrayRef<int64_t> input = inference.getShape(0),
                    weight = inference.getShape(1);
  if (input.size() < 3 || weight.size() != input.size())
    return inference.emitError() << "input and weight do not fit";
  SmallVector<int64_t> shape(input.size(), ShapedType::kDynamic);
  shape[0] = input[0];
  shape[1] = weight[0];
  size_t dims = input.size() - 2;
  auto strides = node.getInts("strides"), dilations = node.getInts("dilations"),
       pads = node.getInts("pads");
  bool padsByMode = node.getString("auto_pad", "NOTSET") != "NOTSET";
  if (padsByMode || (strides && strides->size() != dims) ||
      (dilations && dilations->size() != dims) ||
      (pads && pads->size() != 2 * dims))
    return inference.set(0, inference.getElementType(0), shape);
  for (size_t i = 0; i < dims; ++i) {
    int64_t size = input[2 + i], taps = weight[2 + i];
    int64_t stride = strides ? (*strides)[i] : 1;
    int64_t dilation = dilations ? (*dilations)[i] : 1;
    int64_t before = pads ? (*pads)[i] : 0,
            after = pads ? (*pads)[dims + i] : 0;
    auto isSmall = [](int64_t value) {
      return value >= 0 && value <= INT32_MAX;
    };
    if (!isSmall(size) || !isSmall(taps) || !isSmall(dilation) ||
        !isSmall(before) || !isSmall(after) || stride < 1)
      continue;
    int64_t room = size + before + after - (taps - 1) * dilation - 1;
    if (room >= 0)
      shape[2 + i] = room / stride + 1;
  }
  return inference.set(0, inference.getElementType(0), shape);
}

void onnxir::addContractionRules(InferRules &rules) {
  rules["MatMul"] = {2, inferMatMul};
  rules["Gemm"] = {2, inferGemm};
  rules["Conv"] = {2, inferConv};
  rules["Einsum"] = {1, inferEinsum};
}
