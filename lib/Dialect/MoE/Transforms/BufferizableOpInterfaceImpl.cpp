//===- BufferizableOpInterfaceImpl.cpp - Bufferization of moe ---*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Dialect/MoE/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "moe/Dialect/MoE/IR/MoE.h"

using namespace mlir;
using namespace mlir::moe;
using namespace mlir::bufferization;

/// Allocates a contiguous copy of `buffer`.
static FailureOr<Value> createContiguousCopy(OpBuilder &b, Location loc,
                                             Value buffer,
                                             const BufferizationOptions &options) {
  auto type = cast<MemRefType>(buffer.getType());
  SmallVector<Value> sizes;
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (type.isDynamicDim(i))
      sizes.push_back(memref::DimOp::create(b, loc, buffer, i));
  FailureOr<Value> copy = options.createAlloc(
      b, loc, MemRefType::get(type.getShape(), type.getElementType()), sizes);
  if (failed(copy) || failed(options.createMemCpy(b, loc, buffer, *copy)))
    return failure();
  return copy;
}

namespace {
struct CallKernelOpInterface
    : public DstBufferizableOpInterfaceExternalModel<CallKernelOpInterface,
                                                     CallKernelOp> {
  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    auto call = cast<CallKernelOp>(op);
    Location loc = op->getLoc();
    auto function = SymbolTable::lookupNearestSymbolFrom<FunctionOpInterface>(
        op, call.getCalleeAttr());
    if (!function)
      return failure();
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(op);

    SmallVector<Value> arguments, results;
    // Outputs whose buffer is not contiguous, and what is written instead.
    SmallVector<std::pair<Value, Value>> copies;
    for (OpOperand &operand : op->getOpOperands()) {
      Value argument = operand.get();
      if (isa<TensorType>(argument.getType())) {
        FailureOr<Value> buffer =
            getBuffer(rewriter, argument, options, state);
        if (failed(buffer))
          return failure();
        argument = *buffer;
        bool isOutput = call.isDpsInit(&operand);
        if (isOutput)
          results.push_back(argument);
        if (!cast<MemRefType>(argument.getType()).getLayout().isIdentity()) {
          FailureOr<Value> copy =
              createContiguousCopy(rewriter, loc, argument, options);
          if (failed(copy))
            return failure();
          if (isOutput)
            copies.emplace_back(*copy, argument);
          argument = *copy;
        }
      }
      Type type = function.getArgumentTypes()[arguments.size()];
      if (argument.getType() != type)
        argument = memref::CastOp::create(rewriter, loc, type, argument);
      arguments.push_back(argument);
    }
    func::CallOp::create(rewriter, loc, call.getCallee(), TypeRange(),
                         arguments);
    for (auto [from, to] : copies)
      if (failed(options.createMemCpy(rewriter, loc, from, to)))
        return failure();
    replaceOpWithBufferizedValues(rewriter, op, results);
    return success();
  }
};
} // namespace

void mlir::moe::registerBufferizableOpInterfaceExternalModels(
    DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, MoEDialect *dialect) {
    CallKernelOp::attachInterface<CallKernelOpInterface>(*context);
    // What the calls are made of.
    context->loadDialect<func::FuncDialect, memref::MemRefDialect>();
  });
}
