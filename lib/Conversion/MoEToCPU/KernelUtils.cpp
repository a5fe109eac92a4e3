//===- KernelUtils.cpp - Helpers that emit CPU kernels -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::moe;

ResultRange mlir::moe::takePlanApart(ImplicitLocOpBuilder &b,
                                     TypedValue<PlanType> plan) {
  Type i64 = b.getI64Type();
  constexpr int64_t dynamic = ShapedType::kDynamic;
  SmallVector<Type> types = {
      RankedTensorType::get({plan.getType().getExperts() + 1}, i64),
      RankedTensorType::get({dynamic}, i64),
      RankedTensorType::get({dynamic, dynamic}, i64), b.getIndexType()};
  return UnrealizedConversionCastOp::create(b, types, plan).getResults();
}

func::FuncOp mlir::moe::declareFunction(ModuleOp module, StringRef name,
                                        TypeRange operands, TypeRange results) {
  if (auto existing = module.lookupSymbol<func::FuncOp>(name))
    return existing;
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  auto func = func::FuncOp::create(builder, module.getLoc(), name,
                                   builder.getFunctionType(operands, results));
  func.setPrivate();
  return func;
}

func::FuncOp mlir::moe::createKernel(ModuleOp module, Location loc,
                                     StringRef name,
                                     ArrayRef<Type> argumentTypes) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  auto type = builder.getFunctionType(argumentTypes, {});
  auto func = func::FuncOp::create(builder, loc, name, type);
  func.setPrivate();
  func.addEntryBlock();
  return func;
}

Value mlir::moe::callKernel(ImplicitLocOpBuilder &b, func::FuncOp kernel,
                            ValueRange inputs, Value output) {
  return CallKernelOp::create(b, kernel.getName(), inputs, output).getResult(0);
}

void mlir::moe::emitFor(ImplicitLocOpBuilder &b, Value lower, Value upper,
                        int64_t step, function_ref<void(Value)> body) {
  auto loop = scf::ForOp::create(b, lower, upper, constantIndex(b, step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

void mlir::moe::emitParallelFor(ImplicitLocOpBuilder &b, Value count,
                                function_ref<void(Value)> body) {
  Value zero = constantIndex(b, 0), one = constantIndex(b, 1);
  auto loop = scf::ParallelOp::create(b, ValueRange{zero}, ValueRange{count},
                                      ValueRange{one});
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVars().front());
}

Value mlir::moe::emitNumThreads(ImplicitLocOpBuilder &b, ModuleOp module) {
  func::FuncOp func =
      declareFunction(module, "moe_get_num_threads", {}, b.getI32Type());
  Value number = func::CallOp::create(b, func, ValueRange{}).getResult(0);
  return arith::IndexCastOp::create(b, b.getIndexType(), number);
}

void mlir::moe::emitVectorFor(ImplicitLocOpBuilder &b, int64_t count,
                              ArrayRef<int64_t> widths,
                              function_ref<void(Value, int64_t)> body) {
  int64_t begin = 0;
  for (int64_t width : widths) {
    int64_t end = begin + (count - begin) / width * width;
    if (begin != end)
      emitFor(b, constantIndex(b, begin), constantIndex(b, end), width,
              [&](Value i) { body(i, width); });
    begin = end;
  }
  if (begin != count)
    emitFor(b, constantIndex(b, begin), constantIndex(b, count), 1,
            [&](Value i) { body(i, 1); });
}

Value mlir::moe::loadF32(ImplicitLocOpBuilder &b, Value memref,
                         ValueRange indices, int64_t lanes) {
  Type element = getElementTypeOrSelf(memref);
  Type wide = b.getF32Type();
  Value value;
  if (lanes == 1) {
    value = memref::LoadOp::create(b, memref, indices);
  } else {
    wide = VectorType::get({lanes}, wide);
    value = vector::LoadOp::create(b, VectorType::get({lanes}, element), memref,
                                   indices);
  }
  return element.isF32() ? value : arith::ExtFOp::create(b, wide, value);
}

void mlir::moe::storeF32(ImplicitLocOpBuilder &b, Value value, Value memref,
                         ValueRange indices) {
  Type element = getElementTypeOrSelf(memref);
  auto vector = dyn_cast<VectorType>(value.getType());
  Type narrow = vector ? Type(vector.cloneWith({}, element)) : element;
  if (!element.isF32())
    value = arith::TruncFOp::create(b, narrow, value);
  if (vector)
    vector::StoreOp::create(b, value, memref, indices);
  else
    memref::StoreOp::create(b, value, memref, indices);
}

void mlir::moe::copyElements(ImplicitLocOpBuilder &b, Value source,
                             ValueRange from, Value target, ValueRange to,
                             int64_t lanes) {
  Type element = getElementTypeOrSelf(source);
  if (lanes == 1 || element != getElementTypeOrSelf(target))
    return storeF32(b, loadF32(b, source, from, lanes), target, to);
  Value value = vector::LoadOp::create(b, VectorType::get({lanes}, element),
                                       source, from);
  vector::StoreOp::create(b, value, target, to);
}

Value mlir::moe::loadIndex(ImplicitLocOpBuilder &b, Value memref, Value index) {
  Value value = memref::LoadOp::create(b, memref, ValueRange{index});
  return arith::IndexCastOp::create(b, b.getIndexType(), value);
}

Value mlir::moe::slicePanel(ImplicitLocOpBuilder &b, Value memref, Value i,
                            Value j) {
  auto type = cast<MemRefType>(memref.getType());
  OpFoldResult one = b.getIndexAttr(1), zero = b.getIndexAttr(0);
  SmallVector<OpFoldResult> offsets = {i, j, zero, zero};
  SmallVector<OpFoldResult> sizes = {one, one,
                                     b.getIndexAttr(type.getDimSize(2)),
                                     b.getIndexAttr(type.getDimSize(3))};
  SmallVector<OpFoldResult> strides(4, one);
  auto result = MemRefType::get(
      {type.getDimSize(2), type.getDimSize(3)}, type.getElementType(),
      StridedLayoutAttr::get(b.getContext(), ShapedType::kDynamic,
                             {type.getDimSize(3), 1}));
  return memref::SubViewOp::create(b, result, memref, offsets, sizes, strides);
}
