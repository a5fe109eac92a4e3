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

int64_t WeightsOp::getEffectiveBlock() {
  int64_t in = getType().isMatrix() ? getType().getInSize() : 1;
  return getBlock() > 0 ? std::min<int64_t>(getBlock(), in) : in;
}

int64_t WeightsOp::getNumBlocks() {
  int64_t in = getType().isMatrix() ? getType().getInSize() : 1;
  return llvm::divideCeil(in, getEffectiveBlock());
}

/// One shape per expert, or one for all: checks the count and drops the
/// expert dimension. `what` names the operands in the message.
static FailureOr<SmallVector<int64_t>>
getPerExpertShape(WeightsOp op, OperandRange values, StringRef what) {
  int64_t experts = op.getType().getNumExperts();
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

/// Checks that the source holds every logical element, per expert.
static LogicalResult verifySourceShape(WeightsOp op, ArrayRef<int64_t> shape) {
  WeightsType type = op.getType();
  LayoutAttr layout = op.getLayout();
  ArrayRef<int64_t> logical = type.getShape().drop_front();
  if (shape.size() != logical.size())
    return op.emitOpError("sources must have rank ")
           << logical.size() << " per expert, got " << shape.size();
  if (!type.isMatrix() && layout.getTransposed())
    return op.emitOpError("a vector cannot be transposed");
  int64_t pack = type.getPackFactor();
  SmallVector<int64_t> unpacked(shape);
  if (type.isMatrix() && unpacked.back() > INT64_MAX / pack)
    return op.emitOpError("sources are too large");
  if (pack > 1)
    unpacked.back() *= pack;
  unsigned outDim = layout.getTransposed() ? 1 : 0;
  if (type.isMatrix()) {
    int64_t in = unpacked[1 - outDim];
    // A packed row may end in unused bits of its last byte.
    bool packedInput = pack > 1 && outDim == 0;
    bool fits = packedInput ? in >= type.getInSize() &&
                                  in - type.getInSize() < pack
                            : in == type.getInSize();
    if (!fits)
      return op.emitOpError("sources hold ")
             << in << " inputs, the weights " << type.getInSize();
  }
  int64_t last;
  if (llvm::MulOverflow(layout.getStep(), type.getOutSize() - 1, last) ||
      llvm::AddOverflow(layout.getOffset(), last, last) ||
      last >= unpacked[outDim])
    return op.emitOpError("layout leads past the ")
           << unpacked[outDim] << " outputs of the sources";
  return success();
}

/// Checks shapes of scales or zero points, [out] or [out, blocks] per expert.
static LogicalResult verifyScaleShape(WeightsOp op, ArrayRef<int64_t> shape,
                                      ArrayRef<int64_t> source, int64_t pack,
                                      StringRef what) {
  int64_t rows = source[op.getLayout().getTransposed() ? 1 : 0];
  if (op.getLayout().getTransposed() && op.getType().getPackFactor() > 1)
    rows *= op.getType().getPackFactor();
  int64_t blocks = op.getNumBlocks();
  auto packed = [&](int64_t n) { return llvm::divideCeil(n, pack); };
  bool ok = (shape.size() == 1 && blocks == 1 &&
             shape[0] == static_cast<int64_t>(packed(rows))) ||
            (shape.size() == 2 && shape[0] == rows &&
             shape[1] == static_cast<int64_t>(packed(blocks)));
  if (!ok)
    return op.emitOpError() << what << " must hold " << rows << " rows of "
                            << blocks << " blocks per expert";
  return success();
}

LogicalResult WeightsOp::verify() {
  WeightsType type = getType();
  if (getSources().empty())
    return emitOpError("needs at least one source");
  if (getBlock() < 0)
    return emitOpError("block must be at least 0");
  FailureOr<SmallVector<int64_t>> source =
      getPerExpertShape(*this, getSources(), "sources");
  if (failed(source) || failed(verifySourceShape(*this, *source)))
    return failure();

  Type element = getElementTypeOrSelf(getSources().front());
  bool packed = type.getPackFactor() > 1;
  bool matches =
      packed || isa<IntegerType>(type.getStorage())
          ? element.isSignlessInteger(8) || element.isUnsignedInteger(8)
          : element == type.getStorage() ||
                (type.isQuantized() && element.isUnsignedInteger(8));
  if (!matches)
    return emitOpError("sources of ")
           << element << " cannot store " << type.getStorage();
  if (!type.isQuantized() && (!getScales().empty() || !getZeros().empty()))
    return emitOpError("scales and zero points need quantised storage");
  if (isa<IntegerType>(type.getStorage()) && getScales().empty())
    return emitOpError("integer storage needs scales");
  if (!getZeros().empty() && !isa<IntegerType>(type.getStorage()))
    return emitOpError("zero points need integer storage");

  if (!getScales().empty()) {
    FailureOr<SmallVector<int64_t>> shape =
        getPerExpertShape(*this, getScales(), "scales");
    if (failed(shape) ||
        failed(verifyScaleShape(*this, *shape, *source, 1, "scales")))
      return failure();
    if (!isa<FloatType>(getElementTypeOrSelf(getScales().front())))
      return emitOpError("scales must be floating-point");
  }
  if (!getZeros().empty()) {
    FailureOr<SmallVector<int64_t>> shape =
        getPerExpertShape(*this, getZeros(), "zero points");
    if (failed(shape) ||
        failed(verifyScaleShape(*this, *shape, *source, type.getPackFactor(),
                                "zero points")))
      return failure();
    if (!getElementTypeOrSelf(getZeros().front()).isInteger(8))
      return emitOpError("zero points must be stored in bytes");
  }
  return success();
}

LogicalResult LowRankWeightsOp::verify() {
  WeightsType base = getBase().getType(), u = getU().getType(),
              v = getV().getType(), result = getType();
  if (!base.isMatrix() || !u.isMatrix() || !v.isMatrix() || !result.isMatrix())
    return emitOpError("operands and result must be matrices");
  int64_t experts = result.getNumExperts();
  if ((base.getNumExperts() != 1 && base.getNumExperts() != experts) ||
      u.getNumExperts() != experts || v.getNumExperts() != experts)
    return emitOpError("u, v and result must have the same experts, base as "
                       "many or one");
  if (base.getOutSize() != result.getOutSize() ||
      base.getInSize() != result.getInSize() ||
      u.getOutSize() != result.getOutSize() ||
      v.getInSize() != result.getInSize() || u.getInSize() != v.getOutSize())
    return emitOpError("base must be out x in, u out x rank, v rank x in");
  if (result.isQuantized())
    return emitOpError("the result must have floating-point storage");
  return success();
}
