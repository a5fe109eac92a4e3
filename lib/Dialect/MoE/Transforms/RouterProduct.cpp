//===- RouterProduct.cpp - The product that makes router logits -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RouterProduct.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/LinalgInterfaces.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::moe;

static RankedTensorType getTensor(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// The only operation of an elementwise linalg operation's body whose result it
/// yields, if it is an `OpTy`.
template <typename OpTy> static OpTy getOnlyOp(linalg::GenericOp op) {
  Block *body = op.getBody();
  if (body->getOperations().size() != 2)
    return {};
  auto only = dyn_cast<OpTy>(body->front());
  if (!only || body->getTerminator()->getOperand(0) != only->getResult(0))
    return {};
  return only;
}

linalg::GenericOp mlir::moe::getElementwiseUnary(Value value) {
  auto generic = value.getDefiningOp<linalg::GenericOp>();
  if (!generic || generic.getNumDpsInputs() != 1 ||
      generic.getNumParallelLoops() != generic.getNumLoops() ||
      !llvm::all_of(generic.getIndexingMapsArray(),
                    [](AffineMap map) { return map.isIdentity(); }))
    return {};
  return generic;
}

/// What is converted to `value` by an elementwise `OpTy`, or null.
template <typename OpTy> static Value getConverted(Value value) {
  if (auto op = value.getDefiningOp<OpTy>())
    return op->getOperand(0);
  linalg::GenericOp generic = getElementwiseUnary(value);
  if (!generic)
    return {};
  OpTy convert = getOnlyOp<OpTy>(generic);
  if (!convert || convert->getOperand(0) != generic.getBody()->getArgument(0))
    return {};
  return generic.getDpsInputs()[0];
}

/// What is reshaped to `value`, the last dimension staying as it is, or null.
static Value getReshaped(Value value) {
  auto keepsColumns = [](auto op) {
    return op && op.getReassociationIndices().back().size() == 1;
  };
  if (auto op = value.getDefiningOp<tensor::CollapseShapeOp>();
      keepsColumns(op))
    return op.getSrc();
  if (auto op = value.getDefiningOp<tensor::ExpandShapeOp>(); keepsColumns(op))
    return op.getSrc();
  return {};
}

/// The vector that is added to each row of the result, which becomes `value`;
/// null if there is none.
static Value getAddedVector(Value &value) {
  auto generic = value.getDefiningOp<linalg::GenericOp>();
  if (!generic || generic.getNumDpsInputs() != 2 ||
      generic.getNumParallelLoops() != generic.getNumLoops())
    return {};
  auto add = getOnlyOp<arith::AddFOp>(generic);
  if (!add || !isa<BlockArgument>(add.getLhs()) ||
      !isa<BlockArgument>(add.getRhs()) || add.getLhs() == add.getRhs())
    return {};
  SmallVector<AffineMap> maps = generic.getIndexingMapsArray();
  unsigned loops = generic.getNumLoops();
  AffineMap last = AffineMap::get(
      loops, 0, getAffineDimExpr(loops - 1, generic.getContext()));
  if (!maps.back().isIdentity())
    return {};
  for (unsigned i : {0u, 1u}) {
    if (maps[i] != last || !maps[1 - i].isIdentity() ||
        add->getOperand(0).getParentBlock() != generic.getBody() ||
        cast<BlockArgument>(add.getLhs()).getArgNumber() > 1 ||
        cast<BlockArgument>(add.getRhs()).getArgNumber() > 1)
      continue;
    value = generic.getDpsInputs()[1 - i];
    return generic.getDpsInputs()[i];
  }
  return {};
}

/// Reads a product of matrices by linalg that starts from zeros.
static LogicalResult matchContraction(Value value, RouterProduct &product,
                                      StringRef &reason) {
  auto op = value.getDefiningOp<linalg::LinalgOp>();
  reason = "the logits are no product with a matrix";
  if (!op || op.getNumLoops() != 3 || op.getNumDpsInputs() != 2 ||
      op.getNumDpsInits() != 1 || !linalg::isaContractionOpInterface(op))
    return failure();
  MLIRContext *context = op->getContext();
  auto map = [&](unsigned a, unsigned b) {
    return AffineMap::get(
        3, 0, {getAffineDimExpr(a, context), getAffineDimExpr(b, context)},
        context);
  };
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  if (maps[0] != map(0, 2) || maps[2] != map(0, 1))
    return failure();
  if (maps[1] != map(1, 2) && maps[1] != map(2, 1))
    return failure();
  product.transposed = maps[1] == map(2, 1);
  auto fill = op.getDpsInitOperand(0)->get().getDefiningOp<linalg::FillOp>();
  reason = "the product is added to something";
  if (!fill || !matchPattern(fill.getInputs()[0], m_AnyZeroFloat()))
    return failure();
  Value lhs = op.getDpsInputOperand(0)->get();
  Value rhs = op.getDpsInputOperand(1)->get();
  Type element = getTensor(value).getElementType();
  reason = "the product is rounded at each step";
  if (!element.isF32() && !element.isF64())
    return failure();
  if (Value narrow = getConverted<arith::ExtFOp>(lhs))
    lhs = narrow;
  if (Value narrow = getConverted<arith::ExtFOp>(rhs))
    rhs = narrow;
  reason = "the product is of a wider type than its input";
  if (element.isF64() != getTensor(lhs).getElementType().isF64() ||
      (getTensor(rhs).getElementType().isF64() && !element.isF64()))
    return failure();
  if (auto transpose = rhs.getDefiningOp<linalg::TransposeOp>();
      transpose && getTensor(rhs).getRank() == 2 &&
      transpose.getPermutation() == ArrayRef<int64_t>{1, 0}) {
    rhs = transpose.getInput();
    product.transposed = !product.transposed;
  }
  reason = "the matrix has no static shape";
  if (!getTensor(rhs).hasStaticShape() ||
      getTensor(rhs).getNumElements() == 0 ||
      !isa<FloatType>(getTensor(rhs).getElementType()) ||
      getTensor(rhs).getElementTypeBitWidth() < 16)
    return failure();
  product.input = lhs;
  product.matrix = rhs;
  product.columns = getTensor(value).getDimSize(1);
  return success();
}

FailureOr<RouterProduct> RouterProduct::match(Value value, StringRef &reason) {
  RouterProduct product;
  // One rounding, at the end.
  if (Value wide = getConverted<arith::TruncFOp>(value))
    value = wide;
  auto skipReshapes = [&] {
    while (Value source = getReshaped(value))
      value = source;
  };
  skipReshapes();
  product.bias = getAddedVector(value);
  skipReshapes();
  if (product.bias && !getTensor(product.bias).hasStaticShape()) {
    reason = "the bias has no static shape";
    return failure();
  }
  if (getTensor(value).getRank() != 2) {
    reason = "the logits are no product with a matrix";
    return failure();
  }
  if (auto project = value.getDefiningOp<ProjectOp>()) {
    // It is rounded before the bias is added.
    reason = "the product is rounded before the bias is added";
    if (product.bias && getTensor(value).getElementTypeBitWidth() < 32)
      return failure();
    product.input = project.getInput();
    product.weights = project.getWeights();
    product.columns = getTensor(value).getDimSize(1);
    return product;
  }
  if (failed(matchContraction(value, product, reason)))
    return failure();
  return product;
}

Value RouterProduct::buildWeights(ImplicitLocOpBuilder &b) const {
  if (weights)
    return weights;
  RankedTensorType type = getTensor(matrix);
  int64_t hidden = type.getDimSize(transposed ? 0 : 1);
  auto result = WeightsType::get(b.getContext(), {1, columns, hidden},
                                 type.getElementType());
  return WeightsOp::create(b, result, matrix, ValueRange(), ValueRange(),
                           LayoutAttr::get(b.getContext(), 0, 1, transposed), 0,
                           0);
}

Value RouterProduct::buildBias(ImplicitLocOpBuilder &b) const {
  if (!bias)
    return {};
  auto result = WeightsType::get(b.getContext(), {1, columns},
                                 getTensor(bias).getElementType());
  return WeightsOp::create(b, result, bias, ValueRange(), ValueRange(),
                           LayoutAttr::get(b.getContext(), 0, 1, false), 0, 0);
}
