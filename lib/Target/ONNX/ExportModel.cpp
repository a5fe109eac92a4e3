//===- ExportModel.cpp - Models, their functions and interfaces -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Exporter.h"
#include "llvm/ADT/SmallSet.h"

using namespace mlir;
using namespace mlir::onnxir;

/// For modules that come from no file.
static constexpr int64_t kDefaultIRVersion = 10;

static StringRef getText(Operation *op, StringRef name) {
  auto attr = op->getAttrOfType<StringAttr>(name);
  return attr ? attr.getValue() : "";
}

static int64_t getNumber(Operation *op, StringRef name, int64_t otherwise) {
  auto attr = op->getAttrOfType<IntegerAttr>(name);
  return attr && attr.getType().isInteger(64) ? attr.getInt() : otherwise;
}

void Exporter::addDescription(DictionaryAttr attrs, unsigned docField,
                              unsigned metadataField, Message &message) {
  if (!attrs)
    return;
  if (auto doc = attrs.getAs<StringAttr>(ONNXIRDialect::kDocString))
    message.optionalText(docField, doc.getValue());
  addMetadata(attrs.get(ONNXIRDialect::kMetadata), metadataField, message);
}

LogicalResult Exporter::addOpsets(DictionaryAttr opsets, unsigned field,
                                  Location loc, Message &message) {
  for (NamedAttribute named : opsets) {
    auto version = dyn_cast<IntegerAttr>(named.getValue());
    if (!version || !version.getType().isInteger(64))
      return emitError(loc, "the version of operator set ")
             << named.getName() << " is no 64-bit integer";
    Message import;
    StringRef domain = named.getName().getValue();
    import.text(1, domain == "ai.onnx" ? "" : domain);
    import.integer(2, version.getInt());
    message.message(field, import);
  }
  return success();
}

FailureOr<func::FuncOp> Exporter::findMain() {
  func::FuncOp main;
  for (Operation &op : *module.getBody()) {
    if (isa<WeightOp, FunctionOp>(op))
      continue;
    auto function = dyn_cast<func::FuncOp>(op);
    if (!function || function.getName() != "main" || function.isExternal())
      return op.emitOpError("has no place in an ONNX model: it holds weights, "
                            "onnxir functions and one function @main");
    main = function;
  }
  if (!main)
    return module.emitError("the module has no function @main");
  if (!main.getBody().hasOneBlock())
    return main.emitOpError("has several blocks; a graph has one");
  return main;
}

LogicalResult Exporter::addInterface(func::FuncOp main, unsigned field,
                                     bool results, Message &graph) {
  TypeRange types = results ? main.getResultTypes() : main.getArgumentTypes();
  for (auto [index, type] : llvm::enumerate(types)) {
    DictionaryAttr attrs =
        results ? main.getResultAttrDict(index) : main.getArgAttrDict(index);
    std::string name;
    if (!results) {
      name = names.get(main.getArgument(index)).str();
    } else if (auto attr = main.getResultAttrOfType<StringAttr>(
                   index, ONNXIRDialect::kName)) {
      name = attr.getValue().str();
    } else {
      Value value = main.getBody().front().getTerminator()->getOperand(index);
      name = names.get(value).str();
    }
    FailureOr<Message> info = makeValueInfo(
        name, type, attrs ? attrs.get(ONNXIRDialect::kDims) : Attribute(),
        getNamedLoc(name, main.getLoc()));
    if (failed(info))
      return failure();
    addDescription(attrs, 3, 4, *info);
    graph.message(field, *info);
  }
  return success();
}

FailureOr<proto::Message> Exporter::makeMain(func::FuncOp main) {
  if (failed(names.assign(main)))
    return failure();
  Message graph;
  Content content;
  for (unsigned i = 0, e = main.getNumArguments(); i < e; ++i) {
    Attribute attr = main.getArgAttr(i, ONNXIRDialect::kDefault);
    if (!attr)
      continue;
    auto ref = dyn_cast<FlatSymbolRefAttr>(attr);
    auto weight = ref ? symbols.lookup<WeightOp>(ref.getAttr()) : WeightOp();
    if (!weight)
      return main.emitError("the default of input ")
             << i << " is no weight: " << attr;
    if (failed(addInitializer(weight, names.get(main.getArgument(i)), content)))
      return failure();
  }
  if (failed(addNodes(main.getBody().front(), 1, graph, content)))
    return failure();
  for (const ValueNames::Copy &copy : names.getCopies()) {
    Message node;
    node.text(1, names.get(copy.from));
    node.text(2, copy.name);
    node.text(4, "Identity");
    graph.message(1, node);
  }
  graph.text(2, getText(module, "onnxir.graph_name"));
  for (const Message &tensor : content.initializers)
    graph.message(5, tensor);
  graph.optionalText(10, getText(module, "onnxir.graph_doc_string"));
  if (failed(addInterface(main, 11, /*results=*/false, graph)) ||
      failed(addInterface(main, 12, /*results=*/true, graph)) ||
      failed(addValueInfo(content, 13, graph)))
    return failure();
  for (const Message &tensor : content.sparseInitializers)
    graph.message(15, tensor);
  addMetadata(module->getAttr("onnxir.graph_metadata"), 16, graph);
  return graph;
}

FailureOr<proto::Message> Exporter::makeFunction(FunctionOp function) {
  names.assign(function);
  Message message;
  message.text(1, function.getOpType());
  for (Value input : function.getBody().getArguments())
    message.text(4, names.get(input));
  Block &body = function.getBody().front();
  for (Value output : body.getTerminator()->getOperands())
    message.text(5, names.get(output));
  for (StringRef name : function.getParameters().getAsValueRange<StringAttr>())
    message.text(6, name);
  Content content;
  if (failed(addNodes(body, 7, message, content)))
    return failure();
  if (!content.initializers.empty() || !content.sparseInitializers.empty())
    return function.emitOpError("holds weights, which a model-local function "
                                "cannot");
  message.optionalText(8, getText(function, ONNXIRDialect::kDocString));
  if (failed(addOpsets(function.getOpsets(), 9, function.getLoc(), message)))
    return failure();
  message.text(10, function.getDomain());
  for (NamedAttribute named : function.getDefaults()) {
    FailureOr<Message> attribute =
        makeAttribute(named.getName(), named.getValue(), function.getLoc());
    if (failed(attribute))
      return failure();
    message.message(11, *attribute);
  }
  for (BlockArgument argument : body.getArguments())
    if (!isa<AnyType>(argument.getType()))
      content.typed.push_back(argument);
  if (failed(addValueInfo(content, 12, message)))
    return failure();
  message.optionalText(13, function.getOverload());
  addMetadata(function->getAttr(ONNXIRDialect::kMetadata), 14, message);
  return message;
}

FailureOr<proto::Message> Exporter::makeModel() {
  auto opsets = module->getAttrOfType<DictionaryAttr>(ONNXIRDialect::kOpsets);
  if (!opsets)
    return module.emitError("the module does not say its operator sets in ")
           << ONNXIRDialect::kOpsets;
  FailureOr<func::FuncOp> main = findMain();
  if (failed(main))
    return failure();
  Message model;
  model.integer(
      1, getNumber(module, ONNXIRDialect::kIRVersion, kDefaultIRVersion));
  model.optionalText(2, getText(module, "onnxir.producer_name"));
  model.optionalText(3, getText(module, "onnxir.producer_version"));
  model.optionalText(4, getText(module, "onnxir.domain"));
  if (int64_t version = getNumber(module, "onnxir.model_version", 0))
    model.integer(5, version);
  model.optionalText(6, getText(module, ONNXIRDialect::kDocString));
  FailureOr<Message> graph = makeMain(*main);
  if (failed(graph))
    return failure();
  model.message(7, *graph);
  if (failed(addOpsets(opsets, 8, module.getLoc(), model)))
    return failure();
  addMetadata(module->getAttr(ONNXIRDialect::kMetadata), 14, model);
  for (FunctionOp function : module.getOps<FunctionOp>()) {
    FailureOr<Message> message = makeFunction(function);
    if (failed(message))
      return failure();
    model.message(25, *message);
  }
  return model;
}
