//===- GateLowering.cpp - A gate alone as a launch of a kernel -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerLowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::moe;

LogicalResult mlir::moe::lowerGate(GateOp op,
                                   const TritonLoweringOptions &options,
                                   IRRewriter &rewriter) {
  auto emitError = [&] { return op.emitOpError("has no Triton kernel: "); };
  if (failed(verifyGate(op, emitError)))
    return failure();
  constexpr int64_t block = 8;
  rewriter.setInsertionPoint(op);
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  KernelFactory factory(op->getParentOfType<ModuleOp>(),
                        options.machine.hasBulkCopy);
  RoutingConfig config;
  config.gate = op;
  config.experts = op.getNumSlots();
  config.slots = op.getIds().getType().getDimSize(1);
  config.weightType = op.getWeights().getType().getElementType();
  OpFoldResult size = tensor::getMixedSize(b, b.getLoc(), op.getLogits(), 0);
  Value tokens = getValueOrCreateConstantIndexOp(b, b.getLoc(), size);
  Value tokensI32 = b.createOrFold<arith::IndexCastOp>(b.getI32Type(), tokens);
  Value bound = arith::ConstantIndexOp::create(b, block - 1);
  Value divisor = arith::ConstantIndexOp::create(b, block);
  Value blocks = b.createOrFold<arith::DivUIOp>(
      b.createOrFold<arith::AddIOp>(tokens, bound), divisor);
  OpFoldResult slots = b.getIndexAttr(config.slots);
  Value weights = tensor::EmptyOp::create(b, {size, slots}, config.weightType);
  Value ids = tensor::EmptyOp::create(b, {size, slots}, b.getI32Type());
  SmallVector<Value> inputs = getGateOperands(op);
  inputs.push_back(tokensI32);
  auto launch = LaunchOp::create(
      b, getRouteKernel(factory, config, block, /*warps=*/4).getSymName(),
      blocks, inputs, ValueRange{weights, ids});
  rewriter.replaceOp(op, launch.getResults());
  return success();
}
