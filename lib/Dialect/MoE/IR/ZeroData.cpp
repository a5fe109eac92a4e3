//===- ZeroData.cpp - Constants that are zero -------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/IR/MoEInterfaces.h"

using namespace mlir;

bool mlir::moe::isZeroRange(DenseElementsAttr elements, int64_t first,
                            int64_t count) {
  if (isa<FloatType>(elements.getElementType())) {
    auto values = elements.getValues<APFloat>().begin() + first;
    return std::all_of(values, values + count,
                       [](const APFloat &value) { return value.isPosZero(); });
  }
  if (!isa<IntegerType>(elements.getElementType()))
    return false;
  auto values = elements.getValues<APInt>().begin() + first;
  return std::all_of(values, values + count,
                     [](const APInt &value) { return value.isZero(); });
}
