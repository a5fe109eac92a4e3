//===- TensorBuilder.h - Tensor computations with run-time sizes ----------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOLINALG_TENSORBUILDER_H
#define MOE_LIB_CONVERSION_ONNXTOLINALG_TENSORBUILDER_H

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace mlir::onnxtolinalg {

using Sizes = SmallVector<OpFoldResult>;

/// The type that elements of `type` are computed in: f32 for the narrower
/// floating-point types, else the type itself.
Type getComputeType(Type type);

/// Body of loops: indices and carried values to the next carried values.
using LoopBody = llvm::function_ref<SmallVector<Value>(ImplicitLocOpBuilder &,
                                                       ValueRange, ValueRange)>;

/// Loops over all indices below `bounds`, carrying values on from `init`.
SmallVector<Value> buildLoops(ImplicitLocOpBuilder &b, ValueRange bounds,
                              ValueRange init, LoopBody body);

/// Builds linalg and tensor operations. Remembers the sizes of what it builds,
/// so that sizes that must be equal are the same value and broadcasting is
/// settled at compile time wherever it can be.
class TensorBuilder : public ImplicitLocOpBuilder {
public:
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;

  /// Computes one element. Operands and result of narrow floating-point types
  /// are widened around it.
  using Body = llvm::function_ref<Value(ImplicitLocOpBuilder &, ValueRange)>;

  //===--------------------------------------------------------------------===//
  // Sizes
  //===--------------------------------------------------------------------===//

  Sizes getSizes(Value tensor);
  OpFoldResult getSize(Value tensor, unsigned dim) {
    return getSizes(tensor)[dim];
  }
  /// Says what the sizes of `tensor` are, for later.
  void setSizes(Value tensor, ArrayRef<OpFoldResult> sizes);
  Value getIndex(OpFoldResult size);
  OpFoldResult index(int64_t value) { return getIndexAttr(value); }
  OpFoldResult add(OpFoldResult a, OpFoldResult b);
  OpFoldResult sub(OpFoldResult a, OpFoldResult b);
  OpFoldResult mul(OpFoldResult a, OpFoldResult b);
  /// ⌊a / b⌋ for b > 0.
  OpFoldResult floorDiv(OpFoldResult a, OpFoldResult b);
  OpFoldResult ceilDiv(OpFoldResult a, OpFoldResult b);
  OpFoldResult min(OpFoldResult a, OpFoldResult b);
  OpFoldResult max(OpFoldResult a, OpFoldResult b);
  OpFoldResult product(ArrayRef<OpFoldResult> sizes);
  /// Who speaks in the messages of assertions: `subject: reason`.
  void setSubject(StringRef name) { subject = name.str(); }
  /// Ends the call with `reason` unless the two are equal.
  void assertEqual(OpFoldResult a, OpFoldResult b, const Twine &reason);
  void assertAtMost(OpFoldResult a, OpFoldResult b, const Twine &reason);
  void assertNotNegative(OpFoldResult size, const Twine &reason);
  void assertTrue(Value condition, const Twine &reason);
  /// Ends the call unless `size` is `to` or 1. Gives the test for 1, null where
  /// nothing had to be tested.
  Value assertBroadcast(OpFoldResult size, OpFoldResult to);

  //===--------------------------------------------------------------------===//
  // Tensors
  //===--------------------------------------------------------------------===//

  Value empty(ArrayRef<OpFoldResult> sizes, Type elementType);
  /// A tensor of `scalar`, a value or an attribute.
  Value fill(ArrayRef<OpFoldResult> sizes, Value scalar);
  Value fill(ArrayRef<OpFoldResult> sizes, TypedAttr scalar);
  /// The element of a tensor that has one.
  Value getScalar(Value tensor);
  /// The elements of a tensor of integers as index values.
  Sizes getIndices(Value tensor, bool isUnsigned = false);
  /// The same elements as another type of the same kind, or as they are.
  Value convertFloat(Value tensor, Type elementType);

  /// One element from those of `inputs`, which are broadcast.
  Value map(ValueRange inputs, Type elementType, Body body);
  /// One element from its indices; `body` may read other tensors.
  Value generate(ArrayRef<OpFoldResult> sizes, Type elementType, Body body);
  /// Folds the elements along `axes` into `init`, in the compute type.
  Value reduce(Value input, ArrayRef<int64_t> axes, bool keepDims,
               TypedAttr init, Body body);
  /// Σ of the products of one element of each of `inputs`, a tensor of `sizes`
  /// and the compute type `type`. `maps` say which elements, of inputs and
  /// result, belong to a point of the loops; those that the result's has not
  /// are summed over.
  Value sumProducts(ValueRange inputs, ArrayRef<OpFoldResult> sizes,
                    ArrayRef<AffineMap> maps, Type type);
  /// Runs `body` for all indices below `bounds`, one after the other in
  /// row-major order. It gets what is carried, `init` at first, and gives what
  /// is carried on; tensors keep their sizes.
  SmallVector<Value> loop(ArrayRef<OpFoldResult> bounds, ValueRange init,
                          LoopBody body);
  /// [M, K] · [K, N], or with either operand stored transposed.
  Value multiply(Value lhs, Value rhs, bool transLhs, bool transRhs);
  /// `input` with other sizes of the same product.
  Value reshape(Value input, ArrayRef<OpFoldResult> sizes);
  /// `input` repeated along the dimensions that are 1 in it and not in `sizes`.
  Value broadcast(Value input, ArrayRef<OpFoldResult> sizes);
  Value transpose(Value input, ArrayRef<int64_t> permutation);
  /// The operands one after the other along `axis`; the call ends unless their
  /// other sizes are equal.
  Value concat(ArrayRef<Value> parts, int64_t axis);
  Value slice(Value input, ArrayRef<OpFoldResult> offsets,
              ArrayRef<OpFoldResult> sizes, ArrayRef<OpFoldResult> strides);

  /// Sizes after broadcasting.
  Sizes broadcastSizes(ArrayRef<Sizes> all);
  /// A map that reads `input` at the indices of a result of `sizes`; `input`
  /// is replaced where a map cannot say so.
  AffineMap getBroadcastMap(Value &input, ArrayRef<OpFoldResult> sizes);

private:
  /// The result of an operation on two indices, one value for the same two.
  template <typename OpTy> OpFoldResult share(OpFoldResult a, OpFoldResult b);
  Value stretch(Value input, ArrayRef<OpFoldResult> sizes);
  Value finish(Value tensor, ArrayRef<OpFoldResult> sizes);
  /// The tensor type that says those of `sizes` that are constants.
  RankedTensorType getType(ArrayRef<OpFoldResult> sizes, Type elementType);
  /// `tensor` with all that is known of its sizes in its type.
  Value sharpen(Value tensor);

  llvm::DenseMap<Value, Sizes> known;
  /// Index arithmetic so far: operation and operands to result.
  llvm::DenseMap<std::tuple<TypeID, void *, void *>, Value> shared;
  std::string subject;
};

/// A constant of a floating-point or integer type.
Value constant(ImplicitLocOpBuilder &b, Type type, double value);
TypedAttr constantAttr(Type type, double value);
/// The least and the greatest number of a type; infinities for floats.
TypedAttr lowestAttr(Type type, bool isUnsigned);
TypedAttr highestAttr(Type type, bool isUnsigned);

/// Widens or narrows a floating-point scalar.
Value convertFloatScalar(ImplicitLocOpBuilder &b, Value value, Type type);

} // namespace mlir::onnxtolinalg

#endif // MOE_LIB_CONVERSION_ONNXTOLINALG_TENSORBUILDER_H
