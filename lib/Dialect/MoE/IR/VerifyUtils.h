//===- VerifyUtils.h - What verifiers ask of tensors ------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_DIALECT_MOE_IR_VERIFYUTILS_H
#define MOE_LIB_DIALECT_MOE_IR_VERIFYUTILS_H

#include "moe/Dialect/MoE/IR/MoE.h"

namespace mlir::moe {

/// Experts and tokens are counted by i32 ids.
constexpr int64_t kMaxIds = std::numeric_limits<int32_t>::max();

/// Dimension `index` of a ranked tensor.
inline int64_t dimOf(Value value, unsigned index) {
  return cast<RankedTensorType>(value.getType()).getDimSize(index);
}

/// Whether two sizes can be equal at run time.
inline bool mayEqual(int64_t a, int64_t b) {
  return a == b || ShapedType::isDynamic(a) || ShapedType::isDynamic(b);
}

/// Whether a tensor has f64 elements: only such ones are computed in f64.
inline bool isDouble(Value value) {
  return getElementTypeOrSelf(value.getType()).isF64();
}

/// Checks the weights of a combination of `input` rows into `result` tokens.
LogicalResult verifyCombineWeights(Operation *op, Value weights, PlanType plan,
                                   Value input, Value result);

/// Checks the affine term that is added to `result`; absent parts are null.
LogicalResult verifyAffineTerm(Operation *op, Value copyScale, Value copyInput,
                               Value coefficients, Value vectors, Value result);

} // namespace mlir::moe

#endif // MOE_LIB_DIALECT_MOE_IR_VERIFYUTILS_H
