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

Type onnxtolinalg::getSignless(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  auto integer =
      tensor ? dyn_cast<IntegerType>(tensor.getElementType()) : IntegerType();
  if (!integer || integer.isSignless())
    return type;
  return tensor.clone(IntegerType::get(type.getContext(), integer.getWidth()));
}

/// Whether tensors of `type` are what an operator of `kind` takes first.
static bool hasElements(Elements kind, Type type) {
  switch (kind) {
  case Elements::Any:
    return true;
  case Elements::Numbers:
    return !type.isInteger(1);
  case Elements::Floats:
    return isa<FloatType>(type);
  case Elements::Integers:
    return isa<IntegerType>(type) && !type.isInteger(1);
  case Elements::Booleans:
    return type.isInteger(1);
  }
  llvm_unreachable("all kinds are handled");
}

LogicalResult onnxtolinalg::checkNode(onnxir::NodeOp op,
                                      const Lowering &lowering) {
  for (unsigned slot = 0; slot < lowering.minInputs; ++slot)
    if (!op.getInput(slot))
      return onnxir::emitNodeError(op) << "input " << slot << " is missing";
  for (unsigned slot = 0, e = op.getNumSlots(); slot < e; ++slot) {
    if (slot >= lowering.maxInputs && op.getInput(slot))
      return onnxir::emitNodeError(op)
             << "input " << slot << " is not supported";
    // Each of any number is there.
    if (lowering.maxInputs == Lowering::kVariadic && !op.getInput(slot) &&
        !op.getNumRegions())
      return onnxir::emitNodeError(op) << "input " << slot << " is missing";
  }
  SmallVector<StringRef> known;
  lowering.attributes.split(known, ' ', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (NamedAttribute attribute : op.getOnnxAttributes())
    // The oldest operators have a hint for whoever allocates memory.
    if (!llvm::is_contained(known, attribute.getName().getValue()) &&
        attribute.getName() != "consumed_inputs")
      return onnxir::emitNodeError(op)
             << "attribute '" << attribute.getName().getValue()
             << "' is not supported";
  Value first = op.getInput(0);
  if (!first || hasElements(lowering.elements, getElementTypeOrSelf(first)))
    return success();
  return onnxir::emitNodeError(op)
         << (lowering.elements == Elements::Floats
                 ? "needs floating-point elements"
                 : "is not defined for these elements");
}

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

FailureOr<Value> Node::declare(Value value, Type type) {
  if (value.getType() == type)
    return value;
  auto wanted = dyn_cast<RankedTensorType>(type);
  if (!wanted || !tensor::CastOp::areCastCompatible(value.getType(), type)) {
    emitError() << "gives " << value.getType() << ", declared is " << type;
    return failure();
  }
  Sizes sizes = b.getSizes(value);
  for (auto [size, dim] : llvm::zip_equal(sizes, wanted.getShape()))
    if (!ShapedType::isDynamic(dim))
      b.assertEqual(size, b.index(dim),
                    "a size of the result is not as declared");
  value = tensor::CastOp::create(b, wanted, value);
  b.setSizes(value, sizes);
  return value;
}

FailureOr<Value> Node::readCondition(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!type.getElementType().isInteger(1) || type.getRank() > 1)
    return fail("a condition must be one boolean");
  if (type.getRank() == 1)
    b.assertEqual(b.getSize(tensor, 0), b.index(1),
                  "a condition is not one boolean");
  return b.getScalar(tensor);
}

void Node::restore(Operation *next) {
  b.setLoc(op.getLoc());
  b.setInsertionPoint(next);
  b.setSubject(onnxir::getSubject(op));
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
    populateControlFlowLowerings(all);
    populateConvolutionLowerings(all);
    populatePaddingLowerings(all);
    populateActivationLowerings(all);
    populateLinearAttentionLowerings(all);
    populateQuantizationLowerings(all);
    populateIntegerProductLowerings(all);
    return all;
  }();
  return lowerings;
}
