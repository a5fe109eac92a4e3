//===- EmitEntryPoints.cpp - Entry points that the runtime calls ----------===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ManifestBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"
#include "moe/Transforms/Passes.h"

namespace mlir::moe {
#define GEN_PASS_DEF_EMITENTRYPOINTSPASS
#include "moe/Transforms/Passes.h.inc"
} // namespace mlir::moe

using namespace mlir;
using namespace mlir::moe;

namespace {
struct EmitEntryPointsPass
    : mlir::moe::impl::EmitEntryPointsPassBase<EmitEntryPointsPass> {
  void runOnOperation() override;

private:
  LogicalResult emitEntry(func::FuncOp func, ManifestBuilder &manifest);
  void emitWrapper(func::FuncOp func, StringRef name,
                   ArrayRef<unsigned> argOrder);
};
} // namespace

/// The runtime passes memref descriptors only.
static LogicalResult checkSignature(func::FuncOp func) {
  auto check = [&](TypeRange types, StringRef what) -> LogicalResult {
    for (auto [i, type] : llvm::enumerate(types)) {
      auto memref = dyn_cast<MemRefType>(type);
      if (!memref || !memref.getLayout().isIdentity())
        return func.emitError()
               << "cannot be called from outside: " << what << " " << i
               << " has type " << type << ", not a ranked tensor's";
    }
    return success();
  };
  if (failed(check(func.getArgumentTypes(), "argument")))
    return failure();
  return check(func.getResultTypes(), "result");
}

/// Makes `llvm.func @name`, which loads descriptors, in the order `argOrder` of
/// the function's arguments, calls it, and stores the descriptors of the
/// results.
void EmitEntryPointsPass::emitWrapper(func::FuncOp func, StringRef name,
                                      ArrayRef<unsigned> argOrder) {
  Location loc = func.getLoc();
  ImplicitLocOpBuilder builder(loc, &getContext());
  builder.setInsertionPointToEnd(getOperation().getBody());
  LLVMTypeConverter converter(&getContext());
  auto pointer = LLVM::LLVMPointerType::get(&getContext());
  auto type = LLVM::LLVMFunctionType::get(
      LLVM::LLVMVoidType::get(&getContext()), {pointer});
  auto wrapper = LLVM::LLVMFuncOp::create(builder, name, type);
  Block *body = wrapper.addEntryBlock(builder);
  builder.setInsertionPointToStart(body);
  auto loadSlot = [&](unsigned slot) -> Value {
    Value address =
        LLVM::GEPOp::create(builder, pointer, pointer, body->getArgument(0),
                            ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(slot)});
    return LLVM::LoadOp::create(builder, pointer, address);
  };
  unsigned slot = 0;
  SmallVector<Value> operands(func.getNumArguments());
  for (unsigned arg : argOrder) {
    Type type = func.getArgumentTypes()[arg];
    Value descriptor = LLVM::LoadOp::create(
        builder, converter.convertType(type), loadSlot(slot++));
    operands[arg] =
        UnrealizedConversionCastOp::create(builder, type, descriptor)
            .getResult(0);
  }
  auto call = func::CallOp::create(builder, func, operands);
  for (Value result : call.getResults()) {
    Value descriptor =
        UnrealizedConversionCastOp::create(
            builder, converter.convertType(result.getType()), result)
            .getResult(0);
    LLVM::StoreOp::create(builder, descriptor, loadSlot(slot++));
  }
  LLVM::ReturnOp::create(builder, ValueRange());
}

LogicalResult EmitEntryPointsPass::emitEntry(func::FuncOp func,
                                             ManifestBuilder &manifest) {
  func::FuncOp init;
  if (auto name = func->getAttrOfType<FlatSymbolRefAttr>(kInitAttrName)) {
    init = getOperation().lookupSymbol<func::FuncOp>(name.getAttr());
    if (!init)
      return func.emitError() << "names no init function: " << name;
    if (failed(checkSignature(init)))
      return failure();
  }
  SmallVector<unsigned> inputs, residents;
  for (unsigned i = 0, e = func.getNumArguments(); i != e; ++i) {
    bool resident = func.getArgAttr(i, kWeightAttrName) ||
                    func.getArgAttr(i, kResidentAttrName);
    (resident ? residents : inputs).push_back(i);
  }
  if (failed(checkSignature(func)) ||
      failed(manifest.addEntry(func, inputs, residents, init)))
    return failure();
  inputs.append(residents);
  emitWrapper(func, ("moe_entry_" + func.getName()).str(), inputs);
  if (init)
    emitWrapper(init, ("moe_init_" + func.getName()).str(),
                llvm::to_vector(llvm::seq(init.getNumArguments())));
  ++numEntries;
  return success();
}

void EmitEntryPointsPass::runOnOperation() {
  SmallVector<func::FuncOp> entries;
  llvm::SmallPtrSet<Attribute, 4> inits;
  for (auto func : getOperation().getOps<func::FuncOp>()) {
    if (func.isPublic() && !func.isExternal())
      entries.push_back(func);
    if (auto init = func->getAttrOfType<FlatSymbolRefAttr>(kInitAttrName))
      inits.insert(init.getAttr());
  }
  ManifestBuilder manifest(getOperation());
  for (func::FuncOp func : entries) {
    if (!inits.contains(func.getNameAttr()) &&
        failed(emitEntry(func, manifest)))
      return signalPassFailure();
    func.setPrivate();
  }
  for (auto weight :
       llvm::make_early_inc_range(getOperation().getOps<onnxir::WeightOp>()))
    weight.erase();
  std::string text = manifest.finish();
  text.push_back('\0');
  ImplicitLocOpBuilder builder(getOperation().getLoc(), &getContext());
  builder.setInsertionPointToEnd(getOperation().getBody());
  auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), text.size());
  LLVM::GlobalOp::create(builder, type, /*isConstant=*/true,
                         LLVM::Linkage::External, "moe_manifest",
                         builder.getStringAttr(text));
}
