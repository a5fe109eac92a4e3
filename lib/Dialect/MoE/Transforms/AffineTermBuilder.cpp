//===- AffineTermBuilder.cpp - The affine term of folded experts ----------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AffineTermBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "moe/Dialect/MoE/IR/Reference.h"

using namespace mlir;
using namespace mlir::moe;

AffineTermBuilder::AffineTermBuilder(ImplicitLocOpBuilder &b,
                                     ArrayRef<ExpertMeaning> meanings,
                                     Value weights, Value ids, Value input)
    : b(b), meanings(meanings), weights(weights), ids(ids), input(input),
      compute(getComputeType(getElementTypeOrSelf(weights))) {
  for (const ExpertMeaning &meaning : meanings) {
    if (meaning.kind != ExpertMeaning::Constant &&
        meaning.kind != ExpertMeaning::Mixed)
      continue;
    constants.push_back(meaning);
    hasMixed |= meaning.kind == ExpertMeaning::Mixed;
  }
  if (llvm::any_of(meanings, [](const ExpertMeaning &meaning) {
        return meaning.kind == ExpertMeaning::Copy;
      }))
    copyScale = buildSums(
        [&](size_t expert) -> int32_t {
          return meanings[expert].kind == ExpertMeaning::Copy ? 0 : -1;
        },
        0);
  if (constants.empty())
    return;
  int32_t next = 0;
  coefficients = buildSums(
      [&](size_t expert) -> int32_t {
        return meanings[expert].vectors ? next++ : -1;
      },
      constants.size());
  if (!hasMixed)
    return;
  Value logits = buildMixLogits();
  auto type = cast<RankedTensorType>(coefficients.getType());
  auto mix =
      MixOp::create(b, RankedTensorType::get(type.getDimSize(0), compute), type,
                    coefficients, logits, copyScale, mixColumns);
  copyScale = mix.getScale();
  coefficients = mix.getCoefficients();
}

/// The sums of the weights of experts, by columns.
Value AffineTermBuilder::buildSums(function_ref<int32_t(size_t)> column,
                                   int64_t columns) {
  SmallVector<int32_t> table;
  for (size_t expert : llvm::seq(meanings.size()))
    table.push_back(column(expert));
  int64_t tokens = cast<RankedTensorType>(ids.getType()).getDimSize(0);
  // One column of its own kind: a vector.
  SmallVector<int64_t> shape = {tokens};
  if (columns > 0)
    shape.push_back(columns);
  return CoefficientsOp::create(b, RankedTensorType::get(shape, compute),
                                weights, ids, table);
}

/// Projects the tokens by the mixing matrices of all sets, side by side.
Value AffineTermBuilder::buildMixLogits() {
  SmallVector<Value> mixes;
  SmallVector<int64_t> offsets;
  int64_t width = 0;
  for (const ExpertMeaning &constant : constants) {
    if (!constant.mix) {
      mixColumns.push_back(-1);
      continue;
    }
    auto *known = llvm::find(mixes, constant.mix);
    size_t number = known - mixes.begin();
    if (known == mixes.end()) {
      mixes.push_back(constant.mix);
      offsets.push_back(width);
      width += 2 * cast<WeightsType>(constant.mix.getType()).getNumExperts();
    }
    mixColumns.push_back(offsets[number] + 2 * constant.index);
  }
  FloatType type = getComputeType(getElementTypeOrSelf(input));
  int64_t tokens = cast<RankedTensorType>(input.getType()).getDimSize(0);
  auto project = [&](Value mix) -> Value {
    int64_t columns = 2 * cast<WeightsType>(mix.getType()).getNumExperts();
    return ProjectOp::create(b, RankedTensorType::get({tokens, columns}, type),
                             input, mix);
  };
  if (mixes.size() == 1)
    return project(mixes.front());
  OpFoldResult size = tensor::getMixedSize(b, b.getLoc(), input, 0);
  OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
  Value logits =
      createEmpty(b, b.getLoc(), {size, b.getIndexAttr(width)}, type);
  for (auto [mix, offset] : llvm::zip_equal(mixes, offsets)) {
    Value part = project(mix);
    int64_t columns = cast<RankedTensorType>(part.getType()).getDimSize(1);
    logits = tensor::InsertSliceOp::create(
        b, part, logits, ArrayRef<OpFoldResult>{zero, b.getIndexAttr(offset)},
        ArrayRef<OpFoldResult>{size, b.getIndexAttr(columns)},
        ArrayRef<OpFoldResult>{one, one});
  }
  return logits;
}

Value AffineTermBuilder::buildVectors() {
  if (constants.empty())
    return {};
  Value first = constants.front().vectors;
  auto type = cast<WeightsType>(first.getType());
  int64_t count = constants.size(), width = type.getOutSize();
  // Kernels read vectors as they are, so codes are decoded once.
  bool whole = type.getNumExperts() == count && !type.isQuantized();
  for (auto [i, constant] : llvm::enumerate(constants))
    whole &=
        constant.vectors == first && constant.index == static_cast<int64_t>(i);
  if (whole)
    return first;
  // Else they are copied into one tensor, which depends on no input, so that it
  // is made when the model is loaded.
  OpFoldResult one = b.getIndexAttr(1), size = b.getIndexAttr(width);
  Value all =
      createEmpty(b, b.getLoc(), {b.getIndexAttr(count), size}, compute);
  for (auto [i, constant] : llvm::enumerate(constants)) {
    Value index = arith::ConstantIndexOp::create(b, constant.index);
    ExpertWeights vector(b, b.getLoc(),
                         cast<WeightsOp>(constant.vectors.getDefiningOp()),
                         index, compute);
    Value init = createEmpty(b, b.getLoc(), size, compute);
    Value row =
        buildLoops(b, b.getLoc(), 1, {}, init, {{0}},
                   [&](OpBuilder &nested, Location loc, ValueRange) {
                     return vector.read(
                         nested, loc, linalg::IndexOp::create(nested, loc, 0));
                   });
    all = tensor::InsertSliceOp::create(
        b, row, all,
        ArrayRef<OpFoldResult>{b.getIndexAttr(i), b.getIndexAttr(0)},
        ArrayRef<OpFoldResult>{one, size}, ArrayRef<OpFoldResult>{one, one});
  }
  return WeightsOp::create(
      b, WeightsType::get(b.getContext(), {count, width}, compute), all,
      ValueRange(), ValueRange(), LayoutAttr::get(b.getContext(), 0, 1, false),
      0, 0);
}
