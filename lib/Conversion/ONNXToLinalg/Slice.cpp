//===- Slice.cpp - Slices and splits -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Lowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

using B = ImplicitLocOpBuilder;

/// `i`, counted from the end where it is negative, within [low, high].
static OpFoldResult clampIndex(TensorBuilder &b, OpFoldResult i,
                               OpFoldResult size, OpFoldResult low,
                               OpFoldResult high) {
  std::optional<int64_t> known = getConstantIntValue(i);
  if (known && *known < 0 && *known >= INT32_MIN) {
    i = b.add(i, size);
  } else if (known && *known < 0) {
    // Far below zero in any tensor; adding a size could only mislead.
    i = b.index(-1);
    return b.max(b.min(i, high), low);
  } else if (!known) {
    Value index = b.getIndex(i);
    Value isNegative = arith::CmpIOp::create(b, arith::CmpIPredicate::slt,
                                             index, b.getIndex(b.index(0)));
    Value wrapped = arith::AddIOp::create(b, index, b.getIndex(size));
    i = arith::SelectOp::create(b, isNegative, wrapped, index).getResult();
  }
  return b.max(b.min(i, high), low);
}

/// The operand or attribute of this name.
static FailureOr<Sizes> readList(Node &node, StringRef name, unsigned slot) {
  if (auto attribute = node.op.getInts(name))
    return llvm::map_to_vector(
        *attribute, [&](int64_t i) -> OpFoldResult { return node.b.index(i); });
  return node.getIndices(slot);
}

static FailureOr<Value> lowerSlice(Node &node) {
  TensorBuilder &b = node.b;
  bool hasAttributes = node.op.getInts("starts").has_value();
  if (!hasAttributes && (!node.get(1) || !node.get(2)))
    return node.fail("starts or ends are missing");
  FailureOr<Sizes> starts = readList(node, "starts", 1);
  FailureOr<Sizes> ends = readList(node, "ends", 2);
  if (failed(starts) || failed(ends))
    return failure();
  Sizes from = b.getSizes(node.get(0));
  size_t count = starts->size(), rank = from.size();
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(count));
  if (auto attribute = node.op.getInts("axes")) {
    axes.assign(attribute->begin(), attribute->end());
  } else if (node.get(3)) {
    std::optional<SmallVector<int64_t>> known =
        node.state.values->getConstants(node.get(3));
    if (!known)
      return node.fail("axes are not constant");
    axes = *known;
  }
  SmallVector<int64_t> steps(count, 1);
  if (node.get(4)) {
    std::optional<SmallVector<int64_t>> known =
        node.state.values->getConstants(node.get(4));
    if (!known)
      return node.fail("steps are not constant");
    steps = *known;
  }
  if (axes.size() != count || steps.size() != count || ends->size() != count)
    return node.fail("starts, ends, axes and steps differ in number");

  Sizes offsets(rank, b.index(0)), sizes(from), strides(rank, b.index(1));
  bool backwards = false;
  for (size_t i = 0; i < count; ++i) {
    std::optional<int64_t> axis = onnxir::normalizeAxis(axes[i], rank);
    if (!axis || steps[i] == 0 || steps[i] == INT64_MIN)
      return node.fail(axis ? "a step is 0" : "an axis is out of range");
    OpFoldResult size = from[*axis], zero = b.index(0);
    std::optional<int64_t> start = getConstantIntValue((*starts)[i]),
                           end = getConstantIntValue((*ends)[i]);
    if (start == 0 && end && *end >= INT32_MAX && steps[i] == 1)
      continue;
    bool back = steps[i] < 0;
    backwards |= back;
    OpFoldResult low = back ? b.index(-1) : zero;
    OpFoldResult high = back ? b.sub(size, b.index(1)) : size;
    // A start below all elements of a backward slice stays below.
    OpFoldResult first = clampIndex(b, (*starts)[i], size, low, high);
    OpFoldResult last = clampIndex(b, (*ends)[i], size, low, high);
    OpFoldResult distance = back ? b.sub(first, last) : b.sub(last, first);
    sizes[*axis] =
        b.max(b.ceilDiv(distance, b.index(std::abs(steps[i]))), zero);
    offsets[*axis] = first;
    strides[*axis] = b.index(steps[i]);
  }
  if (!backwards)
    return b.slice(node.get(0), offsets, sizes, strides);
  Value input = node.get(0);
  return b.generate(
      sizes, node.getElementType(0), [&](B &inner, ValueRange at) -> Value {
        SmallVector<Value> indices;
        for (auto [i, index] : llvm::enumerate(at)) {
          Value offset = getValueOrCreateConstantIndexOp(inner, inner.getLoc(),
                                                         offsets[i]);
          Value stride = getValueOrCreateConstantIndexOp(inner, inner.getLoc(),
                                                         strides[i]);
          indices.push_back(arith::AddIOp::create(
              inner, offset, arith::MulIOp::create(inner, index, stride)));
        }
        return tensor::ExtractOp::create(inner, input, indices);
      });
}

static Results lowerSplit(Node &node) {
  TensorBuilder &b = node.b;
  FailureOr<int64_t> axis = node.getAxis("axis", 0, node.getRank(0));
  if (failed(axis))
    return failure();
  size_t parts = node.op.getNumResults();
  Sizes from = b.getSizes(node.get(0)), given;
  if (node.op.getInts("split") || node.get(1)) {
    FailureOr<Sizes> sizes = readList(node, "split", 1);
    if (failed(sizes))
      return failure();
    given = *sizes;
    if (given.size() != parts) {
      node.emitError() << "has " << parts << " results for " << given.size()
                       << " sizes";
      return failure();
    }
    OpFoldResult sum = b.index(0);
    for (OpFoldResult size : given)
      sum = b.add(sum, size);
    b.assertEqual(sum, from[*axis], "sizes do not add up to the input's");
    for (OpFoldResult size : given)
      b.assertNotNegative(size, "a size is negative");
  } else {
    OpFoldResult chunk = b.ceilDiv(from[*axis], b.index(parts)),
                 left = from[*axis];
    for (size_t i = 0; i < parts; ++i) {
      OpFoldResult size = i + 1 < parts ? b.min(chunk, left) : left;
      given.push_back(size);
      left = b.sub(left, size);
    }
  }
  Sizes offsets(from.size(), b.index(0)), strides(from.size(), b.index(1));
  SmallVector<Value> results;
  for (OpFoldResult size : given) {
    Sizes sizes = from;
    sizes[*axis] = size;
    results.push_back(b.slice(node.get(0), offsets, sizes, strides));
    offsets[*axis] = b.add(offsets[*axis], size);
  }
  return results;
}

void onnxtolinalg::populateSliceLowerings(Lowerings &lowerings) {
  lowerings["Slice"] = {1, single(lowerSlice)};
  lowerings["Split"] = {1, lowerSplit};
}
