//===- InferTypes.h - Rules of type inference -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_DIALECT_ONNXIR_TRANSFORMS_INFERTYPES_H
#define MOE_LIB_DIALECT_ONNXIR_TRANSFORMS_INFERTYPES_H

#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"
#include "moe/Dialect/ONNXIR/Utils/NodeUtils.h"
#include "moe/Dialect/ONNXIR/Utils/ShapeValues.h"
#include "llvm/ADT/StringMap.h"
#include <functional>

namespace mlir::onnxir {

/// One node whose result types are asked for. Every operand that is there has
/// a ranked tensor type.
class Inference {
public:
  Inference(NodeOp node, ShapeValues &values) : node(node), values(values) {}

  /// Type of input `slot`; null where it is left out.
  RankedTensorType getType(unsigned slot) {
    Value input = node.getInput(slot);
    return input ? cast<RankedTensorType>(input.getType()) : RankedTensorType();
  }
  ArrayRef<int64_t> getShape(unsigned slot) { return getType(slot).getShape(); }
  Type getElementType(unsigned slot) { return getType(slot).getElementType(); }
  int64_t getRank(unsigned slot) { return getType(slot).getRank(); }
  MLIRContext *getContext() { return node.getContext(); }
  bool has(unsigned slot) { return static_cast<bool>(node.getInput(slot)); }

  /// Says what result `index` is. Emits an error where the model declares
  /// something else.
  LogicalResult set(unsigned index, Type elementType, ArrayRef<int64_t> shape);
  /// A result of the type of an input.
  LogicalResult setLike(unsigned index, unsigned slot) {
    return set(index, getElementType(slot), getShape(slot));
  }
  /// The node's error, which the caller says the reason of.
  InFlightDiagnostic emitError() { return emitNodeError(node); }
  unsigned getNumRefined() const { return numRefined; }

  NodeOp node;
  ShapeValues &values;

private:
  unsigned numRefined = 0;
};

/// How an operator's result types follow from its operands.
struct InferRule {
  /// Inputs that must be there, counted from the first.
  unsigned minInputs;
  LogicalResult (*infer)(Inference &);
};

/// Rules by operator, domains other than the standard one as `domain::Op`.
using InferRules = llvm::StringMap<InferRule>;

/// Infers the types in a block, which may be inferred again with other types of
/// its arguments.
using InferBlock = std::function<LogicalResult(Block &)>;

LogicalResult inferIf(Inference &inference, const InferBlock &infer);
LogicalResult inferLoop(Inference &inference, const InferBlock &infer);
LogicalResult inferScan(Inference &inference, const InferBlock &infer);

/// Sets `folded` to what `node`, a SequenceAt, takes out of a tensor that was
/// split into a sequence, where sizes and position are known.
LogicalResult foldSequenceAt(NodeOp node, Value &folded);

void addElementwiseRules(InferRules &rules);
void addShapeRules(InferRules &rules);
void addReshapeRules(InferRules &rules);
void addIndexingRules(InferRules &rules);
void addReductionRules(InferRules &rules);
void addContractionRules(InferRules &rules);
void addAttentionRules(InferRules &rules);
void addContribRules(InferRules &rules);
void addQuantizationRules(InferRules &rules);

/// The shape of a matrix product of two inputs, having checked that they fit.
FailureOr<SmallVector<int64_t>> getProductShape(Inference &inference,
                                                unsigned lhs, unsigned rhs);

/// All of them.
const InferRules &getInferRules();

} // namespace mlir::onnxir

#endif // MOE_LIB_DIALECT_ONNXIR_TRANSFORMS_INFERTYPES_H
