//===- MoE.h - The moe dialect: operations, attributes, types -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_MOE_IR_MOE_H
#define MOE_DIALECT_MOE_IR_MOE_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/bit.h"
#include <limits>

namespace mlir::moe {
/// A real parameter of an attribute: a double that is equal to another, for
/// uniquing, when its bits are.
struct Real {
  double value;

  Real(double value) : value(value) {}
  operator double() const { return value; }
  bool operator==(const Real &other) const {
    return llvm::bit_cast<uint64_t>(value) ==
           llvm::bit_cast<uint64_t>(other.value);
  }
};
inline llvm::hash_code hash_value(const Real &real) {
  return llvm::hash_value(llvm::bit_cast<uint64_t>(real.value));
}

/// Reads an integer or floating-point literal, or `inf`, with an optional
/// minus sign.
FailureOr<Real> parseReal(AsmParser &parser);
/// Prints the shortest text that parseReal reads back as `value`.
void printReal(AsmPrinter &printer, Real value);

/// The same for an f64 attribute of an operation, as `custom<Real>`.
ParseResult parseReal(OpAsmParser &parser, FloatAttr &attr);
void printReal(OpAsmPrinter &printer, Operation *op, FloatAttr attr);

/// The encoding of `experts` of moe.weights, which versions below 1.3 lack.
LogicalResult readExpertSelection(DialectBytecodeReader &reader,
                                  SmallVector<int64_t> &experts);
void writeExpertSelection(DialectBytecodeWriter &writer,
                          ArrayRef<int64_t> experts);
} // namespace mlir::moe

#include "moe/Dialect/MoE/IR/MoEDialect.h.inc"
#include "moe/Dialect/MoE/IR/MoEEnums.h.inc"
#include "moe/Dialect/MoE/IR/MoEInterfaces.h"

#define GET_TYPEDEF_CLASSES
#include "moe/Dialect/MoE/IR/MoETypes.h.inc"

#define GET_ATTRDEF_CLASSES
#include "moe/Dialect/MoE/IR/MoEAttributes.h.inc"

#define GET_OP_CLASSES
#include "moe/Dialect/MoE/IR/MoEOps.h.inc"

#endif // MOE_DIALECT_MOE_IR_MOE_H
