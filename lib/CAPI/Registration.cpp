//===- Registration.cpp - Everything of the project, for C ------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-c/Registration.h"
#include "mlir/CAPI/IR.h"
#include "moe/InitAll.h"

void moeRegisterAllDialects(MlirDialectRegistry registry) {
  moe::registerAllDialects(*unwrap(registry));
}

void moeRegisterAllPasses() { moe::registerAllPasses(); }
