//===- CodeVariant.h - Code that a library may hold several of --*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_EXECUTIONENGINE_CODEVARIANT_H
#define MOE_EXECUTIONENGINE_CODEVARIANT_H

#include "moe/ExecutionEngine/ObjectCode.h"

namespace llvm {
class Module;
} // namespace llvm

namespace moe {

/// Hides what `module` exports and lists it in the section `moe_code` instead,
/// with the processor that it is for, so that any number of such object files
/// link into one library, whose runtime chooses among them.
void makeCodeVariant(llvm::Module &module, const CodeTarget &target);

} // namespace moe

#endif // MOE_EXECUTIONENGINE_CODEVARIANT_H
