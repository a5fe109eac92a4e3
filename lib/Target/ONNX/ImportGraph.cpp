//===- ImportGraph.cpp - Nodes and sub-graphs -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Importer.h"

using namespace mlir;
using namespace mlir::onnxir;
using proto::GraphProto;
using proto::NodeProto;
using proto::ValueInfoProto;

Location Importer::getLoc(const NodeProto &node) {
  if (!node.name.empty())
    return getLoc(node.name);
  for (StringRef output : node.outputs)
    if (!output.empty())
      return getLoc(output);
  return getLoc(node.opType);
}

LogicalResult Importer::define(Scope &scope, StringRef name, Value value,
                               Location loc) {
  if (!scope.values.try_emplace(name, value).second)
    return emitError(loc, "'") << name << "' is defined twice";
  return success();
}

Importer::ValueInfos Importer::collectInfos(ArrayRef<ValueInfoProto> valueInfo,
                                            ArrayRef<ValueInfoProto> outputs) {
  ValueInfos infos;
  for (const ValueInfoProto &info : valueInfo)
    infos.try_emplace(info.name, &info);
  // What the graph promises holds over what it notes.
  for (const ValueInfoProto &info : outputs)
    if (info.type.kind != proto::TypeProto::Kind::None)
      infos[info.name] = &info;
  return infos;
}

LogicalResult Importer::getOutputs(ArrayRef<StringRef> names,
                                   const Scope &scope, Location loc,
                                   SmallVectorImpl<Value> &values) {
  for (StringRef name : names) {
    Value value = scope.lookup(name);
    if (!value)
      return emitError(loc, "output '") << name << "' is defined by nothing";
    values.push_back(value);
  }
  return success();
}

LogicalResult Importer::importNodes(ArrayRef<NodeProto> nodes,
                                    const ValueInfos &infos, Scope &scope) {
  FailureOr<SmallVector<unsigned>> order = sortNodes(nodes, scope);
  if (failed(order))
    return failure();
  for (unsigned index : *order)
    if (failed(importNode(nodes[index], infos, scope)))
      return failure();
  return success();
}

LogicalResult Importer::importNode(const NodeProto &node,
                                   const ValueInfos &infos, Scope &scope) {
  Location loc = getLoc(node);
  if (node.opType.empty())
    return emitError(loc, "has no operator");
  SmallVector<Value> operands;
  SmallVector<bool> slots;
  for (StringRef input : node.inputs) {
    slots.push_back(!input.empty());
    if (!input.empty())
      operands.push_back(scope.lookup(input));
  }
  while (!slots.empty() && !slots.back())
    slots.pop_back();

  SmallVector<Type> types;
  SmallVector<Attribute> outputNames, dimNames;
  bool hasDimNames = false;
  for (StringRef output : node.outputs) {
    outputNames.push_back(builder.getStringAttr(output));
    Attribute names;
    if (output.empty()) {
      types.push_back(builder.getNoneType());
    } else {
      FailureOr<Type> type = getValueType(output, infos);
      if (failed(type))
        return failure();
      types.push_back(*type);
      if (const ValueInfoProto *info = infos.lookup(output))
        names = getDimNames(info->type);
    }
    hasDimNames |= !!names;
    dimNames.push_back(names ? names : builder.getUnitAttr());
  }

  NamedAttrList attributes;
  SmallVector<Attribute> subgraphNames;
  SmallVector<const GraphProto *> subgraphs;
  if (failed(importAttributes(node, loc, attributes, subgraphNames, subgraphs)))
    return failure();

  auto text = [&](StringRef string) {
    return string.empty() ? StringAttr() : builder.getStringAttr(string);
  };
  StringRef domain = node.domain == "ai.onnx" ? "" : node.domain;
  auto op = NodeOp::create(
      builder, loc, types, builder.getStringAttr(node.opType), text(domain),
      text(node.overload), operands,
      llvm::is_contained(slots, false) ? builder.getDenseBoolArrayAttr(slots)
                                       : DenseBoolArrayAttr(),
      attributes.getDictionary(builder.getContext()),
      subgraphNames.empty() ? ArrayAttr() : builder.getArrayAttr(subgraphNames),
      text(node.name), builder.getArrayAttr(outputNames),
      /*opset=*/IntegerAttr(), subgraphs.size());
  if (hasDimNames)
    op->setAttr(ONNXIRDialect::kDims, builder.getArrayAttr(dimNames));
  NamedAttrList description;
  addDescription(node.docString, node.metadata, description);
  for (NamedAttribute named : description)
    op->setAttr(named.getName(), named.getValue());

  if (!subgraphs.empty())
    op->setAttr(ONNXIRDialect::kSubgraphs,
                builder.getArrayAttr(llvm::map_to_vector(
                    subgraphs, [&](const GraphProto *graph) -> Attribute {
                      return getSubgraphInfo(*graph);
                    })));
  for (auto [graph, region] : llvm::zip(subgraphs, op.getSubgraphs()))
    if (failed(importSubgraph(*graph, region, loc, scope)))
      return failure();
  for (auto [name, result] : llvm::zip(node.outputs, op.getResults()))
    if (!name.empty() && failed(define(scope, name, result, loc)))
      return failure();
  return success();
}

DictionaryAttr Importer::getSubgraphInfo(const GraphProto &graph) {
  NamedAttrList info;
  info.set("name", builder.getStringAttr(graph.name));
  SmallVector<Attribute> names, dims;
  bool hasDims = false;
  for (const ValueInfoProto &input : graph.inputs) {
    names.push_back(builder.getStringAttr(input.name));
    Attribute own = getDimNames(input.type);
    hasDims |= !!own;
    dims.push_back(own ? own : builder.getUnitAttr());
  }
  if (!names.empty())
    info.set("inputs", builder.getArrayAttr(names));
  if (hasDims)
    info.set("dims", builder.getArrayAttr(dims));
  addDescription(graph.docString, graph.metadata, info);
  return info.getDictionary(builder.getContext());
}

LogicalResult Importer::importSubgraph(const GraphProto &graph, Region &region,
                                       Location loc, const Scope &outer) {
  OpBuilder::InsertionGuard guard(builder);
  Block *block = builder.createBlock(&region);
  Scope scope(&outer);
  for (const ValueInfoProto &input : graph.inputs) {
    FailureOr<Type> type = convert(input.type, getLoc(input.name));
    if (failed(type))
      return failure();
    if (failed(define(scope, input.name,
                      block->addArgument(*type, getLoc(input.name)), loc)))
      return failure();
  }
  ValueInfos infos = collectInfos(graph.valueInfo, graph.outputs);
  if (failed(importInitializers(graph, scope)) ||
      failed(importNodes(graph.nodes, infos, scope)))
    return failure();
  SmallVector<Value> outputs;
  if (failed(getOutputs(llvm::map_to_vector(graph.outputs,
                                            [](const ValueInfoProto &info) {
                                              return info.name;
                                            }),
                        scope, loc, outputs)))
    return failure();
  YieldOp::create(builder, loc, outputs);
  return success();
}
