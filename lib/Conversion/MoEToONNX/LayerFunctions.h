//===- LayerFunctions.h - Layers as model-local functions -------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_MOETOONNX_LAYERFUNCTIONS_H
#define MOE_LIB_CONVERSION_MOETOONNX_LAYERFUNCTIONS_H

#include "LayerView.h"
#include "mlir/IR/SymbolTable.h"

namespace mlir::moe {

/// The domain of the functions that layers become.
inline constexpr StringLiteral kLayerDomain = "moe_mlir";

/// The model-local functions of a module that stand for layers written in
/// standard operators. Layers of the same nodes share one.
class LayerFunctions {
public:
  explicit LayerFunctions(ModuleOp module) : module(module), symbols(module) {}

  /// Moves the nodes from `first` up to, but without, `end` into a function of
  /// the layer's tokens, ids and weights, and of what else they use. A call of
  /// it takes the place of `result`, the only one of their values that others
  /// use. False where the nodes must stay: ONNX Runtime has no functions of
  /// some inputs.
  bool outline(const LayerView &layer, Operation *first, Operation *end,
               Value result);

private:
  onnxir::FunctionOp getOrInsert(onnxir::FunctionOp function);

  ModuleOp module;
  SymbolTable symbols;
  SmallVector<onnxir::FunctionOp> functions;
};

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_MOETOONNX_LAYERFUNCTIONS_H
