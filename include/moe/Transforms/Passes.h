//===- Passes.h - Passes between the dialects -------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TRANSFORMS_PASSES_H
#define MOE_TRANSFORMS_PASSES_H

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::moe {
#define GEN_PASS_DECL
#include "moe/Transforms/Passes.h.inc"

/// Names of attributes that passes leave for one another on functions and
/// their arguments; see moe-bind-weights, moe-emit-entry-points and
/// moe-insert-profiling.
constexpr llvm::StringLiteral kWeightAttrName = "moe.weight";
constexpr llvm::StringLiteral kResidentAttrName = "moe.resident";
constexpr llvm::StringLiteral kInitAttrName = "moe.init";
constexpr llvm::StringLiteral kTypeAttrName = "moe.type";
constexpr llvm::StringLiteral kKindAttrName = "moe.kind";

#define GEN_PASS_REGISTRATION
#include "moe/Transforms/Passes.h.inc"
} // namespace mlir::moe

#endif // MOE_TRANSFORMS_PASSES_H
