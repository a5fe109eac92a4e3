//===- QuantizedWeights.h - Codes of weights in kernels ---------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_CONVERSION_MOETOTRITON_QUANTIZEDWEIGHTS_H
#define MOE_CONVERSION_MOETOTRITON_QUANTIZEDWEIGHTS_H

#include "Kernels.h"

namespace mlir::moe {

/// The parameters that weights are.
struct WeightArguments {
  Value codes, scales, zeros;

  /// Takes them off the front of `arguments`.
  static WeightArguments take(const GemmConfig &config, ValueRange &arguments);
};

/// Pointers to codes, scales and zero points of some rows [n] of one expert.
class CodeReader {
public:
  CodeReader(KernelBuilder &k, const GemmConfig &config,
             const WeightArguments &weights, Value expert, Value rows);

  /// Codes less their zero point, of inputs `start` to `start` + `depth`, as
  /// f32 [n, depth]; `zeros` as readZeros gives them. Inputs past the end are
  /// some number.
  Value readCodes(Value start, int64_t depth, Value zeros);
  /// Scales or zero points of the blocks that these inputs are in [n, blocks];
  /// null where there are none or all are the same.
  Value readScales(Value start, int64_t depth) {
    return readBlocks(scales, start, depth);
  }
  Value readZeros(Value start, int64_t depth) {
    return readBlocks(zeros, start, depth);
  }
  /// Blocks [n, blocks] as factors of inputs [n, depth].
  Value spread(Value blocks, int64_t depth);

private:
  Value readBlocks(Value pointers, Value start, int64_t depth);

  KernelBuilder &k;
  const GemmConfig &config;
  /// [n, 1]: where the rows begin.
  Value codes, scales, zeros;
};

/// The greatest depth of a tile, of at most `most`, that no block ends in.
int64_t getDepthInBlock(const QuantConfig &quant, int64_t most);

} // namespace mlir::moe

#endif // MOE_CONVERSION_MOETOTRITON_QUANTIZEDWEIGHTS_H
