//===- LayerModel.h - The MoE layer that is measured ------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_TOOLS_MOEBENCH_LAYERMODEL_H
#define MOE_TOOLS_MOEBENCH_LAYERMODEL_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>
#include <vector>

namespace moe {

/// How the weights of experts are stored.
struct WeightType {
  /// The name on the command line.
  llvm::StringLiteral name;
  /// MLIR's element types of the logical weights and of the source tensor.
  llvm::StringLiteral storage, source;
  unsigned bits;

  bool hasScales() const { return bits <= 8; }
  /// The element type of tokens: that of weights of 16 bits, else f32.
  llvm::StringRef getTokenType() const { return bits == 16 ? storage : "f32"; }
  /// Numbers as tokens hold them.
  std::vector<uint8_t> makeTokens(llvm::ArrayRef<float> values) const;
  static const WeightType *find(llvm::StringRef name);
  /// "f32, bf16, …".
  static std::string listNames();
};

/// Sizes of a layer of SwiGLU experts behind a softmax router.
struct LayerShape {
  int64_t hidden = 2048, inter = 1024, experts = 64, topK = 8;

  /// The layer of a known model; null if there is none of the name.
  static const LayerShape *find(llvm::StringRef name);
  static std::string listNames();

  /// Operations of the experts for a number of tokens.
  double getFlops(int64_t tokens) const {
    return 6.0 * hidden * inter * topK * tokens;
  }
  /// Bytes of one expert, with a scale of 16 bits for each `block` inputs (0: a
  /// row).
  double getExpertBytes(const WeightType &type, int64_t block) const;
};

/// Writes a module with function `layer`, and the weights that it refers to,
/// into `directory`; returns the module's path. The function takes tokens and,
/// for each token and expert, what is added to the router's logits. Experts share
/// bytes of the file, at different offsets, and each has memory of its own once
/// loaded.
llvm::Expected<std::string> writeLayer(const LayerShape &shape,
                                       const WeightType &type, int64_t block,
                                       llvm::StringRef directory);

} // namespace moe

#endif // MOE_TOOLS_MOEBENCH_LAYERMODEL_H
