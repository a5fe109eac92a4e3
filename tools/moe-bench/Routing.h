//===- Routing.h - Which experts tokens go to -------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_MOEBENCH_ROUTING_H
#define MOE_TOOLS_MOEBENCH_ROUTING_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <vector>

namespace moe {

/// How unequally experts are chosen: expert number i in proportion to
/// (i + 1)^-exponent. 0 is uniform, infinity gives all tokens the first ones.
struct Skew {
  double exponent = 0;

  /// "uniform", "zipf", "zipf:S" or "one".
  static llvm::Expected<Skew> parse(llvm::StringRef text);
};

/// A choice of `topK` different experts for each token.
struct Routing {
  /// tokens × experts: 0 for chosen experts, −1000 for others, to be added to
  /// the logits.
  std::vector<float> bias;
  /// Experts that some token chose.
  int64_t touched;

  Routing(int64_t tokens, int64_t experts, int64_t topK, const Skew &skew,
          uint64_t seed);
};

} // namespace moe

#endif // MOE_TOOLS_MOEBENCH_ROUTING_H
