//===- Reference.h - Building blocks of the reference lowering --*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_DIALECT_MOE_IR_REFERENCE_H
#define MOE_DIALECT_MOE_IR_REFERENCE_H

#include "moe/Dialect/MoE/IR/MoE.h"

namespace mlir::moe {

/// The type that values of the float type `type` are computed in: f64 for f64,
/// else f32.
FloatType getComputeType(Type type);

/// Converts a float, rounding to nearest even where it must round.
Value castFloat(OpBuilder &builder, Location loc, Value value, Type type);

/// A tensor of `sizes` whose content does not matter yet.
Value createEmpty(OpBuilder &builder, Location loc,
                  ArrayRef<OpFoldResult> sizes, Type element);

/// A tensor of `sizes` that holds `value` everywhere.
Value createFilled(OpBuilder &builder, Location loc,
                   ArrayRef<OpFoldResult> sizes, TypedAttr value);

/// What a loop body computes from one element of each input and the current
/// element of the result.
using LoopBody =
    function_ref<Value(OpBuilder &builder, Location loc, ValueRange elements)>;

/// Builds a linalg.generic with one result. `maps` lists, for each input and
/// then for `init`, the loops that index its dimensions, of `numLoops` in all;
/// the loops that `init` does not use are reductions, run in ascending order.
Value buildLoops(OpBuilder &builder, Location loc, unsigned numLoops,
                 ValueRange inputs, Value init,
                 ArrayRef<SmallVector<unsigned>> maps, LoopBody body);

/// Applies `body` to each element of tensors of one shape.
Value buildElementwise(OpBuilder &builder, Location loc, ValueRange inputs,
                       Type resultElement, LoopBody body);

/// Converts each element of a float tensor, or returns it as it is.
Value castElements(OpBuilder &builder, Location loc, Value tensor,
                   Type element);

/// Reads the element of `tensor` at `indices`.
Value extractElement(OpBuilder &builder, Location loc, Value tensor,
                     ValueRange indices);

/// The integer value of type index, whatever integer type it has.
Value toIndex(OpBuilder &builder, Location loc, Value value);

/// How deep low-rank weights may build on each other.
constexpr unsigned kMaxLowRankDepth = 4;

/// Emits an error on `user` and fails unless `weights` is made by operations
/// that the reference lowering can read: in the same function, not nested too
/// deep.
LogicalResult verifyVisibleWeights(Operation *user, Value weights);

/// Builds rows · Wᵀ for rows M×in and the matrix out×in of expert `expert` of
/// `weights`, in the compute type of the rows: M×out. The weights must be
/// visible, see verifyVisibleWeights.
Value buildProjection(OpBuilder &builder, Location loc, Value rows,
                      Value weights, Value expert);

/// Builds moe.project of `input` by `weights`, plus an optional bias, as a
/// tensor of `type`. The weights must be visible.
Value buildProjected(OpBuilder &builder, Location loc, Value input,
                     Value weights, Value bias, RankedTensorType type);

/// The operands of a gate that have a row for each token; absent ones are null.
struct GateOperands {
  Value logits, state, values, givenIds, sharedWeights;
};

/// Builds the gate of a route, with results of the given types.
GateOp buildGate(OpBuilder &builder, RouteOp op, Type weights, Type ids,
                 const GateOperands &operands);

/// Builds the weights of shared slots out of a route's last projection.
Value buildSharedGate(OpBuilder &builder, Location loc, Value projected);

/// Builds what a route means out of projections and a gate; returns as many
/// values as the route has results. `project` builds the projection by weights,
/// plus an optional bias, that is one of the route's results.
SmallVector<Value> unfuseRoute(
    RouteOp op, OpBuilder &builder,
    function_ref<Value(Value weights, Value bias, Value result)> project);

/// The weights of one expert, read element by element.
class ExpertWeights {
public:
  /// Takes the slice of expert `expert` of the weights that `op` bundles;
  /// elements are read as `compute`.
  ExpertWeights(OpBuilder &builder, Location loc, WeightsOp op, Value expert,
                FloatType compute);

  /// The logical matrix as a tensor out×in, or in×out for a transposed
  /// layout; null when its elements must be decoded first.
  Value getPlainMatrix(OpBuilder &builder, Location loc) const;

  /// Reads element (row, column), or element `row` of a vector.
  Value read(OpBuilder &builder, Location loc, Value row,
             Value column = Value()) const;

private:
  Value readScale(OpBuilder &builder, Location loc, Value row,
                  Value block) const;
  Value readZero(OpBuilder &builder, Location loc, Value row,
                 Value block) const;

  // Accessors of operations are not const.
  mutable WeightsOp op;
  FloatType compute;
  Value source, scales, zeros;
  /// The values of all codes of `source` and `scales`, for small floats.
  Value sourceTable, scaleTable;
};

} // namespace mlir::moe

#endif // MOE_DIALECT_MOE_IR_REFERENCE_H
