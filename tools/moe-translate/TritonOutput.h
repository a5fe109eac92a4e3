//===- TritonOutput.h - Triton IR as output of moe-translate -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_MOE_TRANSLATE_TRITONOUTPUT_H
#define MOE_TOOLS_MOE_TRANSLATE_TRITONOUTPUT_H

/// Registers --moe-to-triton and --moe-to-launch-plan.
void registerExportTriton();

#endif // MOE_TOOLS_MOE_TRANSLATE_TRITONOUTPUT_H
