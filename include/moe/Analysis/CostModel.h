//===- CostModel.h - Predicted time of experts ------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_ANALYSIS_COSTMODEL_H
#define MOE_ANALYSIS_COSTMODEL_H

#include "moe/Analysis/ExpertLoad.h"

namespace mlir::moe {

/// The sizes of a feed-forward expert. All zero: an expert that multiplies
/// nothing.
struct ExpertSizes {
  int64_t in = 0, inter = 0, out = 0;
  /// Projections of the input: two with a gate.
  int64_t projections = 1;
  /// Bytes of its weights, scales included, and of an element of a row.
  double weightBytes = 0.0, elementBytes = 4.0;
  /// Bits of the numbers that are multiplied.
  unsigned bits = 32;
};

/// The sizes of expert `expert` of a layer that takes rows of `element`.
ExpertSizes getExpertSizes(ExpertsOp op, int64_t expert);

/// Predicts times, in seconds, from the limits of a machine.
class CostModel {
public:
  explicit CostModel(TargetAttr target) : target(target) {}

  /// Peak operations per second on numbers of `bits` bits.
  double getPeak(unsigned bits) const;

  /// The time of one GEMM of rows × in by in × out: whole tiles, on whole waves
  /// of units. `rows` may be an expectation.
  double getGemmTime(double rows, int64_t in, int64_t out, unsigned bits) const;

  /// What a chunk of experts needs.
  struct Chunk {
    /// Seconds of arithmetic and of launches.
    double compute = 0.0;
    /// Bytes of weights and rows from memory, and rows' bytes alone.
    double bytes = 0.0, inputBytes = 0.0, outputBytes = 0.0, weightBytes = 0.0;
  };
  /// A grouped GEMM shares its waves among the experts, and reaches the
  /// target's share of the peak; dense GEMMs follow each other, each with its
  /// launches.
  Chunk getChunk(ArrayRef<ExpertLoad> loads, ArrayRef<ExpertSizes> sizes,
                 GemmKind kind) const;

  /// The time of a chunk alone: its arithmetic or its bytes from memory,
  /// whichever takes longer, since a kernel overlaps these by itself.
  double getTime(const Chunk &chunk) const;

private:
  TargetAttr target;
};

/// What a chunk waits for, does, and sends off, in seconds.
struct PipelineStage {
  double fetch = 0.0, compute = 0.0, send = 0.0;
};

/// An order of stages in which fetching one overlaps with the arithmetic of
/// another: Johnson's rule, the best order for two resources, with the sums of
/// neighbouring times when results are sent as well. Ties keep their order.
SmallVector<unsigned> getPipelineOrder(ArrayRef<PipelineStage> stages);

/// The time of the stages in `order`, when one is fetched, one computed and one
/// sent at a time.
double getPipelineTime(ArrayRef<PipelineStage> stages,
                       ArrayRef<unsigned> order);

} // namespace mlir::moe

#endif // MOE_ANALYSIS_COSTMODEL_H
