//===- NodeOp.cpp - The carrier of an ONNX node -*- C++ -*-===//
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
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace mlir::onnxir;

//===----------------------------------------------------------------------===//
// Assembly
//===----------------------------------------------------------------------===//

/// Parses the inputs: SSA values or `none`, in parentheses.
static ParseResult
parseInputs(OpAsmParser &parser,
            SmallVectorImpl<OpAsmParser::UnresolvedOperand> &operands,
            SmallVectorImpl<bool> &slots) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Paren, [&] {
    bool missing = succeeded(parser.parseOptionalKeyword("none"));
    slots.push_back(!missing);
    return missing ? success() : parser.parseOperand(operands.emplace_back());
  });
}

/// Parses `keyword` and what follows it into inherent attribute `name`.
template <typename AttrT>
static ParseResult parseOptionalClause(OpAsmParser &parser, StringRef keyword,
                                       StringAttr name, NamedAttrList &into) {
  if (failed(parser.parseOptionalKeyword(keyword)))
    return success();
  AttrT attr;
  // With a type given, a string does not take a colon after it for its own.
  if (parser.parseAttribute(attr, parser.getBuilder().getNoneType()))
    return failure();
  into.append(name, attr);
  return success();
}

ParseResult NodeOp::parse(OpAsmParser &parser, OperationState &result) {
  Builder &builder = parser.getBuilder();
  OperationName op = result.name;
  NamedAttrList &attrs = result.attributes;
  StringAttr opType;
  if (parser.parseAttribute(opType))
    return failure();
  attrs.append(getOpTypeAttrName(op), opType);
  if (parseOptionalClause<StringAttr>(parser, "domain", getDomainAttrName(op),
                                      attrs) ||
      parseOptionalClause<StringAttr>(parser, "overload",
                                      getOverloadAttrName(op), attrs))
    return failure();

  SmallVector<OpAsmParser::UnresolvedOperand> operands;
  SmallVector<bool> slots;
  NamedAttrList attributes;
  if (parseInputs(parser, operands, slots) ||
      parser.parseOptionalAttrDict(attributes))
    return failure();
  if (operands.size() != slots.size())
    attrs.append(getSlotsAttrName(op), builder.getDenseBoolArrayAttr(slots));
  attrs.append(getOnnxAttributesAttrName(op),
               attributes.getDictionary(builder.getContext()));

  if (parseOptionalClause<StringAttr>(parser, "name", getNameAttrName(op),
                                      attrs) ||
      parseOptionalClause<ArrayAttr>(parser, "outputs",
                                     getOutputNamesAttrName(op), attrs))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("opset"))) {
    int64_t opset;
    if (parser.parseInteger(opset))
      return failure();
    attrs.append(getOpsetAttrName(op), builder.getI64IntegerAttr(opset));
  }
  if (parser.parseOptionalAttrDictWithKeyword(attrs))
    return failure();

  SmallVector<Attribute> names;
  while (succeeded(parser.parseOptionalKeyword("graph"))) {
    StringAttr name;
    if (parser.parseAttribute(name) || parser.parseRegion(*result.addRegion()))
      return failure();
    names.push_back(name);
  }
  if (!names.empty())
    attrs.append(getSubgraphNamesAttrName(op), builder.getArrayAttr(names));

  FunctionType type;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseColonType(type) ||
      parser.resolveOperands(operands, type.getInputs(), loc, result.operands))
    return failure();
  result.addTypes(type.getResults());
  return success();
}

void NodeOp::print(OpAsmPrinter &printer) {
  printOperator(printer, getOpTypeAttr(), getDomainAttr(), getOverloadAttr());
  printer << '(';
  llvm::interleaveComma(llvm::seq(getNumSlots()), printer, [&](unsigned slot) {
    if (Value input = getInput(slot))
      printer << input;
    else
      printer << "none";
  });
  printer << ')';
  printer.printOptionalAttrDict(getOnnxAttributes().getValue());
  if (getNameAttr())
    printer << " name " << getNameAttr();
  if (getOutputNamesAttr())
    printer << " outputs " << getOutputNamesAttr();
  if (getOpset())
    printer << " opset " << *getOpset();
  printer.printOptionalAttrDictWithKeyword(
      (*this)->getAttrs(),
      {getOpTypeAttrName(), getDomainAttrName(), getOverloadAttrName(),
       getSlotsAttrName(), getOnnxAttributesAttrName(), getNameAttrName(),
       getOutputNamesAttrName(), getOpsetAttrName(),
       getSubgraphNamesAttrName()});
  if (ArrayAttr names = getSubgraphNamesAttr()) {
    for (auto [name, region] : llvm::zip(names, getSubgraphs())) {
      printer << " graph " << name << ' ';
      printer.printRegion(region);
    }
  }
  printer << " : ";
  printer.printFunctionalType(*this);
}

/// A name of the model as an SSA name: with `_` for what SSA names cannot hold.
static std::string getSSAName(StringRef name) {
  std::string text = name.str();
  for (char &c : text)
    if (!llvm::isAlnum(c))
      c = '_';
  return StringRef(text).trim('_').str();
}

void NodeOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  for (auto [index, result] : llvm::enumerate(getResults()))
    if (std::string name = getSSAName(getOutputName(index)); !name.empty())
      setName(result, name);
}

//===----------------------------------------------------------------------===//
// Verifier and effects
//===----------------------------------------------------------------------===//

LogicalResult NodeOp::verify() {
  if (getOpType().empty())
    return emitOpError("needs an operator");
  if (std::optional<ArrayRef<bool>> slots = getSlots())
    if (llvm::count(*slots, true) != static_cast<int64_t>(getInputs().size()))
      return emitOpError("has ")
             << getInputs().size() << " operands for "
             << llvm::count(*slots, true) << " inputs that are not left out";
  if (ArrayAttr names = getOutputNamesAttr())
    if (names.size() != getNumResults())
      return emitOpError("has ") << names.size() << " output names for "
                                 << getNumResults() << " results";
  size_t named = getSubgraphNames() ? getSubgraphNames()->size() : 0;
  if (named != getSubgraphs().size())
    return emitOpError("has ") << named << " sub-graph names for "
                               << getSubgraphs().size() << " regions";
  for (Region &region : getSubgraphs())
    if (!isa_and_present<YieldOp>(
            region.front().empty() ? nullptr : &region.front().back()))
      return emitOpError("expects sub-graphs that end in onnxir.yield");
  return success();
}

void NodeOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  // Two draws of random numbers are not one draw used twice.
  bool isRandom =
      llvm::StringSwitch<bool>(getOpType())
          .Cases({"Bernoulli", "Multinomial", "RandomNormal",
                  "RandomNormalLike", "RandomUniform", "RandomUniformLike"},
                 getDomain().empty())
          .Default(false);
  if (!isRandom)
    return;
  effects.emplace_back(MemoryEffects::Read::get());
  effects.emplace_back(MemoryEffects::Write::get());
}

//===----------------------------------------------------------------------===//
// Accessors
//===----------------------------------------------------------------------===//

unsigned NodeOp::getNumSlots() {
  std::optional<ArrayRef<bool>> slots = getSlots();
  return slots ? slots->size() : getInputs().size();
}

Value NodeOp::getInput(unsigned slot) { return getInput(slot, getInputs()); }

Value NodeOp::getInput(unsigned slot, ValueRange operands) {
  if (slot >= getNumSlots())
    return {};
  std::optional<ArrayRef<bool>> slots = getSlots();
  if (!slots)
    return operands[slot];
  if (!(*slots)[slot])
    return {};
  return operands[llvm::count(slots->take_front(slot), true)];
}

int64_t NodeOp::getInt(StringRef name, int64_t otherwise) {
  auto attr = getOnnxAttributes().getAs<IntegerAttr>(name);
  return attr ? attr.getInt() : otherwise;
}

double NodeOp::getFloat(StringRef name, double otherwise) {
  auto attr = getOnnxAttributes().getAs<FloatAttr>(name);
  return attr ? attr.getValueAsDouble() : otherwise;
}

StringRef NodeOp::getString(StringRef name, StringRef otherwise) {
  auto attr = getOnnxAttributes().getAs<StringAttr>(name);
  return attr ? attr.getValue() : otherwise;
}

std::optional<ArrayRef<int64_t>> NodeOp::getInts(StringRef name) {
  auto attr = getOnnxAttributes().getAs<DenseI64ArrayAttr>(name);
  return attr ? std::optional(attr.asArrayRef()) : std::nullopt;
}

std::optional<ArrayRef<float>> NodeOp::getFloats(StringRef name) {
  auto attr = getOnnxAttributes().getAs<DenseF32ArrayAttr>(name);
  return attr ? std::optional(attr.asArrayRef()) : std::nullopt;
}

Region *NodeOp::getSubgraph(StringRef name) {
  if (ArrayAttr names = getSubgraphNamesAttr())
    for (auto [attr, region] : llvm::zip(names, getSubgraphs()))
      if (cast<StringAttr>(attr).getValue() == name)
        return &region;
  return nullptr;
}

StringRef NodeOp::getOutputName(unsigned index) {
  ArrayAttr names = getOutputNamesAttr();
  return names && index < names.size()
             ? cast<StringAttr>(names[index]).getValue()
             : "";
}

StringRef NodeOp::getDisplayName() {
  if (getName() && !getName()->empty())
    return *getName();
  for (unsigned index = 0, e = getNumResults(); index < e; ++index)
    if (!getOutputName(index).empty())
      return getOutputName(index);
  return getOpType();
}

int64_t NodeOp::getOpsetVersion() {
  if (std::optional<uint64_t> opset = getOpset())
    return *opset;
  StringRef key = getDomain().empty() ? "ai.onnx" : getDomain();
  for (Operation *op = (*this)->getParentOp(); op; op = op->getParentOp()) {
    DictionaryAttr opsets;
    if (auto function = dyn_cast<FunctionOp>(op))
      opsets = function.getOpsets();
    else
      opsets = op->getAttrOfType<DictionaryAttr>(ONNXIRDialect::kOpsets);
    if (!opsets)
      continue;
    auto version = opsets.getAs<IntegerAttr>(key);
    return version ? version.getInt() : 0;
  }
  return 0;
}
