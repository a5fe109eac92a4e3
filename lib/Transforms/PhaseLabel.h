//===- PhaseLabel.h - What a piece of code belongs to -----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_TRANSFORMS_PHASELABEL_H
#define MOE_LIB_TRANSFORMS_PHASELABEL_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"

namespace mlir::moe {

/// The node and the kind of operation that code was made from, carried by its
/// location.
struct PhaseLabel {
  StringAttr node, kind;

  /// The label in a location; null attributes, if there is none.
  static PhaseLabel find(Location loc);
  /// `loc` with this label.
  Location attach(Location loc) const;

  explicit operator bool() const { return static_cast<bool>(kind); }
  bool operator==(const PhaseLabel &other) const {
    return node == other.node && kind == other.kind;
  }
};

/// The first name in a location; "" if there is none.
StringRef findName(Location loc);

} // namespace mlir::moe

#endif // MOE_LIB_TRANSFORMS_PHASELABEL_H
