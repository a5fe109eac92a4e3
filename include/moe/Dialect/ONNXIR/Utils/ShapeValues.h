//===- ShapeValues.h - Known elements of small integer tensors -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_ONNXIR_UTILS_SHAPEVALUES_H
#define MOE_DIALECT_ONNXIR_UTILS_SHAPEVALUES_H

#include "mlir/IR/OpDefinition.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"
#include <functional>

namespace mlir::onnxir {

/// What is known of the elements of small integer tensors, as models compute
/// shapes with: Shape, Gather, Concat and the like. An element is an index
/// attribute where it is a constant, an index value where it can be computed
/// by code, null where nothing is known.
///
/// Without a builder only constants are known: type inference uses it so. With
/// one, sizes of dimensions become code, and arithmetic on them too.
class ShapeValues {
public:
  using Elements = SmallVector<OpFoldResult>;
  /// The size of a dimension of an onnxir value; null where it is not known.
  using SizeOf = std::function<OpFoldResult(Value, unsigned)>;

  ShapeValues(SizeOf sizeOf, OpBuilder *builder = nullptr)
      : sizeOf(std::move(sizeOf)), builder(builder) {}

  /// The elements of `value` in row-major order, if it is tracked at all.
  std::optional<Elements> get(Value value);
  /// Those of them that are constants; nothing unless all are.
  std::optional<SmallVector<int64_t>> getConstants(Value value);
  /// Tables for look-ups of initializers, which stay while this lives.
  SymbolTableCollection &getSymbolTables() { return symbolTables; }
  /// Learns the results of `node`, its operands having been visited.
  void visit(NodeOp node);
  /// Says what the elements of `value` are.
  void set(Value value, Elements elements) { known[value] = elements; }
  /// Forgets what values of `region` are, down to the innermost one.
  void forget(Region &region);
  /// Says that `to` stands for `from` from now on.
  void replace(Value from, Value to);
  /// `a operation b` for the names that ONNX has for Add, Sub, Mul, Div, Max
  /// and Min; null where it is not known.
  OpFoldResult combine(Location loc, StringRef operation, OpFoldResult a,
                       OpFoldResult b);

private:
  Elements evaluate(NodeOp node, bool &known);
  Elements evaluateShape(NodeOp node, bool &known);
  Elements evaluateSlice(NodeOp node, bool &known);
  Elements evaluateGather(NodeOp node, bool &known);
  Elements evaluateBinary(NodeOp node, bool &known);
  Elements evaluateReduction(NodeOp node, bool &known);

  SizeOf sizeOf;
  OpBuilder *builder;
  SymbolTableCollection symbolTables;
  llvm::DenseMap<Value, Elements> known;
};

} // namespace mlir::onnxir

#endif // MOE_DIALECT_ONNXIR_UTILS_SHAPEVALUES_H
