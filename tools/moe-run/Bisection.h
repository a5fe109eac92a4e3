//===- Bisection.h - The first operator that went wrong ---------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_MOERUN_BISECTION_H
#define MOE_TOOLS_MOERUN_BISECTION_H

#include "Comparison.h"

namespace moe {

/// Compares the values of the model's nodes in the optimised program with those
/// in the unoptimised one, on the same inputs, and prints the name of the first
/// that departs. Once a value departs those that depend on it are taken to
/// depart too, so that few programs are compiled. Whether none departs.
llvm::Expected<bool> bisect(llvm::StringRef path, llvm::StringRef entry,
                            const CompileOptions &options,
                            llvm::ArrayRef<HostTensor> inputs,
                            Tolerance tolerance);

} // namespace moe

#endif // MOE_TOOLS_MOERUN_BISECTION_H
