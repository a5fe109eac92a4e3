//===- ManifestBuilder.h - The manifest of a module's entry points --------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_LIB_TRANSFORMS_MANIFESTBUILDER_H
#define MOE_LIB_TRANSFORMS_MANIFESTBUILDER_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/JSON.h"

namespace mlir::moe {

/// Writes the JSON text that moe-runtime/Manifest.h reads.
class ManifestBuilder {
public:
  explicit ManifestBuilder(ModuleOp module) : module(module) {}

  /// Describes a function of which `inputs` and `residents` are arguments.
  LogicalResult addEntry(func::FuncOp func, ArrayRef<unsigned> inputs,
                         ArrayRef<unsigned> residents, func::FuncOp init);
  std::string finish();

private:
  /// The number of a weight in the manifest.
  FailureOr<int64_t> getWeight(func::FuncOp func, Attribute symbol);
  FailureOr<llvm::json::Value> describeInit(func::FuncOp func,
                                            func::FuncOp init);
  FailureOr<llvm::json::Value> describeInput(func::FuncOp func, unsigned arg);
  FailureOr<llvm::json::Value> describeResident(func::FuncOp func,
                                                unsigned arg, func::FuncOp init);

  ModuleOp module;
  llvm::MapVector<Attribute, llvm::json::Value> weights;
  llvm::json::Array entries;
};

} // namespace mlir::moe

#endif // MOE_LIB_TRANSFORMS_MANIFESTBUILDER_H
