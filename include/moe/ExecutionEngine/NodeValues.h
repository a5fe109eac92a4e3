//===- NodeValues.h - Values within a model, made its outputs ---*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOE_EXECUTIONENGINE_NODEVALUES_H
#define MOE_EXECUTIONENGINE_NODEVALUES_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace mlir {
class ModuleOp;
} // namespace mlir

namespace moe {

/// Makes function `entry` ("": the one that runs by default) return the values
/// of its operations whose name (of the ONNX node, else of the location)
/// `wanted` accepts, after its own results. The new results have that name, or
/// NAME:I if the operation has several. Values other than ranked tensors of
/// numbers are left out. Returns the names of the results, in the order of the
/// operations. Model-local functions are inlined first.
llvm::Expected<std::vector<std::string>>
exposeNodeValues(mlir::ModuleOp module, llvm::StringRef entry,
                 llvm::function_ref<bool(llvm::StringRef)> wanted);

} // namespace moe

#endif // MOE_EXECUTIONENGINE_NODEVALUES_H
