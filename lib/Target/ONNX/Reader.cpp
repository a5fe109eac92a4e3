//===- Reader.cpp - Bounds-checked reader of ONNX files --------*- C++ -*-===//
//
// Part of moe-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One function per message of onnx.proto, a case per field number. Fields that
// are not listed are skipped, as protobuf asks of every reader.
//
//===----------------------------------------------------------------------===//

#include "moe/Target/ONNX/Reader.h"
#include "WireReader.h"

using namespace mlir::onnxir::proto;
using llvm::StringRef;

AttributeProto::AttributeProto() = default;
AttributeProto::AttributeProto(AttributeProto &&) = default;
AttributeProto &AttributeProto::operator=(AttributeProto &&) = default;
AttributeProto::~AttributeProto() = default;

namespace {
class Reader {
public:
  explicit Reader(StringRef file) : wire(file) {}

  bool read(StringRef body, ModelProto &model);
  bool read(StringRef body, TensorProto &tensor);
  const std::string &getError() const { return wire.getError(); }

private:
  bool read(StringRef body, GraphProto &graph);
  bool read(StringRef body, FunctionProto &function);
  bool read(StringRef body, NodeProto &node);
  bool read(StringRef body, AttributeProto &attribute);
  bool read(StringRef body, SparseTensorProto &sparse);
  bool read(StringRef body, ValueInfoProto &info);
  bool read(StringRef body, TypeProto &type);
  bool read(StringRef body, StringStringEntry &entry);
  bool read(StringRef body, OperatorSetId &opset);
  bool readTensorType(StringRef body, TypeProto &type);
  bool readShape(StringRef body, std::vector<Dimension> &shape);
  bool readElement(const Field &field, unsigned number, StringRef what,
                   TypeProto &type);

  template <typename T> bool message(const Field &field, T &value) {
    return wire.isMessage(field) && read(field.bytes, value);
  }
  template <typename T> bool message(const Field &field, std::vector<T> &list) {
    return message(field, list.emplace_back());
  }
  template <typename Enum> bool enumerator(const Field &field, Enum &value) {
    int64_t number;
    if (!wire.integer(field, number))
      return false;
    if (number < 0 || number > INT32_MAX)
      return wire.fail(field.bytes, "an enumerator is out of range");
    value = static_cast<Enum>(number);
    return true;
  }
  /// A repeated number with elements of wire type `single` when not packed.
  bool numbers(const Field &field, WireType single, NumberRuns &numbers) {
    if (field.wire != WireType::Bytes && field.wire != single)
      return wire.fail(field.bytes, "field " + llvm::Twine(field.number) +
                                        " has the wrong wire type " +
                                        llvm::Twine(unsigned(field.wire)));
    numbers.runs.push_back(field.bytes);
    return true;
  }

  WireReader wire;
};
} // namespace

bool Reader::read(StringRef body, StringStringEntry &entry) {
  return wire.forEachField(body, "key-value pair", [&](const Field &f) {
    switch (f.number) {
    case 1:
      return wire.text(f, entry.key);
    case 2:
      return wire.text(f, entry.value);
    }
    return true;
  });
}

bool Reader::read(StringRef body, OperatorSetId &opset) {
  return wire.forEachField(body, "opset import", [&](const Field &f) {
    switch (f.number) {
    case 1:
      return wire.text(f, opset.domain);
    case 2:
      return wire.integer(f, opset.version);
    }
    return true;
  });
}

bool Reader::read(StringRef body, TensorProto &tensor) {
  return wire.forEachField(body, "tensor", [&](const Field &f) {
    switch (f.number) {
    case 1:
      return wire.integers(f, tensor.dims);
    case 2:
      return enumerator(f, tensor.dataType);
    case 3:
      tensor.segmented = true;
      return true;
    case 4:
      return numbers(f, WireType::Fixed32, tensor.floatData);
    case 5:
      return numbers(f, WireType::Varint, tensor.int32Data);
    case 6:
      return wire.text(f, tensor.stringData);
    case 7:
      return numbers(f, WireType::Varint, tensor.int64Data);
    case 8:
      return wire.text(f, tensor.name);
    case 9:
      return wire.text(f, tensor.rawData.emplace());
    case 10:
      return numbers(f, WireType::Fixed64, tensor.doubleData);
    case 11:
      return numbers(f, WireType::Varint, tensor.uint64Data);
    case 12:
      return wire.text(f, tensor.docString);
    case 13:
      return message(f, tensor.externalData);
    case 14: {
      int64_t where;
      if (!wire.integer(f, where))
        return false;
      tensor.external = where == 1;
      return where == 0 || where == 1 ||
             wire.fail(f.bytes, "unknown data_location");
    }
    case 16:
      return message(f, tensor.metadata);
    }
    return true;
  });
}

bool Reader::read(StringRef body, SparseTensorProto &sparse) {
  return wire.forEachField(body, "sparse tensor", [&](const Field &f) {
    switch (f.number) {
    case 1:
      return message(f, sparse.values);
    case 2:
      return message(f, sparse.indices);
    case 3:
      return wire.integers(f, sparse.dims);
    }
    return true;
  });
}

bool Reader::readShape(StringRef body, std::vector<Dimension> &shape) {
  return wire.forEachField(body, "shape", [&](const Field &f) {
    if (f.number != 1)
      return true;
    Dimension &dim = shape.emplace_back();
    return wire.isMessage(f) &&
           wire.forEachField(f.bytes, "dimension", [&](const Field &f) {
             switch (f.number) {
             case 1:
               return wire.integer(f, dim.value.emplace());
             case 2:
               return wire.text(f, dim.param);
             }
             return true;
           });
  });
}

bool Reader::readTensorType(StringRef body, TypeProto &type) {
  return wire.forEachField(body, "tensor type", [&](const Field &f) {
    switch (f.number) {
    case 1:
      return enumerator(f, type.elementType);
    case 2:
      return wire.isMessage(f) && readShape(f.bytes, type.shape.emplace());
    }
    return true;
  });
}

bool Reader::readElement(const Field &field, unsigned number, StringRef what,
                         TypeProto &type) {
  return wire.isMessage(field) &&
         wire.forEachField(field.bytes, what, [&](const Field &f) {
           if (f.number != number)
             return f.number != 1 || enumerator(f, type.elementType);
           type.element = std::make_unique<TypeProto>();
           return message(f, *type.element);
         });
}

bool Reader::read(StringRef body, TypeProto &type) {
  using Kind = TypeProto::Kind;
  return wire.forEachField(body, "type", [&](const Field &f) {
    switch (f.number) {
    case 1:
      type.kind = Kind::Tensor;
      return wire.isMessage(f) && readTensorType(f.bytes, type);
    case 4:
      type.kind = Kind::Sequence;
      return readElement(f, 1, "sequence type", type);
    case 5:
      type.kind = Kind::Map;
      return readElement(f, 2, "map type", type);
    case 7:
      type.kind = Kind::Opaque;
      return wire.isMessage(f) &&
             wire.forEachField(f.bytes, "opaque type", [&](const Field &f) {
               if (f.number == 1)
                 return wire.text(f, type.domain);
               return f.number != 2 || wire.text(f, type.name);
             });
    case 8:
      type.kind = Kind::Sparse;
      return wire.isMessage(f) && readTensorType(f.bytes, type);
    case 9:
      type.kind = Kind::Optional;
      return readElement(f, 1, "optional type", type);
    }
    return true;
  });
}

bool Reader::read(StringRef body, ValueInfoProto &info) {
  return wire.forEachField(body, "value info", [&](const Field &f) {
    switch (f.number) {
    case 1:
      return wire.text(f, info.name);
    case 2:
      return message(f, info.type);
    case 3:
      return wire.text(f, info.docString);
    case 4:
      return message(f, info.metadata);
    }
    return true;
  });
}

bool Reader::read(StringRef body, AttributeProto &attribute) {
  return wire.forEachField(body, "attribute", [&](const Field &f) {
    switch (f.number) {
    case 1:
      return wire.text(f, attribute.name);
    case 2:
      return wire.real(f, attribute.f);
    case 3:
      return wire.integer(f, attribute.i);
    case 4:
      return wire.text(f, attribute.s);
    case 5:
    case 10:
      return message(f, attribute.tensors);
    case 6:
    case 11:
      return message(f, attribute.graphs);
    case 7:
      return wire.reals(f, attribute.floats);
    case 8:
      return wire.integers(f, attribute.ints);
    case 9:
      return wire.text(f, attribute.strings);
    case 13:
      return wire.text(f, attribute.docString);
    case 14:
    case 15:
      return message(f, attribute.types);
    case 20:
      return enumerator(f, attribute.type);
    case 21:
      return wire.text(f, attribute.refAttrName);
    case 22:
    case 23:
      return message(f, attribute.sparseTensors);
    }
    return true;
  });
}

bool Reader::read(StringRef body, NodeProto &node) {
  return wire.forEachField(body, "node", [&](const Field &f) {
    switch (f.number) {
    case 1:
      return wire.text(f, node.inputs);
    case 2:
      return wire.text(f, node.outputs);
    case 3:
      return wire.text(f, node.name);
    case 4:
      return wire.text(f, node.opType);
    case 5:
      return message(f, node.attributes);
    case 6:
      return wire.text(f, node.docString);
    case 7:
      return wire.text(f, node.domain);
    case 8:
      return wire.text(f, node.overload);
    case 9:
      return message(f, node.metadata);
    }
    return true;
  });
}

bool Reader::read(StringRef body, GraphProto &graph) {
  return wire.forEachField(body, "graph", [&](const Field &f) {
    switch (f.number) {
    case 1:
      return message(f, graph.nodes);
    case 2:
      return wire.text(f, graph.name);
    case 5:
      return message(f, graph.initializers);
    case 10:
      return wire.text(f, graph.docString);
    case 11:
      return message(f, graph.inputs);
    case 12:
      return message(f, graph.outputs);
    case 13:
      return message(f, graph.valueInfo);
    case 15:
      return message(f, graph.sparseInitializers);
    case 16:
      return message(f, graph.metadata);
    }
    return true;
  });
}

bool Reader::read(StringRef body, FunctionProto &function) {
  return wire.forEachField(body, "function", [&](const Field &f) {
    switch (f.number) {
    case 1:
      return wire.text(f, function.name);
    case 4:
      return wire.text(f, function.inputs);
    case 5:
      return wire.text(f, function.outputs);
    case 6:
      return wire.text(f, function.attributes);
    case 7:
      return message(f, function.nodes);
    case 8:
      return wire.text(f, function.docString);
    case 9:
      return message(f, function.opsetImports);
    case 10:
      return wire.text(f, function.domain);
    case 11:
      return message(f, function.attributeDefaults);
    case 12:
      return message(f, function.valueInfo);
    case 13:
      return wire.text(f, function.overload);
    case 14:
      return message(f, function.metadata);
    }
    return true;
  });
}

bool Reader::read(StringRef body, ModelProto &model) {
  return wire.forEachField(body, "model", [&](const Field &f) {
    switch (f.number) {
    case 1:
      return wire.integer(f, model.irVersion);
    case 2:
      return wire.text(f, model.producerName);
    case 3:
      return wire.text(f, model.producerVersion);
    case 4:
      return wire.text(f, model.domain);
    case 5:
      return wire.integer(f, model.modelVersion);
    case 6:
      return wire.text(f, model.docString);
    case 7:
      if (model.graph)
        return wire.fail(f.bytes, "a second graph");
      return message(f, model.graph.emplace());
    case 8:
      return message(f, model.opsetImports);
    case 14:
      return message(f, model.metadata);
    case 25:
      return message(f, model.functions);
    }
    return true;
  });
}

llvm::Expected<ModelProto> mlir::onnxir::proto::readModel(StringRef bytes) {
  Reader reader(bytes);
  ModelProto model;
  if (!looksLikeModel(bytes))
    return llvm::createStringError("not an ONNX model");
  if (!reader.read(bytes, model))
    return llvm::createStringError(reader.getError());
  return std::move(model);
}

llvm::Expected<TensorProto> mlir::onnxir::proto::readTensor(StringRef bytes) {
  Reader reader(bytes);
  TensorProto tensor;
  if (!reader.read(bytes, tensor))
    return llvm::createStringError(reader.getError());
  return std::move(tensor);
}

bool mlir::onnxir::proto::looksLikeModel(StringRef bytes) {
  // Writers put fields in order of their numbers, so a model starts with its
  // IR version: field 1, a varint. The tag is a control character, which
  // neither MLIR text nor bytecode starts with.
  if (bytes.size() >= 2 && bytes[0] == 0x08)
    return true;
  // Another order is legal: then every field must be one of a model's.
  bool hasGraph = false, hasVersion = false;
  WireReader wire(bytes);
  bool wellFormed = wire.forEachField(bytes, "model", [&](const Field &f) {
    hasVersion |= f.number == 1 && f.wire == WireType::Varint;
    hasGraph |= f.number == 7 && f.wire == WireType::Bytes;
    return f.number < 64;
  });
  return wellFormed && hasGraph && hasVersion;
}
