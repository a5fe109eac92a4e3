//===- ScalarExpr.h - Normal forms of scalar arithmetic ---------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_DIALECT_MOE_TRANSFORMS_SCALAREXPR_H
#define MOE_LIB_DIALECT_MOE_TRANSFORMS_SCALAREXPR_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/SmallVector.h"
#include <deque>

namespace mlir::moe {

struct ExprNode;
using Expr = const ExprNode *;

/// A real expression in a form that is the same for all ways to write sums,
/// products and quotients: what real numbers make equal, and floats up to
/// rounding.
struct ExprNode {
  enum Kind { Constant, Leaf, Sum, Product, Function };
  explicit ExprNode(Kind kind) : kind(kind) {}

  Kind kind;
  /// A constant; the constant of a sum; the coefficient of a product.
  double value = 0.0;
  /// The number of a leaf.
  unsigned leaf = 0;
  StringRef function;
  /// Terms and their coefficients; factors and their powers; arguments.
  SmallVector<std::pair<Expr, double>> parts;
  /// Nodes of the tree that this is the root of.
  uint64_t size = 1;
};

/// Makes expressions, which live as long as it.
class ExprPool {
public:
  Expr constant(double value);
  Expr leaf(unsigned number);
  Expr add(Expr a, Expr b);
  Expr mul(Expr a, Expr b);
  Expr div(Expr a, Expr b) { return mul(a, power(b, -1.0)); }
  Expr neg(Expr a) { return mul(constant(-1.0), a); }
  Expr sub(Expr a, Expr b) { return add(a, neg(b)); }
  Expr power(Expr a, double exponent);
  /// A function by name; the order of arguments does not matter.
  Expr function(StringRef name, ArrayRef<Expr> arguments);

private:
  Expr make(ExprNode node);
  Expr product(double coefficient, ArrayRef<std::pair<Expr, double>> factors);
  Expr sum(double constant, ArrayRef<std::pair<Expr, double>> terms);

  std::deque<ExprNode> nodes;
};

/// Whether two expressions are the same, constants up to the precision in which
/// programs write them.
bool isSame(Expr a, Expr b);

/// Calls `visit` for `expr` and all it is made of.
void walk(Expr expr, function_ref<void(Expr)> visit);

} // namespace mlir::moe

#endif // MOE_LIB_DIALECT_MOE_TRANSFORMS_SCALAREXPR_H
