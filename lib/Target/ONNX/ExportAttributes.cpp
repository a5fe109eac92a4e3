//===- ExportAttributes.cpp - Attributes of nodes as messages ---*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Exporter.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace mlir::onnxir;
using proto::AttributeType;

/// The inverse of what the importer writes into onnxir.ref.
static AttributeType getRefType(RefAttr ref) {
  return llvm::StringSwitch<AttributeType>(ref.getKind())
      .Case("float", AttributeType::Float)
      .Case("int", AttributeType::Int)
      .Case("string", AttributeType::String)
      .Case("tensor", AttributeType::Tensor)
      .Case("graph", AttributeType::Graph)
      .Case("floats", AttributeType::Floats)
      .Case("ints", AttributeType::Ints)
      .Case("strings", AttributeType::Strings)
      .Case("tensors", AttributeType::Tensors)
      .Case("graphs", AttributeType::Graphs)
      .Case("sparse_tensor", AttributeType::SparseTensor)
      .Case("sparse_tensors", AttributeType::SparseTensors)
      .Case("type", AttributeType::TypeProto)
      .Case("types", AttributeType::TypeProtos)
      .Default(AttributeType::Undefined);
}

FailureOr<proto::Message>
Exporter::makeAttribute(StringRef name, Attribute value, Location loc) {
  Message message;
  message.text(1, name);
  auto fail = [&]() -> FailureOr<Message> {
    return emitError(loc, "attribute '")
           << name << "' has a value that ONNX has no attribute for: " << value;
  };
  auto finish = [&](AttributeType type) -> FailureOr<Message> {
    message.integer(20, static_cast<int64_t>(type));
    return message;
  };
  /// Adds `element` as a message; the list's field has another number.
  auto add = [&](Attribute element, bool isList) -> FailureOr<AttributeType> {
    auto put = [&](FailureOr<Message> made, unsigned one, unsigned many,
                   AttributeType type,
                   AttributeType listType) -> FailureOr<AttributeType> {
      if (failed(made))
        return failure();
      message.message(isList ? many : one, *made);
      return isList ? listType : type;
    };
    if (auto type = dyn_cast<TypeAttr>(element))
      return put(makeType(type.getValue(), /*dims=*/{}, loc), 14, 15,
                 AttributeType::TypeProto, AttributeType::TypeProtos);
    if (auto sparse = dyn_cast<SparseElementsAttr>(element))
      return put(makeSparseTensor("", sparse, loc), 22, 23,
                 AttributeType::SparseTensor, AttributeType::SparseTensors);
    return put(makeTensor("", element, loc), 5, 10, AttributeType::Tensor,
               AttributeType::Tensors);
  };

  if (auto ref = dyn_cast<RefAttr>(value)) {
    message.integer(20, static_cast<int64_t>(getRefType(ref)));
    message.text(21, ref.getName());
    return message;
  }
  if (auto number = dyn_cast<FloatAttr>(value)) {
    if (!number.getType().isF32())
      return fail();
    message.real(2, number.getValue().convertToFloat());
    return finish(AttributeType::Float);
  }
  if (auto number = dyn_cast<IntegerAttr>(value)) {
    if (!number.getType().isInteger(64))
      return fail();
    message.integer(3, number.getValue().getSExtValue());
    return finish(AttributeType::Int);
  }
  if (auto text = dyn_cast<StringAttr>(value)) {
    message.text(4, text.getValue());
    return finish(AttributeType::String);
  }
  if (auto list = dyn_cast<DenseF32ArrayAttr>(value)) {
    message.reals(7, list.asArrayRef());
    return finish(AttributeType::Floats);
  }
  if (auto list = dyn_cast<DenseI64ArrayAttr>(value)) {
    message.integers(8, list.asArrayRef());
    return finish(AttributeType::Ints);
  }
  if (auto list = dyn_cast<ArrayAttr>(value)) {
    AttributeType type = AttributeType::Strings;
    for (Attribute element : list) {
      // A list holds one kind, which the first element tells.
      if (isa<StringAttr>(list[0]) != isa<StringAttr>(element))
        return fail();
      if (auto text = dyn_cast<StringAttr>(element)) {
        message.text(9, text.getValue());
        continue;
      }
      if (!isa<TypeAttr, ElementsAttr, FileAttr>(element))
        return fail();
      FailureOr<AttributeType> added = add(element, /*isList=*/true);
      if (failed(added))
        return failure();
      if (element != list[0] && *added != type)
        return fail();
      type = *added;
    }
    return finish(type);
  }
  if (!isa<TypeAttr, ElementsAttr, FileAttr>(value))
    return fail();
  FailureOr<AttributeType> type = add(value, /*isList=*/false);
  if (failed(type))
    return failure();
  return finish(*type);
}

void Exporter::addMetadata(Attribute metadata, unsigned field,
                           Message &message) {
  auto dictionary = dyn_cast_or_null<DictionaryAttr>(metadata);
  if (!dictionary)
    return;
  for (NamedAttribute named : dictionary) {
    auto value = dyn_cast<StringAttr>(named.getValue());
    if (!value)
      continue;
    Message entry;
    entry.text(1, named.getName());
    entry.text(2, value.getValue());
    message.message(field, entry);
  }
}
