//===- Export.h - Triton IR text and plans of launches -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TARGET_TRITON_EXPORT_H
#define MOE_TARGET_TRITON_EXPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/raw_ostream.h"

namespace mlir::moe {

/// Writes each `tt.func` of `module` as a module of its own, as Triton 3.9
/// reads them, with lines `// -----` between them.
LogicalResult exportTriton(ModuleOp module, llvm::raw_ostream &os);

/// Writes the kernels with what a launch of them needs, and for each function
/// that launches kernels its arguments, buffers and launches, as JSON
/// (docs/GPU.md). Functions hold launches, sizes and branches on sizes only.
LogicalResult exportLaunchPlan(ModuleOp module, llvm::raw_ostream &os);

} // namespace mlir::moe

#endif // MOE_TARGET_TRITON_EXPORT_H
