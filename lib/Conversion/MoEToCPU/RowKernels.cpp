//===- RowKernels.cpp - Kernels that move and sum rows ----------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowKernels.h"
#include "KernelUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::moe;

void mlir::moe::forEachRow(ImplicitLocOpBuilder &b, Value first, Value last,
                           function_ref<void(Value)> body) {
  constexpr int64_t rowsPerTask = 8;
  Value step = constantIndex(b, rowsPerTask);
  Value rows = arith::SubIOp::create(b, last, first);
  Value tasks = arith::CeilDivUIOp::create(b, rows, step);
  emitParallelFor(b, tasks, [&](Value task) {
    Value begin =
        arith::AddIOp::create(b, first, arith::MulIOp::create(b, task, step));
    Value end =
        arith::MinUIOp::create(b, arith::AddIOp::create(b, begin, step), last);
    emitFor(b, begin, end, 1, body);
  });
}

void mlir::moe::forEachRow(ImplicitLocOpBuilder &b, Value buffer,
                           function_ref<void(Value)> body) {
  forEachRow(b, constantIndex(b, 0), memref::DimOp::create(b, buffer, 0), body);
}

std::string mlir::moe::getKernelName(StringRef prefix,
                                     ArrayRef<MemRefType> types) {
  std::string name = prefix.str();
  llvm::raw_string_ostream os(name);
  for (MemRefType type : types) {
    os << '_';
    if (type.getRank() > 1)
      os << type.getDimSize(1);
    os << type.getElementType();
  }
  return name;
}

func::FuncOp mlir::moe::getCopyRowsKernel(ModuleOp module, Location loc,
                                          const TileShape &tile,
                                          MemRefType rows, MemRefType result) {
  std::string name = getKernelName("moe_copy_rows", {rows, result});
  if (auto existing = module.lookupSymbol<func::FuncOp>(name))
    return existing;
  func::FuncOp func = createKernel(module, loc, name, {rows, result});
  ImplicitLocOpBuilder b(loc, module.getContext());
  b.setInsertionPointToStart(&func.getBody().front());
  forEachRow(b, func.getArgument(1), [&](Value row) {
    emitVectorFor(
        b, result.getDimSize(1), tile.lanes, [&](Value i, int64_t lanes) {
          Value value =
              loadF32(b, func.getArgument(0), ValueRange{row, i}, lanes);
          storeF32(b, value, func.getArgument(1), ValueRange{row, i});
        });
  });
  func::ReturnOp::create(b);
  return func;
}

func::FuncOp mlir::moe::getFillRowsKernel(ModuleOp module, Location loc,
                                          const TileShape &tile,
                                          MemRefType input, bool gather,
                                          int64_t width, MemRefType rows) {
  std::string name = !input   ? getKernelName("moe_zero_rows", {rows})
                     : gather ? getKernelName("moe_gather_rows", {input, rows})
                              : getKernelName("moe_keep_rows", {input, rows});
  name += "_" + std::to_string(width);
  if (auto existing = module.lookupSymbol<func::FuncOp>(name))
    return existing;
  MLIRContext *context = module.getContext();
  Type index = IndexType::get(context);
  Type indices =
      MemRefType::get({ShapedType::kDynamic}, IntegerType::get(context, 64));
  SmallVector<Type> types;
  if (input)
    types.push_back(input);
  if (input && gather)
    types.push_back(indices);
  types.append({indices, index, index, rows});
  func::FuncOp func = createKernel(module, loc, name, types);
  ImplicitLocOpBuilder b(loc, context);
  b.setInsertionPointToStart(&func.getBody().front());
  ArrayRef<BlockArgument> arguments = func.getArguments();
  Value inputArg = arguments.front(), tokens = arguments[1],
        rowsArg = arguments.back();
  Value offsets = arguments[arguments.size() - 4];
  Value begin = loadIndex(b, offsets, arguments[arguments.size() - 3]);
  Value end = loadIndex(b, offsets, arguments[arguments.size() - 2]);

  forEachRow(b, begin, end, [&](Value row) {
    Value source = input && gather ? loadIndex(b, tokens, row) : row;
    emitVectorFor(b, width, tile.lanes, [&](Value i, int64_t lanes) {
      Value value;
      if (input) {
        value = loadF32(b, inputArg, ValueRange{source, i}, lanes);
      } else {
        Type type = b.getF32Type();
        if (lanes > 1)
          type = VectorType::get({lanes}, type);
        value = arith::ConstantOp::create(b, b.getZeroAttr(type));
      }
      storeF32(b, value, rowsArg, ValueRange{row, i});
    });
  });
  func::ReturnOp::create(b);
  return func;
}
