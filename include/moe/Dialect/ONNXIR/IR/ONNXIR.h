//===- ONNXIR.h - The onnxir dialect: operations, attributes, types ===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_ONNXIR_IR_ONNXIR_H
#define MOE_DIALECT_ONNXIR_IR_ONNXIR_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "moe/Dialect/MoE/IR/MoEInterfaces.h"
#include <optional>

#include "moe/Dialect/ONNXIR/IR/ONNXIRDialect.h.inc"

#define GET_TYPEDEF_CLASSES
#include "moe/Dialect/ONNXIR/IR/ONNXIRTypes.h.inc"

#define GET_ATTRDEF_CLASSES
#include "moe/Dialect/ONNXIR/IR/ONNXIRAttributes.h.inc"

#define GET_OP_CLASSES
#include "moe/Dialect/ONNXIR/IR/ONNXIROps.h.inc"

namespace mlir::onnxir {

/// Bits of one element where tensors stand in files: 8 for bool, the width
/// for sub-byte ones; nothing for strings and other types without a size.
std::optional<unsigned> getStorageBits(Type elementType);

/// Bytes that a tensor of this type takes in a file, sub-byte elements packed
/// over the whole tensor; nothing when it has no size or it overflows.
std::optional<int64_t> getStorageBytes(ShapedType type);

/// The value of `value` where it is known from the IR alone: an initializer
/// that is not in a file, a Constant node, an upstream constant. Else null.
/// Who asks for many values passes tables, and erases no initializer meanwhile.
ElementsAttr getConstantElements(Value value,
                                 SymbolTableCollection *symbolTables = nullptr);

/// The element type that a number of TensorProto.DataType stands for; null for
/// numbers without a meaning.
Type getElementTypeOf(MLIRContext *context, int64_t dataType);

} // namespace mlir::onnxir

#endif // MOE_DIALECT_ONNXIR_IR_ONNXIR_H
