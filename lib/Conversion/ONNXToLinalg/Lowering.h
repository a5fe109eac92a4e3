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
  /// Whether products with codes become operations of the moe dialect.
  bool keepCodes = false;
  /// Lowers all nodes of a block where they stand.
  std::function<LogicalResult(Block &)> lowerBlock;
};

/// A tensor type with signless integers, or the type itself.
Type getSignless(Type type);

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
  bool keepsCodes() const { return state.keepCodes; }
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
    return onnxir::getAxes(op, slot, rank, *state.values);
  }
  bool hasOpenAxes(unsigned slot) {
    return onnxir::hasOpenAxes(op, slot, *state.values);
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

  /// `value` as `type`, which the node or its sub-graph declares: what is
  /// declared of sizes is checked where the call runs.
  FailureOr<Value> declare(Value value, Type type);
  /// The only element of a tensor of booleans.
  FailureOr<Value> readCondition(Value tensor);
  /// Goes on in front of `next`, having lowered other nodes.
  void restore(Operation *next);

  onnxir::NodeOp op;
  TensorBuilder &b;
  FunctionState &state;
};

/// Gives one value per result, null for results that nobody wants.
using Results = FailureOr<SmallVector<Value>>;
using LowerFn = std::function<Results(Node &)>;

/// The element types of an operator's first input.
enum class Elements { Any, Numbers, Floats, Integers, Booleans };

/// An operator's lowering and what of the operator it understands. A node that
/// has more than that is refused before it is lowered, and docs/ONNX.md lists
/// it.
struct Lowering {
  static constexpr unsigned kVariadic = ~0u;

  Lowering() = default;
  Lowering(LowerFn lower) : lower(std::move(lower)) {}

  /// Inputs that must be there, counted from the first, and how many there may
  /// be, as many where `most` is not given.
  Lowering &takes(unsigned least, std::optional<unsigned> most = std::nullopt) {
    minInputs = least;
    maxInputs = most.value_or(least);
    return *this;
  }
  /// The names of the attributes and sub-graphs that are read, or that may be
  /// ignored, with a blank between two.
  Lowering &reads(StringRef names) {
    attributes = names;
    return *this;
  }
  Lowering &of(Elements kind) {
    elements = kind;
    return *this;
  }
  /// Accepts weights of 4-bit integers, two in a byte, which `lower` reads.
  Lowering &unpacks() {
    readsPacked = true;
    return *this;
  }
  /// What is not supported beyond that, for the documentation.
  Lowering &except(StringRef what) {
    restrictions = what;
    return *this;
  }

  LowerFn lower;
  unsigned minInputs = 0, maxInputs = 0;
  StringRef attributes, restrictions;
  Elements elements = Elements::Any;
  bool readsPacked = false;
};

/// Lowerings by operator, domains other than the standard one as `domain::Op`.
using Lowerings = llvm::StringMap<Lowering>;

/// Reports what `op` has that `lowering` does not understand.
LogicalResult checkNode(onnxir::NodeOp op, const Lowering &lowering);

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
void populateConvolutionLowerings(Lowerings &lowerings);
void populatePaddingLowerings(Lowerings &lowerings);
void populateReductionLowerings(Lowerings &lowerings);
void populateNormalizationLowerings(Lowerings &lowerings);
void populateSelectionLowerings(Lowerings &lowerings);
void populateContractionLowerings(Lowerings &lowerings);
void populateControlFlowLowerings(Lowerings &lowerings);
void populateLinearAttentionLowerings(Lowerings &lowerings);
void populateIntegerProductLowerings(Lowerings &lowerings);
void populateQuantizationLowerings(Lowerings &lowerings);
void populateActivationLowerings(Lowerings &lowerings);

/// All of them.
const Lowerings &getLowerings();

/// Adds an initializer whose bytes are a stretch of a file, and reads it.
Value addFileWeight(Node &node, const Twine &name, onnxir::FileAttr file);

/// `value`, an element of ONNX type `from`, as one of type `to`. Signless types
/// stand for signed ones.
Value castScalar(ImplicitLocOpBuilder &b, Value value, Type from, Type to);

} // namespace mlir::onnxtolinalg

#endif // MOE_LIB_CONVERSION_ONNXTOLINALG_LOWERING_H
