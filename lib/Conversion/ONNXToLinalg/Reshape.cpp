//===- Reshape.cpp - Operators that rearrange elements -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OpenAxes.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

/// What is left of a product when the factors of another are taken out:
/// equal factors cancel, so that symbolic sizes survive.
static OpFoldResult divide(TensorBuilder &b, Sizes numerator,
                           Sizes denominator) {
  for (OpFoldResult *it = denominator.begin(); it != denominator.end();) {
    OpFoldResult *match = llvm::find(numerator, *it);
    // A zero must not cancel.
    bool cancels = match != numerator.end() && !isa<Attribute>(*it);
    if (!cancels) {
      ++it;
      continue;
    }
    numerator.erase(match);
    it = denominator.erase(it);
  }
  OpFoldResult top = b.product(numerator), bottom = b.product(denominator);
  if (getConstantIntValue(bottom) == 0)
    return b.index(0);
  return b.floorDiv(top, b.max(bottom, b.index(1)));
}

static FailureOr<Value> lowerReshape(Node &node) {
  TensorBuilder &b = node.b;
  Sizes from = b.getSizes(node.get(0)), target;
  if (auto attribute = node.op.getInts("shape")) { // opset 1
    for (int64_t size : *attribute)
      target.push_back(b.index(size));
  } else {
    if (!node.get(1))
      return node.fail("input 1 is missing");
    FailureOr<Sizes> given = node.getIndices(1);
    if (failed(given))
      return failure();
    target = *given;
  }
  bool allowZero = node.op.getInt("allowzero", 0);
  std::optional<size_t> open;
  auto result = cast<RankedTensorType>(node.op.getResult(0).getType());
  if (result.getRank() != static_cast<int64_t>(target.size()))
    return node.fail("the shape does not have the rank of the result");
  for (auto [i, size] : llvm::enumerate(target)) {
    std::optional<int64_t> known = getConstantIntValue(size);
    if (known == 0 && !allowZero) {
      if (i >= from.size())
        return node.fail("a size is copied from beyond the input's rank");
      size = from[i];
    } else if (known == -1) {
      if (open)
        return node.fail("more than one size is -1");
      open = i;
    } else if (known && *known < 0) {
      return node.fail("a size is negative");
    }
  }
  // A size computed at run time may be -1 (or 0) too; what the types know
  // comes first.
  for (auto [i, size] : llvm::enumerate(target))
    if (!result.isDynamicDim(i))
      size = b.index(result.getDimSize(i));
  if (open && result.isDynamicDim(*open)) {
    Sizes others(target);
    others.erase(others.begin() + *open);
    target[*open] = divide(b, from, others);
  }
  // Where every factor is the same value the products agree; else check.
  Sizes a = from, c = target;
  llvm::erase_if(a, [&](OpFoldResult size) {
    OpFoldResult *match = llvm::find(c, size);
    if (match == c.end())
      return false;
    c.erase(match);
    return true;
  });
  for (OpFoldResult size : c)
    if (!open || size != target[*open])
      b.assertNotNegative(size, "a size is negative");
  b.assertEqual(b.product(a), b.product(c), "sizes do not hold all elements");
  return b.reshape(node.get(0), target);
}

static FailureOr<Value> lowerFlatten(Node &node) {
  TensorBuilder &b = node.b;
  Sizes from = b.getSizes(node.get(0));
  int64_t rank = from.size(), axis = node.op.getInt("axis", 1);
  if (axis < -rank || axis > rank)
    return node.fail("axis is out of range");
  size_t split = axis < 0 ? axis + rank : axis;
  return b.reshape(node.get(0), {b.product(ArrayRef(from).take_front(split)),
                                 b.product(ArrayRef(from).drop_front(split))});
}

static FailureOr<Value> lowerSqueeze(Node &node) {
  TensorBuilder &b = node.b;
  int64_t rank =
      cast<RankedTensorType>(node.op.getResult(0).getType()).getRank();
  Sizes from = b.getSizes(node.get(0)), sizes;
  if (node.hasOpenAxes(1)) {
    FailureOr<SmallVector<Value>> mask = readAxes(node, 1, from.size());
    if (failed(mask))
      return failure();
    for (auto [isNamed, size] : llvm::zip_equal(*mask, from))
      b.assertEqual(select(b, isNamed, size, b.index(1)), b.index(1),
                    "a dropped size is not 1");
    return b.reshape(node.get(0), dropMasked(b, *mask, from, rank));
  }
  FailureOr<std::optional<SmallVector<int64_t>>> axes =
      node.getAxes(1, from.size());
  if (failed(axes))
    return failure();
  for (auto [i, size] : llvm::enumerate(from)) {
    bool dropped = *axes ? llvm::is_contained(**axes, static_cast<int64_t>(i))
                         : getConstantIntValue(size) == 1;
    if (!dropped)
      sizes.push_back(size);
    else
      b.assertEqual(size, b.index(1), "a dropped size is not 1");
  }
  return b.reshape(node.get(0), sizes);
}

static FailureOr<Value> lowerUnsqueeze(Node &node) {
  TensorBuilder &b = node.b;
  Sizes from = b.getSizes(node.get(0)), sizes;
  int64_t rank =
      cast<RankedTensorType>(node.op.getResult(0).getType()).getRank();
  if (node.hasOpenAxes(1)) {
    FailureOr<SmallVector<Value>> mask = readAxes(node, 1, rank);
    if (failed(mask))
      return failure();
    return b.reshape(node.get(0), insertMasked(b, *mask, from));
  }
  FailureOr<std::optional<SmallVector<int64_t>>> axes = node.getAxes(1, rank);
  if (failed(axes))
    return failure();
  if (!*axes)
    return node.fail("axes are missing");
  if ((*axes)->size() + from.size() != static_cast<size_t>(rank))
    return node.fail("axes do not make the rank of the result");
  for (int64_t i = 0, next = 0; i < rank; ++i)
    sizes.push_back(llvm::is_contained(**axes, i) ? b.index(1) : from[next++]);
  return b.reshape(node.get(0), sizes);
}

static FailureOr<Value> lowerTranspose(Node &node) {
  int64_t rank = node.getRank(0);
  SmallVector<int64_t> permutation(llvm::reverse(llvm::seq<int64_t>(rank)));
  if (auto attribute = node.op.getInts("perm")) {
    SmallVector<int64_t> sorted(*attribute);
    llvm::sort(sorted);
    if (!llvm::equal(sorted, llvm::seq<int64_t>(rank)))
      return node.fail("perm is no permutation of the axes");
    permutation.assign(attribute->begin(), attribute->end());
  }
  return node.b.transpose(node.get(0), permutation);
}

static FailureOr<Value> lowerExpand(Node &node) {
  TensorBuilder &b = node.b;
  FailureOr<Sizes> target = node.getIndices(1);
  if (failed(target))
    return failure();
  Sizes sizes = b.broadcastSizes({b.getSizes(node.get(0)), *target});
  for (auto [size, to] :
       llvm::zip(llvm::reverse(*target), llvm::reverse(sizes)))
    b.assertBroadcast(size, to);
  return b.broadcast(node.get(0), sizes);
}

static FailureOr<Value> lowerConcat(Node &node) {
  FailureOr<int64_t> axis = node.getAxis("axis", 1, node.getRank(0));
  if (failed(axis))
    return failure();
  return node.b.concat(llvm::to_vector(node.op.getInputs()), *axis);
}

static FailureOr<Value> lowerTile(Node &node) {
  TensorBuilder &b = node.b;
  FailureOr<Sizes> repeats = node.getIndices(1);
  if (failed(repeats))
    return failure();
  Sizes from = b.getSizes(node.get(0)), sizes;
  if (repeats->size() != from.size())
    return node.fail("needs as many repeats as the input has axes");
  // [a, b] becomes [1, a, 1, b], [m, a, n, b], [m·a, n·b].
  Sizes apart, repeated;
  for (auto [size, times] : llvm::zip_equal(from, *repeats)) {
    apart.append({b.index(1), size});
    repeated.append({times, size});
    sizes.push_back(b.mul(times, size));
  }
  Value wide = b.broadcast(b.reshape(node.get(0), apart), repeated);
  return b.reshape(wide, sizes);
}

void onnxtolinalg::populateReshapeLowerings(Lowerings &lowerings) {
  lowerings["Reshape"] =
      Lowering(single(lowerReshape)).takes(1, 2).reads("allowzero shape");
  lowerings["Flatten"] = Lowering(single(lowerFlatten)).takes(1).reads("axis");
  lowerings["Squeeze"] = Lowering(single(lowerSqueeze))
                             .takes(1, 2)
                             .reads("axes")
                             .except("an open number of axes");
  lowerings["Unsqueeze"] = Lowering(single(lowerUnsqueeze))
                               .takes(1, 2)
                               .reads("axes")
                               .except("an open number of axes");
  lowerings["Transpose"] =
      Lowering(single(lowerTranspose)).takes(1).reads("perm");
  lowerings["Expand"] = Lowering(single(lowerExpand)).takes(2);
  lowerings["Concat"] =
      Lowering(single(lowerConcat)).takes(1, Lowering::kVariadic).reads("axis");
  lowerings["Tile"] = Lowering(single(lowerTile)).takes(2);
}
