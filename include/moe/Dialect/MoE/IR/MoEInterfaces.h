//===- MoEInterfaces.h - Interfaces of the moe dialect ----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_MOE_IR_MOEINTERFACES_H
#define MOE_DIALECT_MOE_IR_MOEINTERFACES_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/SymbolTable.h"

#include "moe/Dialect/MoE/IR/MoEInterfaces.h.inc"

namespace mlir::moe {

/// Whether elements [first, first + count) of a constant are all +0.
bool isZeroRange(DenseElementsAttr elements, int64_t first, int64_t count);

} // namespace mlir::moe

#endif // MOE_DIALECT_MOE_IR_MOEINTERFACES_H
