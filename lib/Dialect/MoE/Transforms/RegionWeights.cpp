//===- RegionWeights.cpp - Weights that a region of experts reads ---------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RegionReader.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::moe;

/// An index that depends on nothing but the expert, for each of them.
std::optional<SmallVector<int64_t>>
RegionReader::evaluatePerExpert(Value index) {
  APInt constant;
  if (index == block.getArgument(0))
    return llvm::to_vector(llvm::seq<int64_t>(0, experts));
  if (matchPattern(index, m_ConstantInt(&constant)))
    return SmallVector<int64_t>(experts, constant.getSExtValue());
  Operation *definition = index.getDefiningOp();
  llvm::scope_exit leave([&] { --depth; });
  if (++depth > kMaxDepth || ++steps > kMaxSteps || !definition)
    return std::nullopt;
  if (isa<arith::IndexCastOp>(definition))
    return evaluatePerExpert(definition->getOperand(0));
  if (auto extract = dyn_cast<tensor::ExtractOp>(definition)) {
    DenseIntElementsAttr table;
    if (extract.getIndices().size() != 1 ||
        !matchPattern(extract.getTensor(), m_Constant(&table)))
      return std::nullopt;
    std::optional<SmallVector<int64_t>> places =
        evaluatePerExpert(extract.getIndices()[0]);
    if (!places)
      return std::nullopt;
    auto values = table.getValues<APInt>();
    for (int64_t &place : *places) {
      if (place < 0 || place >= table.getNumElements())
        return std::nullopt;
      place = values[place].getSExtValue();
    }
    return places;
  }
  if (!isa<arith::AddIOp, arith::MulIOp, arith::SubIOp>(definition))
    return std::nullopt;
  std::optional<SmallVector<int64_t>> a = evaluatePerExpert(
                                          definition->getOperand(0)),
                                      b = evaluatePerExpert(
                                          definition->getOperand(1));
  if (!a || !b)
    return std::nullopt;
  for (auto [x, y] : llvm::zip_equal(*a, *b)) {
    bool overflows = isa<arith::AddIOp>(definition) ? llvm::AddOverflow(x, y, x)
                     : isa<arith::SubIOp>(definition)
                         ? llvm::SubOverflow(x, y, x)
                         : llvm::MulOverflow(x, y, x);
    if (overflows)
      return std::nullopt;
  }
  return a;
}

/// The whole of a tensor from around the region, the same for all experts.
static std::optional<WeightView> viewWhole(ArrayRef<Value> sources) {
  auto type = dyn_cast<RankedTensorType>(sources.front().getType());
  if (!type || !type.hasStaticShape() || !isa<FloatType>(type.getElementType()))
    return std::nullopt;
  WeightView view;
  view.sources.assign(sources.begin(), sources.end());
  for (auto [dim, size] : llvm::enumerate(type.getShape()))
    view.dims.push_back({0, 1, size, static_cast<unsigned>(dim)});
  return view;
}

std::optional<WeightView> RegionReader::view(Value tensor) {
  if (isOutside(tensor))
    return viewWhole(SmallVector<Value>(experts, tensor));
  Operation *definition = tensor.getDefiningOp();
  llvm::scope_exit leave([&] { --depth; });
  if (++depth > kMaxDepth || ++steps > kMaxSteps || !definition)
    return std::nullopt;
  // One tensor per expert.
  if (auto choice = dyn_cast<scf::IndexSwitchOp>(definition)) {
    std::optional<SmallVector<int64_t>> cases =
        evaluatePerExpert(choice.getArg());
    if (!cases || choice.getNumResults() != 1)
      return std::nullopt;
    SmallVector<Value> sources;
    for (int64_t number : *cases) {
      auto place = llvm::find(choice.getCases(), number);
      unsigned region = place - choice.getCases().begin();
      Block &chosen = region == choice.getCases().size()
                          ? choice.getDefaultBlock()
                          : choice.getCaseBlock(region);
      sources.push_back(chosen.getTerminator()->getOperand(0));
      if (!isOutside(sources.back()))
        return std::nullopt;
    }
    return viewWhole(sources);
  }
  if (auto cast = dyn_cast<tensor::CastOp>(definition))
    return view(cast.getSource());
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(definition)) {
    std::optional<WeightView> source = view(collapse.getSrc());
    if (!source)
      return std::nullopt;
    SmallVector<WeightView::Dim> dims;
    for (const ReassociationIndices &group :
         collapse.getReassociationIndices()) {
      WeightView::Dim kept = source->dims[group.back()];
      unsigned large = 0;
      for (int64_t dim : group)
        if (source->dims[dim].size != 1) {
          kept = source->dims[dim];
          ++large;
        }
      if (large > 1)
        return std::nullopt;
      dims.push_back(kept);
    }
    source->dims = dims;
    return source;
  }
  auto slice = dyn_cast<tensor::ExtractSliceOp>(definition);
  if (!slice)
    return std::nullopt;
  std::optional<WeightView> source = view(slice.getSource());
  if (!source)
    return std::nullopt;
  llvm::SmallBitVector dropped = slice.getDroppedDims();
  SmallVector<WeightView::Dim> dims;
  for (auto [i, offset, size, step] :
       llvm::enumerate(slice.getMixedOffsets(), slice.getMixedSizes(),
                       slice.getMixedStrides())) {
    WeightView::Dim dim = source->dims[i];
    std::optional<int64_t> begin = getConstantIntValue(offset),
                           length = getConstantIntValue(size),
                           distance = getConstantIntValue(step);
    if (!length || !distance)
      return std::nullopt;
    if (!begin || dropped.test(i)) {
      // This chooses the expert, once, in the outermost dimension.
      std::optional<SmallVector<int64_t>> chosen;
      if (begin)
        chosen = SmallVector<int64_t>(experts, *begin);
      else
        chosen = evaluatePerExpert(cast<Value>(offset));
      if (!chosen || source->isStacked || *length != 1 || dim.source != 0 ||
          i != 0 || dim.offset != 0 || dim.step != 1 ||
          llvm::any_of(*chosen,
                       [&](int64_t expert) {
                         return expert < 0 || expert >= dim.size;
                       }) ||
          !llvm::all_equal(source->sources))
        return std::nullopt;
      source->isStacked = true;
      source->experts = *chosen;
      source->sources.resize(1);
      if (!dropped.test(i))
        dims.push_back({0, 1, 1, 0});
      continue;
    }
    dim.offset += *begin * dim.step;
    dim.step *= *distance;
    dim.size = *length;
    dims.push_back(dim);
  }
  source->dims = dims;
  return source;
}
