//===- TensorNodes.cpp - Tensor operations around layers as nodes ---------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerView.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace mlir::moe;

/// Nesting of arithmetic on sizes that is followed.
static constexpr unsigned kMaxDepth = 32;

/// `size` as a tensor<1xi64>; null where no node says it.
static Value buildSize(NodeBuilder &nodes, OpFoldResult size,
                       unsigned depth = 0) {
  if (std::optional<int64_t> constant = getConstantIntValue(size))
    return nodes.ints({*constant});
  Operation *op = cast<Value>(size).getDefiningOp();
  if (!op || depth > kMaxDepth)
    return {};
  if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    std::optional<int64_t> index = dim.getConstantIndex();
    if (!index)
      return {};
    return nodes.node(
        "Gather",
        {nodes.node("Shape", {dim.getSource()}), nodes.ints({*index})},
        nodes.attr("axis", 0));
  }
  if (auto castOp = dyn_cast<arith::IndexCastOp>(op))
    return buildSize(nodes, castOp.getIn(), depth + 1);
  if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
    // An element of a vector of integers.
    if (extract.getTensor().getType().getRank() != 1)
      return {};
    std::optional<int64_t> index = getConstantIntValue(extract.getIndices()[0]);
    if (!index)
      return {};
    Value element =
        nodes.node("Gather", {extract.getTensor(), nodes.ints({*index})},
                   nodes.attr("axis", 0));
    return nodes.cast(element, IntegerType::get(nodes.getContext(), 64));
  }
  StringRef type = llvm::StringSwitch<StringRef>(op->getName().getStringRef())
                       .Case("arith.muli", "Mul")
                       .Case("arith.addi", "Add")
                       .Case("arith.subi", "Sub")
                       .Cases({"arith.divui", "arith.divsi"}, "Div")
                       .Cases({"arith.minui", "arith.minsi"}, "Min")
                       .Cases({"arith.maxui", "arith.maxsi"}, "Max")
                       .Default("");
  if (type.empty())
    return {};
  Value left = buildSize(nodes, op->getOperand(0), depth + 1);
  Value right = buildSize(nodes, op->getOperand(1), depth + 1);
  return left && right ? nodes.node(type, {left, right}) : Value();
}

/// Sizes as a vector; null where no node says one of them.
static Value buildSizes(NodeBuilder &nodes, ArrayRef<OpFoldResult> sizes) {
  if (std::optional<SmallVector<int64_t>> constants =
          getConstantIntValues(sizes))
    return nodes.ints(*constants);
  SmallVector<Value> parts;
  for (OpFoldResult size : sizes) {
    parts.push_back(buildSize(nodes, size));
    if (!parts.back())
      return {};
  }
  return nodes.concat(parts, 0);
}

/// Reshape to `type`; `sizes` tells what the type does not.
static Value buildReshape(NodeBuilder &nodes, Value source,
                          RankedTensorType type, ArrayRef<OpFoldResult> sizes) {
  // Reshape reads a 0 as "as before" unless told otherwise.
  bool hasZero = llvm::is_contained(type.getShape(), 0);
  if (type.getNumDynamicDims() <= 1 && !hasZero) {
    SmallVector<int64_t> shape;
    for (int64_t size : type.getShape())
      shape.push_back(ShapedType::isDynamic(size) ? -1 : size);
    return nodes.reshape(source, shape, type);
  }
  Value shape = buildSizes(nodes, sizes);
  if (!shape)
    return {};
  SmallVector<NamedAttribute> attrs;
  if (nodes.getOpset() >= 14)
    attrs.push_back(nodes.attr("allowzero", 1));
  return nodes.node("Reshape", {source, shape}, attrs, type);
}

static Value buildSlice(NodeBuilder &nodes, tensor::ExtractSliceOp op) {
  SmallVector<OpFoldResult> sizes = op.getMixedSizes();
  SmallVector<int64_t> axes = llvm::to_vector(
      llvm::seq<int64_t>(0, static_cast<int64_t>(sizes.size())));
  Value begins = buildSizes(nodes, op.getMixedOffsets());
  Value counts = buildSizes(nodes, sizes);
  Value steps = buildSizes(nodes, op.getMixedStrides());
  if (!begins || !counts || !steps)
    return {};
  Value ends = nodes.node("Add", {begins, nodes.node("Mul", {counts, steps})});
  llvm::SmallBitVector droppedDims = op.getDroppedDims();
  Value slice = nodes.node(
      "Slice", {op.getSource(), begins, ends, nodes.ints(axes), steps}, {},
      droppedDims.any() ? Type() : Type(op.getType()));
  if (droppedDims.none())
    return slice;
  SmallVector<int64_t> dropped;
  for (unsigned axis : droppedDims.set_bits())
    dropped.push_back(axis);
  return nodes.node("Squeeze", {slice, nodes.ints(dropped)}, {}, op.getType());
}

static StringRef getComparison(arith::CmpIOp op) {
  switch (op.getPredicate()) {
  case arith::CmpIPredicate::eq:
    return "Equal";
  case arith::CmpIPredicate::slt:
    return "Less";
  case arith::CmpIPredicate::sle:
    return "LessOrEqual";
  case arith::CmpIPredicate::sgt:
    return "Greater";
  case arith::CmpIPredicate::sge:
    return "GreaterOrEqual";
  default:
    return "";
  }
}

/// The operator that does to tensors what an operation of arith or math does.
static StringRef getElementwise(Operation *op) {
  if (auto compare = dyn_cast<arith::CmpIOp>(op))
    return getComparison(compare);
  return llvm::StringSwitch<StringRef>(op->getName().getStringRef())
      .Cases({"arith.addf", "arith.addi"}, "Add")
      .Cases({"arith.subf", "arith.subi"}, "Sub")
      .Cases({"arith.mulf", "arith.muli"}, "Mul")
      .Case("arith.divf", "Div")
      .Cases({"arith.maxsi", "arith.maximumf"}, "Max")
      .Cases({"arith.minsi", "arith.minimumf"}, "Min")
      .Case("arith.negf", "Neg")
      .Case("arith.select", "Where")
      .Case("math.exp", "Exp")
      .Case("math.log", "Log")
      .Default("");
}

LogicalResult moe::convertTensorOp(Operation *op, Reason &reason) {
  auto isTensor = [](Type type) { return isa<RankedTensorType>(type); };
  if (op->getNumResults() != 1 || !isTensor(op->getResult(0).getType())) {
    if (isMemoryEffectFree(op))
      return success();
    return reason("ONNX has no such operation");
  }
  NodeBuilder nodes(op);
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  Value made;
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    if (auto elements = dyn_cast<DenseElementsAttr>(constant.getValue()))
      made = nodes.constant(elements);
  } else if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    SmallVector<OpFoldResult> sizes;
    OpBuilder builder(op);
    if (type.getNumDynamicDims() > 1 ||
        llvm::is_contained(type.getShape(), 0)) {
      for (const ReassociationIndices &group :
           collapse.getReassociationIndices()) {
        Value size = arith::ConstantIndexOp::create(builder, op->getLoc(), 1);
        for (int64_t axis : group)
          size = arith::MulIOp::create(
              builder, op->getLoc(), size,
              tensor::DimOp::create(builder, op->getLoc(), collapse.getSrc(),
                                    axis));
        sizes.push_back(size);
      }
    }
    made = buildReshape(nodes, collapse.getSrc(), type, sizes);
  } else if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
    made = buildReshape(nodes, expand.getSrc(), type,
                        expand.getMixedOutputShape());
  } else if (isa<tensor::CastOp>(op)) {
    made = nodes.node("Identity", {op->getOperand(0)}, {}, type);
  } else if (isa<arith::ExtFOp, arith::TruncFOp, arith::ExtSIOp,
                 arith::TruncIOp, arith::SIToFPOp, arith::FPToSIOp>(op)) {
    made = nodes.cast(op->getOperand(0), type.getElementType());
  } else if (auto splat = dyn_cast<tensor::SplatOp>(op)) {
    Attribute value;
    if (matchPattern(splat.getInput(), m_Constant(&value))) {
      SmallVector<OpFoldResult> sizes;
      OpBuilder builder(op);
      unsigned next = 0;
      for (int64_t size : type.getShape())
        sizes.push_back(ShapedType::isDynamic(size)
                            ? OpFoldResult(splat.getDynamicSizes()[next++])
                            : builder.getIndexAttr(size));
      Value shape = buildSizes(nodes, sizes);
      auto scalar = RankedTensorType::get({}, type.getElementType());
      if (shape)
        made = nodes.node(
            "Expand",
            {nodes.constant(DenseElementsAttr::get(scalar, value)), shape}, {},
            type);
    }
  } else if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op)) {
    made = buildSlice(nodes, slice);
  } else if (auto concat = dyn_cast<tensor::ConcatOp>(op)) {
    made = nodes.node("Concat", SmallVector<Value>(concat.getInputs()),
                      nodes.attr("axis", concat.getDim()), type);
  } else if (StringRef name = getElementwise(op); !name.empty()) {
    if (llvm::all_of(op->getOperandTypes(), isTensor))
      made = nodes.node(name, SmallVector<Value>(op->getOperands()), {}, type);
  }
  if (!made)
    return reason("no operator of ONNX is known for it");
  op->getResult(0).replaceAllUsesWith(made);
  op->erase();
  return success();
}
