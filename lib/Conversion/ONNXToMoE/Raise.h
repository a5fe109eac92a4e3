//===- Raise.h - The forms that layers are raised from -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOMOE_RAISE_H
#define MOE_LIB_CONVERSION_ONNXTOMOE_RAISE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "moe/Conversion/Passes.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"

namespace mlir::moe {

/// How the pass was asked to read com.microsoft operators.
struct ContribOptions {
  ContribSemantics semantics = ContribSemantics::ORTCPU;
  QMoELayout qmoeLayout = QMoELayout::Reject;
};

/// Replaces `node`, a MoE or QMoE of com.microsoft, by the layer that it is.
/// Emits an error when it is malformed or not supported.
LogicalResult raiseContribMoE(onnxir::NodeOp node,
                              const ContribOptions &options);

/// Replaces the layers of `function` that are written in other operators.
/// Returns how many there were.
FailureOr<unsigned> raiseLayers(func::FuncOp function);

/// The same bytes with other dimensions. An initializer gets a second symbol
/// for them; nothing is copied.
Value reinterpret(OpBuilder &builder, Location loc, Value value,
                  RankedTensorType type);

/// An initializer of codes of less than a byte as its bytes, with fewer
/// elements in the last dimension, which they fill.
Value getBytes(OpBuilder &builder, Location loc, Value codes);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_ONNXTOMOE_RAISE_H
