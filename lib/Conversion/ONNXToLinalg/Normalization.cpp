//===- Normalization.cpp - Layer and root-mean-square normalisation -*- C++
//-*-===//
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

/// The mean along `axes`, which stay as 1.
static Value getMean(TensorBuilder &b, Value x, ArrayRef<int64_t> axes) {
  Type type = cast<RankedTensorType>(x.getType()).getElementType();
  Sizes sizes = b.getSizes(x);
  OpFoldResult count = b.index(1);
  for (int64_t axis : axes)
    count = b.mul(count, sizes[axis]);
  Value integer =
      arith::IndexCastOp::create(b, b.getI64Type(), b.getIndex(count));
  Value number = arith::SIToFPOp::create(b, type, integer);
  Value sum = b.reduce(x, axes, /*keepDims=*/true, constantAttr(type, 0.0),
                       [](B &b, ValueRange x) -> Value {
                         return arith::AddFOp::create(b, x[0], x[1]);
                       });
  return b.map(sum, type, [&](B &b, ValueRange x) -> Value {
    return arith::DivFOp::create(b, x[0], number);
  });
}

/// y = (x − mean) / √(variance + ε) · scale + bias; the root-mean-square forms
/// leave the mean out. Further outputs are the mean, if there is one, and the
/// reciprocal deviation.
static Results lowerNormalization(Node &node, bool subtractsMean) {
  TensorBuilder &b = node.b;
  Type type = node.getElementType(0), compute = getComputeType(type);
  if (!isa<FloatType>(type)) {
    node.emitError() << "needs floating-point elements";
    return failure();
  }
  int64_t rank = node.getRank(0);
  FailureOr<int64_t> axis = node.getAxis("axis", -1, rank);
  if (failed(axis))
    return failure();
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(*axis, rank));
  double epsilon = node.op.getFloat("epsilon", 1e-5);

  Value x = b.convertFloat(node.get(0), compute), mean;
  Value centred = x;
  if (subtractsMean) {
    mean = getMean(b, x, axes);
    centred = b.map({x, mean}, compute, [](B &b, ValueRange x) -> Value {
      return arith::SubFOp::create(b, x[0], x[1]);
    });
  }
  Value squares = b.map(centred, compute, [](B &b, ValueRange x) -> Value {
    return arith::MulFOp::create(b, x[0], x[0]);
  });
  Value inverse = b.map(
      getMean(b, squares, axes), compute, [&](B &b, ValueRange x) -> Value {
        Value sum = arith::AddFOp::create(b, x[0],
                                          constant(b, x[0].getType(), epsilon));
        return arith::DivFOp::create(b, constant(b, sum.getType(), 1.0),
                                     math::SqrtOp::create(b, sum));
      });
  SmallVector<Value> operands{centred, inverse, node.get(1)};
  if (node.get(2))
    operands.push_back(node.get(2));
  Value result = b.map(operands, type, [](B &b, ValueRange x) -> Value {
    Value y = arith::MulFOp::create(b, x[0], x[1]);
    y = arith::MulFOp::create(b, y, x[2]);
    return x.size() > 3 ? arith::AddFOp::create(b, y, x[3]).getResult() : y;
  });
  SmallVector<Value> results{result};
  if (subtractsMean)
    results.push_back(mean);
  results.push_back(inverse);
  for (auto [i, value] : llvm::enumerate(results))
    if (node.wants(i))
      value = b.convertFloat(value, node.getResultElementType(i));
  return results;
}

void onnxtolinalg::populateNormalizationLowerings(Lowerings &lowerings) {
  lowerings["LayerNormalization"] = {
      2, [](Node &node) { return lowerNormalization(node, true); }};
  lowerings["RMSNormalization"] = lowerings["SimplifiedLayerNormalization"] = {
      2, [](Node &node) { return lowerNormalization(node, false); }};
}
