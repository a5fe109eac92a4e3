//===- MoEPlugin.cpp - Dialects and passes as a plugin ----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "moe/InitAll.h"

/// What `mlir-opt --load-dialect-plugin` asks for.
extern "C" LLVM_ATTRIBUTE_WEAK mlir::DialectPluginLibraryInfo
mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "MoE", MOE_VERSION,
          [](mlir::DialectRegistry *registry) {
            moe::registerAllDialects(*registry);
          }};
}

/// What `mlir-opt --load-pass-plugin` asks for.
extern "C" LLVM_ATTRIBUTE_WEAK mlir::PassPluginLibraryInfo
mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "MoE", MOE_VERSION,
          [] { moe::registerAllPasses(); }};
}
