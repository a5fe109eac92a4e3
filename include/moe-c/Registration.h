//===- Registration.h - Everything of the project, for C --------*- C -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_C_REGISTRATION_H
#define MOE_C_REGISTRATION_H

#include "mlir-c/IR.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Adds all dialects of the project, and the extensions that they attach to
/// others, to the registry.
MLIR_CAPI_EXPORTED void moeRegisterAllDialects(MlirDialectRegistry registry);

/// Registers all passes and pipelines of the project, so that textual
/// pipelines can name them.
MLIR_CAPI_EXPORTED void moeRegisterAllPasses(void);

#ifdef __cplusplus
}
#endif

#endif // MOE_C_REGISTRATION_H
