//===- ExportNames.h - Names of the values of a model -----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_TARGET_ONNX_EXPORTNAMES_H
#define MOE_LIB_TARGET_ONNX_EXPORTNAMES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringSet.h"

namespace mlir::onnxir {

/// Gives every value of a graph and of its sub-graphs a name: the one that it
/// had in the model, unless that has been taken.
class ValueNames {
public:
  /// Names the values of `main`. What it returns gets the names of its
  /// results, a value returned twice those of an Identity node of its own.
  LogicalResult assign(func::FuncOp main);
  /// Names the values of a model-local function.
  void assign(FunctionOp function);

  /// "" for an output that a node leaves out.
  StringRef get(Value value) const {
    auto it = names.find(value);
    return it == names.end() ? StringRef() : StringRef(it->second);
  }

  /// A result of `main` that no node makes under its name: `from` is copied.
  struct Copy {
    Value from;
    std::string name;
  };
  ArrayRef<Copy> getCopies() const { return copies; }

private:
  void assign(Region &graph, const llvm::StringSet<> &reserved);
  void collect(Region &graph);
  std::string getFresh(StringRef base);

  llvm::DenseMap<Value, std::string> names;
  /// Every name that occurs anywhere, for those that are made up.
  llvm::StringSet<> all;
  SmallVector<Copy> copies;
  unsigned next = 0;
};

} // namespace mlir::onnxir

#endif // MOE_LIB_TARGET_ONNX_EXPORTNAMES_H
