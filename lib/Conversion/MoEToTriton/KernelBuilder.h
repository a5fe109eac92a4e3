//===- KernelBuilder.h - Writes Triton IR expressions -----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_CONVERSION_MOETOTRITON_KERNELBUILDER_H
#define MOE_CONVERSION_MOETOTRITON_KERNELBUILDER_H

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "moe/Dialect/Triton/IR/Triton.h"
#include <utility>

namespace mlir::moe {

/// How the operands of a reduction or scan are combined.
enum class Combine { Add, Max, Min };

/// Builds Triton IR as expressions. Operands of different shapes are made
/// alike first: a scalar is repeated, a dimension of size 1 too, so that
/// ranks must agree. Integers and floats use their own operations; types of
/// elements must agree.
class KernelBuilder {
public:
  KernelBuilder(Location loc, OpBuilder &builder) : b(loc, builder) {}

  ImplicitLocOpBuilder &get() { return b; }

  // Types.
  Type i1() { return b.getI1Type(); }
  Type i32() { return b.getI32Type(); }
  Type i64() { return b.getI64Type(); }
  Type f32() { return b.getF32Type(); }
  static ArrayRef<int64_t> shapeOf(Value value);

  // Constants and shapes.
  Value constant(Type element, double value);
  Value integer(Type element, int64_t value);
  Value i32(int64_t value) { return integer(i32(), value); }
  Value i64(int64_t value) { return integer(i64(), value); }
  Value full(ArrayRef<int64_t> shape, Type element, double value);
  /// 0 … size − 1 as i32.
  Value range(int64_t size);
  /// 0 … size − 1 along dimension `axis` of a matrix.
  Value range(int64_t size, int axis);
  /// A vector as a matrix whose other dimension has size 1; its elements run
  /// along dimension `axis`.
  Value along(Value vector, int axis);
  Value broadcast(Value value, ArrayRef<int64_t> shape);
  Value programId(int axis = 0);
  Value numPrograms(int axis = 0);

  // Arithmetic.
  Value add(Value x, Value y);
  Value sub(Value x, Value y);
  Value mul(Value x, Value y);
  /// Floats: the fast division, two units in the last place off.
  Value div(Value x, Value y);
  /// Remainder of non-negative integers.
  Value rem(Value x, Value y);
  Value minimum(Value x, Value y);
  Value maximum(Value x, Value y);
  Value andOp(Value x, Value y);
  Value orOp(Value x, Value y);
  Value notOp(Value x);
  Value select(Value condition, Value x, Value y);
  Value equal(Value x, Value y);
  /// x < y; of integers signed, of floats false for NaN.
  Value less(Value x, Value y);
  Value lessEqual(Value x, Value y);
  Value isNaN(Value x);
  Value exp(Value x);
  /// Converts elements: integers by sign extension or truncation, floats
  /// rounded to nearest even, integers to floats as signed ones.
  Value convert(Value value, Type element);
  Value bitcast(Value value, Type element);

  // Memory. Offsets count elements.
  Value pointer(Value base, Value offset);
  Value load(Value pointer, Value mask = {}, Value other = {});
  /// load(base + offset), with 0 where `mask` is given and false.
  Value read(Value base, Value offset, Value mask = {});
  void store(Value pointer, Value value, Value mask = {});
  void write(Value base, Value offset, Value value, Value mask = {});

  // Blocks of matrices, moved by the bulk copy engine.
  /// A matrix rows × columns in memory, taken in blocks.
  Value describe(Value base, Value rows, int64_t columns,
                 ArrayRef<int64_t> block);
  Value readBlock(Value descriptor, Value row, Value column);

  // Whole tensors.
  Value reduce(Value value, int axis, Combine combine);
  Value scan(Value value, int axis, Combine combine);
  Value dot(Value a, Value b, Value acc, tt::InputPrecision precision);
  /// How often 0 … bins − 1 stand in a vector, where `mask` holds.
  Value histogram(Value vector, Value mask, int64_t bins);
  /// The elements of `vector` at `indices`, which are inside of it.
  Value gather(Value vector, Value indices);
  Value transpose(Value matrix);
  /// The elements of a matrix, row by row, as a vector.
  Value flatten(Value matrix);
  /// A vector as a matrix of `rows` rows, row by row.
  Value unflatten(Value vector, int64_t rows);
  /// The columns of two matrices in turns.
  Value interleave(Value x, Value y);
  /// Each column `times` times.
  Value repeat(Value matrix, int64_t times);
  Value xorOp(Value x, Value y);
  Value shiftRight(Value x, int64_t bits);
  /// The even and the odd columns of a matrix, or elements of a vector.
  std::pair<Value, Value> splitAlternating(Value tensor);

  // Control.
  using LoopBody = function_ref<SmallVector<Value>(Value, ValueRange)>;
  /// for (i = low; i < high; i += step) with values carried along.
  SmallVector<Value> loop(Value low, Value high, Value step, ValueRange inits,
                          LoopBody body);
  SmallVector<Value> loop(Value low, Value high, int64_t step, ValueRange inits,
                          LoopBody body);
  void ifThen(Value condition, function_ref<void()> body);

private:
  std::pair<Value, Value> unify(Value x, Value y);
  template <typename IntOp, typename FloatOp> Value binary(Value x, Value y);
  template <typename Op, typename ReturnOp>
  Op buildCombine(Value value, int axis, Combine combine, Type result);

  ImplicitLocOpBuilder b;
};

} // namespace mlir::moe

#endif // MOE_CONVERSION_MOETOTRITON_KERNELBUILDER_H
