//===- MoEToLinalg.h - Reference lowering of the moe dialect ----*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_CONVERSION_MOETOLINALG_H
#define MOE_CONVERSION_MOETOLINALG_H

namespace mlir {
class RewritePatternSet;
class TypeConverter;

namespace moe {

/// Adds the expansion of `!moe.plan` into tensors; other types stay.
void populateMoEToLinalgTypeConversions(TypeConverter &converter);

/// Adds the patterns that lower moe.gate, moe.plan, moe.dispatch, moe.experts
/// and moe.combine. Sets of experts and weights stay, for the caller to erase
/// when nothing uses them any more.
void populateMoEToLinalgPatterns(const TypeConverter &converter,
                                 RewritePatternSet &patterns);

} // namespace moe
} // namespace mlir

#endif // MOE_CONVERSION_MOETOLINALG_H
