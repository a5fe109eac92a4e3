//===- ImportAttributes.cpp - Attributes of ONNX nodes -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Importer.h"
#include "llvm/ADT/SmallSet.h"

using namespace mlir;
using namespace mlir::onnxir;
using proto::AttributeProto;
using proto::AttributeType;

/// The type of an attribute that does not say it (IR versions below 3 need
/// not): that of the one field which is set.
static AttributeType inferType(const AttributeProto &attribute) {
  if (!attribute.floats.empty())
    return AttributeType::Floats;
  if (!attribute.ints.empty())
    return AttributeType::Ints;
  if (!attribute.strings.empty())
    return AttributeType::Strings;
  if (!attribute.tensors.empty())
    return AttributeType::Tensor;
  if (!attribute.graphs.empty())
    return AttributeType::Graph;
  if (!attribute.sparseTensors.empty())
    return AttributeType::SparseTensor;
  if (!attribute.types.empty())
    return AttributeType::TypeProto;
  if (!attribute.s.empty())
    return AttributeType::String;
  if (attribute.f != 0)
    return AttributeType::Float;
  if (attribute.i != 0)
    return AttributeType::Int;
  return AttributeType::Undefined;
}

/// How an attribute type is written in onnxir.ref.
static StringRef getKind(AttributeType type) {
  static constexpr StringLiteral names[] = {
      "undefined",      "float",   "int",    "string",
      "tensor",         "graph",   "floats", "ints",
      "strings",        "tensors", "graphs", "sparse_tensor",
      "sparse_tensors", "type",    "types"};
  auto index = static_cast<size_t>(type);
  return index < std::size(names) ? names[index] : names[0];
}

FailureOr<Attribute> Importer::convert(const AttributeProto &attribute,
                                       Location loc) {
  AttributeType type = attribute.type == AttributeType::Undefined
                           ? inferType(attribute)
                           : attribute.type;
  auto fail = [&](const Twine &reason) {
    return emitError(loc, "attribute '") << attribute.name << "' " << reason;
  };
  if (!attribute.refAttrName.empty()) {
    if (!inFunction)
      return fail("refers to an attribute parameter outside a function");
    return Attribute(RefAttr::get(builder.getContext(), attribute.refAttrName,
                                  getKind(type)));
  }
  auto convertAll = [&](const auto &list) -> FailureOr<Attribute> {
    SmallVector<Attribute> converted;
    for (const auto &element : list) {
      auto attr = convert(element, loc);
      if (failed(attr))
        return failure();
      if constexpr (std::is_same_v<decltype(attr), FailureOr<Type>>)
        converted.push_back(TypeAttr::get(*attr));
      else
        converted.push_back(*attr);
    }
    return Attribute(builder.getArrayAttr(converted));
  };
  auto convertOne = [&](const auto &list) -> FailureOr<Attribute> {
    if (list.size() != 1)
      return fail("has " + Twine(list.size()) + " values where one belongs");
    FailureOr<Attribute> all = convertAll(list);
    return failed(all) ? all : FailureOr<Attribute>(cast<ArrayAttr>(*all)[0]);
  };
  switch (type) {
  case AttributeType::Float:
    return Attribute(builder.getF32FloatAttr(attribute.f));
  case AttributeType::Int:
    return Attribute(builder.getI64IntegerAttr(attribute.i));
  case AttributeType::String:
    return Attribute(builder.getStringAttr(attribute.s));
  case AttributeType::Floats:
    return Attribute(builder.getDenseF32ArrayAttr(attribute.floats));
  case AttributeType::Ints:
    return Attribute(builder.getDenseI64ArrayAttr(attribute.ints));
  case AttributeType::Strings: {
    SmallVector<Attribute> strings;
    for (StringRef string : attribute.strings)
      strings.push_back(builder.getStringAttr(string));
    return Attribute(builder.getArrayAttr(strings));
  }
  case AttributeType::Tensor:
    return convertOne(attribute.tensors);
  case AttributeType::Tensors:
    return convertAll(attribute.tensors);
  case AttributeType::SparseTensor:
    return convertOne(attribute.sparseTensors);
  case AttributeType::SparseTensors:
    return convertAll(attribute.sparseTensors);
  case AttributeType::TypeProto:
    return convertOne(attribute.types);
  case AttributeType::TypeProtos:
    return convertAll(attribute.types);
  case AttributeType::Graph:
  case AttributeType::Graphs:
    return fail("cannot be a sub-graph here");
  case AttributeType::Undefined:
    return fail("has no type");
  }
  return fail("has the unknown type " + Twine(static_cast<int32_t>(type)));
}

LogicalResult Importer::importAttributes(
    const proto::NodeProto &node, Location loc, NamedAttrList &attributes,
    SmallVectorImpl<Attribute> &subgraphNames,
    SmallVectorImpl<const proto::GraphProto *> &subgraphs) {
  llvm::SmallSet<StringRef, 8> seen;
  for (const AttributeProto &attribute : node.attributes) {
    if (attribute.name.empty())
      return emitError(loc, "an attribute has no name");
    if (!seen.insert(attribute.name).second)
      return emitError(loc, "attribute '")
             << attribute.name << "' occurs twice";
    bool isGraph = attribute.type == AttributeType::Graph ||
                   attribute.type == AttributeType::Graphs ||
                   (attribute.type == AttributeType::Undefined &&
                    !attribute.graphs.empty());
    if (isGraph && attribute.refAttrName.empty()) {
      if (attribute.type == AttributeType::Graph &&
          attribute.graphs.size() != 1)
        return emitError(loc, "attribute '")
               << attribute.name << "' has " << attribute.graphs.size()
               << " values where one belongs";
      for (const proto::GraphProto &graph : attribute.graphs) {
        subgraphNames.push_back(builder.getStringAttr(attribute.name));
        subgraphs.push_back(&graph);
      }
      continue;
    }
    FailureOr<Attribute> attr = convert(attribute, loc);
    if (failed(attr))
      return failure();
    attributes.append(attribute.name, *attr);
  }
  return success();
}

Attribute Importer::getMetadata(ArrayRef<proto::StringStringEntry> entries) {
  NamedAttrList list;
  for (const proto::StringStringEntry &entry : entries)
    if (!entry.key.empty())
      list.set(entry.key, builder.getStringAttr(entry.value));
  return list.getDictionary(builder.getContext());
}

void Importer::addDescription(StringRef docString,
                              ArrayRef<proto::StringStringEntry> metadata,
                              NamedAttrList &attrs) {
  if (!docString.empty())
    attrs.set(ONNXIRDialect::kDocString, builder.getStringAttr(docString));
  if (!metadata.empty())
    attrs.set(ONNXIRDialect::kMetadata, getMetadata(metadata));
}
