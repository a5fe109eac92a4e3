//===- Lowering.cpp - How one node is lowered -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Lowering.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

Type Node::getResultElementType(unsigned index) {
  Type type = getResultONNXType(index);
  auto integer = dyn_cast<IntegerType>(type);
  return integer && !integer.isSignless()
             ? Type(IntegerType::get(type.getContext(), integer.getWidth()))
             : type;
}

FailureOr<Sizes> Node::getIndices(unsigned slot) {
  Value value = get(slot);
  RankedTensorType type = getType(slot);
  if (type.getRank() > 1 || !type.hasStaticShape()) {
    emitError() << "the number of elements of input " << slot
                << " is not known, got " << type;
    return failure();
  }
  if (!isa<IntegerType>(type.getElementType())) {
    emitError() << "input " << slot << " must hold integers, got " << type;
    return failure();
  }
  Sizes sizes(type.getNumElements());
  if (std::optional<onnxir::ShapeValues::Elements> elements =
          state.values->get(value))
    sizes = *elements;
  if (llvm::all_of(sizes, [](OpFoldResult size) { return bool(size); }))
    return sizes;
  Sizes read = b.getIndices(value, isUnsigned(slot));
  for (auto [size, element] : llvm::zip_equal(sizes, read))
    if (!size)
      size = element;
  return sizes;
}

LowerFn onnxtolinalg::single(std::function<FailureOr<Value>(Node &)> lower) {
  return [lower](Node &node) -> Results {
    FailureOr<Value> value = lower(node);
    if (failed(value))
      return failure();
    return SmallVector<Value>{*value};
  };
}

const Lowerings &onnxtolinalg::getLowerings() {
  static const Lowerings lowerings = [] {
    Lowerings all;
    populateUnaryLowerings(all);
    populateBinaryLowerings(all);
    populateCastLowerings(all);
    populateConstantLowerings(all);
    populateReshapeLowerings(all);
    populateSliceLowerings(all);
    populateGatherLowerings(all);
    populateScatterLowerings(all);
    populateScanLowerings(all);
    populatePositionLowerings(all);
    populateEinsumLowerings(all);
    populateAttentionLowerings(all);
    populateMultiHeadAttentionLowerings(all);
    populateGroupQueryLowerings(all);
    populateRotaryLowerings(all);
    populateQuantizedLowerings(all);
    populateCausalConvLowerings(all);
    populateReductionLowerings(all);
    populateNormalizationLowerings(all);
    populateSelectionLowerings(all);
    populateContractionLowerings(all);
    return all;
  }();
  return lowerings;
}
