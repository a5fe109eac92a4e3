//===- Access.h - Expressions read at positions -----------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_CONVERSION_ONNXTOMOE_ACCESS_H
#define MOE_LIB_CONVERSION_ONNXTOMOE_ACCESS_H

#include "Facts.h"

namespace mlir::moe {

struct Position;

/// Where along an axis an element is read.
struct Binding {
  enum class Kind {
    /// At offset + step · the variable `var`.
    Variable,
    /// At `offset`.
    Constant,
    /// At component `var` of a computed position.
    Computed,
  };
  Kind kind = Kind::Variable;
  int var = 0;
  int64_t offset = 0, step = 1;
  const Position *position = nullptr;

  static Binding variable(int var) {
    return {Kind::Variable, var, 0, 1, nullptr};
  }
  static Binding constant(int64_t at) {
    return {Kind::Constant, 0, at, 1, nullptr};
  }
  /// Whether it is the variable itself.
  bool isPlain(int other) const {
    return kind == Kind::Variable && var == other && offset == 0 && step == 1;
  }
  bool isPlain() const { return isPlain(var); }
  bool operator==(const Binding &other) const;
};

/// An expression, and where along each of its axes it is read.
struct Access {
  const Expr *expr = nullptr;
  SmallVector<Binding, 4> at;

  explicit operator bool() const { return expr; }
  bool operator==(const Access &other) const {
    return expr == other.expr && at == other.at;
  }
  bool dependsOn(int var) const;
};

/// A position computed by the model: element `index` counts over axes of these
/// sizes, the last one running fastest.
struct Position {
  Access index;
  SmallVector<Size, 2> sizes;
};

/// Takes expressions apart, following positions to variables.
class AccessReader {
public:
  /// A new variable.
  int newVariable() { return ++lastVariable; }

  /// The operands of `access`, read where it reads them. `bound` are variables
  /// for the bound axes. For an Index: its first operand only, at the
  /// positions that the others name.
  SmallVector<Access, 2> open(const Access &access, ArrayRef<int> bound = {});

  /// `access` without the Index, Slice and float casts around it, the
  /// positions being moved into it.
  Access peel(Access access);
  /// The same by one step, and not for a Slice along a variable, whose operand
  /// has more elements than the variable runs over: null then.
  Access peelOnce(const Access &access);

  /// Reads the rows of a Scatter at the position `target`, which its operand
  /// `index` names; `rows` are the bindings of its bound axes, variables at
  /// first, which are replaced by what they must be there. Adds to `summed`
  /// the variables that are left to sum over. Returns a factor that is 1 where
  /// there is such a row and 0 elsewhere (null: everywhere), or fails when
  /// rows are not understood.
  FailureOr<Access> bindRows(const Expr *scatter, const Operand &index,
                             ArrayRef<Binding> target,
                             MutableArrayRef<Binding> rows,
                             SmallVectorImpl<int> &summed);

  /// Whether `access` is read at a row that stands for something else.
  bool readsRows(const Access &access) const {
    return llvm::any_of(access.at, [&](const Binding &at) {
      return at.kind == Binding::Kind::Variable && rowsOf.contains(at.var);
    });
  }

  /// Which element the computed index is, if it is a choice: the ids, read at
  /// variables, that the position along an axis of experts stands for.
  std::optional<Access> getChoice(const Position &position);

private:
  SmallVector<Binding, 4> resolve(const Access &index, ArrayRef<Size> sizes,
                                  unsigned depth);
  std::optional<SmallVector<Binding, 4>> getSorted(const Expr *sort,
                                                   const Binding &row);
  bool countsIds(const Expr *counts, const Expr *ids);

  /// What a row stands for: an element of a mask, with its coordinates in each
  /// dimension, or an element before sorting.
  struct Rows {
    const Expr *key;
    SmallVector<SmallVector<Binding, 4>, 2> dims;
  };
  llvm::DenseMap<int, Rows> rowsOf;
  std::deque<Position> positions;
  int lastVariable = 0;
};

/// Whether `cast` is a Map that converts between floating-point types.
bool isFloatCast(const Expr *expr);

} // namespace mlir::moe

#endif // MOE_LIB_CONVERSION_ONNXTOMOE_ACCESS_H
