//===- TritonDialect.cpp - Triton IR: operations and types ------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Interfaces/FunctionImplementation.h"
#include "moe/Dialect/Triton/IR/Triton.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::moe;
using namespace mlir::moe::tt;

#include "moe/Dialect/Triton/IR/TritonDialect.cpp.inc"
#include "moe/Dialect/Triton/IR/TritonEnums.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "moe/Dialect/Triton/IR/TritonTypes.cpp.inc"

#define GET_OP_CLASSES
#include "moe/Dialect/Triton/IR/TritonOps.cpp.inc"

void TTDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "moe/Dialect/Triton/IR/TritonTypes.cpp.inc"
      >();
}

void TTDialect::initialize() {
  registerTypes();
  addOperations<AddPtrOp, BitcastOp, BroadcastOp, DescriptorLoadOp, DotOp,
                ExpandDimsOp, FuncOp, GatherOp, GetNumProgramsOp,
                GetProgramIdOp, GridDependencyLaunchDependentsOp,
                GridDependencyWaitOp, HistogramOp, JoinOp, LoadOp, MakeRangeOp,
                MakeTensorDescOp, PreciseDivFOp, PreciseSqrtOp, ReduceOp,
                ReduceReturnOp, ReshapeOp, ReturnOp, ScanOp, ScanReturnOp,
                SplatOp, SplitOp, StoreOp, TransOp>();
}

Type mlir::moe::tt::cloneWith(Type type, Type element) {
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    return RankedTensorType::get(tensor.getShape(), element);
  return element;
}

Type mlir::moe::tt::getPointee(Type pointer) {
  auto element = dyn_cast<PtrType>(getElementTypeOrSelf(pointer));
  return element ? cloneWith(pointer, element.getPointee()) : Type();
}

Type mlir::moe::tt::getMaskType(Type pointer) {
  return cloneWith(pointer, IntegerType::get(pointer.getContext(), 1));
}

Type TensorDescType::parse(AsmParser &parser) {
  SmallVector<int64_t> shape;
  Type element;
  if (parser.parseLess() ||
      parser.parseDimensionList(shape, /*allowDynamic=*/false) ||
      parser.parseType(element) || parser.parseGreater())
    return {};
  return get(parser.getContext(), shape, element);
}

void TensorDescType::print(AsmPrinter &printer) const {
  printer << "<";
  for (int64_t size : getShape())
    printer << size << "x";
  printer << getElement() << ">";
}

ParseResult FuncOp::parse(OpAsmParser &parser, OperationState &result) {
  auto buildType = [](Builder &builder, ArrayRef<Type> arguments,
                      ArrayRef<Type> results,
                      function_interface_impl::VariadicFlag, std::string &) {
    return builder.getFunctionType(arguments, results);
  };
  return function_interface_impl::parseFunctionOp(
      parser, result, /*allowVariadic=*/false,
      getFunctionTypeAttrName(result.name), buildType,
      getArgAttrsAttrName(result.name), getResAttrsAttrName(result.name));
}

void FuncOp::print(OpAsmPrinter &printer) {
  function_interface_impl::printFunctionOp(
      printer, *this, /*isVariadic=*/false, getFunctionTypeAttrName(),
      getArgAttrsAttrName(), getResAttrsAttrName());
}

void SplitOp::build(OpBuilder &builder, OperationState &state, Value src) {
  auto type = cast<RankedTensorType>(src.getType());
  Type half =
      RankedTensorType::get(type.getShape().drop_back(), type.getElementType());
  build(builder, state, half, half, src);
}
