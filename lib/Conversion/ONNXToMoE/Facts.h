//===- Facts.h - What the elements of tensors are ---------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A model's graph says in which order tensors are moved about; this analysis
// says what their elements are. Each value becomes a view of an expression over
// named axes, so that reshapes, transposes, squeezes and broadcasts disappear
// and what is left can be compared by pointers.
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOMOE_FACTS_H
#define MOE_LIB_CONVERSION_ONNXTOMOE_FACTS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"
#include "moe/Dialect/ONNXIR/Utils/ShapeValues.h"
#include <deque>
#include <map>

namespace mlir::moe {

/// A number of elements: a constant, or a negative number that stands for a
/// size known at run time only. Equal symbols are equal sizes.
using Size = int64_t;

struct Expr;

/// One axis within a dimension of a tensor: an axis of the expression, or −1
/// where the elements do not depend on it.
struct Factor {
  int axis;
  Size size;
};

/// How an expression's axes make up a tensor's dimensions: a dimension is the
/// product of its factors, the last one running fastest. Dimensions of size 1
/// have none.
using Layout = SmallVector<SmallVector<Factor, 2>, 4>;

/// What a tensor holds.
struct View {
  const Expr *expr = nullptr;
  Layout dims;

  explicit operator bool() const { return expr; }
};

/// An expression used by another: for each of its axes, the axis of the user;
/// −1 for axes that are indexed.
struct Operand {
  const Expr *expr;
  SmallVector<int, 4> axes;

  bool operator==(const Operand &other) const {
    return expr == other.expr && axes == other.axes;
  }
};

/// The elements of a tensor as a function of its axes. Expressions are unique:
/// equal ones are one object.
struct Expr {
  enum class Kind {
    /// The elements of `value`, of which nothing more is known.
    Leaf,
    /// The number `number` everywhere.
    Splat,
    /// The position along the axes, counted row-major.
    Iota,
    /// The operator `op` of each operand's element.
    Map,
    /// Σ over the bound axes of the only operand.
    Sum,
    /// Σ over the bound axes of the product of two operands.
    Contract,
    /// Operand 0 with the axes `indexed[i]`, together, at operand i + 1.
    Index,
    /// Operand 0 at offset + step · position along axis `part`.
    Slice,
    /// The softmax of operand 0 along axis `part`.
    Softmax,
    /// The coordinate along mask dimension `part` of the row-th element of
    /// operand 0 that is not zero. `indexed` lists the axes of each dimension.
    Coordinate,
    /// Operand 0's elements, flattened, in ascending order (`part` 0), or the
    /// positions where they stood (1), or where they went (2). `indexed[0]`
    /// lists operand 0's axes in their order.
    Sort,
    /// Operand 0 plus operand 1 added at the positions that the further
    /// operands name for the axes `indexed`; the rows are bound.
    Scatter,
    /// The sum of operand 0 up to the position along its axis, or those of
    /// `indexed[0]` in their order; without the position itself with an
    /// `offset` of 1.
    Running,
    /// The rows of segment `part`, the segments ending where operand 0 (a
    /// Running sum) says.
    SegmentRows,
    /// The number of the segment that the row along the axis stands in, the
    /// segments ending where operand 0 says.
    Segment,
    /// One of several operands, by the position along the first axis.
    Stack,
  };

  Kind kind;
  /// The type of an element.
  Type element;
  SmallVector<Size, 4> axes;
  /// Axes that are summed over; operands number them after `axes`.
  SmallVector<Size, 1> bound;
  SmallVector<Operand, 2> operands;
  SmallVector<SmallVector<int, 2>, 1> indexed;
  StringAttr op;
  double number = 0.0, number2 = 0.0;
  int part = 0;
  int64_t offset = 0, step = 1;
  Value value;

  /// The first tensor that holds this, and how; it dominates all others.
  mutable Value origin;
  mutable Layout layout;
  /// Nodes that use the expression for more than another view of it.
  mutable unsigned users = 0;
  /// What is known of a Leaf's elements.
  mutable bool nonNegative = false;
  /// Whether all elements come from weights alone.
  mutable bool constant = false;

  Expr(Kind kind, Type element) : kind(kind), element(element) {}

  bool is(Kind k) const { return kind == k; }
  bool isMap(StringRef name) const { return kind == Kind::Map && op == name; }
  bool isSplat(double c) const { return kind == Kind::Splat && number == c; }
};

/// The Map of bytes, scales and maybe zero points to the matrix, outputs first,
/// that MatMulNBits multiplies by: `number` bits in a code, `number2` codes in
/// a block.
inline constexpr StringLiteral kPackedWeights = "PackedWeights";

/// The Map of indices and positions to whether they are equal, the indices
/// counting from the back where they are negative.
inline constexpr StringLiteral kWrappedEqual = "WrappedEqual";

/// The numbers from `begin` to `end` − 1.
inline SmallVector<int, 4> countUp(int begin, int end) {
  return llvm::to_vector<4>(llvm::seq(begin, end));
}

/// Whether all elements are known to be at least 0.
bool isNonNegative(const Expr *expr);

/// The elements of a small constant, or one that all elements are equal to.
std::optional<SmallVector<double>> getNumbers(Value value);

/// The facts about the values of a function, found in one sweep.
class Facts {
public:
  explicit Facts(func::FuncOp function);

  /// What `value` holds; a Leaf where nothing is known.
  View get(Value value);

private:
  //===--- Expressions and sizes (Facts.cpp) ------------------------------===//
  /// The unique object equal to `expr`.
  const Expr *intern(Expr expr);
  Size freshSize();
  Size namedSize(StringRef name);
  /// The size of a dimension with these factors.
  Size product(ArrayRef<Size> sizes);
  Size sizeOf(ArrayRef<Factor> dim);
  /// The factors of a size, in the order in which they were first multiplied:
  /// tensors of that many elements are laid out like each other.
  SmallVector<Size, 2> getFactors(Size size);
  /// Adds the factors of `size` to `dim`, as what nothing depends on.
  void appendSize(SmallVectorImpl<Factor> &dim, Size size);
  /// Sizes that `value` holds, null where they are unknown.
  std::optional<SmallVector<std::optional<Size>>> getSizes(Value value);
  OpFoldResult toFold(Size size);
  void set(Value value, View view);
  View makeLeaf(Value value, const Layout *like = nullptr);
  View makeSplat(double number, Type element, Layout dims);
  /// The number that `op` makes of equal numbers everywhere.
  static std::optional<double> fold(StringRef op, ArrayRef<double> operands,
                                    Type element);
  std::optional<double> getSplat(Value value);

  void visit(onnxir::NodeOp node);
  void followSizes(onnxir::NodeOp node);
  /// The rules; each gives no view where it does not apply.
  View visitLayout(onnxir::NodeOp node);
  View visitElementwise(onnxir::NodeOp node);
  View visitDequantize(onnxir::NodeOp node);
  View visitContraction(onnxir::NodeOp node);
  View visitMatMulNBits(onnxir::NodeOp node);
  View visitIndexing(onnxir::NodeOp node);
  View visitSlice(onnxir::NodeOp node);
  View visitScatter(onnxir::NodeOp node);
  View visitScatterElements(onnxir::NodeOp node);
  View visitConcat(onnxir::NodeOp node);
  View visitCumSum(onnxir::NodeOp node);
  View stack(SmallVector<View> parts, int64_t axis, Type element);
  View visitConstant(onnxir::NodeOp node);
  bool visitMany(onnxir::NodeOp node);
  /// The sizes of the first result of a node whose elements are not followed.
  std::optional<Layout> getOpaqueLayout(onnxir::NodeOp node);

  //===--- Layouts (FactsLayout.cpp) --------------------------------------===//
  /// `data` with `axis` split into two, the outer one in its place and the
  /// inner one behind all others.
  const Expr *splitAxis(const Expr *data, int axis, Size outer, Size inner);
  View reshape(const View &view, ArrayRef<std::optional<Size>> target);
  View expand(const View &view, ArrayRef<std::optional<Size>> target);
  /// The shape that `node` gives its result, as far as it is known.
  SmallVector<std::optional<Size>> getTarget(Value result, Value shape);

  //===--- Operations on views --------------------------------------------===//
  /// Lines up dimensions as broadcasting does: for each result dimension the
  /// factors, and for each factor the axis of each operand (−1 for none).
  struct Alignment {
    SmallVector<SmallVector<Size, 2>, 4> dims;
    SmallVector<SmallVector<SmallVector<int, 4>, 2>, 4> axes;
  };
  /// `dims` lists, for each operand, which of its dimensions (or −1) stands in
  /// each result dimension.
  std::optional<Alignment> align(MutableArrayRef<View> views,
                                 ArrayRef<SmallVector<int, 4>> dims);
  /// Splits the factors of dimension `dim` of `view` into `sizes`, of the same
  /// product, where that needs no other expression than positions counted over
  /// them; returns false otherwise.
  bool refine(View &view, int64_t dim, ArrayRef<Size> sizes);
  std::optional<Alignment> alignTrailing(MutableArrayRef<View> views);
  View map(StringAttr op, Type element, SmallVector<View, 3> views,
           double number = 0.0, double number2 = 0.0);
  View contract(View a, ArrayRef<int> aLabels, View b, ArrayRef<int> bLabels,
                ArrayRef<int> outLabels, Type element);
  View reduceSum(const View &view, ArrayRef<int64_t> axes, bool keepDims,
                 Type element);
  View slice(const View &view, int64_t dim, int64_t offset, int64_t step,
             std::optional<Size> size);
  View select(const View &view, int64_t dim, int64_t index);
  /// Indexes dimensions `dims` of `data`, one by each of `indices`, whose
  /// common dimensions stand at `position` in the result.
  View index(View data, ArrayRef<int64_t> dims, SmallVector<View, 3> indices,
             unsigned position);
  /// Adds `updates`, whose first `indexRank` dimensions are those of
  /// `indices`, at these positions of dimensions `dims` of `data`.
  View scatterAdd(View data, ArrayRef<int64_t> dims,
                  SmallVector<View, 3> indices, const View &updates,
                  unsigned indexRank);
  /// Updates placed at `ids` of dimension `dim` of zeros: for each place the
  /// sum over the updates whose id it is.
  View scatterIds(View data, View ids, const View &updates, int64_t dim,
                  bool adds);
  /// Where sorted elements went, if `at` says where they came from.
  View invert(const View &at, const View &updates);
  /// The columns of a matrix of coordinates.
  SmallVector<View, 3> getIndexColumns(Value value);
  /// The rows from `start` to `limit`, if they are those of a segment.
  View makeSegment(const Expr *start, const Expr *limit, Type element);
  /// The rows of segment `part`, the segments ending at `ends`.
  View makeSegmentRows(const Expr *ends, int64_t part, Type element);
  /// Splits dimension `dim` of `view` into as many rows as the model counts.
  bool splitSegments(onnxir::NodeOp node, const View &view, int64_t dim);

  /// One expression for the rows of all segments, from one for each.
  View concatSegments(ArrayRef<View> parts);
  std::optional<Operand> generalize(ArrayRef<Operand> parts, int row,
                                    const Expr *ends, Size rows,
                                    unsigned depth);
  /// Whether no two rows have the same value of `index`.
  bool isDistinct(const Expr *index);
  /// Whether `ids` are those of a choice, no two of which along the factors
  /// `slots` are equal.
  static bool isChoice(const Expr *ids, ArrayRef<Factor> slots);

  MLIRContext *context;
  std::deque<Expr> pool;
  llvm::DenseMap<unsigned, SmallVector<const Expr *, 1>> byHash;
  llvm::DenseMap<Value, View> views;
  /// Sequences made by SplitToSequence: the tensor, dimension and part size.
  struct Sequence {
    View view;
    int64_t dim, size;
  };
  llvm::DenseMap<Value, Sequence> sequences;
  /// Matrices of coordinates that are made column by column.
  llvm::DenseMap<Value, SmallVector<View, 3>> columns;
  llvm::StringMap<Size> named;
  std::map<SmallVector<Size>, Size> products;
  /// The symbols, and constant, that a symbol is the product of: sorted, and as
  /// first multiplied.
  llvm::DenseMap<Size, SmallVector<Size>> productOf, orderOf;
  llvm::DenseMap<Attribute, Size> symbolOf;
  llvm::DenseMap<const Expr *, Size> rowsOf;
  /// Far from the numbers that have a meaning in shapes.
  Size lastSymbol = -(int64_t(1) << 40);
  onnxir::ShapeValues shapes;
};

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_ONNXTOMOE_FACTS_H
