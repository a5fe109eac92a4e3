//===- ExpertKeys.cpp - Which experts are the same --------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExpertKeys.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/OperationSupport.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "moe/Dialect/MoE/IR/Reference.h"

using namespace mlir;
using namespace mlir::moe;

/// What a word or the words after it are.
enum Tag : uint64_t {
  kZero,
  kCopy,
  kConstant,
  kFFN,
  kNone,
  kBundle,
  kLowRank,
  kValue,
  kContent
};

static uint64_t word(const void *pointer) {
  return reinterpret_cast<uintptr_t>(pointer);
}

/// A number for the value, that of a value which is surely the same.
uint64_t ExpertKeys::identify(Value value) {
  auto [entry, isNew] =
      values.try_emplace(value, word(value.getAsOpaquePointer()));
  Operation *op = value.getDefiningOp();
  if (!isNew || !op || op->getNumOperands() != 0 || op->getNumRegions() != 0 ||
      op->getNumResults() != 1 || !isMemoryEffectFree(op))
    return entry->second;
  SmallVector<Operation *> &others = origins[OperationEquivalence::computeHash(
      op, OperationEquivalence::directHashValue,
      OperationEquivalence::ignoreHashValue,
      OperationEquivalence::IgnoreLocations)];
  for (Operation *other : others)
    if (OperationEquivalence::isEquivalentTo(
            op, other, OperationEquivalence::IgnoreLocations))
      return entry->second = word(other->getResult(0).getAsOpaquePointer());
  others.push_back(op);
  return entry->second;
}

/// Adds what belongs to `expert` of one stacked tensor, or of one per expert.
void ExpertKeys::addSource(ValueRange tensors, bool stacked, int64_t expert,
                           ExpertKey &key) {
  if (tensors.empty()) {
    key.push_back(kNone);
    return;
  }
  Value tensor = stacked ? tensors.front() : tensors[expert];
  auto type = cast<RankedTensorType>(tensor.getType());
  ArrayRef<int64_t> shape = type.getShape().drop_front(stacked ? 1 : 0);
  key.push_back(word(type.getElementType().getAsOpaquePointer()));
  key.push_back(shape.size());
  key.append(shape.begin(), shape.end());

  DenseElementsAttr constant;
  unsigned bits = type.getElementTypeBitWidth();
  if (matchPattern(tensor, m_Constant(&constant)) && bits % 8 == 0) {
    ArrayRef<char> bytes = constant.getRawData();
    if (!constant.isSplat()) {
      size_t size = ShapedType::getNumElements(shape) * (bits / 8);
      bytes = bytes.slice(stacked ? expert * size : 0, size);
    }
    // A tensor of equal elements is told by one of them.
    StringRef text(bytes.data(), bytes.size());
    StringRef first = text.take_front(bits / 8);
    bool isSplat = true;
    for (StringRef rest = text; isSplat && !rest.empty();
         rest = rest.drop_front(first.size()))
      isSplat = rest.starts_with(first);
    key.push_back(kContent);
    key.push_back(contents.try_emplace(isSplat ? first : text, contents.size())
                      .first->second);
    return;
  }
  key.push_back(kValue);
  key.push_back(identify(tensor));
  key.push_back(stacked ? expert : 0);
}

void ExpertKeys::addWeights(Value weights, int64_t expert, unsigned depth,
                            ExpertKey &key) {
  if (!weights) {
    key.push_back(kNone);
    return;
  }
  auto lowRank = weights.getDefiningOp<LowRankWeightsOp>();
  if (lowRank && depth < kMaxLowRankDepth) {
    key.push_back(kLowRank);
    bool isCommon = lowRank.getBase().getType().getNumExperts() == 1;
    addWeights(lowRank.getBase(), isCommon ? 0 : expert, depth + 1, key);
    addWeights(lowRank.getU(), expert, depth + 1, key);
    addWeights(lowRank.getV(), expert, depth + 1, key);
    return;
  }
  auto op = weights.getDefiningOp<WeightsOp>();
  if (!op) {
    key.append({kValue, identify(weights), static_cast<uint64_t>(expert)});
    return;
  }
  WeightsType type = op.getType();
  key.push_back(kBundle);
  key.push_back(word(type.getStorage().getAsOpaquePointer()));
  key.push_back(type.getShape().size());
  key.append(type.getShape().begin() + 1, type.getShape().end());
  key.push_back(word(op.getLayoutAttr().getAsOpaquePointer()));
  key.push_back(op.getBlock());
  key.push_back(op.getZeroPoint());
  int64_t source = op.getSourceExpert(expert);
  for (ValueRange tensors :
       {ValueRange(op.getSources()), ValueRange(op.getScales()),
        ValueRange(op.getZeros())})
    addSource(tensors, op.isStacked(), source, key);
}

std::optional<ExpertKey> ExpertKeys::get(Value set, int64_t expert) {
  ExpertKey key;
  Operation *op = set.getDefiningOp();
  if (isa_and_nonnull<ZeroExpertsOp>(op)) {
    key.push_back(kZero);
  } else if (isa_and_nonnull<CopyExpertsOp>(op)) {
    key.push_back(kCopy);
  } else if (auto constant = dyn_cast_or_null<ConstantExpertsOp>(op)) {
    key.push_back(kConstant);
    addWeights(constant.getVectors(), expert, 0, key);
    addWeights(constant.getMix(), expert, 0, key);
  } else if (auto ffn = dyn_cast_or_null<FFNExpertsOp>(op)) {
    key.push_back(kFFN);
    key.push_back(word(ffn.getActivation().getAsOpaquePointer()));
    for (Value weights : {Value(ffn.getUp()), Value(ffn.getUpBias()),
                          Value(ffn.getGate()), Value(ffn.getGateBias()),
                          Value(ffn.getDown()), Value(ffn.getDownBias())})
      addWeights(weights, expert, 0, key);
  } else {
    return std::nullopt;
  }
  return key;
}
