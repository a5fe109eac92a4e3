//===- BFloat16.cpp - Conversions that compilers' runtimes lack -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-runtime/BFloat16.h"
#include <cmath>
#include <cstdint>
#include <cstring>

static uint32_t bitsOf(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof(bits));
  return bits;
}

/// The upper half of `bits`, rounded; a NaN stays one.
static __bf16 round(uint32_t bits, bool isNaN) {
  uint16_t half = isNaN ? bits >> 16 | 0x40
                        : (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  __bf16 result;
  memcpy(&result, &half, sizeof(result));
  return result;
}

extern "C" __bf16 moe_truncsfbf2(float value) {
  return round(bitsOf(value), std::isnan(value));
}

extern "C" __bf16 moe_truncdfbf2(double value) {
  float nearest = static_cast<float>(value);
  uint32_t bits = bitsOf(nearest);
  // Rounding to odd first keeps the second rounding from seeing a tie that
  // there was not.
  if (!std::isnan(value) && nearest != value) {
    if (std::fabs(nearest) > std::fabs(value))
      --bits;
    bits |= 1;
  }
  return round(bits, std::isnan(value));
}
