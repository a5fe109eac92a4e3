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

/// The elements at offsets + i · strides, whatever the sign of a stride.
static Value readSlice(Node &node, ArrayRef<OpFoldResult> offsets,
                       ArrayRef<OpFoldResult> sizes,
                       ArrayRef<OpFoldResult> strides) {
  Value input = node.get(0);
  return node.b.generate(
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

/// A slice whose axes or steps are computed: each dimension looks for the
/// entry that is about it.
static FailureOr<Value> lowerDynamicSlice(Node &node, const Sizes &starts,
                                          const Sizes &ends) {
  using P = arith::CmpIPredicate;
  TensorBuilder &b = node.b;
  size_t count = starts.size();
  Sizes axes, steps(count, b.index(1));
  for (size_t i = 0; i < count; ++i)
    axes.push_back(b.index(i));
  for (auto [slot, list] : {std::pair(3u, &axes), std::pair(4u, &steps)}) {
    if (!node.get(slot))
      continue;
    FailureOr<Sizes> given = node.getIndices(slot);
    if (failed(given))
      return failure();
    *list = *given;
  }
  if (axes.size() != count || steps.size() != count || ends.size() != count)
    return node.fail("starts, ends, axes and steps differ in number");
  Sizes from = b.getSizes(node.get(0)), offsets, sizes, strides;
  Value zero = b.getIndex(b.index(0)), one = b.getIndex(b.index(1));
  Value minusOne = b.getIndex(b.index(-1));
  Value rank = b.getIndex(b.index(from.size()));
  auto compare = [&](P predicate, Value x, Value y) -> Value {
    return arith::CmpIOp::create(b, predicate, x, y);
  };
  auto select = [&](Value condition, Value x, Value y) -> Value {
    return arith::SelectOp::create(b, condition, x, y);
  };
  SmallVector<Value> positions;
  for (auto [axis, step] : llvm::zip_equal(axes, steps)) {
    Value index = b.getIndex(axis);
    Value isNegative = compare(P::slt, index, zero);
    index = select(isNegative, arith::AddIOp::create(b, index, rank), index);
    b.assertTrue(compare(P::ult, index, rank), "an axis is out of range");
    b.assertTrue(compare(P::ne, b.getIndex(step), zero), "a step is 0");
    positions.push_back(index);
  }
  for (auto [dim, extent] : llvm::enumerate(from)) {
    Value size = b.getIndex(extent), here = b.getIndex(b.index(dim));
    Value start = zero, end = size, step = one;
    for (size_t i = 0; i < count; ++i) {
      Value mine = compare(P::eq, positions[i], here);
      start = select(mine, b.getIndex(starts[i]), start);
      end = select(mine, b.getIndex(ends[i]), end);
      step = select(mine, b.getIndex(steps[i]), step);
    }
    Value back = compare(P::slt, step, zero);
    Value low = select(back, minusOne, zero);
    Value high =
        select(back, arith::SubIOp::create(b, size, one).getResult(), size);
    auto clamp = [&](Value i) -> Value {
      Value wrapped = arith::AddIOp::create(b, i, size);
      i = select(compare(P::slt, i, zero), wrapped, i);
      i = arith::MinSIOp::create(b, i, high);
      return arith::MaxSIOp::create(b, i, low);
    };
    Value first = clamp(start), last = clamp(end);
    Value distance = select(back, arith::SubIOp::create(b, first, last),
                            arith::SubIOp::create(b, last, first));
    Value stride = select(back, arith::SubIOp::create(b, zero, step), step);
    Value extentLeft = arith::CeilDivSIOp::create(b, distance, stride);
    offsets.push_back(first);
    strides.push_back(step);
    sizes.push_back(arith::MaxSIOp::create(b, extentLeft, zero).getResult());
  }
  return readSlice(node, offsets, sizes, strides);
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
  SmallVector<int64_t> steps(count, 1);
  std::optional<SmallVector<int64_t>> knownAxes =
      node.state.values->getConstants(node.get(3));
  std::optional<SmallVector<int64_t>> knownSteps =
      node.state.values->getConstants(node.get(4));
  if (auto attribute = node.op.getInts("axes"))
    axes.assign(attribute->begin(), attribute->end());
  else if (knownAxes)
    axes = *knownAxes;
  if (knownSteps)
    steps = *knownSteps;
  if ((node.get(3) && !knownAxes) || (node.get(4) && !knownSteps))
    return lowerDynamicSlice(node, *starts, *ends);
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
  return readSlice(node, offsets, sizes, strides);
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
  lowerings["Slice"] = Lowering(single(lowerSlice))
                           .takes(1, 5)
                           .reads("axes ends starts")
                           .except("an open number of axes");
  lowerings["Split"] =
      Lowering(lowerSplit).takes(1, 2).reads("axis num_outputs split");
}
