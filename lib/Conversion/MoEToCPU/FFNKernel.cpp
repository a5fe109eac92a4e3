//===- FFNKernel.cpp - The kernel of a set of feed-forward experts --------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FFNKernel.h"
#include "KernelUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "moe/Dialect/MoE/IR/Activation.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace mlir::moe;

std::string FFNKernelConfig::getKey() const {
  std::string key;
  llvm::raw_string_ostream os(key);
  os << experts << ' ' << hidden << ' ' << inter << ' ' << out << ' ' << gated
     << ' ' << activation << ' ' << element << ' ' << gather << ' ' << firstBias
     << secondBias << ' ' << target.tile.lanes << ' ' << target.tile.rows << ' '
     << target.dotBF16 << target.dotInt8;
  for (const PackedStorage *storage : {&first, &second}) {
    os << ' ' << storage->element << ' ' << storage->block;
    if (storage->zeroPoint)
      os << " zero " << *storage->zeroPoint;
    for (Type type : storage->types)
      os << ' ' << type;
  }
  return key;
}

namespace {
/// Emits the body of one kernel.
class FFNKernelEmitter {
public:
  FFNKernelEmitter(ModuleOp module, Location loc, const FFNKernelConfig &config)
      : module(module), config(config), tile(config.target.tile),
        b(loc, module.getContext()) {}

  func::FuncOp emit(StringRef name);

private:
  /// One projection with its bias, if there is one.
  struct Projection {
    PanelProduct product;
    Value bias;
  };

  /// The expert, counted in the set, of a task.
  Value getExpert(Value task, int64_t blocks) {
    Value local = arith::DivUIOp::create(b, task, constantIndex(b, blocks));
    return arith::AddIOp::create(b, begin, local);
  }
  SmallVector<Type> getArgumentTypes();
  void readArguments(func::FuncOp func);
  void emitGather();
  void emitProjection(Projection &projection, const TileRows &input,
                      function_ref<void(Value expert, Value panel, Value row,
                                        Value rows, Value tile)>
                          epilogue);
  void emitUpEpilogue(Value expert, Value panel, Value row, Value rows,
                      Value accumulators);
  void emitDownEpilogue(Value expert, Value panel, Value row, Value rows,
                        Value accumulators);
  Value loadTile(Value accumulators, Value row, int64_t column, Value bias,
                 Value expert, Value panel);

  /// Row lengths of the scratch buffers: a whole number of vectors, plus one
  /// so that rows do not all fall into the same cache sets.
  int64_t getInputStride() const {
    return llvm::alignTo(config.hidden, tile.lanes) + tile.lanes;
  }
  int64_t getInterStride() const {
    return llvm::alignTo(config.inter, tile.columns) + tile.lanes;
  }

  ModuleOp module;
  const FFNKernelConfig &config;
  TileShape tile;
  ImplicitLocOpBuilder b;

  Value input, offsets, first, begin, end, tokens, output;
  Projection up, down;
  /// First row of the experts in the plan, and their number of rows.
  Value base, numRows;
  /// Scratch: gathered input rows and activations, as the tiles of up and down
  /// take them.
  Value gathered, activated;
};
} // namespace

SmallVector<Type> FFNKernelEmitter::getArgumentTypes() {
  Type index = b.getIndexType();
  constexpr int64_t dynamic = ShapedType::kDynamic;
  Type indices = MemRefType::get({dynamic}, b.getI64Type());
  SmallVector<Type> types = {
      MemRefType::get({dynamic, config.hidden}, config.element), indices, index,
      index, index};
  if (config.gather)
    types.push_back(indices);
  auto addProjection = [&](const PackedStorage &storage, bool bias) {
    addPanelTypes(storage, types);
    if (bias) {
      ArrayRef<int64_t> shape =
          cast<RankedTensorType>(storage.types.front()).getShape();
      types.push_back(
          MemRefType::get({shape[0], shape[1], tile.columns}, b.getF32Type()));
    }
  };
  addProjection(config.first, config.firstBias);
  addProjection(config.second, config.secondBias);
  types.push_back(
      MemRefType::get({dynamic, config.getPaddedOut()}, b.getF32Type()));
  return types;
}

void FFNKernelEmitter::readArguments(func::FuncOp func) {
  unsigned next = 0;
  auto take = [&] { return func.getArgument(next++); };
  input = take();
  offsets = take();
  first = take();
  begin = take();
  end = take();
  if (config.gather)
    tokens = take();
  auto takeProjection = [&](Projection &projection,
                            const PackedStorage &storage, bool bias,
                            int64_t depth) {
    SmallVector<Value> panels;
    for (size_t i = 0; i < storage.types.size(); ++i)
      panels.push_back(take());
    if (bias)
      projection.bias = take();
    projection.product =
        PanelProduct::get(module, b.getLoc(), config.target, storage,
                          config.element, depth, panels);
  };
  takeProjection(up, config.first, config.firstBias, config.hidden);
  takeProjection(down, config.second, config.secondBias, config.inter);
  output = take();
}

/// Sets what stands behind a row up to a whole word: tiles multiply it with
/// weights of zero, which must not meet a NaN.
static void emitRowEnd(ImplicitLocOpBuilder &b, const TileKernel &kernel,
                       Value rows, Value row, int64_t depth) {
  // Rows that are rounded have whole words.
  int64_t end = llvm::alignTo(depth, kernel.getGroup());
  if (end == depth)
    return;
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(kernel.getRowType()));
  for (int64_t k = depth; k < end; ++k)
    memref::StoreOp::create(b, zero, rows,
                            ValueRange{row, constantIndex(b, k)});
}

/// Copies the token of each row into `gathered`.
void FFNKernelEmitter::emitGather() {
  constexpr int64_t rowsPerTask = 16;
  Value step = constantIndex(b, rowsPerTask);
  Value tasks = arith::CeilDivUIOp::create(b, numRows, step);
  emitParallelFor(b, tasks, [&](Value task) {
    Value begin = arith::MulIOp::create(b, task, step);
    Value end = arith::MinUIOp::create(b, arith::AddIOp::create(b, begin, step),
                                       numRows);
    emitFor(b, begin, end, 1, [&](Value row) {
      Value source = arith::AddIOp::create(b, base, row);
      if (config.gather)
        source = loadIndex(b, tokens, source);
      emitVectorFor(b, config.hidden, tile.lanes, [&](Value i, int64_t lanes) {
        copyElements(b, input, ValueRange{source, i}, gathered,
                     ValueRange{row, i}, lanes);
      });
      emitRowEnd(b, up.product.kernel, gathered, row, config.hidden);
    });
  });
}

/// Emits the grouped GEMM of one projection: tasks are (expert, block of
/// panels), in which each panel meets all rows of its expert.
void FFNKernelEmitter::emitProjection(
    Projection &projection, const TileRows &rowsIn,
    function_ref<void(Value, Value, Value, Value, Value)> epilogue) {
  int64_t panels = projection.product.getNumPanels();
  // Enough tasks that two experts keep many threads busy, few enough that a
  // task outweighs its start.
  constexpr int64_t tasksPerExpert = 8;
  int64_t panelsPerTask = llvm::divideCeil(panels, tasksPerExpert);
  int64_t blocks = llvm::divideCeil(panels, panelsPerTask);
  Value threads = emitNumThreads(b, module);

  emitParallelFor(
      b,
      arith::MulIOp::create(b, arith::SubIOp::create(b, end, begin),
                            constantIndex(b, blocks)),
      [&](Value task) {
        Value numBlocks = constantIndex(b, blocks);
        Value expert = getExpert(task, blocks);
        Value block = arith::RemUIOp::create(b, task, numBlocks);
        Value slot = arith::AddIOp::create(b, first, expert);
        Value next = arith::AddIOp::create(b, slot, constantIndex(b, 1));
        Value firstRow =
            arith::SubIOp::create(b, loadIndex(b, offsets, slot), base);
        Value lastRow =
            arith::SubIOp::create(b, loadIndex(b, offsets, next), base);
        Value any = arith::CmpIOp::create(b, arith::CmpIPredicate::ult,
                                          firstRow, lastRow);
        auto guarded = scf::IfOp::create(b, any, /*withElseRegion=*/false);
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToStart(guarded.thenBlock());

        Value perTask = constantIndex(b, panelsPerTask);
        Value firstPanel = arith::MulIOp::create(b, block, perTask);
        Value lastPanel = arith::MinUIOp::create(
            b, arith::AddIOp::create(b, firstPanel, perTask),
            constantIndex(b, panels));
        // The task that comes up when every thread has taken one.
        Value nextTask = arith::AddIOp::create(b, task, threads);
        Value nextPanel = arith::MulIOp::create(
            b, arith::RemUIOp::create(b, nextTask, numBlocks), perTask);
        projection.product.emit(
            b, rowsIn, {expert, firstPanel}, lastPanel,
            {getExpert(nextTask, blocks), nextPanel}, firstRow, lastRow,
            [&](Value panel, Value row, Value rows, Value accumulators) {
              epilogue(expert, panel, row, rows, accumulators);
            });
      });
}

/// One vector of the accumulator tile at (row, column), plus its bias.
Value FFNKernelEmitter::loadTile(Value accumulators, Value row, int64_t column,
                                 Value bias, Value expert, Value panel) {
  Value index = constantIndex(b, column);
  Value value = loadF32(b, accumulators, ValueRange{row, index}, tile.lanes);
  if (!bias)
    return value;
  Value addend = loadF32(b, bias, ValueRange{expert, panel, index}, tile.lanes);
  return arith::AddFOp::create(b, value, addend);
}

void FFNKernelEmitter::emitUpEpilogue(Value expert, Value panel, Value row,
                                      Value rows, Value accumulators) {
  // A gated panel holds one vector of gate and one of up columns, and gives
  // one of activations; an ungated one gives two.
  int64_t width = config.gated ? tile.lanes : tile.columns;
  Value column = arith::MulIOp::create(b, panel, constantIndex(b, width));
  emitFor(b, constantIndex(b, 0), rows, 1, [&](Value i) {
    Value target = arith::AddIOp::create(b, row, i);
    for (int64_t c = 0; c < width; c += tile.lanes) {
      Value gate, linear;
      if (config.gated) {
        gate = loadTile(accumulators, i, 0, up.bias, expert, panel);
        linear = loadTile(accumulators, i, tile.lanes, up.bias, expert, panel);
      } else {
        linear = loadTile(accumulators, i, c, up.bias, expert, panel);
      }
      Value value =
          buildActivation(b, b.getLoc(), config.activation, gate, linear);
      Value position = arith::AddIOp::create(b, column, constantIndex(b, c));
      storeF32(b, value, activated, ValueRange{target, position});
    }
    // An activation of nothing may be something.
    if (config.inter % down.product.kernel.getGroup() == 0)
      return;
    int64_t last = (config.inter - 1) / width;
    Value isLast = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, panel,
                                         constantIndex(b, last));
    auto guarded = scf::IfOp::create(b, isLast, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(guarded.thenBlock());
    emitRowEnd(b, down.product.kernel, activated, target, config.inter);
  });
}

void FFNKernelEmitter::emitDownEpilogue(Value expert, Value panel, Value row,
                                        Value rows, Value accumulators) {
  Value column =
      arith::MulIOp::create(b, panel, constantIndex(b, tile.columns));
  emitFor(b, constantIndex(b, 0), rows, 1, [&](Value i) {
    Value target =
        arith::AddIOp::create(b, arith::AddIOp::create(b, base, row), i);
    for (int64_t c = 0; c < tile.columns; c += tile.lanes) {
      Value value = loadTile(accumulators, i, c, down.bias, expert, panel);
      Value position = arith::AddIOp::create(b, column, constantIndex(b, c));
      storeF32(b, value, output, ValueRange{target, position});
    }
  });
}

func::FuncOp FFNKernelEmitter::emit(StringRef name) {
  func::FuncOp func =
      createKernel(module, b.getLoc(), name, getArgumentTypes());
  readArguments(func);
  b.setInsertionPointToStart(&func.getBody().front());

  base = loadIndex(b, offsets, arith::AddIOp::create(b, first, begin));
  Value last = arith::AddIOp::create(b, first, end);
  numRows = arith::SubIOp::create(b, loadIndex(b, offsets, last), base);
  auto allocate = [&](int64_t stride, const PanelProduct &product) -> Value {
    auto type = MemRefType::get({ShapedType::kDynamic, stride},
                                product.getSourceType());
    return memref::AllocOp::create(b, type, ValueRange{numRows});
  };
  gathered = allocate(getInputStride(), up.product);
  activated = allocate(getInterStride(), down.product);

  emitGather();
  emitProjection(up, up.product.takeRows(b, gathered, numRows),
                 [&](Value expert, Value panel, Value row, Value rows,
                     Value accumulators) {
                   emitUpEpilogue(expert, panel, row, rows, accumulators);
                 });
  emitProjection(down, down.product.takeRows(b, activated, numRows),
                 [&](Value expert, Value panel, Value row, Value rows,
                     Value accumulators) {
                   emitDownEpilogue(expert, panel, row, rows, accumulators);
                 });
  func::ReturnOp::create(b);
  return func;
}

func::FuncOp mlir::moe::getFFNKernel(ModuleOp module, Location loc,
                                     const FFNKernelConfig &config) {
  std::string key = config.getKey();
  StringAttr keyAttr = StringAttr::get(module.getContext(), key);
  std::string name =
      llvm::formatv("moe_ffn_{0}x{1}x{2}_{3:x-}", config.experts, config.hidden,
                    config.inter, llvm::xxh3_64bits(key));
  // The hash is for reading; the attribute decides.
  while (auto existing = module.lookupSymbol<func::FuncOp>(name)) {
    if (existing->getAttr("moe.kernel") == keyAttr)
      return existing;
    name += "_";
  }
  func::FuncOp func = FFNKernelEmitter(module, loc, config).emit(name);
  func->setAttr("moe.kernel", keyAttr);
  return func;
}
