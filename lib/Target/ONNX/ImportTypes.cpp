//===- ImportTypes.cpp - Types of an ONNX model -*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Importer.h"

using namespace mlir;
using namespace mlir::onnxir;
using proto::TypeProto;

FailureOr<TensorType> Importer::convertTensor(const TypeProto &type,
                                              Location loc) {
  Type element = getElementType(builder.getContext(), type.elementType);
  if (!element)
    return emitError(loc, "unknown data type ")
           << static_cast<int32_t>(type.elementType);
  if (!type.shape)
    return TensorType(UnrankedTensorType::get(element));
  SmallVector<int64_t> shape, known;
  for (const proto::Dimension &dim : *type.shape) {
    int64_t size = dim.value.value_or(ShapedType::kDynamic);
    // Some writers mean "unknown" by −1.
    if (size == -1)
      size = ShapedType::kDynamic;
    if (size < 0 && size != ShapedType::kDynamic)
      return emitError(loc, "negative dimension ") << size;
    shape.push_back(size);
    if (size > 0)
      known.push_back(size);
  }
  // 128 bits is the widest element.
  auto widest =
      RankedTensorType::get(known, ComplexType::get(builder.getF64Type()));
  if (!getStorageBytes(widest))
    return emitError(loc, "dimensions overflow 64 bits");
  return TensorType(RankedTensorType::get(shape, element));
}

FailureOr<Type> Importer::convert(const TypeProto &type, Location loc) {
  auto convertElement = [&]() -> FailureOr<Type> {
    if (!type.element)
      return Type(AnyType::get(builder.getContext()));
    return convert(*type.element, loc);
  };
  switch (type.kind) {
  case TypeProto::Kind::None:
    return Type(AnyType::get(builder.getContext()));
  case TypeProto::Kind::Tensor: {
    // An element type of 0 says nothing, as some exporters write.
    if (type.elementType == proto::DataType::Undefined)
      return Type(AnyType::get(builder.getContext()));
    FailureOr<TensorType> tensor = convertTensor(type, loc);
    if (failed(tensor))
      return failure();
    return Type(*tensor);
  }
  case TypeProto::Kind::Sparse: {
    FailureOr<TensorType> tensor = convertTensor(type, loc);
    if (failed(tensor))
      return failure();
    return Type(SparseType::get(builder.getContext(), *tensor));
  }
  case TypeProto::Kind::Opaque:
    return Type(OpaqueType::get(builder.getContext(), type.domain, type.name));
  case TypeProto::Kind::Sequence:
  case TypeProto::Kind::Optional:
  case TypeProto::Kind::Map:
    break;
  }
  FailureOr<Type> element = convertElement();
  if (failed(element))
    return failure();
  if (type.kind == TypeProto::Kind::Sequence)
    return Type(SequenceType::get(builder.getContext(), *element));
  if (type.kind == TypeProto::Kind::Optional)
    return Type(OptionalType::get(builder.getContext(), *element));
  Type key = getElementType(builder.getContext(), type.elementType);
  if (!key)
    return emitError(loc, "unknown type of map keys ")
           << static_cast<int32_t>(type.elementType);
  return Type(MapType::get(builder.getContext(), key, *element));
}

ArrayAttr Importer::getDimNames(const TypeProto &type) {
  if (type.kind != TypeProto::Kind::Tensor || !type.shape)
    return {};
  bool named = false;
  SmallVector<Attribute> names;
  for (const proto::Dimension &dim : *type.shape) {
    if (dim.value && *dim.value >= 0) {
      names.push_back(builder.getI64IntegerAttr(*dim.value));
      continue;
    }
    named |= !dim.param.empty();
    names.push_back(builder.getStringAttr(dim.param));
  }
  return named ? builder.getArrayAttr(names) : ArrayAttr();
}

FailureOr<Type> Importer::getValueType(StringRef name,
                                       const ValueInfos &infos) {
  const proto::ValueInfoProto *info = infos.lookup(name);
  if (!info)
    return Type(AnyType::get(builder.getContext()));
  return convert(info->type, getLoc(name));
}
