//===- MatchExpertFFN.cpp - Regions that are feed-forward networks --------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MatchActivation.h"
#include "RegionReader.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "moe/Dialect/MoE/IR/Reference.h"
#include "moe/Dialect/MoE/Transforms/Transforms.h"

using namespace mlir;
using namespace mlir::moe;

namespace {
/// A projection and its bias: leaves, and their sum.
struct Projection {
  const RegionLeaf *matrix = nullptr, *bias = nullptr;
  Expr value = nullptr;
};

/// Reads one region.
class FFNMatcher {
public:
  FFNMatcher(RegionExpertsOp op, bool keepRoundings, std::string &reason)
      : op(op), reader(op), keepRoundings(keepRoundings), reason(reason) {}

  FFNExpertsOp match(OpBuilder &builder);

private:
  bool readDown();
  bool readHidden();
  FFNExpertsOp build(OpBuilder &builder);
  Projection getProjection(Expr leaf, Expr within);
  Value buildWeights(OpBuilder &builder, const RegionLeaf *leaf, int64_t out,
                     int64_t in);
  bool fail(const Twine &why) {
    reason = reader.reason.empty() ? why.str() : reader.reason;
    return false;
  }

  RegionExpertsOp op;
  RegionReader reader;
  bool keepRoundings;
  std::string &reason;
  Projection up, gate, down;
  ActivationAttr activation;
  int64_t inter = 0;
};
} // namespace

/// A leaf's projection with the vector that is added to it in some sum of
/// `within`.
Projection FFNMatcher::getProjection(Expr leaf, Expr within) {
  Projection result;
  result.matrix = &reader.getLeaf(leaf->leaf);
  result.value = leaf;
  walk(within, [&](Expr expr) {
    if (expr->kind != ExprNode::Sum || result.bias)
      return;
    auto own = llvm::find_if(expr->parts, [&](const auto &part) {
      return part.first->kind == ExprNode::Leaf &&
             part.first->leaf == leaf->leaf;
    });
    if (own == expr->parts.end())
      return;
    for (auto [term, coefficient] : expr->parts)
      if (term->kind == ExprNode::Leaf && coefficient == own->second &&
          !reader.getLeaf(term->leaf).input) {
        result.bias = &reader.getLeaf(term->leaf);
        result.value = reader.pool.add(leaf, term);
      }
  });
  return result;
}

/// The leaves of `expr` that are projections, each once.
static SmallVector<Expr> getProjections(RegionReader &reader, Expr expr) {
  SmallVector<Expr> found;
  walk(expr, [&](Expr part) {
    if (part->kind == ExprNode::Leaf && reader.getLeaf(part->leaf).input &&
        llvm::none_of(found,
                      [&](Expr other) { return other->leaf == part->leaf; }))
      found.push_back(part);
  });
  return found;
}

/// The last projection: result = hidden · Downᵀ + bias.
bool FFNMatcher::readDown() {
  Value result = op.getBody().front().getTerminator()->getOperand(0);
  // Rows are rounded at the end in any case, to the type of the layer's.
  if (auto rounding = result.getDefiningOp<arith::TruncFOp>())
    result = rounding.getIn();
  Expr expr = reader.readMatrix(result);
  if (!expr)
    return fail("");
  SmallVector<Expr> projections = getProjections(reader, expr);
  if (projections.size() != 1)
    return fail("the result is not one projection");
  down = getProjection(projections[0], expr);
  if (!isSame(expr, down.value))
    return fail("the result is not a projection with or without a bias");
  return true;
}

bool FFNMatcher::readHidden() {
  Value hidden = down.matrix->input, rows = op.getBody().getArgument(1);
  inter = cast<RankedTensorType>(hidden.getType()).getDimSize(1);
  Expr expr = reader.readMatrix(hidden);
  if (!expr || ShapedType::isDynamic(inter))
    return fail("the inner size is not static");
  SmallVector<Expr> projections = getProjections(reader, expr);
  for (Expr leaf : projections)
    if (reader.getLeaf(leaf->leaf).input != rows)
      return fail("a projection is not of the rows");
  if (projections.empty() || projections.size() > 2)
    return fail("the activation is not of one or two projections");
  MLIRContext *context = op.getContext();
  if (projections.size() == 1) {
    up = getProjection(projections[0], expr);
    activation = matchActivation(reader.pool, context, expr, nullptr, up.value);
  }
  for (unsigned first = 0; first < 2 && projections.size() == 2 && !activation;
       ++first) {
    gate = getProjection(projections[first], expr);
    up = getProjection(projections[1 - first], expr);
    activation =
        matchActivation(reader.pool, context, expr, gate.value, up.value);
  }
  return activation ? true : fail("the activation is none that is known");
}

/// Builds the weights of a leaf: `out`×`in`, or a vector when `in` is 0.
Value FFNMatcher::buildWeights(OpBuilder &builder, const RegionLeaf *leaf,
                               int64_t out, int64_t in) {
  const WeightView &view = leaf->view;
  unsigned stack = view.isStacked ? 1 : 0;
  auto source = cast<RankedTensorType>(view.sources.front().getType());
  auto refuse = [&](const Twine &why) -> Value {
    fail(why);
    return {};
  };
  if (source.getRank() != stack + (in ? 2 : 1) ||
      (in == 0 && view.dims.size() != 1))
    return refuse("weights have more dimensions than a matrix");
  const WeightView::Dim &outer = view.dims[leaf->outDim];
  int64_t offset = outer.offset + outer.step * leaf->column.offset;
  int64_t step = outer.step * leaf->column.step;
  int64_t size = source.getDimSize(outer.source), last;
  if (offset < 0 || step < 1 || llvm::MulOverflow(step, out - 1, last) ||
      llvm::AddOverflow(offset, last, last) || last >= size)
    return refuse("weights are read from their end to their beginning");
  bool transposed = false;
  if (in) {
    const WeightView::Dim &inner = view.dims[1 - leaf->outDim];
    if (inner.offset != 0 || inner.step != 1 || inner.size != in ||
        source.getDimSize(inner.source) != in)
      return refuse("a matrix takes more inputs than it is given");
    transposed = outer.source > inner.source;
  }
  Type storage = source.getElementType();
  if (storage.getIntOrFloatBitWidth() < 8)
    return refuse("weights are narrower than a byte");
  SmallVector<int64_t> shape = {op.getResult().getType().getCount(), out};
  if (in)
    shape.push_back(in);
  SmallVector<int64_t> experts = view.experts;
  if (view.isStacked &&
      llvm::equal(experts, llvm::seq<int64_t>(0, source.getDimSize(0))))
    experts.clear();
  auto layout = LayoutAttr::get(op.getContext(), offset, step, transposed);
  return WeightsOp::create(builder, op.getLoc(),
                           WeightsType::get(op.getContext(), shape, storage),
                           view.sources, ValueRange(), ValueRange(), layout,
                           /*block=*/0, /*zero_point=*/0, experts);
}

FFNExpertsOp FFNMatcher::build(OpBuilder &builder) {
  ExpertsType type = op.getResult().getType();
  bool failed = false;
  auto matrix = [&](const Projection &p, int64_t out, int64_t in) -> Value {
    if (!p.matrix || failed)
      return {};
    Value weights = buildWeights(builder, p.matrix, out, in);
    failed |= !weights;
    return weights;
  };
  auto bias = [&](const Projection &p, int64_t out) -> Value {
    if (!p.bias || failed)
      return {};
    Value weights = buildWeights(builder, p.bias, out, 0);
    failed |= !weights;
    return weights;
  };
  Value upMatrix = matrix(up, inter, type.getInSize()),
        upBias = bias(up, inter),
        gateMatrix = matrix(gate, inter, type.getInSize()),
        gateBias = bias(gate, inter),
        downMatrix = matrix(down, type.getOutSize(), inter),
        downBias = bias(down, type.getOutSize());
  if (!failed)
    return FFNExpertsOp::create(builder, op.getLoc(), type, upMatrix, upBias,
                                gateMatrix, gateBias, downMatrix, downBias,
                                activation);
  for (Value weights :
       {upMatrix, upBias, gateMatrix, gateBias, downMatrix, downBias})
    if (weights)
      weights.getDefiningOp()->erase();
  return {};
}

FFNExpertsOp FFNMatcher::match(OpBuilder &builder) {
  // Rows are converted to the region's type, which must not make them less, or
  // more, than the experts would compute with.
  Type element = getElementTypeOrSelf(op.getBody().getArgument(1).getType());
  for (Operation *user : op->getUsers()) {
    auto experts = dyn_cast<ExpertsOp>(user);
    Type rows = experts ? getElementTypeOrSelf(experts.getInput()) : Type();
    if (!rows || getComputeType(rows) != getComputeType(element) ||
        rows.getIntOrFloatBitWidth() > element.getIntOrFloatBitWidth()) {
      fail("rows are computed in another type than the region's");
      return {};
    }
  }
  if (!readDown() || !readHidden())
    return {};
  if (reader.isNarrow && keepRoundings) {
    fail("values between are rounded to a narrower type");
    return {};
  }
  return build(builder);
}

FFNExpertsOp mlir::moe::fuseExpertFFN(OpBuilder &builder, RegionExpertsOp op,
                                      bool keepRoundings, std::string &reason) {
  return FFNMatcher(op, keepRoundings, reason).match(builder);
}
