//===- KernelOps.cpp - Calls of generated kernels ---------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/IR/MoE.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace mlir::moe;

LogicalResult CallKernelOp::inferReturnTypes(
    MLIRContext *context, std::optional<Location> location,
    CallKernelOp::Adaptor adaptor, SmallVectorImpl<Type> &types) {
  llvm::append_range(types, adaptor.getOutputs().getTypes());
  return success();
}

/// (J2) Whether an operand of `type` can be passed as `argument`.
static bool canPass(Type type, Type argument) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return type == argument;
  auto buffer = dyn_cast<MemRefType>(argument);
  return buffer && buffer.getLayout().isIdentity() &&
         buffer.getElementType() == tensor.getElementType() &&
         succeeded(verifyCompatibleShape(buffer.getShape(), tensor.getShape()));
}

LogicalResult
CallKernelOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  // (J1)
  auto function = symbolTable.lookupNearestSymbolFrom<FunctionOpInterface>(
      *this, getCalleeAttr());
  if (!function)
    return emitOpError("there is no function ") << getCalleeAttr();
  ArrayRef<Type> arguments = function.getArgumentTypes();
  if (function.getNumResults() != 0 || arguments.size() != getNumOperands())
    return emitOpError() << getCalleeAttr() << " must take "
                         << getNumOperands() << " arguments and return nothing";
  for (auto [i, type, argument] :
       llvm::enumerate(getOperandTypes(), arguments))
    if (!canPass(type, argument))
      return emitOpError("operand ")
             << i << " of type " << type << " cannot be passed as " << argument;
  return success();
}
