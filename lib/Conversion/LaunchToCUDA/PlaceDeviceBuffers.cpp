//===- PlaceDeviceBuffers.cpp - Buffers of kernels on the device ----------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DeviceCalls.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "moe/Conversion/Passes.h"
#include "moe/Transforms/Passes.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::moe {
#define GEN_PASS_DEF_PLACEDEVICEBUFFERSPASS
#include "moe/Conversion/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;
using namespace mlir::moe;

#define DEBUG_TYPE "moe-place-device-buffers"

namespace {
struct PlaceDeviceBuffersPass
    : moe::impl::PlaceDeviceBuffersPassBase<PlaceDeviceBuffersPass> {
  void runOnOperation() override;

private:
  /// Adds the buffers that `value` may be to `buffers`.
  LogicalResult trace(Value value);
  LogicalResult traceResident(BlockArgument argument);
  LogicalResult checkUses(Value value);
  void place(memref::AllocOp alloc);

  /// All values that are device memory.
  llvm::SetVector<Value> values;
  llvm::SetVector<memref::AllocOp> allocs;
  llvm::SetVector<memref::DeallocOp> deallocs;
};
} // namespace

/// Whether an operand of a call is a parameter that is device memory.
static bool isDeviceOperand(OpOperand &operand) {
  auto call = dyn_cast<func::CallOp>(operand.getOwner());
  if (!call)
    return false;
  auto function = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(
      call, call.getCalleeAttr());
  return function &&
         function.getArgAttr(operand.getOperandNumber(), MoEDialect::kDevice);
}

LogicalResult PlaceDeviceBuffersPass::traceResident(BlockArgument argument) {
  auto function = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
  auto resident = function ? function.getArgAttrOfType<IntegerAttr>(
                                 argument.getArgNumber(), kResidentAttrName)
                           : nullptr;
  auto name = function
                  ? function->getAttrOfType<FlatSymbolRefAttr>(kInitAttrName)
                  : nullptr;
  auto init = name ? getOperation().lookupSymbol<func::FuncOp>(name.getAttr())
                   : nullptr;
  if (!resident || !init)
    return emitError(argument.getLoc(),
                     "a buffer of the caller reaches a kernel");
  return trace(init.front().getTerminator()->getOperand(resident.getInt()));
}

LogicalResult PlaceDeviceBuffersPass::trace(Value value) {
  if (!values.insert(value))
    return success();
  if (auto argument = dyn_cast<BlockArgument>(value))
    return traceResident(argument);
  Operation *op = value.getDefiningOp();
  if (auto alloc = dyn_cast<memref::AllocOp>(op)) {
    allocs.insert(alloc);
    return success();
  }
  if (isa<memref::CastOp, memref::CollapseShapeOp, memref::ExpandShapeOp>(op))
    return trace(op->getOperand(0));
  if (auto branch = dyn_cast<scf::IfOp>(op)) {
    unsigned number = cast<OpResult>(value).getResultNumber();
    for (Region *region : {&branch.getThenRegion(), &branch.getElseRegion()})
      if (failed(trace(region->front().getTerminator()->getOperand(number))))
        return failure();
    return success();
  }
  return op->emitOpError("makes a buffer of the host that a kernel uses");
}

LogicalResult PlaceDeviceBuffersPass::checkUses(Value value) {
  for (OpOperand &use : value.getUses()) {
    Operation *user = use.getOwner();
    if (isDeviceOperand(use) || isa<memref::DimOp, func::ReturnOp>(user))
      continue;
    if (auto dealloc = dyn_cast<memref::DeallocOp>(user)) {
      deallocs.insert(dealloc);
      continue;
    }
    // What is traced forwards here was traced backwards, too, or is unused.
    if (isa<memref::CastOp, memref::CollapseShapeOp, memref::ExpandShapeOp>(
            user)) {
      if (values.insert(user->getResult(0)) &&
          failed(checkUses(user->getResult(0))))
        return failure();
      continue;
    }
    if (auto yield = dyn_cast<scf::YieldOp>(user);
        yield && isa<scf::IfOp>(user->getParentOp())) {
      Value result = user->getParentOp()->getResult(use.getOperandNumber());
      if (!values.contains(result))
        return user->emitOpError("yields device memory to the host");
      continue;
    }
    return user->emitOpError("touches device memory on the host");
  }
  return success();
}

void PlaceDeviceBuffersPass::place(memref::AllocOp alloc) {
  ImplicitLocOpBuilder b(alloc.getLoc(), alloc);
  MemRefType type = alloc.getType();
  int64_t elementBytes =
      llvm::divideCeil(type.getElementType().getIntOrFloatBitWidth(), 8);
  Value bytes = arith::ConstantIndexOp::create(b, elementBytes);
  auto dynamic = alloc.getDynamicSizes().begin();
  for (int64_t size : type.getShape())
    bytes = b.createOrFold<arith::MulIOp>(
        bytes, ShapedType::isDynamic(size)
                   ? *dynamic++
                   : Value(arith::ConstantIndexOp::create(b, size)));
  Value bytes64 = arith::IndexCastOp::create(b, b.getI64Type(), bytes);
  auto pointer = LLVM::LLVMPointerType::get(&getContext());
  LLVM::LLVMFuncOp allocate = getRuntimeFunction(
      getOperation(), "moe_cuda_allocate", {b.getI64Type()}, pointer);
  Value address = LLVM::CallOp::create(b, allocate, bytes64).getResult();

  auto raw = MemRefType::get({ShapedType::kDynamic}, b.getI8Type());
  LLVMTypeConverter converter(&getContext());
  Value descriptor = LLVM::PoisonOp::create(b, converter.convertType(raw));
  auto set = [&](Value field, ArrayRef<int64_t> place) {
    descriptor = LLVM::InsertValueOp::create(b, descriptor, field, place);
  };
  auto number = [&](int64_t value) -> Value {
    return LLVM::ConstantOp::create(b, b.getI64Type(), value);
  };
  set(address, {0});
  set(address, {1});
  set(number(0), {2});
  set(bytes64, {3, 0});
  set(number(1), {4, 0});
  Value buffer =
      UnrealizedConversionCastOp::create(b, raw, descriptor).getResult(0);
  Value zero = arith::ConstantIndexOp::create(b, 0);
  Value view =
      memref::ViewOp::create(b, type, buffer, zero, alloc.getDynamicSizes());
  alloc.replaceAllUsesWith(view);
  alloc.erase();
  ++numPlaced;
}

void PlaceDeviceBuffersPass::runOnOperation() {
  SmallVector<Value> operands;
  getOperation().walk([&](func::CallOp call) {
    for (OpOperand &operand : call->getOpOperands())
      if (isDeviceOperand(operand))
        operands.push_back(operand.get());
  });
  for (Value operand : operands)
    if (failed(trace(operand)))
      return signalPassFailure();
  for (Value value : llvm::to_vector(values))
    if (failed(checkUses(value)))
      return signalPassFailure();
  auto pointer = LLVM::LLVMPointerType::get(&getContext());
  for (memref::DeallocOp dealloc : deallocs) {
    OpBuilder b(dealloc);
    LLVM::LLVMFuncOp free =
        getRuntimeFunction(getOperation(), "moe_cuda_free", {pointer}, {});
    LLVM::CallOp::create(b, dealloc.getLoc(), free,
                         getPointer(b, dealloc.getLoc(), dealloc.getMemref()));
    dealloc.erase();
  }
  for (memref::AllocOp alloc : allocs)
    place(alloc);
}
