//===- WeightOps.cpp - moe.weights and moe.low_rank_weights -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/IR/MoE.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::moe;

bool WeightsOp::isSingleSlice() {
  auto source = cast<RankedTensorType>(getSources().front().getType());
  return getSources().size() == 1 &&
         source.getRank() + 1 ==
             static_cast<int64_t>(getType().getShape().size());
}

int64_t WeightsOp::getNumSourceExperts() {
  if (!isStacked())
    return getSources().size();
  auto source = cast<RankedTensorType>(getSources().front().getType());
  return source.getRank() == 0 ? 0 : source.getDimSize(0);
}

int64_t WeightsOp::getEffectiveBlock() {
  int64_t in = getType().isMatrix() ? getType().getInSize() : 1;
  return getBlock() > 0 ? std::min<int64_t>(getBlock(), in) : in;
}

int64_t WeightsOp::getNumBlocks() {
  int64_t in = getType().isMatrix() ? getType().getInSize() : 1;
  return llvm::divideCeil(in, getEffectiveBlock());
}

/// Whether packed or integer storage can stand in elements of this type.
static bool isByte(Type type) {
  return type.isSignlessInteger(8) || type.isUnsignedInteger(8);
}

/// One shape per expert, or one for all: checks the count and drops the
/// expert dimension. `what` names the operands in the message.
static FailureOr<SmallVector<int64_t>>
getPerExpertShape(WeightsOp op, OperandRange values, StringRef what) {
  // (W2)
  int64_t experts = op.getExperts().empty() ? op.getType().getNumExperts()
                                            : op.getNumSourceExperts();
  auto first = cast<RankedTensorType>(values.front().getType());
  for (Value value : values)
    if (value.getType() != first) {
      op.emitOpError() << what << " of different types: " << first << " and "
                       << value.getType();
      return failure();
    }
  if (!first.hasStaticShape()) {
    op.emitOpError() << what << " must have static shapes, got " << first;
    return failure();
  }
  bool slices = op.getSources().size() > 1 || op.isSingleSlice();
  if (static_cast<int64_t>(values.size()) != (slices ? experts : 1)) {
    op.emitOpError() << what << ": got " << values.size() << " tensors for "
                     << experts << " experts";
    return failure();
  }
  ArrayRef<int64_t> shape = first.getShape();
  if (slices)
    return SmallVector<int64_t>(shape);
  if (shape.empty() || shape.front() != experts) {
    op.emitOpError() << what << " must have " << experts
                     << " experts in dimension 0, got " << first;
    return failure();
  }
  return SmallVector<int64_t>(shape.drop_front());
}

/// Checks that the source holds every logical element, per expert. `shape`
/// counts logical elements, not bytes.
static LogicalResult verifySourceShape(WeightsOp op, ArrayRef<int64_t> shape) {
  WeightsType type = op.getType();
  LayoutAttr layout = op.getLayout();
  // (W4)
  if (!type.isMatrix() && layout.getTransposed())
    return op.emitOpError("a vector cannot be transposed");
  unsigned outDim = layout.getTransposed() ? 1 : 0;
  if (type.isMatrix()) {
    int64_t in = shape[1 - outDim], pack = type.getPackFactor();
    // A packed row may end in unused bits of its last byte.
    int64_t unused = outDim == 0 ? pack - 1 : 0;
    if (in < type.getInSize() || in - type.getInSize() > unused)
      return op.emitOpError("sources hold ")
             << in << " inputs, the weights " << type.getInSize();
  }
  // (W5)
  int64_t last;
  if (llvm::MulOverflow(layout.getStep(), type.getOutSize() - 1, last) ||
      llvm::AddOverflow(layout.getOffset(), last, last) ||
      last >= shape[outDim])
    return op.emitOpError("layout leads past the ")
           << shape[outDim] << " outputs of the sources";
  return success();
}

/// Checks shapes of scales or zero points, [out] or [out, blocks] per expert,
/// for sources of `source` logical elements.
static LogicalResult verifyScaleShape(WeightsOp op, ArrayRef<int64_t> shape,
                                      ArrayRef<int64_t> source, int64_t pack,
                                      StringRef what) {
  // (W9)
  int64_t rows = source[op.getLayout().getTransposed() ? 1 : 0];
  int64_t blocks = op.getNumBlocks();
  auto packed = [&](int64_t n) {
    return static_cast<int64_t>(llvm::divideCeil(n, pack));
  };
  bool perRow = shape.size() == 1 && blocks == 1 && shape[0] == packed(rows);
  bool perBlock =
      shape.size() == 2 && shape[0] == rows && shape[1] == packed(blocks);
  if (!perRow && !perBlock)
    return op.emitOpError() << what << " must hold " << rows << " rows of "
                            << blocks << " blocks per expert";
  return success();
}

/// Whether sources of `element` can hold codes or numbers of the storage.
static bool canStore(WeightsType type, Type element) {
  if (type.getPackFactor() > 1 || isa<IntegerType>(type.getStorage()))
    return isByte(element);
  return element == type.getStorage() ||
         (type.isQuantized() && isByte(element));
}

/// Checks which of scales, zero points, `block` and `zero_point` are there.
static LogicalResult verifyQuantization(WeightsOp op) {
  WeightsType type = op.getType();
  auto integer = dyn_cast<IntegerType>(type.getStorage());
  // (W7)
  if (!type.isQuantized() &&
      (!op.getScales().empty() || !op.getZeros().empty()))
    return op.emitOpError("scales and zero points need quantised storage");
  if (integer && op.getScales().empty())
    return op.emitOpError("integer storage needs scales");
  if (!integer && (!op.getZeros().empty() || op.getZeroPoint() != 0))
    return op.emitOpError("zero points need integer storage");
  if (op.getBlock() != 0 && op.getScales().empty())
    return op.emitOpError("block needs scales");
  // (W8)
  if (!op.getZeros().empty() && op.getZeroPoint() != 0)
    return op.emitOpError("zero_point goes without zero points");
  if (integer && !(integer.isUnsigned()
                       ? llvm::isUIntN(integer.getWidth(), op.getZeroPoint())
                       : llvm::isIntN(integer.getWidth(), op.getZeroPoint())))
    return op.emitOpError("zero_point ")
           << op.getZeroPoint() << " is no code of " << integer;
  return success();
}

/// Checks that each expert is one of the sources'.
static LogicalResult verifySelection(WeightsOp op) {
  if (op.getExperts().empty())
    return success();
  // (W13)
  int64_t experts = op.getType().getNumExperts();
  if (static_cast<int64_t>(op.getExperts().size()) != experts)
    return op.emitOpError("experts must name ")
           << experts << " experts, got " << op.getExperts().size();
  int64_t sources = op.getNumSourceExperts();
  for (int64_t expert : op.getExperts())
    if (expert < 0 || expert >= sources)
      return op.emitOpError("experts names expert ")
             << expert << ", the sources hold " << sources;
  return success();
}

LogicalResult WeightsOp::verify() {
  WeightsType type = getType();
  // (W1)
  if (getSources().empty())
    return emitOpError("needs at least one source");
  if (getBlock() < 0)
    return emitOpError("block must be at least 0");
  FailureOr<SmallVector<int64_t>> source =
      getPerExpertShape(*this, getSources(), "sources");
  if (failed(source) || failed(verifySelection(*this)))
    return failure();
  // (W3)
  if (source->size() + 1 != type.getShape().size())
    return emitOpError("sources must have rank ")
           << type.getShape().size() - 1 << " per expert, got "
           << source->size();
  int64_t pack = type.getPackFactor();
  if (llvm::MulOverflow(source->back(), pack, source->back()))
    return emitOpError("sources are too large");
  if (failed(verifySourceShape(*this, *source)))
    return failure();
  // (W6)
  Type element = getElementTypeOrSelf(getSources().front());
  if (!canStore(type, element))
    return emitOpError("sources of ")
           << element << " cannot store " << type.getStorage();
  if (failed(verifyQuantization(*this)))
    return failure();

  if (!getScales().empty()) {
    FailureOr<SmallVector<int64_t>> shape =
        getPerExpertShape(*this, getScales(), "scales");
    if (failed(shape) ||
        failed(verifyScaleShape(*this, *shape, *source, 1, "scales")))
      return failure();
    // (W10)
    if (!isa<FloatType>(getElementTypeOrSelf(getScales().front())))
      return emitOpError("scales must be floating-point");
  }
  if (!getZeros().empty()) {
    FailureOr<SmallVector<int64_t>> shape =
        getPerExpertShape(*this, getZeros(), "zero points");
    if (failed(shape) ||
        failed(verifyScaleShape(*this, *shape, *source, pack, "zero points")))
      return failure();
    // (W11)
    if (!isByte(getElementTypeOrSelf(getZeros().front())))
      return emitOpError("zero points must be stored in bytes");
  }
  return success();
}

LogicalResult LowRankWeightsOp::verify() {
  // (L1)
  WeightsType base = getBase().getType(), u = getU().getType(),
              v = getV().getType(), result = getType();
  if (!base.isMatrix() || !u.isMatrix() || !v.isMatrix() || !result.isMatrix())
    return emitOpError("operands and result must be matrices");
  // (L2)
  int64_t experts = result.getNumExperts();
  if ((base.getNumExperts() != 1 && base.getNumExperts() != experts) ||
      u.getNumExperts() != experts || v.getNumExperts() != experts)
    return emitOpError("u, v and result must have the same experts, base as "
                       "many or one");
  // (L3)
  if (base.getOutSize() != result.getOutSize() ||
      base.getInSize() != result.getInSize() ||
      u.getOutSize() != result.getOutSize() ||
      v.getInSize() != result.getInSize() || u.getInSize() != v.getOutSize())
    return emitOpError("base must be out x in, u out x rank, v rank x in");
  // (L4)
  if (result.isQuantized())
    return emitOpError("the result must have floating-point storage");
  return success();
}
