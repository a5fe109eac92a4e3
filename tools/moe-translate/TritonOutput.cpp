//===- TritonOutput.cpp - Triton IR as output of moe-translate -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TritonOutput.h"
#include "mlir/InitAllDialects.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Dialect/Triton/IR/Triton.h"
#include "moe/Target/Triton/Export.h"

using namespace mlir;

static void registerDialects(DialectRegistry &registry) {
  registerAllDialects(registry);
  registry.insert<moe::MoEDialect, moe::tt::TTDialect>();
}

void registerExportTriton() {
  static TranslateFromMLIRRegistration text(
      "moe-to-triton", "write kernels as Triton IR text",
      [](ModuleOp module, llvm::raw_ostream &os) {
        return moe::exportTriton(module, os);
      },
      registerDialects);
  static TranslateFromMLIRRegistration plan(
      "moe-to-launch-plan", "write kernels and their launches as JSON",
      [](ModuleOp module, llvm::raw_ostream &os) {
        return moe::exportLaunchPlan(module, os);
      },
      registerDialects);
}
