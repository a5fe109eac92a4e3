//===- InitAll.h - The one registration list of tools and plugin ----------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_INITALL_H
#define MOE_INITALL_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace moe {
/// Registers this project's dialects, and the extensions that they attach to
/// others.
void registerAllDialects(mlir::DialectRegistry &registry);
/// Registers this project's passes and pipelines.
void registerAllPasses();
} // namespace moe

#endif // MOE_INITALL_H
