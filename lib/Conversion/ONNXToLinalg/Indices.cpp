//===- Indices.cpp - Indices that tensors hold -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Indices.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace mlir::onnxtolinalg;

using B = ImplicitLocOpBuilder;

Value onnxtolinalg::wrapIndex(B &b, Value index, Value size) {
  Value i = arith::IndexCastOp::create(b, b.getIndexType(), index);
  Value zero = arith::ConstantIndexOp::create(b, 0);
  Value isNegative =
      arith::CmpIOp::create(b, arith::CmpIPredicate::slt, i, zero);
  return arith::SelectOp::create(b, isNegative,
                                 arith::AddIOp::create(b, i, size), i);
}

/// Whether all sizes and all indices are known; checks them then.
static FailureOr<bool> checkConstants(Node &node, unsigned slot,
                                      ArrayRef<OpFoldResult> sizes) {
  std::optional<SmallVector<int64_t>> constants = onnxir::getConstantInts(
      node.get(slot), &node.state.values->getSymbolTables());
  SmallVector<int64_t> known;
  for (OpFoldResult size : sizes)
    if (std::optional<int64_t> value = getConstantIntValue(size))
      known.push_back(*value);
  if (!constants || known.size() != sizes.size())
    return false;
  for (auto [i, index] : llvm::enumerate(*constants)) {
    int64_t size = known[i % known.size()];
    if (index < -size || index >= size) {
      node.emitError() << "index " << index << " is out of range for " << size
                       << " elements";
      return failure();
    }
  }
  return true;
}

LogicalResult onnxtolinalg::checkIndices(Node &node, unsigned slot,
                                         ArrayRef<OpFoldResult> sizes) {
  if (sizes.empty())
    return success();
  FailureOr<bool> checked = checkConstants(node, slot, sizes);
  if (failed(checked) || *checked)
    return success(succeeded(checked));
  TensorBuilder &b = node.b;
  int64_t rank = node.getRank(slot);
  SmallVector<Value> bounds;
  for (OpFoldResult size : sizes)
    bounds.push_back(b.getIndex(size));
  Value all = b.reduce(
      node.get(slot), llvm::to_vector(llvm::seq<int64_t>(rank)),
      /*keepDims=*/false, b.getBoolAttr(true),
      [&](B &b, ValueRange x) -> Value {
        Value bound = bounds.front();
        Value last =
            bounds.size() > 1 ? linalg::IndexOp::create(b, rank - 1) : Value();
        for (auto [i, other] : llvm::enumerate(ArrayRef(bounds).drop_front())) {
          Value here =
              arith::CmpIOp::create(b, arith::CmpIPredicate::eq, last,
                                    arith::ConstantIndexOp::create(b, i + 1));
          bound = arith::SelectOp::create(b, here, other, bound);
        }
        Value i = wrapIndex(b, x[0], bound);
        // As unsigned numbers, negative ones are too large.
        Value inside =
            arith::CmpIOp::create(b, arith::CmpIPredicate::ult, i, bound);
        return arith::AndIOp::create(b, x[1], inside);
      });
  b.assertTrue(b.getScalar(all), "an index is out of range");
  return success();
}

SmallVector<Value> onnxtolinalg::readIndexTuple(B &b, Value indices,
                                                ValueRange at,
                                                ValueRange sizes) {
  SmallVector<Value> tuple;
  for (auto [i, size] : llvm::enumerate(sizes)) {
    SmallVector<Value> where(at);
    where.push_back(arith::ConstantIndexOp::create(b, i));
    Value index = tensor::ExtractOp::create(b, indices, where);
    tuple.push_back(wrapIndex(b, index, size));
  }
  return tuple;
}
