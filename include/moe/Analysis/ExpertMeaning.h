//===- ExpertMeaning.h - What an expert is known to compute -----*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_ANALYSIS_EXPERTMEANING_H
#define MOE_ANALYSIS_EXPERTMEANING_H

#include "moe/Dialect/MoE/IR/MoE.h"

namespace mlir::moe {

/// What an expert is known to make of a row x.
struct ExpertMeaning {
  enum Kind {
    /// Nothing is known.
    Unknown,
    /// 0.
    Zero,
    /// x.
    Copy,
    /// The vector `index` of `vectors`.
    Constant,
    /// a·x + b·v, v being that vector and [a, b] the softmax of what matrix
    /// `index` of `mix` makes of x.
    Mixed
  };
  Kind kind = Unknown;
  Value vectors = {}, mix = {};
  int64_t index = 0;

  /// Whether it takes no matrix of its own.
  bool isZeroComputation() const { return kind != Unknown; }
};

/// Finds out what experts compute, by their kind or by the values of their
/// weights. Rows and hidden values are taken to be finite: a matrix of zeros
/// makes 0 of them.
class ExpertMeanings {
public:
  /// With `readData`, weights that stand in files are looked at: all bytes of
  /// a matrix of zeros, the first ones of any other.
  /// `symbolTables` finds them, and must outlive this.
  ExpertMeanings(SymbolTableCollection &symbolTables, bool readData)
      : symbolTables(symbolTables), readData(readData) {}

  /// The meaning of expert `expert` of a set.
  ExpertMeaning get(Value set, int64_t expert);

  /// Whether what was found rests on data outside the IR.
  bool usedData() const { return foundInData; }

private:
  bool isZero(Value tensor, int64_t first, int64_t count);
  bool isZeroWeights(Value weights, int64_t expert);
  ExpertMeaning getFFN(FFNExpertsOp op, int64_t expert);
  ExpertMeaning getRegion(RegionExpertsOp op);

  SymbolTableCollection &symbolTables;
  bool readData;
  bool foundInData = false;
};

} // namespace mlir::moe

#endif // MOE_ANALYSIS_EXPERTMEANING_H
