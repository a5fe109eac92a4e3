//===- KernelText.h - Kernels as Triton IR text -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TARGET_TRITON_KERNELTEXT_H
#define MOE_TARGET_TRITON_KERNELTEXT_H

#include "mlir/IR/BuiltinOps.h"
#include "moe/Dialect/Triton/IR/Triton.h"
#include <string>

namespace mlir::moe {

/// A module of this kernel alone.
std::string getKernelText(tt::FuncOp kernel);

} // namespace mlir::moe

#endif // MOE_TARGET_TRITON_KERNELTEXT_H
