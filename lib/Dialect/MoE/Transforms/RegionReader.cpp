//===- RegionReader.cpp - What a region of experts computes -----*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RegionReader.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "moe/Dialect/MoE/IR/Reference.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::moe;

/// Nodes of an expression, at most.
constexpr uint64_t kMaxExprSize = 1000;

RegionReader::RegionReader(RegionExpertsOp op)
    : op(op), block(op.getBody().front()),
      experts(op.getResult().getType().getCount()),
      computeBits(
          getComputeType(getElementTypeOrSelf(block.getArgument(1).getType()))
              .getWidth()) {}

Expr RegionReader::fail(Value value, const Twine &why) {
  if (!reason.empty())
    return nullptr;
  if (Operation *definition = value.getDefiningOp())
    reason = (definition->getName().getStringRef() + ": " + why).str();
  else
    reason = why.str();
  return nullptr;
}

Expr RegionReader::addLeaf(RegionLeaf leaf) {
  auto place = llvm::find(leaves, leaf);
  unsigned number = place - leaves.begin();
  if (place == leaves.end())
    leaves.push_back(std::move(leaf));
  return pool.leaf(number);
}

Value RegionReader::lookThroughCasts(Value tensor, bool truncations) {
  while (Operation *definition = tensor.getDefiningOp()) {
    bool isTruncation = isa<arith::TruncFOp>(definition);
    if (!isa<arith::ExtFOp, tensor::CastOp>(definition) &&
        !(isTruncation && truncations))
      break;
    isNarrow |= isTruncation;
    tensor = definition->getOperand(0);
  }
  return tensor;
}

//===----------------------------------------------------------------------===//
// Scalars
//===----------------------------------------------------------------------===//

/// The expression of an operation on scalars, or on each element of tensors.
Expr RegionReader::apply(Operation *op, ArrayRef<Expr> operands) {
  Type type = getElementTypeOrSelf(op->getResult(0).getType());
  if (isa<FloatType>(type) && type.getIntOrFloatBitWidth() < computeBits)
    isNarrow = true;
  Expr result =
      TypeSwitch<Operation *, Expr>(op)
          .Case(
              [&](arith::AddFOp) { return pool.add(operands[0], operands[1]); })
          .Case(
              [&](arith::SubFOp) { return pool.sub(operands[0], operands[1]); })
          .Case(
              [&](arith::MulFOp) { return pool.mul(operands[0], operands[1]); })
          .Case(
              [&](arith::DivFOp) { return pool.div(operands[0], operands[1]); })
          .Case([&](arith::NegFOp) { return pool.neg(operands[0]); })
          .Case([&](math::FmaOp) {
            return pool.add(pool.mul(operands[0], operands[1]), operands[2]);
          })
          .Case<arith::ExtFOp, arith::TruncFOp>(
              [&](Operation *) { return operands[0]; })
          .Case(
              [&](arith::MaximumFOp) { return pool.function("max", operands); })
          .Case(
              [&](arith::MinimumFOp) { return pool.function("min", operands); })
          .Case([&](math::ExpOp) { return pool.function("exp", operands); })
          .Case([&](math::ErfOp) { return pool.function("erf", operands); })
          .Case([&](math::TanhOp) { return pool.function("tanh", operands); })
          .Case([&](math::PowFOp) -> Expr {
            double exponent = operands[1]->value;
            bool isSmall = operands[1]->kind == ExprNode::Constant &&
                           (exponent == 2.0 || exponent == 3.0);
            return isSmall ? pool.power(operands[0], exponent) : nullptr;
          })
          .Default([](Operation *) -> Expr { return nullptr; });
  if (!result)
    return fail(op->getResult(0), "no arithmetic of feed-forward networks");
  if (result->size > kMaxExprSize)
    return fail(op->getResult(0), "too long an expression");
  return result;
}

Expr RegionReader::readScalar(Value value, Scope &scope) {
  if (auto known = scope.values.find(value); known != scope.values.end())
    return known->second;
  APFloat constant(0.0);
  if (matchPattern(value, m_ConstantFloat(&constant))) {
    bool losesInfo;
    constant.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                     &losesInfo);
    return pool.constant(constant.convertToDouble());
  }
  Operation *definition = value.getDefiningOp();
  if (!definition || definition->getNumRegions() != 0 ||
      definition->getNumResults() != 1)
    return fail(value, "not an element of a tensor");
  llvm::scope_exit leave([&] { --depth; });
  if (++depth > kMaxDepth || ++steps > kMaxSteps)
    return fail(value, "too deep");
  Expr result;
  if (isa<tensor::ExtractOp>(definition)) {
    result = readExtract(definition, scope);
  } else {
    SmallVector<Expr> operands;
    for (Value operand : definition->getOperands()) {
      operands.push_back(readScalar(operand, scope));
      if (!operands.back())
        return nullptr;
    }
    if (operands.empty())
      return fail(value, "not a number known here");
    result = apply(definition, operands);
  }
  scope.values[value] = result;
  return result;
}

/// An index as offset + step · a loop's index.
std::optional<Axis> RegionReader::readIndex(Value index, Scope &scope) {
  if (auto loop = index.getDefiningOp<linalg::IndexOp>())
    return scope.loops[loop.getDim()];
  auto withConstant = [&](Operation *definition, APInt &constant) {
    Value other;
    if (matchPattern(definition->getOperand(1), m_ConstantInt(&constant)))
      other = definition->getOperand(0);
    else if (matchPattern(definition->getOperand(0), m_ConstantInt(&constant)))
      other = definition->getOperand(1);
    return other ? readIndex(other, scope) : std::nullopt;
  };
  Operation *definition = index.getDefiningOp();
  APInt constant;
  if (isa_and_nonnull<arith::AddIOp>(definition)) {
    if (std::optional<Axis> axis = withConstant(definition, constant))
      return Axis{axis->isRow, axis->offset + constant.getSExtValue(),
                  axis->step};
  } else if (isa_and_nonnull<arith::MulIOp>(definition)) {
    if (std::optional<Axis> axis = withConstant(definition, constant))
      return Axis{axis->isRow, axis->offset * constant.getSExtValue(),
                  axis->step * constant.getSExtValue()};
  }
  return std::nullopt;
}

/// An element of a tensor at computed indices.
Expr RegionReader::readExtract(Operation *op, Scope &scope) {
  auto extract = cast<tensor::ExtractOp>(op);
  SmallVector<Axis> axes;
  for (Value index : extract.getIndices()) {
    std::optional<Axis> axis = readIndex(index, scope);
    if (!axis)
      return fail(op->getResult(0), "its index is no index of a loop");
    axes.push_back(*axis);
  }
  return read(extract.getTensor(), axes);
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

bool RegionReader::isOutside(Value value) {
  return !op.getBody().isAncestor(value.getParentRegion());
}

/// An element of a vector of each expert.
Expr RegionReader::readElement(Value tensor, ArrayRef<Axis> axes) {
  std::optional<WeightView> vector = view(tensor);
  if (!vector)
    return fail(tensor, "neither computed of the rows nor an expert's weights");
  // Dimensions of one element make no difference.
  SmallVector<WeightView::Dim> dims;
  SmallVector<Axis> used;
  for (auto [dim, axis] : llvm::zip_equal(vector->dims, axes))
    if (dim.size != 1) {
      dims.push_back(dim);
      used.push_back(axis);
    }
  if (dims.empty() && !vector->dims.empty()) {
    dims.push_back(vector->dims.back());
    used.push_back(axes.back());
  }
  if (dims.size() != 1 || used[0].isRow)
    return fail(tensor, "not a vector for each expert");
  RegionLeaf leaf;
  leaf.view = *vector;
  leaf.view.dims = dims;
  leaf.column = used[0];
  return addLeaf(std::move(leaf));
}

Expr RegionReader::readSlice(Operation *op, ArrayRef<Axis> axes) {
  auto slice = cast<tensor::ExtractSliceOp>(op);
  if (slice.getType().getRank() != slice.getSourceType().getRank())
    return fail(slice, "drops a dimension of what is computed");
  SmallVector<Axis> inner(axes);
  for (auto [axis, offset, step] : llvm::zip_equal(
           inner, slice.getMixedOffsets(), slice.getMixedStrides())) {
    std::optional<int64_t> begin = getConstantIntValue(offset),
                           distance = getConstantIntValue(step);
    if (!begin || !distance || (axis.isRow && (*begin != 0 || *distance != 1)))
      return fail(slice, "begins or steps where only the run can tell");
    axis.offset = *begin + *distance * axis.offset;
    axis.step *= *distance;
  }
  return read(slice.getSource(), inner);
}

Expr RegionReader::read(Value tensor, ArrayRef<Axis> axes) {
  Operation *definition = tensor.getDefiningOp();
  DenseFPElementsAttr constant;
  if (matchPattern(tensor, m_Constant(&constant)) && constant.isSplat()) {
    APFloat value = constant.getSplatValue<APFloat>();
    bool losesInfo;
    value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                  &losesInfo);
    return pool.constant(value.convertToDouble());
  }
  if (isOutside(tensor) || !definition)
    return readElement(tensor, axes);
  llvm::scope_exit leave([&] { --depth; });
  if (++depth > kMaxDepth || ++steps > kMaxSteps)
    return fail(tensor, "too deep");
  if (auto cast = dyn_cast<tensor::CastOp>(definition))
    return read(cast.getSource(), axes);
  if (auto structured = dyn_cast<linalg::LinalgOp>(definition))
    return readLinalg(structured, axes);
  // Weights are slices too; those are read where they are used.
  if (view(tensor))
    return readElement(tensor, axes);
  if (isa<tensor::ExtractSliceOp>(definition))
    return readSlice(definition, axes);
  if (definition->hasTrait<OpTrait::Elementwise>() &&
      definition->getNumResults() == 1) {
    SmallVector<Expr> operands;
    for (Value operand : definition->getOperands()) {
      operands.push_back(read(operand, axes));
      if (!operands.back())
        return nullptr;
    }
    return apply(definition, operands);
  }
  return fail(tensor, "no operation of feed-forward networks");
}

/// The axes of an operand, given those of the loops; nothing for a map that
/// does more than choose loops.
static std::optional<SmallVector<Axis>> getAxes(AffineMap map,
                                                ArrayRef<Axis> loops) {
  SmallVector<Axis> axes;
  for (AffineExpr expr : map.getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim)
      return std::nullopt;
    axes.push_back(loops[dim.getPosition()]);
  }
  return axes;
}

Expr RegionReader::readLinalg(linalg::LinalgOp op, ArrayRef<Axis> axes) {
  Value result = op->getResult(0);
  if (op->getNumResults() != 1 || !op.hasPureTensorSemantics())
    return fail(result, "has more than one result");
  OpOperand *init = op.getDpsInitOperand(0);
  AffineMap out = op.getMatchingIndexingMap(init);
  if (op.getNumReductionLoops() == 1)
    return readContraction(op, axes);
  if (op.getNumReductionLoops() != 0 || !out.isPermutation())
    return fail(result, "neither for each element nor a product of matrices");
  Scope scope;
  scope.loops.resize(op.getNumLoops());
  for (auto [expr, axis] : llvm::zip_equal(out.getResults(), axes))
    scope.loops[cast<AffineDimExpr>(expr).getPosition()] = axis;
  Block *body = op.getBlock();
  for (OpOperand &operand : op->getOpOperands()) {
    BlockArgument argument = op.getMatchingBlockArgument(&operand);
    if (argument.use_empty())
      continue;
    Expr value;
    if (!isa<ShapedType>(operand.get().getType())) {
      value = readScalar(operand.get(), scope);
    } else {
      std::optional<SmallVector<Axis>> own =
          getAxes(op.getMatchingIndexingMap(&operand), scope.loops);
      if (!own)
        return fail(result, "reads elements elsewhere");
      value = read(operand.get(), *own);
    }
    if (!value)
      return nullptr;
    scope.values[argument] = value;
  }
  return readScalar(body->getTerminator()->getOperand(0), scope);
}

/// Whether a body adds the product of its two inputs to the result. Inputs are
/// converted to the type that experts compute in, of `computeBits`, or to a
/// wider one than theirs.
static bool addsProduct(linalg::LinalgOp op, unsigned computeBits) {
  Block *body = op.getBlock();
  auto isInput = [&](Value value, unsigned number) {
    while (isa_and_nonnull<arith::ExtFOp, arith::TruncFOp>(
        value.getDefiningOp())) {
      if (value.getDefiningOp<arith::TruncFOp>() &&
          value.getType().getIntOrFloatBitWidth() != computeBits)
        return false;
      value = value.getDefiningOp()->getOperand(0);
    }
    return value == body->getArgument(number);
  };
  auto sum =
      body->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!sum)
    return false;
  for (unsigned i : {0u, 1u}) {
    auto product = sum->getOperand(i).getDefiningOp<arith::MulFOp>();
    if (!product || sum->getOperand(1 - i) != body->getArgument(2))
      continue;
    if ((isInput(product.getLhs(), 0) && isInput(product.getRhs(), 1)) ||
        (isInput(product.getLhs(), 1) && isInput(product.getRhs(), 0)))
      return true;
  }
  return false;
}

/// init + Σ_k a[m, k] · b[n, k], b an expert's matrix in either order.
Expr RegionReader::readContraction(linalg::LinalgOp op, ArrayRef<Axis> axes) {
  Value result = op->getResult(0);
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  if (op.getNumLoops() != 3 || op.getNumDpsInputs() != 2 ||
      !addsProduct(op, computeBits) || !llvm::all_of(maps, [](AffineMap map) {
        return map.isProjectedPermutation() && map.getNumResults() == 2;
      }))
    return fail(result, "not a product of two matrices");
  unsigned k = 0;
  for (auto [loop, kind] : llvm::enumerate(op.getIteratorTypesArray()))
    if (kind == utils::IteratorType::reduction)
      k = loop;
  if (maps[2].isFunctionOfDim(k))
    return fail(result, "not a product of two matrices");
  if (getElementTypeOrSelf(result.getType()).getIntOrFloatBitWidth() <
      computeBits)
    isNarrow = true;
  // The loop of the row is that which the expert's matrix does not know.
  for (unsigned rows : {0u, 1u}) {
    std::optional<WeightView> matrix =
        view(lookThroughCasts(op->getOperand(1 - rows), false));
    if (!matrix || matrix->dims.size() != 2)
      continue;
    unsigned m = maps[rows].getDimPosition(0),
             inner = maps[rows].getDimPosition(1);
    if (inner != k || maps[2].getDimPosition(0) != m || !axes[0].isRow ||
        axes[1].isRow)
      break;
    RegionLeaf leaf;
    leaf.input = lookThroughCasts(op->getOperand(rows), true);
    leaf.outDim = maps[1 - rows].getDimPosition(0) == k ? 1 : 0;
    if (maps[1 - rows].getDimPosition(leaf.outDim) != maps[2].getDimPosition(1))
      break;
    leaf.view = *matrix;
    leaf.column = axes[1];
    Expr init = read(op.getDpsInitOperand(0)->get(), axes);
    return init ? pool.add(init, addLeaf(std::move(leaf))) : nullptr;
  }
  return fail(result, "not a product of rows and an expert's matrix");
}
