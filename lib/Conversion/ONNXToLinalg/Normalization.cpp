//===- Normalization.cpp - Layer and root-mean-square normalisation -------===//
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
static Results normalize(Node &node, Value input, int64_t axis, double epsilon,
                         Value scale, Value bias, bool subtractsMean) {
  TensorBuilder &b = node.b;
  Type type = node.getElementType(0), compute = getComputeType(type);
  if (!isa<FloatType>(type)) {
    node.emitError() << "needs floating-point elements";
    return failure();
  }
  SmallVector<int64_t> axes =
      llvm::to_vector(llvm::seq<int64_t>(axis, node.getRank(0)));
  Value x = b.convertFloat(input, compute), mean;
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
  SmallVector<Value> operands{centred, inverse, scale};
  if (bias)
    operands.push_back(bias);
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

static Results lowerNormalization(Node &node, bool subtractsMean) {
  FailureOr<int64_t> axis = node.getAxis("axis", -1, node.getRank(0));
  if (failed(axis))
    return failure();
  // Everything narrower is computed in f32, as 1 says; 11 is f64.
  int64_t stash = node.op.getInt("stash_type", 1);
  if (stash != 1 && !(stash == 11 && node.getElementType(0).isF64())) {
    node.emitError() << "stash_type " << stash << " is not supported";
    return failure();
  }
  return normalize(node, node.get(0), *axis, node.op.getFloat("epsilon", 1e-5),
                   node.get(1), node.get(2), subtractsMean);
}

/// Normalises input + skip + bias, and gives the sum as result 3.
static Results lowerSkipNormalization(Node &node, bool subtractsMean) {
  TensorBuilder &b = node.b;
  Value beta = subtractsMean ? node.get(3) : Value();
  Value bias = node.get(subtractsMean ? 4 : 3);
  Type type = node.getElementType(0);
  if (!isa<FloatType>(type) || node.getRank(1) > node.getRank(0)) {
    node.emitError() << "input and skip must be floats of one rank";
    return failure();
  }
  Sizes sizes = b.getSizes(node.get(0));
  SmallVector<Value> operands{node.get(0), node.get(1)};
  if (bias)
    operands.push_back(bias);
  Value sum = b.map(operands, type, [](B &b, ValueRange x) -> Value {
    Value sum = arith::AddFOp::create(b, x[0], x[1]);
    return x.size() > 2 ? arith::AddFOp::create(b, sum, x[2]).getResult() : sum;
  });
  for (auto [size, expected] : llvm::zip_equal(b.getSizes(sum), sizes))
    b.assertEqual(size, expected, "skip is larger than the input");
  Results results =
      normalize(node, sum, sizes.size() - 1, node.op.getFloat("epsilon", 1e-12),
                node.get(2), beta, subtractsMean);
  if (failed(results))
    return failure();
  if (!subtractsMean)
    results->insert(results->begin() + 1, Value());
  results->push_back(sum);
  return results;
}

void onnxtolinalg::populateNormalizationLowerings(Lowerings &lowerings) {
  lowerings["LayerNormalization"] =
      Lowering([](Node &node) { return lowerNormalization(node, true); })
          .takes(2, 3)
          .reads("axis epsilon stash_type")
          .of(Elements::Floats);
  lowerings["RMSNormalization"] = lowerings["SimplifiedLayerNormalization"] =
      Lowering([](Node &node) { return lowerNormalization(node, false); })
          .takes(2)
          .reads("axis epsilon stash_type")
          .of(Elements::Floats);
  lowerings["com.microsoft::SkipLayerNormalization"] =
      Lowering([](Node &node) { return lowerSkipNormalization(node, true); })
          .takes(3, 5)
          .reads("epsilon")
          .of(Elements::Floats);
  lowerings["com.microsoft::SkipSimplifiedLayerNormalization"] =
      Lowering([](Node &node) { return lowerSkipNormalization(node, false); })
          .takes(3, 4)
          .reads("epsilon")
          .of(Elements::Floats);
}
