//===- PackKernel.cpp - Kernels that pack weights into panels -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PackKernel.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace mlir::moe;

/// Element (row, k) of an expert's source as an element of the target.
static Value loadElement(ImplicitLocOpBuilder &b,
                         const PackKernelConfig &config, LayoutAttr layout,
                         Value source, Value expert, Value row, Value k) {
  Type to = config.target.getElementType();
  bool vector = config.source.getRank() == (config.stacked ? 2 : 1);
  Value column = vector ? row : k;
  Value shift;
  if (config.codes && config.codes.getWidth() < 8) {
    // Codes lie side by side along the last dimension.
    unsigned pack = 8 / config.codes.getWidth();
    Value size = constantIndex(b, pack);
    Value place = arith::RemUIOp::create(b, column, size);
    shift = arith::IndexCastOp::create(
        b, b.getI32Type(),
        arith::MulIOp::create(b, place,
                              constantIndex(b, config.codes.getWidth())));
    column = arith::DivUIOp::create(b, column, size);
  }
  SmallVector<Value> at;
  if (config.stacked)
    at.push_back(expert);
  if (vector)
    at.push_back(column);
  else if (layout.getTransposed())
    at.append({column, row});
  else
    at.append({row, column});
  Value value = memref::LoadOp::create(b, source, at);
  // Arithmetic knows signless integers only; the lowering to LLVM makes this
  // cast disappear.
  if (value.getType().isUnsignedInteger())
    value =
        UnrealizedConversionCastOp::create(
            b, b.getIntegerType(value.getType().getIntOrFloatBitWidth()), value)
            .getResult(0);
  if (!config.codes) {
    if (value.getType() == to)
      return value;
    return value.getType().getIntOrFloatBitWidth() > 32
               ? Value(arith::TruncFOp::create(b, to, value))
               : Value(arith::ExtFOp::create(b, to, value));
  }
  auto constant = [&](int64_t c) -> Value {
    return arith::ConstantIntOp::create(b, c, 32);
  };
  unsigned bits = config.codes.getWidth();
  Value wide = arith::ExtUIOp::create(b, b.getI32Type(), value);
  if (shift)
    wide = arith::ShRUIOp::create(b, wide, shift);
  wide = arith::ShLIOp::create(b, wide, constant(32 - bits));
  wide = config.codes.isUnsigned()
             ? Value(arith::ShRUIOp::create(b, wide, constant(32 - bits)))
             : Value(arith::ShRSIOp::create(b, wide, constant(32 - bits)));
  return arith::SIToFPOp::create(b, to, wide);
}

/// Packs the columns of one matrix of `expert`, which is `sourceExpert` of a
/// stacked source, into panel `panel`.
static void packMatrix(ImplicitLocOpBuilder &b, const PackKernelConfig &config,
                       LayoutAttr layout, int64_t position, Value source,
                       Value sourceExpert, Value target, Value expert,
                       Value panel) {
  ArrayRef<int64_t> shape = config.target.getShape();
  int64_t depth = config.depth;
  int64_t width = shape[3] / (config.group * config.layouts.size());
  Value group = constantIndex(b, config.group);
  auto store = [&](Value value, Value k, Value column) {
    Value row = arith::DivUIOp::create(b, k, group);
    Value place =
        arith::AddIOp::create(b, arith::MulIOp::create(b, column, group),
                              arith::RemUIOp::create(b, k, group));
    memref::StoreOp::create(b, value, target,
                            ValueRange{expert, panel, row, place});
  };
  Value zero = arith::ConstantOp::create(
      b, b.getZeroAttr(config.target.getElementType()));
  // Blocks of k keep the written part of the panel in the first-level cache.
  constexpr int64_t block = 64;
  Value end = constantIndex(b, depth);
  emitFor(b, constantIndex(b, 0), end, block, [&](Value kBegin) {
    Value kEnd = arith::MinUIOp::create(
        b, arith::AddIOp::create(b, kBegin, constantIndex(b, block)), end);
    emitFor(b, constantIndex(b, 0), constantIndex(b, width), 1, [&](Value c) {
      Value n = arith::AddIOp::create(
          b, arith::MulIOp::create(b, panel, constantIndex(b, width)), c);
      Value row = arith::AddIOp::create(
          b, arith::MulIOp::create(b, n, constantIndex(b, layout.getStep())),
          constantIndex(b, layout.getOffset()));
      Value column =
          arith::AddIOp::create(b, c, constantIndex(b, position * width));
      Value inside = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, n,
                                           constantIndex(b, config.out));
      auto choice = scf::IfOp::create(b, inside, /*withElseRegion=*/true);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(choice.thenBlock());
      emitFor(b, kBegin, kEnd, 1, [&](Value k) {
        Value value =
            loadElement(b, config, layout, source, sourceExpert, row, k);
        store(value, k, column);
      });
      b.setInsertionPointToStart(choice.elseBlock());
      emitFor(b, kBegin, kEnd, 1, [&](Value k) { store(zero, k, column); });
    });
  });
  Value paddedEnd = constantIndex(b, shape[2] * config.group);
  emitFor(b, end, paddedEnd, 1, [&](Value k) {
    emitFor(b, constantIndex(b, 0), constantIndex(b, width), 1, [&](Value c) {
      store(zero, k,
            arith::AddIOp::create(b, c, constantIndex(b, position * width)));
    });
  });
}

func::FuncOp mlir::moe::getPackKernel(ModuleOp module, Location loc,
                                      const PackKernelConfig &config) {
  std::string key;
  llvm::raw_string_ostream os(key);
  os << config.source << ' ' << config.stacked << ' ' << config.target << ' '
     << config.out << ' ' << config.group << ' ' << config.depth;
  for (LayoutAttr layout : config.layouts)
    os << ' ' << layout;
  if (config.codes)
    os << ' ' << config.codes;
  if (config.selected)
    os << " selected";
  auto keyAttr = StringAttr::get(module.getContext(), key);
  std::string name = llvm::formatv("moe_pack_{0:x-}", llvm::xxh3_64bits(key));
  while (auto existing = module.lookupSymbol<func::FuncOp>(name)) {
    if (existing->getAttr("moe.kernel") == keyAttr)
      return existing;
    name += "_";
  }

  SmallVector<Type> types(config.layouts.size(), config.source);
  int64_t experts = config.target.getDimSize(0),
          panels = config.target.getDimSize(1);
  auto matrices = static_cast<int64_t>(config.layouts.size());
  if (!config.stacked)
    types.push_back(IndexType::get(module.getContext()));
  if (config.selected)
    types.push_back(MemRefType::get({matrices, experts},
                                    IntegerType::get(module.getContext(), 64)));
  types.push_back(config.target);
  func::FuncOp func = createKernel(module, loc, name, types);
  func->setAttr("moe.kernel", keyAttr);
  ImplicitLocOpBuilder b(loc, module.getContext());
  b.setInsertionPointToStart(&func.getBody().front());
  Value tasks = constantIndex(b, config.stacked ? experts * panels : panels);
  emitParallelFor(b, tasks, [&](Value task) {
    Value expert, panel = task;
    if (config.stacked) {
      expert = arith::DivUIOp::create(b, task, constantIndex(b, panels));
      panel = arith::RemUIOp::create(b, task, constantIndex(b, panels));
    } else {
      expert = func.getArgument(config.layouts.size());
    }
    for (auto [i, layout] : llvm::enumerate(config.layouts)) {
      Value sourceExpert = expert;
      if (config.selected)
        sourceExpert = arith::IndexCastOp::create(
            b, b.getIndexType(),
            memref::LoadOp::create(b, func.getArgument(matrices),
                                   ValueRange{constantIndex(b, i), expert}));
      packMatrix(b, config, layout, i, func.getArgument(i), sourceExpert,
                 func.getArguments().back(), expert, panel);
    }
  });
  func::ReturnOp::create(b);
  return func;
}
