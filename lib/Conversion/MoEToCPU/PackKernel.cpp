//===- PackKernel.cpp - Kernels that pack weights into panels -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PackKernel.h"
#include "MatrixPacker.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace mlir::moe;

/// How many panels one task packs. A transposed source has the columns of a
/// panel in stretches of less than a cache line or two, so that several panels
/// are packed together.
static int64_t getPanelsPerTask(const PackKernelConfig &config) {
  constexpr int64_t stretch = 1024;
  bool transposed = llvm::any_of(
      config.layouts, [](LayoutAttr layout) { return layout.getTransposed(); });
  if (!transposed)
    return 1;
  int64_t columns =
      config.target.getDimSize(3) /
      (config.group * static_cast<int64_t>(config.layouts.size()));
  int64_t bytes = std::max<int64_t>(
      1, columns * config.target.getElementTypeBitWidth() / 8);
  return std::clamp<int64_t>(stretch / bytes, 1, config.target.getDimSize(1));
}

/// Emits the call that lets the system take back an expert's source, or a
/// whole one if `expert` is null.
static void releaseSource(ImplicitLocOpBuilder &b, ModuleOp module,
                          TypedValue<MemRefType> source, Value expert) {
  MemRefType type = source.getType();
  int64_t elements = 1;
  for (int64_t size : type.getShape().drop_front(expert ? 1 : 0))
    elements *= size;
  int64_t bytes = elements * (type.getElementTypeBitWidth() / 8);
  Value address = memref::ExtractAlignedPointerAsIndexOp::create(b, source);
  if (expert)
    address = arith::AddIOp::create(
        b, address, arith::MulIOp::create(b, expert, constantIndex(b, bytes)));
  Type i64 = b.getI64Type();
  func::CallOp::create(
      b, declareFunction(module, "moe_release_source", {i64, i64}, {}),
      ValueRange{arith::IndexCastOp::create(b, i64, address),
                 arith::ConstantIntOp::create(b, i64, bytes)});
}

/// Emits the parallel loop of a kernel.
static void emitPacking(ImplicitLocOpBuilder &b, ModuleOp module,
                        const PackKernelConfig &config, func::FuncOp kernel) {
  auto matrices = static_cast<int64_t>(config.layouts.size());
  int64_t experts = config.target.getDimSize(0),
          panels = config.target.getDimSize(1);
  int64_t panelsPerTask = getPanelsPerTask(config);
  int64_t tasks = llvm::divideCeil(panels, panelsPerTask);
  auto getSourceExpert = [&](int64_t matrix, Value expert) -> Value {
    if (!config.selected)
      return expert;
    Value place = constantIndex(b, matrix);
    Value number = memref::LoadOp::create(b, kernel.getArgument(matrices),
                                          ValueRange{place, expert});
    return arith::IndexCastOp::create(b, b.getIndexType(), number);
  };
  auto release = [&](int64_t matrix, Value expert) {
    releaseSource(b, module,
                  cast<TypedValue<MemRefType>>(kernel.getArgument(matrix)),
                  expert);
  };
  Value count = constantIndex(b, config.stacked ? experts * tasks : tasks);
  emitParallelFor(b, count, [&](Value task) {
    Value expert, own = task;
    if (config.stacked) {
      expert = arith::DivUIOp::create(b, task, constantIndex(b, tasks));
      own = arith::RemUIOp::create(b, task, constantIndex(b, tasks));
    } else {
      expert = kernel.getArgument(matrices);
    }
    Value begin =
        arith::MulIOp::create(b, own, constantIndex(b, panelsPerTask));
    Value end = arith::MinUIOp::create(
        b, arith::AddIOp::create(b, begin, constantIndex(b, panelsPerTask)),
        constantIndex(b, panels));
    for (int64_t i = 0; i < matrices; ++i) {
      MatrixPacker packer(b, config, i, kernel.getArgument(i),
                          getSourceExpert(i, expert),
                          kernel.getArguments().back(), expert);
      // Blocks of k keep the written part of a panel in the first-level cache.
      constexpr int64_t block = 64;
      int64_t whole = config.depth / block * block;
      auto packBlock = [&](Value k, int64_t size) {
        emitFor(b, begin, end, 1,
                [&](Value panel) { packer.pack(panel, k, size); });
      };
      if (whole)
        emitFor(b, constantIndex(b, 0), constantIndex(b, whole), block,
                [&](Value k) { packBlock(k, block); });
      if (whole != config.depth)
        packBlock(constantIndex(b, whole), config.depth - whole);
      emitFor(b, begin, end, 1, [&](Value panel) { packer.pad(panel); });
    }
    if (!config.stacked)
      return;
    // Other threads may still be at this expert, hardly at the one before.
    Value last = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, own,
                                       constantIndex(b, tasks - 1));
    Value second = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, expert,
                                         constantIndex(b, 0));
    auto ended =
        scf::IfOp::create(b, arith::AndIOp::create(b, last, second), false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(ended.thenBlock());
    Value before = arith::SubIOp::create(b, expert, constantIndex(b, 1));
    for (int64_t i = 0; i < matrices; ++i)
      release(i, getSourceExpert(i, before));
  });
  if (!config.stacked)
    for (int64_t i = 0; i < matrices; ++i)
      release(i, Value());
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
  int64_t experts = config.target.getDimSize(0);
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
  emitPacking(b, module, config, func);
  func::ReturnOp::create(b);
  return func;
}
