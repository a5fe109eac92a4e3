//===- ExportGraph.cpp - Nodes and sub-graphs as messages -------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Exporter.h"
#include "moe/Dialect/ONNXIR/IR/Schemas.h"

using namespace mlir;
using namespace mlir::onnxir;

/// The names of the dimensions of `value` where it is made, or null.
static Attribute getDims(Value value) {
  auto pick = [](Operation *op, unsigned index) -> Attribute {
    auto all = op->getAttrOfType<ArrayAttr>(ONNXIRDialect::kDims);
    return all && index < all.size() ? all[index] : Attribute();
  };
  if (auto result = dyn_cast<OpResult>(value))
    return pick(result.getOwner(), result.getResultNumber());
  auto argument = cast<BlockArgument>(value);
  Operation *parent = argument.getOwner()->getParentOp();
  if (auto main = dyn_cast<func::FuncOp>(parent))
    return main.getArgAttr(argument.getArgNumber(), ONNXIRDialect::kDims);
  auto infos = parent->getAttrOfType<ArrayAttr>(ONNXIRDialect::kSubgraphs);
  unsigned region = argument.getOwner()->getParent()->getRegionNumber();
  if (!infos || region >= infos.size())
    return {};
  auto info = dyn_cast<DictionaryAttr>(infos[region]);
  auto dims = info ? info.getAs<ArrayAttr>("dims") : ArrayAttr();
  unsigned index = argument.getArgNumber();
  return dims && index < dims.size() ? dims[index] : Attribute();
}

LogicalResult Exporter::checkOpset(NodeOp node) {
  Location loc = getNamedLoc(node.getDisplayName(), node.getLoc());
  StringRef domain = node.getDomain().empty() ? "ai.onnx" : node.getDomain();
  auto function = node->getParentOfType<FunctionOp>();
  auto opsets =
      function ? function.getOpsets()
               : module->getAttrOfType<DictionaryAttr>(ONNXIRDialect::kOpsets);
  auto attr = opsets.getAs<IntegerAttr>(domain);
  if (!attr)
    return emitError(loc, node.getOpType())
           << ": the model imports no operator set '" << domain << "'";
  int64_t version = node.getOpsetVersion();
  if (attr.getValue().getSExtValue() == version)
    return success();
  std::optional<int64_t> meant =
      getSchemaVersion(node.getDomain(), node.getOpType(), version);
  if (meant && meant == getSchemaVersion(node.getDomain(), node.getOpType(),
                                         attr.getInt()))
    return success();
  return emitError(loc, node.getOpType())
         << ": is of version " << version << " of operator set '" << domain
         << "', of which the model imports version " << attr.getInt()
         << ", where it may mean something else";
}

LogicalResult Exporter::addInitializer(WeightOp weight, StringRef name,
                                       Content &content) {
  Location loc = getNamedLoc(weight.getDisplayName(), weight.getLoc());
  if (auto sparse = dyn_cast<SparseElementsAttr>(weight.getValue())) {
    FailureOr<Message> tensor = makeSparseTensor(name, sparse, loc);
    if (failed(tensor))
      return failure();
    content.sparseInitializers.push_back(std::move(*tensor));
    return success();
  }
  FailureOr<Message> tensor = makeTensor(name, weight.getValue(), loc);
  if (failed(tensor))
    return failure();
  content.initializers.push_back(std::move(*tensor));
  return success();
}

LogicalResult Exporter::addInitializer(GetWeightOp get, Content &content) {
  // The verifier has seen that the symbol is there.
  auto weight = symbols.lookup<WeightOp>(get.getWeightAttr().getAttr());
  return addInitializer(weight, names.get(get), content);
}

LogicalResult Exporter::addNodes(Block &block, unsigned field, Message &message,
                                 Content &content) {
  Operation *end = block.getTerminator();
  for (Operation &op : block.without_terminator()) {
    if (auto get = dyn_cast<GetWeightOp>(op)) {
      if (failed(addInitializer(get, content)))
        return failure();
      continue;
    }
    auto node = dyn_cast<NodeOp>(op);
    if (!node)
      return op.emitError() << op.getName() << " is no operator of ONNX: "
                            << "convert-moe-to-onnx may make one of it";
    FailureOr<Message> made = makeNode(node);
    if (failed(made))
      return failure();
    message.message(field, *made);
    for (Value result : node.getResults())
      if (!isa<AnyType, NoneType>(result.getType()) &&
          !(llvm::is_contained(end->getOperands(), result) &&
            !isa<FunctionOp>(block.getParentOp())))
        content.typed.push_back(result);
  }
  return success();
}

LogicalResult Exporter::addValueInfo(const Content &content, unsigned field,
                                     Message &message) {
  for (Value value : content.typed) {
    FailureOr<Message> info =
        makeValueInfo(names.get(value), value.getType(), getDims(value),
                      getNamedLoc(names.get(value), value.getLoc()));
    if (failed(info))
      return failure();
    message.message(field, *info);
  }
  return success();
}

FailureOr<proto::Message> Exporter::makeNode(NodeOp node) {
  if (failed(checkOpset(node)))
    return failure();
  Location loc = getNamedLoc(node.getDisplayName(), node.getLoc());
  Message message;
  for (unsigned i = 0, e = node.getNumSlots(); i < e; ++i) {
    Value input = node.getInput(i);
    message.text(1, input ? names.get(input) : "");
  }
  for (Value output : node.getResults())
    message.text(2, names.get(output));
  message.optionalText(3, node.getName().value_or(""));
  message.text(4, node.getOpType());
  for (NamedAttribute named : node.getOnnxAttributes()) {
    FailureOr<Message> attribute =
        makeAttribute(named.getName(), named.getValue(), loc);
    if (failed(attribute))
      return failure();
    message.message(5, *attribute);
  }
  unsigned numGraphs = node.getSubgraphs().size();
  for (unsigned i = 0; i < numGraphs;) {
    Attribute name = (*node.getSubgraphNames())[i];
    unsigned first = i;
    while (i < numGraphs && (*node.getSubgraphNames())[i] == name)
      ++i;
    bool isList = i - first > 1;
    Message attribute;
    attribute.text(1, cast<StringAttr>(name).getValue());
    for (unsigned index = first; index < i; ++index) {
      FailureOr<Message> graph = makeSubgraph(node, index);
      if (failed(graph))
        return failure();
      attribute.message(isList ? 11 : 6, *graph);
    }
    attribute.integer(
        20, static_cast<int64_t>(isList ? proto::AttributeType::Graphs
                                        : proto::AttributeType::Graph));
    message.message(5, attribute);
  }
  DictionaryAttr attrs = node->getDiscardableAttrDictionary();
  if (auto doc = attrs.getAs<StringAttr>(ONNXIRDialect::kDocString))
    message.optionalText(6, doc.getValue());
  message.optionalText(7, node.getDomain());
  message.optionalText(8, node.getOverload());
  addMetadata(attrs.get(ONNXIRDialect::kMetadata), 9, message);
  return message;
}

FailureOr<proto::Message> Exporter::makeSubgraph(NodeOp node, unsigned index) {
  Region &region = node.getSubgraphs()[index];
  Location loc = getNamedLoc(node.getDisplayName(), node.getLoc());
  auto infos = node->getAttrOfType<ArrayAttr>(ONNXIRDialect::kSubgraphs);
  auto info = infos && index < infos.size()
                  ? dyn_cast<DictionaryAttr>(infos[index])
                  : DictionaryAttr();
  auto name = info ? info.getAs<StringAttr>("name") : StringAttr();
  Block &block = region.front();
  Message graph;
  Content content;
  if (failed(addNodes(block, 1, graph, content)))
    return failure();
  // Runtimes and checkers want a name.
  graph.text(
      2, name ? name.getValue()
              : cast<StringAttr>((*node.getSubgraphNames())[index]).getValue());
  for (const Message &tensor : content.initializers)
    graph.message(5, tensor);
  auto addInfo = [&](unsigned field, Value value) -> LogicalResult {
    FailureOr<Message> message =
        makeValueInfo(names.get(value), value.getType(), getDims(value), loc);
    if (failed(message))
      return failure();
    graph.message(field, *message);
    return success();
  };
  if (info)
    if (auto doc = info.getAs<StringAttr>(ONNXIRDialect::kDocString))
      graph.optionalText(10, doc.getValue());
  for (Value input : block.getArguments())
    if (failed(addInfo(11, input)))
      return failure();
  for (Value output : block.getTerminator()->getOperands())
    if (failed(addInfo(12, output)))
      return failure();
  if (failed(addValueInfo(content, 13, graph)))
    return failure();
  for (const Message &tensor : content.sparseInitializers)
    graph.message(15, tensor);
  if (info)
    addMetadata(info.get(ONNXIRDialect::kMetadata), 16, graph);
  return graph;
}
