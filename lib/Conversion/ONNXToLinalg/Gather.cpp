//===- Gather.cpp - Gathers -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Indices.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

using B = ImplicitLocOpBuilder;

static FailureOr<Value> lowerGather(Node &node) {
  TensorBuilder &b = node.b;
  FailureOr<int64_t> axis = node.getAxis("axis", 0, node.getRank(0));
  if (failed(axis))
    return failure();
  Sizes data = b.getSizes(node.get(0)), at = b.getSizes(node.get(1)), sizes;
  if (!isa<IntegerType>(node.getElementType(1)))
    return node.fail("indices must be integers");
  if (failed(checkIndices(node, 1, data[*axis])))
    return failure();
  sizes.append(data.begin(), data.begin() + *axis);
  sizes.append(at.begin(), at.end());
  sizes.append(data.begin() + *axis + 1, data.end());
  Value input = node.get(0), indices = node.get(1);
  Value bound = b.getIndex(data[*axis]);
  return b.generate(
      sizes, node.getElementType(0), [&](B &b, ValueRange loops) -> Value {
        ValueRange where = loops.slice(*axis, at.size());
        Value index = tensor::ExtractOp::create(b, indices, where);
        SmallVector<Value> from(loops.take_front(*axis));
        from.push_back(wrapIndex(b, index, bound));
        llvm::append_range(from, loops.drop_front(*axis + at.size()));
        return tensor::ExtractOp::create(b, input, from);
      });
}

static FailureOr<Value> lowerGatherElements(Node &node) {
  TensorBuilder &b = node.b;
  FailureOr<int64_t> axis = node.getAxis("axis", 0, node.getRank(0));
  if (failed(axis))
    return failure();
  if (node.getRank(1) != node.getRank(0) ||
      !isa<IntegerType>(node.getElementType(1)))
    return node.fail("indices must be integers of the rank of the data");
  OpFoldResult size = b.getSize(node.get(0), *axis);
  if (failed(checkIndices(node, 1, size)))
    return failure();
  Sizes sizes = b.getSizes(node.get(1)), data = b.getSizes(node.get(0));
  for (auto [i, limit] : llvm::enumerate(data))
    if (static_cast<int64_t>(i) != *axis)
      b.assertAtMost(sizes[i], limit, "indices are larger than the data");
  Value input = node.get(0), indices = node.get(1), bound = b.getIndex(size);
  return b.generate(
      sizes, node.getElementType(0), [&](B &b, ValueRange loops) -> Value {
        Value index = tensor::ExtractOp::create(b, indices, loops);
        SmallVector<Value> from(loops);
        from[*axis] = wrapIndex(b, index, bound);
        return tensor::ExtractOp::create(b, input, from);
      });
}

/// result[batch…, at…, rest…] = data[batch…, indices[batch…, at…, :], rest…].
static FailureOr<Value> lowerGatherND(Node &node) {
  TensorBuilder &b = node.b;
  Sizes data = b.getSizes(node.get(0)), at = b.getSizes(node.get(1));
  int64_t batch = node.op.getInt("batch_dims", 0), rank = data.size();
  std::optional<int64_t> depth =
      at.empty() ? std::nullopt : getConstantIntValue(at.back());
  if (!depth)
    return node.fail("the number of indices of an element is not known");
  if (batch < 0 || batch >= static_cast<int64_t>(at.size()) ||
      batch + *depth > rank || !isa<IntegerType>(node.getElementType(1)))
    return node.fail("the indices do not fit the data");
  for (int64_t i = 0; i < batch; ++i)
    b.assertEqual(data[i], at[i], "batch sizes differ");
  ArrayRef<OpFoldResult> picked = ArrayRef(data).slice(batch, *depth);
  if (failed(checkIndices(node, 1, picked)))
    return failure();
  SmallVector<Value> bounds;
  for (OpFoldResult size : picked)
    bounds.push_back(b.getIndex(size));
  Sizes sizes(ArrayRef(at).drop_back());
  llvm::append_range(sizes, ArrayRef(data).drop_front(batch + *depth));
  Value input = node.get(0), indices = node.get(1);
  return b.generate(
      sizes, node.getElementType(0), [&](B &b, ValueRange loops) -> Value {
        SmallVector<Value> from(loops.take_front(batch));
        llvm::append_range(from, readIndexTuple(b, indices,
                                                loops.take_front(at.size() - 1),
                                                bounds));
        llvm::append_range(from, loops.drop_front(at.size() - 1));
        return tensor::ExtractOp::create(b, input, from);
      });
}

void onnxtolinalg::populateGatherLowerings(Lowerings &lowerings) {
  lowerings["Gather"] = Lowering(single(lowerGather)).takes(2).reads("axis");
  lowerings["GatherElements"] =
      Lowering(single(lowerGatherElements)).takes(2).reads("axis");
  lowerings["GatherND"] =
      Lowering(single(lowerGatherND))
          .takes(2)
          .reads("batch_dims")
          .except("an open number of indices of an element");
}
