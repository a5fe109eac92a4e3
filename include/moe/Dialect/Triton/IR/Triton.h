//===- Triton.h - Triton IR: operations and types ---------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_TRITON_IR_TRITON_H
#define MOE_DIALECT_TRITON_IR_TRITON_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "moe/Dialect/Triton/IR/TritonDialect.h.inc"
#include "moe/Dialect/Triton/IR/TritonEnums.h.inc"

#define GET_TYPEDEF_CLASSES
#include "moe/Dialect/Triton/IR/TritonTypes.h.inc"

namespace mlir::moe::tt {
/// What `pointer`, a pointer or a tensor of pointers, points to; null for
/// another type.
Type getPointee(Type pointer);
/// i1, in the shape of `pointer`.
Type getMaskType(Type pointer);
/// `type` with the element type `element`, or `element` if it has no shape.
Type cloneWith(Type type, Type element);
} // namespace mlir::moe::tt

#define GET_OP_CLASSES
#include "moe/Dialect/Triton/IR/TritonOps.h.inc"

#endif // MOE_DIALECT_TRITON_IR_TRITON_H
