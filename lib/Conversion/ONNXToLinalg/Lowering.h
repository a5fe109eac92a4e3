//===- Lowering.h - How one node is lowered -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOLINALG_LOWERING_H
#define MOE_LIB_CONVERSION_ONNXTOLINALG_LOWERING_H

#include "TensorBuilder.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"
#include "moe/Dialect/ONNXIR/Utils/NodeUtils.h"
#include "moe/Dialect/ONNXIR/Utils/ShapeValues.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::onnxtolinalg {

/// What the values of a function are known to be, beyond their types.
struct FunctionState {
  onnxir::ShapeValues *values = nullptr;
  /// Tensors whose signless integers stand for unsigned ones.
  llvm::DenseSet<Value> unsignedValues;
};

/// One node to lower. Its operands have been lowered; every type has a rank.
class Node {
public:
  Node(onnxir::NodeOp op, TensorBuilder &b, FunctionState &state)
      : op(op), b(b), state(state) {}

  /// Input `slot`, null where it is left out.
  Value get(unsigned slot) { return op.getInput(slot); }
  RankedTensorType getType(unsigned slot) {
    return cast<RankedTensorType>(get(slot).getType());
  }
  int64_t getRank(unsigned slot) { return getType(slot).getRank(); }
  Type getElementType(unsigned slot) { return getType(slot).getElementType(); }
  bool isUnsigned(unsigned slot) {
    return state.unsignedValues.contains(get(slot));
  }
  /// The element type of result `index` as ONNX has it, and signless.
  Type getResultONNXType(unsigned index) {
    return cast<RankedTensorType>(op.getResult(index).getType())
        .getElementType();
  }
  Type getResultElementType(unsigned index);
  /// Whether somebody asked for result `index`.
  bool wants(unsigned index) {
    return index < op.getNumResults() &&
           !isa<NoneType>(op.getResult(index).getType());
  }
  /// The elements of a small integer operand as sizes or indices.
  FailureOr<Sizes> getIndices(unsigned slot);
  /// The axes that an attribute or input `slot` gives, if any does.
  FailureOr<std::optional<SmallVector<int64_t>>> getAxes(unsigned slot,
                                                         int64_t rank) {
    return onnxir::getAxes(op, slot, rank, &state.values->getSymbolTables());
  }
  /// What is known of the elements of input `slot`.
  ElementsAttr getConstant(unsigned slot) {
    return onnxir::getConstantElements(get(slot),
                                       &state.values->getSymbolTables());
  }
  FailureOr<int64_t> getAxis(StringRef name, int64_t otherwise, int64_t rank) {
    return onnxir::getAxis(op, name, otherwise, rank);
  }
  /// Starts the error `node: operator: reason`.
  InFlightDiagnostic emitError() { return onnxir::emitNodeError(op); }
  /// The same for lowerings that return a value.
  FailureOr<Value> fail(const Twine &reason) {
    emitError() << reason;
    return failure();
  }

  onnxir::NodeOp op;
  TensorBuilder &b;
  FunctionState &state;
};

/// Gives one value per result, null for results that nobody wants.
using Results = FailureOr<SmallVector<Value>>;
using LowerFn = std::function<Results(Node &)>;

/// An operator's lowering. Every one of the first `minInputs` inputs is there.
struct Lowering {
  unsigned minInputs = 0;
  LowerFn lower;
};

/// Lowerings by operator, domains other than the standard one as `domain::Op`.
using Lowerings = llvm::StringMap<Lowering>;

/// Makes a lowering of a function that gives the only result.
LowerFn single(std::function<FailureOr<Value>(Node &)> lower);

void populateUnaryLowerings(Lowerings &lowerings);
void populateBinaryLowerings(Lowerings &lowerings);
void populateCastLowerings(Lowerings &lowerings);
void populateConstantLowerings(Lowerings &lowerings);
void populateReshapeLowerings(Lowerings &lowerings);
void populateSliceLowerings(Lowerings &lowerings);
void populateGatherLowerings(Lowerings &lowerings);
void populateScatterLowerings(Lowerings &lowerings);
void populateScanLowerings(Lowerings &lowerings);
void populatePositionLowerings(Lowerings &lowerings);
void populateEinsumLowerings(Lowerings &lowerings);
void populateAttentionLowerings(Lowerings &lowerings);
void populateMultiHeadAttentionLowerings(Lowerings &lowerings);
void populateGroupQueryLowerings(Lowerings &lowerings);
void populateRotaryLowerings(Lowerings &lowerings);
void populateQuantizedLowerings(Lowerings &lowerings);
void populateCausalConvLowerings(Lowerings &lowerings);
void populateReductionLowerings(Lowerings &lowerings);
void populateNormalizationLowerings(Lowerings &lowerings);
void populateSelectionLowerings(Lowerings &lowerings);
void populateContractionLowerings(Lowerings &lowerings);

/// All of them.
const Lowerings &getLowerings();

/// `value`, an element of ONNX type `from`, as one of type `to`. Signless types
/// stand for signed ones.
Value castScalar(ImplicitLocOpBuilder &b, Value value, Type from, Type to);

} // namespace mlir::onnxtolinalg

#endif // MOE_LIB_CONVERSION_ONNXTOLINALG_LOWERING_H
