//===- FunctionOp.cpp - Model-local functions -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OperatorSyntax.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"
#include "moe/Dialect/ONNXIR/IR/ONNXIR.h"

using namespace mlir;
using namespace mlir::onnxir;

#define GET_OP_CLASSES
#include "moe/Dialect/ONNXIR/IR/ONNXIROps.cpp.inc"

void ONNXIRDialect::registerOperations() {
  addOperations<
#define GET_OP_LIST
#include "moe/Dialect/ONNXIR/IR/ONNXIROps.cpp.inc"
      >();
}

std::string FunctionOp::getSymbolFor(StringRef domain, StringRef opType,
                                     StringRef overload) {
  return (domain + "::" + opType + "::" + overload).str();
}

FunctionOp FunctionOp::getCallee(NodeOp node) {
  std::string symbol =
      getSymbolFor(node.getDomain(), node.getOpType(), node.getOverload());
  return SymbolTable::lookupNearestSymbolFrom<FunctionOp>(
      node, StringAttr::get(node.getContext(), symbol));
}

/// Parses `keyword attribute` where present, else stores `otherwise`.
template <typename AttrT>
static ParseResult parseClause(OpAsmParser &parser, StringRef keyword,
                               StringAttr name, AttrT otherwise,
                               NamedAttrList &into) {
  AttrT attr = otherwise;
  if (succeeded(parser.parseOptionalKeyword(keyword)) &&
      parser.parseAttribute(attr))
    return failure();
  into.append(name, attr);
  return success();
}

ParseResult FunctionOp::parse(OpAsmParser &parser, OperationState &result) {
  Builder &builder = parser.getBuilder();
  OperationName op = result.name;
  NamedAttrList &attrs = result.attributes;
  StringAttr opType, empty = builder.getStringAttr("");
  ArrayAttr emptyList = builder.getArrayAttr({});
  DictionaryAttr emptyDict = builder.getDictionaryAttr({});
  if (parser.parseAttribute(opType))
    return failure();
  attrs.append(getOpTypeAttrName(op), opType);
  SmallVector<OpAsmParser::Argument> arguments;
  if (parseClause(parser, "domain", getDomainAttrName(op), empty, attrs) ||
      parseClause(parser, "overload", getOverloadAttrName(op), empty, attrs) ||
      parser.parseArgumentList(arguments, AsmParser::Delimiter::Paren,
                               /*allowType=*/true) ||
      parseClause(parser, "inputs", getInputNamesAttrName(op), emptyList,
                  attrs) ||
      parseClause(parser, "parameters", getParametersAttrName(op), emptyList,
                  attrs) ||
      parseClause(parser, "defaults", getDefaultsAttrName(op), emptyDict,
                  attrs) ||
      parseClause(parser, "opsets", getOpsetsAttrName(op), emptyDict, attrs) ||
      parser.parseOptionalAttrDictWithKeyword(attrs) ||
      parser.parseRegion(*result.addRegion(), arguments))
    return failure();
  std::string symbol = getSymbolFor(
      cast<StringAttr>(attrs.get(getDomainAttrName(op))).getValue(),
      opType.getValue(),
      cast<StringAttr>(attrs.get(getOverloadAttrName(op))).getValue());
  attrs.append(getSymNameAttrName(op), builder.getStringAttr(symbol));
  return success();
}

void FunctionOp::print(OpAsmPrinter &printer) {
  printOperator(printer, getOpTypeAttr(), getDomainAttr(), getOverloadAttr());
  printer << '(';
  llvm::interleaveComma(
      getBody().getArguments(), printer,
      [&](BlockArgument argument) { printer.printRegionArgument(argument); });
  printer << ')';
  if (!getInputNames().empty())
    printer << " inputs " << getInputNames();
  if (!getParameters().empty())
    printer << " parameters " << getParameters();
  if (!getDefaults().empty())
    printer << " defaults " << getDefaults();
  if (!getOpsets().empty())
    printer << " opsets " << getOpsets();
  printer.printOptionalAttrDictWithKeyword(
      (*this)->getAttrs(),
      {getSymNameAttrName(), getOpTypeAttrName(), getDomainAttrName(),
       getOverloadAttrName(), getInputNamesAttrName(), getParametersAttrName(),
       getDefaultsAttrName(), getOpsetsAttrName()});
  printer << ' ';
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

LogicalResult FunctionOp::verify() {
  if (getSymName() != getSymbolFor(getDomain(), getOpType(), getOverload()))
    return emitOpError("needs a symbol made of domain, operator and overload");
  Block &entry = getBody().front();
  if (entry.empty() || !isa<YieldOp>(entry.back()))
    return emitOpError("expects a body that ends in onnxir.yield");
  if (!getInputNames().empty() &&
      getInputNames().size() != entry.getNumArguments())
    return emitOpError("has ") << getInputNames().size() << " input names for "
                               << entry.getNumArguments() << " inputs";
  for (NamedAttribute named : getDefaults())
    if (llvm::is_contained(getParameters().getAsValueRange<StringAttr>(),
                           named.getName().getValue()))
      return emitOpError("has a default for the required parameter ")
             << named.getName();
  return success();
}
