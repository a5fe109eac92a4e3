//===- ImportModel.cpp - Models and their functions -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Importer.h"
#include "mlir/IR/Verifier.h"
#include "moe/Dialect/ONNXIR/IR/Schemas.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace mlir::onnxir;
using proto::FunctionProto;
using proto::GraphProto;
using proto::ModelProto;
using proto::ValueInfoProto;

static constexpr int64_t kMinIRVersion = 3, kMaxIRVersion = 14;

LogicalResult Importer::checkVersions(const ModelProto &model) {
  if (!model.graph)
    return emitError(fileLoc, "the model has no graph");
  if (model.irVersion < kMinIRVersion || model.irVersion > kMaxIRVersion)
    return emitError(fileLoc, "IR version ")
           << model.irVersion << " is not supported (" << kMinIRVersion
           << " to " << kMaxIRVersion << " are)";
  return success();
}

FailureOr<DictionaryAttr>
Importer::getOpsets(ArrayRef<proto::OperatorSetId> imports) {
  NamedAttrList opsets;
  for (const proto::OperatorSetId &import : imports) {
    StringRef domain = import.domain.empty() ? "ai.onnx" : import.domain;
    if (import.version < 1)
      return emitError(fileLoc, "version ")
             << import.version << " of operator set '" << domain
             << "' does not exist";
    Attribute version = builder.getI64IntegerAttr(import.version);
    Attribute old = opsets.get(domain);
    if (old && old != version)
      return emitError(fileLoc, "operator set '")
             << domain << "' is imported in two versions";
    opsets.set(domain, version);
  }
  return opsets.getDictionary(builder.getContext());
}

void Importer::setModelAttributes(const ModelProto &model) {
  auto set = [&](StringRef name, StringRef value) {
    if (!value.empty())
      module->setAttr(name, builder.getStringAttr(value));
  };
  module->setAttr(ONNXIRDialect::kIRVersion,
                  builder.getI64IntegerAttr(model.irVersion));
  set("onnxir.graph_name", model.graph->name);
  set("onnxir.graph_doc_string", model.graph->docString);
  if (!model.graph->metadata.empty())
    module->setAttr("onnxir.graph_metadata",
                    getMetadata(model.graph->metadata));
  set("onnxir.producer_name", model.producerName);
  set("onnxir.producer_version", model.producerVersion);
  set("onnxir.domain", model.domain);
  if (model.modelVersion)
    module->setAttr("onnxir.model_version",
                    builder.getI64IntegerAttr(model.modelVersion));
  NamedAttrList description;
  addDescription(model.docString, model.metadata, description);
  for (NamedAttribute named : description)
    module->setAttr(named.getName(), named.getValue());
}

FailureOr<DictionaryAttr> Importer::importMainInput(const ValueInfoProto &info,
                                                    Block *entry,
                                                    Scope &scope) {
  Location loc = getLoc(info.name);
  if (info.name.empty())
    return emitError(fileLoc, "an input of the graph has no name");
  FailureOr<Type> type = convert(info.type, loc);
  if (failed(type))
    return failure();
  NamedAttrList attrs;
  attrs.set(ONNXIRDialect::kName, builder.getStringAttr(info.name));
  if (ArrayAttr dims = getDimNames(info.type))
    attrs.set(ONNXIRDialect::kDims, dims);
  addDescription(info.docString, info.metadata, attrs);
  if (failed(define(scope, info.name, entry->addArgument(*type, loc), loc)))
    return failure();
  return attrs.getDictionary(builder.getContext());
}

LogicalResult Importer::importMain(const GraphProto &graph) {
  builder.setInsertionPointToEnd(module.getBody());
  auto main = func::FuncOp::create(builder, fileLoc, "main",
                                   builder.getFunctionType({}, {}));
  weightsEnd = main;
  Block *entry = main.addEntryBlock();
  Scope scope(/*parent=*/nullptr);
  SmallVector<DictionaryAttr> argAttrs;
  for (const ValueInfoProto &input : graph.inputs) {
    FailureOr<DictionaryAttr> attrs = importMainInput(input, entry, scope);
    if (failed(attrs))
      return failure();
    argAttrs.push_back(*attrs);
  }
  builder.setInsertionPointToEnd(entry);
  if (failed(importInitializers(graph, scope)))
    return failure();
  for (auto [index, input] : llvm::enumerate(graph.inputs)) {
    WeightOp weight = mainWeights.lookup(input.name);
    if (!weight)
      continue;
    BlockArgument argument = entry->getArgument(index);
    if (isa<AnyType>(argument.getType()))
      argument.setType(weight.getType());
    auto type = dyn_cast<ShapedType>(argument.getType());
    if (!type || type.getElementType() != weight.getType().getElementType() ||
        (type.hasRank() && failed(verifyCompatibleShape(
                               type.getShape(), weight.getType().getShape()))))
      return emitError(getLoc(input.name), "the initializer has type ")
             << weight.getType() << ", the input " << argument.getType();
    NamedAttrList attrs(argAttrs[index]);
    attrs.set(ONNXIRDialect::kDefault, FlatSymbolRefAttr::get(weight));
    argAttrs[index] = attrs.getDictionary(builder.getContext());
  }

  ValueInfos infos = collectInfos(graph.valueInfo, graph.outputs);
  if (failed(importNodes(graph.nodes, infos, scope)))
    return failure();
  SmallVector<StringRef> names;
  SmallVector<DictionaryAttr> resultAttrs;
  for (const ValueInfoProto &output : graph.outputs) {
    names.push_back(output.name);
    NamedAttrList attrs;
    attrs.set(ONNXIRDialect::kName, builder.getStringAttr(output.name));
    if (ArrayAttr dims = getDimNames(output.type))
      attrs.set(ONNXIRDialect::kDims, dims);
    addDescription(output.docString, output.metadata, attrs);
    resultAttrs.push_back(attrs.getDictionary(builder.getContext()));
  }
  SmallVector<Value> outputs;
  if (failed(getOutputs(names, scope, fileLoc, outputs)))
    return failure();
  func::ReturnOp::create(builder, fileLoc, outputs);
  main.setType(builder.getFunctionType(entry->getArgumentTypes(),
                                       ValueRange(outputs).getTypes()));
  main.setAllArgAttrs(argAttrs);
  main.setAllResultAttrs(resultAttrs);
  return success();
}

LogicalResult Importer::importFunction(const FunctionProto &function) {
  std::string symbol = FunctionOp::getSymbolFor(
      function.domain == "ai.onnx" ? "" : function.domain, function.name,
      function.overload);
  Location loc = getLoc(function.name);
  if (function.name.empty())
    return emitError(fileLoc, "a function has no name");
  if (!symbols.try_emplace(symbol, 0).second)
    return emitError(loc, "the function is defined twice");
  FailureOr<DictionaryAttr> opsets = getOpsets(function.opsetImports);
  if (failed(opsets))
    return failure();

  llvm::SaveAndRestore<bool> inside(inFunction, true);
  NamedAttrList defaults;
  for (const proto::AttributeProto &attribute : function.attributeDefaults) {
    FailureOr<Attribute> value =
        attribute.name.empty() ? FailureOr<Attribute>(emitError(
                                     loc, "an attribute parameter has no name"))
                               : convert(attribute, loc);
    if (failed(value))
      return failure();
    if (llvm::is_contained(function.attributes, attribute.name) ||
        defaults.get(attribute.name))
      return emitError(loc, "attribute parameter '")
             << attribute.name << "' is defined twice";
    defaults.append(attribute.name, *value);
  }
  builder.setInsertionPointToEnd(module.getBody());
  auto op = FunctionOp::create(
      builder, loc, symbol, function.name,
      function.domain == "ai.onnx" ? "" : function.domain, function.overload,
      builder.getStrArrayAttr(function.inputs),
      builder.getStrArrayAttr(function.attributes),
      defaults.getDictionary(builder.getContext()), *opsets);
  NamedAttrList description;
  addDescription(function.docString, function.metadata, description);
  for (NamedAttribute named : description)
    op->setAttr(named.getName(), named.getValue());

  ValueInfos infos = collectInfos(function.valueInfo, {});
  Block *entry = builder.createBlock(&op.getBody());
  Scope scope(/*parent=*/nullptr);
  for (StringRef input : function.inputs) {
    FailureOr<Type> type = getValueType(input, infos);
    if (failed(type) ||
        failed(define(scope, input, entry->addArgument(*type, getLoc(input)),
                      loc)))
      return failure();
  }
  SmallVector<Value> outputs;
  if (failed(importNodes(function.nodes, infos, scope)) ||
      failed(getOutputs(function.outputs, scope, loc, outputs)))
    return failure();
  YieldOp::create(builder, loc, outputs);
  return success();
}

FailureOr<OwningOpRef<ModuleOp>> Importer::import(const ModelProto &model) {
  builder.getContext()->loadDialect<ONNXIRDialect, func::FuncDialect>();
  if (failed(checkVersions(model)))
    return failure();
  OwningOpRef<ModuleOp> owner(ModuleOp::create(fileLoc));
  module = *owner;
  setModelAttributes(model);
  FailureOr<DictionaryAttr> opsets = getOpsets(model.opsetImports);
  if (failed(opsets))
    return failure();
  module->setAttr(ONNXIRDialect::kOpsets, *opsets);
  symbols.try_emplace("main", 0);
  for (const FunctionProto &function : model.functions)
    if (failed(importFunction(function)))
      return failure();
  if (failed(importMain(*model.graph)))
    return failure();
  if (!files.getSizes().empty()) {
    NamedAttrList sizes;
    for (const auto &[path, size] : files.getSizes())
      sizes.set(path, builder.getI64IntegerAttr(size));
    module->setAttr(ONNXIRDialect::kFiles,
                    sizes.getDictionary(builder.getContext()));
    module->setAttr(ONNXIRDialect::kBaseDir, builder.getStringAttr(baseDir));
    if (refersToModel)
      module->setAttr(ONNXIRDialect::kFile, builder.getStringAttr(modelFile));
  }
  if (failed(verify(module)) ||
      failed(verifySchemas(module, options.allowUnregistered)))
    return failure();
  return std::move(owner);
}
