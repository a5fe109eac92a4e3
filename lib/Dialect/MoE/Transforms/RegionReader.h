//===- RegionReader.h - What a region of experts computes -------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_DIALECT_MOE_TRANSFORMS_REGIONREADER_H
#define MOE_LIB_DIALECT_MOE_TRANSFORMS_REGIONREADER_H

#include "ScalarExpr.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "moe/Dialect/MoE/IR/MoE.h"

namespace mlir::moe {

/// A matrix or a vector for each expert, out of tensors from around the region.
struct WeightView {
  /// One tensor stacked over experts, or one for each expert.
  SmallVector<Value> sources;
  bool isStacked = false;
  /// The expert of a stacked source that each expert reads.
  SmallVector<int64_t> experts;
  /// What of the source's dimensions is left, outermost first: where it begins,
  /// and with which step and size.
  struct Dim {
    int64_t offset = 0, step = 1, size;
    /// The dimension of one expert's source.
    unsigned source;
    bool operator==(const Dim &other) const {
      return std::tie(offset, step, size, source) ==
             std::tie(other.offset, other.step, other.size, other.source);
    }
  };
  SmallVector<Dim> dims;

  bool operator==(const WeightView &other) const {
    return sources == other.sources && experts == other.experts &&
           dims == other.dims;
  }
};

/// An index of an element: that of the row, or offset + step · that of the
/// column of the tensor that is being read.
struct Axis {
  bool isRow = false;
  int64_t offset = 0, step = 1;
};

/// What a leaf of an expression stands for.
struct RegionLeaf {
  /// Projection of `input`'s row by the view's row (its dimension `outDim`);
  /// null for an element of a vector.
  Value input;
  WeightView view;
  unsigned outDim = 0;
  /// The row of the matrix, or element of the vector, in terms of the column.
  Axis column;

  bool operator==(const RegionLeaf &other) const {
    return input == other.input && view == other.view &&
           outDim == other.outDim && column.offset == other.column.offset &&
           column.step == other.column.step;
  }
};

/// Reads elements of the tensors in the region of `op` as expressions.
class RegionReader {
public:
  explicit RegionReader(RegionExpertsOp op);

  /// Element (row, column) of a matrix; null, with the reason in `reason`, when
  /// it is not understood.
  Expr readMatrix(Value tensor) {
    return read(tensor, {Axis{true}, Axis{false}});
  }
  const RegionLeaf &getLeaf(unsigned number) const { return leaves[number]; }
  /// The value without casts to wider types, and, with `truncations`, to
  /// narrower ones.
  Value lookThroughCasts(Value tensor, bool truncations);

  ExprPool pool;
  std::string reason;
  /// Whether some value is narrower than the type that experts compute in.
  bool isNarrow = false;

private:
  Expr read(Value tensor, ArrayRef<Axis> axes);
  Expr readLinalg(linalg::LinalgOp op, ArrayRef<Axis> axes);
  Expr readContraction(linalg::LinalgOp op, ArrayRef<Axis> axes);
  Expr readSlice(Operation *op, ArrayRef<Axis> axes);
  Expr readElement(Value tensor, ArrayRef<Axis> axes);
  Expr addLeaf(RegionLeaf leaf);
  Expr fail(Value value, const Twine &why);

  /// Values of a loop body, and the index of each loop.
  struct Scope {
    DenseMap<Value, Expr> values;
    SmallVector<Axis> loops;
  };
  Expr readScalar(Value value, Scope &scope);
  Expr apply(Operation *op, ArrayRef<Expr> operands);
  Expr readExtract(Operation *op, Scope &scope);
  std::optional<Axis> readIndex(Value index, Scope &scope);

  std::optional<WeightView> view(Value tensor);
  std::optional<SmallVector<int64_t>> evaluatePerExpert(Value index);
  bool isOutside(Value value);

  RegionExpertsOp op;
  Block &block;
  int64_t experts;
  /// Bits of the type that experts compute in.
  unsigned computeBits;
  /// Where a leaf stands once, it stays.
  std::deque<RegionLeaf> leaves;
  /// Nested values that are being read, and values read: neither a region's
  /// depth nor its size is trusted.
  unsigned depth = 0, steps = 0;
  static constexpr unsigned kMaxDepth = 64, kMaxSteps = 10000;
};

} // namespace mlir::moe

#endif // MOE_LIB_DIALECT_MOE_TRANSFORMS_REGIONREADER_H
