//===- NodeUtils.cpp - Reading operators off onnxir.node -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/ONNXIR/Utils/NodeUtils.h"
#include "mlir/IR/BuiltinTypes.h"
#include "moe/Dialect/ONNXIR/Utils/ShapeValues.h"
#include "llvm/ADT/SmallSet.h"

using namespace mlir;
using namespace mlir::onnxir;

std::string onnxir::getSubject(NodeOp node) {
  StringRef type = node.getOpType(), name = node.getDisplayName();
  return name == type ? type.str() : (name + ": " + type).str();
}

/// Writes who speaks: `node: operator: `, the node being left out where the
/// location names it, for a tool prints that.
static InFlightDiagnostic &&introduce(InFlightDiagnostic &&diag, NodeOp node) {
  bool named = false;
  node.getLoc()->walk([&](Location loc) {
    named = isa<NameLoc>(loc);
    return named ? WalkResult::interrupt() : WalkResult::advance();
  });
  if (!named && node.getDisplayName() != node.getOpType())
    diag << node.getDisplayName() << ": ";
  diag << node.getOpType() << ": ";
  return std::move(diag);
}

InFlightDiagnostic onnxir::emitNodeError(NodeOp node) {
  return introduce(emitError(node.getLoc()), node);
}

InFlightDiagnostic onnxir::emitNodeRemark(NodeOp node) {
  return introduce(emitRemark(node.getLoc()), node);
}

std::optional<SmallVector<int64_t>>
onnxir::getConstantInts(Value value, SymbolTableCollection *symbolTables) {
  if (!value)
    return std::nullopt;
  auto elements = dyn_cast_or_null<DenseElementsAttr>(
      getConstantElements(value, symbolTables));
  if (!elements || !isa<IntegerType>(elements.getElementType()))
    return std::nullopt;
  bool isUnsigned = elements.getElementType().isUnsignedInteger() ||
                    elements.getElementType().isInteger(1);
  SmallVector<int64_t> ints;
  for (const APInt &element : elements.getValues<APInt>())
    ints.push_back(isUnsigned ? static_cast<int64_t>(element.getZExtValue())
                              : element.getSExtValue());
  return ints;
}

std::optional<int64_t> onnxir::normalizeAxis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank)
    return std::nullopt;
  return axis < 0 ? axis + rank : axis;
}

FailureOr<int64_t> onnxir::getAxis(NodeOp node, StringRef name,
                                   int64_t otherwise, int64_t rank) {
  int64_t axis = node.getInt(name, otherwise);
  if (std::optional<int64_t> normalized = normalizeAxis(axis, rank))
    return *normalized;
  emitNodeError(node) << name << " " << axis << " is out of range for rank "
                      << rank;
  return failure();
}

FailureOr<std::optional<SmallVector<int64_t>>>
onnxir::getAxes(NodeOp node, unsigned slot, int64_t rank,
                ShapeValues &values) {
  SmallVector<int64_t> axes;
  if (std::optional<ArrayRef<int64_t>> attribute = node.getInts("axes")) {
    axes.assign(attribute->begin(), attribute->end());
  } else if (Value input = node.getInput(slot)) {
    // None at all need no value to be known.
    if (auto constant = values.getConstants(input))
      axes = *constant;
  } else {
    return std::optional<SmallVector<int64_t>>();
  }
  llvm::SmallSet<int64_t, 8> seen;
  for (int64_t &axis : axes) {
    std::optional<int64_t> normalized = normalizeAxis(axis, rank);
    if (!normalized) {
      emitNodeError(node) << "axis " << axis << " is out of range for rank "
                          << rank;
      return failure();
    }
    axis = *normalized;
    if (!seen.insert(axis).second) {
      emitNodeError(node) << "axis " << axis << " is repeated";
      return failure();
    }
  }
  return std::optional(axes);
}

bool onnxir::hasOpenAxes(NodeOp node, unsigned slot, ShapeValues &values) {
  Value input = node.getInput(slot);
  if (!input || node.getInts("axes") || values.getConstants(input))
    return false;
  auto type = dyn_cast<RankedTensorType>(input.getType());
  return !type || !type.hasStaticShape() || type.getNumElements() != 0;
}

FailureOr<SmallVector<int64_t>> onnxir::broadcastShapes(ArrayRef<int64_t> a,
                                                        ArrayRef<int64_t> b) {
  if (a.size() < b.size())
    std::swap(a, b);
  SmallVector<int64_t> result(a);
  size_t offset = a.size() - b.size();
  for (auto [i, size] : llvm::enumerate(b)) {
    int64_t &out = result[offset + i];
    if (out == size || size == 1)
      continue;
    if (out == 1) {
      out = size;
      continue;
    }
    // A dynamic size may be 1 or the other one.
    if (ShapedType::isDynamic(out)) {
      out = size;
      continue;
    }
    if (!ShapedType::isDynamic(size))
      return failure();
  }
  return result;
}
