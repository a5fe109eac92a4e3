//===- NarrowFloat.cpp - Conversions of 16-bit floats -----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe-runtime/NarrowFloat.h"
#include <cmath>
#include <cstdint>
#include <cstring>

template <typename To, typename From> static To bitCast(From from) {
  static_assert(sizeof(To) == sizeof(From), "bits of one width");
  To to;
  std::memcpy(&to, &from, sizeof(To));
  return to;
}

/// Rounds a double to a 16-bit float with `fraction` bits of fraction and
/// exponents from `lowest` (of the least normal number) to `highest`.
static uint16_t narrow(double value, int fraction, int lowest, int highest) {
  uint64_t bits = bitCast<uint64_t>(value);
  auto sign = static_cast<uint16_t>(bits >> 63 << 15);
  auto infinity = static_cast<uint16_t>((highest - lowest + 2) << fraction);
  if (std::isnan(value)) {
    auto payload = static_cast<uint16_t>((bits & ((uint64_t(1) << 52) - 1)) >>
                                         (52 - fraction));
    return sign | infinity | payload | (1 << (fraction - 1));
  }
  double magnitude = std::fabs(value);
  if (std::isinf(value))
    return sign | infinity;
  if (magnitude == 0)
    return sign;
  int exponent = std::ilogb(magnitude);
  if (exponent < lowest)
    exponent = lowest;
  // In units of the last place, which a double holds exactly; nearbyint
  // rounds to even, and a carry into the exponent is what it should be.
  double units = std::nearbyint(std::ldexp(magnitude, fraction - exponent));
  auto code = static_cast<int64_t>(units) +
              (static_cast<int64_t>(exponent - lowest) << fraction);
  return sign | static_cast<uint16_t>(code < infinity ? code : infinity);
}

extern "C" {
__bf16 moe_truncsfbf2(float value) {
  uint32_t bits = bitCast<uint32_t>(value);
  if (std::isnan(value))
    return bitCast<__bf16>(static_cast<uint16_t>(bits >> 16 | 0x40));
  // Half of the last place, less one if that is already even.
  bits += 0x7fff + (bits >> 16 & 1);
  return bitCast<__bf16>(static_cast<uint16_t>(bits >> 16));
}

__bf16 moe_truncdfbf2(double value) {
  return bitCast<__bf16>(narrow(value, 7, -126, 127));
}

_Float16 moe_truncsfhf2(float value) {
  return bitCast<_Float16>(narrow(value, 10, -14, 15));
}

_Float16 moe_truncdfhf2(double value) {
  return bitCast<_Float16>(narrow(value, 10, -14, 15));
}

float moe_extendhfsf2(_Float16 value) {
  auto bits = bitCast<uint16_t>(value);
  uint32_t sign = uint32_t(bits & 0x8000) << 16;
  int exponent = bits >> 10 & 31, fraction = bits & 1023;
  if (exponent == 31)
    return bitCast<float>(sign | 0x7f800000 | uint32_t(fraction) << 13 |
                          (fraction ? 0x400000 : 0));
  float magnitude = exponent == 0
                        ? std::ldexp(float(fraction), -24)
                        : std::ldexp(float(fraction + 1024), exponent - 25);
  return bitCast<float>(bitCast<uint32_t>(magnitude) | sign);
}
}
