//===- FoldSequences.cpp - Parts of sequences as parts of tensors ---------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InferTypes.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::onnxir;

/// The most parts that a tensor is split into.
static constexpr int64_t kMaxParts = 4096;

/// The sizes of the parts of `split`, a SplitToSequence; nothing where they
/// are not known.
static std::optional<SmallVector<int64_t>> getPartSizes(NodeOp split,
                                                        int64_t size) {
  if (ShapedType::isDynamic(size))
    return std::nullopt;
  Value operand = split.getInput(1);
  std::optional<SmallVector<int64_t>> given = getConstantInts(operand);
  if (operand && !given)
    return std::nullopt;
  // One number is the size of all parts but the last; none means 1.
  if (operand && cast<RankedTensorType>(operand.getType()).getRank() == 1)
    return given;
  int64_t chunk = given ? given->front() : 1;
  if (chunk <= 0 || llvm::divideCeil(size, chunk) > kMaxParts)
    return std::nullopt;
  SmallVector<int64_t> sizes;
  for (int64_t begin = 0; begin < size; begin += chunk)
    sizes.push_back(std::min(chunk, size - begin));
  return sizes;
}

static NodeOp createNode(OpBuilder &builder, Location loc, StringRef type,
                         ValueRange operands, TypeRange results,
                         ArrayRef<NamedAttribute> attributes) {
  OperationState state(loc, NodeOp::getOperationName());
  state.addOperands(operands);
  state.addTypes(results);
  state.addAttribute("op_type", builder.getStringAttr(type));
  state.addAttribute("onnx_attributes", builder.getDictionaryAttr(attributes));
  // Whatever the model imports, this is the operator with operands.
  state.addAttribute("opset", builder.getI64IntegerAttr(13));
  return cast<NodeOp>(builder.create(state));
}

static Value createInts(OpBuilder &builder, Location loc, RankedTensorType type,
                        ArrayRef<int64_t> ints) {
  auto value = DenseElementsAttr::get(type, ints);
  return createNode(builder, loc, "Constant", {}, Type(type),
                    builder.getNamedAttr("value", value))
      .getResult(0);
}

/// The Split that stands for `sequence`, made on first use right before it.
static NodeOp getSplit(NodeOp sequence, ArrayRef<int64_t> sizes, int64_t axis) {
  auto before = dyn_cast_or_null<NodeOp>(sequence->getPrevNode());
  if (before && before.is("Split") &&
      before.getInput(0) == sequence.getInput(0) &&
      before.getNumResults() == sizes.size())
    return before;
  OpBuilder builder(sequence);
  Location loc = sequence.getLoc();
  auto type = cast<RankedTensorType>(sequence.getInput(0).getType());
  auto count = static_cast<int64_t>(sizes.size());
  Value operand = createInts(
      builder, loc, RankedTensorType::get(count, builder.getI64Type()), sizes);
  SmallVector<Type> results;
  SmallVector<int64_t> shape(type.getShape());
  for (int64_t size : sizes) {
    shape[axis] = size;
    results.push_back(type.clone(shape));
  }
  return createNode(
      builder, loc, "Split", {sequence.getInput(0), operand}, results,
      builder.getNamedAttr("axis", builder.getI64IntegerAttr(axis)));
}

LogicalResult onnxir::foldSequenceAt(NodeOp node, Value &folded) {
  Value operand = node.getInput(0);
  auto sequence = operand ? operand.getDefiningOp<NodeOp>() : NodeOp();
  std::optional<SmallVector<int64_t>> position =
      getConstantInts(node.getInput(1));
  if (!sequence || !sequence.is("SplitToSequence") || !position ||
      position->size() != 1)
    return success();
  auto type = dyn_cast_if_present<RankedTensorType>(
      sequence.getInput(0) ? sequence.getInput(0).getType() : Type());
  if (!type)
    return success();
  FailureOr<int64_t> axis = getAxis(sequence, "axis", 0, type.getRank());
  if (failed(axis))
    return failure();
  std::optional<SmallVector<int64_t>> sizes =
      getPartSizes(sequence, type.getDimSize(*axis));
  if (!sizes)
    return success();
  std::optional<int64_t> index =
      normalizeAxis(position->front(), sizes->size());
  if (!index)
    return emitNodeError(node)
           << "position " << position->front() << " is out of range for "
           << sizes->size() << " parts";
  int64_t sum = 0;
  for (int64_t size : *sizes)
    if (size < 0 || llvm::AddOverflow(sum, size, sum))
      return emitNodeError(sequence) << "size " << size << " is negative";
  if (sum != type.getDimSize(*axis))
    return emitNodeError(sequence) << "sizes add up to " << sum << ", not to "
                                   << type.getDimSize(*axis);
  folded = getSplit(sequence, *sizes, *axis).getResult(*index);
  // Parts of size 1 lose their dimension on request, unless sizes are given.
  if (sequence.getInt("keepdims", 1) || sequence.getInput(1))
    return success();
  OpBuilder builder(node);
  Value axes =
      createInts(builder, node.getLoc(),
                 RankedTensorType::get(1, builder.getI64Type()), *axis);
  SmallVector<int64_t> shape(type.getShape());
  shape.erase(shape.begin() + *axis);
  folded = createNode(builder, node.getLoc(), "Squeeze", {folded, axes},
                      Type(type.clone(shape)), {})
               .getResult(0);
  return success();
}
