//===- OperatorSyntax.h - How operators are written -------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_DIALECT_ONNXIR_IR_OPERATORSYNTAX_H
#define MOE_LIB_DIALECT_ONNXIR_IR_OPERATORSYNTAX_H

#include "mlir/IR/OpImplementation.h"

namespace mlir::onnxir {

/// Prints `"Op" domain "d" overload "o"`, without those that are empty or null:
/// how nodes and functions begin.
void printOperator(OpAsmPrinter &printer, StringAttr opType, StringAttr domain,
                   StringAttr overload);

} // namespace mlir::onnxir

#endif // MOE_LIB_DIALECT_ONNXIR_IR_OPERATORSYNTAX_H
