//===- OutlineParallelLoops.cpp - scf.parallel as calls of the runtime ----===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moe/Conversion/Passes.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"

namespace mlir::moe {
#define GEN_PASS_DEF_OUTLINEPARALLELLOOPSPASS
#include "moe/Conversion/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;
using namespace mlir::moe;

static constexpr llvm::StringLiteral kParallelFor = "moe_parallel_for";

/// Declares `void moe_parallel_for(int64_t n, void (*body)(void *, int64_t,
/// int64_t), void *closure, int64_t grain)` of the runtime.
static void declareRuntime(ModuleOp module) {
  if (module.lookupSymbol(kParallelFor))
    return;
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  Type i64 = builder.getI64Type();
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext());
  auto func = func::FuncOp::create(
      builder, module.getLoc(), kParallelFor,
      builder.getFunctionType({i64, pointer, pointer, i64}, {}));
  func.setPrivate();
}

namespace {
/// Moves the body of one loop into a function of its own. What it captures
/// travels in a struct on the caller's stack.
class Outliner {
public:
  Outliner(scf::ParallelOp loop, const LLVMTypeConverter &types,
           StringRef name)
      : loop(loop), types(types), name(name),
        b(loop.getLoc(), loop.getContext()) {}

  LogicalResult outline();

private:
  Value buildClosure();
  func::FuncOp buildBody();
  Value castToLLVM(Value value);

  scf::ParallelOp loop;
  const LLVMTypeConverter &types;
  StringRef name;
  ImplicitLocOpBuilder b;

  /// Captured values, and constants that the body gets copies of.
  SmallVector<Value> captures;
  SmallVector<Operation *> constants;
  LLVM::LLVMStructType closureType;
};
} // namespace

Value Outliner::castToLLVM(Value value) {
  Type type = types.convertType(value.getType());
  if (type == value.getType())
    return value;
  return UnrealizedConversionCastOp::create(b, type, value).getResult(0);
}

/// Fills the struct of captures; it stands in the caller's entry block, so
/// that a loop around the call does not grow the stack.
Value Outliner::buildClosure() {
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  Value closure;
  {
    OpBuilder::InsertionGuard guard(b);
    auto func = loop->getParentOfType<FunctionOpInterface>();
    b.setInsertionPointToStart(&func.getFunctionBody().front());
    Value one = LLVM::ConstantOp::create(b, b.getI64Type(),
                                         b.getI64IntegerAttr(1));
    closure = LLVM::AllocaOp::create(b, pointer, closureType, one);
  }
  for (auto [i, value] : llvm::enumerate(captures)) {
    Value field = LLVM::GEPOp::create(
        b, pointer, closureType, closure,
        ArrayRef<LLVM::GEPArg>{0, static_cast<int32_t>(i)});
    LLVM::StoreOp::create(b, castToLLVM(value), field);
  }
  return closure;
}

func::FuncOp Outliner::buildBody() {
  auto module = loop->getParentOfType<ModuleOp>();
  Type i64 = b.getI64Type();
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(module.getBody());
  auto func = func::FuncOp::create(
      b, name, b.getFunctionType({pointer, i64, i64}, {}));
  func.setPrivate();
  Block *entry = func.addEntryBlock();
  b.setInsertionPointToStart(entry);

  IRMapping mapping;
  for (Operation *constant : constants)
    b.clone(*constant, mapping);
  for (auto [i, value] : llvm::enumerate(captures)) {
    Value field = LLVM::GEPOp::create(
        b, pointer, closureType, entry->getArgument(0),
        ArrayRef<LLVM::GEPArg>{0, static_cast<int32_t>(i)});
    Type type = closureType.getBody()[i];
    Value loaded = LLVM::LoadOp::create(b, type, field);
    if (type != value.getType())
      loaded = UnrealizedConversionCastOp::create(b, value.getType(), loaded)
                   .getResult(0);
    mapping.map(value, loaded);
  }
  // The loop counts iterations; its variable is lower + i·step.
  auto toIndex = [&](Value value) -> Value {
    return arith::IndexCastOp::create(b, b.getIndexType(), value);
  };
  Value lower = mapping.lookupOrDefault(loop.getLowerBound().front());
  Value step = mapping.lookupOrDefault(loop.getStep().front());
  Value one = arith::ConstantIndexOp::create(b, 1);
  auto range = scf::ForOp::create(b, toIndex(entry->getArgument(1)),
                                  toIndex(entry->getArgument(2)), one);
  func::ReturnOp::create(b);
  b.setInsertionPointToStart(range.getBody());
  Value scaled = arith::MulIOp::create(b, range.getInductionVar(), step);
  mapping.map(loop.getInductionVars().front(),
              arith::AddIOp::create(b, lower, scaled).getResult());
  for (Operation &op : loop.getBody()->without_terminator())
    b.clone(op, mapping);
  return func;
}

LogicalResult Outliner::outline() {
  // The bounds are values of the caller that the body needs as well.
  SetVector<Value> used;
  getUsedValuesDefinedAbove(loop.getRegion(), used);
  used.insert(loop.getLowerBound().front());
  used.insert(loop.getStep().front());
  SmallVector<Type> fields;
  for (Value value : used) {
    if (Operation *op = value.getDefiningOp(); op && matchPattern(op, m_Constant())) {
      constants.push_back(op);
      continue;
    }
    Type type = types.convertType(value.getType());
    if (!type)
      return loop.emitError("cannot pass a value of type ")
             << value.getType() << " to a parallel loop's function";
    captures.push_back(value);
    fields.push_back(type);
  }
  closureType = LLVM::LLVMStructType::getLiteral(b.getContext(), fields);

  b.setInsertionPoint(loop);
  func::FuncOp body = buildBody();
  Value closure = buildClosure();
  Value extent = arith::SubIOp::create(b, loop.getUpperBound().front(),
                                       loop.getLowerBound().front());
  Value count = arith::CeilDivSIOp::create(b, extent, loop.getStep().front());
  Value count64 = arith::IndexCastOp::create(b, b.getI64Type(), count);
  Value function = func::ConstantOp::create(
      b, body.getFunctionType(), FlatSymbolRefAttr::get(body));
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  Value address =
      UnrealizedConversionCastOp::create(b, pointer, function).getResult(0);
  Value grain = arith::ConstantIntOp::create(b, 1, 64);
  func::CallOp::create(b, kParallelFor, TypeRange{},
                       ValueRange{count64, address, closure, grain});
  loop.erase();
  return success();
}

namespace {
struct OutlineParallelLoopsPass
    : moe::impl::OutlineParallelLoopsPassBase<OutlineParallelLoopsPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    // Inner loops run in their outer loop's task.
    SmallVector<scf::ParallelOp> loops;
    module.walk<WalkOrder::PreOrder>([&](scf::ParallelOp loop) {
      if (loop.getNumLoops() == 1 && loop.getInitVals().empty())
        loops.push_back(loop);
      return WalkResult::skip();
    });
    if (loops.empty())
      return;
    declareRuntime(module);
    LLVMTypeConverter types(&getContext());
    SymbolTable symbols(module);
    for (scf::ParallelOp loop : loops) {
      auto parent = loop->getParentOfType<SymbolOpInterface>();
      std::string name;
      for (unsigned i = 0; name.empty() || module.lookupSymbol(name); ++i)
        name = (parent.getName() + "_task" + Twine(i)).str();
      if (failed(Outliner(loop, types, name).outline()))
        return signalPassFailure();
      ++numOutlined;
    }
  }
};
} // namespace
