//===- Passes.h - Passes on the onnxir dialect -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_ONNXIR_TRANSFORMS_PASSES_H
#define MOE_DIALECT_ONNXIR_TRANSFORMS_PASSES_H

#include "mlir/Pass/Pass.h"

namespace mlir::onnxir {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "moe/Dialect/ONNXIR/Transforms/Passes.h.inc"

} // namespace mlir::onnxir

#endif // MOE_DIALECT_ONNXIR_TRANSFORMS_PASSES_H
