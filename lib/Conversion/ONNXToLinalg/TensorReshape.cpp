//===- TensorReshape.cpp - Reshapes and concatenations -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TensorBuilder.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

/// Groups of consecutive dimensions: `lead` single ones, one group of
/// `middle`, `trail` single ones. An empty middle joins a neighbour.
static SmallVector<ReassociationIndices> getGroups(size_t lead, size_t middle,
                                                   size_t trail) {
  SmallVector<ReassociationIndices> groups;
  int64_t next = 0;
  for (size_t i = 0; i < lead; ++i)
    groups.push_back({next++});
  if (middle > 0) {
    ReassociationIndices group;
    for (size_t i = 0; i < middle; ++i)
      group.push_back(next++);
    groups.push_back(group);
  }
  for (size_t i = 0; i < trail; ++i)
    groups.push_back({next++});
  return groups;
}

Value TensorBuilder::reshape(Value input, ArrayRef<OpFoldResult> sizes) {
  Sizes from = getSizes(input);
  if (from == Sizes(sizes))
    return input;
  auto type = cast<RankedTensorType>(input.getType());
  auto typeOf = [&](ArrayRef<OpFoldResult> list) {
    return getType(list, type.getElementType());
  };
  // Say in the type what is known, for the reassociations to agree.
  input = sharpen(input);

  // Sizes that agree at both ends stay; those between them become one, then
  // the wanted ones. Their products agree because all the others do.
  size_t lead = 0, trail = 0;
  size_t most = std::min(from.size(), sizes.size());
  while (lead < most && from[lead] == sizes[lead])
    ++lead;
  while (trail < most - lead &&
         from[from.size() - 1 - trail] == sizes[sizes.size() - 1 - trail])
    ++trail;
  size_t gone = from.size() - lead - trail, come = sizes.size() - lead - trail;
  // Dimensions of 1 that come or go need a neighbour to join.
  if (gone == 0 || come == 0) {
    if (lead > 0)
      --lead;
    else if (trail > 0)
      --trail;
    gone = from.size() - lead - trail;
    come = sizes.size() - lead - trail;
  }

  OpFoldResult total = come == 1   ? sizes[lead]
                       : gone == 1 ? from[lead]
                                   : product(ArrayRef(sizes).slice(lead, come));
  Sizes flat(sizes.take_front(lead));
  if (gone != 0 && come != 0)
    flat.push_back(total);
  llvm::append_range(flat, sizes.take_back(trail));
  RankedTensorType flatType = typeOf(flat);

  if (gone == 0) {
    // A scalar gets dimensions of 1.
    SmallVector<ReassociationIndices> none;
    Value result =
        tensor::ExpandShapeOp::create(*this, typeOf(sizes), input, none, sizes);
    return finish(result, sizes);
  }
  if (come == 0) {
    // All dimensions are 1, though perhaps not in the type.
    Sizes ones(from.size(), index(1));
    if (RankedTensorType known = typeOf(ones); known != input.getType())
      input = tensor::CastOp::create(*this, known, input);
    SmallVector<ReassociationIndices> none;
    return finish(
        tensor::CollapseShapeOp::create(*this, typeOf(sizes), input, none),
        sizes);
  }
  if (gone > 1) {
    SmallVector<ReassociationIndices> groups = getGroups(lead, gone, trail);
    SmallVector<int64_t> shape(flatType.getShape());
    // The type of a collapsed group follows from its parts.
    ArrayRef<int64_t> parts =
        cast<RankedTensorType>(input.getType()).getShape().slice(lead, gone);
    int64_t collapsed = 1;
    for (int64_t part : parts)
      collapsed =
          ShapedType::isDynamic(part) || ShapedType::isDynamic(collapsed)
              ? ShapedType::kDynamic
              : collapsed * part;
    shape[lead] = collapsed;
    input = tensor::CollapseShapeOp::create(*this, flatType.clone(shape), input,
                                            groups);
  }
  if (input.getType() != flatType)
    input = tensor::CastOp::create(*this, flatType, input);
  if (come > 1) {
    RankedTensorType result = typeOf(sizes);
    // A static group has static parts only.
    bool isStatic = true;
    for (int64_t part : result.getShape().slice(lead, come))
      isStatic &= !ShapedType::isDynamic(part);
    SmallVector<int64_t> shape(flatType.getShape());
    if (!isStatic && !ShapedType::isDynamic(shape[lead])) {
      shape[lead] = ShapedType::kDynamic;
      input = tensor::CastOp::create(*this, flatType.clone(shape), input);
    }
    if (isStatic && ShapedType::isDynamic(shape[lead])) {
      shape[lead] = 1;
      for (int64_t part : result.getShape().slice(lead, come))
        shape[lead] *= part;
      input = tensor::CastOp::create(*this, flatType.clone(shape), input);
    }
    SmallVector<ReassociationIndices> groups = getGroups(lead, come, trail);
    input = tensor::ExpandShapeOp::create(*this, result, input, groups, sizes);
  }
  return finish(input, sizes);
}

Value TensorBuilder::concat(ArrayRef<Value> parts, int64_t axis) {
  if (parts.size() == 1)
    return parts.front();
  Sizes total = getSizes(parts.front());
  for (Value part : parts.drop_front())
    for (auto [i, size] : llvm::enumerate(getSizes(part))) {
      if (static_cast<int64_t>(i) == axis)
        total[i] = add(total[i], size);
      else
        assertEqual(total[i], size, "operands differ in size");
      // A known size says more.
      if (static_cast<int64_t>(i) != axis && getConstantIntValue(size))
        total[i] = size;
    }
  Type type = cast<RankedTensorType>(parts.front().getType()).getElementType();
  Value result = empty(total, type);
  Sizes offsets(total.size(), index(0)), strides(total.size(), index(1));
  for (Value part : parts) {
    part = sharpen(part);
    Sizes sizes = getSizes(part);
    // Nothing may not be inserted where the result ends.
    if (getConstantIntValue(sizes[axis]) == 0)
      continue;
    result = tensor::InsertSliceOp::create(*this, part, result, offsets, sizes,
                                           strides);
    offsets[axis] = add(offsets[axis], sizes[axis]);
  }
  return finish(result, total);
}
