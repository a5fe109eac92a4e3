//===- NarrowFloat.h - Conversions of 16-bit floats -------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_RUNTIME_NARROWFLOAT_H
#define MOE_RUNTIME_NARROWFLOAT_H

// LLVM calls these, by the names of the compiler's support library
// (__truncsfbf2, …), where a processor has no instruction for a conversion.
// They round to nearest even.
extern "C" {
__bf16 moe_truncsfbf2(float value);
__bf16 moe_truncdfbf2(double value);
_Float16 moe_truncsfhf2(float value);
_Float16 moe_truncdfhf2(double value);
float moe_extendhfsf2(_Float16 value);
}

#endif // MOE_RUNTIME_NARROWFLOAT_H
