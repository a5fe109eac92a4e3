//===- NodeUtils.h - Reading operators off onnxir.node -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_ONNXIR_UTILS_NODEUTILS_H
#define MOE_DIALECT_ONNXIR_UTILS_NODEUTILS_H

#include "mlir/IR/Diagnostics.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"

namespace mlir::onnxir {

class ShapeValues;

/// Who speaks in messages of the compiled code: `node: operator`.
std::string getSubject(NodeOp node);

/// Starts the error `node: operator: reason`, the reason being what the caller
/// streams into it.
InFlightDiagnostic emitNodeError(NodeOp node);
/// The same, as a remark.
InFlightDiagnostic emitNodeRemark(NodeOp node);

/// The integers that `value` is known to hold, in row-major order.
std::optional<SmallVector<int64_t>>
getConstantInts(Value value, SymbolTableCollection *symbolTables = nullptr);

/// `axis` counted from the front, or nothing when it is not in [−rank, rank).
std::optional<int64_t> normalizeAxis(int64_t axis, int64_t rank);

/// The attribute `name` as an axis of a tensor of `rank`, having reported one
/// out of range.
FailureOr<int64_t> getAxis(NodeOp node, StringRef name, int64_t otherwise,
                           int64_t rank);

/// The axes of `node`: those of its attribute `axes` (opsets below 13), else
/// of its input `slot`, which is not open. Nothing where it has neither. Reports
/// axes that are out of range or repeated.
FailureOr<std::optional<SmallVector<int64_t>>>
getAxes(NodeOp node, unsigned slot, int64_t rank, ShapeValues &values);

/// Whether the axes of `node` are those that input `slot` holds at run time.
bool hasOpenAxes(NodeOp node, unsigned slot, ShapeValues &values);

/// Sizes after broadcasting as NumPy does: dynamic where it is not known.
/// Fails when two sizes cannot meet.
FailureOr<SmallVector<int64_t>> broadcastShapes(ArrayRef<int64_t> a,
                                                ArrayRef<int64_t> b);

} // namespace mlir::onnxir

#endif // MOE_DIALECT_ONNXIR_UTILS_NODEUTILS_H
