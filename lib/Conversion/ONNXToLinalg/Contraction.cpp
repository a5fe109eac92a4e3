//===- Contraction.cpp - Matrix products -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Quantization.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

using B = ImplicitLocOpBuilder;

/// [batch…, M, K] · [batch…, K, N] with batches that are broadcast.
static Value multiplyBatches(TensorBuilder &b, Value lhs, Value rhs) {
  Type type = cast<RankedTensorType>(lhs.getType()).getElementType();
  Sizes x = b.getSizes(lhs), y = b.getSizes(rhs);
  b.assertEqual(x.back(), y[y.size() - 2], "inner sizes differ");
  Sizes xBatch(ArrayRef(x).drop_back(2)), yBatch(ArrayRef(y).drop_back(2));
  Sizes batch = b.broadcastSizes({xBatch, yBatch});
  Sizes xFull(batch), yFull(batch), sizes(batch);
  xFull.append(x.end() - 2, x.end());
  yFull.append(y.end() - 2, y.end());
  sizes.append({x[x.size() - 2], y.back()});
  Sizes flat{b.product(batch)};
  auto flatten = [&](Value value, Sizes &full) {
    Sizes three(flat);
    three.append(full.end() - 2, full.end());
    return b.reshape(b.broadcast(value, full), three);
  };
  Value left = flatten(lhs, xFull), right = flatten(rhs, yFull);
  Sizes product(flat);
  product.append(sizes.end() - 2, sizes.end());
  Value init = b.fill(product, constantAttr(getComputeType(type), 0.0));
  Value result = linalg::BatchMatmulOp::create(b, ValueRange{left, right}, init)
                     .getResult(0);
  b.setSizes(result, product);
  return b.reshape(b.convertFloat(result, type), sizes);
}

Value onnxtolinalg::multiplyAny(TensorBuilder &b, Value lhs, Value rhs) {
  // Vectors are matrices of one row or column.
  Sizes x = b.getSizes(lhs), y = b.getSizes(rhs);
  bool isRow = x.size() == 1, isColumn = y.size() == 1;
  if (isRow)
    lhs = b.reshape(lhs, {b.index(1), x[0]});
  if (isColumn)
    rhs = b.reshape(rhs, {y[0], b.index(1)});
  x = b.getSizes(lhs);
  y = b.getSizes(rhs);
  Value result;
  Sizes sizes;
  if (y.size() == 2) {
    // All rows of all batches meet the same matrix.
    OpFoldResult rows = b.product(ArrayRef(x).drop_back());
    result = b.multiply(b.reshape(lhs, {rows, x.back()}), rhs, false, false);
    sizes.assign(x.begin(), x.end() - 1);
    sizes.push_back(y.back());
  } else {
    result = multiplyBatches(b, lhs, rhs);
    sizes = b.getSizes(result);
  }
  if (isColumn)
    sizes.pop_back();
  if (isRow)
    sizes.erase(sizes.end() - (isColumn ? 1 : 2));
  return b.reshape(result, sizes);
}

static FailureOr<Value> lowerMatMul(Node &node) {
  if (node.getRank(0) == 0 || node.getRank(1) == 0)
    return node.fail("operands must not be scalars");
  if (node.getElementType(0) != node.getElementType(1))
    return node.fail("operands must be numbers of one type");
  return multiplyAny(node.b, node.get(0), node.get(1));
}

static FailureOr<Value> lowerGemm(Node &node) {
  TensorBuilder &b = node.b;
  Type type = node.getElementType(0);
  if (node.getRank(0) != 2 || node.getRank(1) != 2)
    return node.fail("operands must be matrices");
  if (type != node.getElementType(1) || type.isInteger(1))
    return node.fail("operands must be numbers of one type");
  double alpha = node.op.getFloat("alpha", 1.0);
  double beta = node.op.getFloat("beta", 1.0);
  if (!isa<FloatType>(type) && (alpha != 1.0 || beta != 1.0))
    return node.fail("alpha and beta of integers must be 1");
  // Sums stay in the compute type until C is added.
  Type compute = getComputeType(type);
  Value product =
      b.multiply(b.convertFloat(node.get(0), compute),
                 b.convertFloat(node.get(1), compute),
                 node.op.getInt("transA", 0), node.op.getInt("transB", 0));
  SmallVector<Value> operands{product};
  if (node.get(2))
    operands.push_back(node.get(2));
  if (operands.size() == 1 && alpha == 1.0)
    return b.convertFloat(product, type);
  return b.map(operands, type, [&](B &b, ValueRange x) -> Value {
    if (!isa<FloatType>(x[0].getType()))
      return arith::AddIOp::create(b, x[0], x[1]);
    auto times = [&](Value value, double factor) -> Value {
      if (factor == 1.0)
        return value;
      return arith::MulFOp::create(b, value,
                                   constant(b, value.getType(), factor));
    };
    Value sum = times(x[0], alpha);
    if (x.size() > 1)
      sum = arith::AddFOp::create(b, sum, times(x[1], beta));
    return sum;
  });
}

void onnxtolinalg::populateContractionLowerings(Lowerings &lowerings) {
  lowerings["MatMul"] =
      Lowering(single(lowerMatMul)).takes(2).of(Elements::Numbers);
  lowerings["Gemm"] = Lowering(single(lowerGemm))
                          .takes(2, 3)
                          .reads("alpha beta transA transB")
                          .of(Elements::Numbers)
                          .except("integers with alpha or beta other than 1");
}
