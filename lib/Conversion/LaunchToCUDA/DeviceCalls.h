//===- DeviceCalls.h - Functions that call the CUDA runtime -----*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_CONVERSION_LAUNCHTOCUDA_DEVICECALLS_H
#define MOE_CONVERSION_LAUNCHTOCUDA_DEVICECALLS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Dialect/Triton/IR/Triton.h"

namespace mlir::moe {

/// Attributes of a compiled tt.func: machine code, bytes of shared memory and
/// of memory for each program, compute capability.
constexpr llvm::StringLiteral kImage = "moe.image";
constexpr llvm::StringLiteral kShared = "moe.shared";
constexpr llvm::StringLiteral kScratch = "moe.scratch";
constexpr llvm::StringLiteral kCapability = "moe.capability";

/// A function of the runtime, declared on demand. `result` null: none.
LLVM::LLVMFuncOp getRuntimeFunction(ModuleOp module, StringRef name,
                                    ArrayRef<Type> arguments, Type result);

/// The pointer to a buffer's first element.
Value getPointer(OpBuilder &b, Location loc, Value buffer);

/// A function (from, to) of buffers of `type`'s rank and element type that
/// copies to the device or back.
func::FuncOp getCopyFunction(ModuleOp module, Location loc, TensorType type,
                             bool toDevice);

/// A function of three grid sizes and the operands of `launch` that launches
/// its kernel, which must be compiled. Emits an error where it is not.
FailureOr<func::FuncOp> getLaunchFunction(ModuleOp module, LaunchOp launch);

} // namespace mlir::moe

#endif // MOE_CONVERSION_LAUNCHTOCUDA_DEVICECALLS_H
