//===- TokenBlocks.h - A parallel loop over blocks of tokens -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_MOETOCPU_TOKENBLOCKS_H
#define MOE_LIB_CONVERSION_MOETOCPU_TOKENBLOCKS_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::moe {

/// Rows [first, first + count) of a tensor with a row for each token; nothing
/// for no tensor.
Value sliceRows(ImplicitLocOpBuilder &b, Value operand, Value first,
                Value count);

/// Emits an scf.forall over blocks of `size` of `tokens` tokens. `body` gets a
/// block's first token and its number of tokens, and returns its rows of each
/// of the results, which are matrices.
SmallVector<Value>
forEachTokenBlock(ImplicitLocOpBuilder &b, Value tokens, int64_t size,
                  TypeRange results,
                  function_ref<SmallVector<Value>(Value, Value)> body);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_MOETOCPU_TOKENBLOCKS_H
