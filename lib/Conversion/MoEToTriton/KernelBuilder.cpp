//===- KernelBuilder.cpp - Writes Triton IR expressions ---------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::moe;

static bool isFloat(Value value) {
  return isa<FloatType>(getElementTypeOrSelf(value));
}

ArrayRef<int64_t> KernelBuilder::shapeOf(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type ? type.getShape() : ArrayRef<int64_t>();
}

//===----------------------------------------------------------------------===//
// Constants and shapes
//===----------------------------------------------------------------------===//

Value KernelBuilder::constant(Type element, double value) {
  return arith::ConstantOp::create(b, b.getFloatAttr(element, value));
}

Value KernelBuilder::integer(Type element, int64_t value) {
  return arith::ConstantOp::create(b, b.getIntegerAttr(element, value));
}

Value KernelBuilder::full(ArrayRef<int64_t> shape, Type element, double value) {
  auto type = RankedTensorType::get(shape, element);
  TypedAttr attr =
      isa<FloatType>(element)
          ? TypedAttr(b.getFloatAttr(element, value))
          : TypedAttr(b.getIntegerAttr(element, static_cast<int64_t>(value)));
  return arith::ConstantOp::create(
      b, DenseElementsAttr::get(type, Attribute(attr)));
}

Value KernelBuilder::range(int64_t size) {
  return tt::MakeRangeOp::create(b, RankedTensorType::get({size}, i32()),
                                 b.getI32IntegerAttr(0),
                                 b.getI32IntegerAttr(size));
}

Value KernelBuilder::range(int64_t size, int axis) {
  return along(range(size), axis);
}

Value KernelBuilder::along(Value vector, int axis) {
  auto type = cast<RankedTensorType>(vector.getType());
  int64_t size = type.getDimSize(0);
  SmallVector<int64_t> shape = {axis == 0 ? size : 1, axis == 1 ? size : 1};
  return tt::ExpandDimsOp::create(
      b, RankedTensorType::get(shape, type.getElementType()), vector,
      b.getI32IntegerAttr(1 - axis));
}

Value KernelBuilder::broadcast(Value value, ArrayRef<int64_t> shape) {
  if (shapeOf(value) == shape)
    return value;
  auto type = RankedTensorType::get(shape, getElementTypeOrSelf(value));
  if (!isa<RankedTensorType>(value.getType()))
    return tt::SplatOp::create(b, type, value);
  return tt::BroadcastOp::create(b, type, value);
}

Value KernelBuilder::programId(int axis) {
  return tt::GetProgramIdOp::create(b, i32(),
                                    static_cast<tt::ProgramDim>(axis));
}

Value KernelBuilder::numPrograms(int axis) {
  return tt::GetNumProgramsOp::create(b, i32(),
                                      static_cast<tt::ProgramDim>(axis));
}

std::pair<Value, Value> KernelBuilder::unify(Value x, Value y) {
  ArrayRef<int64_t> xs = shapeOf(x), ys = shapeOf(y);
  if (xs == ys)
    return {x, y};
  if (xs.empty())
    return {broadcast(x, ys), y};
  if (ys.empty())
    return {x, broadcast(y, xs)};
  assert(xs.size() == ys.size() && "operands of different rank");
  SmallVector<int64_t> shape;
  for (auto [xn, yn] : llvm::zip(xs, ys)) {
    assert((xn == yn || xn == 1 || yn == 1) && "shapes do not fit");
    shape.push_back(std::max(xn, yn));
  }
  return {broadcast(x, shape), broadcast(y, shape)};
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

template <typename IntOp, typename FloatOp>
Value KernelBuilder::binary(Value x, Value y) {
  std::tie(x, y) = unify(x, y);
  if (isFloat(x))
    return FloatOp::create(b, x, y);
  return IntOp::create(b, x, y);
}

Value KernelBuilder::add(Value x, Value y) {
  return binary<arith::AddIOp, arith::AddFOp>(x, y);
}
Value KernelBuilder::sub(Value x, Value y) {
  return binary<arith::SubIOp, arith::SubFOp>(x, y);
}
Value KernelBuilder::mul(Value x, Value y) {
  return binary<arith::MulIOp, arith::MulFOp>(x, y);
}
Value KernelBuilder::div(Value x, Value y) {
  return binary<arith::DivSIOp, arith::DivFOp>(x, y);
}
Value KernelBuilder::rem(Value x, Value y) {
  return binary<arith::RemSIOp, arith::RemFOp>(x, y);
}
Value KernelBuilder::minimum(Value x, Value y) {
  return binary<arith::MinSIOp, arith::MinimumFOp>(x, y);
}
Value KernelBuilder::maximum(Value x, Value y) {
  return binary<arith::MaxSIOp, arith::MaximumFOp>(x, y);
}

Value KernelBuilder::andOp(Value x, Value y) {
  std::tie(x, y) = unify(x, y);
  return arith::AndIOp::create(b, x, y);
}

Value KernelBuilder::orOp(Value x, Value y) {
  std::tie(x, y) = unify(x, y);
  return arith::OrIOp::create(b, x, y);
}

Value KernelBuilder::xorOp(Value x, Value y) {
  std::tie(x, y) = unify(x, y);
  return arith::XOrIOp::create(b, x, y);
}

Value KernelBuilder::notOp(Value x) {
  Value ones = integer(getElementTypeOrSelf(x), -1);
  std::tie(x, ones) = unify(x, ones);
  return arith::XOrIOp::create(b, x, ones);
}

Value KernelBuilder::select(Value condition, Value x, Value y) {
  std::tie(x, y) = unify(x, y);
  if (!isa<RankedTensorType>(condition.getType()))
    return arith::SelectOp::create(b, condition, x, y);
  std::tie(condition, x) = unify(condition, x);
  y = broadcast(y, shapeOf(x));
  return arith::SelectOp::create(b, condition, x, y);
}

Value KernelBuilder::equal(Value x, Value y) {
  std::tie(x, y) = unify(x, y);
  if (isFloat(x))
    return arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, x, y);
  return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, x, y);
}

Value KernelBuilder::less(Value x, Value y) {
  std::tie(x, y) = unify(x, y);
  if (isFloat(x))
    return arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, y);
  return arith::CmpIOp::create(b, arith::CmpIPredicate::slt, x, y);
}

Value KernelBuilder::lessEqual(Value x, Value y) {
  std::tie(x, y) = unify(x, y);
  if (isFloat(x))
    return arith::CmpFOp::create(b, arith::CmpFPredicate::OLE, x, y);
  return arith::CmpIOp::create(b, arith::CmpIPredicate::sle, x, y);
}

Value KernelBuilder::isNaN(Value x) {
  return arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, x, x);
}

Value KernelBuilder::exp(Value x) { return math::ExpOp::create(b, x); }

Value KernelBuilder::convert(Value value, Type element) {
  Type from = getElementTypeOrSelf(value);
  if (from == element)
    return value;
  Type type = tt::cloneWith(value.getType(), element);
  unsigned width = element.getIntOrFloatBitWidth();
  unsigned fromWidth = from.getIntOrFloatBitWidth();
  if (isa<IntegerType>(from)) {
    if (isa<FloatType>(element))
      return arith::SIToFPOp::create(b, type, value);
    if (fromWidth == 1)
      return arith::ExtUIOp::create(b, type, value);
    if (width > fromWidth)
      return arith::ExtSIOp::create(b, type, value);
    return arith::TruncIOp::create(b, type, value);
  }
  if (width > fromWidth)
    return arith::ExtFOp::create(b, type, value);
  if (width == fromWidth) // Between f16 and bf16.
    return convert(convert(value, f32()), element);
  return arith::TruncFOp::create(b, type, value);
}

Value KernelBuilder::bitcast(Value value, Type element) {
  return tt::BitcastOp::create(b, tt::cloneWith(value.getType(), element),
                               value);
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Value KernelBuilder::pointer(Value base, Value offset) {
  std::tie(base, offset) = unify(base, offset);
  return tt::AddPtrOp::create(b, base.getType(), base, offset);
}

Value KernelBuilder::load(Value pointer, Value mask, Value other) {
  if (mask)
    std::tie(mask, pointer) = unify(mask, pointer);
  if (other)
    other = broadcast(other, shapeOf(pointer));
  return tt::LoadOp::create(b, tt::getPointee(pointer.getType()), pointer, mask,
                            other);
}

Value KernelBuilder::read(Value base, Value offset, Value mask) {
  Value ptr = pointer(base, offset);
  if (!mask)
    return load(ptr);
  Type element = getElementTypeOrSelf(tt::getPointee(ptr.getType()));
  Value zero =
      isa<FloatType>(element) ? constant(element, 0) : integer(element, 0);
  return load(ptr, mask, zero);
}

void KernelBuilder::store(Value pointer, Value value, Value mask) {
  if (mask)
    std::tie(mask, pointer) = unify(mask, pointer);
  Type element = getElementTypeOrSelf(tt::getPointee(pointer.getType()));
  value = broadcast(convert(value, element), shapeOf(pointer));
  tt::StoreOp::create(b, pointer, value, mask);
}

void KernelBuilder::write(Value base, Value offset, Value value, Value mask) {
  store(pointer(base, offset), value, mask);
}

Value KernelBuilder::describe(Value base, Value rows, int64_t columns,
                              ArrayRef<int64_t> block) {
  Type element = cast<tt::PtrType>(base.getType()).getPointee();
  auto type = tt::TensorDescType::get(b.getContext(), block, element);
  return tt::MakeTensorDescOp::create(b, type, base,
                                      ValueRange{rows, i32(columns)},
                                      ValueRange{i64(columns), i64(1)});
}

Value KernelBuilder::readBlock(Value descriptor, Value row, Value column) {
  auto type = cast<tt::TensorDescType>(descriptor.getType());
  return tt::DescriptorLoadOp::create(
      b, RankedTensorType::get(type.getShape(), type.getElement()), descriptor,
      ValueRange{row, column});
}

//===----------------------------------------------------------------------===//
// Whole tensors
//===----------------------------------------------------------------------===//

template <typename Op, typename ReturnOp>
Op KernelBuilder::buildCombine(Value value, int axis, Combine combine,
                               Type result) {
  Type element = getElementTypeOrSelf(value);
  OperationState state(b.getLoc(), Op::getOperationName());
  state.addOperands(value);
  state.addTypes(result);
  state.addAttribute("axis", b.getI32IntegerAttr(axis));
  if constexpr (std::is_same_v<Op, tt::ScanOp>)
    state.addAttribute("reverse", b.getBoolAttr(false));
  Region *region = state.addRegion();
  {
    OpBuilder::InsertionGuard guard(b);
    Block *block =
        b.createBlock(region, {}, {element, element}, {b.getLoc(), b.getLoc()});
    Value x = block->getArgument(0), y = block->getArgument(1);
    Value z = combine == Combine::Add   ? add(x, y)
              : combine == Combine::Max ? maximum(x, y)
                                        : minimum(x, y);
    ReturnOp::create(b, ValueRange(z));
  }
  return cast<Op>(b.create(state));
}

Value KernelBuilder::reduce(Value value, int axis, Combine combine) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.erase(shape.begin() + axis);
  Type result = type.getElementType();
  if (!shape.empty())
    result = RankedTensorType::get(shape, result);
  auto op = buildCombine<tt::ReduceOp, tt::ReduceReturnOp>(value, axis, combine,
                                                           result);
  return op->getResult(0);
}

Value KernelBuilder::scan(Value value, int axis, Combine combine) {
  auto op = buildCombine<tt::ScanOp, tt::ScanReturnOp>(value, axis, combine,
                                                       value.getType());
  return op->getResult(0);
}

Value KernelBuilder::dot(Value a, Value b_, Value acc,
                         tt::InputPrecision precision) {
  return tt::DotOp::create(b, acc.getType(), a, b_, acc, precision, 0);
}

Value KernelBuilder::histogram(Value vector, Value mask, int64_t bins) {
  return tt::HistogramOp::create(b, RankedTensorType::get({bins}, i32()),
                                 vector, mask);
}

Value KernelBuilder::gather(Value vector, Value indices) {
  Type type =
      RankedTensorType::get(shapeOf(indices), getElementTypeOrSelf(vector));
  return tt::GatherOp::create(b, type, vector, indices, b.getI32IntegerAttr(0),
                              /*efficient_layout=*/UnitAttr());
}

Value KernelBuilder::transpose(Value matrix) {
  auto type = cast<RankedTensorType>(matrix.getType());
  auto result = RankedTensorType::get({type.getDimSize(1), type.getDimSize(0)},
                                      type.getElementType());
  return tt::TransOp::create(b, result, matrix, b.getDenseI32ArrayAttr({1, 0}));
}

Value KernelBuilder::flatten(Value matrix) {
  auto type = cast<RankedTensorType>(matrix.getType());
  auto result =
      RankedTensorType::get({type.getNumElements()}, type.getElementType());
  return tt::ReshapeOp::create(b, result, matrix, /*allow_reorder=*/false);
}

Value KernelBuilder::unflatten(Value vector, int64_t rows) {
  auto type = cast<RankedTensorType>(vector.getType());
  auto result = RankedTensorType::get({rows, type.getNumElements() / rows},
                                      type.getElementType());
  return tt::ReshapeOp::create(b, result, vector, /*allow_reorder=*/false);
}

Value KernelBuilder::interleave(Value x, Value y) {
  auto type = cast<RankedTensorType>(x.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.push_back(2);
  Value pairs = tt::JoinOp::create(
      b, RankedTensorType::get(shape, type.getElementType()), x, y);
  shape = {type.getDimSize(0), 2 * type.getDimSize(1)};
  return tt::ReshapeOp::create(
      b, RankedTensorType::get(shape, type.getElementType()), pairs,
      /*allow_reorder=*/false);
}

Value KernelBuilder::repeat(Value matrix, int64_t times) {
  if (times == 1)
    return matrix;
  auto type = cast<RankedTensorType>(matrix.getType());
  Type element = type.getElementType();
  int64_t rows = type.getDimSize(0), columns = type.getDimSize(1);
  Value wide = tt::ExpandDimsOp::create(
      b, RankedTensorType::get({rows, columns, 1}, element), matrix,
      b.getI32IntegerAttr(2));
  wide = tt::BroadcastOp::create(
      b, RankedTensorType::get({rows, columns, times}, element), wide);
  return tt::ReshapeOp::create(
      b, RankedTensorType::get({rows, columns * times}, element), wide,
      /*allow_reorder=*/false);
}

Value KernelBuilder::shiftRight(Value x, int64_t bits) {
  Value count = integer(getElementTypeOrSelf(x), bits);
  std::tie(x, count) = unify(x, count);
  return arith::ShRUIOp::create(b, x, count);
}

std::pair<Value, Value> KernelBuilder::splitAlternating(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.back() /= 2;
  Type half = RankedTensorType::get(shape, type.getElementType());
  shape.push_back(2);
  Value pairs = tt::ReshapeOp::create(
      b, RankedTensorType::get(shape, type.getElementType()), tensor,
      /*allow_reorder=*/false);
  auto op = tt::SplitOp::create(b, half, half, pairs);
  return {op.getOutLHS(), op.getOutRHS()};
}

//===----------------------------------------------------------------------===//
// Control
//===----------------------------------------------------------------------===//

SmallVector<Value> KernelBuilder::loop(Value low, Value high, Value step,
                                       ValueRange inits, LoopBody body) {
  auto op = scf::ForOp::create(
      b, low, high, step, inits,
      [&](OpBuilder &nested, Location loc, Value i, ValueRange carried) {
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPoint(nested.getInsertionBlock(),
                            nested.getInsertionPoint());
        scf::YieldOp::create(b, body(i, carried));
      });
  return SmallVector<Value>(op.getResults());
}

SmallVector<Value> KernelBuilder::loop(Value low, Value high, int64_t step,
                                       ValueRange inits, LoopBody body) {
  return loop(low, high, integer(low.getType(), step), inits, body);
}

void KernelBuilder::ifThen(Value condition, function_ref<void()> body) {
  auto op = scf::IfOp::create(b, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.thenBlock());
  body();
}
