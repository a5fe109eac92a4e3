//===- BFloat16.h - Conversions that compilers' runtimes lack ---*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RUNTIME_BFLOAT16_H
#define MOE_RUNTIME_BFLOAT16_H

extern "C" {
/// Roundings to bf16, to nearest and ties to even, in the way of the functions
/// __truncsfbf2 and __truncdfbf2 that LLVM calls where a processor has no
/// instruction for them.
__bf16 moe_truncsfbf2(float value);
__bf16 moe_truncdfbf2(double value);
}

#endif // MOE_RUNTIME_BFLOAT16_H
