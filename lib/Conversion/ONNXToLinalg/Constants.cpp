//===- Constants.cpp - Constants, ranges and shapes as tensors -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Lowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

using B = ImplicitLocOpBuilder;

/// Elements with signless integers.
static DenseElementsAttr getSignless(DenseElementsAttr elements) {
  auto type = dyn_cast<IntegerType>(elements.getElementType());
  if (!type || type.isSignless())
    return elements;
  return elements.bitcast(IntegerType::get(type.getContext(), type.getWidth()));
}

Value onnxtolinalg::addFileWeight(Node &node, const Twine &name,
                                  onnxir::FileAttr file) {
  auto module = node.op->getParentOfType<ModuleOp>();
  OpBuilder builder(module.getContext());
  OperationState state(node.op.getLoc(), onnxir::WeightOp::getOperationName());
  state.addAttribute("sym_name", builder.getStringAttr(name));
  state.addAttribute("value", file);
  // The table renames what is taken.
  StringAttr symbol =
      node.state.values->getSymbolTables().getSymbolTable(module).insert(
          builder.create(state), module.getBody()->begin());
  auto type = cast<RankedTensorType>(file.getType());
  return onnxir::GetWeightOp::create(node.b, type, symbol.getValue());
}

static FailureOr<Value> lowerConstant(Node &node) {
  if (auto file =
          dyn_cast_or_null<onnxir::FileAttr>(node.op.getAttribute("value"))) {
    // The bytes of unsigned elements do not change.
    auto signless = cast<RankedTensorType>(getSignless(file.getType()));
    file = onnxir::FileAttr::get(node.op.getContext(), signless, file.getPath(),
                                 file.getOffset(), file.getLength());
    return addFileWeight(node, node.op.getDisplayName() + "_value", file);
  }
  auto elements = dyn_cast_or_null<DenseElementsAttr>(
      onnxir::getConstantElements(node.op.getResult(0)));
  if (!elements)
    return node.fail("the value is not a tensor of numbers");
  return Value(arith::ConstantOp::create(node.b, getSignless(elements)));
}

static FailureOr<Value> lowerConstantOfShape(Node &node) {
  FailureOr<Sizes> sizes = node.getIndices(0);
  if (failed(sizes))
    return failure();
  Type type = node.getResultElementType(0);
  Attribute attr = node.op.getAttribute("value");
  TypedAttr scalar = constantAttr(type, 0.0);
  if (attr) {
    auto elements = dyn_cast<DenseElementsAttr>(attr);
    if (!elements || elements.getNumElements() != 1)
      return node.fail("value must be one element");
    scalar = *getSignless(elements).value_begin<TypedAttr>();
  }
  return node.b.fill(*sizes, scalar);
}

/// Integers of `type` from index values.
static Value fromSizes(Node &node, ArrayRef<OpFoldResult> sizes,
                       RankedTensorType type) {
  SmallVector<Value> elements;
  for (OpFoldResult size : sizes)
    elements.push_back(arith::IndexCastOp::create(node.b, type.getElementType(),
                                                  node.b.getIndex(size)));
  if (elements.empty())
    return node.b.empty(node.b.index(0), type.getElementType());
  return tensor::FromElementsOp::create(node.b, type, elements);
}

static FailureOr<Value> lowerShape(Node &node) {
  Sizes sizes = node.b.getSizes(node.get(0));
  int64_t rank = sizes.size();
  auto clamp = [&](int64_t axis) {
    return std::clamp<int64_t>(axis < 0 ? axis + rank : axis, 0, rank);
  };
  int64_t start = clamp(node.op.getInt("start", 0));
  int64_t end = std::max(clamp(node.op.getInt("end", rank)), start);
  ArrayRef<OpFoldResult> part = ArrayRef(sizes).slice(start, end - start);
  auto type = RankedTensorType::get(static_cast<int64_t>(part.size()),
                                    node.b.getI64Type());
  return fromSizes(node, part, type);
}

static FailureOr<Value> lowerSize(Node &node) {
  OpFoldResult size = node.b.product(node.b.getSizes(node.get(0)));
  return fromSizes(node, size, RankedTensorType::get({}, node.b.getI64Type()));
}

/// The number of elements of a range of integers.
static FailureOr<OpFoldResult> getIntegerCount(Node &node) {
  Sizes bounds;
  for (unsigned slot = 0; slot < 3; ++slot) {
    FailureOr<Sizes> bound = node.getIndices(slot);
    if (failed(bound))
      return failure();
    bounds.push_back(bound->front());
  }
  TensorBuilder &b = node.b;
  std::optional<int64_t> step = getConstantIntValue(bounds[2]);
  if (step == 0) {
    node.emitError() << "the step is 0";
    return failure();
  }
  if (!step)
    b.assertTrue(arith::CmpIOp::create(b, arith::CmpIPredicate::ne,
                                       b.getIndex(bounds[2]),
                                       b.getIndex(b.index(0))),
                 "the step is 0");
  // ceil(distance / step) whatever the sign of the step.
  OpFoldResult distance = b.sub(bounds[1], bounds[0]);
  return b.max(b.ceilDiv(distance, bounds[2]), b.index(0));
}

static FailureOr<OpFoldResult> getFloatCount(Node &node, Value start,
                                             Value step) {
  TensorBuilder &b = node.b;
  Value limit = b.getScalar(node.get(1));
  Type type = getComputeType(start.getType());
  auto wide = [&](Value value) { return convertFloatScalar(b, value, type); };
  Value distance = arith::SubFOp::create(b, wide(limit), wide(start));
  Value count =
      math::CeilOp::create(b, arith::DivFOp::create(b, distance, wide(step)));
  // Neither NaN nor more than there is memory for.
  Value magnitude = math::AbsFOp::create(b, count);
  b.assertTrue(arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, magnitude,
                                     constant(b, type, 1e15)),
               "the number of elements is not finite");
  Value integer = arith::FPToSIOp::create(b, b.getI64Type(), count);
  OpFoldResult size =
      arith::IndexCastOp::create(b, b.getIndexType(), integer).getResult();
  return b.max(size, b.index(0));
}

static FailureOr<Value> lowerRange(Node &node) {
  TensorBuilder &b = node.b;
  Type type = node.getElementType(0);
  for (unsigned slot = 0; slot < 3; ++slot)
    if (node.getRank(slot) > 1 || !node.getType(slot).hasStaticShape() ||
        node.getType(slot).getNumElements() != 1)
      return node.fail("operands must be scalars");
  bool isFloat = isa<FloatType>(type);
  Value start = b.getScalar(node.get(0)), step = b.getScalar(node.get(2));
  FailureOr<OpFoldResult> count =
      isFloat ? getFloatCount(node, start, step) : getIntegerCount(node);
  if (failed(count))
    return failure();
  return b.generate(*count, type, [&](B &b, ValueRange at) -> Value {
    Value index = arith::IndexCastOp::create(b, b.getI64Type(), at[0]);
    if (!isFloat) {
      Value i = castScalar(b, index, b.getI64Type(), type);
      return arith::AddIOp::create(b, start, arith::MulIOp::create(b, i, step));
    }
    Type wide = getComputeType(type);
    Value i = arith::SIToFPOp::create(b, wide, index);
    return arith::AddFOp::create(
        b, convertFloatScalar(b, start, wide),
        arith::MulFOp::create(b, i, convertFloatScalar(b, step, wide)));
  });
}

void onnxtolinalg::populateConstantLowerings(Lowerings &lowerings) {
  lowerings["Constant"] =
      Lowering(single(lowerConstant))
          .reads("value value_float value_floats value_int value_ints");
  lowerings["ConstantOfShape"] = Lowering(single(lowerConstantOfShape))
                                     .takes(1)
                                     .reads("value")
                                     .of(Elements::Integers);
  lowerings["Shape"] = Lowering(single(lowerShape)).takes(1).reads("end start");
  lowerings["Size"] = Lowering(single(lowerSize)).takes(1);
  // Narrow floats are computed in f32 anyway, as `stash_type` 1 says.
  lowerings["Range"] = Lowering(single(lowerRange))
                           .takes(3)
                           .reads("stash_type")
                           .of(Elements::Numbers);
}
