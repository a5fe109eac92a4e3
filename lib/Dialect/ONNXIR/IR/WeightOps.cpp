//===- WeightOps.cpp - Initializers of an ONNX model -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/OpImplementation.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::onnxir;

ParseResult WeightOp::parse(OpAsmParser &parser, OperationState &result) {
  OperationName op = result.name;
  StringAttr symbol;
  TypedAttr value;
  if (parser.parseSymbolName(symbol, getSymNameAttrName(op), result.attributes))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("from"))) {
    std::string path;
    int64_t offset, length;
    RankedTensorType type;
    SMLoc loc = parser.getCurrentLocation();
    if (parser.parseString(&path) || parser.parseLSquare() ||
        parser.parseInteger(offset) || parser.parseComma() ||
        parser.parseInteger(length) || parser.parseRSquare() ||
        parser.parseColonType(type))
      return failure();
    if (failed(FileAttr::verify([&] { return parser.emitError(loc); }, type,
                                path, offset, length)))
      return failure();
    value = FileAttr::get(parser.getContext(), type, path, offset, length);
  } else if (parser.parseEqual() || parser.parseAttribute(value)) {
    return failure();
  }
  result.addAttribute(getValueAttrName(op), value);
  if (succeeded(parser.parseOptionalKeyword("name"))) {
    StringAttr name;
    if (parser.parseAttribute(name, getNameAttrName(op), result.attributes))
      return failure();
  }
  return parser.parseOptionalAttrDictWithKeyword(result.attributes);
}

void WeightOp::print(OpAsmPrinter &printer) {
  printer << ' ';
  printer.printSymbolName(getSymName());
  if (FileAttr file = getFile()) {
    printer << " from ";
    printer.printString(file.getPath());
    printer << '[' << file.getOffset() << ", " << file.getLength()
            << "] : " << file.getType();
  } else {
    printer << " = " << getValue();
  }
  if (getNameAttr())
    printer << " name " << getNameAttr();
  printer.printOptionalAttrDictWithKeyword(
      (*this)->getAttrs(),
      {getSymNameAttrName(), getValueAttrName(), getNameAttrName()});
}

LogicalResult WeightOp::verify() {
  if (!getFile() && !getElements())
    return emitOpError("needs a file reference or elements as its value");
  if (!isa<RankedTensorType>(getValue().getType()))
    return emitOpError("needs a value of tensor type");
  return success();
}

RankedTensorType WeightOp::getType() {
  return cast<RankedTensorType>(getValue().getType());
}

WeightOp GetWeightOp::getWeightOp(SymbolTableCollection *symbolTables) {
  if (symbolTables)
    return symbolTables->lookupNearestSymbolFrom<WeightOp>(*this,
                                                           getWeightAttr());
  return SymbolTable::lookupNearestSymbolFrom<WeightOp>(*this, getWeightAttr());
}

LogicalResult
GetWeightOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  auto weight =
      symbolTable.lookupNearestSymbolFrom<WeightOp>(*this, getWeightAttr());
  if (!weight)
    return emitOpError("refers to ")
           << getWeightAttr() << ", which is no onnxir.weight";
  if (weight.getType() != getType())
    return emitOpError("has type ")
           << getType() << ", the weight " << weight.getType();
  return success();
}

void GetWeightOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  std::string name = getWeight().str();
  for (char &c : name)
    if (!llvm::isAlnum(c))
      c = '_';
  setName(getResult(), name);
}

ElementsAttr
mlir::onnxir::getConstantElements(Value value,
                                  SymbolTableCollection *symbolTables) {
  Operation *op = value ? value.getDefiningOp() : nullptr;
  if (auto get = dyn_cast_or_null<GetWeightOp>(op)) {
    WeightOp weight = get.getWeightOp(symbolTables);
    return weight ? weight.getElements() : ElementsAttr();
  }
  auto node = dyn_cast_or_null<NodeOp>(op);
  if (!node) {
    ElementsAttr elements;
    if (op && matchPattern(value, m_Constant(&elements)))
      return elements;
    return {};
  }
  if (!node.is("Constant"))
    return {};
  MLIRContext *context = node.getContext();
  auto scalar = [&](Type type, Attribute attr) -> ElementsAttr {
    return DenseElementsAttr::get(RankedTensorType::get({}, type), attr);
  };
  for (NamedAttribute named : node.getOnnxAttributes()) {
    Attribute attr = named.getValue();
    if (auto elements = dyn_cast<DenseIntOrFPElementsAttr>(attr))
      return elements;
    if (auto number = dyn_cast<IntegerAttr>(attr))
      return scalar(number.getType(), number);
    if (auto number = dyn_cast<FloatAttr>(attr))
      return scalar(number.getType(), number);
    if (auto list = dyn_cast<DenseI64ArrayAttr>(attr))
      return DenseElementsAttr::get(
          RankedTensorType::get({list.size()}, IntegerType::get(context, 64)),
          list.asArrayRef());
    if (auto list = dyn_cast<DenseF32ArrayAttr>(attr))
      return DenseElementsAttr::get(
          RankedTensorType::get({list.size()}, Float32Type::get(context)),
          list.asArrayRef());
    if (auto elements = dyn_cast<ElementsAttr>(attr))
      return elements;
  }
  return {};
}
