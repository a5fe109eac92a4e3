//===- Passes.h - Passes between the dialects -------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TRANSFORMS_PASSES_H
#define MOE_TRANSFORMS_PASSES_H

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
