//===- ConvertLaunchToCalls.cpp - Launches as calls of the runtime --------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DeviceCalls.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "moe/Conversion/Passes.h"

namespace mlir::moe {
#define GEN_PASS_DEF_CONVERTLAUNCHTOCALLSPASS
#include "moe/Conversion/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;
using namespace mlir::moe;

#define DEBUG_TYPE "convert-moe-launch-to-calls"

namespace {
struct ConvertLaunchToCallsPass
    : moe::impl::ConvertLaunchToCallsPassBase<ConvertLaunchToCallsPass> {
  void runOnOperation() override;

private:
  LogicalResult convert(LaunchOp op);
  CallKernelOp call(OpBuilder &b, Location loc, func::FuncOp function,
                    ValueRange inputs, ValueRange outputs, bool onDevice);
  Value upload(Value value);
  void download(Value value);

  /// The copies on the device of tensors of the host.
  DenseMap<Value, Value> copies;
};
} // namespace

/// Whether a tensor is what a call on the device has written.
static bool isOnDevice(Value value) {
  if (auto cast = value.getDefiningOp<tensor::CastOp>())
    return isOnDevice(cast.getSource());
  Operation *op = value.getDefiningOp();
  return op && op->hasAttr(MoEDialect::kDevice);
}

/// A tensor with a buffer of its own, which no other operation shares: a
/// tensor.empty could become one that is on the other side.
static Value createLike(OpBuilder &b, Location loc, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<Value> sizes;
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (type.isDynamicDim(i))
      sizes.push_back(tensor::DimOp::create(b, loc, value, i));
  return bufferization::AllocTensorOp::create(b, loc, type, sizes);
}

CallKernelOp ConvertLaunchToCallsPass::call(OpBuilder &b, Location loc,
                                            func::FuncOp function,
                                            ValueRange inputs,
                                            ValueRange outputs, bool onDevice) {
  auto op =
      CallKernelOp::create(b, loc, function.getSymName(), inputs, outputs);
  if (onDevice)
    op->setAttr(MoEDialect::kDevice, b.getUnitAttr());
  return op;
}

/// One copy for all launches, where the tensor is made.
Value ConvertLaunchToCallsPass::upload(Value value) {
  Value &copy = copies[value];
  if (copy)
    return copy;
  OpBuilder b(value.getContext());
  b.setInsertionPointAfterValue(value);
  Location loc = value.getLoc();
  func::FuncOp function =
      getCopyFunction(getOperation(), loc, cast<TensorType>(value.getType()),
                      /*toDevice=*/true);
  return copy = call(b, loc, function, value, createLike(b, loc, value),
                     /*onDevice=*/true)
                    .getResult(0);
}

LogicalResult ConvertLaunchToCallsPass::convert(LaunchOp op) {
  FailureOr<func::FuncOp> function = getLaunchFunction(getOperation(), op);
  if (failed(function))
    return failure();
  OpBuilder b(op);
  Location loc = op.getLoc();
  SmallVector<Value> inputs(op.getGrid()), outputs;
  while (inputs.size() < 3)
    inputs.push_back(arith::ConstantIndexOp::create(b, loc, 1));
  for (Value input : op.getInputs())
    inputs.push_back(isa<TensorType>(input.getType()) && !isOnDevice(input)
                         ? upload(input)
                         : input);
  for (Value output : op.getOutputs())
    if (auto empty = output.getDefiningOp<tensor::EmptyOp>())
      outputs.push_back(bufferization::AllocTensorOp::create(
          b, loc, empty.getType(), empty.getDynamicSizes()));
    else
      outputs.push_back(isOnDevice(output) ? output : upload(output));
  CallKernelOp launch = call(b, loc, *function, inputs, outputs,
                             /*onDevice=*/true);
  op->replaceAllUsesWith(launch->getResults());
  op->erase();
  ++numLaunches;
  return success();
}

/// Gives users on the host a copy of a tensor on the device.
void ConvertLaunchToCallsPass::download(Value value) {
  SmallVector<OpOperand *> uses;
  SmallVector<Value> casts;
  for (OpOperand &use : value.getUses()) {
    Operation *user = use.getOwner();
    if (isa<tensor::CastOp>(user))
      casts.push_back(user->getResult(0));
    else if (!user->hasAttr(MoEDialect::kDevice) && !isa<tensor::DimOp>(user))
      uses.push_back(&use);
  }
  for (Value cast : casts)
    download(cast);
  if (uses.empty())
    return;
  OpBuilder b(value.getContext());
  b.setInsertionPointAfterValue(value);
  Location loc = value.getLoc();
  func::FuncOp function =
      getCopyFunction(getOperation(), loc, cast<TensorType>(value.getType()),
                      /*toDevice=*/false);
  Value copy = call(b, loc, function, value, createLike(b, loc, value),
                    /*onDevice=*/false)
                   .getResult(0);
  for (OpOperand *use : uses)
    use->set(copy);
}

void ConvertLaunchToCallsPass::runOnOperation() {
  copies.clear();
  SmallVector<LaunchOp> launches;
  getOperation().walk([&](LaunchOp op) { launches.push_back(op); });
  for (LaunchOp op : launches)
    if (failed(convert(op)))
      return signalPassFailure();
  SmallVector<Value> values;
  getOperation().walk([&](CallKernelOp op) {
    if (op->hasAttr(MoEDialect::kDevice))
      llvm::append_range(values, op.getResults());
  });
  for (Value value : values)
    download(value);
  for (auto kernel :
       llvm::make_early_inc_range(getOperation().getOps<tt::FuncOp>()))
    kernel.erase();
}
