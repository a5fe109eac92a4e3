//===- DispatchSlots.h - Places of tokens in experts ------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Models of fixed shapes bring tokens to experts by a tensor D[token, expert,
// place] of 0 and 1, and back by one that holds the weights as well. Each slot
// of a token is a product in it: whether the expert is the chosen one, whether
// the place is the number of tokens that chose it before, and whether it is
// less than the capacity.
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOMOE_DISPATCHSLOTS_H
#define MOE_LIB_CONVERSION_ONNXTOMOE_DISPATCHSLOTS_H

#include "Terms.h"

namespace mlir::moe {

/// The variables that a dispatch tensor is read at.
struct DispatchVariables {
  /// In the order in which tokens are counted.
  ArrayRef<int> tokens;
  /// −1 for a `place` where the capacity is 1.
  int expert, place;
  Size capacity;
};

/// Reads the product of `factors`, or the sum that the only one is, as the
/// slots of tokens, in the order in which they are given places. Weights stand
/// for what else depends on the token.
std::optional<DispatchSlots>
readDispatchSlots(AccessReader &reader, ArrayRef<Access> factors,
                  const DispatchVariables &variables);

/// Reads `access` as the number of slots before one, in the order of the
/// variables `order`, that hold the same expert: `ids` are what the slots hold,
/// `expert` is bound to that of the one. Returns what is added to the number.
std::optional<double> readPlace(AccessReader &reader, const Access &access,
                                const Access &ids, const Binding &expert,
                                ArrayRef<int> order);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_ONNXTOMOE_DISPATCHSLOTS_H
