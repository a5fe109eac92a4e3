//===- Reduction.cpp - Reductions and softmax -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OpenAxes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
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

namespace {
/// The dimensions that a reduction folds: known axes or a mask, i1 for each
/// dimension.
struct Reducer {
  TensorBuilder &b;
  SmallVector<int64_t> axes;
  SmallVector<Value> mask;
  bool isUnsigned = false;

  /// Folds `input`, whose elements are of their compute type already, and keeps
  /// the dimensions where `keep` says so, or where axes are not known.
  Value fold(Value input, bool keep, TypedAttr init, TensorBuilder::Body body) {
    return mask.empty() ? b.reduce(input, axes, keep, init, body)
                        : reduceMasked(b, input, mask, init, body);
  }
  Value sum(Value input, bool keep) {
    Type type = cast<RankedTensorType>(input.getType()).getElementType();
    return fold(input, keep, constantAttr(type, 0.0), addScalars);
  }
  Value greatest(Value input, bool keep) {
    Type type = cast<RankedTensorType>(input.getType()).getElementType();
    return fold(
        input, keep, lowestAttr(type, isUnsigned),
        [&](B &b, ValueRange x) { return maxScalars(b, x, isUnsigned); });
  }
  Value least(Value input, bool keep) {
    Type type = cast<RankedTensorType>(input.getType()).getElementType();
    return fold(
        input, keep, highestAttr(type, isUnsigned),
        [&](B &b, ValueRange x) { return minScalars(b, x, isUnsigned); });
  }
  /// The number of elements that one result is made of, as `type`; 1 for
  /// integers where there is none, since they cannot be divided by 0.
  Value getCount(ArrayRef<OpFoldResult> sizes, Type type) {
    OpFoldResult count = b.index(1);
    for (int64_t axis : axes)
      count = b.mul(count, sizes[axis]);
    for (auto [isNamed, size] : llvm::zip(mask, sizes))
      count = b.mul(count, select(b, isNamed, size, b.index(1)));
    if (isa<IntegerType>(type))
      count = b.max(count, b.index(1));
    Value integer =
        arith::IndexCastOp::create(b, b.getI64Type(), b.getIndex(count));
    return castScalar(b, integer, b.getI64Type(), type);
  }
};
} // namespace

/// log Σ exp(x) without overflow.
static Value reduceLogSumExp(Reducer &reducer, Value input) {
  TensorBuilder &b = reducer.b;
  Type type = cast<RankedTensorType>(input.getType()).getElementType();
  // Infinite ones must not meet in a difference.
  Value most =
      b.map(reducer.greatest(input, /*keep=*/true), type,
            [&](B &b, ValueRange x) -> Value {
              Value magnitude = math::AbsFOp::create(b, x[0]);
              Value isInfinite = arith::CmpFOp::create(
                  b, arith::CmpFPredicate::OEQ, magnitude,
                  constant(b, type, std::numeric_limits<double>::infinity()));
              return arith::SelectOp::create(b, isInfinite,
                                             constant(b, type, 0.0), x[0]);
            });
  Value powers = b.map({input, most}, type, [](B &b, ValueRange x) -> Value {
    return math::ExpOp::create(b, arith::SubFOp::create(b, x[0], x[1]));
  });
  return b.map({reducer.sum(powers, /*keep=*/true), most}, type,
               [](B &b, ValueRange x) -> Value {
                 return arith::AddFOp::create(b, math::LogOp::create(b, x[0]),
                                              x[1]);
               });
}

/// Reduces `input`, whose elements are of their compute type already.
static Value reduceCompute(StringRef op, Reducer &reducer, Value input,
                           bool keep) {
  TensorBuilder &b = reducer.b;
  Type type = cast<RankedTensorType>(input.getType()).getElementType();
  bool isFloat = isa<FloatType>(type), isUnsigned = reducer.isUnsigned;
  if (op == "ReduceMax")
    return reducer.greatest(input, keep);
  if (op == "ReduceMin")
    return reducer.least(input, keep);
  if (op == "ReduceProd")
    return reducer.fold(input, keep, constantAttr(type, 1.0), mulScalars);
  if (op == "ReduceLogSumExp")
    return reduceLogSumExp(reducer, input);
  // Sums, of the elements or of their magnitudes or squares.
  if (op == "ReduceL1" && !isUnsigned)
    input = b.map(input, type, [&](B &b, ValueRange x) -> Value {
      return isFloat ? math::AbsFOp::create(b, x[0]).getResult()
                     : math::AbsIOp::create(b, x[0]).getResult();
    });
  if (op == "ReduceL2" || op == "ReduceSumSquare")
    input = b.map(input, type, [&](B &b, ValueRange x) -> Value {
      return mulScalars(b, {x[0], x[0]});
    });
  Value sum = reducer.sum(input, keep);
  if (op == "ReduceMean") {
    Value count = reducer.getCount(b.getSizes(input), type);
    return b.map(sum, type, [&](B &b, ValueRange x) -> Value {
      if (isFloat)
        return arith::DivFOp::create(b, x[0], count);
      return isUnsigned ? arith::DivUIOp::create(b, x[0], count).getResult()
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
  Reducer reducer{b, {}, {}, node.isUnsigned(0)};
  bool keep = node.op.getInt("keepdims", 1);
  // Sizes with a 1 for each dimension that is folded, or without.
  Sizes sizes = b.getSizes(node.get(0)), kept, left;
  if (node.hasOpenAxes(1)) {
    FailureOr<SmallVector<Value>> mask = readAxes(node, 1, rank);
    if (failed(mask))
      return failure();
    reducer.mask = *mask;
    left = dropMasked(b, *mask, sizes, rank - node.getType(1).getNumElements());
    for (auto [isNamed, size] : llvm::zip_equal(*mask, sizes))
      kept.push_back(select(b, isNamed, b.index(1), size));
  } else {
    FailureOr<std::optional<SmallVector<int64_t>>> axes = node.getAxes(1, rank);
    if (failed(axes))
      return failure();
    if (!*axes || (*axes)->empty()) {
      if (node.op.getInt("noop_with_empty_axes", 0))
        return node.get(0);
      *axes = llvm::to_vector(llvm::seq<int64_t>(rank));
    }
    reducer.axes = **axes;
    for (auto [i, size] : llvm::enumerate(sizes)) {
      bool folded = llvm::is_contained(**axes, static_cast<int64_t>(i));
      kept.push_back(folded ? b.index(1) : size);
      if (!folded)
        left.push_back(size);
    }
  }
  Value wide = b.convertFloat(node.get(0), getComputeType(type));
  Value result = reduceCompute(op, reducer, wide, keep);
  return b.convertFloat(b.reshape(result, keep ? kept : left), type);
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

/// 1 at the first of the greatest elements along `axis`, else 0.
static Value buildHardmax(TensorBuilder &b, Value x, int64_t axis) {
  Type type = cast<RankedTensorType>(x.getType()).getElementType();
  Value greatest =
      b.reduce(x, axis, /*keepDims=*/true, lowestAttr(type, false),
               [](B &b, ValueRange x) { return maxScalars(b, x, false); });
  Type i64 = b.getI64Type();
  Value places = b.map({x, greatest}, i64, [&](B &b, ValueRange x) -> Value {
    Value isGreatest =
        arith::CmpFOp::create(b, arith::CmpFPredicate::UEQ, x[0], x[1]);
    Value index =
        arith::IndexCastOp::create(b, i64, linalg::IndexOp::create(b, axis));
    return arith::SelectOp::create(b, isGreatest, index,
                                   constant(b, i64, INT32_MAX));
  });
  Value first =
      b.reduce(places, axis, /*keepDims=*/true, highestAttr(i64, false),
               [](B &b, ValueRange x) { return minScalars(b, x, false); });
  return b.map({x, first}, type, [&](B &b, ValueRange x) -> Value {
    Value index =
        arith::IndexCastOp::create(b, i64, linalg::IndexOp::create(b, axis));
    Value isFirst =
        arith::CmpIOp::create(b, arith::CmpIPredicate::eq, index, x[1]);
    return arith::UIToFPOp::create(b, type, isFirst);
  });
}

static FailureOr<Value> lowerSoftmax(Node &node) {
  TensorBuilder &b = node.b;
  Type type = node.getElementType(0), compute = getComputeType(type);
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
  if (node.op.getOpType() == "Hardmax")
    return b.convertFloat(b.reshape(buildHardmax(b, x, along), sizes), type);
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
  for (StringRef op : {"ReduceMax", "ReduceMin"})
    lowerings[op] = Lowering(single(lowerReduction));
  for (StringRef op :
       {"ReduceL1", "ReduceMean", "ReduceProd", "ReduceSum", "ReduceSumSquare"})
    lowerings[op] = Lowering(single(lowerReduction)).of(Elements::Numbers);
  for (StringRef op : {"ReduceL2", "ReduceLogSum", "ReduceLogSumExp"})
    lowerings[op] = Lowering(single(lowerReduction)).of(Elements::Floats);
  for (auto &entry : lowerings)
    if (entry.first().starts_with("Reduce"))
      entry.second.takes(1, 2)
          .reads("axes keepdims noop_with_empty_axes")
          .except("an open number of axes");
  for (StringRef op : {"Hardmax", "LogSoftmax", "Softmax"})
    lowerings[op] = Lowering(single(lowerSoftmax))
                        .takes(1)
                        .reads("axis")
                        .of(Elements::Floats);
}
