//===- DeviceCalls.cpp - Functions that call the CUDA runtime ---*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DeviceCalls.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "moe/Conversion/MoEToTriton.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::moe;

LLVM::LLVMFuncOp mlir::moe::getRuntimeFunction(ModuleOp module, StringRef name,
                                               ArrayRef<Type> arguments,
                                               Type result) {
  if (auto function = module.lookupSymbol<LLVM::LLVMFuncOp>(name))
    return function;
  auto b =
      ImplicitLocOpBuilder::atBlockBegin(module.getLoc(), module.getBody());
  if (!result)
    result = LLVM::LLVMVoidType::get(module.getContext());
  return LLVM::LLVMFuncOp::create(
      b, name, LLVM::LLVMFunctionType::get(result, arguments));
}

Value mlir::moe::getPointer(OpBuilder &b, Location loc, Value buffer) {
  Value address =
      memref::ExtractAlignedPointerAsIndexOp::create(b, loc, buffer);
  Value integer = arith::IndexCastOp::create(b, loc, b.getI64Type(), address);
  return LLVM::IntToPtrOp::create(
      b, loc, LLVM::LLVMPointerType::get(b.getContext()), integer);
}

/// A buffer of the type's rank and element type.
static MemRefType getBufferType(TensorType type) {
  return MemRefType::get(
      SmallVector<int64_t>(type.getRank(), ShapedType::kDynamic),
      type.getElementType());
}

static func::FuncOp createFunction(ModuleOp module, Location loc,
                                   StringRef name, ArrayRef<Type> types) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  auto function = func::FuncOp::create(builder, loc, name,
                                       builder.getFunctionType(types, {}));
  function.setPrivate();
  function.addEntryBlock();
  return function;
}

func::FuncOp mlir::moe::getCopyFunction(ModuleOp module, Location loc,
                                        TensorType type, bool toDevice) {
  std::string name;
  llvm::raw_string_ostream(name)
      << (toDevice ? "moe_upload_" : "moe_download_") << type.getRank() << "x"
      << type.getElementType();
  if (auto function = module.lookupSymbol<func::FuncOp>(name))
    return function;
  MemRefType buffer = getBufferType(type);
  func::FuncOp function = createFunction(module, loc, name, {buffer, buffer});
  function.setArgAttr(toDevice ? 1 : 0, MoEDialect::kDevice,
                      UnitAttr::get(module.getContext()));
  Block *body = &function.front();
  auto b = ImplicitLocOpBuilder::atBlockBegin(loc, body);
  Value from = body->getArgument(0), to = body->getArgument(1);
  int64_t bytes =
      llvm::divideCeil(type.getElementType().getIntOrFloatBitWidth(), 8);
  Value size = arith::ConstantIndexOp::create(b, bytes);
  for (int64_t i = 0; i < type.getRank(); ++i)
    size = arith::MulIOp::create(b, size, memref::DimOp::create(b, from, i));
  size = arith::IndexCastOp::create(b, b.getI64Type(), size);
  auto pointer = LLVM::LLVMPointerType::get(module.getContext());
  LLVM::LLVMFuncOp copy = getRuntimeFunction(
      module, toDevice ? "moe_cuda_upload" : "moe_cuda_download",
      {pointer, pointer, b.getI64Type()}, {});
  LLVM::CallOp::create(
      b, copy,
      ValueRange{getPointer(b, loc, to), getPointer(b, loc, from), size});
  func::ReturnOp::create(b);
  return function;
}

namespace {
/// The globals that the runtime reads of a kernel.
struct KernelGlobals {
  LLVM::GlobalOp handle, image, name, info;
};
} // namespace

static FailureOr<KernelGlobals> getGlobals(ModuleOp module, LaunchOp launch) {
  auto kernel = module.lookupSymbol<tt::FuncOp>(launch.getKernelAttr());
  auto image = kernel ? kernel->getAttrOfType<StringAttr>(kImage) : nullptr;
  if (!image)
    return launch.emitOpError("launches a kernel without machine code; see "
                              "moe-compile-kernels");
  std::string prefix = ("moe_code_" + launch.getKernel()).str();
  auto b =
      ImplicitLocOpBuilder::atBlockBegin(module.getLoc(), module.getBody());
  auto getGlobal = [&](StringRef suffix, Type type, bool isConstant,
                       Attribute value) {
    std::string name = prefix + suffix.str();
    if (auto global = module.lookupSymbol<LLVM::GlobalOp>(name))
      return global;
    return LLVM::GlobalOp::create(b, type, isConstant, LLVM::Linkage::Internal,
                                  name, value, /*alignment=*/16);
  };
  auto bytes = [&](StringRef text) {
    return LLVM::LLVMArrayType::get(b.getI8Type(), text.size());
  };
  auto number = [&](StringRef attr) {
    return cast<IntegerAttr>(kernel->getAttr(attr)).getInt();
  };
  std::string name = (launch.getKernel() + Twine('\0')).str();
  int64_t numbers[] = {static_cast<int64_t>(image.size()),
                       number(kNumWarps),
                       number(kShared),
                       number(kScratch),
                       number(kCapability),
                       kernel->hasAttr(kOverlap)};
  auto infoType = RankedTensorType::get({6}, b.getI64Type());
  return KernelGlobals{
      getGlobal("_handle", b.getI64Type(), false, b.getI64IntegerAttr(0)),
      getGlobal("_image", bytes(image.getValue()), true, image),
      getGlobal("_name", bytes(name), true, b.getStringAttr(name)),
      getGlobal("_info", LLVM::LLVMArrayType::get(b.getI64Type(), 6), true,
                DenseElementsAttr::get(infoType, ArrayRef(numbers)))};
}

/// Stores values, 64 bits each, in an array on the stack.
static Value storeArray(ImplicitLocOpBuilder &b, ArrayRef<Value> values) {
  auto pointer = LLVM::LLVMPointerType::get(b.getContext());
  Value count = LLVM::ConstantOp::create(b, b.getI64Type(),
                                         std::max<int64_t>(values.size(), 1));
  Value array = LLVM::AllocaOp::create(b, pointer, b.getI64Type(), count);
  for (auto [i, value] : llvm::enumerate(values)) {
    Value place =
        LLVM::GEPOp::create(b, pointer, b.getI64Type(), array,
                            ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(i)});
    LLVM::StoreOp::create(b, value, place);
  }
  return array;
}

FailureOr<func::FuncOp> mlir::moe::getLaunchFunction(ModuleOp module,
                                                     LaunchOp launch) {
  Location loc = launch.getLoc();
  Builder types(module.getContext());
  SmallVector<Type> arguments(3, types.getIndexType());
  std::string name;
  llvm::raw_string_ostream os(name);
  os << "moe_launch_" << launch.getKernel();
  for (Value operand :
       llvm::concat<Value>(launch.getInputs(), launch.getOutputs())) {
    auto tensor = dyn_cast<TensorType>(operand.getType());
    arguments.push_back(tensor ? Type(getBufferType(tensor))
                               : operand.getType());
    // The same kernel may get a tensor in different shapes.
    os << "_" << (tensor ? tensor.getRank() : 0);
  }
  if (auto function = module.lookupSymbol<func::FuncOp>(name))
    return function;
  FailureOr<KernelGlobals> globals = getGlobals(module, launch);
  if (failed(globals))
    return failure();
  func::FuncOp function = createFunction(module, loc, name, arguments);
  Block *body = &function.front();
  auto b = ImplicitLocOpBuilder::atBlockBegin(loc, body);
  SmallVector<Value> grid, parameters;
  for (auto [i, argument] : llvm::enumerate(body->getArguments())) {
    if (i < 3) {
      grid.push_back(arith::IndexCastOp::create(b, b.getI64Type(), argument));
      continue;
    }
    if (isa<MemRefType>(argument.getType())) {
      function.setArgAttr(i, MoEDialect::kDevice, b.getUnitAttr());
      Value address =
          memref::ExtractAlignedPointerAsIndexOp::create(b, argument);
      parameters.push_back(
          arith::IndexCastOp::create(b, b.getI64Type(), address));
      continue;
    }
    if (!argument.getType().isInteger() ||
        argument.getType().getIntOrFloatBitWidth() > 64)
      return launch.emitOpError("has a scalar that is no integer");
    Value number = argument;
    if (!number.getType().isInteger(64))
      number = arith::ExtSIOp::create(b, b.getI64Type(), number);
    parameters.push_back(number);
  }
  auto pointer = LLVM::LLVMPointerType::get(module.getContext());
  LLVM::LLVMFuncOp call = getRuntimeFunction(
      module, "moe_cuda_launch",
      {pointer, pointer, pointer, pointer, pointer, pointer, b.getI64Type()},
      {});
  auto address = [&](LLVM::GlobalOp global) -> Value {
    return LLVM::AddressOfOp::create(b, global);
  };
  Value count = LLVM::ConstantOp::create(b, b.getI64Type(), parameters.size());
  LLVM::CallOp::create(
      b, call,
      ValueRange{address(globals->handle), address(globals->image),
                 address(globals->name), address(globals->info),
                 storeArray(b, grid), storeArray(b, parameters), count});
  func::ReturnOp::create(b);
  return function;
}
