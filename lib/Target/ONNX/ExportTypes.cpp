//===- ExportTypes.cpp - Types of values as messages ------------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Exporter.h"
#include "moe/Target/ONNX/Tensor.h"

using namespace mlir;
using namespace mlir::onnxir;
using proto::DataType;

FailureOr<int64_t> Exporter::getDataType(Type elementType, Location loc) {
  constexpr auto last = static_cast<int32_t>(DataType::Float6E3M2);
  for (int32_t type = 1; type <= last; ++type)
    if (getElementType(module.getContext(), static_cast<DataType>(type)) ==
        elementType)
      return type;
  return emitError(loc, "ONNX has no tensors of element type ") << elementType;
}

FailureOr<proto::Message>
Exporter::makeTensorType(TensorType type, Attribute dims, Location loc) {
  FailureOr<int64_t> dataType = getDataType(type.getElementType(), loc);
  if (failed(dataType))
    return failure();
  Message message;
  message.integer(1, *dataType);
  if (!type.hasRank())
    return message;
  auto dimNames = dyn_cast_or_null<ArrayAttr>(dims);
  Message shape;
  for (auto [index, size] : llvm::enumerate(type.getShape())) {
    Message dim;
    if (!ShapedType::isDynamic(size)) {
      dim.integer(1, size);
    } else if (dimNames && index < dimNames.size()) {
      if (auto name = dyn_cast<StringAttr>(dimNames[index]))
        dim.optionalText(2, name.getValue());
    }
    shape.message(1, dim);
  }
  message.message(2, shape);
  return message;
}

FailureOr<proto::Message> Exporter::makeType(Type type, Attribute dims,
                                             Location loc) {
  Message message;
  /// A type that holds `element` under field `number` of field `kind`.
  auto wrap = [&](unsigned kind, unsigned number, Type element,
                  Message inner = {}) -> FailureOr<Message> {
    if (!isa<AnyType>(element)) {
      FailureOr<Message> made = makeType(element, /*dims=*/{}, loc);
      if (failed(made))
        return failure();
      inner.message(number, *made);
    }
    message.message(kind, inner);
    return message;
  };
  if (auto tensor = dyn_cast<TensorType>(type)) {
    FailureOr<Message> made = makeTensorType(tensor, dims, loc);
    if (failed(made))
      return failure();
    message.message(1, *made);
    return message;
  }
  if (auto sparse = dyn_cast<SparseType>(type)) {
    FailureOr<Message> made = makeTensorType(sparse.getDense(), dims, loc);
    if (failed(made))
      return failure();
    message.message(8, *made);
    return message;
  }
  if (auto sequence = dyn_cast<SequenceType>(type))
    return wrap(4, 1, sequence.getElement());
  if (auto optional = dyn_cast<OptionalType>(type))
    return wrap(9, 1, optional.getElement());
  if (auto map = dyn_cast<MapType>(type)) {
    FailureOr<int64_t> key = getDataType(map.getKey(), loc);
    if (failed(key))
      return failure();
    Message inner;
    inner.integer(1, *key);
    return wrap(5, 2, map.getValue(), std::move(inner));
  }
  if (auto opaque = dyn_cast<OpaqueType>(type)) {
    Message inner;
    inner.optionalText(1, opaque.getDomain());
    inner.optionalText(2, opaque.getName());
    message.message(7, inner);
    return message;
  }
  return emitError(loc, "ONNX has no values of type ") << type;
}

FailureOr<proto::Message> Exporter::makeValueInfo(StringRef name, Type type,
                                                  Attribute dims,
                                                  Location loc) {
  Message message;
  message.text(1, name);
  if (isa<AnyType>(type))
    return message;
  FailureOr<Message> made = makeType(type, dims, loc);
  if (failed(made))
    return failure();
  message.message(2, *made);
  return message;
}
