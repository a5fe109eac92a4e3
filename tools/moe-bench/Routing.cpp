//===- Routing.cpp - Which experts tokens go to -----------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Routing.h"
#include "llvm/ADT/StringExtras.h"
#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

using namespace llvm;
using namespace moe;

Expected<Skew> Skew::parse(StringRef text) {
  if (text == "uniform")
    return Skew{0};
  if (text == "zipf")
    return Skew{1};
  if (text == "one")
    return Skew{INFINITY};
  Skew skew;
  if (text.consume_front("zipf:") && to_float(text, skew.exponent) &&
      skew.exponent >= 0 && std::isfinite(skew.exponent))
    return skew;
  return createStringError("not uniform, zipf, zipf:S or one");
}

Routing::Routing(int64_t tokens, int64_t experts, int64_t topK,
                 const Skew &skew, uint64_t seed)
    : bias(tokens * experts, -1000.0f) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> unit(1e-12, 1.0);
  std::vector<double> keys(experts);
  std::vector<int64_t> order(experts);
  std::vector<bool> isTouched(experts);
  for (int64_t token = 0; token < tokens; ++token) {
    // The greatest Gumbel-distributed keys are a draw without replacement.
    for (int64_t e = 0; e < experts; ++e)
      keys[e] = std::isinf(skew.exponent)
                    ? -double(e)
                    : -skew.exponent * std::log(e + 1.0) -
                          std::log(-std::log(unit(random)));
    std::iota(order.begin(), order.end(), 0);
    std::partial_sort(order.begin(), order.begin() + topK, order.end(),
                      [&](int64_t a, int64_t b) { return keys[a] > keys[b]; });
    for (int64_t j = 0; j < topK; ++j) {
      bias[token * experts + order[j]] = 0;
      isTouched[order[j]] = true;
    }
  }
  touched = std::count(isTouched.begin(), isTouched.end(), true);
}
