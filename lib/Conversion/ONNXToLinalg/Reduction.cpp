//===- Reduction.cpp - Reductions and softmax -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Lowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

using B = ImplicitLocOpBuilder;

static Value addScalars(B &b, ValueRange x) {
  return isa<FloatType>(x[0].getType())
             ? arith::AddFOp::create(b, x[0], x[1]).getResult()
             : arith::AddIOp::create(b, x[0], x[1]).getResult();
}

static Value mulScalars(B &b, ValueRange x) {
  return isa<FloatType>(x[0].getType())
             ? arith::MulFOp::create(b, x[0], x[1]).getResult()
             : arith::MulIOp::create(b, x[0], x[1]).getResult();
}

static Value maxScalars(B &b, ValueRange x, bool isUnsigned) {
  if (isa<FloatType>(x[0].getType()))
    return arith::MaximumFOp::create(b, x[0], x[1]);
  if (isUnsigned || x[0].getType().isInteger(1))
    return arith::MaxUIOp::create(b, x[0], x[1]);
  return arith::MaxSIOp::create(b, x[0], x[1]);
}

static Value minScalars(B &b, ValueRange x, bool isUnsigned) {
  if (isa<FloatType>(x[0].getType()))
    return arith::MinimumFOp::create(b, x[0], x[1]);
  if (isUnsigned || x[0].getType().isInteger(1))
    return arith::MinUIOp::create(b, x[0], x[1]);
  return arith::MinSIOp::create(b, x[0], x[1]);
}

/// The number of elements that one result is made of, as `type`.
static Value getCount(TensorBuilder &b, ArrayRef<OpFoldResult> sizes,
                      ArrayRef<int64_t> axes, Type type) {
  OpFoldResult count = b.index(1);
  for (int64_t axis : axes)
    count = b.mul(count, sizes[axis]);
  Value integer =
      arith::IndexCastOp::create(b, b.getI64Type(), b.getIndex(count));
  return castScalar(b, integer, b.getI64Type(), type);
}

/// Reduces `input`, whose elements are of their compute type already.
static Value reduceCompute(Node &node, Value input, ArrayRef<int64_t> axes,
                           bool keep) {
  TensorBuilder &b = node.b;
  StringRef op = node.op.getOpType();
  Type type = cast<RankedTensorType>(input.getType()).getElementType();
  bool isUnsigned = node.isUnsigned(0);
  if (op == "ReduceMax")
    return b.reduce(
        input, axes, keep, lowestAttr(type, isUnsigned),
        [&](B &b, ValueRange x) { return maxScalars(b, x, isUnsigned); });
  if (op == "ReduceMin")
    return b.reduce(
        input, axes, keep, highestAttr(type, isUnsigned),
        [&](B &b, ValueRange x) { return minScalars(b, x, isUnsigned); });
  if (op == "ReduceProd")
    return b.reduce(input, axes, keep, constantAttr(type, 1.0), mulScalars);
  // Sums, of the elements or of their magnitudes or squares.
  bool isFloat = isa<FloatType>(type);
  if (op == "ReduceL1")
    input = b.map(input, type, [&](B &b, ValueRange x) -> Value {
      return isFloat ? math::AbsFOp::create(b, x[0]).getResult()
                     : math::AbsIOp::create(b, x[0]).getResult();
    });
  if (op == "ReduceL2" || op == "ReduceSumSquare")
    input = b.map(input, type, [&](B &b, ValueRange x) -> Value {
      return mulScalars(b, {x[0], x[0]});
    });
  Value sum = b.reduce(input, axes, keep, constantAttr(type, 0.0), addScalars);
  if (op == "ReduceMean") {
    Value count = getCount(b, b.getSizes(input), axes, type);
    return b.map(sum, type, [&](B &b, ValueRange x) -> Value {
      return isFloat ? arith::DivFOp::create(b, x[0], count).getResult()
                     : arith::DivSIOp::create(b, x[0], count).getResult();
    });
  }
  if (op == "ReduceL2")
    return b.map(sum, type, [](B &b, ValueRange x) -> Value {
      return math::SqrtOp::create(b, x[0]);
    });
  if (op == "ReduceLogSum")
    return b.map(sum, type, [](B &b, ValueRange x) -> Value {
      return math::LogOp::create(b, x[0]);
    });
  return sum;
}

static FailureOr<Value> lowerReduction(Node &node) {
  TensorBuilder &b = node.b;
  int64_t rank = node.getRank(0);
  StringRef op = node.op.getOpType();
  Type type = node.getElementType(0);
  bool needsFloat = op == "ReduceL2" || op == "ReduceLogSum";
  if ((needsFloat && !isa<FloatType>(type)) ||
      (type.isInteger(1) && op != "ReduceMax" && op != "ReduceMin"))
    return node.fail("is not defined for these elements");
  FailureOr<std::optional<SmallVector<int64_t>>> axes = node.getAxes(1, rank);
  if (failed(axes))
    return failure();
  if (!*axes || (*axes)->empty()) {
    if (node.op.getInt("noop_with_empty_axes", 0))
      return node.get(0);
    *axes = llvm::to_vector(llvm::seq<int64_t>(rank));
  }
  bool keep = node.op.getInt("keepdims", 1);
  Value wide = b.convertFloat(node.get(0), getComputeType(type));
  return b.convertFloat(reduceCompute(node, wide, **axes, keep), type);
}

/// exp(x − max) along `axis`, and what it sums up to.
static std::pair<Value, Value> getExponentials(TensorBuilder &b, Value x,
                                               int64_t axis, Value &shifted) {
  Type type = cast<RankedTensorType>(x.getType()).getElementType();
  Value greatest =
      b.reduce(x, axis, /*keepDims=*/true, lowestAttr(type, false),
               [](B &b, ValueRange x) { return maxScalars(b, x, false); });
  shifted = b.map({x, greatest}, type, [](B &b, ValueRange x) -> Value {
    return arith::SubFOp::create(b, x[0], x[1]);
  });
  Value powers = b.map(shifted, type, [](B &b, ValueRange x) -> Value {
    return math::ExpOp::create(b, x[0]);
  });
  Value sum = b.reduce(powers, axis, /*keepDims=*/true, constantAttr(type, 0.0),
                       addScalars);
  return {powers, sum};
}

static FailureOr<Value> lowerSoftmax(Node &node) {
  TensorBuilder &b = node.b;
  Type type = node.getElementType(0), compute = getComputeType(type);
  if (!isa<FloatType>(type))
    return node.fail("needs floating-point elements");
  // Before opset 13, everything from the axis on is one dimension.
  bool flattens =
      node.op.getOpsetVersion() != 0 && node.op.getOpsetVersion() < 13;
  int64_t rank = node.getRank(0);
  if (rank == 0)
    return node.fail("needs rank 1 or more");
  FailureOr<int64_t> axis =
      node.getAxis("axis", flattens ? 1 : -1, rank == 1 && flattens ? 2 : rank);
  if (failed(axis))
    return failure();
  Value x = b.convertFloat(node.get(0), compute);
  Sizes sizes = b.getSizes(x);
  int64_t along = *axis;
  if (flattens) {
    x = b.reshape(x, {b.product(ArrayRef(sizes).take_front(*axis)),
                      b.product(ArrayRef(sizes).drop_front(*axis))});
    along = 1;
  }
  Value shifted;
  auto [powers, sum] = getExponentials(b, x, along, shifted);
  Value result;
  if (node.op.getOpType() == "Softmax")
    result = b.map({powers, sum}, compute, [](B &b, ValueRange x) -> Value {
      return arith::DivFOp::create(b, x[0], x[1]);
    });
  else
    result = b.map({shifted, sum}, compute, [](B &b, ValueRange x) -> Value {
      return arith::SubFOp::create(b, x[0], math::LogOp::create(b, x[1]));
    });
  return b.convertFloat(b.reshape(result, sizes), type);
}

void onnxtolinalg::populateReductionLowerings(Lowerings &lowerings) {
  for (StringRef op :
       {"ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceMax", "ReduceMean",
        "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare"})
    lowerings[op] = {1, single(lowerReduction)};
  lowerings["Softmax"] = lowerings["LogSoftmax"] = {1, single(lowerSoftmax)};
}
