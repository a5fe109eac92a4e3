//===- LaunchOps.cpp - Launches of GPU kernels ------------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Interfaces/FunctionInterfaces.h"
#include "moe/Dialect/MoE/IR/MoE.h"

using namespace mlir;
using namespace mlir::moe;

LogicalResult LaunchOp::inferReturnTypes(MLIRContext *context,
                                         std::optional<Location> location,
                                         LaunchOp::Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  llvm::append_range(types, adaptor.getOutputs().getTypes());
  return success();
}

LogicalResult LaunchOp::verify() {
  // (O1)
  if (getGrid().empty() || getGrid().size() > 3)
    return emitOpError("a grid has 1 to 3 dimensions, not ")
           << getGrid().size();
  return success();
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  // (O2)
  auto function = symbolTable.lookupNearestSymbolFrom<FunctionOpInterface>(
      *this, getKernelAttr());
  if (!function)
    return emitOpError("there is no kernel ") << getKernelAttr();
  ArrayRef<Type> parameters = function.getArgumentTypes();
  size_t count = getInputs().size() + getOutputs().size();
  if (function.getNumResults() != 0 || parameters.size() != count)
    return emitOpError() << getKernelAttr() << " must take " << count
                         << " parameters and return nothing";
  // (O3)
  for (auto [i, type] : llvm::enumerate(getInputs().getTypes()))
    if (!isa<RankedTensorType>(type) && type != parameters[i])
      return emitOpError("scalar ") << i << " of type " << type
                                    << " cannot be passed as " << parameters[i];
  return success();
}
