//===- ProjectLowering.cpp - moe.project by integer weights -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProjectLowering.h"
#include "ExpertsLowering.h"
#include "KernelUtils.h"
#include "PanelProduct.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "moe/Dialect/MoE/IR/Reference.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::moe;

/// Returns the private function (A: memref<?xKxf32>, panels…,
/// C: memref<?x(P·NR)xf32>) with C = A·B, parallel over panels.
static func::FuncOp getProjectKernel(ModuleOp module, Location loc,
                                     const KernelTarget &target,
                                     const PackedStorage &storage,
                                     int64_t depth) {
  std::string key;
  llvm::raw_string_ostream os(key);
  os << depth << ' ' << storage.element << ' ' << storage.block;
  if (storage.zeroPoint)
    os << " zero " << *storage.zeroPoint;
  for (Type type : storage.types)
    os << ' ' << type;
  auto keyAttr = StringAttr::get(module.getContext(), key);
  int64_t panels = cast<RankedTensorType>(storage.types.front()).getDimSize(1);
  std::string name = llvm::formatv("moe_project_k{0}_p{1}_{2}", depth, panels,
                                   storage.element);
  while (auto existing = module.lookupSymbol<func::FuncOp>(name)) {
    if (existing->getAttr("moe.kernel") == keyAttr)
      return existing;
    name += "_";
  }
  MLIRContext *context = module.getContext();
  Type f32 = Float32Type::get(context);
  const TileShape &tile = target.tile;
  constexpr int64_t dynamic = ShapedType::kDynamic;
  SmallVector<Type> types = {MemRefType::get({dynamic, depth}, f32)};
  addPanelTypes(storage, types);
  types.push_back(MemRefType::get({dynamic, panels * tile.columns}, f32));
  func::FuncOp func = createKernel(module, loc, name, types);
  func->setAttr("moe.kernel", keyAttr);
  ImplicitLocOpBuilder b(loc, context);
  b.setInsertionPointToStart(&func.getBody().front());

  SmallVector<Value> packed(func.getArguments().drop_front().drop_back());
  Value rows = func.getArgument(0), result = func.getArguments().back();
  PanelProduct product =
      PanelProduct::get(module, loc, target, storage, f32, depth, packed);
  Value count = memref::DimOp::create(b, rows, 0);
  TileRows taken = product.takeRows(b, rows, count);
  // Panels of a task follow each other in memory, and there are enough tasks
  // for many threads.
  int64_t perTask = std::clamp<int64_t>(panels / 64, 1, 8);
  Value step = constantIndex(b, perTask);
  Value threads = emitNumThreads(b, module);
  emitParallelFor(
      b, constantIndex(b, llvm::divideCeil(panels, perTask)), [&](Value task) {
        Value first = arith::MulIOp::create(b, task, step);
        Value last = arith::MinUIOp::create(
            b, arith::AddIOp::create(b, first, step), constantIndex(b, panels));
        Value zero = constantIndex(b, 0);
        Value next = arith::MulIOp::create(
            b, arith::AddIOp::create(b, task, threads), step);
        product.emit(
            b, taken, {zero, first}, last, {zero, next}, zero, count,
            [&](Value panel, Value row, Value size, Value sums) {
              Value column = arith::MulIOp::create(
                  b, panel, constantIndex(b, tile.columns));
              emitFor(b, zero, size, 1, [&](Value i) {
                Value target = arith::AddIOp::create(b, row, i);
                for (int64_t c = 0; c < tile.columns; c += tile.lanes) {
                  Value offset = constantIndex(b, c);
                  Value value =
                      loadF32(b, sums, ValueRange{i, offset}, tile.lanes);
                  storeF32(b, value, result,
                           ValueRange{target, arith::AddIOp::create(b, column,
                                                                    offset)});
                }
              });
            });
      });
  func::ReturnOp::create(b);
  return func;
}

LogicalResult mlir::moe::lowerQuantizedProject(ProjectOp op,
                                               const KernelTarget &target,
                                               PatternRewriter &rewriter) {
  auto weights = op.getWeights().getDefiningOp<WeightsOp>();
  if (!weights || weights.getType().getNumExperts() != 1)
    return rewriter.notifyMatchFailure(op, "not one matrix made here");
  auto codes = dyn_cast<IntegerType>(weights.getType().getStorage());
  if (!codes || !isSupportedProjection(op.getWeights(), Value()))
    return rewriter.notifyMatchFailure(op, "not integer codes of a kernel");
  auto input = cast<RankedTensorType>(op.getInput().getType());
  int64_t depth = weights.getType().getInSize();
  if (!isa<Float32Type, Float16Type, BFloat16Type>(input.getElementType()))
    return rewriter.notifyMatchFailure(op, "kernels take f32, f16 and bf16");
  // Tiles read whole words, and rows stand where the caller has them.
  if (input.getDimSize(1) != depth || depth % (32 / codes.getWidth()))
    return rewriter.notifyMatchFailure(op, "rows are no whole words");

  rewriter.setInsertionPoint(op);
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  Type f32 = b.getF32Type();
  SmallVector<Value> arguments = {
      castElements(b, b.getLoc(), op.getInput(), f32)};
  PackedStorage storage =
      packMatrices(b, {op.getWeights()}, target.tile, arguments);
  OpFoldResult rows = tensor::getMixedSize(b, b.getLoc(), op.getInput(), 0);
  int64_t out = weights.getType().getOutSize();
  int64_t padded = llvm::alignTo(out, target.tile.columns);
  Value init = tensor::EmptyOp::create(
      b, {rows, OpFoldResult(b.getIndexAttr(padded))}, f32);
  func::FuncOp kernel = getProjectKernel(op->getParentOfType<ModuleOp>(),
                                         b.getLoc(), target, storage, depth);
  Value result = callKernel(b, kernel, arguments, init);
  if (padded != out) {
    OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
    result = tensor::ExtractSliceOp::create(
        b, result, ArrayRef<OpFoldResult>{zero, zero},
        ArrayRef<OpFoldResult>{rows, b.getIndexAttr(out)},
        ArrayRef<OpFoldResult>{one, one});
  }
  auto type = cast<RankedTensorType>(op.getResult().getType());
  result = castElements(b, b.getLoc(), result, type.getElementType());
  if (result.getType() != type)
    result = tensor::CastOp::create(b, type, result);
  rewriter.replaceOp(op, result);
  return success();
}
