//===- Passes.h - Conversions between dialects ------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_CONVERSION_PASSES_H
#define MOE_CONVERSION_PASSES_H

#include "mlir/Pass/Pass.h"

namespace mlir::moe {

/// Whose computation com.microsoft MoE and QMoE mean, where the kernels of
/// ONNX Runtime and the operators' schema differ.
enum class ContribSemantics { Schema, ORTCPU, ORTCUDA };
/// What to make of QMoE weights that are marked as prepacked.
enum class QMoELayout { Raw, Reject };
/// Which operators convert-moe-to-onnx may write layers as.
enum class ExportTarget { Standard, ORTCPU, ORTCUDA };

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "moe/Conversion/Passes.h.inc"

} // namespace mlir::moe

#endif // MOE_CONVERSION_PASSES_H
