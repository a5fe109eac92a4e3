//===- Views.h - Values behind layouts and casts ----------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOMOE_VIEWS_H
#define MOE_LIB_CONVERSION_ONNXTOMOE_VIEWS_H

#include "moe/Dialect/MoE/IR/MoE.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"
#include <optional>

namespace mlir::moe {

/// The node that makes `value`, if it is of the standard domain; else null.
onnxir::NodeOp getNode(Value value);
/// The same, if its operator is one of `types`.
onnxir::NodeOp getNode(Value value, ArrayRef<StringRef> types);
inline onnxir::NodeOp getNode(Value value, StringRef type) {
  return getNode(value, ArrayRef<StringRef>(type));
}

/// The node that makes `value` as a sum of two; else null.
onnxir::NodeOp getAdd(Value value);

/// The rank of `value`, or −1 where it is not known.
int64_t getRank(Value value);
/// The size of dimension `axis`, which may count from the back; dynamic where
/// it is not known or there is no such dimension.
int64_t getSize(Value value, int64_t axis);
/// The number of elements where it is static.
std::optional<int64_t> getNumElements(Value value);

/// The attribute `name` as an axis of a tensor of `rank`, counted from the
/// front; −1 when it is out of range.
int64_t getAxisOf(onnxir::NodeOp node, StringRef name, int64_t otherwise,
                  int64_t rank);
/// The axes that a reduction reduces, sorted; those of a Squeeze or Unsqueeze
/// likewise, for `rank` dimensions. Nothing where they are not constant.
std::optional<SmallVector<int64_t>> getAxesOf(onnxir::NodeOp node,
                                              int64_t rank);
/// Whether `node`, a reduction or an operator with an attribute `axis`, works
/// along the last dimension of its first input, and along no other.
bool isAlongLast(onnxir::NodeOp node);

/// The operand of `node` that it passes on with its elements in the same
/// row-major order: Reshape, Squeeze, Identity, a Transpose that moves only
/// dimensions of size 1 and the like. Null for other nodes.
Value getSameOrder(Operation *node);
/// What is left of `value` when all such operations are stripped.
Value stripLayout(Value value);

/// Whether a cast changes no value of type `from`: floats to wider floats,
/// integers and bool to wider integers, bool and small integers to floats.
bool isExactCast(Type from, Type to);
/// `value` without layouts and casts that change no value.
Value stripExact(Value value);
/// The same for indices, which are small: casts between integers, and to
/// floats and back, all keep them.
Value stripIndex(Value value);

/// Whether two values hold the same elements in row-major order: they come
/// from one value by layout alone, or from equal nodes of equal operands.
bool sameElements(Value a, Value b);

/// The number that every element of `value` is known to be.
std::optional<double> getUniform(Value value);
/// The same where it equals `number`.
bool isUniform(Value value, double number);
/// The numbers that `value` is known to hold, at most `limit` of them.
std::optional<SmallVector<double>> getNumbers(Value value,
                                              int64_t limit = 4096);
/// Whether `value` is 0, 1, 2, … `count` − 1, in any layout.
bool isIota(Value value, int64_t count);

/// A float of `type` as the double that its shortest decimal text denotes: the
/// number that the producer wrote, 1.702 and not 1.7020000219345093. Rounding
/// it to `type` gives the float back.
double getDecimal(double value, Type type);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_ONNXTOMOE_VIEWS_H
